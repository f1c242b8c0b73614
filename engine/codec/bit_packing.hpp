// How are whole numbers kept in as few bits as the largest of them needs?
//
// FORMAT: value i occupies bits i * width … i * width + width - 1 of a little-endian bit stream, that is, bit b of the
// stream is bit b % 8 of byte b / 8. Eight values fill exactly `width` bytes, so unpacking goes by eights with constant
// shifts. Width 0 takes no bytes and reads as zeros.
// REQUIRES: unpacking may load, and ignore, up to kUnpackSlack bytes after the packed run; every section ends with that
// many zero bytes.
//
// THREADS: free functions.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/bytes.hpp"

namespace gyre::engine {

inline constexpr std::size_t kUnpackSlack = 16;

// Bits that `value` needs; 0 for 0.
inline unsigned bitWidth(std::uint64_t value) { return 64u - static_cast<unsigned>(std::countl_zero(value)); }

// Bytes of a packed run. REQUIRES: count below 2^32, width at most 64.
constexpr std::uint64_t packedBytes(std::uint64_t count, unsigned width) { return (count * width + 7) / 8; }

// REQUIRES: every value fits `width` bits.
void appendPacked(std::string& out, std::span<const std::uint64_t> values, unsigned width);
void appendPacked(std::string& out, std::span<const std::uint32_t> values, unsigned width);

// REQUIRES: width is at most 64, or 32 for the narrow form.
void unpack(const std::uint8_t* from, std::size_t count, unsigned width, std::uint64_t* to);
void unpack(const std::uint8_t* from, std::size_t count, unsigned width, std::uint32_t* to);

// The index-th value alone.
inline std::uint64_t unpackOne(const std::uint8_t* from, std::size_t index, unsigned width) {
  if (width == 0) return 0;
  const std::size_t bit = index * width;
  const std::uint8_t* const at = from + bit / 8;
  const unsigned shift = bit % 8;
  std::uint64_t value = base::loadLittle<std::uint64_t>(at) >> shift;
  if (shift + width > 64) value |= static_cast<std::uint64_t>(at[8]) << (64 - shift);
  return width == 64 ? value : value & ((std::uint64_t{1} << width) - 1);
}

}  // namespace gyre::engine
