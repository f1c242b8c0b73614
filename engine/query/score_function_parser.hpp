// Which score function does this JSON ask for?
//
// THREADS: free functions.
#pragma once

#include <string_view>

#include "engine/query/query_parser.hpp"
#include "engine/query/score_function.hpp"
#include "gyre/json.hpp"

namespace gyre::engine {

// Whether the member names a function: field_value_factor, random_score, gauss, exp, linear (script_score and others
// that are known but not offered are refused by name when parsed).
bool isScoreFunction(std::string_view name);
Result<ScoreFunctionPtr> parseScoreFunction(json::Value member, const ParseContext& context);

}  // namespace gyre::engine
