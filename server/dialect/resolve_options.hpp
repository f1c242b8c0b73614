// Which indices may an expression of this request name? The parameters that every call on several indices takes.
//
// THREADS: free functions.
#pragma once

#include <string_view>

#include "gyre/status.hpp"
#include "server/dialect/catalog.hpp"
#include "server/dialect/route_table.hpp"

namespace gyre::dialect {

// For a route's list of parameters.
#define GYRE_RESOLVE_PARAMETERS "ignore_unavailable allow_no_indices expand_wildcards"

// `otherwise`, changed by ignore_unavailable, allow_no_indices and expand_wildcards.
Result<ResolveOptions> readResolveOptions(const Call& call, ResolveOptions otherwise = {});

// What the calls start from. A search's are the defaults of ResolveOptions.
inline ResolveOptions openOnly() {
  ResolveOptions options;
  options.forbids_closed = false;
  return options;
}
inline ResolveOptions openAndClosed() {
  ResolveOptions options = openOnly();
  options.expands_closed = true;
  return options;
}

// The parts of a list "a,b"; empty parts are left out.
std::vector<std::string_view> splitList(std::string_view list);

}  // namespace gyre::dialect
