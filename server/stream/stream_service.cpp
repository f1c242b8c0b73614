#include "server/stream/stream_service.hpp"

#include <algorithm>
#include <system_error>

#include <filesystem>

#include "base/bytes.hpp"

namespace gyre::stream {

namespace {

constexpr std::int64_t kLookNanos = 1'000'000'000;  // at the disk's free space

Status full(std::string reason, std::string_view what, std::uint64_t found, std::uint64_t limit) {
  return {Code::kResourceExhausted, std::move(reason),
          std::string(what) + ": " + std::to_string(found) + " bytes, the limit is " + std::to_string(limit) +
              "; send it again later"};
}

std::string writeAnswer(const Appended& appended) {
  std::string bytes;
  base::appendVarint(bytes, appended.last_sequence);
  base::appendVarint(bytes, appended.count);
  return bytes;
}

Result<Appended> readAnswer(std::string_view bytes) {
  base::ByteReader reader(base::asBytes(bytes));
  Appended appended;
  appended.last_sequence = reader.varint();
  appended.count = reader.varint();
  appended.is_replay = true;
  if (!reader.isValid() || reader.remaining() != 0) return corruption("the receipt of an append is damaged");
  return appended;
}

}  // namespace

// One batch on the writer thread: receipt, append, receipt.
class StreamService::AppendUnit final : public store::Unit {
 public:
  AppendUnit(StreamService& service, std::shared_ptr<const RecordBatch> records, std::optional<IdempotencyKey> key,
             AppendDone done)
      : service_(service),
        records_(std::move(records)),
        arrived_millis_(service.clock_.nowMillis()),
        key_(std::move(key)),
        done_(std::move(done)),
        packed_(records_->encode()),
        packed_bytes_(packed_.size()),
        held_bytes_(records_->bytes() + packed_bytes_) {
    service_.inflight_bytes_ += held_bytes_;
  }

  Status run(store::UnitOfWork& work) override {
    if (key_) {
      GYRE_TRY_ASSIGN(const std::optional<store::Receipt> kept, work.receipt(key_->scope, key_->key));
      if (kept && kept->fingerprint != key_->fingerprint)
        return {Code::kUnprocessable, "idempotency_key_reused",
                "idempotency key: expected the request that it was first used for, found another"};
      if (kept) {
        GYRE_TRY_ASSIGN(answer_, readAnswer(kept->answer));
        return {};
      }
    }
    const std::uint64_t count = records_->sequenceCount();
    GYRE_TRY_ASSIGN(first_sequence_, work.appendBatch({0, count, arrived_millis_, std::move(packed_)}));
    answer_ = {first_sequence_ + count - 1, count, false};
    return key_ ? work.keepReceipt(key_->scope, key_->key, {key_->fingerprint, writeAnswer(answer_)}) : Status();
  }

  void done(const Status& outcome) override {
    service_.inflight_bytes_ -= held_bytes_;
    if (outcome.isOk() && !answer_.is_replay)
      service_.appended({first_sequence_, arrived_millis_, std::move(records_)}, packed_bytes_);
    if (outcome.isOk())
      done_(answer_);
    else
      done_(outcome);
  }

