// One bucket in each of the parent's, of the documents that pass.
//
// THREADS: belongs to one request.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "engine/aggs/aggregation.hpp"

namespace gyre::engine {

class SingleBucketAggregator : public Aggregator {
 public:
  explicit SingleBucketAggregator(AggregatorSet subs) : subs_(std::move(subs)) {}

  Status write(std::uint32_t bucket, AggregationOutput& out) override {
    out.writer.member("doc_count", countOf(bucket));
    return subs_.writeMembers(bucket < counts_.size() || isNoBucket(bucket) ? bucket : kNoBucket, out);
  }
  double orderValue(std::uint32_t bucket, std::string_view) const override {
    return static_cast<double>(countOf(bucket));
  }
  const AggregatorSet* below(std::uint32_t bucket, std::uint32_t& number) const override {
    number = bucket;
    return &subs_;
  }
  std::size_t memoryBytes() const override { return subs_.memoryBytes() + counts_.capacity() * sizeof(std::uint64_t); }

 protected:
  std::uint64_t countOf(std::uint32_t bucket) const { return bucket < counts_.size() ? counts_[bucket] : 0; }
  // Passes on those of the block's documents whose bits are set; the bucket is the parent's.
  void pass(const DocBlock& block, const std::uint64_t* bits);

  AggregatorSet subs_;
  std::vector<std::uint64_t> counts_;

 private:
  std::vector<std::uint16_t> docs_;
  std::vector<std::uint32_t> buckets_;
};

}  // namespace gyre::engine
