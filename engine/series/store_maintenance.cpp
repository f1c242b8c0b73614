// What becomes of blocks in time: merging, roll-ups, retention.
#include <algorithm>
#include <limits>
#include <set>

#include "engine/series/store_output.hpp"

namespace gyre::engine::series {
namespace {

// Blocks of a window that still fills are merged from this many on.
constexpr std::size_t kManyBlocks = 4;
// A few late samples do not make a large block be written again, until kManyBlocks.
constexpr std::uint64_t kWorthRewriting = 16;

bool isOfSamples(const StoredBlock& block) { return block.committed.resolution_ms == 0; }

bool isExpired(const StoredBlock& block, std::int64_t now_ms, std::int64_t retention_ms) {
  return retention_ms > 0 && block.committed.max_ms <= now_ms - retention_ms;
}

// One source of a merge, at its next series.
struct Cursor {
  const Block* block = nullptr;
  std::uint32_t series = 0;
  LabelViews labels;

  bool next() {
    if (series == block->seriesCount()) return false;
    block->labelsOf(series++, labels);
    return true;
  }
};

int compare(const LabelViews& left, const LabelViews& right) {
  for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
    if (const int order = left[i].name.compare(right[i].name); order != 0) return order;
    if (const int order = left[i].value.compare(right[i].value); order != 0) return order;
  }
  return left.size() < right.size() ? -1 : left.size() > right.size() ? 1 : 0;
}

}  // namespace

std::vector<SeriesStore::Merge> SeriesStore::planMerges(const StoreView& view, std::int64_t now_ms) const {
  std::int64_t newest_ms = 0;
  {
    const std::lock_guard lock(mutex_);
    newest_ms = newest_ms_;
  }
  std::set<std::uint64_t> rolled_units;
  Blocks samples;
  for (const auto& block : view.blocks) {
    if (isOfSamples(*block))
      samples.push_back(block);
    else
      rolled_units.insert(block->committed.unit);
  }
  const std::int64_t roll_up_retention_ms = options_.minute_retention_ms == 0 || options_.hour_retention_ms == 0
                                                ? 0
                                                : std::max(options_.minute_retention_ms, options_.hour_retention_ms);
  const auto lacksRollUps = [&](const StoredBlock& block) {
    return !rolled_units.contains(block.committed.unit) && !isExpired(block, now_ms, roll_up_retention_ms);
  };
  // A block between two others in recency that shares their time must not end up behind or before both.
  const auto keepsOrder = [&](const Blocks& sources) {
    std::int64_t min_ms = sources.front()->committed.min_ms, max_ms = sources.front()->committed.max_ms;
    for (const auto& source : sources) {
      min_ms = std::min(min_ms, source->committed.min_ms);
      max_ms = std::max(max_ms, source->committed.max_ms);
    }
    return std::none_of(samples.begin(), samples.end(), [&](const auto& other) {
      const CommittedBlock& committed = other->committed;
      return std::find(sources.begin(), sources.end(), other) == sources.end() &&
             committed.recency >= sources.front()->committed.recency &&
             committed.recency <= sources.back()->committed.recency && committed.min_ms <= max_ms &&
             committed.max_ms >= min_ms;
    });
  };
  std::vector<Merge> merges;
  std::set<const StoredBlock*> taken;
  // Wide windows first: what goes into one need not go into a narrow one before.
  for (auto window = options_.windows_ms.rbegin(); window != options_.windows_ms.rend(); ++window) {
    const bool is_narrowest = std::next(window) == options_.windows_ms.rend();
    std::map<std::int64_t, Blocks> groups;
    for (const auto& block : samples) {
      const std::int64_t at = windowOf(block->committed.max_ms, *window);
      if (block->block != nullptr && !taken.contains(block.get()) && windowOf(block->committed.min_ms, *window) == at &&
          !isExpired(*block, now_ms, options_.sample_retention_ms))
        groups[at].push_back(block);
    }
    for (auto& [end_ms, sources] : groups) {
      const bool is_complete = newest_ms > end_ms + options_.windows_ms.front() / 2;
      std::uint64_t total = 0, largest = 0;
      for (const auto& source : sources) {
        total += source->committed.samples;
        largest = std::max(largest, source->committed.samples);
      }
      const bool is_worth = sources.size() >= kManyBlocks || (total - largest) * kWorthRewriting >= largest;
      const bool is_due = is_complete ? (sources.size() > 1 ? is_worth : lacksRollUps(*sources.front()))
                                      : is_narrowest && sources.size() >= kManyBlocks;
      if (!is_due || !keepsOrder(sources)) continue;
      for (const auto& source : sources) taken.insert(source.get());
      merges.push_back({std::move(sources), true, is_complete});
    }
  }
  return merges;
}

