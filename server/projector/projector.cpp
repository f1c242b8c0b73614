#include "server/projector/projector.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <future>
#include <limits>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/thread_pool.hpp"
#include "server/projector/back_off.hpp"
#include "server/projector/bulk_buffer.hpp"
#include "server/projector/dead_letters.hpp"
#include "server/projector/log_feed.hpp"
#include "server/projector/sequence_gate.hpp"

namespace gyre::projector {
namespace {

constexpr std::int64_t kNanosPerMs = 1'000'000;
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

// A wake-up that falls between our last look and the store's wait is missed; this is what it then costs. It is also how
// late a refresh or commit by interval may be.
constexpr std::int64_t kLongestWaitMs = 100;
// The same while the index has all of the log and nobody waits for anything: a thread that wakes costs those that work.
constexpr std::int64_t kIdleWaitMs = 1'000;

// Longer than anyone waits, short enough to be added to a clock reading.
constexpr std::int64_t kLongestTimeoutMs = 365LL * 24 * 3600 * 1000;

// A store that was put back from an older copy has other events under the sequences that the index has seen: nothing
// the projector could send would be right.
Status aheadOf(const store::PrimaryStore& store, const search::SearchEngine& engine) {
  const std::uint64_t applied = engine.progress().applied;
  const std::uint64_t last = store.lastSequence();
  if (applied <= last) return {};
  return {Code::kUnavailable, "index_ahead",
          "the index covers sequence " + std::to_string(applied) + " but the event log ends at " +
              std::to_string(last) +
              ": the primary store is older than the index, which must be removed to be filled again"};
}

// A call of synchronize(), waiting for its documents to be searchable.
struct SynchronizeCall {
  std::vector<std::string> ids;
  std::uint64_t accepted = 0;
  std::optional<Status> outcome;  // under the loop's mutex
};

// A call of runBetweenBatches().
struct BetweenCall {
  std::function<Result<std::uint64_t>(std::uint64_t)> work;
  std::optional<Status> outcome;  // under the loop's mutex
};

}  // namespace

class Projector::Loop {
 public:
  Loop(ProjectorOptions options, store::PrimaryStore& store, search::SearchEngine& engine, const Projection& projection,
       const base::Clock& clock, base::Observer& observer)
      : options_(std::move(options)),
        part_("projector/" + options_.domain),
        store_(store),
        engine_(engine),
        clock_(clock),
        observer_(observer),
        ahead_(aheadOf(store, engine)),
        dead_letters_(store, clock),
        log_feed_(store, engine, projection, options_.bulk_bytes, options_.bulk_count),
        call_buffer_(store, engine, projection, options_.bulk_bytes),
        send_back_off_(static_cast<std::uint64_t>(clock.monotonicNanos())),
        publish_back_off_(static_cast<std::uint64_t>(clock.monotonicNanos())) {}

  void start();
  void stop();
  void requireSequence(std::uint64_t sequence, std::int64_t timeout_ms, SequenceGate::Ready ready);
  Result<std::uint64_t> synchronize(const std::vector<std::string>& entity_ids);
  Status runBetweenBatches(const std::function<Result<std::uint64_t>(std::uint64_t)>& work);
  ProjectorStats stats() const;

 private:
  using Call = std::shared_ptr<SynchronizeCall>;

  void run();
  bool loadLetters();
  void pause();
  void finish();
  void wake();

  void runBetween();
  void followIndex();
  void gather(std::int64_t now);
  bool isLogDue(std::int64_t now);
  bool takeCall();
  void send();
  Result<std::vector<search::BulkItem>> sendBatch();
  void settleBatch(std::vector<search::BulkItem> items);
  void completeBatch();
  void postpone(const Status& failure);

