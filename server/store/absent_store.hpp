// What does a server have in the place of a store that it does not hold? One that refuses, and says where to go.
//
// A server with the role read alone has no primary store; what it serves needs none, and the edges refuse the rest
// before it comes here. This stands behind them, so that nothing that was overlooked meets a null pointer.
//
// THREADS: any.
#pragma once

#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "server/store/primary_store.hpp"

namespace gyre::store {

class AbsentStore final : public PrimaryStore {
 public:
  // What everything is answered with.
  explicit AbsentStore(Status why) : why_(std::move(why)) {}

  void submit(std::unique_ptr<Unit> unit) override { unit->done(why_); }
  Result<std::optional<EntityRecord>> load(std::string_view) const override { return why_; }
  Result<std::vector<EntityRecord>> loadMany(const std::vector<std::string>&) const override { return why_; }
  Result<std::vector<EntityRecord>> scan(std::string_view, std::string_view, std::size_t) const override {
    return why_;
  }
  Result<std::uint64_t> count(std::string_view) const override { return why_; }
  Result<std::vector<EventRecord>> readAfter(std::uint64_t, std::size_t) const override { return why_; }
  Result<std::vector<std::pair<std::uint64_t, std::string>>> changedAfter(std::uint64_t, std::size_t) const override {
    return why_;
  }
  Result<std::uint64_t> cursor(std::string_view) const override { return why_; }
  Result<std::optional<DeadLetter>> deadLetter(std::uint64_t) const override { return why_; }
  Result<std::vector<DeadLetter>> deadLetters(std::uint64_t, std::size_t) const override { return why_; }
  Result<std::uint64_t> deadLetterCount() const override { return why_; }
  Result<std::vector<DeadLetter>> deadLettersUpTo(const DeadLetter&) const override { return why_; }

  // Where the log ends is not known here: no sequence is beyond it.
  std::uint64_t lastSequence() const override { return std::numeric_limits<std::uint64_t>::max(); }
  std::uint64_t waitForSequenceAbove(std::uint64_t, std::int64_t) const override { return lastSequence(); }
  void wakeWaiters() override {}
  StoreStats stats() const override { return {}; }
  void close() override {}

 private:
  const Status why_;
};

}  // namespace gyre::store
