// How is a number kept so that all types sort, compare and pack as one?
//
// Every numeric value is an ordered int64: dates are milliseconds, booleans 0 and 1, whole numbers themselves,
// scaled_float the scaled whole number, double and float their IEEE bits folded so that integer order is numeric order
// (-0.0 sorts before 0.0 and differs from it, as in the dialect).
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

}  // namespace gyre::engine