  bool isRefreshDue(std::int64_t now) const;
  bool isCommitDue(std::int64_t now) const;
  void publish(std::int64_t now);
  void answerWaiters(std::int64_t now);
  void answerCall(const Call& call, const Status& outcome);
  void bury(std::string entity_id, std::uint64_t sequence, const Status& why, std::uint32_t attempts);
  std::int64_t nextDue(std::int64_t now);
  Status stopped() const { return unavailable("the projector of " + options_.domain + " has stopped"); }
  std::int64_t nanos() const { return clock_.monotonicNanos(); }

  const ProjectorOptions options_;
  const std::string part_;
  store::PrimaryStore& store_;
  search::SearchEngine& engine_;
  const base::Clock& clock_;
  base::Observer& observer_;
  const Status ahead_;

  SequenceGate gate_;
  DeadLetters dead_letters_;
  std::thread thread_;
  std::atomic<bool> is_stopping_ = false;
  std::atomic<bool> is_woken_ = false;

  // The loop's thread only.
  LogFeed log_feed_;
  BulkBuffer call_buffer_;
  base::ThreadPool sender_{1, 1};       // hands a batch to the index while the next is read
  std::optional<Batch> batch_;          // in hand: being sent, or waiting to be sent again
  bool is_call_batch_ = false;          // it belongs to call_, else to the log
  std::uint32_t attempts_ = 0;          // of the batch in hand
  Call call_;                           // being sent
  std::vector<Call> sent_calls_;        // waiting for a refresh
  std::vector<Call> searchable_calls_;  // waiting for their dead letters to be durable
  bool is_calls_turn_ = true;           // the log and the calls take turns
  std::uint64_t position_ = 0;          // of the log: all up to it was decided by the index
  std::optional<std::int64_t> pending_since_;
  BackOff send_back_off_;
  BackOff publish_back_off_;
  std::int64_t send_at_ = 0;     // not before
  std::int64_t publish_at_ = 0;  // not before
  std::int64_t refreshed_at_ = 0;
  std::int64_t committed_at_ = 0;
  bool has_letters_ = false;  // read from the store
  bool is_settled_ = true;    // all dead letters are durable, as of the last look
  bool has_unpublished_ = false;
  bool has_uncommitted_ = false;
  std::uint64_t uncommitted_operations_ = 0;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable call_answered_;
  std::deque<Call> calls_;
  std::deque<std::shared_ptr<BetweenCall>> betweens_;
  bool is_running_ = false;
  ProjectorStats counters_;
};

void Projector::Loop::start() {
  {
    const std::lock_guard lock(mutex_);
    if (is_running_ || thread_.joinable()) return;
    if (!ahead_.isOk()) {
      counters_.last_error = ahead_.message();
      observer_.log(base::Level::kError, part_, ahead_.message());
      return;
    }
    is_running_ = true;
  }
  thread_ = std::thread([this] { run(); });
}

void Projector::Loop::stop() {
  is_stopping_ = true;
  wake();
  if (thread_.joinable()) thread_.join();
  gate_.close(stopped());  // when it was never started
}

void Projector::Loop::wake() {
  is_woken_ = true;
  store_.wakeWaiters();
}

void Projector::Loop::requireSequence(std::uint64_t sequence, std::int64_t timeout_ms, SequenceGate::Ready ready) {
  if (!ahead_.isOk()) return ready(ahead_);
  const std::uint64_t searchable = engine_.progress().searchable;
  if (sequence <= searchable) return ready(Status());
  if (const std::uint64_t last = store_.lastSequence(); sequence > last)
    return ready({Code::kInvalidArgument, "unknown_sequence",
                  "sequence " + std::to_string(sequence) + " does not exist: the last one is " + std::to_string(last)});
  if (timeout_ms <= 0) return ready(SequenceGate::behind(sequence, searchable, timeout_ms));
  gate_.add(sequence, nanos() + std::min(timeout_ms, kLongestTimeoutMs) * kNanosPerMs, timeout_ms, std::move(ready));
  wake();
}

Result<std::uint64_t> Projector::Loop::synchronize(const std::vector<std::string>& entity_ids) {
  GYRE_TRY(Status(ahead_));
  const Call call = std::make_shared<SynchronizeCall>();
  call->ids = entity_ids;
  std::unique_lock lock(mutex_);
  if (!is_running_) return unavailable("the projector of " + options_.domain + " is not running");
  calls_.push_back(call);
  lock.unlock();
  wake();
  lock.lock();
  call_answered_.wait(lock, [&call] { return call->outcome.has_value(); });
  if (!call->outcome->isOk()) return *call->outcome;
  return call->accepted;
}

ProjectorStats Projector::Loop::stats() const {
  ProjectorStats stats;
  {
    const std::lock_guard lock(mutex_);
    stats = counters_;
  }
  const search::Progress progress = engine_.progress();
  stats.last_sequence = store_.lastSequence();
  stats.applied = progress.applied;
  stats.searchable = progress.searchable;
  stats.durable = progress.durable;
  stats.lag = stats.last_sequence - std::min(stats.applied, stats.last_sequence);
  stats.dead_letters = dead_letters_.count();
  return stats;
}

void Projector::Loop::run() {
  const search::Progress progress = engine_.progress();
  position_ = progress.applied;
  has_unpublished_ = progress.searchable < progress.applied;
  has_uncommitted_ = progress.durable < progress.applied;
  refreshed_at_ = committed_at_ = nanos();
  while (!is_stopping_) {
    const std::int64_t now = nanos();
    answerWaiters(now);
    if (!batch_) runBetween();
    followIndex();
    if (now >= send_at_ && loadLetters()) {
      if (!batch_) gather(now);
      if (batch_) send();
    }
    if (now >= publish_at_) publish(now);
    pause();
  }
  finish();
}

// What was read of the log and not sent is read again, behind where the work left off.
void Projector::Loop::runBetween() {
  std::shared_ptr<BetweenCall> call;
  {
    const std::lock_guard lock(mutex_);
    if (betweens_.empty()) return;
    call = std::move(betweens_.front());
    betweens_.pop_front();
  }
  log_feed_.clear();
  const Result<std::uint64_t> position = call->work(position_);
  if (position.isOk()) position_ = *position;
  const search::Progress progress = engine_.progress();
  has_unpublished_ = progress.searchable < progress.applied;
  has_uncommitted_ = progress.durable < progress.applied;
  {
    const std::lock_guard lock(mutex_);
    call->outcome = position.status();
  }
  call_answered_.notify_all();
}

Status Projector::Loop::runBetweenBatches(const std::function<Result<std::uint64_t>(std::uint64_t)>& work) {
  const auto call = std::make_shared<BetweenCall>();
  call->work = work;
  std::unique_lock lock(mutex_);
  if (!is_running_) return unavailable("the projector of " + options_.domain + " is not running");
  betweens_.push_back(call);
  lock.unlock();
  wake();
  lock.lock();
  call_answered_.wait(lock, [&call] { return call->outcome.has_value(); });
  return *call->outcome;
}

// ---- from the log to a batch
// ------------------------------------------------------------------------------------------

// An index in another process may turn out to cover less than it did, or more than we knew before it could be asked.
void Projector::Loop::followIndex() {
  const std::uint64_t applied = engine_.progress().applied;
  if (applied == position_) return;
  position_ = applied;
  log_feed_.clear();
  if (batch_ && is_call_batch_) batch_->sequence = position_;
  if (!is_call_batch_) batch_.reset();
  pending_since_.reset();
  has_unpublished_ = has_uncommitted_ = true;
}

void Projector::Loop::gather(std::int64_t now) {
  const bool is_log_due = isLogDue(now);
  const bool has_call = takeCall();
  if (!is_log_due && !has_call) return;
  is_call_batch_ = has_call && (is_calls_turn_ || !is_log_due);
  is_calls_turn_ = !is_call_batch_;
  Result<Batch> next = is_call_batch_ ? call_buffer_.next() : log_feed_.next(position_);
  if (!next.isOk()) return postpone(next.status());
  if (!is_call_batch_) pending_since_.reset();
  attempts_ = 0;
  batch_ = std::move(next).value();
  if (is_call_batch_) batch_->sequence = position_;
  for (Batch::Unprojected& entity : batch_->unprojected)
    bury(std::move(entity.entity_id), entity.sequence, Status(entity.why).withPrefix("projection"), 1);
}

// A batch is worth sending when enough waits, when the first has waited long enough, or when a reader waits for it.
bool Projector::Loop::isLogDue(std::int64_t now) {
  if (!log_feed_.isEmpty()) return true;
  const std::uint64_t last = store_.lastSequence();
  if (last <= position_) {
    pending_since_.reset();
    return false;
  }
  if (!pending_since_) pending_since_ = now;
  return last - position_ >= options_.bulk_count || now - *pending_since_ >= options_.bulk_age_ms * kNanosPerMs ||
         gate_.highest().value_or(0) > position_;
}

// The call being sent, else the next one that has something to send.
bool Projector::Loop::takeCall() {
  while (!call_) {
    {
      const std::lock_guard lock(mutex_);
      if (calls_.empty()) return false;
      call_ = std::move(calls_.front());
      calls_.pop_front();
    }
    if (!call_->ids.empty()) {
      call_buffer_.takeEntities(std::move(call_->ids));
    } else {
      answerCall(std::exchange(call_, nullptr), Status());
    }
  }
  return true;
}

// ---- from a batch to the index
// ----------------------------------------------------------------------------------------

void Projector::Loop::send() {
  ++attempts_;
  Result<std::vector<search::BulkItem>> items = sendBatch();
  if (!items.isOk()) return postpone(items.status());
  if (items->size() != batch_->operations.size())
    return postpone(internalError("the index decided " + std::to_string(items->size()) + " of " +
                                  std::to_string(batch_->operations.size()) + " operations"));
  settleBatch(std::move(items).value());
}

Result<std::vector<search::BulkItem>> Projector::Loop::sendBatch() {
  const auto bulk = [this] { return engine_.bulk(batch_->operations, batch_->sequence); };
  if (is_call_batch_ || !log_feed_.isWorthReading(batch_->sequence)) return bulk();
  const auto sent = std::make_shared<std::promise<Result<std::vector<search::BulkItem>>>>();
  if (!sender_.trySubmit([sent, bulk] { sent->set_value(bulk()); })) return bulk();
  log_feed_.readAhead(batch_->sequence);
  return sent->get_future().get();
}

void Projector::Loop::settleBatch(std::vector<search::BulkItem> items) {
  has_unpublished_ = has_uncommitted_ = true;
  std::vector<search::BulkOperation> again;
  std::string cause;
  std::uint64_t accepted = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    search::BulkOperation& operation = batch_->operations[i];
    switch (items[i].verdict) {
      case search::BulkItem::Verdict::kOk:
        ++accepted;
        dead_letters_.accept(operation.id);
        break;
      case search::BulkItem::Verdict::kRetry:
        if (again.empty()) cause = operation.id + ": " + items[i].cause;
        again.push_back(std::move(operation));
        break;
      case search::BulkItem::Verdict::kRefuse:
        bury(std::move(operation.id), operation.version,
             {Code::kUnprocessable, "refused_by_index", std::move(items[i].cause)}, attempts_);
        break;
    }
  }
  uncommitted_operations_ += accepted;
  if (is_call_batch_) call_->accepted += accepted;
  {
    const std::lock_guard lock(mutex_);
    counters_.documents += accepted;
  }
  if (again.empty()) return completeBatch();
  batch_->operations = std::move(again);
  postpone(unavailable(cause));
}

