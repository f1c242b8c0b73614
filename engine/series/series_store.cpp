#include "engine/series/series_store.hpp"

#include <algorithm>
#include <limits>
#include <set>

#include "engine/series/store_output.hpp"

namespace gyre::engine::series {
namespace {

// A head that was written out into this many windows would leave as many small files; it takes wider ones then.
constexpr std::int64_t kMaxWindows = 16;

}  // namespace

Result<std::shared_ptr<const StoredBlock>> openStoredBlock(Directory& directory, CommittedBlock committed) {
  auto stored = std::make_shared<StoredBlock>();
  auto block = Block::open(directory, committed.name);
  if (block.isOk()) {
    const BlockSummary& summary = block.value()->summary();
    const bool is_it = block.value()->checksum() == committed.checksum && summary.samples == committed.samples &&
                       summary.resolution_ms == committed.resolution_ms && block.value()->sizeBytes() == committed.size;
    if (is_it)
      stored->block = std::move(block).value();
    else
      stored->damage = corruption(committed.name + ": byte 0: another block than the commit file names");
  } else if (block.status().code() == Code::kCorruption) {
    stored->damage = std::move(block).status();
  } else {
    return std::move(block).status();
  }
  stored->committed = std::move(committed);
  return std::shared_ptr<const StoredBlock>(stored);
}

Result<std::unique_ptr<SeriesStore>> SeriesStore::open(Directory& directory, SeriesStoreOptions options) {
  std::unique_ptr<SeriesStore> store(new SeriesStore(directory, std::move(options)));
  auto file = directory.open(kStoreCommitFile);
  if (!file.isOk() && file.status().code() != Code::kNotFound) return std::move(file).status();
  std::set<std::string, std::less<>> named;
  if (file.isOk()) {
    GYRE_TRY_ASSIGN(StoreCommit commit, decodeStoreCommit(file.value()->bytes()));
    store->applied_ = store->durable_ = commit.sequence;
    store->next_block_ = commit.next_block;
    store->next_unit_ = commit.next_unit;
    store->newest_ms_ = store->durable_newest_ms_ = commit.newest_ms;
    store->floor_ms_ = commit.floor_ms;
    for (CommittedBlock& committed : commit.blocks) {
      named.insert(committed.name);
      GYRE_TRY_ASSIGN(auto block, openStoredBlock(directory, std::move(committed)));
      store->blocks_.push_back(std::move(block));
    }
    for (MetricMetadata& metadata : commit.metadata) store->metadata_[metadata.name] = metadata;
  }
  GYRE_TRY_ASSIGN(const std::vector<std::string> names, directory.list());
  for (const std::string& name : names) {
    if (!isBlockName(name) || named.contains(name)) continue;
    GYRE_TRY(directory.remove(name));
  }
  store->heads_.push_back({std::make_shared<Head>()});
  // There is a commit file before there is a block: the first commit then replaces one, as all others do, and a crash
  // in it leaves the old one or the new one.
  if (!file.isOk()) GYRE_TRY(store->publish({}, {}, nullptr, std::numeric_limits<std::int64_t>::min()));
  return store;
}

// ---- writing

Status SeriesStore::admits(const SampleBatch& batch) const {
  std::shared_ptr<const Head> head;
  {
    const std::lock_guard lock(mutex_);
    head = heads_.back().head;
  }
  const std::size_t held = head->seriesCount();
  if (held + batch.seriesCount() <= options_.max_series) return {};
  return Status(Code::kResourceExhausted, "too_many_series",
                "the store has " + std::to_string(held) + " series in memory and the batch " +
                    std::to_string(batch.seriesCount()) + ", allowed are " + std::to_string(options_.max_series));
}

void SeriesStore::describe(const SampleBatch& batch) {
  for (std::size_t i = 0; i < batch.seriesCount(); ++i) {
    const std::optional<FamilyDescription> described = describedFamily(batch, i);
    if (!described) continue;
    const std::lock_guard lock(mutex_);
    auto found = metadata_.find(described->name);
    if (found == metadata_.end()) {
      if (metadata_.size() >= options_.max_metadata) continue;
      found = metadata_.emplace(std::string(described->name), MetricMetadata{std::string(described->name), {}, {}, {}})
                  .first;
    }
    MetricMetadata& metadata = found->second;
    if (metadata.type == described->type && metadata.help == described->help && metadata.unit == described->unit)
      continue;
    metadata.type = described->type;
    metadata.help = described->help;
    metadata.unit = described->unit;
    has_new_metadata_ = true;
  }
}

// Samples of this time or before are dropped. REQUIRES: mutex_ is held.
std::int64_t SeriesStore::floorMs() const {
  return std::max(floor_ms_, firstTaken(newest_ms_, options_.out_of_order_ms) - 1);
}

std::int64_t SeriesStore::oldestTaken() const {
  const std::lock_guard lock(mutex_);
  return floorMs() + 1;
}

Status SeriesStore::apply(const SampleBatch& batch, std::uint64_t first_sequence) {
  const std::uint64_t applied = applied_.load();
  const std::size_t count = batch.sampleCount();
  describe(batch);
  const std::uint64_t last = first_sequence + std::max<std::size_t>(1, count) - 1;
  if (last <= applied) return {};
  if (count == 0) {
    applied_ = last;
    return {};
  }
  const std::size_t first = first_sequence > applied ? 0 : static_cast<std::size_t>(applied + 1 - first_sequence);
  std::shared_ptr<Head> head;
  std::int64_t floor_ms = 0;
  {
    const std::lock_guard lock(mutex_);
    head = heads_.back().head;
    floor_ms = floorMs();
  }
  // In portions, so that readers get in between.
  constexpr std::size_t kPortion = 2048;
  for (std::size_t at = first; at < count; at += kPortion)
    dropped_ += head->append(batch, at, std::min(count, at + kPortion), floor_ms, kLastTimeMs);
  {
    const std::lock_guard lock(mutex_);
    if (const auto range = head->range()) newest_ms_ = std::max(newest_ms_, range->max_ms);
    applied_ = last;
  }
  if (head->sizeBytes() < options_.head_bytes) return {};
  return commit().status();
}

std::uint64_t SeriesStore::takeBlock() {
  const std::lock_guard lock(mutex_);
  return next_block_++;
}

std::uint64_t SeriesStore::takeUnit() {
  const std::lock_guard lock(mutex_);
  return next_unit_++;
}

Result<SeriesStore::Blocks> SeriesStore::writeOut(const OpenHead& open) {
  const Head& head = *open.head;
  const Head::Range range = *head.range();
  std::int64_t window_ms = options_.windows_ms.front();
  for (std::size_t level = 1; (range.max_ms - range.min_ms) / window_ms >= kMaxWindows; ++level)
    window_ms = level < options_.windows_ms.size() ? options_.windows_ms[level] : window_ms * 4;
  std::map<std::int64_t, std::unique_ptr<Output>> outputs;
  LabelViews labels;
  SampleColumns samples, part;
  for (const std::uint32_t series : head.sortedSeries()) {
    samples.clear();
    head.read(series, kFirstTimeMs, kLastTimeMs, samples);
    head.labelsOf(series, labels);
    for (std::size_t begin = 0; begin < samples.size();) {
      const std::int64_t window = windowOf(samples.times[begin], window_ms);
      const std::size_t end = static_cast<std::size_t>(
          std::upper_bound(samples.times.begin() + static_cast<std::ptrdiff_t>(begin), samples.times.end(), window) -
          samples.times.begin());
      std::unique_ptr<Output>& output = outputs[window];
      if (output == nullptr) {
        GYRE_TRY_ASSIGN(output, Output::create(*this, takeUnit(), open.sequence, 0));
      }
      if (begin == 0 && end == samples.size()) {
        output->writer().add(labels, samples);
      } else {
        part.times.assign(samples.times.begin() + static_cast<std::ptrdiff_t>(begin),
                          samples.times.begin() + static_cast<std::ptrdiff_t>(end));
        part.values.assign(samples.values.begin() + static_cast<std::ptrdiff_t>(begin),
                           samples.values.begin() + static_cast<std::ptrdiff_t>(end));
        output->writer().add(labels, part);
      }
      begin = end;
    }
  }
  Blocks written;
  for (auto& [window, output] : outputs) {
    GYRE_TRY_ASSIGN(auto block, output->finish());
    GYRE_TRY(block->damage);
    written.push_back(std::move(block));
  }
  return written;
}

Result<std::uint64_t> SeriesStore::commit() {
  for (;;) {
    OpenHead oldest;
    {
      const std::lock_guard lock(mutex_);
      if (heads_.back().head->sampleCount() > 0) {
        heads_.back().sequence = applied_;
        heads_.back().newest_ms = newest_ms_;
        heads_.push_back({std::make_shared<Head>()});
      }
      if (heads_.size() == 1) break;
      oldest = heads_.front();
    }
    GYRE_TRY_ASSIGN(const Blocks written, writeOut(oldest));
    GYRE_TRY(publish({}, written, &oldest, std::numeric_limits<std::int64_t>::min()));
  }
  // Samples that were all dropped, or descriptions alone.
  OpenHead nothing{nullptr, applied_, 0};
  {
    const std::lock_guard lock(mutex_);
    if (durable_ == applied_ && !has_new_metadata_) return durable_;
    nothing.newest_ms = newest_ms_;
  }
  GYRE_TRY(publish({}, {}, &nothing, std::numeric_limits<std::int64_t>::min()));
  return durableSequence();
}

Status SeriesStore::publish(const Blocks& removed, const Blocks& added, const OpenHead* written,
                            std::int64_t floor_ms) {
  const std::lock_guard publishing(publish_mutex_);
  Blocks blocks;
  StoreCommit commit;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& block : blocks_)
      if (std::find(removed.begin(), removed.end(), block) == removed.end()) blocks.push_back(block);
    blocks.insert(blocks.end(), added.begin(), added.end());
    std::stable_sort(blocks.begin(), blocks.end(), [](const auto& left, const auto& right) {
      return left->committed.recency < right->committed.recency;
    });
    commit.sequence = written == nullptr ? durable_ : written->sequence;
    commit.newest_ms = written == nullptr ? durable_newest_ms_ : written->newest_ms;
    commit.floor_ms = std::max(floor_ms_, floor_ms);
    commit.next_block = next_block_;
    commit.next_unit = next_unit_;
    for (const auto& [name, metadata] : metadata_) commit.metadata.push_back(metadata);
    has_new_metadata_ = false;
  }
  for (const auto& block : blocks) commit.blocks.push_back(block->committed);
  const Status replaced = directory_.replace(kStoreCommitFile, base::asBytes(encodeStoreCommit(commit)));
  const std::lock_guard lock(mutex_);
  if (!replaced.isOk()) {
    has_new_metadata_ = true;
    return replaced;
  }
  blocks_ = std::move(blocks);
  durable_ = commit.sequence;
  durable_newest_ms_ = commit.newest_ms;
  floor_ms_ = commit.floor_ms;
  if (written != nullptr && written->head != nullptr) heads_.erase(heads_.begin());
  // Readers that have them mapped keep them; what cannot be removed now goes at the next open.
  for (const auto& block : removed) (void)directory_.remove(block->committed.name);
  return {};
}

