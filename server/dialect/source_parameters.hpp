// Which part of a source do the parameters `_source`, `_source_includes` and `_source_excludes` ask for?
//
// THREADS: free functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/search/source_filter.hpp"
#include "gyre/json.hpp"
#include "server/dialect/route_table.hpp"

namespace gyre::dialect {

inline constexpr std::string_view kSourceParameters[] = {"_source", "_source_includes", "_source_excludes"};

// Nothing when the URL has none of them.
Result<std::optional<engine::SourceFilter>> readSourceParameters(const Call& call);
// What the JSON of a request's `_source` asks for.
Result<engine::SourceFilter> readSourceMember(json::Value value);

}  // namespace gyre::dialect
