// Which segments should become one?
//
// Tiered: segments of similar size are merged when ten of them have gathered, so a document is rewritten once a tier
// (tens of megabytes to gigabytes: four times). All below the floor count as one tier: refreshes make many tiny ones.
// Segments above the ceiling are left alone. One with many deleted documents is rewritten by itself to drop them.
//
// THREADS: free function.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace gyre::engine {

struct MergePolicy {
  std::uint32_t segments_per_tier = 10;
  std::uint64_t floor_bytes = 2u << 20;
  std::uint64_t tier_factor = 8;  // sizes within one tier differ by no more
  std::uint64_t ceiling_bytes = std::uint64_t{5} << 30;
  double deleted_share = 0.4;  // above it a segment is rewritten alone
};

struct MergeCandidate {
  std::uint64_t bytes = 0;
  std::uint32_t doc_count = 0;
  std::uint32_t live_count = 0;
  bool is_taken = false;  // part of a merge already
};

// Indexes into `segments`, ascending; empty when nothing is due.
std::vector<std::size_t> chooseMerge(const MergePolicy& policy, std::span<const MergeCandidate> segments);

// The cheapest merge that leaves at most `max_segments`; with none needed, one segment that has deleted documents if
// `max_segments` is 1. Taken ones are not touched.
std::vector<std::size_t> chooseForcedMerge(std::span<const MergeCandidate> segments, std::uint32_t max_segments);

}  // namespace gyre::engine
