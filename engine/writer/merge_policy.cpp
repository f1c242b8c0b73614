#include "engine/writer/merge_policy.hpp"

#include <algorithm>
#include <map>

namespace gyre::engine {
namespace {

// What would be left of it.
std::uint64_t liveBytes(const MergeCandidate& segment) {
  if (segment.doc_count == 0) return 0;
  return static_cast<std::uint64_t>(static_cast<double>(segment.bytes) * segment.live_count / segment.doc_count);
}

unsigned tierOf(const MergePolicy& policy, std::uint64_t bytes) {
  unsigned tier = 0;
  for (std::uint64_t limit = policy.floor_bytes; bytes > limit && tier < 32; limit *= policy.tier_factor) ++tier;
  return tier;
}

void sortBySize(std::span<const MergeCandidate> segments, std::vector<std::size_t>& chosen) {
  std::stable_sort(chosen.begin(), chosen.end(),
                   [&](std::size_t a, std::size_t b) { return liveBytes(segments[a]) < liveBytes(segments[b]); });
}

}  // namespace

std::vector<std::size_t> chooseMerge(const MergePolicy& policy, std::span<const MergeCandidate> segments) {
  std::map<unsigned, std::vector<std::size_t>> tiers;
  for (std::size_t i = 0; i < segments.size(); ++i)
    if (!segments[i].is_taken && liveBytes(segments[i]) <= policy.ceiling_bytes)
      tiers[tierOf(policy, liveBytes(segments[i]))].push_back(i);
  for (auto& [tier, members] : tiers) {
    if (members.size() < policy.segments_per_tier) continue;
    sortBySize(segments, members);
    // Twice the usual number of tiny ones: they cost nothing, and there may be hundreds.
    std::size_t most = tier == 0 ? 2 * std::size_t{policy.segments_per_tier} : policy.segments_per_tier;
    std::uint64_t bytes = 0;
    std::vector<std::size_t> chosen;
    for (const std::size_t i : members) {
      bytes += liveBytes(segments[i]);
      if (chosen.size() == most || (chosen.size() >= 2 && bytes > policy.ceiling_bytes)) break;
      chosen.push_back(i);
    }
    std::sort(chosen.begin(), chosen.end());
    return chosen;
  }
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const MergeCandidate& each = segments[i];
    const double deleted = each.doc_count - each.live_count;
    if (!each.is_taken && each.bytes > policy.floor_bytes && deleted > policy.deleted_share * each.doc_count)
      return {i};
  }
  return {};
}

std::vector<std::size_t> chooseForcedMerge(std::span<const MergeCandidate> segments, std::uint32_t max_segments) {
  const std::size_t most = std::max<std::uint32_t>(1, max_segments);
  std::vector<std::size_t> free;
  for (std::size_t i = 0; i < segments.size(); ++i)
    if (!segments[i].is_taken) free.push_back(i);
  if (segments.size() <= most) {
    if (most == 1 && free.size() == 1 && segments[free[0]].live_count < segments[free[0]].doc_count) return free;
    return {};
  }
  sortBySize(segments, free);
  free.resize(std::min(free.size(), segments.size() - most + 1));
  std::sort(free.begin(), free.end());
  if (free.size() < 2) free.clear();
  return free;
}

}  // namespace gyre::engine
