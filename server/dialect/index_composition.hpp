// What does a new index consist of? Its own request over what the templates say.
//
// The composable template of the highest priority whose pattern matches counts, with its components beneath it in the
// order it names them; only without one do the legacy templates that match count, those of a higher order over the
// rest.
//
// THREADS: free functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gyre/json.hpp"
#include "gyre/status.hpp"
#include "server/dialect/catalog.hpp"
#include "server/dialect/json_tree.hpp"

namespace gyre::dialect {

// Reads "settings", "mappings" or "aliases" into the request. False for another member.
Result<bool> readIndexMember(json::Value member, IndexRequest& request);
// A body that has these members only; "" is an empty one.
Result<IndexRequest> readIndexRequest(std::string_view body);
// As it is shown, without members that it lacks.
void writeIndexRequest(const IndexRequest& request, bool is_flat, bool shows_empty, JsonWriter& writer);

// The request with what the templates add and the dialect's defaults; settings are checked.
Result<IndexRequest> composeIndex(const CatalogState& state, std::string_view name, IndexRequest own);

// The composable template that counts for an index of this name; "" for none.
std::string templateFor(const CatalogState& state, std::string_view index);
// A composable template (its JSON) over its components.
Result<IndexRequest> composeTemplate(const CatalogState& state, std::string_view definition);
// `over` with the members of `below` that it lacks. Legacy templates merge the definition of a field, composable ones
// replace it.
Result<IndexRequest> layered(IndexRequest over, const IndexRequest& below, bool is_legacy);

// The strings of a list, or the one that stands in its place.
std::vector<std::string> textsOf(json::Value value);
// Could both match one index?
bool overlap(std::string_view pattern, std::string_view other);

}  // namespace gyre::dialect
