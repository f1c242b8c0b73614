// Which values does each document of a block have?
//
// For aggregations that look at several fields of a document at once; one that reads a single field takes a
// ValueReader.
//
// THREADS: belongs to one aggregator. OWNS: copies of a block's values.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/aggs/value_source.hpp"

namespace gyre::engine {

class DocValuesCursor {
 public:
  void beginSegment(SegmentRun& run, const ValueSource& source);
  // Reads the block's documents.
  void load(const DocBlock& block);
  // Values of the block's i-th document, ascending, each once if `distinct` was asked for; the source's missing value
  // where it has none. Of keywords: ordinals, and kMissing for the missing text.
  std::span<const std::int64_t> at(std::uint32_t i) const {
    return {values_.data() + offsets_[i], offsets_[i + 1] - offsets_[i]};
  }

  static constexpr std::int64_t kMissing = -1;
  bool is_distinct = false;

 private:
  void add(std::int64_t value);

  SegmentRun* run_ = nullptr;
  const ColumnReader* column_ = nullptr;
  ValueConversion conversion_;
  std::optional<std::int64_t> missing_;
  std::vector<std::uint32_t> offsets_;
  std::vector<std::int64_t> values_;
};

}  // namespace gyre::engine
