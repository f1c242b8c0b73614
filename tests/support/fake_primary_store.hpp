// A primary store in memory for tests: write() appends an event, reads can be told to fail.
//
// THREADS: any.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyre/status.hpp"
#include "server/store/primary_store.hpp"

namespace gyre::test {

class FakePrimaryStore final : public store::PrimaryStore {
 public:
  // The state after one more event; returns its sequence.
  std::uint64_t write(const std::string& id, std::string state, std::string organization_id = "") {
    const std::lock_guard lock(mutex_);
    store::EntityRecord& record = entities_[id];
    log_.push_back(id);
    record = {id, std::move(organization_id), record.version + 1, log_.size(), std::move(state)};
    changed_.notify_all();
    return log_.size();
  }
  // Changes a state behind everyone's back: no event.
  void corrupt(const std::string& id, std::string state) {
    const std::lock_guard lock(mutex_);
    entities_.at(id).state = std::move(state);
  }
  // As if the file were put back from an older copy, or an entity had never been.
  void forget(const std::string& id) {
    const std::lock_guard lock(mutex_);
    entities_.erase(id);
  }
  // The next `count` reads of the log fail with `failure`.
  void failLogReads(int count, Status failure) {
    const std::lock_guard lock(mutex_);
    failing_log_reads_ = count;
    failure_ = std::move(failure);
  }
  // The next `count` reads of states do.
  void failLoads(int count, Status failure) {
    const std::lock_guard lock(mutex_);
    failing_loads_ = count;
    failure_ = std::move(failure);
  }
  // Blocks until waitForSequenceAbove() was entered `count` times from now on: whoever waits there has looked around.
  // False when it takes unreasonably long.
  [[nodiscard]] bool waitUntilWaitedFor(int count) const {
    std::unique_lock lock(mutex_);
    const std::uint64_t enough = waits_ + static_cast<std::uint64_t>(count);
    return waited_.wait_for(lock, std::chrono::seconds(20), [&] { return waits_ >= enough; });
  }

  // The next `count` units fail with `failure`.
  void failUnits(int count, Status failure) {
    const std::lock_guard lock(mutex_);
    failing_units_ = count;
    failure_ = std::move(failure);
  }

  // Runs the unit at once. It may deal with dead letters and nothing else.
  void submit(std::unique_ptr<store::Unit> unit) override {
    Status outcome;
    {
      const std::lock_guard lock(mutex_);
      if (failing_units_ > 0) {
        --failing_units_;
        outcome = failure_;
      } else {
        Work work(letters_);
        outcome = unit->run(work);
      }
    }
    unit->done(outcome);
  }

  Result<std::optional<store::EntityRecord>> load(std::string_view id) const override {
    const std::lock_guard lock(mutex_);
    GYRE_TRY(failLoad());
    const auto found = entities_.find(std::string(id));
    return found == entities_.end() ? std::nullopt : std::optional(found->second);
  }
  Result<std::vector<store::EntityRecord>> loadMany(const std::vector<std::string>& ids) const override {
    const std::lock_guard lock(mutex_);
    GYRE_TRY(failLoad());
    std::vector<store::EntityRecord> records;
    for (const std::string& id : ids)
      if (const auto found = entities_.find(id); found != entities_.end()) records.push_back(found->second);
    return records;
  }
  Result<std::vector<store::EntityRecord>> scan(std::string_view after_id, std::string_view organization_id,
                                                std::size_t limit) const override {
    const std::lock_guard lock(mutex_);
    GYRE_TRY(failLoad());
    std::vector<store::EntityRecord> records;
    for (auto next = entities_.upper_bound(std::string(after_id)); next != entities_.end() && records.size() < limit;
         ++next)
      if (organization_id.empty() || next->second.organization_id == organization_id) records.push_back(next->second);
    return records;
  }
  Result<std::uint64_t> count(std::string_view organization_id) const override {
    const std::lock_guard lock(mutex_);
    return static_cast<std::uint64_t>(std::count_if(entities_.begin(), entities_.end(), [&](const auto& entity) {
      return organization_id.empty() || entity.second.organization_id == organization_id;
    }));
  }
  Result<std::vector<store::EventRecord>> readAfter(std::uint64_t sequence, std::size_t limit) const override {
    GYRE_TRY_ASSIGN(const auto changes, changedAfter(sequence, limit));
    std::vector<store::EventRecord> events;
    for (const auto& [at, id] : changes) events.push_back({at, id, 0, "Written", 0, "{}"});
    return events;
  }
  Result<std::vector<std::pair<std::uint64_t, std::string>>> changedAfter(std::uint64_t sequence,
                                                                          std::size_t limit) const override {
    const std::lock_guard lock(mutex_);
    if (failing_log_reads_ > 0) {
      --failing_log_reads_;
      return failure_;
    }
    std::vector<std::pair<std::uint64_t, std::string>> changes;
    for (std::uint64_t at = sequence; at < log_.size() && changes.size() < limit; ++at)
      changes.emplace_back(at + 1, log_[at]);
    return changes;
  }

