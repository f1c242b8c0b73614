// How is a column of whole numbers kept: times, counts, decimals without their point?
//
// Whichever is shortest for the column: the numbers less the smallest, their differences, or the differences of the
// differences (a regular series of times then takes no bits at all); bit-packed, with the few that are too wide apart.
// FORMAT: docs/SERIES_FORMAT.md, "Integers". Sums wrap around at 64 bits, so every column can be kept.
//
// THREADS: free functions.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/bytes.hpp"

namespace gyre::engine::series {

inline std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
inline std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

// How many numbers are in a column is for the caller to know.
void appendIntegers(std::string& out, std::span<const std::int64_t> values);

// Fills `into`. False when the bytes make no sense; the reader is then anywhere.
bool readIntegers(base::ByteReader& reader, std::span<std::int64_t> into);

}  // namespace gyre::engine::series
