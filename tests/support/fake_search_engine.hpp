// A search engine in memory for tests: what is applied, searchable and durable are three maps, so a crash is an
// assignment. Calls and items can be told to fail; every call is kept, and waitUntil() blocks until the calls made
// fulfil something.
//
// A search answers {"found":N} with the number of searchable documents, unless onSearch() says otherwise.
//
// THREADS: any.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyre/status.hpp"
#include "server/search/search_engine.hpp"

namespace gyre::test {

class FakeSearchEngine final : public search::SearchEngine {
 public:
  struct BulkCall {
    std::vector<std::string> ids;
    std::uint64_t sequence = 0;
    std::size_t bytes = 0;
  };
  struct Calls {
    std::vector<BulkCall> bulks;  // failed ones included
    std::uint64_t refreshes = 0;
    std::uint64_t commits = 0;
    std::uint64_t changes = 0;  // operations that changed a document
    mutable std::uint64_t searches = 0;
    search::Progress progress;
  };

  // ---- injection

  void failBulks(int count, Status failure) {
    set([&] { failing_bulks_ = count, failure_ = std::move(failure); });
  }
  void failRefreshes(int count, Status failure) {
    set([&] { failing_refreshes_ = count, failure_ = std::move(failure); });
  }
  void failCommits(int count, Status failure) {
    set([&] { failing_commits_ = count, failure_ = std::move(failure); });
  }
  // The next `count` operations on `id` are answered with retry.
  void retry(const std::string& id, int count) {
    set([&] { retries_[id] = count; });
  }
  void refuse(const std::string& id) {
    set([&] { refused_.insert(id); });
  }
  // Runs before each search, outside the lock; what it returns is the answer when it is not "".
  void onSearch(std::function<Result<std::string>(std::string_view request)> hook) {
    set([&] { search_hook_ = std::move(hook); });
  }
  // Runs before each bulk, outside the lock.
  void onBulk(std::function<void()> hook) {
    set([&] { bulk_hook_ = std::move(hook); });
  }
  // Everything that is not durable is gone.
  void crash() {
    set([&] {
      applied_ = searchable_ = durable_;
      calls_.progress.applied = calls_.progress.searchable = calls_.progress.durable;
      ++calls_.progress.generation;
    });
  }
  // Changes a document behind everyone's back; "" removes it.
  void corrupt(const std::string& id, const std::string& source, std::uint64_t version) {
    set([&] {
      for (Documents* documents : {&applied_, &searchable_, &durable_}) {
        if (source.empty()) {
          documents->erase(id);
        } else {
          (*documents)[id] = {source, version};
        }
      }
    });
  }
  // As a refresh by somebody else.
  void bumpGeneration() {
    set([&] { ++calls_.progress.generation; });
  }

  // ---- observation

