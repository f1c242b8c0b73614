// How much more frequent is a term among the matching documents than among all?
//
// The scores that significant_terms orders its buckets by.
//
// THREADS: values and free functions.
#pragma once

#include <cstdint>

#include "engine/aggs/aggregation_parser.hpp"

namespace gyre::engine {

// How many documents there are, and how many of them have the term.
struct TermFrequencies {
  double subset_count = 0;  // of the matching documents
  double subset_size = 0;
  double superset_count = 0;  // of the background
  double superset_size = 0;
};

struct Significance {
  enum class Kind : std::uint8_t { kJlh, kMutualInformation, kChiSquare, kGoogleDistance, kPercentage };
  Kind kind = Kind::kJlh;
  bool has_negatives = false;          // terms that are rarer than in the background count too
  bool is_background_superset = true;  // the background holds the matching documents

  // Not above 0: the term means nothing.
  double score(const TermFrequencies& frequencies) const;
};

Result<AggregationPtr> parseSignificantTerms(AggregationRequest& request);
Result<AggregationPtr> parseSampler(AggregationRequest& request);

}  // namespace gyre::engine