// ---- looking

StoreView SeriesStore::view() const {
  const std::lock_guard lock(mutex_);
  StoreView view;
  view.blocks = blocks_;
  for (const OpenHead& open : heads_) view.heads.push_back(open.head);
  return view;
}

std::uint64_t SeriesStore::durableSequence() const {
  const std::lock_guard lock(mutex_);
  return durable_;
}

SeriesStoreStats SeriesStore::stats() const {
  const StoreView view = this->view();
  SeriesStoreStats stats;
  for (const auto& head : view.heads) {
    stats.series += head->seriesCount();
    stats.head_samples += head->sampleCount();
    stats.head_bytes += head->sizeBytes();
  }
  for (const auto& block : view.blocks) {
    ++stats.blocks;
    stats.block_bytes += block->committed.size;
    if (block->committed.resolution_ms == 0) stats.samples += block->committed.samples;
  }
  stats.dropped = dropped_;
  return stats;
}

std::vector<std::string> SeriesStore::damage() const {
  std::vector<std::string> found;
  for (const auto& block : view().blocks)
    if (!block->damage.isOk()) found.emplace_back(block->damage.message());
  return found;
}

Status SeriesStore::check() const {
  for (const auto& block : view().blocks) {
    GYRE_TRY(block->damage);
    GYRE_TRY(block->block->check());
  }
  return {};
}

}  // namespace gyre::engine::series
