// Which indices, aliases and templates would a request change?
//
// What is forwarded to a cluster must not touch what the domains keep there: this reads the names from the path and
// from the bodies that hold some (bulk actions, aliases, reindex, new indices and templates).
//
// THREADS: free function.
#pragma once

#include <string>
#include <vector>

#include "gyre/status.hpp"
#include "server/dialect/message.hpp"
#include "server/dialect/route_table.hpp"

namespace gyre::dialect {

struct TouchedNames {
  std::vector<std::string> names;     // as they stand; may have wildcards: "logs-*", "*" for every index
  std::vector<std::string> patterns;  // of templates: what indices that come later will be called
};

// Nothing for a request that only looks. invalid_argument (a reason of the dialect's) when a body that must be read
// for its names is malformed. REQUIRES: match.route is not null.
Result<TouchedNames> touchedNames(const Request& request, const RouteMatch& match);

}  // namespace gyre::dialect
