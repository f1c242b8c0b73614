// How does the dialect write what a search found?
//
// THREADS: free functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/aggs/aggregation.hpp"
#include "engine/search/collector.hpp"
#include "engine/search/search_request.hpp"

namespace gyre::engine {

// What one run over the snapshot gave.
struct SearchOutcome {
  std::vector<Hit> hits;  // from the request's `from` on
  float max_score = 0;    // when has_max_score
  bool has_max_score = false;
  std::uint64_t total = 0;
  bool is_total_exact = true;
  bool is_timed_out = false;
  AggregatorSet aggregators;
  std::vector<std::vector<std::string>>
      matched;  // names of the matching named queries, for each hit; empty without any
};

Result<std::string> writeResponse(const Snapshot& snapshot, std::string_view index_name, const SearchRequest& request,
                                  SearchOutcome& outcome, std::int64_t took_millis);

}  // namespace gyre::engine
