#include "engine/aggs/value_block.hpp"

#include <algorithm>
#include <cmath>

#include "engine/mapping/numeric_value.hpp"

namespace gyre::engine {

namespace {

// Up to this many documents of a window are picked out of its packed form, some 1.5 ns each; decoding all of it takes
// about 2 µs, and serves every aggregation that reads the column.
constexpr std::uint32_t kFewDocs = kWindowDocs / 8;

std::uint64_t magnitude(std::int64_t value) {
  return value < 0 ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
}

std::uint64_t reachOfNumbers(const ColumnBlockStats& stats) {
  return std::max(magnitude(stats.min), magnitude(stats.max));
}

std::uint64_t reachOfUnits(const ColumnBlockStats& stats, int digits) {
  double furthest = std::max(std::fabs(decodeDouble(stats.min)), std::fabs(decodeDouble(stats.max)));
  for (int i = 0; i < digits; ++i) furthest *= 10;
  // Units are below 2^53, and the products may have been rounded.
  return static_cast<std::uint64_t>(std::min(furthest, 9007199254740992.0)) + 2;
}

}  // namespace

void ValueReader::beginSegment(SegmentRun& run, const ColumnReader* column, ValueConversion conversion) {
  conversion_ = conversion;
  run_ = &run;
  column_ = column;
  is_multi_ = column != nullptr && column->isMultiValued();
}

ValueBlock ValueReader::read(const DocBlock& block) {
  ValueBlock values = readStored(block);
  if (values.size == 0) return values;
  if (conversion_.kind == ValueConversion::Kind::kNone) {
    values.reach = reachOfNumbers(column_->blockStats(block.window));
    return values;
  }
  return converted(values);
}

ValueBlock ValueReader::converted(ValueBlock values) {
  converted_.resize(values.size);
  for (std::uint32_t i = 0; i < values.size; ++i) converted_[i] = conversion_.apply(values.values[i]);
  values.values = converted_.data();
  if (!is_multi_ || repetitions_ == Repetitions::kAll) return values;
  // What differed may have become equal.
  std::uint32_t kept = 1;
  for (std::uint32_t i = 1; i < values.size; ++i) {
    if (docs_[i] == docs_[kept - 1] && buckets_[i] == buckets_[kept - 1] && converted_[i] == converted_[kept - 1])
      continue;
    converted_[kept] = converted_[i];
    docs_[kept] = docs_[i];
    buckets_[kept++] = buckets_[i];
  }
  values.size = kept;
  return values;
}

ValueBlock ValueReader::readStored(const DocBlock& block) {
  if (column_ == nullptr || block.size == 0) return {};
  if (is_multi_) return readMulti(block);
  if (!isFew(block)) {
    const ColumnWindow& decoded = run_->read(*column_, block.window);
    return pick(block, decoded, decoded.values.data(), values_, &ValueBlock::values);
  }
  values_.resize(block.size);
  places_.resize(block.size);
  ValueBlock values =
      found(block, column_->gather(block.window, {block.docs, block.size}, values_.data(), places_.data()));
  values.values = values_.data();
  return values;
}

ValueBlock ValueReader::readUnits(const DocBlock& block) {
  if (column_ == nullptr || block.size == 0) return {};
  const int digits = is_multi_ || isConverted() ? ColumnReader::kNoUnits : column_->unitDigits(block.window);
  if (digits == ColumnReader::kNoUnits || digits > kMaxUnitDigits) return read(block);
  ValueBlock values;
  if (block.docs == nullptr || block.size > kFewDocs) {
    const ColumnWindow& decoded = run_->readUnits(*column_, block.window);
    values = pick(block, decoded, decoded.units.data(), values_, &ValueBlock::units);
  } else {
    values_.resize(block.size);
    places_.resize(block.size);
    values = found(block, column_->gatherUnits(block.window, {block.docs, block.size}, values_.data(), places_.data()));
    values.units = values_.data();
  }
  values.digits = digits;
  values.reach = reachOfUnits(column_->blockStats(block.window), digits);
  return values;
}

ValueBlock ValueReader::readOrdinals(const DocBlock& block) {
  if (column_ == nullptr || block.size == 0) return {};
  if (!is_multi_ && !isFew(block)) {
    const ColumnWindow& decoded = run_->readOrdinals(*column_, block.window);
    return pick(block, decoded, decoded.ordinals.data(), ordinals_, &ValueBlock::ordinals);
  }
  ValueBlock values = readStored(block);
  ordinals_.resize(values.size);
  for (std::uint32_t i = 0; i < values.size; ++i) ordinals_[i] = static_cast<std::uint32_t>(values.values[i]);
  values.ordinals = ordinals_.data();
  return values;
}

bool ValueReader::isFew(const DocBlock& block) {
  return block.docs != nullptr && block.size <= kFewDocs && !run_->hasRead(*column_, block.window);
}

void ValueReader::add(const DocBlock& block, std::uint32_t i) {
  docs_.push_back(static_cast<std::uint16_t>(block.doc(i)));
  buckets_.push_back(block.bucket(i));
}

ValueBlock ValueReader::found(const DocBlock& block, std::uint32_t count) {
  if (count == block.size) return {.size = count, .docs = block.docs, .buckets = block.buckets};
  docs_.clear();
  buckets_.clear();
  for (std::uint32_t i = 0; i < count; ++i) add(block, places_[i]);
  return {.size = count, .docs = docs_.data(), .buckets = buckets_.data()};
}

template <class Value>
ValueBlock ValueReader::pick(const DocBlock& block, const ColumnWindow& decoded, const Value* all,
                             std::vector<Value>& picked, const Value* ValueBlock::*form) {
  ValueBlock values{.size = block.size, .docs = block.docs, .buckets = block.buckets};
  values.*form = all;
  if (decoded.is_full && block.docs == nullptr) return values;
  if (decoded.is_full) {
    picked.resize(block.size);
    for (std::uint32_t i = 0; i < block.size; ++i) picked[i] = all[block.docs[i]];
  } else {
    picked.clear();
    docs_.clear();
    buckets_.clear();
    for (std::uint32_t i = 0; i < block.size; ++i) {
      const std::uint32_t doc = block.doc(i);
      if (!testBit(decoded.present.data(), doc)) continue;
      picked.push_back(all[doc]);
      add(block, i);
    }
    values.size = static_cast<std::uint32_t>(picked.size());
    values.docs = docs_.data();
    values.buckets = buckets_.data();
  }
  values.*form = picked.data();
  return values;
}

ValueBlock ValueReader::readMulti(const DocBlock& block) {
  const ColumnWindow& decoded = run_->readMulti(*column_, block.window);
  values_.clear();
  docs_.clear();
  buckets_.clear();
  for (std::uint32_t i = 0; i < block.size; ++i) {
    const std::uint32_t doc = block.doc(i);
    const std::uint32_t first = decoded.offsets[doc];
    for (std::uint32_t at = first; at < decoded.offsets[doc + 1]; ++at) {
      const std::int64_t value = decoded.multi_values[at];
      // Values ascend, so equal ones stand together.
      if (repetitions_ == Repetitions::kDistinct && at > first && value == decoded.multi_values[at - 1]) continue;
      values_.push_back(value);
      add(block, i);
    }
  }
  return {.size = static_cast<std::uint32_t>(values_.size()),
          .values = values_.data(),
          .docs = docs_.data(),
          .buckets = buckets_.data()};
}

DocBlock ValueReader::absent(const DocBlock& block) {
  if (column_ == nullptr) return block;
  absent_docs_.clear();
  absent_buckets_.clear();
  const ColumnWindow& decoded = run_->readPresence(*column_, block.window);
  if (!decoded.is_full)
    for (std::uint32_t i = 0; i < block.size; ++i) {
      const std::uint32_t doc = block.doc(i);
      if (testBit(decoded.present.data(), doc)) continue;
      absent_docs_.push_back(static_cast<std::uint16_t>(doc));
      absent_buckets_.push_back(block.bucket(i));
    }
  return block.with(static_cast<std::uint32_t>(absent_docs_.size()), absent_docs_.data(), absent_buckets_.data(),
                    block.bucket_count);
}

}  // namespace gyre::engine
