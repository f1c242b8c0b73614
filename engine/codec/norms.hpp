// How is the length of a text kept in one byte, so that scores equal Lucene's?
//
// FORMAT: 0 to 39 stand for themselves; larger lengths keep the four highest bits of (length - 24): a 3-bit mantissa
// below an implicit one, and an exponent. This is the dialect's own rounding (SmallFloat.intToByte4): exact to 40, then
// 42, 44 … The byte grows with the length, so the smallest byte of a block belongs to its shortest text.
//
// THREADS: free functions.
#pragma once

#include <bit>
#include <cstdint>

namespace gyre::engine {

namespace detail {
// The first 24 lengths are exact because the largest one, 2^31 - 1, needs only 231 of the 255 codes.
inline constexpr std::uint32_t kExactLengths = 24;
}  // namespace detail

constexpr std::uint8_t lengthToNorm(std::uint32_t length) {
  if (length < detail::kExactLengths) return static_cast<std::uint8_t>(length);
  const std::uint32_t rest = length - detail::kExactLengths;
  const auto bits = static_cast<std::uint32_t>(std::bit_width(rest));
  if (bits < 4) return static_cast<std::uint8_t>(detail::kExactLengths + rest);
  const std::uint32_t shift = bits - 4;
  const std::uint32_t code = ((rest >> shift) & 7u) | ((shift + 1) << 3);
  return static_cast<std::uint8_t>(detail::kExactLengths + code);
}

constexpr std::uint32_t normToLength(std::uint8_t norm) {
  if (norm < detail::kExactLengths) return norm;
  const std::uint32_t code = norm - detail::kExactLengths;
  const std::uint32_t exponent = code >> 3;
  if (exponent == 0) return detail::kExactLengths + (code & 7u);
  return detail::kExactLengths + (((code & 7u) | 8u) << (exponent - 1));
}

}  // namespace gyre::engine
