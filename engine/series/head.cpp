#include "engine/series/head.hpp"

#include <xxhash.h>

#include <algorithm>
#include <limits>
#include <mutex>
#include <numeric>

#include "engine/series/chunk.hpp"

namespace gyre::engine::series {
namespace {

// Samples of a series that wait to be compressed: 256 bytes a series, which a million of them can afford; longer would
// save a byte a sample of what a head holds.
constexpr std::size_t kOpenSamples = 16;

std::uint64_t hashPair(std::string_view name, std::string_view value) {
  return XXH3_64bits_withSeed(value.data(), value.size(), XXH3_64bits(name.data(), name.size()));
}

}  // namespace

// ---- writing

std::optional<std::uint32_t> Head::findPair(std::uint64_t hash, std::string_view name, std::string_view value) const {
  return pair_numbers_.find(
      hash, [&](std::uint32_t number) { return pairs_[number].value == value && *pairs_[number].name == name; });
}

std::uint32_t Head::pairOf(const LabelView& label) {
  const std::uint64_t hash = hashPair(label.name, label.value);
  if (const auto found = findPair(hash, label.name, label.value)) return *found;
  auto name = names_.find(label.name);
  if (name == names_.end()) name = names_.emplace(std::string(label.name), std::vector<std::uint32_t>()).first;
  const std::uint32_t number = pair_numbers_.add(hash);
  pairs_.push_back({&name->first, std::string(label.value), {}});
  name->second.push_back(number);
  bytes_ += sizeof(Pair) + label.value.size() + 24;
  return number;
}

std::uint32_t Head::seriesOf(const LabelViews& labels) {
  const std::uint64_t hash = hashLabels(labels);
  const auto found = series_numbers_.find(hash, [&](std::uint32_t number) {
    const Series& series = series_[number];
    if (series.label_count != labels.size()) return false;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const Pair& pair = pairs_[labels_[series.labels_begin + i]];
      if (pair.value != labels[i].value || *pair.name != labels[i].name) return false;
    }
    return true;
  });
  if (found) return *found;
  const std::uint32_t number = series_numbers_.add(hash);
  Series series;
  series.labels_begin = static_cast<std::uint32_t>(labels_.size());
  series.label_count = static_cast<std::uint32_t>(labels.size());
  for (const LabelView& label : labels) {
    const std::uint32_t pair = pairOf(label);
    labels_.push_back(pair);
    pairs_[pair].series.push_back(number);
  }
  series_.push_back(std::move(series));
  bytes_ += sizeof(Series) + labels.size() * 2 * sizeof(std::uint32_t) + 3 * sizeof(std::uint32_t);
  return number;
}

void Head::seal(Series& series) {
  thread_local SampleColumns samples;
  samples.clear();
  for (const Sample& sample : series.open) samples.add(sample.time_ms, sample.value);
  if (!series.is_ordered) sortSamples(samples);
  const std::size_t before = series.chunks.capacity();
  appendChunk(series.chunks, samples.times, samples.values);
  bytes_ += series.chunks.capacity() - before;
  series.open.clear();
}

void Head::add(Series& series, std::int64_t time_ms, double value) {
  const bool is_first = series.open.empty() && series.chunks.empty();
  if (is_first) {
    series.min_ms = series.max_ms = time_ms;
  } else {
    if (time_ms <= series.max_ms) series.is_ordered = false;
    series.min_ms = std::min(series.min_ms, time_ms);
    series.max_ms = std::max(series.max_ms, time_ms);
  }
  if (series.open.size() == kOpenSamples) seal(series);
  const std::size_t before = series.open.capacity();
  series.open.push_back({time_ms, value});
  bytes_ += (series.open.capacity() - before) * sizeof(Sample);
  min_ms_ = sample_count_ == 0 ? time_ms : std::min(min_ms_, time_ms);
  max_ms_ = sample_count_ == 0 ? time_ms : std::max(max_ms_, time_ms);
  ++sample_count_;
}

std::uint64_t Head::append(const SampleBatch& batch, std::size_t first, std::size_t end, std::int64_t floor_ms,
                           std::int64_t ceiling_ms) {
  const std::unique_lock lock(mutex_);
  constexpr std::uint32_t kUnknown = std::numeric_limits<std::uint32_t>::max();
  std::vector<std::uint32_t> numbers(batch.seriesCount(), kUnknown);
  std::vector<gyre::Label> labels;
  LabelViews views;
  std::uint64_t dropped = 0;
  for (std::size_t i = first; i < end; ++i) {
    const gyre::Sample sample = batch.sample(i);
    if (sample.time_millis <= floor_ms || sample.time_millis > ceiling_ms) {
      ++dropped;
      continue;
    }
    std::uint32_t& number = numbers[sample.series];
    if (number == kUnknown) {
      batch.labels(sample.series, labels);
      views.clear();
      for (const gyre::Label& label : labels) views.push_back({label.name, label.value});
      number = seriesOf(views);
    }
    add(series_[number], sample.time_millis, sample.value);
  }
  return dropped;
}

// ---- reading

std::uint64_t Head::sampleCount() const {
  const std::shared_lock lock(mutex_);
  return sample_count_;
}

std::size_t Head::sizeBytes() const {
  const std::shared_lock lock(mutex_);
  return bytes_ + pair_numbers_.bytes() + series_numbers_.bytes();
}

std::optional<Head::Range> Head::range() const {
  const std::shared_lock lock(mutex_);
  if (sample_count_ == 0) return std::nullopt;
  return Range{min_ms_, max_ms_};
}

