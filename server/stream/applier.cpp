#include "server/stream/applier.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <limits>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "server/projector/back_off.hpp"
#include "server/projector/sequence_gate.hpp"

namespace gyre::stream {

namespace {

constexpr std::int64_t kNanosPerMs = 1'000'000;
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
// How late an interval may be noticed; what is asked for wakes the loop.
constexpr std::int64_t kLongestWaitMs = 100;
constexpr std::int64_t kIdleWaitMs = 1'000;                         // when the index has all, and for good
constexpr std::string_view kBuriedCursor = "records/dead_letters";  // the last sequence that has a letter
constexpr std::int64_t kLongestTimeoutMs = 365LL * 24 * 3600 * 1000;

// Something written for the loop itself.
class LoopUnit final : public store::Unit {
 public:
  using Run = std::function<Status(store::UnitOfWork&)>;
  LoopUnit(Run run, std::function<void(const Status&)> done) : run_(std::move(run)), done_(std::move(done)) {}
  Status run(store::UnitOfWork& work) override { return run_(work); }
  void done(const Status& outcome) override { done_(outcome); }

 private:
  const Run run_;
  const std::function<void(const Status&)> done_;
};

}  // namespace

class Applier::Loop {
 public:
  Loop(ApplierOptions options, store::PrimaryStore& store, StreamIndex& index, const BatchWindow& window,
       const base::Clock& clock, base::Observer& observer, std::function<void(std::uint64_t)> on_durable)
      : options_(std::move(options)),
        part_("stream/" + options_.domain),
        store_(store),
        index_(index),
        window_(window),
        clock_(clock),
        observer_(observer),
        on_durable_(std::move(on_durable)),
        back_off_(static_cast<std::uint64_t>(clock.monotonicNanos())) {}

  void start() {
    refreshed_nanos_ = committed_nanos_ = nanos();
    if (options_.retention_ms > 0) next_retain_ = clock_.nowMillis();
    tellDurable();
    // Who ended before the trim of its last commit leaves it to this one.
    if (told_durable_ > 0) trimLog(told_durable_);
    thread_ = std::thread([this] { run(); });
  }