  Calls calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  // False when it takes unreasonably long.
  [[nodiscard]] bool waitUntil(const std::function<bool(const Calls&)>& condition,
                               std::chrono::milliseconds patience = std::chrono::seconds(20)) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return condition(calls_); });
  }
  std::map<std::string, std::string> searchableSources() const {
    const std::lock_guard lock(mutex_);
    std::map<std::string, std::string> sources;
    for (const auto& [id, document] : searchable_) sources[id] = document.source;
    return sources;
  }

  // ---- SearchEngine

  Result<std::vector<search::BulkItem>> bulk(std::span<const search::BulkOperation> operations,
                                             std::uint64_t sequence) override {
    std::function<void()> hook;
    set([&] { hook = bulk_hook_; });
    if (hook) hook();
    const std::lock_guard lock(mutex_);
    BulkCall call{{}, sequence, 0};
    for (const search::BulkOperation& operation : operations) {
      call.ids.push_back(operation.id);
      call.bytes += operation.id.size() + operation.source.size();
    }
    calls_.bulks.push_back(std::move(call));
    changed_.notify_all();
    if (take(failing_bulks_)) return failure_;
    std::vector<search::BulkItem> items;
    bool is_complete = true;
    for (const search::BulkOperation& operation : operations) {
      items.push_back(apply(operation));
      is_complete = is_complete && items.back().verdict != search::BulkItem::Verdict::kRetry;
    }
    if (is_complete) calls_.progress.applied = std::max(calls_.progress.applied, sequence);
    return items;
  }
  Status refresh() override {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
    if (take(failing_refreshes_)) return failure_;
    ++calls_.refreshes;
    publish();
    return {};
  }
  Status commit() override {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
    if (take(failing_commits_)) return failure_;
    ++calls_.commits;
    publish();
    durable_ = applied_;
    calls_.progress.durable = calls_.progress.applied;
    return {};
  }
  Result<search::SearchAnswer> search(std::string_view request, std::int64_t) const override {
    std::function<Result<std::string>(std::string_view)> hook;
    {
      const std::lock_guard lock(mutex_);
      ++calls_.searches;
      hook = search_hook_;
      changed_.notify_all();
    }
    std::string body;
    if (hook) {
      GYRE_TRY_ASSIGN(body, hook(request));
    }
    const std::lock_guard lock(mutex_);
    if (body.empty()) body = "{\"found\":" + std::to_string(searchable_.size()) + "}";
    return search::SearchAnswer{std::move(body), calls_.progress.generation, calls_.progress.searchable};
  }
  Result<std::optional<search::IndexedDocument>> get(std::string_view id) const override {
    const std::lock_guard lock(mutex_);
    const auto found = applied_.find(std::string(id));
    return found == applied_.end() ? std::nullopt : std::optional(found->second);
  }
  Status scan(const std::function<bool(std::string_view, std::uint64_t, std::string_view)>& visit) const override {
    Documents documents;
    {
      const std::lock_guard lock(mutex_);
      documents = searchable_;
    }
    for (const auto& [id, document] : documents)
      if (!visit(id, document.version, document.source)) break;
    return {};
  }
  search::Progress progress() const override {
    const std::lock_guard lock(mutex_);
    return calls_.progress;
  }
  search::EngineStats stats() const override {
    const std::lock_guard lock(mutex_);
    return {searchable_.size(), 1, 0, 0};
  }
  Status close() override { return commit(); }

 private:
  using Documents = std::map<std::string, search::IndexedDocument>;

  template <class Change>
  void set(Change change) {
    const std::lock_guard lock(mutex_);
    change();
    changed_.notify_all();
  }
  static bool take(int& count) { return count > 0 && count-- > 0; }

  search::BulkItem apply(const search::BulkOperation& operation) {
    using Verdict = search::BulkItem::Verdict;
    if (take(retries_[operation.id])) return {Verdict::kRetry, "queue is full"};
    if (refused_.contains(operation.id)) return {Verdict::kRefuse, "mapper_parsing_exception"};
    const auto held = applied_.find(operation.id);
    if (held != applied_.end() &&
        (operation.is_repair ? operation.version < held->second.version : operation.version <= held->second.version))
      return {};
    if (operation.kind == search::BulkOperation::Kind::kDelete) {
      applied_.erase(operation.id);
    } else {
      applied_[operation.id] = {operation.source, operation.version};
    }
    ++calls_.changes;
    return {};
  }
  void publish() {
    searchable_ = applied_;
    calls_.progress.searchable = calls_.progress.applied;
    ++calls_.progress.generation;
  }

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Calls calls_;
  Documents applied_, searchable_, durable_;
  int failing_bulks_ = 0, failing_refreshes_ = 0, failing_commits_ = 0;
  Status failure_;
  std::map<std::string, int> retries_;
  std::set<std::string> refused_;
  std::function<Result<std::string>(std::string_view)> search_hook_;
  std::function<void()> bulk_hook_;
};

}  // namespace gyre::test