 private:
  StreamService& service_;
  std::shared_ptr<const RecordBatch> records_;
  const std::int64_t arrived_millis_;
  const std::optional<IdempotencyKey> key_;
  const AppendDone done_;
  std::string packed_;
  const std::uint64_t packed_bytes_;
  const std::uint64_t held_bytes_;
  std::uint64_t first_sequence_ = 0;
  Appended answer_;
};

StreamService::StreamService(StreamOptions options, const StreamHandlers& handlers, store::PrimaryStore& store,
                             StreamIndex& index, const base::Clock& clock, base::Observer& observer)
    : options_(std::move(options)),
      handlers_(handlers),
      store_(store),
      index_(index),
      clock_(clock),
      window_(options_.window_bytes),
      applier_(options_.applier, store, index, window_, clock, observer,
               [this](std::uint64_t durable) { settle(durable); }),
      hub_(handlers, store, index, window_, clock, {}) {}

StreamService::~StreamService() {
  stopTails();
  stop();
}

Result<std::unique_ptr<StreamService>> StreamService::open(StreamOptions options, const StreamHandlers& handlers,
                                                           store::PrimaryStore& store, StreamIndex& index,
                                                           const base::Clock& clock, base::Observer& observer) {
  GYRE_TRY_ASSIGN(const store::BatchBacklog backlog, store.batchBacklog(index.progress().durable));
  std::unique_ptr<StreamService> service(
      new StreamService(std::move(options), handlers, store, index, clock, observer));
  // What an earlier run left counts as one, until all of it is durable in the index.
  if (backlog.batches > 0) {
    service->pending_.push_back({store.lastSequence(), backlog.bytes, backlog.oldest_millis});
    service->backlog_bytes_ = backlog.bytes;
  }
  return service;
}

void StreamService::start() {
  lookAtDisk();
  applier_.start();
  hub_.start();
}

void StreamService::stopTails() { hub_.stop(); }
void StreamService::stop() { applier_.stop(); }

void StreamService::lookAtDisk() const {
  std::error_code error;
  const auto space = std::filesystem::space(options_.folder, error);
  if (!error) free_bytes_ = space.available;
  looked_nanos_ = clock_.monotonicNanos();
}

Status StreamService::admitBeside(std::uint64_t inflight, std::size_t bytes) const {
  if (clock_.monotonicNanos() - looked_nanos_ > kLookNanos) lookAtDisk();
  Status refusal;
  if (const std::uint64_t backlog = backlog_bytes_; backlog > options_.max_backlog_bytes)
    refusal =
        full("backlog_full", "the log holds more than the index has taken over", backlog, options_.max_backlog_bytes);
  else if (const std::uint64_t free = free_bytes_; free < options_.min_free_bytes)
    refusal = Status(Code::kResourceExhausted, "disk_full",
                     "the disk has " + std::to_string(free) + " bytes left, " +
                         std::to_string(options_.min_free_bytes) + " are kept free");
  else if (inflight + bytes > options_.max_inflight_bytes && inflight > 0)
    refusal = full("too_much_in_flight", "too much waits for the disk", inflight, options_.max_inflight_bytes);
  if (!refusal.isOk()) ++refused_batches_;
  return refusal;
}

std::vector<Rejection> StreamService::screen(RecordBatch& batch) const {
  std::vector<Rejection> taken_out = index_.screen(batch);
  screened_records_ += taken_out.size();
  return taken_out;
}

Result<StreamService::Held> StreamService::hold(std::size_t body_bytes) const {
  // Counted before it is looked at: of many that come at once each knows of those before it.
  const std::uint64_t bytes = 2 * body_bytes;
  const std::uint64_t before = inflight_bytes_.fetch_add(bytes);
  Held held(*this, bytes);
  GYRE_TRY(admitBeside(before, bytes));
  return held;
}

void StreamService::append(RecordBatch batch, std::optional<IdempotencyKey> key, AppendDone done) {
  if (batch.isEmpty()) return done(Appended{store_.lastSequence(), 0, false});
  if (const Status admitted = admit(batch.bytes()); !admitted.isOk()) return done(admitted);
  if (const Status admitted = index_.admits(batch); !admitted.isOk()) return done(admitted);
  store_.submit(std::make_unique<AppendUnit>(*this, std::make_shared<const RecordBatch>(std::move(batch)),
                                             std::move(key), std::move(done)));
}

// On the store's writer thread, in the order of sequences.
void StreamService::appended(AppendedBatch batch, std::uint64_t packed_bytes) {
  const std::uint64_t last = batch.lastSequence();
  ++appended_batches_;
  appended_records_ += batch.records->sequenceCount();
  {
    const std::lock_guard lock(mutex_);
    pending_.push_back({last, packed_bytes, batch.arrived_millis});
  }
  backlog_bytes_ += packed_bytes;
  window_.add(std::move(batch));
  applier_.wake();
  hub_.wake();
}

void StreamService::settle(std::uint64_t durable) {
  const std::lock_guard lock(mutex_);
  while (!pending_.empty() && pending_.front().last_sequence <= durable) {
    backlog_bytes_ -= pending_.front().bytes;
    pending_.pop_front();
  }
}

StreamStats StreamService::stats() const {
  StreamStats stats;
  stats.applier = applier_.stats();
  stats.last_sequence = store_.lastSequence();
  stats.appended_batches = appended_batches_;
  stats.appended_records = appended_records_;
  stats.refused_batches = refused_batches_;
  stats.screened_records = screened_records_;
  stats.dropped_records = index_.droppedRecords();
  stats.backlog_bytes = backlog_bytes_;
  stats.inflight_bytes = inflight_bytes_;
  stats.free_bytes = free_bytes_;
  stats.tails = hub_.stats();
  const std::lock_guard lock(mutex_);
  if (!pending_.empty())
    stats.backlog_age_ms = std::max<std::int64_t>(0, clock_.nowMillis() - pending_.front().arrived_millis);
  return stats;
}

}  // namespace gyre::stream
