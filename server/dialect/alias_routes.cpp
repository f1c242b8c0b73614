// Giving, taking and showing aliases.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "gyre/json.hpp"
#include "server/dialect/aliases.hpp"
#include "server/dialect/answered.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/index_blocks.hpp"
#include "server/dialect/index_view.hpp"
#include "server/dialect/resolve_options.hpp"
#include "server/dialect/routes.hpp"
#include "server/dialect/service.hpp"

namespace gyre::dialect {

namespace {

constexpr json::Limits kBodyLimits{.max_depth = 512};

Status aliasesMissing(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ",") + name;
  Status status(Code::kNotFound, "aliases_not_found_exception", "aliases [" + list + "] missing");
  status.addFault("resource.id", list).addFault("resource.type", "aliases");
  return status;
}

// One step of a change of aliases.
struct Action {
  enum class Kind { kAdd, kRemove, kRemoveIndex };
  Kind kind = Kind::kAdd;
  std::vector<std::string> indices;
  std::vector<std::string> aliases;
  Alias properties;
  std::optional<bool> must_exist;
};

ResolveOptions actionOptions() {
  ResolveOptions options = openAndClosed();
  options.allows_none = false;
  options.allows_aliases = false;
  return options;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string list;
  for (const std::string& part : parts) list += (list.empty() ? "" : ",") + part;
  return list;
}

Status checkAreThere(const CatalogState& state, const std::vector<Resolved>& indices) {
  for (const Resolved& each : indices)
    if (state.find(each.index->name) == nullptr) return indexNotFound(each.index->name);
  return {};
}

Status addAliases(CatalogState& state, const std::vector<Resolved>& indices, const Action& action) {
  for (const Resolved& each : indices) {
    for (const std::string& name : action.aliases) {
      GYRE_TRY(checkAlias(name, action.properties, each.index->mapping().get()));
      GYRE_TRY(checkAliasIsNoIndex(state, name, ""));
      state.edit(each.index->name).aliases[name] = action.properties;
    }
  }
  return {};
}

// `removed`: how many were taken.
Status removeAliases(CatalogState& state, const std::vector<Resolved>& indices, const Action& action,
                     std::size_t& removed) {
  std::set<std::string> missing(action.aliases.begin(), action.aliases.end());
  for (const Resolved& each : indices) {
    std::vector<std::string> taken;
    for (const auto& [name, properties] : state.find(each.index->name)->aliases)
      for (const std::string& pattern : action.aliases)
        if (pattern == "_all" || matchesWildcard(pattern, name)) {
          taken.push_back(name);
          missing.erase(pattern);
        }
    for (const std::string& name : taken) removed += state.edit(each.index->name).aliases.erase(name);
  }
  if (action.must_exist == true && !missing.empty())
    return aliasesMissing(std::vector<std::string>(missing.begin(), missing.end()));
  return {};
}

Result<Response> runActions(Service& service, const std::vector<Action>& actions) {
  Catalog& catalog = service.catalog();
  std::vector<IndexPtr> gone;
  std::vector<std::vector<Resolved>> targets;
  for (const Action& action : actions) {
    GYRE_TRY_ASSIGN(auto resolved, catalog.resolve(joined(action.indices), actionOptions()));
    for (const Resolved& each : resolved) {
      GYRE_TRY(Catalog::checkFree(*each.index));
      GYRE_TRY(checkBlocks(each.index->name, each.index->settings, BlockedAction::kMetadataWrite));
      if (action.kind == Action::Kind::kRemoveIndex) gone.push_back(each.index);
    }
    targets.push_back(std::move(resolved));
  }
  std::size_t removed = 0;
  bool only_removes = true, has_requirement = false;
  std::vector<std::string> names;
  const Status changed = catalog.change([&](CatalogState& state) -> Status {
    for (const auto& resolved : targets) GYRE_TRY(checkAreThere(state, resolved));
    for (const IndexPtr& index : gone) state.indices.erase(index->name);
    for (std::size_t i = 0; i < actions.size(); ++i) {
      const Action& action = actions[i];
      if (action.kind != Action::Kind::kRemove) only_removes = false;
      if (action.kind != Action::Kind::kRemoveIndex) GYRE_TRY(checkAreThere(state, targets[i]));
      if (action.kind == Action::Kind::kAdd) GYRE_TRY(addAliases(state, targets[i], action));
      if (action.kind != Action::Kind::kRemove) continue;
      GYRE_TRY(removeAliases(state, targets[i], action, removed));
      has_requirement = has_requirement || action.must_exist.has_value();
      names.insert(names.end(), action.aliases.begin(), action.aliases.end());
    }
    if (only_removes && removed == 0 && !has_requirement) return aliasesMissing(names);
    return checkWriteIndices(state);
  });
  GYRE_TRY(changed);
  catalog.dispose(gone);
  return acknowledged();
}

Status actionFailure(std::string why) {
  Status status(Code::kInvalidArgument, "x_content_parse_exception", "[aliases] failed to parse field [actions]");
  status.addFault("caused_by", "illegal_argument_exception: " + std::move(why));
  return status;
}

// "index" or "indices", "alias" or "aliases": a text or a list of them. An empty name would stand for all indices.
Status readNames(json::Value member, std::vector<std::string>& names) {
  const std::string shown = "[" + std::string(member.key()) + "]";
  if (member.isString()) {
    if (member.string().empty()) return actionFailure(shown + " can't be empty string");
    names.emplace_back(member.string());
    return {};
  }
  if (!member.isArray()) return illegalArgument(shown + " must be a string or an array");
  if (member.size() == 0) return actionFailure(shown + " can't be empty");
  for (const json::Value each : member) {
    if (!each.isString()) return illegalArgument(shown + " must hold strings");
    if (each.string().empty()) return actionFailure(shown + " can't contain empty string");
    names.emplace_back(each.string());
  }
  return {};
}

Status unknownField(std::string_view parser, std::string_view field) {
  return {Code::kInvalidArgument, "x_content_parse_exception",
          "[" + std::string(parser) + "] unknown field [" + std::string(field) + "]"};
}

Result<Action> readAction(json::Value entry) {
  if (!entry.isObject()) return actionFailure("an action must be an object");
  if (entry.size() != 1)
    return actionFailure(entry.size() > 1 ? "Too many operations declared on operation entry"
                                          : "One of [add], [remove], [remove_index] is required");
  const json::Value body = *entry.begin();
  Action action;
  if (body.key() == "add")
    action.kind = Action::Kind::kAdd;
  else if (body.key() == "remove")
    action.kind = Action::Kind::kRemove;
  else if (body.key() == "remove_index")
    action.kind = Action::Kind::kRemoveIndex;
  else
    return unknownField("alias_action", body.key());
  for (const json::Value member : body) {
    const std::string_view key = member.key();
    if (key == "index" || key == "indices") {
      GYRE_TRY(readNames(member, action.indices));
    } else if (action.kind != Action::Kind::kRemoveIndex && (key == "alias" || key == "aliases")) {
      GYRE_TRY(readNames(member, action.aliases));
    } else if (key == "must_exist" && member.isBoolean() && action.kind != Action::Kind::kAdd) {
      action.must_exist = member.boolean();
    } else {
      bool is_known = false;
      if (action.kind == Action::Kind::kAdd) {
        GYRE_TRY_ASSIGN(is_known, readAliasMember(member, action.properties));
      }
      if (!is_known) return unknownField(body.key(), key);
    }
  }
  if (action.indices.empty()) return actionFailure("One of [index] or [indices] is required");
  if (action.aliases.empty() && action.kind != Action::Kind::kRemoveIndex)
    return actionFailure("One of [alias] or [aliases] is required");
  return action;
}

Result<Response> updateAliases(Service& service, Call& call) {
  GYRE_TRY(checkTimeouts(call));
  GYRE_TRY(requireBody(call));
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(call.request.body, kBodyLimits));
  std::vector<Action> actions;
  for (const json::Value member : document.root()) {
    if (member.key() != "actions") return unknownField("aliases", member.key());
    for (const json::Value entry : member) {
      GYRE_TRY_ASSIGN(Action action, readAction(entry));
      actions.push_back(std::move(action));
    }
  }
  if (actions.empty()) return illegalArgument("No action specified");
  return runActions(service, actions);
}

