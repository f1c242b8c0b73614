#include "server/dialect/template_definition.hpp"

#include <algorithm>
#include <memory>
#include <optional>

#include "engine/analysis/analysis_registry.hpp"
#include "engine/mapping/mapping.hpp"
#include "engine/search/index_sort.hpp"
#include "server/dialect/aliases.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/index_composition.hpp"
#include "server/dialect/setting_table.hpp"

namespace gyre::dialect {

namespace {

constexpr json::Limits kBodyLimits{.max_depth = 512};

Status invalidTemplate(std::string_view name, std::string_view cause) {
  return {Code::kInvalidArgument, "invalid_index_template_exception",
          "index_template [" + std::string(name) + "] invalid, cause [" + std::string(cause) + "]"};
}

Status unknownField(std::string_view parser, std::string_view field) {
  return {Code::kInvalidArgument, "x_content_parse_exception",
          "[" + std::string(parser) + "] unknown field [" + std::string(field) + "]"};
}

std::string validation(const std::vector<std::string>& faults) {
  std::string text = "Validation Failed: ";
  for (std::size_t i = 0; i < faults.size(); ++i) text += std::to_string(i + 1) + ": " + faults[i] + ";";
  return text;
}

Status checkName(std::string_view name, const std::vector<std::string>& patterns) {
  std::vector<std::string> faults;
  if (name.find(' ') != std::string_view::npos) faults.emplace_back("name must not contain a space");
  if (name.find(',') != std::string_view::npos) faults.emplace_back("name must not contain a ','");
  if (name.find('#') != std::string_view::npos) faults.emplace_back("name must not contain a '#'");
  if (name.find('*') != std::string_view::npos) faults.emplace_back("name must not contain a '*'");
  if (name.starts_with('_')) faults.emplace_back("name must not start with '_'");
  if (std::any_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; }))
    faults.emplace_back("name must be lower cased");
  for (const std::string& pattern : patterns) {
    const std::string shown = "index_pattern [" + pattern + "] must not ";
    if (pattern.find(' ') != std::string::npos) faults.push_back(shown + "contain a space");
    if (pattern.find(',') != std::string::npos) faults.push_back(shown + "contain a ','");
    if (pattern.find('#') != std::string::npos) faults.push_back(shown + "contain a '#'");
    if (pattern.find(':') != std::string::npos) faults.push_back(shown + "contain a ':'");
    if (pattern.starts_with('_')) faults.push_back(shown + "start with '_'");
    if (pattern.find_first_of("\\/?\"<>|") != std::string::npos)
      faults.push_back(shown + "contain the following characters [ , \", *, \\, <, |, ,, >, /, ?]");
  }
  return faults.empty() ? Status() : invalidTemplate(name, validation(faults));
}

// The mappings can be an index's.
// Null when the request has none.
Result<std::shared_ptr<const engine::Mapping>> parsedMapping(const IndexRequest& request) {
  if (request.mappings.empty()) return std::shared_ptr<const engine::Mapping>();
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(request.mappings, kBodyLimits));
  GYRE_TRY_ASSIGN(const json::Document settings, json::Document::parse(request.settings.nestedJson(), kBodyLimits));
  GYRE_TRY_ASSIGN(auto analysis, engine::AnalysisRegistry::parse(settings.root()));
  GYRE_TRY_ASSIGN(const auto options, engine::MappingOptions::parse(settings.root(), engine::Dynamic::kTrue));
  return engine::Mapping::parse(document.root(), options, std::move(analysis));
}

Status checkMappings(const IndexRequest& request) {
  GYRE_TRY_ASSIGN(const auto mapping, parsedMapping(request));
  return mapping != nullptr && isSorted(request.settings) ? engine::checkSortedMapping(*mapping) : Status();
}

Status checkAliases(const Aliases& aliases) {
  for (const auto& [name, alias] : aliases) {
    std::string plain = name;
    if (const std::size_t at = plain.find("{index}"); at != std::string::npos) plain.replace(at, 7, "index");
    GYRE_TRY(checkAlias(plain, alias, nullptr));
  }
  return {};
}

