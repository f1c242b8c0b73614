#include "engine/aggs/field_totals.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/aggs/bucket_table.hpp"
#include "engine/mapping/numeric_value.hpp"

namespace gyre::engine {

namespace {

bool hasOneValueADocument(const ValueSource& source, const Snapshot& snapshot) {
  return std::all_of(snapshot.segments.begin(), snapshot.segments.end(), [&](const SegmentView& view) {
    const FieldReader* const field = source.fieldOf(*view.segment);
    return field != nullptr && !field->column->isMultiValued() &&
           field->column->stats().doc_count == view.segment->docCount();
  });
}

void decodeUnits(const std::int64_t* units, int digits, std::uint32_t size, std::int64_t* values) {
  double power = 1;
  for (int i = 0; i < digits; ++i) power *= 10;
  for (std::uint32_t i = 0; i < size; ++i) values[i] = encodeDouble(static_cast<double>(units[i]) / power);
}

}  // namespace

FieldTotals::FieldTotals(ValueSource source, Totals needs, const Snapshot& snapshot)
    : source_(std::move(source)),
      needs_(needs),
      reader_(source_.isKeyword() ? ValueReader::Repetitions::kDistinct : ValueReader::Repetitions::kAll),
      is_one_a_document_(hasOneValueADocument(source_, snapshot)),
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

std::uint64_t FieldTotals::count(std::uint32_t bucket) const {
  const std::uint64_t counted = counts_.get(bucket);
  return table_ == nullptr || bucket >= table_->size() ? counted : counted + table_->count(bucket);
}

void FieldTotals::collect(const DocBlock& block) {
  const bool is_counted = is_one_a_document_ && block.table != nullptr;
  if (is_counted) table_ = block.table;
  grow(block.bucket_count);
  const bool only_counts = !needs_.sum && !needs_.min && !needs_.max && !needs_.squares;
  if (only_counts && (is_counted || countWithoutReading(block))) return;
  add(needs_.sum ? reader_.readUnits(block) : reader_.read(block), !is_counted);
  if (!source_.hasMissing()) return;
  const DocBlock absent = reader_.absent(block);
  if (absent.size == 0) return;
  missing_values_.assign(absent.size, source_.missing.value_or(0));
  add({.size = absent.size, .values = missing_values_.data(), .docs = absent.docs, .buckets = absent.buckets}, true);
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

void FieldTotals::add(ValueBlock values, bool counts) {
  if (values.size == 0) return;
  if (needs_.sum) sums_.add(values);
  if (needs_.count && counts) counts_.add(values.buckets, values.size);
  if (!needs_.min && !needs_.max && !needs_.squares) return;
  if (values.values == nullptr) {
    decoded_.resize(values.size);
    decodeUnits(values.units, values.digits, values.size, decoded_.data());
    values.values = decoded_.data();
  }
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
