#include "server/dialect/shard_number.hpp"

#include <algorithm>
#include <bit>
#include <string>

namespace gyre::dialect {

namespace {

// Without a setting an index may be split until it has about this many shards.
constexpr std::uint32_t kMostSplits = 10;  // as a power of two

std::string utf16(std::string_view text) {
  std::string units;
  units.reserve(2 * text.size());
  const auto append = [&units](std::uint32_t unit) {
    units += static_cast<char>(unit & 0xff);
    units += static_cast<char>(unit >> 8);
  };
  for (std::size_t i = 0; i < text.size();) {
    const auto byteAt = [&](std::size_t at) {
      return at < text.size() ? static_cast<std::uint32_t>(static_cast<unsigned char>(text[at])) : 0u;
    };
    const std::uint32_t lead = byteAt(i);
    if (lead < 0x80) {
      append(lead);
      i += 1;
    } else if (lead < 0xe0) {
      append((lead & 0x1f) << 6 | (byteAt(i + 1) & 0x3f));
      i += 2;
    } else if (lead < 0xf0) {
      append((lead & 0x0f) << 12 | (byteAt(i + 1) & 0x3f) << 6 | (byteAt(i + 2) & 0x3f));
      i += 3;
    } else {
      const std::uint32_t point =
          (lead & 0x07) << 18 | (byteAt(i + 1) & 0x3f) << 12 | (byteAt(i + 2) & 0x3f) << 6 | (byteAt(i + 3) & 0x3f);
      append(0xd800 + ((point - 0x10000) >> 10 & 0x3ff));
      append(0xdc00 + ((point - 0x10000) & 0x3ff));
      i += 4;
    }
  }
  return units;
}

// The remainder that is never negative.
std::uint32_t floorMod(std::int64_t value, std::uint32_t by) {
  const std::int64_t rest = value % by;
  return static_cast<std::uint32_t>(rest < 0 ? rest + by : rest);
}

}  // namespace

std::int32_t routingHash(std::string_view text) {
  constexpr std::uint32_t kFirst = 0xcc9e2d51, kSecond = 0x1b873593;
  const std::string bytes = utf16(text);
  const auto byteAt = [&](std::size_t at) { return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at])); };
  const std::size_t whole = bytes.size() / 4 * 4;
  std::uint32_t hash = 0;
  for (std::size_t i = 0; i < whole; i += 4) {
    std::uint32_t block = byteAt(i) | byteAt(i + 1) << 8 | byteAt(i + 2) << 16 | byteAt(i + 3) << 24;
    block = std::rotl(block * kFirst, 15) * kSecond;
    hash = std::rotl(hash ^ block, 13) * 5 + 0xe6546b64;
  }
  // Code units have two bytes, so two are left or none.
  if (whole < bytes.size()) hash ^= std::rotl((byteAt(whole) | byteAt(whole + 1) << 8) * kFirst, 15) * kSecond;
  hash ^= static_cast<std::uint32_t>(bytes.size());
  hash = (hash ^ hash >> 16) * 0x85ebca6b;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35;
  return static_cast<std::int32_t>(hash ^ hash >> 16);
}

ShardNumbers::ShardNumbers(const Settings& settings) {
  const auto setting = [&](std::string_view name, std::int64_t otherwise) {
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(settings.whole(name, otherwise), 1, 1 << 20));
  };
  shards_ = setting("index.number_of_shards", 1);
  const auto doublings = static_cast<std::uint32_t>(std::bit_width(shards_ - 1));
  const std::uint32_t splits = kMostSplits > doublings ? kMostSplits - doublings : 1;
  routing_shards_ = setting("index.number_of_routing_shards", std::int64_t{shards_} << splits);
  if (routing_shards_ % shards_ != 0) routing_shards_ = shards_;
  partition_size_ = setting("index.routing_partition_size", 1);
}

std::uint32_t ShardNumbers::of(std::string_view id, std::string_view routing) const {
  if (isSingle()) return 0;
  std::int64_t hash = routingHash(routing.empty() ? id : routing);
  if (partition_size_ > 1) hash += floorMod(routingHash(id), partition_size_);
  return floorMod(hash, routing_shards_) / (routing_shards_ / shards_);
}

}  // namespace gyre::dialect
