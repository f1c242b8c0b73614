#include "server/dialect/index_composition.hpp"

#include <algorithm>
#include <utility>

#include "server/dialect/aliases.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/setting_table.hpp"

namespace gyre::dialect {

namespace {

constexpr json::Limits kBodyLimits{.max_depth = 512};

Status parseFailure(std::string message) { return {Code::kInvalidArgument, "parse_exception", std::move(message)}; }

std::int64_t rank(json::Value definition, std::string_view member) { return definition[member].integer().value_or(0); }

bool matchesAny(json::Value patterns, std::string_view name) {
  const std::vector<std::string> texts = textsOf(patterns);
  return std::any_of(texts.begin(), texts.end(),
                     [name](const std::string& pattern) { return matchesWildcard(pattern, name); });
}

bool isObjectField(const JsonTree& field) {
  const JsonTree* const type = field.find("type");
  return field.find("properties") != nullptr && (type == nullptr || type->text() == "object");
}

void mergeProperties(JsonTree& below, const JsonTree& over, bool is_legacy) {
  for (const auto& [name, field] : over.members()) {
    JsonTree* const held = below.find(name);
    if (held == nullptr) {
      below[name] = field;
    } else if (is_legacy) {
      held->merge(field);
    } else if (isObjectField(*held) && isObjectField(field)) {
      for (const auto& [key, value] : field.members()) {
        if (key == "properties")
          mergeProperties((*held)["properties"], value, is_legacy);
        else
          (*held)[key] = value;
      }
    } else {
      *held = field;
    }
  }
}

// A list of objects of one member each: a later one of the same name replaces the earlier.
void mergeDynamicTemplates(JsonTree& below, const JsonTree& over) {
  if (!below.isArray() || !over.isArray()) {
    below = over;
    return;
  }
  for (const JsonTree& each : over.elements()) {
    const auto same = std::find_if(below.elements().begin(), below.elements().end(), [&](const JsonTree& held) {
      return !held.members().empty() && !each.members().empty() &&
             held.members().front().first == each.members().front().first;
    });
    if (same == below.elements().end())
      below.elements().push_back(each);
    else
      *same = each;
  }
}

void mergeMappings(JsonTree& below, const JsonTree& over, bool is_legacy) {
  for (const auto& [key, value] : over.members()) {
    JsonTree* const held = below.find(key);
    if (held == nullptr)
      below[key] = value;
    else if (key == "properties")
      mergeProperties(*held, value, is_legacy);
    else if (key == "dynamic_templates")
      mergeDynamicTemplates(*held, value);
    else
      *held = value;
  }
}

Result<IndexRequest> readMembers(json::Value object) {
  IndexRequest request;
  for (const json::Value member : object) GYRE_TRY(readIndexMember(member, request).status());
  return request;
}

Result<IndexRequest> composeLegacy(const CatalogState& state, std::string_view name, IndexRequest own) {
  struct Match {
    std::int64_t order;
    json::Document document;
  };
  std::vector<Match> matches;
  for (const auto& [each, text] : state.templates) {
    GYRE_TRY_ASSIGN(json::Document document, json::Document::parse(text, kBodyLimits));
    const json::Value definition = document.root();
    // A template for everything does not reach what is hidden.
    const bool is_global = textsOf(definition["index_patterns"]) == std::vector<std::string>{"*"};
    if (is_global && own.settings.text("index.hidden") == "true") continue;
    if (matchesAny(definition["index_patterns"], name))
      matches.push_back({rank(definition, "order"), std::move(document)});
  }
  std::stable_sort(matches.begin(), matches.end(), [](const Match& a, const Match& b) { return a.order > b.order; });
  for (const Match& match : matches) {
    GYRE_TRY_ASSIGN(const IndexRequest below, readMembers(match.document.root()));
    GYRE_TRY_ASSIGN(own, layered(std::move(own), below, true));
  }
  return own;
}

// A template may name an alias after the index that gets it.
void nameAliases(Aliases& aliases, std::string_view index) {
  static constexpr std::string_view kPlaceholder = "{index}";
  Aliases named;
  for (auto& [name, alias] : aliases) {
    std::string text = name;
    for (std::size_t at = 0; (at = text.find(kPlaceholder, at)) != std::string::npos; at += index.size())
      text.replace(at, kPlaceholder.size(), index);
    named[text] = std::move(alias);
  }
  aliases = std::move(named);
}

void addDefaults(const CatalogState& state, Settings& settings) {
  if (!settings.text("index.number_of_shards")) settings.set("index.number_of_shards", "1");
  if (!settings.text("index.number_of_replicas")) {
    const auto usual = state.persistent_settings.text("cluster.default_number_of_replicas");
    settings.set("index.number_of_replicas", usual.value_or("1"));
  }
  // Replicas as nodes allow: there is one.
  if (const auto expand = settings.text("index.auto_expand_replicas"); expand && *expand != "false")
    settings.set("index.number_of_replicas", expand->substr(0, expand->find('-')));
}

}  // namespace

std::vector<std::string> textsOf(json::Value value) {
  std::vector<std::string> texts;
  if (value.isString()) {
    for (std::string_view rest = value.string(); !rest.empty();) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      texts.emplace_back(rest.substr(0, comma));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  for (const json::Value element : value)
    if (element.isString()) texts.emplace_back(element.string());
  return texts;
}

bool overlap(std::string_view pattern, std::string_view other) {
  // reach[j]: what is left of `pattern` from here on and of `other` from j on can be one text.
  std::vector<char> reach(other.size() + 1, 0);
  for (std::size_t i = pattern.size() + 1; i-- > 0;) {
    char diagonal = 0;  // reach[j + 1] of the row before
    for (std::size_t j = other.size() + 1; j-- > 0;) {
      const char above = reach[j];
      const bool has_left = i < pattern.size(), has_right = j < other.size();
      bool can = !has_left && !has_right;
      if (has_left && pattern[i] == '*') can = can || above || (has_right && reach[j + 1]);
      if (has_right && other[j] == '*') can = can || reach[j + 1] || (has_left && above);
      if (has_left && has_right && pattern[i] == other[j]) can = can || diagonal;
      diagonal = above;
      reach[j] = can ? 1 : 0;
    }
  }
  return reach[0] != 0;
}

Result<bool> readIndexMember(json::Value member, IndexRequest& request) {
  if (member.key() == "settings") {
    if (!member.isObject() && !member.isNull()) return parseFailure("key [settings] must be an object");
    GYRE_TRY(request.settings.merge(member));
  } else if (member.key() == "mappings") {
    if (member.isNull()) return true;
    if (!member.isObject()) return parseFailure("key [mappings] must be an object");
    if (!member["_doc"].isMissing()) return illegalArgument("The mapping definition cannot be nested under a type");
    request.mappings = member.raw();
  } else if (member.key() == "aliases") {
    if (member.isNull()) return true;
    GYRE_TRY_ASSIGN(request.aliases, readAliases(member));
  } else {
    return false;
  }
  return true;
}

Result<IndexRequest> readIndexRequest(std::string_view body) {
  IndexRequest request;
  if (body.empty()) return request;
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(body, kBodyLimits));
  if (!document.root().isObject()) return parseFailure("the body of an index must be an object");
  for (const json::Value member : document.root()) {
    GYRE_TRY_ASSIGN(const bool is_known, readIndexMember(member, request));
    if (!is_known) return parseFailure("unknown key [" + std::string(member.key()) + "] for create index");
  }
  return request;
}

void writeIndexRequest(const IndexRequest& request, bool is_flat, bool shows_empty, JsonWriter& writer) {
  writer.beginObject();
  if (shows_empty || !request.settings.values().empty()) {
    writer.key("settings");
    request.settings.write(is_flat, writer);
  }
  if (!request.mappings.empty()) writer.rawMember("mappings", request.mappings);
  if (shows_empty || !request.aliases.empty()) {
    writer.key("aliases");
    writeAliases(request.aliases, writer);
  }
  writer.endObject();
}

Result<IndexRequest> layered(IndexRequest over, const IndexRequest& below, bool is_legacy) {
  Settings settings = below.settings;
  settings.merge(over.settings);
  over.settings = std::move(settings);
  for (const auto& [name, alias] : below.aliases) over.aliases.try_emplace(name, alias);
  if (over.mappings.empty()) {
    over.mappings = below.mappings;
  } else if (!below.mappings.empty()) {
    GYRE_TRY_ASSIGN(JsonTree merged, JsonTree::parse(below.mappings));
    GYRE_TRY_ASSIGN(const JsonTree own, JsonTree::parse(over.mappings));
    mergeMappings(merged, own, is_legacy);
    over.mappings = merged.json();
  }
  return over;
}

std::string templateFor(const CatalogState& state, std::string_view index) {
  std::string best;
  std::int64_t best_priority = -1;
  for (const auto& [name, text] : state.index_templates) {
    const auto document = json::Document::parse(text, kBodyLimits);
    if (!document.isOk()) continue;
    const json::Value definition = document.value().root();
    if (!matchesAny(definition["index_patterns"], index)) continue;
    const std::int64_t priority = rank(definition, "priority");
    if (priority <= best_priority) continue;
    best = name;
    best_priority = priority;
  }
  return best;
}

Result<IndexRequest> composeTemplate(const CatalogState& state, std::string_view definition) {
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(definition, kBodyLimits));
  GYRE_TRY_ASSIGN(IndexRequest composed, readMembers(document.root()["template"]));
  const std::vector<std::string> components = textsOf(document.root()["composed_of"]);
  for (auto each = components.rbegin(); each != components.rend(); ++each) {
    const auto found = state.component_templates.find(*each);
    if (found == state.component_templates.end()) continue;
    GYRE_TRY_ASSIGN(const json::Document component, json::Document::parse(found->second, kBodyLimits));
    GYRE_TRY_ASSIGN(const IndexRequest below, readMembers(component.root()["template"]));
    GYRE_TRY_ASSIGN(composed, layered(std::move(composed), below, false));
  }
  return composed;
}

