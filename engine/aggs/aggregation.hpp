// What is computed over the matching documents, and how do aggregations nest?
//
// An Aggregation is what was asked, checked against the mapping. Its Aggregator collects blocks of documents, each with
// the bucket of the parent that it belongs to (0 at the top), numbers buckets of its own from 0, and passes blocks on
// to the aggregators below it. So one call handles thousands of documents, and nothing is looked up by document.
//
// THREADS: an Aggregation is immutable; an Aggregator belongs to one request.
// OWNS: an Aggregator borrows its Aggregation and the snapshot.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/query/segment_run.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

inline constexpr std::uint64_t kMaxBuckets = 65'535;

// Documents of one window. A document may stand in it several times, with different buckets.
struct DocBlock {
  std::uint32_t window = 0;
  std::uint32_t size = 0;
  const std::uint16_t* docs = nullptr;     // positions in the window; null: 0, 1, … size-1
  const std::uint32_t* buckets = nullptr;  // of the parent; null: all 0
  std::uint32_t bucket_count = 1;          // every bucket is below

  std::uint32_t doc(std::uint32_t i) const { return docs == nullptr ? i : docs[i]; }
  std::uint32_t bucket(std::uint32_t i) const { return buckets == nullptr ? 0 : buckets[i]; }
};

// Where answers go; counts buckets, so that too many are refused before they are written.
struct AggregationOutput {
  JsonWriter& writer;
  std::uint64_t bucket_count = 0;

  // too_many_buckets_exception beyond the limit.
  Status addBuckets(std::uint64_t count);
};

class Aggregator {
 public:
  virtual ~Aggregator() = default;
  virtual void beginSegment(SegmentRun& run) = 0;
  virtual void collect(const DocBlock& block) = 0;
  // The members of the answer for one parent bucket, without braces. `bucket` may be one that no document reached.
  virtual Status write(std::uint32_t bucket, AggregationOutput& out) = 0;
  // A number to order parent buckets by; NaN when there is none. `property` is "" or, for stats, "avg" and so on.
  virtual double orderValue(std::uint32_t, std::string_view) const;
};

class Aggregation {
 public:
  virtual ~Aggregation() = default;
  virtual Result<std::unique_ptr<Aggregator>> aggregator(const Snapshot& snapshot) const = 0;
  // Whether buckets can be ordered by it.
  virtual bool isMetric(std::string_view) const { return false; }

  std::string name;
  std::string meta;  // JSON, shown as it was given; "" for none
};
using Aggregations = std::vector<std::unique_ptr<Aggregation>>;

// The aggregators on one level: those of the request, or those below a bucket.
class AggregatorSet {
 public:
  static Result<AggregatorSet> make(const Aggregations& aggregations, const Snapshot& snapshot);

  bool isEmpty() const { return entries_.empty(); }
  void beginSegment(SegmentRun& run);
  void collect(const DocBlock& block);
  // "name": {…}, for each.
  Status writeMembers(std::uint32_t bucket, AggregationOutput& out);
  // `path` is "name" or "name.property".
  double orderValue(std::uint32_t bucket, std::string_view path) const;

 private:
  struct Entry {
    const Aggregation* aggregation;
    std::unique_ptr<Aggregator> aggregator;
  };
  std::vector<Entry> entries_;
};

// A double as the dialect writes it: with a fraction or an exponent always ("3.0").
void writeDouble(double value, JsonWriter& writer);
std::string doubleText(double value);

}  // namespace gyre::engine
