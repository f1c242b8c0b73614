#include "server/stream/cluster_document_index.hpp"

#include <algorithm>
#include <utility>

#include "gyre/json.hpp"
#include "server/search/opensearch/cluster_calls.hpp"
#include "server/search/opensearch/failure.hpp"
#include "server/stream/record_document.hpp"

namespace gyre::stream {

namespace {

using search::encodeSegment;
using search::makeRequest;

constexpr std::string_view kPart = "stream";
constexpr std::int64_t kStatsNanos = 1'000'000'000;  // of patience with figures, which nobody waits for
constexpr std::size_t kActionBytes = 64;             // of a bulk operation beside its id and source

}  // namespace

ClusterDocumentIndex::ClusterDocumentIndex(ClusterGenerations indices, search::Cluster& cluster,
                                           const base::Clock& clock, base::Observer& observer)
    : cluster_(cluster), clock_(clock), observer_(observer), indices_(std::move(indices)) {}

Result<std::unique_ptr<ClusterDocumentIndex>> ClusterDocumentIndex::open(ClusterStreamOptions options,
                                                                         search::Cluster& cluster,
                                                                         const base::Clock& clock,
                                                                         base::Observer& observer) {
  GYRE_TRY_ASSIGN(ClusterGenerations indices, ClusterGenerations::read(std::move(options), cluster, clock, observer));
  std::unique_ptr<ClusterDocumentIndex> index(new ClusterDocumentIndex(std::move(indices), cluster, clock, observer));
  const Status found = index->attend();
  if (found.reason() == search::kIndexTaken) return found;
  if (!found.isOk())
    observer.log(base::Level::kWarning, kPart,
                 std::string(found.message()) + "; records are taken, and indexed once it is there");
  return index;
}

Status ClusterDocumentIndex::ready() const {
  const std::lock_guard lock(mutex_);
  return is_ready_ ? Status() : trouble_;
}

// Another mapping is for records that come from now on.
bool ClusterDocumentIndex::hasOtherMapping() const {
  const std::lock_guard lock(mutex_);
  return progress_.applied >= held_ && generations_.back().definition != indices_.definition().fingerprint();
}

void ClusterDocumentIndex::writeTo(const ClusterGeneration& generation) {
  sender_ = std::make_unique<search::BulkSender>(cluster_, ClusterGenerations::writeAlias(generation),
                                                 indices_.definition().sums());
  newest_bytes_ = 0;
}

Status ClusterDocumentIndex::attend() {
  const Status is_ready = ready();
  if (is_ready.isOk()) return hasOtherMapping() ? rollOverWhenSent() : Status();
  if (is_taken_) return is_ready;
  GYRE_TRY(cluster_.health());
  operations_.clear();
  gathered_.clear();
  gathered_bytes_ = 0;
  refused_.clear();  // they are sent, and refused, again
  auto opened = indices_.open();
  if (opened.status().reason() == search::kIndexTaken) return giveUp(opened.status());
  const std::lock_guard lock(mutex_);
  if (!opened.isOk()) {
    trouble_ = opened.status();
    return trouble_;
  }
  held_ = opened->held;
  generations_ = std::move(opened->generations);
  writeTo(generations_.back());
  progress_.applied = progress_.searchable = progress_.durable = opened->covered;
  ++progress_.generation;
  is_ready_ = true;
  trouble_ = {};
  observer_.log(base::Level::kInformation, kPart,
                indices_.alias() + ": " + std::to_string(generations_.size()) + " indices, the newest " +
                    generations_.back().name + "; covers sequence " + std::to_string(opened->covered));
  return {};
}

// An index was not there: nothing counts any more until attend() has looked.
Status ClusterDocumentIndex::lose(const std::string& what) const {
  const std::lock_guard lock(mutex_);
  if (is_ready_)
    observer_.log(base::Level::kError, kPart,
                  indices_.alias() + ": " + what + "; what the log still has is indexed again");
  is_ready_ = false;
  ++progress_.generation;
  trouble_ = Status(Code::kUnavailable, "index_missing", indices_.alias() + ": " + what);
  return trouble_;
}

// Another server writes the index: until this one is started anew it does not.
Status ClusterDocumentIndex::giveUp(const Status& why) {
  observer_.log(base::Level::kError, kPart, why.message());
  const std::lock_guard lock(mutex_);
  is_ready_ = false;
  is_taken_ = true;
  ++progress_.generation;
  trouble_ = Status(Code::kUnavailable, std::string(why.reason()), std::string(why.message()));
  return trouble_;
}

Status ClusterDocumentIndex::rollOver() {
  GYRE_TRY(commit());
  const std::uint64_t first = progress().applied + 1;
  auto made = indices_.add(generations(), first);
  Status outcome = made.isOk() ? indices_.writeMark(*made, first - 1, first - 1) : made.status();
  const std::lock_guard lock(mutex_);
  ++progress_.generation;
  if (!outcome.isOk()) {
    // It may be there, or half of it: attend() finds what is.
    is_ready_ = false;
    trouble_ = std::move(outcome);
    return trouble_;
  }
  observer_.log(base::Level::kInformation, kPart,
                made->name + ": takes records from sequence " + std::to_string(first));
  generations_.push_back(std::move(made).value());
  writeTo(generations_.back());
  return {};
}

// The newest is old or large enough, and all that an earlier process may have sent to it was sent again.
bool ClusterDocumentIndex::isDue() const {
  const std::lock_guard lock(mutex_);
  const ClusterGeneration& newest = generations_.back();
  if (progress_.applied < held_ || newest.range.isEmpty()) return false;
  return clock_.nowMillis() - newest.created_millis >= indices_.options().generation_age_ms ||
         newest_bytes_ >= indices_.options().generation_bytes;
}

// Not while records are refused that nobody was told of: the generation's end is a commit.
Status ClusterDocumentIndex::rollOverWhenSent() {
  GYRE_TRY(send());
  return refused_.empty() ? rollOver() : Status();
}

void ClusterDocumentIndex::gather(const RecordBatch& batch, std::size_t i, std::uint64_t sequence) {
  search::BulkOperation& operation = operations_.emplace_back();
  const std::string_view record = batch.record(i);
  appendDocumentId(batch.id(i), batch.timeMillis(i), sequence, operation.id);
  operation.version = sequence;
  operation.source.reserve(record.size() + 40);
  appendDocumentSource(record, sequence, operation.source);
  // What follows the first member is the record's own.
  std::uint32_t spliced = 0;
  if (record.starts_with('{')) {
    const std::size_t end = operation.source.find_first_of(",}");
    spliced = static_cast<std::uint32_t>(operation.source[end] == ',' ? end + 1 : end);
  }
  gathered_.push_back({batch.timeMillis(i), spliced});
  gathered_bytes_ += operation.id.size() + operation.source.size() + kActionBytes;
}

Result<std::vector<RefusedRecord>> ClusterDocumentIndex::apply(const RecordBatch& batch, std::uint64_t first_sequence,
                                                               std::uint64_t after, std::int64_t arrived_millis) {
  GYRE_TRY(ready());
  const auto isFull = [this] { return gathered_bytes_ >= sender_->pace().bytes() * sender_->pace().parallel(); };
  if (isFull()) GYRE_TRY(send());
  if (isDue() || hasOtherMapping()) GYRE_TRY(rollOverWhenSent());
  const std::size_t skipped = after >= first_sequence ? after - first_sequence + 1 : 0;
  GenerationRange range;
  for (std::size_t i = skipped; i < batch.size(); ++i) {
    range.add(batch.timeMillis(i), arrived_millis);
    gather(batch, i, first_sequence + i);
  }
  {
    // First: no search may leave out what is sent.
    const std::lock_guard lock(mutex_);
    GenerationRange& whole = generations_.back().range;
    whole.min_time = std::min(whole.min_time, range.min_time);
    whole.max_time = std::max(whole.max_time, range.max_time);
    whole.newest = std::max(whole.newest, range.newest);
    progress_.applied = std::max(progress_.applied, first_sequence + batch.size() - 1);
  }
  // What cannot be sent now is kept, and the next call fails first.
  if (isFull()) (void)send();
  return std::exchange(refused_, {});
}

Result<std::vector<RefusedRecord>> ClusterDocumentIndex::flush() {
  GYRE_TRY(send());
  return std::exchange(refused_, {});
}

Status ClusterDocumentIndex::send() {
  GYRE_TRY(ready());
  if (operations_.empty()) return {};
  GYRE_TRY_ASSIGN(const search::BulkSender::Outcome sent, sender_->send(operations_));
  if (sent.is_index_missing) return lose("the index that is written to is gone");
  std::string paused;
  std::size_t kept = 0;
  gathered_bytes_ = 0;
  for (std::size_t i = 0; i < operations_.size(); ++i) {
    using Verdict = search::BulkItem::Verdict;
    if (sent.items[i].verdict == Verdict::kRefuse) {
      std::string record = operations_[i].source.substr(gathered_[i].spliced_bytes);
      if (gathered_[i].spliced_bytes > 0) record.insert(0, 1, '{');
      refused_.push_back({operations_[i].version, gathered_[i].time_millis, std::move(record), sent.items[i].cause});
    } else if (sent.items[i].verdict == Verdict::kRetry) {
      if (paused.empty()) paused = sent.items[i].cause;
      gathered_bytes_ += operations_[i].id.size() + operations_[i].source.size() + kActionBytes;
      if (kept != i) {
        operations_[kept] = std::move(operations_[i]);
        gathered_[kept] = gathered_[i];
      }
      ++kept;
    }
  }
  operations_.resize(kept);
  gathered_.resize(kept);
  return kept == 0 ? Status() : unavailable(paused);
}

Status ClusterDocumentIndex::refresh() {
  GYRE_TRY(refreshNewest());
  // Servers that read it learn of it. That they do not yet is no failure of the refresh.
  const search::Progress now = progress();
  if (now.searchable == told_) return {};
  const Status told = indices_.writeMark(generations().back(), now.durable, now.searchable);
  if (told.reason() == search::kIndexTaken) return giveUp(told);
  if (told.isOk()) told_ = now.searchable;
  return {};
}

Status ClusterDocumentIndex::refreshNewest() {
  GYRE_TRY(send());
  const std::uint64_t applied = progress().applied;
  const std::string newest = generations().back().name;
  GYRE_TRY_ASSIGN(const search::HttpResponse response,
                  cluster_.send(makeRequest("POST", "/" + encodeSegment(newest) + "/_refresh")));
  if (response.status == 404) return lose("the index " + newest + " is gone");
  if (!search::isSuccess(response)) return search::failureOf(response);
  const auto answer = json::Document::parse(response.body);
  const bool is_whole = answer.isOk() && answer->root()["_shards"]["failed"].integer().value_or(1) == 0;
  if (!is_whole)
    return Status(Code::kUnavailable, "search_engine_failed",
                  "refresh of " + newest + ": shards failed: " + search::causeText(response.body));
  const std::lock_guard lock(mutex_);
  ++progress_.generation;
  progress_.searchable = std::max(progress_.searchable, applied);
  return {};
}

Status ClusterDocumentIndex::commit() {
  GYRE_TRY(refreshNewest());
  if (!refused_.empty()) return unavailable(indices_.alias() + ": records were refused and are not dead letters yet");
  const std::uint64_t searchable = progress().searchable;
  const ClusterGeneration newest = generations().back();
  GYRE_TRY_ASSIGN(const ClusterGenerations::Looked looked, indices_.look(newest));
  if (!looked.is_same) return lose("the index " + newest.name + " is not the one that was written to");
  newest_bytes_ = looked.bytes;
  if (const Status told = indices_.writeMark(newest, searchable, searchable); !told.isOk())
    return told.reason() == search::kIndexTaken ? giveUp(told) : told;
  told_ = searchable;
  const std::lock_guard lock(mutex_);
  progress_.durable = std::max(progress_.durable, searchable);
  return {};
}

Result<RetainResult> ClusterDocumentIndex::retain(std::int64_t oldest_millis) {
  GYRE_TRY(ready());
  if (const GenerationRange range = generations().back().range;
      !range.isEmpty() && range.newest < oldest_millis && progress().applied >= held_)
    GYRE_TRY(rollOverWhenSent());
  RetainResult result;
  const std::vector<ClusterGeneration> all = generations();
  for (const ClusterGeneration& generation : all) {
    if (generation.number == all.back().number || generation.range.newest >= oldest_millis) continue;
    // Left out of searches first: none may find it half gone.
    {
      const std::lock_guard lock(mutex_);
      std::erase_if(generations_, [&](const ClusterGeneration& one) { return one.number == generation.number; });
      ++progress_.generation;
    }
    const auto removed = indices_.remove(generation);
    if (!removed.isOk()) {
      const std::lock_guard lock(mutex_);
      generations_.insert(std::lower_bound(generations_.begin(), generations_.end(), generation,
                                           [](const auto& a, const auto& b) { return a.number < b.number; }),
                          generation);
      return removed.status().withPrefix("retention: " + generation.name);
    }
    result.deleted_records += *removed;
    ++result.deleted_generations;
  }
  return result;
}

std::string ClusterDocumentIndex::targetOf(std::string_view request) const {
  const std::lock_guard lock(mutex_);
  return indices_.targetOf(generations_, request);
}

Result<search::SearchAnswer> ClusterDocumentIndex::search(std::string_view request, std::int64_t deadline_nanos) const {
  GYRE_TRY(health());
  search::Progress before = progress();
  Result<std::string> body = indices_.search(targetOf(request), request, deadline_nanos);
  if (body.status().reason() == "index_missing" && progress().generation != before.generation) {
    // Retention may have deleted one that we named.
    before = progress();
    body = indices_.search(targetOf(request), request, deadline_nanos);
  }
  if (body.status().reason() == "index_missing")
    return lose("an index is gone: " + std::string(body.status().message()));
  if (!body.isOk()) return body.status();
  return search::SearchAnswer{std::move(*body), before.generation, before.searchable};
}

search::Progress ClusterDocumentIndex::progress() const {
  const std::lock_guard lock(mutex_);
  return progress_;
}

std::vector<ClusterGeneration> ClusterDocumentIndex::generations() const {
  const std::lock_guard lock(mutex_);
  return generations_;
}

search::EngineStats ClusterDocumentIndex::stats() const {
  if (health().isOk())
    if (const auto found = indices_.stats(clock_.monotonicNanos() + kStatsNanos); found.isOk()) {
      const std::lock_guard lock(mutex_);
      stats_ = *found;
    }
  const std::lock_guard lock(mutex_);
  return stats_;
}

Status ClusterDocumentIndex::health() const {
  GYRE_TRY(cluster_.health());
  return ready();
}

}  // namespace gyre::stream
