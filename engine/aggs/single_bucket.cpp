#include "engine/aggs/single_bucket.hpp"

#include "engine/query/window_bits.hpp"

namespace gyre::engine {

void SingleBucketAggregator::pass(const DocBlock& block, const std::uint64_t* bits) {
  if (counts_.size() < block.bucket_count) counts_.resize(block.bucket_count);
  docs_.clear();
  buckets_.clear();
  for (std::uint32_t i = 0; i < block.size; ++i) {
    const std::uint32_t doc = block.doc(i);
    if (!testBit(bits, doc)) continue;
    docs_.push_back(static_cast<std::uint16_t>(doc));
    buckets_.push_back(block.bucket(i));
    ++counts_[block.bucket(i)];
  }
  if (subs_.isEmpty() || docs_.empty()) return;
  subs_.collect(
      block.with(static_cast<std::uint32_t>(docs_.size()), docs_.data(), buckets_.data(), block.bucket_count));
}

}  // namespace gyre::engine
