#include "engine/codec/column_filter.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "base/bytes.hpp"
#include "engine/codec/column_layout.hpp"
#include "engine/codec/packed_lanes.hpp"

namespace gyre::engine {
namespace {

struct PackedBounds {
  std::uint64_t lowest, highest;
};

std::int64_t valueAt(const ColumnBlock& block, std::uint64_t packed) {
  const auto whole = static_cast<std::int64_t>(block.base + block.multiplier * packed);
  return fromDecimal(whole, kPowers[block.decimal & ~kFloatFlag], (block.decimal & kFloatFlag) != 0);
}

// The first packed decimal that stands for `value` or more; the guess is off by rounding alone, so a block whose bounds
// contradict its values is given up soon. REQUIRES: block.min < value <= block.max.
std::optional<std::uint64_t> firstFrom(const ColumnBlock& block, std::int64_t value) {
  constexpr int kMostSteps = 4;
  const double whole = decodeDouble(value) * kPowers[block.decimal & ~kFloatFlag];
  const double guess =
      (whole - static_cast<double>(static_cast<std::int64_t>(block.base))) / static_cast<double>(block.multiplier);
  auto packed = guess > 0 ? static_cast<std::uint64_t>(std::min(guess, kLargestWhole)) : 0;
  int steps = 0;
  for (; packed > 0 && valueAt(block, packed - 1) >= value; --packed)
    if (++steps > kMostSteps) return std::nullopt;
  for (; valueAt(block, packed) < value; ++packed)
    if (++steps > kMostSteps) return std::nullopt;
  return packed;
}

// Of whole numbers: how many steps of the block's lie below.
std::uint64_t stepsUpTo(const ColumnBlock& block, std::int64_t value) {
  return (static_cast<std::uint64_t>(value) - block.base) / block.multiplier;
}

// REQUIRES: [lowest, highest] overlaps [block.min, block.max].
std::optional<PackedBounds> packedBounds(const ColumnBlock& block, std::int64_t lowest, std::int64_t highest) {
  PackedBounds bounds{0, ~std::uint64_t{0}};
  if (block.decimal == kWholeNumbers) {
    if (lowest > block.min) bounds.lowest = stepsUpTo(block, lowest - 1) + 1;
    if (highest < block.max) bounds.highest = stepsUpTo(block, highest);
    return bounds;
  }
  if (lowest > block.min) {
    const auto first = firstFrom(block, lowest);
    if (!first) return std::nullopt;
    bounds.lowest = *first;
  }
  if (highest < block.max) {
    const auto beyond = firstFrom(block, highest + 1);
    if (!beyond || *beyond == 0) return std::nullopt;
    bounds.highest = *beyond - 1;
  }
  return bounds;
}

}  // namespace

bool matchPacked(const ColumnReader& column, std::uint32_t window, std::int64_t lowest, std::int64_t highest,
                 std::uint64_t* bits) {
  const auto* const windows = dynamic_cast<const PackedWindows*>(&column);
  if (windows == nullptr) return false;
  const auto [block, data, docs] = windows->packedWindow(window);
  const bool is_slotted = block.layout == ColumnLayout::kSlotted;
  if ((!is_slotted && block.layout != ColumnLayout::kFull) || block.width == 0 || block.multiplier == 0) return false;
  if (block.decimal == kWholeNumbers && block.base != static_cast<std::uint64_t>(block.min)) return false;
  if (lowest > block.max || highest < block.min) {
    std::fill_n(bits, kWindowWords, 0);
    return true;
  }
  const auto bounds = packedBounds(block, lowest, highest);
  if (!bounds) return false;
  std::fill_n(bits, kWindowWords, 0);
  // Between two steps of the block lies nothing.
  if (bounds->lowest > bounds->highest) return true;
  packedWithin(data + (is_slotted ? kWindowWords * 8 : 0), docs, block.width, bounds->lowest, bounds->highest, bits);
  if (is_slotted)
    for (std::uint32_t w = 0; w < kWindowWords; ++w) bits[w] &= base::loadLittle<std::uint64_t>(data + w * 8);
  return true;
}

}  // namespace gyre::engine
