// How are values kept that grow with their documents: timestamps of arrival, places where something ends, sequence
// numbers?
//
// As what they differ by from a straight line through the window's first and last value, which takes a few bits where
// the values themselves take twenty.
// FORMAT: docs/INDEX_FORMAT.md, "Columns", layout 5.
//
// THREADS: free functions.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace gyre::engine {

// Of the slope, which counts in fractions of a step a document.
inline constexpr unsigned kTrendFractionBits = 20;

// Where the line stands at document i of the window. Wraps, so that any slope of a damaged file is harmless.
inline std::int64_t trendAt(std::int64_t slope, std::uint32_t i) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(slope) * i) >> kTrendFractionBits;
}

struct Trend {
  std::int64_t slope = 0;
  std::int64_t lowest = 0;  // what the value that lies lowest below the line differs by
  unsigned width = 0;       // bits of a difference from there
};

// A line that saves bits enough, or nothing. `width`: bits that the numbers take without one.
std::optional<Trend> findTrend(std::span<const std::uint64_t> numbers, unsigned width);

}  // namespace gyre::engine