  Result<std::uint64_t> cursor(std::string_view) const override { return std::uint64_t{0}; }
  Result<std::optional<store::DeadLetter>> deadLetter(std::uint64_t id) const override {
    const std::lock_guard lock(mutex_);
    const auto found = letters_.find(id);
    return found == letters_.end() ? std::nullopt : std::optional(found->second);
  }
  Result<std::vector<store::DeadLetter>> deadLetters(std::uint64_t before_id, std::size_t limit) const override {
    const std::lock_guard lock(mutex_);
    std::vector<store::DeadLetter> newest;
    for (auto letter = letters_.rbegin(); letter != letters_.rend() && newest.size() < limit; ++letter)
      if (before_id == 0 || letter->first < before_id) newest.push_back(letter->second);
    return newest;
  }
  Result<std::uint64_t> deadLetterCount() const override {
    const std::lock_guard lock(mutex_);
    return std::uint64_t{letters_.size()};
  }
  Result<std::vector<store::DeadLetter>> deadLettersUpTo(const store::DeadLetter&) const override {
    return unimplemented();
  }

  std::uint64_t lastSequence() const override {
    const std::lock_guard lock(mutex_);
    return log_.size();
  }
  std::uint64_t waitForSequenceAbove(std::uint64_t sequence, std::int64_t timeout_ms) const override {
    std::unique_lock lock(mutex_);
    const std::uint64_t wakes = wakes_;
    ++waits_;
    waited_.notify_all();
    changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                      [&] { return log_.size() > sequence || wakes_ != wakes; });
    return log_.size();
  }
  void wakeWaiters() override {
    const std::lock_guard lock(mutex_);
    ++wakes_;
    changed_.notify_all();
  }
  store::StoreStats stats() const override { return {}; }
  void close() override {}

 private:
  using Letters = std::map<std::uint64_t, store::DeadLetter>;

  static Status unimplemented() { return {Code::kUnimplemented, "the fake store knows dead letters only"}; }

  class Work final : public store::UnitOfWork {
   public:
    explicit Work(Letters& letters) : letters_(letters) {}
    Result<const store::EntityRecord*> load(std::string_view) override { return unimplemented(); }
    Result<std::optional<store::Receipt>> receipt(std::string_view, std::string_view) override {
      return unimplemented();
    }
    std::uint64_t nextSequence() const override { return 0; }
    Result<store::EntityRecord> append(store::EntityRecord, std::string_view, std::string_view, std::int64_t) override {
      return unimplemented();
    }
    Result<std::optional<std::string>> keyOwner(const store::UniqueKey&) override { return unimplemented(); }
    Status claimKey(store::UniqueKey, std::string_view) override { return unimplemented(); }
    Status keepReceipt(std::string_view, std::string_view, store::Receipt) override { return unimplemented(); }
    Result<std::uint64_t> cursor(std::string_view) override { return unimplemented(); }
    Status setCursor(std::string_view, std::uint64_t) override { return unimplemented(); }
    Result<std::optional<store::DeadLetter>> deadLetter(std::uint64_t) override { return unimplemented(); }
    Result<std::optional<store::DeadLetter>> projectionLetter(std::string_view entity_id) override {
      for (const auto& [id, letter] : letters_)
        if (letter.entity_id == entity_id) return std::optional(letter);
      return std::optional<store::DeadLetter>();
    }
    Result<std::uint64_t> putDeadLetter(const store::DeadLetter& letter) override {
      const std::uint64_t id = letter.id != 0 ? letter.id : letters_.empty() ? 1 : letters_.rbegin()->first + 1;
      letters_[id] = letter;
      letters_[id].id = id;
      return id;
    }
    Result<bool> dropDeadLetter(std::uint64_t id) override { return letters_.erase(id) > 0; }
    Status undo() override { return unimplemented(); }

   private:
    Letters& letters_;
  };

  Status failLoad() const {
    if (failing_loads_ == 0) return {};
    --failing_loads_;
    return failure_;
  }

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  mutable std::condition_variable waited_;
  std::map<std::string, store::EntityRecord> entities_;
  std::vector<std::string> log_;  // the entity of each event; sequence 1 first
  Letters letters_;
  int failing_units_ = 0;
  std::uint64_t wakes_ = 0;
  mutable std::uint64_t waits_ = 0;
  mutable int failing_log_reads_ = 0;
  mutable int failing_loads_ = 0;
  Status failure_;
};

}  // namespace gyre::test
