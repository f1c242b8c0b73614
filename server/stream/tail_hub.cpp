#include "server/stream/tail_hub.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"

namespace gyre::stream {

namespace {

constexpr std::int64_t kNanosPerMs = 1'000'000;
constexpr std::chrono::milliseconds kIdleWait(200);  // between looks at queues and the time
constexpr std::chrono::milliseconds kFullWait(5);
constexpr std::uint64_t kLogBytes = 1u << 20;  // read at once
constexpr std::size_t kIndexPage = 1'000;
constexpr std::int64_t kSearchMs = 30'000;

}  // namespace

TailHub::TailHub(const StreamHandlers& handlers, const store::PrimaryStore& store, StreamIndex& index,
                 const BatchWindow& window, const base::Clock& clock, Limits limits)
    : handlers_(handlers), store_(store), index_(index), window_(window), clock_(clock), limits_(limits) {}

TailHub::~TailHub() { stop(); }

void TailHub::start() {
  thread_ = std::thread([this] { run(); });
}

void TailHub::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void TailHub::wake() {
  if (count_ == 0) return;
  {
    const std::lock_guard lock(mutex_);
    is_woken_ = true;
  }
  changed_.notify_one();
}

Status TailHub::follow(TailRequest request, std::shared_ptr<TailSink> sink) {
  GYRE_TRY(
      handlers_.match(request.tail, {request.parameters, request.is_lenient, request.organization_id, {}, 0}).status());
  {
    const std::lock_guard lock(mutex_);
    if (is_stopping_) return unavailable("the stream is stopping");
    if (count_ >= limits_.followers)
      return {Code::kResourceExhausted, "too_many_followers",
              "followers: expected at most " + std::to_string(limits_.followers)};
    ++count_;
    arrived_.push_back(std::make_unique<Follower>(Follower{std::move(request), std::move(sink), 0, 0}));
    is_woken_ = true;
  }
  changed_.notify_one();
  return {};
}

void TailHub::run() {
  bool has_more = false;
  bool is_any_full = false;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      const auto is_called = [&] { return is_woken_ || is_stopping_; };
      if (followers_.empty())
        changed_.wait(lock, is_called);
      else if (!has_more)
        changed_.wait_for(lock, is_any_full ? kFullWait : kIdleWait, is_called);
      is_woken_ = false;
      for (auto& follower : arrived_) {
        follower->spoke_nanos = clock_.monotonicNanos();
        follower->sink->flush(true);  // the follower learns at once that it follows
        followers_.push_back(std::move(follower));
      }
      arrived_.clear();
      if (is_stopping_) break;
    }
    has_more = is_any_full = false;
    std::erase_if(followers_, [&](const std::unique_ptr<Follower>& follower) {
      const Stepped stepped = step(*follower);
      has_more = has_more || stepped == Stepped::kMore;
      is_any_full = is_any_full || stepped == Stepped::kFull;
      if (stepped == Stepped::kGone) --count_;
      return stepped == Stepped::kGone;
    });
  }
  for (const auto& follower : followers_)
    follower->sink->end("stopped", "the server stops; follow again from the last id");
  count_ -= followers_.size();
  followers_.clear();
}

TailHub::Stepped TailHub::step(Follower& follower) {
  TailSink& sink = *follower.sink;
  if (sink.isAbandoned()) {
    sink.end("gone", "the peer has gone");
    return Stepped::kGone;
  }
  const std::int64_t now = clock_.monotonicNanos();
  if (sink.pendingBytes() >= limits_.queue_bytes) {
    if (follower.full_nanos == 0) follower.full_nanos = now;
    if (now - follower.full_nanos < limits_.slow_ms * kNanosPerMs) return Stepped::kFull;
    ++dropped_;
    sink.end("too_slow", "nothing was read for " + std::to_string(limits_.slow_ms) + " ms with " +
                             std::to_string(limits_.queue_bytes) + " bytes waiting; follow again from the last id");
    return Stepped::kGone;
  }
  follower.full_nanos = 0;
  const std::uint64_t last = store_.lastSequence();
  if (follower.request.after_sequence >= last) {
    if (now - follower.spoke_nanos >= limits_.alive_ms * kNanosPerMs) {
      sink.flush(true);
      follower.spoke_nanos = now;
    }
    return Stepped::kIdle;
  }
  const auto batch = fetch(follower.request.after_sequence + 1);
  const Status shown = batch.isOk() ? show(follower, *batch) : batch.status();
  if (!shown.isOk()) {
    sink.end("failed", shown.message());
    return Stepped::kGone;
  }
  return follower.request.after_sequence < store_.lastSequence() ? Stepped::kMore : Stepped::kIdle;
}