void Head::read(std::uint32_t number, std::int64_t from_ms, std::int64_t to_ms, SampleColumns& into) const {
  thread_local std::string chunks;
  thread_local std::vector<Sample> open;
  bool is_ordered = true;
  {
    const std::shared_lock lock(mutex_);
    const Series& series = series_[number];
    if (series.max_ms < from_ms || series.min_ms > to_ms) return;
    chunks = series.chunks;
    open = series.open;
    is_ordered = series.is_ordered;
  }
  if (is_ordered) {
    (void)readChunks(base::asBytes(chunks), from_ms, to_ms, into);  // our own bytes, in memory
    for (const Sample& sample : open)
      if (sample.time_ms >= from_ms && sample.time_ms <= to_ms) into.add(sample.time_ms, sample.value);
    return;
  }
  SampleColumns found;
  (void)readChunks(base::asBytes(chunks), from_ms, to_ms, found);
  for (const Sample& sample : open)
    if (sample.time_ms >= from_ms && sample.time_ms <= to_ms) found.add(sample.time_ms, sample.value);
  sortSamples(found);
  into.times.insert(into.times.end(), found.times.begin(), found.times.end());
  into.values.insert(into.values.end(), found.values.begin(), found.values.end());
}

bool Head::hasSample(std::uint32_t number, std::int64_t from_ms, std::int64_t to_ms) const {
  thread_local std::string chunks;
  {
    const std::shared_lock lock(mutex_);
    const Series& series = series_[number];
    if (series.max_ms < from_ms || series.min_ms > to_ms) return false;
    if (series.min_ms >= from_ms || series.max_ms <= to_ms) return true;
    for (const Sample& sample : series.open)
      if (sample.time_ms >= from_ms && sample.time_ms <= to_ms) return true;
    chunks = series.chunks;
  }
  return hasTime(base::asBytes(chunks), from_ms, to_ms).value_or(false);  // our own bytes, in memory
}

std::vector<std::uint32_t> Head::sortedSeries() const {
  const std::shared_lock lock(mutex_);
  std::vector<std::uint32_t> order(pairs_.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](std::uint32_t left, std::uint32_t right) {
    const Pair& a = pairs_[left];
    const Pair& b = pairs_[right];
    return a.name == b.name ? a.value < b.value : *a.name < *b.name;
  });
  std::vector<std::uint32_t> rank(pairs_.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) rank[order[i]] = i;
  std::vector<std::uint32_t> sorted(series_.size());
  std::iota(sorted.begin(), sorted.end(), 0u);
  std::sort(sorted.begin(), sorted.end(), [&](std::uint32_t left, std::uint32_t right) {
    const Series& a = series_[left];
    const Series& b = series_[right];
    const std::span<const std::uint32_t> x(labels_.data() + a.labels_begin, a.label_count);
    const std::span<const std::uint32_t> y(labels_.data() + b.labels_begin, b.label_count);
    return std::lexicographical_compare(x.begin(), x.end(), y.begin(), y.end(),
                                        [&](std::uint32_t l, std::uint32_t r) { return rank[l] < rank[r]; });
  });
  return sorted;
}

std::uint32_t Head::seriesCount() const {
  const std::shared_lock lock(mutex_);
  return static_cast<std::uint32_t>(series_.size());
}

void Head::visitNames(const std::function<void(std::string_view)>& visit) const {
  const std::shared_lock lock(mutex_);
  for (const auto& [name, pairs] : names_) visit(name);
}

std::size_t Head::valueCount(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  const auto found = names_.find(name);
  return found == names_.end() ? 0 : found->second.size();
}

void Head::visitValues(std::string_view name, const std::function<void(std::string_view, std::uint32_t)>& visit) const {
  // A caller may ask for series meanwhile, so the lock is not held around it. Values never move.
  std::vector<std::pair<std::string_view, std::uint32_t>> values;
  {
    const std::shared_lock lock(mutex_);
    const auto found = names_.find(name);
    if (found == names_.end()) return;
    values.reserve(found->second.size());
    for (const std::uint32_t pair : found->second) values.emplace_back(pairs_[pair].value, pair);
  }
  for (const auto& [value, pair] : values) visit(value, pair);
}

std::optional<std::uint32_t> Head::find(std::string_view name, std::string_view value) const {
  const std::shared_lock lock(mutex_);
  return findPair(hashPair(name, value), name, value);
}

void Head::appendSeries(std::uint32_t entry, std::vector<std::uint32_t>& into) const {
  const std::shared_lock lock(mutex_);
  const std::vector<std::uint32_t>& series = pairs_[entry].series;
  into.insert(into.end(), series.begin(), series.end());
}

void Head::labelsOf(std::uint32_t number, LabelViews& into) const {
  const std::shared_lock lock(mutex_);
  const Series& series = series_[number];
  into.clear();
  for (std::uint32_t i = 0; i < series.label_count; ++i) {
    const Pair& pair = pairs_[labels_[series.labels_begin + i]];
    into.push_back({*pair.name, pair.value});
  }
}

void sortSamples(SampleColumns& samples) {
  const std::size_t count = samples.size();
  bool is_ordered = true;
  for (std::size_t i = 1; i < count && is_ordered; ++i) is_ordered = samples.times[i] > samples.times[i - 1];
  if (is_ordered) return;
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t left, std::uint32_t right) { return samples.times[left] < samples.times[right]; });
  SampleColumns sorted;
  sorted.times.reserve(count);
  sorted.values.reserve(count);
  for (const std::uint32_t at : order) {
    if (!sorted.times.empty() && sorted.times.back() == samples.times[at])
      sorted.values.back() = samples.values[at];
    else
      sorted.add(samples.times[at], samples.values[at]);
  }
  samples = std::move(sorted);
}

}  // namespace gyre::engine::series
