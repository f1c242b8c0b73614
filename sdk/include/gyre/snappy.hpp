// How is one block of Snappy unpacked? Prometheus' remote write and Loki's push send their protobuf so.
//
// The block format: the plain size as a varint, then literals and copies from what was written before. Bounds are
// checked at every step; the caller asks for the plain size first, and so bounds the memory.
//
// THREADS: pure functions. Source: google/snappy, format_description.txt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gyre {

namespace snappy_detail {

// Takes the size off the front.
inline std::optional<std::uint32_t> takeSize(std::string_view& packed) {
  std::uint64_t size = 0;
  for (unsigned shift = 0; shift < 35; shift += 7) {
    if (packed.empty()) return std::nullopt;
    const auto byte = static_cast<unsigned char>(packed.front());
    packed.remove_prefix(1);
    size |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return size > 0xffffffff ? std::nullopt : std::optional(static_cast<std::uint32_t>(size));
  }
  return std::nullopt;
}

// Takes a little-endian number of `count` bytes off the front.
inline bool takeNumber(std::string_view& packed, unsigned count, std::uint32_t& number) {
  if (packed.size() < count) return false;
  number = 0;
  for (unsigned i = 0; i < count; ++i)
    number |= static_cast<std::uint32_t>(static_cast<unsigned char>(packed[i])) << (8 * i);
  packed.remove_prefix(count);
  return true;
}

}  // namespace snappy_detail

// Nothing when the block does not even begin as one.
inline std::optional<std::uint32_t> snappyPlainSize(std::string_view packed) { return snappy_detail::takeSize(packed); }

// False when the block is damaged or cut off. Takes as much memory as snappyPlainSize() says.
inline bool unpackSnappy(std::string_view packed, std::string& plain) {
  plain.clear();
  const auto size = snappy_detail::takeSize(packed);
  if (!size) return false;
  plain.reserve(*size);
  while (!packed.empty()) {
    const auto tag = static_cast<unsigned char>(packed.front());
    packed.remove_prefix(1);
    if ((tag & 3) == 0) {
      std::uint32_t length = tag >> 2;
      if (length >= 60 && !snappy_detail::takeNumber(packed, length - 59, length)) return false;
      const std::uint64_t wanted = static_cast<std::uint64_t>(length) + 1;
      if (wanted > packed.size() || plain.size() + wanted > *size) return false;
      plain += packed.substr(0, wanted);
      packed.remove_prefix(wanted);
      continue;
    }
    std::uint32_t length = (tag >> 2) + 1u;
    std::uint32_t offset = 0;
    if (!snappy_detail::takeNumber(packed, (tag & 3) == 1 ? 1 : (tag & 3) == 2 ? 2 : 4, offset)) return false;
    if ((tag & 3) == 1) {
      length = ((tag >> 2) & 7) + 4u;
      offset |= static_cast<std::uint32_t>(tag >> 5) << 8;
    }
    if (offset == 0 || offset > plain.size() || plain.size() + length > *size) return false;
    // Byte by byte where source and target overlap: that is how runs are written.
    const std::size_t from = plain.size() - offset;
    if (length <= offset) {
      plain.append(plain, from, length);
    } else {
      for (std::uint32_t i = 0; i < length; ++i) plain += plain[from + i];
    }
  }
  return plain.size() == *size;
}

}  // namespace gyre