void writePatterns(const std::vector<std::string>& patterns, JsonWriter& writer) {
  writer.key("index_patterns").beginArray();
  for (const std::string& pattern : patterns) writer.string(pattern);
  writer.endArray();
}

// "template", "version" and "_meta", which composable and component templates share. False for another member.
struct Parts {
  std::optional<IndexRequest> request;
  std::string version, meta;  // as JSON
};
Result<bool> readPart(std::string_view parser, json::Value member, Parts& parts) {
  if (member.key() == "template") {
    if (!member.isObject()) return illegalArgument("[template] must be an object");
    parts.request.emplace();
    for (const json::Value each : member) {
      GYRE_TRY_ASSIGN(const bool is_known, readIndexMember(each, *parts.request));
      if (!is_known) return unknownField("template", each.key());
    }
  } else if (member.key() == "version") {
    if (!member.integer()) return illegalArgument("[" + std::string(parser) + "] [version] must be a number");
    parts.version = member.raw();
  } else if (member.key() == "_meta") {
    if (!member.isObject()) return illegalArgument("[" + std::string(parser) + "] [_meta] must be an object");
    parts.meta = member.raw();
  } else {
    return false;
  }
  return true;
}

void writeTail(const Parts& parts, JsonWriter& writer) {
  if (!parts.version.empty()) writer.rawMember("version", parts.version);
  if (!parts.meta.empty()) writer.rawMember("_meta", parts.meta);
}

Status checkRequest(std::string_view name, const IndexRequest& request) {
  if (const Status settings = checkIndexSettings(request.settings); !settings.isOk()) {
    std::vector<std::string> faults{std::string(settings.message())};
    return invalidTemplate(name, validation(faults));
  }
  return checkAliases(request.aliases);
}

Status samePriority(std::string_view name, const std::vector<std::string>& patterns, const std::vector<Overlap>& rivals,
                    std::int64_t priority) {
  const auto list = [](const std::vector<std::string>& texts) {
    std::string text;
    for (const std::string& each : texts) text += (text.empty() ? "" : ", ") + each;
    return text;
  };
  std::string names, described;
  for (const Overlap& rival : rivals) {
    names += (names.empty() ? "" : ",") + rival.name;
    described += (described.empty() ? "" : ",") + rival.name + " => [" + list(rival.patterns) + "]";
  }
  return illegalArgument("index template [" + std::string(name) + "] has index patterns [" + list(patterns) +
                         "] matching patterns from existing templates [" + names + "] with patterns (" + described +
                         ") that have the same priority [" + std::to_string(priority) +
                         "], multiple index templates may not match during index creation, please use a different "
                         "priority");
}

}  // namespace

Result<std::string> readLegacyTemplate(std::string_view name, std::string_view body) {
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(body.empty() ? "{}" : body, kBodyLimits));
  IndexRequest request;
  std::vector<std::string> patterns;
  std::int64_t order = 0;
  std::string version;
  for (const json::Value member : document.root()) {
    if (member.key() == "index_patterns") {
      if (!member.isString() && !member.isArray())
        return illegalArgument("Malformed [index_patterns] value, should be a string or a list of strings");
      patterns = textsOf(member);
    } else if (member.key() == "order") {
      const auto number = member.integer();
      if (!number) return illegalArgument("Malformed [order] value, should be an integer");
      order = *number;
    } else if (member.key() == "version") {
      if (!member.integer()) return illegalArgument("Malformed [version] value, should be an integer");
      version = member.raw();
    } else {
      GYRE_TRY_ASSIGN(const bool is_known, readIndexMember(member, request));
      if (!is_known)
        return Status(Code::kInvalidArgument, "parse_exception",
                      "unknown key [" + std::string(member.key()) + "] in the template ");
    }
  }
  if (patterns.empty()) return validationFailed("index patterns are missing");
  GYRE_TRY(checkName(name, patterns));
  GYRE_TRY(checkIndexSettings(request.settings));
  GYRE_TRY(checkSortSizes(request.settings));
  GYRE_TRY(checkMappings(request));
  GYRE_TRY(checkAliases(request.aliases));
  std::string text;
  JsonWriter writer(text);
  writer.beginObject().member("order", order);
  if (!version.empty()) writer.rawMember("version", version);
  writePatterns(patterns, writer);
  writer.key("settings");
  request.settings.writeNested(writer);
  writer.rawMember("mappings", request.mappings.empty() ? "{}" : request.mappings).key("aliases");
  writeAliases(request.aliases, writer);
  writer.endObject();
  return text;
}