namespace {

// Such a template is for data streams, which are not served; an index must not be made in their place.
Status refuseDataStream(std::string_view definition, std::string_view name, std::string_view index) {
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(definition, kBodyLimits));
  if (document.root()["data_stream"].isMissing()) return {};
  return illegalArgument("cannot create index with name [" + std::string(index) +
                         "], because it matches with template [" + std::string(name) +
                         "] that creates data streams only, use create data stream api instead");
}

}  // namespace

Result<IndexRequest> composeIndex(const CatalogState& state, std::string_view name, IndexRequest own) {
  if (const std::string chosen = templateFor(state, name); !chosen.empty()) {
    const std::string& definition = state.index_templates.find(chosen)->second;
    GYRE_TRY(refuseDataStream(definition, chosen, name));
    GYRE_TRY_ASSIGN(const IndexRequest below, composeTemplate(state, definition));
    GYRE_TRY_ASSIGN(own, layered(std::move(own), below, false));
  } else {
    GYRE_TRY_ASSIGN(own, composeLegacy(state, name, std::move(own)));
  }
  GYRE_TRY(checkIndexSettings(own.settings));
  GYRE_TRY(checkSortSizes(own.settings));
  nameAliases(own.aliases, name);
  addDefaults(state, own.settings);

  for (const auto& [alias, properties] : own.aliases) GYRE_TRY(checkAlias(alias, properties, nullptr));
  return own;
}

}  // namespace gyre::dialect
