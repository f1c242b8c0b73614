#include "server/dialect/aliases.hpp"

#include <algorithm>
#include <vector>

#include "base/clock.hpp"
#include "engine/query/query_parser.hpp"
#include "server/dialect/failure.hpp"

namespace gyre::dialect {

namespace {

std::string scalarText(json::Value value) {
  return value.isString() ? std::string(value.string()) : std::string(value.raw());
}

Status invalidName(std::string_view name, std::string_view why) {
  return {Code::kInvalidArgument, "invalid_alias_name_exception",
          "Invalid alias name [" + std::string(name) + "]: " + std::string(why)};
}

}  // namespace

void writeAlias(const Alias& alias, JsonWriter& writer) {
  writer.beginObject();
  if (!alias.filter.empty()) writer.rawMember("filter", alias.filter);
  if (!alias.index_routing.empty()) writer.member("index_routing", alias.index_routing);
  if (!alias.search_routing.empty()) writer.member("search_routing", alias.search_routing);
  if (alias.is_write_index) writer.member("is_write_index", *alias.is_write_index);
  if (alias.is_hidden) writer.member("is_hidden", *alias.is_hidden);
  writer.endObject();
}

void writeAliases(const Aliases& aliases, JsonWriter& writer) {
  writer.beginObject();
  for (const auto& [name, alias] : aliases) {
    writer.key(name);
    writeAlias(alias, writer);
  }
  writer.endObject();
}

Result<bool> readAliasMember(json::Value member, Alias& alias) {
  const std::string_view key = member.key();
  const bool is_text = member.isString() || member.isNumber();
  if (key == "filter") {
    if (member.isNull()) return true;
    if (!member.isObject()) return illegalArgument("[filter] must be an object");
    alias.filter.clear();
    JsonWriter writer(alias.filter);
    json::writeCanonical(member, writer);
  } else if (key == "routing" && is_text) {
    // The special ones count before it, wherever they stand.
    if (alias.index_routing.empty()) alias.index_routing = scalarText(member);
    if (alias.search_routing.empty()) alias.search_routing = scalarText(member);
  } else if ((key == "index_routing" || key == "indexRouting" || key == "index-routing") && is_text) {
    alias.index_routing = scalarText(member);
  } else if ((key == "search_routing" || key == "searchRouting" || key == "search-routing") && is_text) {
    alias.search_routing = scalarText(member);
  } else if (key == "is_write_index" && member.isBoolean()) {
    alias.is_write_index = member.boolean();
  } else if (key == "is_hidden" && member.isBoolean()) {
    alias.is_hidden = member.boolean();
  } else {
    return false;
  }
  return true;
}

Result<Aliases> readAliases(json::Value object) {
  if (!object.isObject()) return Status(Code::kInvalidArgument, "parse_exception", "key [aliases] must be an object");
  Aliases aliases;
  for (const json::Value member : object) {
    Alias& alias = aliases[std::string(member.key())];
    for (const json::Value property : member) {
      GYRE_TRY_ASSIGN(const bool is_known, readAliasMember(property, alias));
      if (!is_known)
        return illegalArgument("alias [" + std::string(member.key()) + "]: unknown field [" +
                               std::string(property.key()) + "]");
    }
  }
  return aliases;
}

Status checkAliasName(std::string_view name) {
  if (name.empty()) return illegalArgument("alias name is required");
  if (name.find_first_of("\\/*?\"<>| ,") != std::string_view::npos)
    return invalidName(name, "must not contain the following characters [ , \", *, \\, <, |, ,, >, /, ?]");
  if (name.find('#') != std::string_view::npos) return invalidName(name, "must not contain '#'");
  if (name.find(':') != std::string_view::npos) return invalidName(name, "must not contain ':'");
  if (name.front() == '_' || name.front() == '-' || name.front() == '+')
    return invalidName(name, "must not start with '_', '-', or '+'");
  if (name.size() > 255)
    return invalidName(name, "index name is too long, (" + std::to_string(name.size()) + " > 255)");
  if (name == "." || name == "..") return invalidName(name, "must not be '.' or '..'");
  return {};
}

Status checkAliasIsNoIndex(const CatalogState& state, std::string_view alias, std::string_view new_index) {
  const IndexEntry* const held = state.find(alias);
  if (held == nullptr && alias != new_index) return {};
  Status status(Code::kInvalidArgument, "invalid_alias_name_exception",
                "Invalid alias name [" + std::string(alias) + "], an index exists with the same name as the alias");
  status.addFault("index", std::string(alias)).addFault("index_uuid", held == nullptr ? "_na_" : held->uuid);
  return status;
}

Status checkAlias(std::string_view name, const Alias& alias, const engine::Mapping* mapping) {
  GYRE_TRY(checkAliasName(name));
  if (alias.index_routing.find(',') != std::string::npos)
    return illegalArgument("alias [" + std::string(name) + "] has several index routing values associated with it");
  if (alias.filter.empty() || mapping == nullptr) return {};
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(alias.filter, {.max_depth = 512}));
  engine::ParseContext context{
      .mapping = *mapping, .now_millis = base::SystemClock().nowMillis(), .depth = 0, .clauses = 0, .named = {}};
  const auto query = engine::parseQuery(document.root(), context);
  if (query.isOk()) return {};
  Status status = illegalArgument("failed to parse filter for alias [" + std::string(name) + "]");
  status.addFault("caused_by", std::string(typeOf(query.status())) + ": " + std::string(query.status().message()));
  return status;
}

namespace {

// An alias is hidden with all of its indices or with none.
Status checkHidden(const CatalogState& state) {
  struct Holders {
    std::string hidden, shown;  // names, with commas between them
  };
  std::map<std::string, Holders, std::less<>> holders;
  for (const auto& [index, entry] : state.indices)
    for (const auto& [name, alias] : entry->aliases) {
      std::string& names = alias.is_hidden.value_or(false) ? holders[name].hidden : holders[name].shown;
      names += (names.empty() ? "" : ",") + index;
    }
  for (const auto& [name, each] : holders) {
    if (each.hidden.empty() || each.shown.empty()) continue;
    return {Code::kInternal, "illegal_state_exception",
            "alias [" + name + "] has is_hidden set to true on indices [" + each.hidden +
                "] but does not have is_hidden set to true on indices [" + each.shown +
                "]; alias must have the same is_hidden setting on all indices"};
  }
  return {};
}

}  // namespace

Status checkWriteIndices(const CatalogState& state) {
  std::map<std::string, std::vector<std::string>, std::less<>> writers;
  for (const auto& [index, entry] : state.indices)
    for (const auto& [name, alias] : entry->aliases)
      if (alias.is_write_index.value_or(false)) writers[name].push_back(index);
  for (const auto& [name, indices] : writers) {
    if (indices.size() < 2) continue;
    std::string names;
    for (const std::string& each : indices) names += (names.empty() ? "" : ",") + each;
    return {Code::kInternal, "illegal_state_exception",
            "alias [" + name + "] has more than one write index [" + names + "]"};
  }
  return checkHidden(state);
}

}  // namespace gyre::dialect
