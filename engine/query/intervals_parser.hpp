// Reads {"intervals": {field: {rule}}}: match, prefix, wildcard, regexp, fuzzy, all_of and any_of, with filters.
//
// THREADS: free function.
#pragma once

#include "engine/query/query_parser.hpp"

namespace gyre::engine {

Result<QueryPtr> parseIntervals(json::Value body, ParseContext& context);

}  // namespace gyre::engine
