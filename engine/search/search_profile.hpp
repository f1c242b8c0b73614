// What does a search tell of the time it took? The "profile" of an answer.
//
// THREADS: free function.
#pragma once

#include "engine/search/search_plan.hpp"
#include "engine/search/search_run.hpp"
#include "gyre/json_writer.hpp"

namespace gyre::engine {

// The member "profile": for each index its query, for all of them together, with the first, how hits were collected and
// the aggregations. REQUIRES: the request asks for it, and the answer is written.
void writeProfile(const SearchPlan& plan, const SearchOutcome& outcome, JsonWriter& writer);

}  // namespace gyre::engine