void Projector::Loop::completeBatch() {
  if (!is_call_batch_) {
    position_ = batch_->sequence;
  } else if (call_buffer_.isEmpty()) {
    sent_calls_.push_back(std::exchange(call_, nullptr));
  }
  batch_.reset();
  send_back_off_.reset();
  const std::lock_guard lock(mutex_);
  ++counters_.batches;
  counters_.last_error.clear();
}

void Projector::Loop::postpone(const Status& failure) {
  const std::int64_t delay = send_back_off_.nextNanos();
  send_at_ = nanos() + delay;
  observer_.log(base::Level::kWarning, part_,
                std::string(failure.message()) + "; trying again in " + std::to_string(delay / kNanosPerMs) + " ms");
  const std::lock_guard lock(mutex_);
  ++counters_.retries;
  counters_.last_error = failure.message();
}

void Projector::Loop::bury(std::string entity_id, std::uint64_t sequence, const Status& why, std::uint32_t attempts) {
  observer_.log(
      base::Level::kError, part_,
      "dead letter: \"" + entity_id + "\" at sequence " + std::to_string(sequence) + ": " + std::string(why.message()));
  dead_letters_.refuse(std::move(entity_id), sequence, why, attempts);
}

// ---- from applied to searchable and durable
// ---------------------------------------------------------------------------