// The batch with this sequence, or the first one behind it.
Result<AppendedBatch> TailHub::fetch(std::uint64_t sequence) {
  if (AppendedBatch recent = window_.find(sequence); recent.records != nullptr) return recent;
  GYRE_TRY_ASSIGN(const auto stored, store_.batchesAfter(sequence - 1, kLogBytes));
  if (!stored.empty() && stored.front().first_sequence <= sequence) {
    auto records = RecordBatch::decode(stored.front().data);
    if (!records.isOk()) return records.status();
    return AppendedBatch{stored.front().first_sequence, stored.front().time_millis,
                         std::make_shared<const RecordBatch>(std::move(records).value())};
  }
  // What has left the log is durable in the index, and so searchable.
  return fetchFromIndex(sequence);
}

Result<AppendedBatch> TailHub::fetchFromIndex(std::uint64_t sequence) {
  if (handlers_.kind() != Kind::kDocuments)
    return Status(Code::kNotFound, "the log begins after sequence " + std::to_string(sequence));
  std::string request;
  JsonWriter writer(request);
  writer.beginObject().member("size", static_cast<std::uint64_t>(kIndexPage));
  writer.key("query").beginObject().key("range").beginObject().key("sequence").beginObject();
  writer.member("gte", sequence).endObject().endObject().endObject();
  writer.key("sort").beginArray().beginObject().member("sequence", "asc").endObject().endArray();
  writer.endObject();
  GYRE_TRY_ASSIGN(const search::SearchAnswer answer,
                  index_.search(request, clock_.monotonicNanos() + kSearchMs * kNanosPerMs));
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(answer.body, {.max_depth = 128}));
  // Of the page's hits those that follow each other; a gap is a record that was refused or replaced.
  auto records = std::make_shared<RecordBatch>();
  std::uint64_t first = 0;
  for (const json::Value hit : document.root()["hits"]["hits"]) {
    const std::uint64_t found = hit["_source"]["sequence"].unsignedInteger().value_or(0);
    if (records->isEmpty()) first = found;
    if (found != first + records->size()) break;
    records->add(0, 0, hit["_source"].raw());
  }
  if (records->isEmpty())
    return Status(Code::kNotFound, "nothing is left from sequence " + std::to_string(sequence) + " on");
  return AppendedBatch{first, 0, std::move(records)};
}

Status TailHub::show(Follower& follower, const AppendedBatch& batch) {
  std::uint64_t& after = follower.request.after_sequence;
  const RecordBatch& records = *batch.records;
  const std::size_t skipped = after >= batch.first_sequence ? after - batch.first_sequence + 1 : 0;
  std::vector<std::string_view> views;
  for (std::size_t i = skipped; i < records.size(); ++i) views.push_back(records.record(i));
  const std::uint64_t first = batch.first_sequence + skipped;
  GYRE_TRY_ASSIGN(const auto shown,
                  handlers_.match(follower.request.tail, {follower.request.parameters, follower.request.is_lenient,
                                                          follower.request.organization_id, views, first}));
  for (const ShownRecord& record : shown) follower.sink->show(first + record.index, record.json);
  after = batch.lastSequence();
  shown_ += shown.size();
  if (shown.empty()) return {};
  follower.sink->flush(false);
  follower.spoke_nanos = clock_.monotonicNanos();
  return {};
}

TailStats TailHub::stats() const { return {count_, shown_, dropped_}; }

}  // namespace gyre::stream
