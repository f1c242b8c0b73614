// What do histograms have in common, of numbers and of time?
//
// A value falls into one of many stretches, numbered as they are met, and a range covers several; a document counts
// once in each. Shown are those that were met, the empty ones between and around them if asked for, in the order asked
// for.
//
// THREADS: belongs to one request.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/aggs/bucket_aggregator.hpp"
#include "engine/aggs/bucket_order.hpp"
#include "engine/aggs/bucket_table.hpp"
#include "engine/aggs/value_source.hpp"
#include "engine/mapping/range_value.hpp"

namespace gyre::engine {

struct IntervalSpec {
  ValueSource source;
  std::uint64_t min_doc_count = 0;
  bool is_keyed = false;
  std::vector<OrderKey> order;  // empty: by key
  Aggregations subs;
};

class IntervalAggregator : public BucketAggregator {
 public:
  IntervalAggregator(const IntervalSpec& spec, ValueSource source, AggregatorSet subs)
      : BucketAggregator(std::move(subs)),
        interval_spec_(spec),
        source_(std::move(source)),
        reader_(ValueReader::Repetitions::kDistinct),
        table_(areSmallPerBucket(spec.subs) ? BucketTable::Numbering::kAhead : BucketTable::Numbering::kAsMet) {}

  void beginSegment(SegmentRun& run) override;
  void collect(const DocBlock& block) override;
  std::size_t memoryBytes() const override { return BucketAggregator::memoryBytes() + table_.memoryBytes(); }

 protected:
  // Numbers of the values' stretches; kNoBucket for a value that is left out. True when some were.
  virtual bool number(const std::int64_t* values, std::uint32_t size, std::uint32_t* slots) = 0;
  // Adds the numbers of the stretches that a range covers. A range that covers more than there may be adds none.
  virtual void cover(const NumberEnds& range, std::vector<std::uint32_t>& slots) = 0;
  // What Bucket::key holds for a stretch; ascends with it.
  virtual std::int64_t keyOf(std::uint32_t slot) const = 0;
  // Adds the empty stretches to those met, which ascend. May not make more than kMaxBuckets.
  virtual Status fill(std::vector<Bucket>& buckets) const = 0;

  Status list(std::uint32_t parent, std::vector<Bucket>& buckets) final;
  bool isKeyed() const final { return interval_spec_.is_keyed; }

  const IntervalSpec& interval_spec_;
  ValueSource source_;
  ValueReader reader_;
  BucketTable table_;
  bool is_overfull_ = false;  // some range covers too many stretches

 private:
  void collectRanges(const DocBlock& block, const ValueBlock& values);
  const std::vector<std::uint32_t>& coveredBy(std::int64_t ordinal);
  void collectValues(const DocBlock& block, const ValueBlock& values);
  void collectIds(const DocBlock& block, const std::uint16_t* docs, const std::uint32_t* parents, std::uint32_t size);
  void sort(std::vector<Bucket>& buckets) const;

  std::vector<std::uint32_t> ids_, kept_buckets_;
  std::vector<std::uint16_t> kept_docs_;
  std::vector<std::int64_t> missing_values_;
  // Of ranges: which stretches those of the segment cover, as far as they were met, by ordinal.
  std::unique_ptr<TermCursor> cursor_;
  std::unordered_map<std::int64_t, std::vector<std::uint32_t>> covered_;
};

}  // namespace gyre::engine