std::vector<std::string> toTexts(const std::vector<std::string_view>& parts) { return {parts.begin(), parts.end()}; }

Result<Response> putAlias(Service& service, Call& call) {
  GYRE_TRY(checkTimeouts(call));
  Action action;
  std::string index(call.variable("index")), alias(call.variable("name"));
  if (!call.request.body.empty()) {
    GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(call.request.body, kBodyLimits));
    for (const json::Value member : document.root()) {
      if (member.key() == "index" && member.isString()) {
        index = member.string();
      } else if (member.key() == "alias" && member.isString()) {
        alias = member.string();
      } else {
        GYRE_TRY_ASSIGN(const bool is_known, readAliasMember(member, action.properties));
        if (!is_known) return illegalArgument("unknown field [" + std::string(member.key()) + "]");
      }
    }
  }
  action.indices = toTexts(splitList(index));
  if (alias.empty()) return illegalArgument("[alias] can't be empty string");
  action.aliases = {alias};
  if (action.indices.empty()) return illegalArgument("[indices] can't be empty");
  return runActions(service, {action});
}

Result<Response> deleteAlias(Service& service, Call& call) {
  GYRE_TRY(checkTimeouts(call));
  Action action;
  action.kind = Action::Kind::kRemove;
  action.indices = toTexts(splitList(call.variable("index")));
  action.aliases = toTexts(splitList(call.variable("name")));
  return runActions(service, {action});
}

