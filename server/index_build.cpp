#include "server/index_build.hpp"

#include <algorithm>
#include <chrono>
#include <random>
#include <string_view>
#include <thread>
#include <utility>

#include "gyre/json.hpp"
#include "server/projector/back_off.hpp"
#include "server/projector/document_difference.hpp"
#include "server/projector/found_documents.hpp"

namespace gyre {

namespace {

constexpr std::size_t kPortion = 8'192;  // events read at once, as the projector does
constexpr std::size_t kBatchBytes = 8u << 20;
constexpr std::uint64_t kCommitEvents = 200'000;  // what an interrupted build may have to do again
constexpr std::chrono::minutes kPatience(5);      // with an index that takes nothing
constexpr std::int64_t kStepNanos = 200'000'000;  // of a pause
constexpr std::size_t kPage = 1'000;              // documents compared at once
constexpr std::size_t kListed = 100;              // of each kind of difference, as verify does

// Of a bulk call as a whole: the index is there, or will be.
bool isPassing(const Status& failure) {
  if (failure.code() == Code::kDeadlineExceeded) return true;
  const std::string_view reason = failure.reason();
  return failure.code() == Code::kUnavailable && reason != "index_moved" && reason != "index_missing" &&
         reason != "index_taken";
}

Status statusOf(const Status& status) { return status; }
template <class T>
Status statusOf(const Result<T>& result) {
  return result.status();
}

Status cancelled() { return {Code::kUnavailable, "cancelled", "it was ended before it was done"}; }

}  // namespace

IndexBuild::IndexBuild(const store::PrimaryStore& store, search::SearchEngine& engine,
                       const projector::Projection& projection, const Progress& progress)
    : store_(store),
      engine_(engine),
      projection_(projection),
      progress_(progress),
      buffer_(store, engine, projection, kBatchBytes),
      committed_(engine.progress().durable) {}

Status IndexBuild::follow(std::uint64_t left) {
  for (;;) {
    const std::uint64_t last = store_.lastSequence();
    if (last - std::min(last, applied()) <= left) return {};
    if (!report(last)) return cancelled();
    GYRE_TRY(portion(last));
  }
}

Status IndexBuild::finish(std::uint64_t last) {
  while (applied() < last) GYRE_TRY(portion(last));
  GYRE_TRY(engine_.refresh());
  return engine_.commit();
}

Status IndexBuild::check() {
  const Result<projector::VerifyResult> found = compare();
  if (!found.isOk()) return found.status();
  const std::string what = !found->missing.empty()     ? "\"" + found->missing.front() + "\" is missing in"
                           : !found->different.empty() ? "\"" + found->different.front().id + "\" is another in"
                           : !found->extra.empty()     ? "\"" + found->extra.front() + "\" should not be in"
                                                       : std::string();
  if (what.empty()) return {};
  return {Code::kInternal, "verification_failed", what + " the new index, which is not taken into use"};
}

// First the log, then the entities: one after the other, as one number.
bool IndexBuild::report(std::uint64_t last) {
  return progress_(std::min(applied(), last) + checked_, last + store_.stats().entities);
}

Status IndexBuild::portion(std::uint64_t last) {
  const std::uint64_t from = applied();
  GYRE_TRY_ASSIGN(auto changes, store_.changedAfter(from, kPortion));
  if (changes.empty())
    return internalError("the event log has nothing after sequence " + std::to_string(from) + " but ends at " +
                         std::to_string(last));
  buffer_.takeChanges(std::move(changes));
  while (!buffer_.isEmpty()) {
    GYRE_TRY_ASSIGN(projector::Batch batch, buffer_.next());
    for (projector::Batch::Unprojected& entity : batch.unprojected)
      refuse(std::move(entity.entity_id), entity.why.message());
    GYRE_TRY(send(batch));
  }
  if (applied() - committed_ < kCommitEvents) return {};
  GYRE_TRY(patiently([this] { return engine_.commit(); }));
  committed_ = engine_.progress().durable;
  return {};
}

void IndexBuild::refuse(std::string entity_id, std::string_view why) {
  if (refused_.empty()) refusal_ = why;
  refused_.insert(std::move(entity_id));
}

// In steps, so that whoever cancels does not wait for all of it.
Status IndexBuild::pause(projector::BackOff& back_off) {
  for (std::int64_t left = back_off.nextNanos(); left > 0; left -= kStepNanos) {
    if (!report(store_.lastSequence())) return cancelled();
    std::this_thread::sleep_for(std::chrono::nanoseconds(std::min(left, kStepNanos)));
  }
  return {};
}

// What may work later is asked again until it has not for too long: a cluster may be busy, or away.
template <class Call>
auto IndexBuild::patiently(Call call) -> decltype(call()) {
  projector::BackOff back_off(std::random_device{}());
  const auto began = std::chrono::steady_clock::now();
  for (;;) {
    auto answer = call();
    if (answer.isOk() || !isPassing(statusOf(answer)) || std::chrono::steady_clock::now() - began > kPatience)
      return answer;
    GYRE_TRY(pause(back_off));
  }
}

// What may work later is sent again until nothing has been taken for too long.
Status IndexBuild::send(projector::Batch& batch) {
  projector::BackOff back_off(std::random_device{}());
  auto last_taken = std::chrono::steady_clock::now();
  while (!batch.operations.empty() || applied() < batch.sequence) {
    auto items = engine_.bulk(batch.operations, batch.sequence);
    if (!items.isOk() && !isPassing(items.status())) return items.status();
    std::string cause(items.status().message());
    std::vector<search::BulkOperation> again;
    const std::size_t count = items.isOk() ? items->size() : 0;
    for (std::size_t i = 0; i < count; ++i) {
      search::BulkItem& item = (*items)[i];
      switch (item.verdict) {
        case search::BulkItem::Verdict::kOk: ++documents_; break;
        case search::BulkItem::Verdict::kRefuse: refuse(std::move(batch.operations[i].id), item.cause); break;
        case search::BulkItem::Verdict::kRetry:
          cause = std::move(item.cause);
          again.push_back(std::move(batch.operations[i]));
          break;
      }
    }
    if (items.isOk()) {
      if (again.empty()) return {};
      if (again.size() < batch.operations.size()) {
        last_taken = std::chrono::steady_clock::now();
        back_off.reset();
      }
      batch.operations = std::move(again);
    }
    if (std::chrono::steady_clock::now() - last_taken > kPatience)
      return unavailable("the new index does not take its documents: " + cause);
    GYRE_TRY(pause(back_off));
  }
  return {};
}

Result<projector::VerifyResult> IndexBuild::compare() {
  GYRE_TRY(patiently([this] { return engine_.refresh(); }));
  projector::VerifyResult result;
  std::string after;
  for (;;) {
    if (!report(store_.lastSequence())) return cancelled();
    GYRE_TRY_ASSIGN(const auto records, store_.scan(after, "", kPage));
    if (records.empty()) break;
    GYRE_TRY(comparePage(records, result));
    after = records.back().id;
    checked_ += records.size();
  }
  result.checked = checked_;
  GYRE_TRY(findExtra(result));
  return result;
}

Status IndexBuild::comparePage(const std::vector<store::EntityRecord>& records, projector::VerifyResult& result) {
  GYRE_TRY_ASSIGN(const auto documents, patiently([&] { return projector::findDocuments(engine_, records); }));
  for (const store::EntityRecord& record : records) {
    if (record.sequence > applied() || refused_.contains(record.id)) continue;
    auto expected = projection_.project(record.id, record.state, record.version);
    if (!expected.isOk()) {
      refuse(record.id, expected.status().message());
      continue;
    }
    const auto found = documents.find(record.id);
    if (found == documents.end()) {
      GYRE_TRY_ASSIGN(const bool is_taken, offer(record, std::move(*expected)));
      if (is_taken && ++result.missing_count <= kListed) result.missing.push_back(record.id);
    } else if (auto fields = projector::difference(*expected, found->second.source)) {
      if (++result.different_count <= kListed) result.different.push_back({record.id, std::move(*fields)});
    }
  }
  return {};
}

// An earlier run, which this one goes on from, may have been told that it does not take it.
Result<bool> IndexBuild::offer(const store::EntityRecord& record, std::string document) {
  projector::Batch batch;
  batch.sequence = applied();  // covers no more of the log than before
  batch.operations.push_back(
      {search::BulkOperation::Kind::kIndex, record.id, record.sequence, std::move(document), false});
  GYRE_TRY(send(batch));
  return !refused_.contains(record.id);
}

// Documents are as many as the entities that have one, when there is no other; only if not are all looked through. An
// entity that came after the index was filled has none yet.
Status IndexBuild::findExtra(projector::VerifyResult& result) {
  GYRE_TRY_ASSIGN(const search::SearchAnswer answer,
                  patiently([this] { return engine_.search(R"({"size":0,"track_total_hits":true})", 0); }));
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(answer.body));
  const std::uint64_t documents = document.root()["hits"]["total"]["value"].unsignedInteger().value_or(0);
  if (documents + result.missing_count + refused_.size() == result.checked) return {};
  std::vector<std::string> page;
  Status failure;
  const auto look = [&] {
    auto known = store_.loadMany(page);
    if (!known.isOk()) {
      failure = known.status();
      return false;
    }
    auto record = known->begin();
    for (std::string& id : page) {
      if (record != known->end() && record->id == id) {
        ++record;
      } else if (++result.extra_count <= kListed) {
        result.extra.push_back(std::move(id));
      }
    }
    page.clear();
    if (!report(store_.lastSequence())) failure = cancelled();
    return failure.isOk();
  };
  GYRE_TRY(engine_.scan([&](std::string_view id, std::uint64_t, std::string_view) {
    page.emplace_back(id);
    return page.size() < kPage || look();
  }));
  if (failure.isOk()) look();
  return failure;
}

}  // namespace gyre
