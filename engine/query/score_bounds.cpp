#include "engine/query/score_bounds.hpp"

#include <algorithm>

#include "base/cpu_clones.hpp"

namespace gyre::engine {

namespace {

GYRE_CPU_CLONES
std::uint8_t highestOf(const std::uint8_t* bounds) {
  std::uint8_t highest = 0;
  for (std::uint32_t i = 0; i < kWindowDocs; ++i) highest = std::max(highest, bounds[i]);
  return highest;
}

}  // namespace

bool WindowBounds::mayExceed(const std::uint64_t* bits) const {
  if (highestOf(bounds) < least) return false;
  bool may = false;
  forEachBit(bits, [&](std::uint32_t i) { may = may || bounds[i] >= least; });
  return may;
}

}  // namespace gyre::engine
