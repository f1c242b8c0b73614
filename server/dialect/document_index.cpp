#include "server/dialect/document_index.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "server/dialect/failure.hpp"

namespace gyre::dialect {

namespace {

Status noSuchIndex(std::string_view name, std::string_view why) {
  Status status(Code::kNotFound, "index_not_found_exception", "no such index [" + std::string(name) + "]");
  if (!why.empty())
    status = Status(Code::kNotFound, "index_not_found_exception",
                    "no such index [" + std::string(name) + "] and " + std::string(why));
  status.addFault("index", std::string(name)).addFault("index_uuid", "_na_");
  return status;
}

bool isKnown(const CatalogState& state, std::string_view name) {
  return state.indices.contains(name) || std::any_of(state.indices.begin(), state.indices.end(), [&](const auto& each) {
           return each.second->aliases.contains(name);
         });
}

}  // namespace

Status checkAutoCreate(const CatalogState& state, std::string_view name) {
  if (isKnown(state, name)) return {};
  // A list of patterns, "+a*,-b*", of which the first that matches counts; true and false alone.
  const auto rule = state.clusterSetting("action.auto_create_index");
  if (!rule || *rule == "true" || rule->empty()) return {};
  if (*rule == "false") return noSuchIndex(name, "[action.auto_create_index] is [false]");
  for (std::string_view rest = *rule; !rest.empty();) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    std::string_view pattern = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    const bool is_refusal = pattern.starts_with('-');
    if (is_refusal || pattern.starts_with('+')) pattern.remove_prefix(1);
    if (!matchesWildcard(pattern, name)) continue;
    if (!is_refusal) return {};
    return noSuchIndex(name, "[action.auto_create_index] contains [-" + std::string(pattern) +
                                 "] which forbids automatic creation of the index");
  }
  return noSuchIndex(name, "[action.auto_create_index] ([" + std::string(*rule) + "]) doesn't match");
}

Status checkIsAlias(const CatalogState& state, std::string_view name) {
  if (!state.indices.contains(name) && isKnown(state, name)) return {};
  return noSuchIndex(name, "[require_alias] request flag is [true] and [" + std::string(name) + "] is not an alias");
}

Result<IndexPtr> indexForWrite(Catalog& catalog, std::string_view name, bool may_create) {
  const auto state = catalog.state();
  if (!may_create && !isKnown(*state, name)) return indexNotFound(name, "index_expression");
  GYRE_TRY(checkAutoCreate(*state, name));
  return catalog.forWrite(name, may_create);
}

Result<IndexPtr> indexForRead(Catalog& catalog, std::string_view name, std::string& routing) {
  GYRE_TRY_ASSIGN(IndexPtr index, catalog.resolveOne(name));
  if (routing.empty() && index->name != name)
    if (const auto alias = index->aliases.find(name); alias != index->aliases.end())
      routing = alias->second.search_routing;
  if (index->engine == nullptr) return indexClosed(*index);
  return index;
}

}  // namespace gyre::dialect
