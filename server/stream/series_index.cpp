#include "server/stream/series_index.hpp"

#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>

#include "engine/directory/mmap_directory.hpp"
#include "engine/promql/series_request.hpp"
#include "gyre/sample_batch.hpp"
#include "server/stream/late_samples.hpp"

namespace gyre::stream {

Result<std::unique_ptr<SeriesIndex>> SeriesIndex::open(SeriesIndexOptions options, std::uint64_t last_sequence,
                                                       const base::Clock& clock, base::Observer& observer) {
  std::error_code error;
  std::filesystem::create_directories(options.folder, error);
  if (error) return unavailable(options.folder + ": cannot be created: " + error.message());
  std::unique_ptr<SeriesIndex> index(new SeriesIndex(std::move(options), clock, observer));
  GYRE_TRY_ASSIGN(index->directory_, engine::MmapDirectory::open(index->options_.folder));
  GYRE_TRY_ASSIGN(index->store_, engine::series::SeriesStore::open(*index->directory_, index->options_.store));
  for (const std::string& damage : index->store_->damage()) observer.log(base::Level::kError, "stream", damage);
  if (const std::uint64_t applied = index->store_->appliedSequence(); applied > last_sequence)
    return Status(Code::kUnavailable, "index_ahead",
                  index->options_.folder + ": holds samples up to sequence " + std::to_string(applied) +
                      " but the log ends at " + std::to_string(last_sequence) + ": the store is older than the index");
  index->thread_ = std::thread([self = index.get()] { self->maintain(); });
  return index;
}

SeriesIndex::~SeriesIndex() {
  is_stopping_ = true;
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void SeriesIndex::maintain() {
  const auto is_stopping = [this] { return is_stopping_.load(); };
  std::int64_t next_nanos = 0;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      // Looked at now and then, since a test's clock moves without telling.
      changed_.wait_for(lock, std::chrono::milliseconds(200), [&] { return is_asked_ || is_stopping_; });
      if (is_stopping_) return;
      if (!std::exchange(is_asked_, false) && clock_.monotonicNanos() < next_nanos) continue;
    }
    const Status maintained = store_->maintain(clock_.nowMillis(), is_stopping);
    if (!maintained.isOk())
      observer_.log(base::Level::kError, "stream", options_.name + ": " + std::string(maintained.message()));
    ++maintained_;
    next_nanos = clock_.monotonicNanos() + options_.maintain_interval_ms * 1'000'000;
  }
}

Status SeriesIndex::admits(const RecordBatch& batch) const {
  for (std::size_t i = 0; i < batch.size(); ++i) {
    GYRE_TRY_ASSIGN(const SampleBatch samples, SampleBatch::read(batch.record(i)));
    GYRE_TRY(store_->admits(samples));
  }
  return {};
}

std::vector<Rejection> SeriesIndex::screen(RecordBatch& batch) const {
  return takeLateSamples(batch, store_->oldestTaken());
}

Result<std::vector<RefusedRecord>> SeriesIndex::apply(const RecordBatch& batch, std::uint64_t first_sequence,
                                                      std::uint64_t after, std::int64_t) {
  std::uint64_t sequence = first_sequence;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const std::uint64_t next = sequence + batch.sequences(i);
    if (next > after + 1) {
      GYRE_TRY_ASSIGN(const SampleBatch samples, SampleBatch::read(batch.record(i)));
      GYRE_TRY(store_->apply(samples, sequence));
    }
    sequence = next;
  }
  return std::vector<RefusedRecord>();
}

Result<RetainResult> SeriesIndex::retain(std::int64_t) {
  {
    const std::lock_guard lock(mutex_);
    is_asked_ = true;
  }
  changed_.notify_one();
  return RetainResult();
}

Status SeriesIndex::commit() { return store_->commit().status(); }

Result<search::SearchAnswer> SeriesIndex::search(std::string_view request, std::int64_t deadline_nanos) const {
  const search::Progress before = progress();
  engine::promql::QueryOptions options;
  options.evaluation_limits.deadline_nanos = deadline_nanos;
  options.evaluation_limits.clock = &clock_;
  options.evaluation_limits.is_cancelled = &is_stopping_;
  GYRE_TRY_ASSIGN(std::string answer, engine::promql::answerSeriesRequest(*store_, request, options));
  return search::SearchAnswer{std::move(answer), before.generation, before.searchable};
}

search::Progress SeriesIndex::progress() const {
  search::Progress progress;
  progress.applied = progress.searchable = store_->appliedSequence();
  progress.durable = store_->durableSequence();
  progress.generation = progress.applied + maintained_;
  return progress;
}

Status SeriesIndex::health() const {
  const std::vector<std::string> damage = store_->damage();
  return damage.empty() ? Status() : corruption(damage.front());
}

search::EngineStats SeriesIndex::stats() const {
  const engine::series::SeriesStoreStats stats = store_->stats();
  return {stats.samples + stats.head_samples, stats.blocks, stats.block_bytes, stats.head_bytes};
}

Status SeriesIndex::close() {
  is_stopping_ = true;
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
  return commit();
}

}  // namespace gyre::stream
