#include "server/store/group_commit.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <string>
#include <utility>

namespace gyre::store {

namespace {

// Until a WAL that could not be cut is tried again.
constexpr std::chrono::milliseconds kCutAgain{500};

// SQLite calls this after each commit with the pages the WAL holds.
int noteFrames(void* checkpointer, sqlite3*, const char*, int frames) {
  static_cast<Checkpointer*>(checkpointer)->committed(frames);
  return SQLITE_OK;
}

}  // namespace

GroupCommit::GroupCommit(const StoreOptions& options, Parts parts, SequenceSignal& signal, base::Observer& observer)
    : queue_units_(options.queue_units),
      batch_units_(std::max<std::size_t>(1, options.batch_units)),
      database_(std::move(parts.database)),
      work_(std::move(parts.work)),
      checkpointer_(std::move(parts.checkpointer)),
      signal_(signal),
      observer_(observer),
      entities_(parts.entities) {
  sqlite3_wal_hook(database_->handle(), &noteFrames, checkpointer_.get());
  thread_ = std::thread([this] { work(); });
}

GroupCommit::~GroupCommit() {
  close();
  sqlite3_wal_hook(database_->handle(), nullptr, nullptr);
}

void GroupCommit::submit(std::unique_ptr<Unit> unit) {
  Status refusal;
  {
    const std::lock_guard lock(mutex_);
    if (is_closing_) {
      refusal = unavailable("the store is closing");
    } else if (queue_.size() >= queue_units_) {
      refusal = Status(Code::kResourceExhausted,
                       "the write queue is full: " + std::to_string(queue_units_) + " commands are waiting");
    } else {
      queue_.push_back(std::move(unit));
      // A writer that is committing looks at the queue by itself.
      if (is_waiting_) changed_.notify_one();
      return;
    }
  }
  unit->done(refusal);
}

bool GroupCommit::take(Batch& batch) {
  std::unique_lock lock(mutex_);
  is_waiting_ = true;
  const auto has_come = [&] { return !queue_.empty() || is_closing_; };
  if (is_shrink_due_ || is_wal_left_)
    changed_.wait_for(lock, kCutAgain, has_come);
  else
    changed_.wait(lock, has_come);
  is_waiting_ = false;
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(std::min(queue_.size(), batch_units_));
  batch.assign(std::move_iterator(queue_.begin()), std::move_iterator(end));
  queue_.erase(queue_.begin(), end);
  return !batch.empty() || !is_closing_;
}

void GroupCommit::work() {
  Batch batch;
  while (take(batch)) {
    if (!batch.empty()) process(batch);
    shrinkWhenQuiet();
  }
}

void GroupCommit::process(Batch& batch) {
  std::vector<Status> outcomes;
  outcomes.reserve(batch.size());
  const Status committed = commit(batch, outcomes);
  units_.fetch_add(batch.size(), std::memory_order_relaxed);
  if (committed.isOk()) {
    publish();
  } else {
    database_->rollback();
    observer_.log(base::Level::kError, "store", "commit failed: " + std::string(committed.message()));
  }
  for (std::size_t i = 0; i < batch.size(); ++i) batch[i]->done(committed.isOk() ? outcomes[i] : committed);
  batch.clear();
  copyRest();
  is_shrink_due_ = is_shrink_due_ || (committed.isOk() && work_->hasTrimmed());
}

Status GroupCommit::commit(const Batch& batch, std::vector<Status>& outcomes) {
  work_->begin(signal_.last());
  GYRE_TRY(database_->begin());
  for (const auto& unit : batch) outcomes.push_back(run(*unit));
  // Some failures of a read make SQLite roll back by itself; without this the writes would commit one by one.
  if (!database_->isInTransaction()) return unavailable(database_->path() + ": the transaction was lost");
  GYRE_TRY(work_->write());
  return database_->commit();
}

Status GroupCommit::run(Unit& unit) {
  work_->beginUnit();
  Status outcome = unit.run(*work_);
  if (!outcome.isOk()) work_->undoUnit();
  return outcome;
}

void GroupCommit::publish() {
  commits_.fetch_add(1, std::memory_order_relaxed);
  entities_.fetch_add(work_->newEntities(), std::memory_order_relaxed);
  // States first: whoever sees the sequence must find at least its states.
  work_->publish();
  if (work_->lastSequence() != signal_.last()) signal_.publish(work_->lastSequence());
}

void GroupCommit::copyRest() {
  if (!checkpointer_->takeRest()) return;
  const auto left = database_->checkpoint();
  if (!left.isOk())
    observer_.log(base::Level::kWarning, "store", "checkpoint failed: " + std::string(left.status().message()));
}

// Only while nobody waits to append.
void GroupCommit::shrinkWhenQuiet() {
  if ((!is_shrink_due_ && !is_wal_left_) || queued() > 0) return;
  Status failure;
  if (std::exchange(is_shrink_due_, false)) {
    const Result<bool> shrunk = database_->shrink();
    failure = shrunk.status();
    is_wal_left_ = is_wal_left_ || (shrunk.isOk() && *shrunk);
  }
  if (is_wal_left_ && failure.isOk()) {
    const Result<bool> cut = database_->cutWal();
    failure = cut.status();
    is_wal_left_ = cut.isOk() && !*cut;
  }
  if (!failure.isOk())
    observer_.log(base::Level::kWarning, "store",
                  "the log's file was not made smaller: " + std::string(failure.message()));
}

std::size_t GroupCommit::queued() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

void GroupCommit::close() {
  {
    const std::lock_guard lock(mutex_);
    is_closing_ = true;
  }
  changed_.notify_one();
  std::call_once(joined_, [&] {
    thread_.join();
    checkpointer_->close();
  });
}

}  // namespace gyre::store