bool Projector::Loop::isRefreshDue(std::int64_t now) const {
  if (!has_unpublished_) return false;
  if (!sent_calls_.empty() || gate_.lowest().value_or(std::numeric_limits<std::uint64_t>::max()) <= position_)
    return true;
  return options_.refresh_interval_ms >= 0 && now - refreshed_at_ >= options_.refresh_interval_ms * kNanosPerMs;
}

bool Projector::Loop::isCommitDue(std::int64_t now) const {
  return has_uncommitted_ && (uncommitted_operations_ >= options_.commit_operations ||
                              now - committed_at_ >= options_.commit_interval_ms * kNanosPerMs);
}

void Projector::Loop::publish(std::int64_t now) {
  // What the index refused must be on record before the index claims to be past it.
  is_settled_ = dead_letters_.settle();
  Status outcome;
  if (isRefreshDue(now)) {
    outcome = engine_.refresh();
    if (outcome.isOk()) {
      has_unpublished_ = false;
      refreshed_at_ = now;
      searchable_calls_.insert(searchable_calls_.end(), sent_calls_.begin(), sent_calls_.end());
      sent_calls_.clear();
      answerWaiters(now);
      const std::lock_guard lock(mutex_);
      ++counters_.refreshes;
    }
  }
  if (is_settled_)
    for (const Call& call : std::exchange(searchable_calls_, {})) answerCall(call, Status());
  if (outcome.isOk() && is_settled_ && isCommitDue(now)) {
    outcome = engine_.commit();
    if (outcome.isOk()) {
      has_uncommitted_ = false;
      uncommitted_operations_ = 0;
      committed_at_ = now;
      answerWaiters(now);
      const std::lock_guard lock(mutex_);
      ++counters_.commits;
    }
  }
  if (outcome.isOk()) return publish_back_off_.reset();
  publish_at_ = nanos() + publish_back_off_.nextNanos();
  observer_.log(base::Level::kWarning, part_, outcome.message());
  const std::lock_guard lock(mutex_);
  counters_.last_error = outcome.message();
}

