#include "engine/series/store_load.hpp"

#include <algorithm>
#include <limits>

#include "engine/series/store_sources.hpp"

namespace gyre::engine::series {

Result<std::unique_ptr<SeriesStore::Load>> SeriesStore::load(std::uint64_t as_of) {
  GYRE_TRY_ASSIGN(auto output, Output::create(*this, takeUnit(), as_of, 0));
  return std::make_unique<Load>(*this, std::move(output));
}

void SeriesStore::Load::add(const Labels& labels, const SampleColumns& samples) {
  views_.clear();
  for (const Label& label : labels) views_.push_back({label.name, label.value});
  output_->writer().add(views_, samples);
}

Status SeriesStore::Load::finish() {
  GYRE_TRY_ASSIGN(auto block, output_->finish());
  if (block == nullptr) return {};
  GYRE_TRY(block->damage);
  return store_.publish({}, {std::move(block)}, nullptr, std::numeric_limits<std::int64_t>::min());
}

Status SeriesStore::cover(std::uint64_t sequence, std::int64_t newest_ms, const std::vector<MetricMetadata>& families) {
  {
    const std::lock_guard lock(mutex_);
    for (const MetricMetadata& family : families)
      if (metadata_.contains(family.name) || metadata_.size() < options_.max_metadata) metadata_[family.name] = family;
    has_new_metadata_ = true;
    newest_ms_ = std::max(newest_ms_, newest_ms);
    applied_ = std::max(applied_.load(), sequence);
  }
  return commit().status();
}

std::vector<StoredExtent> SeriesStore::extents() const {
  const StoreView view = this->view();
  std::vector<StoredExtent> extents;
  for (const Unit& unit :
       unitsOf(view, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max())) {
    const CommittedBlock& block = unit.finest()->committed;
    // A bucket's last sample lies anywhere in it.
    const std::int64_t before = std::max<std::int64_t>(block.resolution_ms - 1, 0);
    extents.push_back({block.min_ms - before, block.max_ms, block.samples, block.resolution_ms});
  }
  for (const auto& head : view.heads)
    if (const auto range = head->range()) extents.push_back({range->min_ms, range->max_ms, head->sampleCount(), 0});
  return extents;
}

std::int64_t SeriesStore::newestTime() const {
  const std::lock_guard lock(mutex_);
  return newest_ms_;
}

std::int64_t SeriesStore::retiredTime() const {
  const std::lock_guard lock(mutex_);
  return floor_ms_;
}

}  // namespace gyre::engine::series
