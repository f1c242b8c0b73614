// Which shard of an index would a document be on?
//
// An index has one physical shard here, whatever number it was created with. Documents that the dialect would keep on
// different shards must not see each other all the same: a get that names another routing finds nothing. So the number
// is computed as the dialect computes it.
//
// THREADS: values.
#pragma once

#include <cstdint>
#include <string_view>

#include "server/dialect/settings.hpp"

namespace gyre::dialect {

// Murmur3 (x86, 32 bits, seed 0) of the text's UTF-16 code units, low byte first. REQUIRES: valid UTF-8.
std::int32_t routingHash(std::string_view text);

class ShardNumbers {
 public:
  explicit ShardNumbers(const Settings& settings);

  bool isSingle() const { return shards_ == 1; }
  // `routing`: "" stands for the id.
  std::uint32_t of(std::string_view id, std::string_view routing) const;

 private:
  std::uint32_t shards_ = 1;
  std::uint32_t routing_shards_ = 1;  // shards_ times a whole number
  std::uint32_t partition_size_ = 1;  // shards that one routing is spread over
};

}  // namespace gyre::dialect
