#include "server/stream/sample_places.hpp"

#include <algorithm>
#include <utility>

namespace gyre::stream {

namespace series = engine::series;

namespace {

constexpr std::size_t kTogether = 10'000;  // samples between two looks at how much is held as documents

}  // namespace

// ---- on this machine

Result<std::uint64_t> StoredSamples::sampleCount(const TimeRange& range) const {
  std::uint64_t count = 0;
  for (const series::StoredExtent& extent : store_.extents())
    if (range.meets(extent.first_ms, extent.last_ms)) count += extent.samples;
  return count;
}

Result<std::optional<std::int64_t>> StoredSamples::firstTime(const TimeRange& range) const {
  std::optional<std::int64_t> first;
  for (const series::StoredExtent& extent : store_.extents()) {
    if (!range.meets(extent.first_ms, extent.last_ms)) continue;
    const std::int64_t time = std::max(range.first, extent.first_ms);
    first = std::min(first.value_or(time), time);
  }
  return first;
}

LoneRollUps StoredSamples::loneRollUps() const {
  LoneRollUps found;
  for (const series::StoredExtent& extent : store_.extents()) {
    if (extent.resolution_ms == 0) continue;
    found.first_ms = found.buckets == 0 ? extent.first_ms : std::min(found.first_ms, extent.first_ms);
    found.last_ms = found.buckets == 0 ? extent.last_ms : std::max(found.last_ms, extent.last_ms);
    found.buckets += extent.samples;
  }
  return found;
}

Status StoredSamples::begin(const TimeRange& /*window*/, std::uint64_t as_of) {
  as_of_ = as_of;
  load_.reset();
  return {};
}

Status StoredSamples::put(const series::Labels& labels, const series::SampleColumns& samples) {
  if (load_ == nullptr) {
    GYRE_TRY_ASSIGN(load_, store_.load(as_of_));
  }
  load_->add(labels, samples);
  return {};
}

Status StoredSamples::end() {
  const auto load = std::move(load_);
  return load == nullptr ? Status() : load->finish();
}

// ---- on a cluster

std::int64_t ClusterSamples::retiredTime() const {
  const std::vector<ClusterGeneration> generations = index_.generations();
  if (generations.empty() || generations.front().number == 1) return series::kNoTimeMs;
  std::int64_t first = std::numeric_limits<std::int64_t>::max();
  for (const ClusterGeneration& generation : generations)
    if (!generation.range.isEmpty()) first = std::min(first, generation.range.min_time);
  return first == std::numeric_limits<std::int64_t>::max() ? series::kNoTimeMs : first - 1;
}

Status ClusterSamples::begin(const TimeRange& window, std::uint64_t as_of) {
  as_of_ = as_of;
  clock_->moveTo(window.first);
  GYRE_TRY(index_.attend());
  // What an earlier try left.
  GYRE_TRY(flush());
  if (is_written_) GYRE_TRY(index_.refresh());
  return index_.endGeneration();
}

Status ClusterSamples::put(const series::Labels& labels, const series::SampleColumns& samples) {
  const std::int64_t now = base::SystemClock().nowMillis();
  series::SampleColumns part;
  for (std::size_t at = 0; at < samples.size(); at += part.size()) {
    const std::size_t end = std::min(samples.size(), at + kTogether);
    const auto slice = [&](const auto& column) {
      return std::vector(column.begin() + static_cast<std::ptrdiff_t>(at),
                         column.begin() + static_cast<std::ptrdiff_t>(end));
    };
    part = {slice(samples.times), slice(samples.values)};
    index_.load(labels, part, as_of_, now);
    is_written_ = true;
    if (index_.isFull()) GYRE_TRY(flush());
  }
  return {};
}

Status ClusterSamples::flush() {
  GYRE_TRY_ASSIGN(std::vector<RefusedRecord> refused, index_.flush());
  std::move(refused.begin(), refused.end(), std::back_inserter(refused_));
  return {};
}

Status ClusterSamples::end() {
  GYRE_TRY(flush());
  GYRE_TRY(index_.commit());
  is_written_ = false;
  return {};
}

Status ClusterSamples::cover(std::uint64_t sequence, std::int64_t newest_ms,
                             const std::vector<series::MetricMetadata>& families) {
  GYRE_TRY(index_.attend());
  index_.cover(sequence, newest_ms, families);
  return end();
}

}  // namespace gyre::stream