void Projector::Loop::answerWaiters(std::int64_t now) {
  const std::uint64_t searchable = engine_.progress().searchable;
  gate_.open(searchable);
  gate_.expire(now, searchable, engine_.health().message());
}

void Projector::Loop::answerCall(const Call& call, const Status& outcome) {
  {
    const std::lock_guard lock(mutex_);
    call->outcome = outcome;
  }
  call_answered_.notify_all();
}

// ---- waiting and ending
// -----------------------------------------------------------------------------------------------

std::int64_t Projector::Loop::nextDue(std::int64_t now) {
  const bool is_idle = !batch_ && !call_ && !has_unpublished_ && !has_uncommitted_ && is_settled_ && !gate_.lowest() &&
                       !pending_since_ && send_at_ <= now;
  std::int64_t due = now + (is_idle ? kIdleWaitMs : kLongestWaitMs) * kNanosPerMs;
  due = std::min(due, gate_.nextDeadline().value_or(kNever));
  if (batch_ || isLogDue(now) || takeCall()) due = std::min(due, send_at_);
  if (pending_since_) due = std::min(due, std::max(send_at_, *pending_since_ + options_.bulk_age_ms * kNanosPerMs));
  if (isRefreshDue(now) || (is_settled_ && isCommitDue(now))) due = std::min(due, publish_at_);
  return due;
}

