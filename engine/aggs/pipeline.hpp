// What is computed from the buckets that other aggregations made?
//
// A sibling pipeline (max_bucket) reads the buckets of an aggregation beside it; a parent pipeline (derivative) adds a
// value to each bucket it stands in, and bucket_sort chooses among them. They run when the answer is written, on one
// parent bucket at a time.
//
// THREADS: a PipelineAggregation is immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/aggs/aggregation.hpp"
#include "engine/aggs/bucket_aggregator.hpp"

namespace gyre::engine {

// Where values are missing, or buckets empty: left out, or counted as 0.
enum class GapPolicy : std::uint8_t { kSkip, kInsertZeros };

class PipelineAggregation : public Aggregation {
 public:
  Result<std::unique_ptr<Aggregator>> aggregator(const Snapshot& snapshot) const final;
  const PipelineAggregation* pipeline() const final { return this; }

  // Whether it stands inside the buckets it reads.
  virtual bool isParent() const = 0;
  // A parent's work: adds its values to `buckets`, or rearranges them.
  virtual Status addTo(PreparedBuckets& buckets) const;
  virtual void writeValue(const PipelineValue& value, JsonWriter& writer) const;
  // A sibling's: its members for one bucket of what both stand in.
  virtual Status writeSibling(const AggregatorSet& set, std::uint32_t bucket, JsonWriter& writer) const;

  // A sibling's value as others read it; nothing when it has none.
  virtual std::optional<double> siblingValue(const AggregatorSet& set, std::uint32_t bucket,
                                             std::string_view property) const;
  // Whether it chooses among the buckets and orders them.
  virtual bool rearranges() const { return false; }

  // Checks the paths against what stands beside it, and what it stands in (null at the top).
  virtual Status check(const Aggregations& siblings, const Aggregation* parent) const = 0;
  // Names of aggregations beside it that it reads.
  virtual std::vector<std::string_view> reads() const = 0;
};

// Puts every pipeline after those that it reads.
void orderPipelines(std::vector<const PipelineAggregation*>& pipelines);

// The value of `path`, relative to one of `buckets`: "_count", "_key", "name", "name.property", "bucket>name". NaN for
// a gap, unless the policy puts 0 there; nothing where what is named is not there at all.
std::optional<double> valueAt(const PreparedBuckets& buckets, std::size_t at, std::string_view path, GapPolicy policy);

// ---- for the checks of the kinds, in the dialect's words ------------------------------------------------------------

// The aggregation that a path begins with, as it is named among `siblings`; "" when there is none.
std::string_view firstOfPath(std::string_view path, const Aggregations& siblings);
Status checkSiblingPath(std::string_view name, std::string_view path, const Aggregations& siblings);
// `rest` of the path `whole`, from `siblings` on.
Status checkInnerPath(std::string_view whole, std::string_view rest, const Aggregations& siblings);
// The parent must be a histogram without gaps.
Status checkSequence(std::string_view kind, std::string_view name, const Aggregation* parent);
Status invalidRequest(std::string message);

// Checks all pipelines of a request's aggregations, in the dialect's words.
Status checkPipelines(const Aggregations& aggregations, const Aggregation* parent);

}  // namespace gyre::engine
