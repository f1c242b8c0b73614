// What does a plan find?
//
// THREADS: free function; borrows the plan.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/aggs/aggregation.hpp"
#include "engine/search/collector.hpp"
#include "engine/search/search_plan.hpp"

namespace gyre::engine {

// What one run over the segments gave. Segments are numbered as in SearchPlan::snapshot.
struct SearchOutcome {
  std::vector<Hit> hits;  // from the request's `from` on
  float max_score = 0;    // when has_max_score
  bool has_max_score = false;
  std::uint64_t total = 0;
  bool is_total_exact = true;
  bool is_timed_out = false;
  bool is_terminated_early = false;
  AggregatorSet aggregators;
  WorkTime collect_time, aggregate_time;  // of a request that asks for its profile
  struct NamedMatch {
    std::string name;
    float score = 0;  // when scores were asked for
  };
  // The matching named queries, for each hit; empty without any.
  std::vector<std::vector<NamedMatch>> matched;
  std::vector<std::string> explanations;  // of each hit, as JSON; empty when they are not asked for
};

// `scores_names`: also the scores of named queries.
Result<SearchOutcome> runPlan(const SearchPlan& plan, std::int64_t deadline_nanos, bool scores_names = false);

}  // namespace gyre::engine
