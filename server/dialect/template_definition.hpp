// What may a template say? Bodies of legacy, composable and component templates, checked and put into the form that is
// kept and shown.
//
// THREADS: free functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gyre/json.hpp"
#include "gyre/status.hpp"
#include "server/dialect/catalog.hpp"

namespace gyre::dialect {

// Each returns the JSON that the catalog keeps. `body` is the request's.
Result<std::string> readLegacyTemplate(std::string_view name, std::string_view body);
Result<std::string> readComponentTemplate(std::string_view name, std::string_view body);
// Checked against the components that exist and against other templates for the same indices.
Result<std::string> readIndexTemplate(const CatalogState& state, std::string_view name, std::string_view body);

// Whether the composable templates that use a component are still valid with it.
Status checkUsers(const CatalogState& state, std::string_view component);
// The mapping of a request as its index would show it; "" when it has none.
Result<std::string> shownMapping(const IndexRequest& request);

// Names and patterns of other composable templates that could match an index that this one matches too.
struct Overlap {
  std::string name;
  std::vector<std::string> patterns;
};
std::vector<Overlap> overlapping(const CatalogState& state, std::string_view name,
                                 const std::vector<std::string>& patterns);

}  // namespace gyre::dialect
