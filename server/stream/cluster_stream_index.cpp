#include "server/stream/cluster_stream_index.hpp"

#include <algorithm>
#include <utility>

#include "gyre/json.hpp"
#include "server/search/opensearch/cluster_calls.hpp"
#include "server/search/opensearch/failure.hpp"

namespace gyre::stream {

namespace {

using search::encodeSegment;
using search::makeRequest;

constexpr std::string_view kPart = "stream";
constexpr std::size_t kActionBytes = 64;  // of a bulk operation beside its id and source

}  // namespace

ClusterStreamIndex::ClusterStreamIndex(ClusterGenerations indices, search::Cluster& cluster, const base::Clock& clock,
                                       base::Observer& observer)
    : cluster_(cluster), clock_(clock), observer_(observer), indices_(std::move(indices)) {}

Status ClusterStreamIndex::begin() {
  const Status found = attend();
  if (found.reason() == search::kIndexTaken) return found;
  if (!found.isOk())
    observer_.log(base::Level::kWarning, kPart,
                  std::string(found.message()) + "; records are taken, and indexed once it is there");
  return {};
}

Status ClusterStreamIndex::ready() const {
  const std::lock_guard lock(mutex_);
  return is_ready_ ? Status() : trouble_;
}

// Another mapping is for records that come from now on.
bool ClusterStreamIndex::hasOtherMapping() const {
  const std::lock_guard lock(mutex_);
  return progress_.applied >= held_ && generations_.back().definition != indices_.definition().fingerprint();
}

void ClusterStreamIndex::writeTo(const ClusterGeneration& generation) {
  sender_ = std::make_unique<search::BulkSender>(cluster_, ClusterGenerations::writeAlias(generation),
                                                 indices_.definition().sums());
  newest_bytes_ = 0;
}

Status ClusterStreamIndex::attend() {
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
  Status outcome = opened.isOk() ? this->opened(*opened) : opened.status();
  const std::lock_guard lock(mutex_);
  if (!outcome.isOk()) {
    trouble_ = std::move(outcome);
    return trouble_;
  }
  durable_newest_ = newestTime();
  held_ = opened->held;
  generations_ = std::move(opened->generations);
  writeTo(generations_.back());
  progress_.applied = progress_.searchable = progress_.durable = told_ = opened->covered;
  ++progress_.generation;
  is_ready_ = true;
  trouble_ = {};
  observer_.log(base::Level::kInformation, kPart,
                indices_.alias() + ": " + std::to_string(generations_.size()) + " indices, the newest " +
                    generations_.back().name + "; covers sequence " + std::to_string(opened->covered));
  return {};
}

// An index was not there: nothing counts any more until attend() has looked.
Status ClusterStreamIndex::lose(const std::string& what) const {
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
Status ClusterStreamIndex::giveUp(const Status& why) {
  observer_.log(base::Level::kError, kPart, why.message());
  const std::lock_guard lock(mutex_);
  is_ready_ = false;
  is_taken_ = true;
  ++progress_.generation;
  trouble_ = Status(Code::kUnavailable, std::string(why.reason()), std::string(why.message()));
  return trouble_;
}

Status ClusterStreamIndex::rollOver() {
  GYRE_TRY(commit());
  const std::uint64_t first = progress().applied + 1;
  auto made = indices_.add(generations(), first);
  Status outcome = made.isOk() ? indices_.writeMark(*made, first - 1, first - 1, newestTime()) : made.status();
  if (outcome.isOk()) began(*made);
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

bool ClusterStreamIndex::isOld() const {
  const std::lock_guard lock(mutex_);
  const ClusterGeneration& newest = generations_.back();
  if (newest.range.isEmpty()) return false;
  return clock_.nowMillis() - newest.created_millis >= indices_.options().generation_age_ms ||
         newest_bytes_ >= indices_.options().generation_bytes;
}

// And all that an earlier process may have sent to it was sent again.
bool ClusterStreamIndex::isDue() const { return isOld() && progress().applied >= held_; }

Status ClusterStreamIndex::endWhenOld() {
  GYRE_TRY(ready());
  return isOld() ? rollOverWhenSent() : Status();
}

// Not while records are refused that nobody was told of: the generation's end is a commit.
Status ClusterStreamIndex::rollOverWhenSent() {
  GYRE_TRY(send());
  return refused_.empty() ? rollOver() : Status();
}

void ClusterStreamIndex::add(search::BulkOperation operation, std::int64_t time_millis, std::uint32_t spliced_bytes) {
  gathered_bytes_ += operation.id.size() + operation.source.size() + kActionBytes;
  gathered_.push_back({time_millis, spliced_bytes});
  operations_.push_back(std::move(operation));
}

void ClusterStreamIndex::widen(const GenerationRange& range, std::uint64_t applied) {
  const std::lock_guard lock(mutex_);
  GenerationRange& whole = generations_.back().range;
  whole.min_time = std::min(whole.min_time, range.min_time);
  whole.max_time = std::max(whole.max_time, range.max_time);
  whole.newest = std::max(whole.newest, range.newest);
  progress_.applied = std::max(progress_.applied, applied);
}

Result<std::vector<RefusedRecord>> ClusterStreamIndex::apply(const RecordBatch& batch, std::uint64_t first_sequence,
                                                             std::uint64_t after, std::int64_t arrived_millis) {
  GYRE_TRY(ready());
  if (isFull()) GYRE_TRY(send());
  if (isDue() || hasOtherMapping()) GYRE_TRY(rollOverWhenSent());
  const std::uint64_t end = first_sequence + batch.sequenceCount();
  for (std::uint64_t next = std::max(after + 1, first_sequence); next < end;) {
    GenerationRange range;
    GYRE_TRY_ASSIGN(next, gather(batch, first_sequence, next, arrived_millis, range));
    widen(range, next - 1);
    if (!isFull()) continue;
    // What cannot be sent now is kept, and the next call fails first, and goes on from here.
    const Status sent = send();
    if (sent.isOk()) continue;
    if (next < end) return sent;
    return std::vector<RefusedRecord>();  // an earlier one may still be refused: they are told in order
  }
  return takeRefused();
}

// By sequence. REQUIRES: nothing earlier waits to be sent again.
std::vector<RefusedRecord> ClusterStreamIndex::takeRefused() {
  std::vector<RefusedRecord> taken = std::exchange(refused_, {});
  std::sort(taken.begin(), taken.end(),
            [](const RefusedRecord& a, const RefusedRecord& b) { return a.sequence < b.sequence; });
  return taken;
}

Result<std::vector<RefusedRecord>> ClusterStreamIndex::flush() {
  GYRE_TRY(send());
  return takeRefused();
}

Status ClusterStreamIndex::send() {
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

Status ClusterStreamIndex::refresh() {
  GYRE_TRY(refreshNewest());
  // Servers that read it learn of it. That they do not yet is no failure of the refresh.
  const search::Progress now = progress();
  if (now.searchable == told_) return {};
  const Status told = indices_.writeMark(generations().back(), now.durable, now.searchable, durable_newest_);
  if (told.reason() == search::kIndexTaken) return giveUp(told);
  if (told.isOk()) told_ = now.searchable;
  return {};
}

Status ClusterStreamIndex::refreshNewest() {
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

Status ClusterStreamIndex::commit() {
  GYRE_TRY(refreshNewest());
  if (!refused_.empty()) return unavailable(indices_.alias() + ": records were refused and are not dead letters yet");
  const std::uint64_t searchable = progress().searchable;
  const ClusterGeneration newest = generations().back();
  GYRE_TRY_ASSIGN(const ClusterGenerations::Looked looked, indices_.look(newest));
  if (!looked.is_same) return lose("the index " + newest.name + " is not the one that was written to");
  newest_bytes_ = looked.bytes;
  if (const Status told = indices_.writeMark(newest, searchable, searchable, newestTime()); !told.isOk())
    return told.reason() == search::kIndexTaken ? giveUp(told) : told;
  told_ = searchable;
  durable_newest_ = newestTime();
  const std::lock_guard lock(mutex_);
  progress_.durable = std::max(progress_.durable, searchable);
  return {};
}

Result<RetainResult> ClusterStreamIndex::retain(std::int64_t oldest_millis) {
  GYRE_TRY(ready());
  if (const GenerationRange range = generations().back().range;
      !range.isEmpty() && range.newest < oldest_millis && progress().applied >= held_)
    GYRE_TRY(rollOverWhenSent());
  // What the newest took over from those that go is in it before they do.
  GYRE_TRY(send());
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

std::string ClusterStreamIndex::targetOf(const TimeRange& wanted) const {
  const std::lock_guard lock(mutex_);
  return indices_.targetOf(generations_, wanted);
}

Result<std::string> ClusterStreamIndex::ask(const TimeRange& wanted, std::string_view request,
                                            std::int64_t deadline_nanos, std::string_view parameters) const {
  const std::uint64_t before = progress().generation;
  Result<std::string> body = indices_.search(targetOf(wanted), request, deadline_nanos, parameters);
  // Retention may have deleted one that we named.
  if (body.status().reason() == "index_missing" && progress().generation != before)
    body = indices_.search(targetOf(wanted), request, deadline_nanos, parameters);
  if (body.status().reason() == "index_missing")
    return lose("an index is gone: " + std::string(body.status().message()));
  return body;
}

search::Progress ClusterStreamIndex::progress() const {
  const std::lock_guard lock(mutex_);
  return progress_;
}

std::vector<ClusterGeneration> ClusterStreamIndex::generations() const {
  const std::lock_guard lock(mutex_);
  return generations_;
}

search::EngineStats ClusterStreamIndex::stats() const {
  return figures_.get(health(), clock_, [this](std::int64_t deadline) { return indices_.stats(deadline); });
}

Status ClusterStreamIndex::health() const {
  GYRE_TRY(cluster_.health());
  return ready();
}

}  // namespace gyre::stream