Status SeriesStore::runMerge(const Merge& merge) {
  const bool writes_samples = merge.keeps_samples && merge.sources.size() > 1;
  const std::uint64_t unit =
      writes_samples || !merge.keeps_samples ? takeUnit() : merge.sources.front()->committed.unit;
  const std::uint64_t recency = merge.sources.back()->committed.recency;
  std::unique_ptr<Output> samples_out, minutes_out, hours_out;
  if (writes_samples) {
    GYRE_TRY_ASSIGN(samples_out, Output::create(*this, unit, recency, 0));
  }
  if (merge.makes_roll_ups) {
    GYRE_TRY_ASSIGN(minutes_out, Output::create(*this, unit, recency, kMinuteMs));
    GYRE_TRY_ASSIGN(hours_out, Output::create(*this, unit, recency, kHourMs));
  }
  std::vector<Cursor> cursors;
  for (const auto& source : merge.sources) {
    Cursor cursor{source->block.get(), 0, {}};
    if (cursor.next()) cursors.push_back(std::move(cursor));
  }
  SampleColumns samples;
  RollUps roll_ups;
  while (!cursors.empty()) {
    const Cursor* first = &cursors.front();
    for (const Cursor& cursor : cursors)
      if (compare(cursor.labels, first->labels) < 0) first = &cursor;
    const LabelViews labels = first->labels;
    samples.clear();
    for (auto cursor = cursors.begin(); cursor != cursors.end();) {
      if (compare(cursor->labels, labels) != 0) {
        ++cursor;
        continue;
      }
      GYRE_TRY(cursor->block->read(cursor->series - 1, std::numeric_limits<std::int64_t>::min(),
                                   std::numeric_limits<std::int64_t>::max(), samples));
      cursor = cursor->next() ? std::next(cursor) : cursors.erase(cursor);
    }
    sortSamples(samples);
    if (samples_out) samples_out->writer().add(labels, samples);
    if (!minutes_out) continue;
    roll_ups.clear();
    rollUp(samples, kMinuteMs, roll_ups);
    minutes_out->writer().add(labels, roll_ups);
    roll_ups.clear();
    rollUp(samples, kHourMs, roll_ups);
    hours_out->writer().add(labels, roll_ups);
  }
  Blocks added, removed;
  for (Output* const output : {samples_out.get(), minutes_out.get(), hours_out.get()}) {
    if (output == nullptr) continue;
    GYRE_TRY_ASSIGN(auto block, output->finish());
    if (block == nullptr) continue;
    GYRE_TRY(block->damage);
    added.push_back(std::move(block));
  }
  std::int64_t floor_ms = std::numeric_limits<std::int64_t>::min();
  if (merge.sources.size() > 1 || !merge.keeps_samples) {
    std::set<std::uint64_t> units;
    for (const auto& source : merge.sources) {
      units.insert(source->committed.unit);
      if (!merge.keeps_samples) floor_ms = std::max(floor_ms, source->committed.max_ms);
    }
    for (const auto& block : view().blocks)
      if (units.contains(block->committed.unit)) removed.push_back(block);
  }
  return publish(removed, added, nullptr, floor_ms);
}

Status SeriesStore::retire(std::int64_t now_ms) {
  const StoreView view = this->view();
  std::set<std::uint64_t> rolled_units;
  for (const auto& block : view.blocks)
    if (!isOfSamples(*block)) rolled_units.insert(block->committed.unit);
  Blocks expired;
  Merge last_roll_up{{}, false, true};
  std::int64_t floor_ms = std::numeric_limits<std::int64_t>::min();
  for (const auto& block : view.blocks) {
    const std::int64_t resolution_ms = block->committed.resolution_ms;
    const std::int64_t retention_ms = resolution_ms == 0           ? options_.sample_retention_ms
                                      : resolution_ms == kMinuteMs ? options_.minute_retention_ms
                                                                   : options_.hour_retention_ms;
    if (!isExpired(*block, now_ms, retention_ms)) continue;
    if (resolution_ms == 0 && block->block != nullptr && !rolled_units.contains(block->committed.unit)) {
      last_roll_up.sources.push_back(block);
      continue;
    }
    if (resolution_ms == 0) floor_ms = std::max(floor_ms, block->committed.max_ms);
    expired.push_back(block);
  }
  // Samples that were never rolled up leave their roll-ups behind; those may expire at once, in the next round.
  if (!last_roll_up.sources.empty()) GYRE_TRY(runMerge(last_roll_up));
  return expired.empty() ? Status() : publish(expired, {}, nullptr, floor_ms);
}

Status SeriesStore::maintain(std::int64_t now_ms, const std::function<bool()>& is_stopping) {
  const std::lock_guard maintaining(maintain_mutex_);
  GYRE_TRY(retire(now_ms));
  while (!is_stopping()) {
    const std::vector<Merge> merges = planMerges(view(), now_ms);
    if (merges.empty()) break;
    for (const Merge& merge : merges) {
      if (is_stopping()) return {};
      GYRE_TRY(runMerge(merge));
    }
  }
  return is_stopping() ? Status() : retire(now_ms);
}

}  // namespace gyre::engine::series