bool Projector::Loop::loadLetters() {
  if (has_letters_) return true;
  if (Status loaded = dead_letters_.load(); !loaded.isOk()) {
    postpone(loaded);
    return false;
  }
  return has_letters_ = true;
}

void Projector::Loop::pause() {
  const std::int64_t now = nanos();
  const std::int64_t wait_nanos = nextDue(now) - now;
  if (wait_nanos <= 0 || is_woken_.exchange(false) || is_stopping_) return;
  // New events are of no use while a batch waits to be sent again, and of little until there are enough for one.
  std::uint64_t sequence = position_;
  if (batch_ || now < send_at_) {
    sequence = std::numeric_limits<std::uint64_t>::max();
  } else if (pending_since_) {
    sequence += std::max<std::uint64_t>(options_.bulk_count, 1) - 1;
  }
  store_.waitForSequenceAbove(sequence, (wait_nanos + kNanosPerMs - 1) / kNanosPerMs);
}

void Projector::Loop::finish() {
  // Without a record of what was refused, the next start reads those events again.
  if (!dead_letters_.finish()) {
    observer_.log(base::Level::kWarning, part_, "no last commit: dead letters could not be kept");
  } else if (has_uncommitted_) {
    const Status committed = engine_.commit();
    if (!committed.isOk())
      observer_.log(base::Level::kError, part_, "last commit: " + std::string(committed.message()));
    const std::lock_guard lock(mutex_);
    if (committed.isOk()) ++counters_.commits;
  }
  answerWaiters(nanos());
  gate_.close(stopped());
  std::vector<Call> calls = std::exchange(sent_calls_, {});
  calls.insert(calls.end(), searchable_calls_.begin(), searchable_calls_.end());
  searchable_calls_.clear();
  if (call_) calls.push_back(std::exchange(call_, nullptr));
  {
    const std::lock_guard lock(mutex_);
    is_running_ = false;
    calls.insert(calls.end(), calls_.begin(), calls_.end());
    calls_.clear();
    for (const auto& between : betweens_) between->outcome = stopped();
    betweens_.clear();
  }
  call_answered_.notify_all();

  for (const Call& call : calls) answerCall(call, stopped());
}

// ---- the face
// ---------------------------------------------------------------------------------------------------------

Projector::Projector(ProjectorOptions options, store::PrimaryStore& store, search::SearchEngine& engine,
                     const Projection& projection, const base::Clock& clock, base::Observer& observer)
    : loop_(std::make_unique<Loop>(std::move(options), store, engine, projection, clock, observer)) {}

Projector::~Projector() { stop(); }

void Projector::start() { loop_->start(); }

void Projector::stop() { loop_->stop(); }

void Projector::requireSequence(std::uint64_t sequence, std::int64_t timeout_ms,
                                std::function<void(const Status&)> ready) {
  loop_->requireSequence(sequence, timeout_ms, std::move(ready));
}

Result<std::uint64_t> Projector::synchronize(const std::vector<std::string>& entity_ids) {
  return loop_->synchronize(entity_ids);
}

Status Projector::runBetweenBatches(const std::function<Result<std::uint64_t>(std::uint64_t)>& work) {
  return loop_->runBetweenBatches(work);
}

ProjectorStats Projector::stats() const { return loop_->stats(); }

}  // namespace gyre::projector
