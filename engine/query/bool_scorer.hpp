// How does a bool walk one segment?
//
// THREADS: as query.hpp says.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/query/query.hpp"

namespace gyre::engine {

// A clause that every match satisfies; `is_scored` says whether its score counts.
struct RequiredScorer {
  ScorerPtr scorer;
  bool is_scored = false;
};

// REQUIRES: minimum_should_match <= should.size(), and at least one of required, should is not empty, or `run` answers
// for all documents. Null when nothing can match.
ScorerPtr makeBoolScorer(SegmentRun& run, std::vector<RequiredScorer> required, std::vector<ScorerPtr> should,
                         std::vector<ScorerPtr> must_not, std::uint32_t minimum_should_match);

}  // namespace gyre::engine
