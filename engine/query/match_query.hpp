// Which options do the queries that take a text have in common?
//
// THREADS: free functions.
#pragma once

#include <string_view>

#include "engine/query/text_query.hpp"
#include "gyre/json.hpp"

namespace gyre::engine {

// Reads one option that match and multi_match share. False when it is none of them.
Result<bool> readMatchOption(std::string_view kind, json::Value option, MatchOptions& options);
// "and", "OR".
Result<bool> parseOperatorIsAnd(json::Value option);

}  // namespace gyre::engine