Result<std::string> readComponentTemplate(std::string_view name, std::string_view body) {
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(body.empty() ? "{}" : body, kBodyLimits));
  Parts parts;
  for (const json::Value member : document.root()) {
    GYRE_TRY_ASSIGN(const bool is_known, readPart("component_template", member, parts));
    if (!is_known) return unknownField("component_template", member.key());
  }
  if (!parts.request) return illegalArgument("Required [template]");
  GYRE_TRY(checkName(name, {}));
  GYRE_TRY(checkIndexSettings(parts.request->settings));
  GYRE_TRY(checkSortSizes(parts.request->settings));
  GYRE_TRY(checkAliases(parts.request->aliases));
  GYRE_TRY(checkMappings(*parts.request));
  std::string text;
  JsonWriter writer(text);
  writer.beginObject().key("template");
  writeIndexRequest(*parts.request, false, false, writer);
  writeTail(parts, writer);
  writer.endObject();
  return text;
}

namespace {

// What a template for data streams keeps of them, as it is shown. They are not served: it makes no index.
Result<std::string> readDataStream(json::Value definition) {
  std::string field = "@timestamp";
  if (!definition.isObject())
    return Status(Code::kInvalidArgument, "x_content_parse_exception",
                  "[index_template] data_stream doesn't support values of type: " + std::string(definition.raw()));
  const json::Value timestamp = definition["timestamp_field"];
  if (timestamp.isObject() && timestamp["name"].isString()) field = timestamp["name"].string();
  std::string shown;
  JsonWriter writer(shown);
  writer.beginObject().key("timestamp_field").beginObject().member("name", field).endObject().endObject();
  return shown;
}

}  // namespace

