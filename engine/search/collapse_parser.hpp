// What do "rescore", "collapse" and "slice" ask for?
//
// THREADS: free functions.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/query/query_parser.hpp"
#include "engine/search/search_request.hpp"

namespace gyre::engine {

// {"window_size": …, "query": {"rescore_query": …, …}}, or several in an array: each works on the outcome of the one
// before.
Result<std::vector<Rescore>> parseRescores(json::Value value, ParseContext& context);
// {"field": …, "inner_hits": {…} or […], "max_concurrent_group_searches": …}
Result<Collapse> parseCollapse(json::Value value, const ParseContext& context);
// {"id": …, "max": …, "field": …}
Result<Slice> parseSlice(json::Value value);

}  // namespace gyre::engine
