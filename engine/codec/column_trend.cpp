#include "engine/codec/column_trend.hpp"

#include <algorithm>

#include "engine/codec/bit_packing.hpp"

namespace gyre::engine {
namespace {

// The slope takes eight bytes, and values that lie on a line are not compared as they lie: not for less.
constexpr std::size_t kFewestNumbers = 256;
constexpr unsigned kFewestBitsSaved = 2;
// Wider numbers, with the fraction's bits, would not fit a word; they are no steps but random.
constexpr unsigned kWidest = 40;

std::int64_t differenceAt(std::span<const std::uint64_t> numbers, std::int64_t slope, std::uint32_t i) {
  return static_cast<std::int64_t>(numbers[i]) - trendAt(slope, i);
}

}  // namespace

std::optional<Trend> findTrend(std::span<const std::uint64_t> numbers, unsigned width) {
  if (numbers.size() < kFewestNumbers || width < kFewestBitsSaved || width > kWidest) return std::nullopt;
  const auto last = static_cast<std::uint32_t>(numbers.size() - 1);
  const std::int64_t rise = static_cast<std::int64_t>(numbers[last]) - static_cast<std::int64_t>(numbers[0]);
  Trend trend;
  trend.slope = rise * (std::int64_t{1} << kTrendFractionBits) / static_cast<std::int64_t>(last);
  std::int64_t highest = trend.lowest = differenceAt(numbers, trend.slope, 0);
  const auto look = [&](std::uint32_t i) {
    const std::int64_t difference = differenceAt(numbers, trend.slope, i);
    trend.lowest = std::min(trend.lowest, difference);
    highest = std::max(highest, difference);
  };
  const auto isGood = [&] {
    trend.width = bitWidth(static_cast<std::uint64_t>(highest - trend.lowest));
    return trend.width + kFewestBitsSaved <= width;
  };
  // Numbers in no order show it at a few places.
  constexpr std::uint32_t kSamples = 16;
  for (std::uint32_t sample = 1; sample < kSamples; ++sample) look(last / kSamples * sample);
  if (!isGood()) return std::nullopt;
  for (std::uint32_t i = 1; i <= last; ++i) look(i);
  return isGood() ? std::optional(trend) : std::nullopt;
}

}  // namespace gyre::engine
