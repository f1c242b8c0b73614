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

// Names and patterns of other composable templates that could match an index that this one matches too.
struct Overlap {
  std::string name;
  std::vector<std::string> patterns;
};
std::vector<Overlap> overlapping(const CatalogState& state, std::string_view name,
                                 const std::vector<std::string>& patterns);

}  // namespace gyre::dialect
