// What does an alias say, and may it be given?
//
// THREADS: free functions.
#pragma once

#include <string>
#include <string_view>

#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/status.hpp"
#include "server/dialect/catalog.hpp"

namespace gyre::dialect {

// {"filter": {…}, "index_routing": …}, as every answer shows it.
void writeAlias(const Alias& alias, JsonWriter& writer);
void writeAliases(const Aliases& aliases, JsonWriter& writer);

// Reads a member of an alias' properties: filter, routing, index_routing, search_routing, is_write_index, is_hidden.
// False for another one.
Result<bool> readAliasMember(json::Value member, Alias& alias);
// {"name": {…}, …} as the body of an index or of a template has it.
Result<Aliases> readAliases(json::Value object);

// invalid_alias_name_exception says what is wrong with the name.
Status checkAliasName(std::string_view name);
// An alias may not have the name of an index; `new_index` is one that is about to be made ("" for none).
Status checkAliasIsNoIndex(const CatalogState& state, std::string_view alias, std::string_view new_index);
// The filter is a query and the routing is one value.
Status checkAlias(std::string_view name, const Alias& alias, const engine::Mapping* mapping);
// No alias has more than one write index.
Status checkWriteIndices(const CatalogState& state);

}  // namespace gyre::dialect
