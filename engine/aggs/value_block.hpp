// Which values do these documents have in a column, and for which bucket?
//
// THREADS: belongs to one aggregator. OWNS: its buffers; a ValueBlock borrows them until the next read.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/aggs/aggregation.hpp"
#include "engine/mapping/civil_time.hpp"
#include "engine/mapping/numeric_value.hpp"

namespace gyre::engine {

// One form of the values is there: `values`, or where they were asked for `units` or `ordinals`.
struct ValueBlock {
  std::uint32_t size = 0;
  const std::int64_t* values = nullptr;
  const std::uint16_t* docs = nullptr;     // as DocBlock's
  const std::uint32_t* buckets = nullptr;  // as DocBlock's
  const std::uint32_t* ordinals = nullptr;
  const std::int64_t* units = nullptr;  // doubles as whole numbers of 10^-digits
  int digits = 0;
  // No whole number among `values`, and no unit, is further from 0.
  std::uint64_t reach = UINT64_MAX;

  std::uint32_t bucket(std::uint32_t i) const { return buckets == nullptr ? 0 : buckets[i]; }
};

// How a segment's numbers become those of the aggregation, where they are kept differently.
struct ValueConversion {
  enum class Kind : std::uint8_t { kNone, kToDouble, kUnsignedToDouble, kNanosToMillis };
  Kind kind = Kind::kNone;
  double divisor = 1;  // kToDouble

  std::int64_t apply(std::int64_t value) const {
    switch (kind) {
      case Kind::kNone: break;
      case Kind::kToDouble: return encodeDouble(static_cast<double>(value) / divisor);
      case Kind::kUnsignedToDouble: return encodeDouble(static_cast<double>(decodeUnsigned(value)));
      case Kind::kNanosToMillis: return floorDivide(value, kMilliNanos);
    }
    return value;
  }
};

class ValueReader {
 public:
  // kAll: every value. kDistinct: a document's equal values count once.
  enum class Repetitions : std::uint8_t { kAll, kDistinct };
  explicit ValueReader(Repetitions repetitions = Repetitions::kAll) : repetitions_(repetitions) {}

  // `column` is null where the segment has no values.
  void beginSegment(SegmentRun& run, const ColumnReader* column, ValueConversion conversion = {});
  ValueBlock read(const DocBlock& block);
  // Units where the column has them, with no more than so many digits; else values.
  static constexpr int kMaxUnitDigits = 8;
  ValueBlock readUnits(const DocBlock& block);
  // REQUIRES: a column of ordinals.
  ValueBlock readOrdinals(const DocBlock& block);
  // The documents of the block without a value.
  DocBlock absent(const DocBlock& block);
  bool hasColumn() const { return column_ != nullptr; }
  bool isMulti() const { return is_multi_; }
  const ColumnReader* column() const { return column_; }
  bool isConverted() const { return conversion_.kind != ValueConversion::Kind::kNone; }

 private:
  // What decoding a window into some form gives.
  template <class Value>
  ValueBlock pick(const DocBlock& block, const ColumnWindow& decoded, const Value* all, std::vector<Value>& picked,
                  const Value* ValueBlock::*form);
  bool isFew(const DocBlock& block);
  // Blocks of the values that gather() found.
  ValueBlock found(const DocBlock& block, std::uint32_t count);
  ValueBlock readStored(const DocBlock& block);
  ValueBlock converted(ValueBlock values);
  ValueBlock readMulti(const DocBlock& block);
  void add(const DocBlock& block, std::uint32_t i);

  Repetitions repetitions_;
  SegmentRun* run_ = nullptr;
  const ColumnReader* column_ = nullptr;
  ValueConversion conversion_;
  bool is_multi_ = false;
  std::vector<std::int64_t> values_;
  std::vector<std::uint32_t> ordinals_;
  std::vector<std::int64_t> converted_;
  std::vector<std::uint32_t> places_;
  std::vector<std::uint16_t> docs_;
  std::vector<std::uint32_t> buckets_;
  std::vector<std::uint16_t> absent_docs_;
  std::vector<std::uint32_t> absent_buckets_;
};

}  // namespace gyre::engine
