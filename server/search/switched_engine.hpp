// How does an index change under its readers? An engine that passes every call on to the one in use.
//
// Those that were in use before stay open until close(): whoever is in the middle of a search ends it there.
// Generations go on rising over a switch, so nothing that was remembered of the old index is taken for the new one's.
//
// THREADS: as SearchEngine; switchTo() on the projector's thread, between its calls. OWNS: all engines.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "server/search/search_engine.hpp"

namespace gyre::search {

class SwitchedEngine final : public SearchEngine {
 public:
  explicit SwitchedEngine(std::unique_ptr<SearchEngine> engine) { switchTo(std::move(engine)); }

  void switchTo(std::unique_ptr<SearchEngine> engine) {
    const std::lock_guard lock(mutex_);
    held_.push_back(std::make_unique<Held>(Held{std::move(engine), held_.size() << kEpochBits}));
    current_.store(held_.back().get(), std::memory_order_release);
  }

  SearchEngine& inUse() { return *now().engine; }

  Result<std::vector<BulkItem>> bulk(std::span<const BulkOperation> operations, std::uint64_t sequence) override {
    return now().engine->bulk(operations, sequence);
  }
  Status refresh() override { return now().engine->refresh(); }
  Status commit() override { return now().engine->commit(); }
  Result<SearchAnswer> search(std::string_view request, std::int64_t deadline_nanos) const override {
    const Held& held = now();
    auto answer = held.engine->search(request, deadline_nanos);
    if (answer.isOk()) answer->generation += held.epoch;
    return answer;
  }
  Result<std::optional<IndexedDocument>> get(std::string_view id) const override { return now().engine->get(id); }
  Status scan(const std::function<bool(std::string_view id, std::uint64_t version, std::string_view source)>& visit)
      const override {
    return now().engine->scan(visit);
  }
  Progress progress() const override {
    const Held& held = now();
    Progress progress = held.engine->progress();
    progress.generation += held.epoch;
    return progress;
  }
  Status health() const override { return now().engine->health(); }
  EngineStats stats() const override { return now().engine->stats(); }
  // What becomes of those that are not in use any more is nobody's concern: their files may be gone.
  Status close() override {
    const std::lock_guard lock(mutex_);
    for (const auto& held : held_)
      if (held.get() != &now()) static_cast<void>(held->engine->close());
    return now().engine->close();
  }
  engine::Index* embedded() override { return now().engine->embedded(); }

 private:
  static constexpr unsigned kEpochBits = 48;  // generations of one index: a publication a microsecond for eight years
  struct Held {
    std::unique_ptr<SearchEngine> engine;
    std::uint64_t epoch;  // added to its generations
  };
  const Held& now() const { return *current_.load(std::memory_order_acquire); }

  std::mutex mutex_;
  std::vector<std::unique_ptr<Held>> held_;
  std::atomic<const Held*> current_{nullptr};
};

}  // namespace gyre::search
