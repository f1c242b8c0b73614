// Which values do these documents have in a column, and for which bucket?
//
// THREADS: belongs to one aggregator. OWNS: its buffers; a ValueBlock borrows them until the next read.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/aggs/aggregation.hpp"

namespace gyre::engine {

struct ValueBlock {
  std::uint32_t size = 0;
  const std::int64_t* values = nullptr;
  const std::uint16_t* docs = nullptr;     // as DocBlock's
  const std::uint32_t* buckets = nullptr;  // as DocBlock's
  // Set when `values` are the whole window as it was decoded.
  ColumnWindow* whole_window = nullptr;

  std::uint32_t bucket(std::uint32_t i) const { return buckets == nullptr ? 0 : buckets[i]; }
};

// How a segment's numbers become those of the aggregation, where they are kept differently.
struct ValueConversion {
  enum class Kind : std::uint8_t { kNone, kToDouble };
  Kind kind = Kind::kNone;
  double divisor = 1;
};

class ValueReader {
 public:
  // kAll: every value. kDistinct: a document's equal values count once.
  enum class Repetitions : std::uint8_t { kAll, kDistinct };
  explicit ValueReader(Repetitions repetitions = Repetitions::kAll) : repetitions_(repetitions) {}

  // `column` is null where the segment has no values.
  void beginSegment(SegmentRun& run, const ColumnReader* column, ValueConversion conversion = {});
  ValueBlock read(const DocBlock& block);
  // The documents of the block without a value.
  DocBlock absent(const DocBlock& block);
  bool hasColumn() const { return column_ != nullptr; }
  bool isMulti() const { return is_multi_; }
  const ColumnReader* column() const { return column_; }
  bool isConverted() const { return conversion_.kind != ValueConversion::Kind::kNone; }

 private:
  ValueBlock readStored(const DocBlock& block);
  ValueBlock readOneByOne(const DocBlock& block);
  ValueBlock readWindow(const DocBlock& block);
  ValueBlock readMulti(const DocBlock& block);
  ValueBlock gathered() const;
  void add(const DocBlock& block, std::uint32_t i, std::int64_t value);

  Repetitions repetitions_;
  SegmentRun* run_ = nullptr;
  const ColumnReader* column_ = nullptr;
  ValueConversion conversion_;
  bool is_multi_ = false;
  std::vector<std::int64_t> values_;
  std::vector<std::int64_t> converted_;
  std::vector<std::uint16_t> docs_;
  std::vector<std::uint32_t> buckets_;
  std::vector<std::uint16_t> absent_docs_;
  std::vector<std::uint32_t> absent_buckets_;
};

}  // namespace gyre::engine
