// How are many buckets shown, and what can be asked about them?
//
// Kinds that make many buckets for each of the parent's list them in the order they are shown; writing them, running
// the pipelines below them and counting them is the same for all.
//
// THREADS: belongs to one request.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/aggs/aggregation.hpp"

namespace gyre::engine {

struct Bucket {
  std::uint32_t number = kNoBucket;  // as the aggregators below know it; kNoBucket: no document reached it
  std::uint64_t count = 0;
  std::int64_t key = 0;  // the aggregator's own: a term's number, a start in time
};

// A pipeline's value in one bucket.
struct PipelineValue {
  bool is_shown = false;
  double value = 0;  // NaN is shown as null
  bool has_normal = false;
  double normal = 0;  // derivative: by its unit of time
};

class BucketAggregator;

// The buckets of one parent with what pipelines said of them.
struct PreparedBuckets {
  const BucketAggregator* aggregator = nullptr;
  std::vector<Bucket> buckets;
  struct Column {
    const PipelineAggregation* pipeline;
    std::vector<PipelineValue> values;  // one a bucket
  };
  std::vector<Column> columns;

  // Keeps the buckets at these places, in this order.
  void keep(const std::vector<std::uint32_t>& places);
};

class BucketAggregator : public Aggregator {
 public:
  explicit BucketAggregator(AggregatorSet subs) : subs_(std::move(subs)) {}

  Status write(std::uint32_t parent, AggregationOutput& out) final;
  std::size_t memoryBytes() const override { return subs_.memoryBytes(); }

  // The buckets of a parent as they are shown, pipelines and all. Valid until another parent is asked about.
  Result<const PreparedBuckets*> prepare(std::uint32_t parent);
  const AggregatorSet& subs() const { return subs_; }
  // What a bucket is called in a list of keys ("keys" of max_bucket).
  virtual std::string keyText(const Bucket& bucket) const = 0;
  // Below 0 when a's key comes before b's.
  virtual int compareKeys(const Bucket& a, const Bucket& b) const;
  // The key as a number, for "_key"; NaN when it is none.
  virtual double keyNumber(const Bucket& bucket) const;

 protected:
  // In the order shown. Empty buckets that are asked for must be counted before they are made.
  virtual Status list(std::uint32_t parent, std::vector<Bucket>& buckets) = 0;
  virtual bool isKeyed() const { return false; }
  // The members that name a bucket; those of a keyed answer stand under keyText().
  virtual void writeKey(const Bucket& bucket, JsonWriter& writer) const = 0;
  virtual void writeAfterCount(const Bucket&, JsonWriter&) const {}
  // Members beside "buckets".
  virtual void writeHead(std::uint32_t, const std::vector<Bucket>&, JsonWriter&) const {}
  virtual void writeTail(std::uint32_t, const std::vector<Bucket>&, JsonWriter&) const {}

  AggregatorSet subs_;

 private:
  PreparedBuckets prepared_;
  std::uint32_t prepared_for_ = kNoBucket;
  bool is_prepared_ = false;
};

}  // namespace gyre::engine