// Patterns of names; one that begins with "-" takes out again, after a pattern.
bool isAsked(const std::vector<std::string_view>& names, std::string_view alias) {
  bool is_asked = false, has_wildcard = false;
  for (std::string_view name : names) {
    if (name.starts_with('-') && has_wildcard) {
      if (matchesWildcard(name.substr(1), alias)) is_asked = false;
      continue;
    }
    has_wildcard = has_wildcard || name.find('*') != std::string_view::npos;
    if (name == "_all" || matchesWildcard(name, alias)) is_asked = true;
  }
  return is_asked;
}

// Names without a wildcard that no index has as an alias.
std::vector<std::string> missingNames(const std::vector<std::string_view>& names,
                                      const std::vector<Resolved>& indices) {
  std::vector<std::string> missing;
  bool has_wildcard = false;
  for (const std::string_view name : names) {
    const bool is_pattern = name == "_all" || name.find('*') != std::string_view::npos;
    const bool is_exclusion = name.starts_with('-') && has_wildcard;
    has_wildcard = has_wildcard || is_pattern;
    if (is_pattern || is_exclusion) continue;
    const bool is_held = std::any_of(indices.begin(), indices.end(),
                                     [name](const Resolved& each) { return each.index->aliases.contains(name); });
    if (!is_held) missing.emplace_back(name);
  }
  std::sort(missing.begin(), missing.end());
  return missing;
}

Result<Response> getAlias(Service& service, Call& call) {
  ResolveOptions usual = openAndClosed();
  usual.expands_hidden = true;
  GYRE_TRY_ASSIGN(const ResolveOptions options, readResolveOptions(call, usual));
  GYRE_TRY_ASSIGN(const auto resolved, service.catalog().resolve(call.variable("index"), options));
  const std::vector<std::string_view> names = splitList(call.variable("name"));
  const bool names_aliases = call.hasVariable("name");
  const std::vector<std::string> missing = missingNames(names, resolved);
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject();
  if (!missing.empty()) {
    response.status = 404;
    writer.member("error", (missing.size() > 1 ? "aliases [" : "alias [") + joined(missing) + "] missing")
        .member("status", 404);
  }
  // Without an index, and for a pattern of aliases, an index that has none of them is left out.
  for (const Resolved& each : resolved) {
    Aliases shown;
    for (const auto& [name, alias] : each.index->aliases)
      if (!names_aliases || isAsked(names, name)) shown[name] = alias;
    if (shown.empty() && names_aliases) continue;
    writer.key(each.index->name).beginObject().key("aliases");
    writeAliases(shown, writer);
    writer.endObject();
  }
  writer.endObject();
  return response;
}

Result<Response> aliasExists(Service& service, Call& call) {
  GYRE_TRY_ASSIGN(Response response, getAlias(service, call));
  if (response.body == "{}") response.status = 404;
  return response;
}

constexpr Route kRoutes[] = {
    {"POST", "/_aliases", answered<updateAliases>, GYRE_TIMEOUT_PARAMETERS},
    {"PUT POST", "/{index}/_alias/{name}", answered<putAlias>, GYRE_TIMEOUT_PARAMETERS},
    {"PUT POST", "/{index}/_aliases/{name}", answered<putAlias>, GYRE_TIMEOUT_PARAMETERS},
    {"PUT", "/{index}/_alias", answered<putAlias>, GYRE_TIMEOUT_PARAMETERS},
    {"PUT", "/{index}/_aliases", answered<putAlias>, GYRE_TIMEOUT_PARAMETERS},
    {"PUT POST", "/_alias/{name}", answered<putAlias>, GYRE_TIMEOUT_PARAMETERS},
    {"PUT POST", "/_aliases/{name}", answered<putAlias>, GYRE_TIMEOUT_PARAMETERS},
    {"PUT", "/_alias", answered<putAlias>, GYRE_TIMEOUT_PARAMETERS},
    {"DELETE", "/{index}/_alias/{name}", answered<deleteAlias>, GYRE_TIMEOUT_PARAMETERS},
    {"DELETE", "/{index}/_aliases/{name}", answered<deleteAlias>, GYRE_TIMEOUT_PARAMETERS},
    {"GET", "/_alias", answered<getAlias>, GYRE_RESOLVE_PARAMETERS " local"},
    {"GET", "/_aliases", answered<getAlias>, GYRE_RESOLVE_PARAMETERS " local"},
    {"GET", "/_alias/{name}", answered<getAlias>, GYRE_RESOLVE_PARAMETERS " local"},
    {"GET", "/{index}/_alias", answered<getAlias>, GYRE_RESOLVE_PARAMETERS " local"},
    {"GET", "/{index}/_alias/{name}", answered<getAlias>, GYRE_RESOLVE_PARAMETERS " local"},
    {"HEAD", "/_alias/{name}", answered<aliasExists>, GYRE_RESOLVE_PARAMETERS " local"},
    {"HEAD", "/{index}/_alias", answered<aliasExists>, GYRE_RESOLVE_PARAMETERS " local"},
    {"HEAD", "/{index}/_alias/{name}", answered<aliasExists>, GYRE_RESOLVE_PARAMETERS " local"},
};

}  // namespace

std::span<const Route> aliasRoutes() { return kRoutes; }

}  // namespace gyre::dialect
