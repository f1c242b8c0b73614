// What do the two sides of a column's bytes agree on? docs/INDEX_FORMAT.md, "Columns".
//
// THREADS: free functions.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/codec/doc_id.hpp"
#include "engine/mapping/numeric_value.hpp"

namespace gyre::engine {

// ColumnBlock::decimal of whole numbers; otherwise the exponent, with the flag for a float.
inline constexpr std::uint8_t kWholeNumbers = 0xff;
inline constexpr std::uint8_t kFloatFlag = 0x80;
// 10^14: with 53 bits of mantissa there is nothing to gain beyond.
inline constexpr unsigned kMaxExponent = 14;
inline constexpr std::array<double, kMaxExponent + 1> kPowers = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6, 1e7,
                                                                 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14};
inline constexpr double kLargestWhole = 9007199254740992.0;  // 2^53: whole doubles are exact up to here

// The one formula that both sides use, so packing is lossless by construction. Both operands are exact, so the quotient
// is the double nearest to the decimal, which is what a JSON parser had made of it.
inline std::int64_t fromDecimal(std::int64_t whole, double power, bool is_float) {
  const double value = static_cast<double>(whole) / power;
  return is_float ? encodeFloat(static_cast<float>(value)) : encodeDouble(value);
}

inline constexpr std::size_t kColumnHeaderBytes = 40;
inline constexpr std::size_t kSlopeBytes = 8;  // of layout 5

inline std::uint32_t windowCount(std::uint32_t doc_count) {
  return static_cast<std::uint32_t>((std::uint64_t{doc_count} + kWindowDocs - 1) / kWindowDocs);
}
inline std::uint32_t docsOfWindow(std::uint32_t doc_count, std::uint32_t window) {
  return std::min(kWindowDocs, doc_count - window * kWindowDocs);
}

}  // namespace gyre::engine
