// What did a series do in each minute, or hour?
//
// THREADS: free functions.
#pragma once

#include <cstdint>

#include "engine/series/sample.hpp"

namespace gyre::engine::series {

inline constexpr std::int64_t kMinuteMs = 60'000;
inline constexpr std::int64_t kHourMs = 3'600'000;

// The end of the bucket that holds a time: buckets are open on the left, so a multiple of the resolution is its own.
// REQUIRES: |time_ms| + resolution_ms fits.
inline std::int64_t bucketEnd(std::int64_t time_ms, std::int64_t resolution_ms) {
  const std::int64_t quotient = time_ms / resolution_ms;
  return (quotient + (time_ms % resolution_ms > 0 ? 1 : 0)) * resolution_ms;
}

// Samples in time order to buckets, which are added to `into`. Stale markers are not counted; values that are NaN
// count, and make the sum one; they are min and max only when nothing else is there.
void rollUp(const SampleColumns& samples, std::int64_t resolution_ms, RollUps& into);

// Puts buckets in order; those of one end become one, as if their samples had been one bucket's.
void joinRollUps(RollUps& roll_ups);

}  // namespace gyre::engine::series
