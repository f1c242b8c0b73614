// How is a number kept so that all types sort, compare and pack as one?
//
// Every numeric value is an ordered int64: dates are milliseconds, booleans 0 and 1, whole numbers themselves,
// scaled_float the scaled whole number, double and float their IEEE bits folded so that integer order is numeric order
// (-0.0 sorts before 0.0 and differs from it, as in the dialect), unsigned numbers with their top bit inverted.
#pragma once

#include <bit>
#include <cstdint>

namespace gyre::engine {

inline std::int64_t encodeDouble(double value) {
  const auto bits = std::bit_cast<std::int64_t>(value);
  return bits ^ ((bits >> 63) & 0x7fff'ffff'ffff'ffff);
}
inline double decodeDouble(std::int64_t encoded) {
  return std::bit_cast<double>(encoded ^ ((encoded >> 63) & 0x7fff'ffff'ffff'ffff));
}
// A float is widened exactly, so both share one order.
inline std::int64_t encodeFloat(float value) { return encodeDouble(static_cast<double>(value)); }

// Unsigned numbers: the top bit inverted, so that int64 order is theirs.
inline std::int64_t encodeUnsigned(std::uint64_t value) {
  return static_cast<std::int64_t>(value ^ 0x8000'0000'0000'0000u);
}
inline std::uint64_t decodeUnsigned(std::int64_t encoded) {
  return static_cast<std::uint64_t>(encoded) ^ 0x8000'0000'0000'0000u;
}

}  // namespace gyre::engine
