#include "engine/aggs/field_totals.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace gyre::engine {

FieldTotals::FieldTotals(ValueSource source, Totals needs)
    : source_(std::move(source)),
      needs_(needs),
      reader_(source_.isKeyword() ? ValueReader::Repetitions::kDistinct : ValueReader::Repetitions::kAll),
      sums_(source_.type, source_.scaling_factor) {}

bool FieldTotals::readsAs(const FieldTotals& other) const {
  return source_.path == other.source_.path && source_.type == other.source_.type &&
         source_.missing == other.source_.missing && source_.missing_text == other.source_.missing_text &&
         !source_.format.hasText() && !other.source_.format.hasText();
}

void FieldTotals::need(Totals more) {
  needs_.sum = needs_.sum || more.sum;
  needs_.count = needs_.count || more.count;
  needs_.min = needs_.min || more.min;
  needs_.max = needs_.max || more.max;
  needs_.squares = needs_.squares || more.squares;
}

void FieldTotals::beginSegment(SegmentRun& run) {
  doc_count_ = run.docCount();
  source_.beginSegment(run, reader_);
}

void FieldTotals::Compensated::add(double value) {
  const double total = sum + value;
  if (std::isfinite(total)) lost += std::fabs(sum) >= std::fabs(value) ? (sum - total) + value : (value - total) + sum;
  sum = total;
}

void FieldTotals::collect(const DocBlock& block) {
  grow(block.bucket_count);
  const bool only_counts = !needs_.sum && !needs_.min && !needs_.max && !needs_.squares;
  if (only_counts && countWithoutReading(block)) return;
  add(reader_.read(block));
  if (!source_.hasMissing()) return;
  const DocBlock absent = reader_.absent(block);
  if (absent.size == 0) return;
  missing_values_.assign(absent.size, source_.missing.value_or(0));
  add({absent.size, missing_values_.data(), absent.docs, absent.buckets, nullptr});
}

void FieldTotals::grow(std::uint32_t count) {
  if (needs_.sum) sums_.grow(count);
  if (needs_.count) counts_.grow(count);
  if (needs_.squares && squares_.size() < count) squares_.resize(count);
  if ((!needs_.min && !needs_.max) || seen_.size() >= count) return;
  seen_.resize(count);
  mins_.resize(count, INT64_MAX);
  maxs_.resize(count, INT64_MIN);
}

// A column with one value for every document of the window is counted by its documents.
bool FieldTotals::countWithoutReading(const DocBlock& block) {
  const ColumnReader* const column = reader_.column();
  if (column == nullptr) return !source_.hasMissing();
  if (reader_.isMulti()) return false;
  const bool is_full = column->blockStats(block.window).doc_count == windowSize(block.window, doc_count_);
  if (!is_full) return false;
  counts_.add(block.buckets, block.size);
  return true;
}

void FieldTotals::add(const ValueBlock& values) {
  if (values.size == 0) return;
  if (needs_.sum) sums_.add(values);
  if (needs_.count) counts_.add(values.buckets, values.size);
  if (needs_.min || needs_.max) addExtremes(values);
  if (!needs_.squares) return;
  for (std::uint32_t i = 0; i < values.size; ++i) {
    const double value = source_.decoded(values.values[i]);
    squares_[values.bucket(i)].add(value * value);
  }
}

void FieldTotals::addExtremes(const ValueBlock& values) {
  if (values.buckets == nullptr) {
    const auto [low, high] = std::minmax_element(values.values, values.values + values.size);
    seen_[0] = 1;
    mins_[0] = std::min(mins_[0], *low);
    maxs_[0] = std::max(maxs_[0], *high);
    return;
  }
  for (std::uint32_t i = 0; i < values.size; ++i) {
    const std::uint32_t bucket = values.buckets[i];
    seen_[bucket] = 1;
    mins_[bucket] = std::min(mins_[bucket], values.values[i]);
    maxs_[bucket] = std::max(maxs_[bucket], values.values[i]);
  }
}

std::size_t FieldTotals::memoryBytes() const {
  return sums_.memoryBytes() + counts_.memoryBytes() + seen_.capacity() * (1 + 2 * sizeof(std::int64_t)) +
         squares_.capacity() * sizeof(Compensated);
}

}  // namespace gyre::engine
