// What does the text of a query mean?
//
// The grammar of Prometheus 2.42 with its precedences: or; and, unless; comparisons; + -; * / % atan2; unary minus
// beside *; ^ from the right. offset and @ belong to the selector before them. Every expression is typed and checked.
//
// THREADS: functions without state.
#pragma once

#include <cstddef>
#include <string_view>

#include "engine/promql/ast.hpp"
#include "gyre/status.hpp"

namespace gyre::engine::promql {

struct ParseLimits {
  std::size_t max_query_bytes = 128 * 1024;
  // Levels of the tree; a + b + c has as many as it has operators.
  std::uint32_t max_depth = 400;
};

// invalid_argument with the reason bad_data: "1:5: parse error: …", or the limit that the query is beyond.
Result<ExprPtr> parseQuery(std::string_view query, const ParseLimits& limits = {});

// up{job="a"}, as the match[] parameters of listings hold: the same errors.
Result<series::Matchers> parseSelector(std::string_view text, const ParseLimits& limits = {});

}  // namespace gyre::engine::promql
