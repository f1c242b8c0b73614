// Which indices do an expression's names stand for? The part of the catalog that resolves them.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/dialect/catalog.hpp"
#include "server/dialect/date_math_name.hpp"
#include "server/dialect/failure.hpp"

namespace gyre::dialect {

Status indexClosed(const IndexEntry& entry) {
  Status closed(Code::kInvalidArgument, "index_closed_exception", "closed");
  closed.addFault("index", entry.name).addFault("index_uuid", entry.uuid);
  return closed;
}

namespace {

// A stream whose records are in no index here, but on a search cluster, or samples in a store of their own: it is only
// written to here. It is closed to all else.
bool isElsewhere(const IndexEntry& entry) { return entry.is_closed && entry.stream != nullptr; }

Status readElsewhere(const IndexEntry& entry) {
  return illegalArgument("[" + entry.domain +
                         "] is a stream whose records are in no index of this server: it is only written to here; read "
                         "it by the queries of its domain, or on the search cluster that has them");
}

}  // namespace

Result<std::vector<Resolved>> Catalog::resolve(std::string_view expression, const ResolveOptions& options) const {
  const auto current = state();
  std::map<std::string, Resolved, std::less<>> found;
  std::set<std::string, std::less<>> named_itself;
  const auto isExpanded = [&](const IndexEntry& entry, std::string_view pattern) {
    if (entry.is_closed ? !options.expands_closed : !options.expands_open) return false;
    return options.expands_hidden || !entry.isHidden() || (pattern.starts_with('.') && entry.name.starts_with('.'));
  };
  const auto addIndex = [&](const IndexPtr& entry) {
    found[entry->name].index = entry;
    named_itself.insert(entry->name);
  };
  const auto addAlias = [&](const IndexPtr& entry, const Alias& alias) {
    Resolved& resolved = found[entry->name];
    resolved.index = entry;
    if (alias.filter.empty())
      named_itself.insert(entry->name);  // an alias without a filter shows everything
    else
      resolved.filters.push_back(alias.filter);
    resolved.routing = alias.search_routing;
  };
  if (expression.empty() || expression == "_all") expression = "*";
  bool has_wildcard_before = false;
  for (std::size_t from = 0; from <= expression.size();) {
    const std::size_t comma = std::min(expression.find(',', from), expression.size());
    std::string_view part = expression.substr(from, comma - from);
    from = comma + 1;
    if (part.empty()) continue;
    std::string resolved_part;
    if (part.starts_with('<')) {
      GYRE_TRY_ASSIGN(resolved_part, resolveDateMath(part, clock_.nowMillis()));
      part = resolved_part;
    }
    const bool is_exclusion = part.front() == '-' && has_wildcard_before;
    if (is_exclusion) part.remove_prefix(1);
    const bool is_wildcard = part.find('*') != std::string_view::npos;
    has_wildcard_before = has_wildcard_before || is_wildcard;
    if (is_exclusion) {
      std::erase_if(found, [&](const auto& each) { return matchesWildcard(part, each.first); });
      continue;
    }
    if (part == "_all") part = "*";
    bool has_match = false;
    for (const auto& [name, entry] : current->indices) {
      if (isElsewhere(*entry)) {
        if (is_wildcard || (part != name && !entry->aliases.contains(part))) continue;
        if (!options.ignores_unavailable) return readElsewhere(*entry);
        has_match = true;
        continue;
      }
      const bool is_itself = is_wildcard ? matchesWildcard(part, name) && isExpanded(*entry, part) : part == name;
      if (is_itself) {
        has_match = true;
        if (entry->is_closed && options.forbids_closed) {
          if (options.ignores_unavailable) continue;
          return indexClosed(*entry);
        }
        addIndex(entry);
      }
      if (!options.allows_aliases) continue;
      for (const auto& [alias, properties] : entry->aliases) {
        const bool is_alias = is_wildcard ? matchesWildcard(part, alias) && isExpanded(*entry, part) &&
                                                (options.expands_hidden || !properties.is_hidden.value_or(false))
                                          : part == alias;
        if (!is_alias) continue;
        has_match = true;
        if (entry->is_closed && options.forbids_closed) continue;
        addAlias(entry, properties);
      }
    }
    if (!has_match && !is_wildcard && !options.allows_aliases && current->isAlias(part)) {
      if (options.ignores_unavailable) continue;
      return illegalArgument("The provided expression [" + std::string(part) +
                             "] matches an alias, specify the corresponding concrete indices instead.");
    }
    if (!has_match && !is_wildcard && !options.ignores_unavailable) return indexNotFound(part);
    if (!has_match && is_wildcard && !options.allows_none) return indexNotFound(part);
  }
  if (found.empty() && !options.allows_none) return indexNotFound(expression == "*" ? "_all" : expression);
  std::vector<Resolved> resolved;
  for (auto& [name, each] : found) {
    if (named_itself.contains(name)) each.filters.clear();
    resolved.push_back(std::move(each));
  }
  return resolved;
}

Result<IndexPtr> Catalog::resolveOne(std::string_view name) const {
  const auto current = state();
  if (const auto found = current->indices.find(name); found != current->indices.end()) {
    if (isElsewhere(*found->second)) return readElsewhere(*found->second);
    if (found->second->is_closed) return indexClosed(*found->second);
    return found->second;
  }
  std::vector<IndexPtr> candidates;
  for (const auto& [index, entry] : current->indices)
    if (entry->aliases.contains(name)) candidates.push_back(entry);
  if (candidates.empty()) return indexNotFound(name, "index_expression");
  if (candidates.size() == 1 && isElsewhere(*candidates.front())) return readElsewhere(*candidates.front());
  if (candidates.size() == 1) return candidates.front();
  std::string names;
  for (const IndexPtr& each : candidates) names += (names.empty() ? "" : ", ") + each->name;
  return illegalArgument("alias [" + std::string(name) + "] has more than one index associated with it [" + names +
                         "], can't execute a single index op");
}

}  // namespace gyre::dialect
