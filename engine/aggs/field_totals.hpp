// How many values of a field does each bucket have, and what are their sum, smallest and largest?
//
// One reading serves all metrics of the field on one level.
//
// THREADS: belongs to one request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/aggs/exact_sum.hpp"
#include "engine/aggs/value_block.hpp"
#include "engine/aggs/value_source.hpp"

namespace gyre::engine {

struct Totals {
  bool sum = false;
  bool count = false;
  bool min = false;
  bool max = false;
  bool squares = false;
};

// Counts, with several per bucket while those are few; see ExactSums.
class LanedCounts {
 public:
  void grow(std::uint32_t count) {
    if (count > count_) counts_.resize(std::size_t{count_ = count} * kLanes);
  }
  void add(const std::uint32_t* buckets, std::uint32_t size) {
    if (buckets == nullptr) {
      counts_[0] += size;
      return;
    }
    std::uint32_t i = 0;
    for (; i + kLanes <= size; i += kLanes)
      for (std::uint32_t lane = 0; lane < kLanes; ++lane) ++counts_[std::size_t{buckets[i + lane]} * kLanes + lane];
    for (; i < size; ++i) ++counts_[std::size_t{buckets[i]} * kLanes];
  }
  std::uint64_t get(std::uint32_t bucket) const {
    if (bucket >= count_) return 0;
    std::uint64_t sum = 0;
    for (std::uint32_t lane = 0; lane < kLanes; ++lane) sum += counts_[std::size_t{bucket} * kLanes + lane];
    return sum;
  }
  std::size_t memoryBytes() const { return counts_.capacity() * sizeof(std::uint64_t); }

 private:
  static constexpr std::uint32_t kLanes = 4;
  std::uint32_t count_ = 0;
  std::vector<std::uint64_t> counts_;
};

class FieldTotals {
 public:
  FieldTotals(ValueSource source, Totals needs, const Snapshot& snapshot);

  const ValueSource& source() const { return source_; }
  // Whether the other one reads the same values.
  bool readsAs(const FieldTotals& other) const;
  // Before the first segment.
  void need(Totals more);

  void beginSegment(SegmentRun& run);
  void collect(const DocBlock& block);

  std::uint64_t count(std::uint32_t bucket) const;
  double sum(std::uint32_t bucket) const { return sums_.value(bucket); }
  std::string sumText(std::uint32_t bucket) const { return sums_.text(bucket); }
  // REQUIRES: count(bucket) > 0.
  double average(std::uint32_t bucket) const { return sums_.quotient(bucket, count(bucket)); }
  // REQUIRES for min() and max(): hasValue(bucket).
  bool hasValue(std::uint32_t bucket) const { return bucket < seen_.size() && seen_[bucket] != 0; }
  double min(std::uint32_t bucket) const { return source_.decoded(mins_[bucket]); }
  double max(std::uint32_t bucket) const { return source_.decoded(maxs_[bucket]); }
  double squares(std::uint32_t bucket) const {
    return bucket < squares_.size() ? squares_[bucket].sum + squares_[bucket].lost : 0;
  }
  std::size_t memoryBytes() const;

 private:
  struct Compensated {
    double sum = 0;
    double lost = 0;
    void add(double value);
  };
  void grow(std::uint32_t count);
  bool countWithoutReading(const DocBlock& block);
  void add(ValueBlock values, bool counts);
  void addExtremes(const ValueBlock& values);

  ValueSource source_;
  Totals needs_;
  ValueReader reader_;
  std::uint32_t doc_count_ = 0;
  bool is_one_a_document_;  // throughout the snapshot
  // Where every document has one value, whoever made the buckets knows the counts; null when nobody told.
  const BucketTable* table_ = nullptr;
  ExactSums sums_;
  LanedCounts counts_;
  std::vector<std::int64_t> mins_, maxs_;
  std::vector<std::uint8_t> seen_;
  std::vector<Compensated> squares_;
  std::vector<std::int64_t> missing_values_, decoded_;
};

}  // namespace gyre::engine