  void stop() {
    if (!thread_.joinable()) return;
    {
      const std::lock_guard lock(mutex_);
      is_stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
    gate_.close(unavailable("the stream of " + options_.domain + " has stopped"));
  }

  void wake() {
    {
      const std::lock_guard lock(mutex_);
      is_woken_ = true;
    }
    changed_.notify_one();
  }

  void requireSequence(std::uint64_t sequence, std::int64_t timeout_ms, projector::SequenceGate::Ready ready) {
    if (sequence <= index_.progress().searchable) return ready({});
    if (const std::uint64_t last = store_.lastSequence(); sequence > last)
      return ready(
          Status(Code::kInvalidArgument, "unknown_sequence",
                 "sequence " + std::to_string(sequence) + " does not exist: the last one is " + std::to_string(last)));
    const std::int64_t timeout = std::clamp<std::int64_t>(timeout_ms, 0, kLongestTimeoutMs);
    gate_.add(sequence, nanos() + timeout * kNanosPerMs, timeout, std::move(ready));
    wake();
  }

  ApplierStats stats() const {
    ApplierStats stats;
    const search::Progress progress = index_.progress();
    stats.applied = progress.applied;
    stats.searchable = progress.searchable;
    stats.durable = progress.durable;
    stats.batches = batches_;
    stats.batches_from_log = batches_from_log_;
    stats.refreshes = refreshes_;
    stats.commits = commits_;
    stats.dead_letters = dead_letters_;
    stats.last_retain_millis = last_retain_;
    stats.next_retain_millis = next_retain_;
    stats.deleted_records = deleted_records_;
    stats.deleted_generations = deleted_generations_;
    stats.is_retain_overdue =
        stats.next_retain_millis != 0 && clock_.nowMillis() > stats.next_retain_millis + options_.retain_interval_ms;
    const std::lock_guard lock(mutex_);
    stats.last_error = last_error_;
    return stats;
  }

 private:
  std::int64_t nanos() const { return clock_.monotonicNanos(); }

  void run() {
    while (!pause()) {
      const std::int64_t now = nanos();
      if (now < retry_nanos_) {
        expire(now);
        continue;
      }
      const Status stepped = step();
      note(stepped);
      expire(nanos());
    }
    note(commit());
  }

  // True when the loop is to end.
  bool pause() {
    std::unique_lock lock(mutex_);
    const bool has_work = retry_nanos_ == 0 && index_.progress().applied < store_.lastSequence();
    if (!has_work)
      changed_.wait_for(lock, std::chrono::milliseconds(waitMillis()), [&] { return is_woken_ || is_stopping_; });
    is_woken_ = false;
    return is_stopping_;
  }

  std::int64_t waitMillis() {
    std::int64_t due = kNever;
    const search::Progress progress = index_.progress();
    if (progress.searchable < progress.applied) due = refreshed_nanos_ + options_.refresh_interval_ms * kNanosPerMs;
    if (const auto deadline = gate_.nextDeadline()) due = std::min(due, *deadline);
    if (retry_nanos_ != 0) due = std::min(due, retry_nanos_);
    if (due == kNever) return progress.durable < progress.applied ? kLongestWaitMs : kIdleWaitMs;
    return std::clamp<std::int64_t>((due - nanos()) / kNanosPerMs, 0, kLongestWaitMs);
  }

  Status step() {
    GYRE_TRY(index_.attend());
    if (index_.progress().durable > told_durable_) tellDurable();
    GYRE_TRY(bury());
    GYRE_TRY(applyNext());
    const search::Progress progress = index_.progress();
    const std::int64_t now = nanos();
    const auto lowest = gate_.lowest();
    const bool is_asked = lowest && *lowest > progress.searchable && *lowest <= progress.applied;
    if (progress.searchable < progress.applied &&
        (is_asked || now - refreshed_nanos_ >= options_.refresh_interval_ms * kNanosPerMs))
      GYRE_TRY(refresh());
    const std::uint64_t uncommitted = progress.applied - progress.durable;
    if (uncommitted > 0 &&
        (uncommitted >= options_.commit_records || now - committed_nanos_ >= options_.commit_interval_ms * kNanosPerMs))
      GYRE_TRY(commit());
    return retainWhenDue();
  }

  Status applyNext() {
    const std::uint64_t applied = index_.progress().applied;
    if (applied >= store_.lastSequence()) return {};
    if (const AppendedBatch recent = window_.find(applied + 1); recent.records != nullptr)
      return apply(recent, applied);
    GYRE_TRY_ASSIGN(const auto stored, store_.batchesAfter(applied, options_.read_bytes));
    if (stored.empty() || stored.front().first_sequence > applied + 1)
      return corruption("the log has lost sequence " + std::to_string(applied + 1) + ", which the index does not hold");
    std::uint64_t after = applied;
    for (const store::StoredBatch& batch : stored) {
      auto records = RecordBatch::decode(batch.data);
      if (!records.isOk()) return records.status().withPrefix("sequence " + std::to_string(batch.first_sequence));
      ++batches_from_log_;
      GYRE_TRY(apply(
          {batch.first_sequence, batch.time_millis, std::make_shared<const RecordBatch>(std::move(records).value())},
          after));
      after = batch.first_sequence + batch.record_count - 1;
      const std::lock_guard lock(mutex_);
      if (is_stopping_) break;
    }
    return {};
  }

  Status apply(const AppendedBatch& batch, std::uint64_t after) {
    GYRE_TRY_ASSIGN(std::vector<RefusedRecord> refused,
                    index_.apply(*batch.records, batch.first_sequence, after, batch.arrived_millis));
    ++batches_;
    return bury(std::move(refused));
  }

  // What the index has gathered goes, before it is to be seen.
  Status flush() {
    GYRE_TRY_ASSIGN(std::vector<RefusedRecord> refused, index_.flush());
    return bury(std::move(refused));
  }

  Status bury(std::vector<RefusedRecord> refused) {
    for (RefusedRecord& record : refused) unburied_.push_back(std::move(record));
    return bury();
  }

  // Durable before the loop goes on, and before any commit: that must not cover a record that is nowhere. After a crash
  // the same records are refused again; the cursor says which have a letter already.
  Status bury() {
    if (unburied_.empty()) return {};
    auto letters = std::make_shared<std::vector<store::DeadLetter>>();
    for (const RefusedRecord& record : unburied_) {
      store::DeadLetter& letter = letters->emplace_back();
      letter.kind = store::DeadLetter::Kind::kRecord;
      letter.entity_id = std::to_string(record.sequence);
      letter.sequence = record.sequence;
      letter.data = record.record;
      letter.code = "refused_by_index";
      letter.cause = record.cause;
      letter.attempts = 1;
      letter.event_millis = record.time_millis;
      letter.time_millis = letter.last_millis = clock_.nowMillis();
    }
    std::promise<Status> written;
    store_.submit(std::make_unique<LoopUnit>(
        [letters](store::UnitOfWork& work) -> Status {
          GYRE_TRY_ASSIGN(const std::uint64_t buried, work.cursor(kBuriedCursor));
          for (const store::DeadLetter& letter : *letters)
            if (letter.sequence > buried) GYRE_TRY(work.putDeadLetter(letter).status());
          return work.setCursor(kBuriedCursor, std::max(buried, letters->back().sequence));
        },
        [&written](const Status& outcome) { written.set_value(outcome); }));
    GYRE_TRY(written.get_future().get());
    dead_letters_ += unburied_.size();
    observer_.log(base::Level::kWarning, part_,
                  "the index refuses " + std::to_string(unburied_.size()) + " records, first sequence " +
                      std::to_string(unburied_.front().sequence) + ": " + unburied_.front().cause);
    unburied_.clear();
    return {};
  }

  Status refresh() {
    GYRE_TRY(flush());
    GYRE_TRY(index_.refresh());
    ++refreshes_;
    refreshed_nanos_ = nanos();
    gate_.open(index_.progress().searchable);
    return {};
  }

  Status commit() {
    const search::Progress before = index_.progress();
    if (before.applied == before.durable) return {};
    GYRE_TRY(bury());
    GYRE_TRY(flush());
    GYRE_TRY(index_.commit());
    ++commits_;
    committed_nanos_ = refreshed_nanos_ = nanos();
    const search::Progress progress = index_.progress();
    gate_.open(progress.searchable);
    tellDurable();
    trimLog(progress.durable);
    return {};
  }

  // Not waited for: a log that is trimmed later is only larger meanwhile.
  void trimLog(std::uint64_t durable) {
    store_.submit(std::make_unique<LoopUnit>([durable](store::UnitOfWork& work) { return work.trimBatches(durable); },
                                             [](const Status&) {}));
  }

  void tellDurable() {
    told_durable_ = index_.progress().durable;
    on_durable_(told_durable_);
  }

  Status retainWhenDue() {
    const std::int64_t now = clock_.nowMillis();
    if (next_retain_ == 0 || now < next_retain_) return {};
    GYRE_TRY_ASSIGN(const RetainResult result, index_.retain(now - options_.retention_ms));
    deleted_records_ += result.deleted_records;
    deleted_generations_ += result.deleted_generations;
    last_retain_ = now;
    next_retain_ = now + options_.retain_interval_ms;
    if (result.deleted_generations > 0)
      observer_.log(base::Level::kInformation, part_,
                    "retention deleted " + std::to_string(result.deleted_records) + " records in " +
                        std::to_string(result.deleted_generations) + " generations");
    return {};
  }

  void note(const Status& stepped) {
    const std::lock_guard lock(mutex_);
    if (stepped.isOk()) {
      back_off_.reset();
      retry_nanos_ = 0;
      last_error_.clear();
      return;
    }
    if (last_error_ != stepped.message())
      observer_.log(base::Level::kError, part_, std::string(stepped.message()) + "; tried again");
    last_error_ = stepped.message();
    retry_nanos_ = nanos() + back_off_.nextNanos();
  }

  void expire(std::int64_t now) {
    const std::uint64_t searchable = index_.progress().searchable;
    gate_.open(searchable);
    std::string why;
    {
      const std::lock_guard lock(mutex_);
      why = last_error_;
    }
    gate_.expire(now, searchable, why);
  }

  const ApplierOptions options_;
  const std::string part_;
  store::PrimaryStore& store_;
  StreamIndex& index_;
  const BatchWindow& window_;
  const base::Clock& clock_;
  base::Observer& observer_;
  const std::function<void(std::uint64_t)> on_durable_;
  projector::SequenceGate gate_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool is_woken_ = false;
  bool is_stopping_ = false;
  std::string last_error_;

  std::atomic<std::uint64_t> batches_{0}, batches_from_log_{0}, refreshes_{0}, commits_{0}, dead_letters_{0};
  std::atomic<std::uint64_t> deleted_records_{0}, deleted_generations_{0};
  std::atomic<std::int64_t> last_retain_{0}, next_retain_{0};

  // The loop's thread only.
  std::uint64_t told_durable_ = 0;
  std::int64_t refreshed_nanos_ = 0;
  std::int64_t committed_nanos_ = 0;
  std::int64_t retry_nanos_ = 0;  // not before; 0: at once
  projector::BackOff back_off_;
  std::vector<RefusedRecord> unburied_;  // that have no dead letter yet
  std::thread thread_;
};

Applier::Applier(ApplierOptions options, store::PrimaryStore& store, StreamIndex& index, const BatchWindow& window,
                 const base::Clock& clock, base::Observer& observer, std::function<void(std::uint64_t)> on_durable)
    : loop_(std::make_unique<Loop>(std::move(options), store, index, window, clock, observer, std::move(on_durable))) {}
Applier::~Applier() { stop(); }
void Applier::start() { loop_->start(); }
void Applier::stop() { loop_->stop(); }
void Applier::wake() { loop_->wake(); }
void Applier::requireSequence(std::uint64_t sequence, std::int64_t timeout_ms,
                              std::function<void(const Status&)> ready) {
  loop_->requireSequence(sequence, timeout_ms, std::move(ready));
}
ApplierStats Applier::stats() const { return loop_->stats(); }

}  // namespace gyre::stream
