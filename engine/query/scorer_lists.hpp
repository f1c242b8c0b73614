// What do several scorers together say of themselves?
//
// THREADS: as query.hpp says.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "engine/query/query.hpp"

namespace gyre::engine {

// No document before it, from `from` on, matches any of them.
inline DocId firstCandidate(std::vector<ScorerPtr>& scorers, DocId from) {
  DocId first = kNoMoreDocs;
  for (const ScorerPtr& scorer : scorers) {
    first = std::min(first, scorer->nextCandidate(from));
    if (first == from) break;
  }
  return first;
}

inline std::uint64_t sumOfParts(const std::vector<ScorerPtr>& scorers) {
  std::uint64_t parts = 0;
  for (const ScorerPtr& scorer : scorers) parts += scorer->partCount();
  return parts;
}

inline std::uint64_t sumOfCosts(const std::vector<ScorerPtr>& scorers) {
  std::uint64_t cost = 0;
  for (const ScorerPtr& scorer : scorers) cost += scorer->cost();
  return cost;
}

}  // namespace gyre::engine