Result<std::string> readIndexTemplate(const CatalogState& state, std::string_view name, std::string_view body) {
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(body.empty() ? "{}" : body, kBodyLimits));
  Parts parts;
  std::vector<std::string> patterns, components;
  std::optional<std::int64_t> priority;
  std::string data_stream;
  for (const json::Value member : document.root()) {
    GYRE_TRY_ASSIGN(const bool is_known, readPart("index_template", member, parts));
    if (is_known) continue;
    if (member.key() == "index_patterns") {
      patterns = textsOf(member);
    } else if (member.key() == "composed_of") {
      components = textsOf(member);
    } else if (member.key() == "priority") {
      priority = member.integer();
      if (!priority) return illegalArgument("[index_template] [priority] must be a number");
    } else if (member.key() == "data_stream") {
      GYRE_TRY_ASSIGN(data_stream, readDataStream(member));
    } else {
      return unknownField("index_template", member.key());
    }
  }
  if (document.root()["index_patterns"].isMissing()) return illegalArgument("Required [index_patterns]");
  if (patterns.empty()) return illegalArgument("There must be at least one pattern, zero given");
  if (priority && *priority < 0) return validationFailed("index template priority must be >= 0");
  GYRE_TRY(checkName(name, patterns));
  if (parts.request) GYRE_TRY(checkRequest(name, *parts.request));
  std::string missing;
  for (const std::string& each : components)
    if (!state.component_templates.contains(each)) missing += (missing.empty() ? "" : ", ") + each;
  if (!missing.empty())
    return invalidTemplate(name, "index template [" + std::string(name) + "] specifies component templates [" +
                                     missing + "] that do not exist");
  std::vector<Overlap> rivals;
  for (const Overlap& each : overlapping(state, name, patterns)) {
    const auto other = json::Document::parse(state.index_templates.find(each.name)->second, kBodyLimits);
    if (other.isOk() && other.value().root()["priority"].integer().value_or(0) == priority.value_or(0))
      rivals.push_back(each);
  }
  if (!rivals.empty()) return samePriority(name, patterns, rivals, priority.value_or(0));
  std::string text;
  JsonWriter writer(text);
  writer.beginObject();
  writePatterns(patterns, writer);
  if (parts.request) {
    writer.key("template");
    writeIndexRequest(*parts.request, false, false, writer);
  }
  writer.key("composed_of").beginArray();
  for (const std::string& component : components) writer.string(component);
  writer.endArray();
  if (priority) writer.member("priority", *priority);
  writeTail(parts, writer);
  if (!data_stream.empty()) writer.rawMember("data_stream", data_stream);
  writer.endObject();
  // Together with its components it must be an index, too.
  GYRE_TRY_ASSIGN(const IndexRequest composed, composeTemplate(state, text));
  const Status sizes = checkSortSizes(composed.settings);
  if (const Status valid = sizes.isOk() ? checkMappings(composed) : sizes; !valid.isOk()) {
    std::string with;
    for (const std::string& component : components)
      with += (with.empty() ? " with component templates [" : ", ") + component;
    Status status = illegalArgument("composable template [" + std::string(name) + "] template after composition" +
                                    (with.empty() ? "" : with + "]") + " is invalid");
    if (sizes.isOk())
      status.addFault("caused_by",
                      "illegal_argument_exception: invalid composite mappings for [" + std::string(name) + "]");
    status.addFault("caused_by", std::string(typeOf(valid)) + ": " + std::string(valid.message()));
    return status;
  }
  return text;
}

Status checkUsers(const CatalogState& state, std::string_view component) {
  for (const auto& [name, text] : state.index_templates) {
    GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(text, kBodyLimits));
    const std::vector<std::string> components = textsOf(document.root()["composed_of"]);
    if (std::find(components.begin(), components.end(), component) == components.end()) continue;
    GYRE_TRY_ASSIGN(const IndexRequest composed, composeTemplate(state, text));
    const Status valid = checkMappings(composed);
    if (valid.isOk()) continue;
    Status status =
        illegalArgument("updating component template [" + std::string(component) +
                        "] results in invalid composable template [" + name + "] after templates are merged");
    status.addFault("caused_by", "illegal_argument_exception: invalid composite mappings for [" + name + "]")
        .addFault("caused_by", std::string(typeOf(valid)) + ": " + std::string(valid.message()));
    return status;
  }
  return {};
}

Result<std::string> shownMapping(const IndexRequest& request) {
  GYRE_TRY_ASSIGN(const auto mapping, parsedMapping(request));
  return mapping == nullptr ? std::string() : mapping->json();
}

std::vector<Overlap> overlapping(const CatalogState& state, std::string_view name,
                                 const std::vector<std::string>& patterns) {
  std::vector<Overlap> found;
  for (const auto& [other, text] : state.index_templates) {
    if (other == name) continue;
    const auto document = json::Document::parse(text, kBodyLimits);
    if (!document.isOk()) continue;
    std::vector<std::string> theirs = textsOf(document.value().root()["index_patterns"]);
    const bool is_rival = std::any_of(patterns.begin(), patterns.end(), [&](const std::string& ours) {
      return std::any_of(theirs.begin(), theirs.end(),
                         [&](const std::string& pattern) { return overlap(ours, pattern); });
    });
    if (is_rival) found.push_back({other, std::move(theirs)});
  }
  return found;
}

}  // namespace gyre::dialect
