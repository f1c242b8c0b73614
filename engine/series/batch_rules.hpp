// What does every store of series make of a sample batch, whatever it keeps it in?
//
// THREADS: free functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "gyre/sample_batch.hpp"

namespace gyre::engine::series {

// The years 1 to 9999: far enough for any clock, near enough that no sum of times overflows. Samples outside are
// dropped.
inline constexpr std::int64_t kFirstTimeMs = -62'135'596'800'000;
inline constexpr std::int64_t kLastTimeMs = 253'402'300'799'999;
// Of a store without a sample.
inline constexpr std::int64_t kNoTimeMs = std::numeric_limits<std::int64_t>::min();

// Metric families whose type and help are kept; further ones are not.
inline constexpr std::size_t kMostFamilies = 50'000;

// The first time that is not too late: `newest_ms` is the store's before the batch (kNoTimeMs for none),
// `out_of_order_ms` how much older a sample may be, 0 any.
inline std::int64_t firstTaken(std::int64_t newest_ms, std::int64_t out_of_order_ms) {
  if (out_of_order_ms <= 0 || newest_ms <= kFirstTimeMs + out_of_order_ms) return kFirstTimeMs;
  return newest_ms - out_of_order_ms;
}

// As MetricMetadata. Borrowed from the batch.
struct FamilyDescription {
  std::string_view name, type, help, unit;
};
// What is said of the metric family that a series of the batch belongs to; nothing when nothing is, or it has no name.
std::optional<FamilyDescription> describedFamily(const SampleBatch& batch, std::size_t series);

}  // namespace gyre::engine::series
