// How does the dialect write what a search found?
//
// THREADS: free functions.
#pragma once

#include <cstdint>
#include <string>

#include "engine/search/search_options.hpp"
#include "engine/search/search_run.hpp"

namespace gyre::engine {

struct WrittenResponse {
  std::string body;
  std::uint64_t hit_count = 0;
};
Result<WrittenResponse> writeResponse(const SearchPlan& plan, const SearchOptions& options, SearchOutcome& outcome,
                                      std::int64_t deadline_nanos, std::int64_t took_millis);

// "_shards": {…}
void writeShards(const SearchPlan& plan, JsonWriter& writer);

}  // namespace gyre::engine
