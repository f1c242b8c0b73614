// Which span query does this JSON ask for?
//
// THREADS: free functions.
#pragma once

#include <string_view>

#include "engine/query/query_parser.hpp"

namespace gyre::engine {

// What stands under "span_near", "span_term" and so on; body.key() is the kind.
Result<QueryPtr> parseSpanQuery(json::Value body, ParseContext& context);
bool isSpanKind(std::string_view kind);

}  // namespace gyre::engine
