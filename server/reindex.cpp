#include "server/reindex.hpp"

#include <algorithm>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

#include "gyre/json_writer.hpp"
#include "server/projector/bulk_buffer.hpp"
#include "server/projector/document_difference.hpp"

namespace gyre {

namespace {

constexpr std::size_t kPortion = 8'192;  // events read at once, as the projector does
constexpr std::size_t kBatchBytes = 8u << 20;
constexpr std::uint64_t kCommitEvents = 200'000;  // what an interrupted build may have to do again
// Events that may be left for the moment in which the projector stands still; about 100 ms.
constexpr std::uint64_t kLastStretch = 2'000;
constexpr int kAttempts = 5;  // of a batch that the new index wants again

Status cancelled() { return {Code::kUnavailable, "cancelled", "the job was ended before it was done"}; }

class Build {
 public:
  Build(const ReindexParts& parts, std::unique_ptr<search::SearchEngine> engine,
        const bus::JobRunner::Progress& progress)
      : parts_(parts),
        engine_(std::move(engine)),
        progress_(progress),
        buffer_(parts.store, *engine_, parts.projection, kBatchBytes),
        committed_(engine_->progress().durable) {}

  std::uint64_t applied() const { return engine_->progress().applied; }
  search::SearchEngine& engine() { return *engine_; }
  std::unique_ptr<search::SearchEngine> release() { return std::move(engine_); }
  std::uint64_t documents() const { return documents_; }
  std::vector<std::string> refused() const { return {refused_.begin(), refused_.end()}; }
  std::uint64_t checked() const { return checked_; }

  // Until no more than `left` events are missing.
  Status follow(std::uint64_t left) {
    for (;;) {
      const std::uint64_t last = parts_.store.lastSequence();
      if (last - std::min(last, applied()) <= left) return {};
      if (!report(last)) return cancelled();
      GYRE_TRY(portion(last));
    }
  }

  // The log up to `last`, whoever waits.
  Status finish(std::uint64_t last) {
    while (applied() < last) GYRE_TRY(portion(last));
    GYRE_TRY(engine_->refresh());
    return engine_->commit();
  }

  // Every entity as the new index covers it, by content.
  Status check() {
    GYRE_TRY(engine_->refresh());
    std::string after;
    for (;;) {
      if (!report(parts_.store.lastSequence())) return cancelled();
      GYRE_TRY_ASSIGN(const auto records, parts_.store.scan(after, "", kPortion));
      if (records.empty()) return {};
      for (const store::EntityRecord& record : records) GYRE_TRY(checkEntity(record));
      after = records.back().id;
    }
  }

 private:
  // First the log, then the entities: one after the other, as one number.
  bool report(std::uint64_t last) {
    return progress_(std::min(applied(), last) + checked_, last + parts_.store.stats().entities);
  }

  Status portion(std::uint64_t last) {
    const std::uint64_t from = applied();
    GYRE_TRY_ASSIGN(auto changes, parts_.store.changedAfter(from, kPortion));
    if (changes.empty())
      return internalError("the event log has nothing after sequence " + std::to_string(from) + " but ends at " +
                           std::to_string(last));
    buffer_.takeChanges(std::move(changes));
    while (!buffer_.isEmpty()) {
      GYRE_TRY_ASSIGN(projector::Batch batch, buffer_.next());
      for (projector::Batch::Unprojected& entity : batch.unprojected) refused_.insert(std::move(entity.entity_id));
      GYRE_TRY(send(batch));
    }
    if (applied() - committed_ < kCommitEvents) return {};
    GYRE_TRY(engine_->commit());
    committed_ = engine_->progress().durable;
    return {};
  }

  Status send(projector::Batch& batch) {
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      GYRE_TRY_ASSIGN(const auto items, engine_->bulk(batch.operations, batch.sequence));
      std::vector<search::BulkOperation> again;
      std::string cause;
      for (std::size_t i = 0; i < items.size(); ++i) {
        switch (items[i].verdict) {
          case search::BulkItem::Verdict::kOk: ++documents_; break;
          case search::BulkItem::Verdict::kRefuse: refused_.insert(std::move(batch.operations[i].id)); break;
          case search::BulkItem::Verdict::kRetry:
            cause = items[i].cause;
            again.push_back(std::move(batch.operations[i]));
            break;
        }
      }
      if (again.empty()) return {};
      batch.operations = std::move(again);
      if (attempt + 1 == kAttempts) return unavailable("the new index does not take its documents: " + cause);
    }
    return {};
  }

  // What changed after the new index last looked is for the events to come.
  Status checkEntity(const store::EntityRecord& record) {
    ++checked_;
    if (record.sequence > applied()) return {};
    if (refused_.contains(record.id)) return {};
    GYRE_TRY_ASSIGN(const std::string expected, parts_.projection.project(record.id, record.state, record.version));
    GYRE_TRY_ASSIGN(const auto found, engine_->get(record.id));
    if (found && !projector::difference(expected, found->source)) return {};
    return {Code::kInternal, "verification_failed",
            "\"" + record.id + "\" is " + (found ? "another" : "missing") +
                " in the new index, which is not taken into use"};
  }

  const ReindexParts& parts_;
  std::unique_ptr<search::SearchEngine> engine_;
  const bus::JobRunner::Progress& progress_;
  projector::BulkBuffer buffer_;
  std::uint64_t committed_;
  std::uint64_t documents_ = 0;
  std::uint64_t checked_ = 0;
  std::unordered_set<std::string> refused_;
};

}  // namespace

Result<std::string> reindex(const ReindexParts& parts, const bus::JobRunner::Progress& progress,
                            base::Observer& observer) {
  IndexSlots slots = parts.slots;
  GYRE_TRY(slots.beginBuilding());
  GYRE_TRY_ASSIGN(const std::string folder, slots.next());
  GYRE_TRY_ASSIGN(auto engine, parts.open(folder));
  Build build(parts, std::move(engine), progress);
  GYRE_TRY(build.follow(0));
  GYRE_TRY(build.engine().commit());
  GYRE_TRY(build.check());
  GYRE_TRY(build.follow(kLastStretch));
  std::uint64_t sequence = 0;
  const Status switched = parts.projector.runBetweenBatches([&](std::uint64_t position) -> Result<std::uint64_t> {
    GYRE_TRY(build.finish(position));
    GYRE_TRY(slots.switchOver());
    sequence = std::max(position, build.applied());
    parts.engine.switchTo(build.release());
    return sequence;
  });
  GYRE_TRY(Status(switched));
  observer.log(base::Level::kInformation, "reindex",
               parts.domain + ": a new index is in use, up to sequence " + std::to_string(sequence));
  // What the new index refuses becomes a dead letter in the projector's hands.
  const std::vector<std::string> refused = build.refused();
  if (!refused.empty()) GYRE_TRY(parts.projector.synchronize(refused).status());
  std::string text;
  JsonWriter(text)
      .beginObject()
      .member("documents", build.documents())
      .member("checked", build.checked())
      .member("refused", static_cast<std::uint64_t>(refused.size()))
      .member("sequence", sequence)
      .endObject();
  return text;
}

}  // namespace gyre
