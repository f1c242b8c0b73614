// Showing the settings of indices and changing them.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "gyre/json.hpp"
#include "server/dialect/answered.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/index_blocks.hpp"
#include "server/dialect/index_view.hpp"
#include "server/dialect/resolve_options.hpp"
#include "server/dialect/routes.hpp"
#include "server/dialect/service.hpp"
#include "server/dialect/setting_table.hpp"

namespace gyre::dialect {

namespace {

constexpr json::Limits kBodyLimits{.max_depth = 512};

Result<Response> getSettings(Service& service, Call& call) {
  GYRE_TRY(checkTimeouts(call));
  GYRE_TRY_ASSIGN(const ResolveOptions options, readResolveOptions(call, openAndClosed()));
  GYRE_TRY_ASSIGN(const SettingsView view, SettingsView::read(call));
  GYRE_TRY_ASSIGN(const auto resolved, service.catalog().resolve(call.variable("index"), options));
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject();
  for (const Resolved& each : resolved) {
    GYRE_TRY(checkBlocks(each.index->name, each.index->settings, BlockedAction::kMetadataRead));
    std::string members;
    JsonWriter own(members);
    own.beginObject();
    const bool has_any = writeSettings(*each.index, service.identity(), view, call.variable("name"), own);
    own.endObject();
    if (has_any) writer.rawMember(each.index->name, members);
  }
  writer.endObject();
  return response;
}

// What a request asks to change: values, and names to be reset.
struct SettingChanges {
  Settings values;
  std::vector<std::string> resets;
  bool keeps_existing = false;
};

Result<SettingChanges> readChanges(const Call& call) {
  GYRE_TRY(requireBody(call));
  SettingChanges changes;
  GYRE_TRY_ASSIGN(changes.keeps_existing, call.flag("preserve_existing"));
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(call.request.body, kBodyLimits));
  const json::Value root = document.root();
  if (!root.isObject()) return Status(Code::kInvalidArgument, "parse_exception", "the settings must be an object");
  const json::Value inner = root["settings"];
  if (inner.isObject() && root.size() > 1)
    return illegalArgument("settings beside the member [settings] are not understood");
  GYRE_TRY(changes.values.merge(inner.isObject() ? inner : root, "index.", &changes.resets));
  if (changes.values.values().empty() && changes.resets.empty()) return validationFailed("no settings to update");
  return changes;
}

bool isGroup(std::string_view name) { return name.find('*') != std::string_view::npos; }

Status checkNames(const SettingChanges& changes) {
  for (const std::string_view managed : {"index.version.created", "index.version.upgraded"})
    if (changes.values.values().contains(managed))
      return illegalArgument("can not update private setting [" + std::string(managed) +
                             "]; this setting is managed by OpenSearch");
  GYRE_TRY(checkSettings(indexSettings(), changes.values));
  Settings reset;
  for (const std::string& name : changes.resets)
    if (!isGroup(name) && findSetting(indexSettings(), name) == nullptr) reset.set(name, "");
  return checkSettings(indexSettings(), reset);
}

// "[index.a, index.b]" that may not change now; "" for none.
std::string fixedNames(const SettingChanges& changes, bool is_open) {
  std::set<std::string> fixed;
  const auto check = [&](const std::string& name) {
    const SettingDefinition* const setting = findSetting(indexSettings(), name);
    if (setting == nullptr) return;
    if (setting->change == SettingChange::kFinal || (setting->change == SettingChange::kStatic && is_open))
      fixed.insert(name);
  };
  for (const auto& [name, value] : changes.values.values()) check(name);
  for (const std::string& name : changes.resets) check(name);
  std::string names;
  for (const std::string& name : fixed) names += (names.empty() ? "" : ", ") + name;
  return names;
}

Status checkChangeable(const IndexEntry& entry, const SettingChanges& changes) {
  const std::string fixed = fixedNames(changes, !entry.is_closed);
  if (!fixed.empty()) {
    if (!entry.is_closed)
      return illegalArgument("Can't update non dynamic settings [[" + fixed + "]] for open indices [[" + entry.name +
                             "/" + entry.uuid + "]]");
    return illegalArgument("final " + entry.name + " setting [" + fixed + "], not updateable");
  }
  const auto is_analysis = [](const auto& each) {
    return each.first.starts_with("index.analysis.") || each.first.starts_with("index.similarity.");
  };
  // The engine holds them with the documents that were analysed by them.
  if (std::any_of(changes.values.values().begin(), changes.values.values().end(), is_analysis))
    return illegalArgument(
        "index.analysis and index.similarity of an index that exists cannot be changed here; "
        "make an index with them and reindex");
  return {};
}

// Blocks may be lifted while they are in force, and nothing else then.
Status checkAllowed(const IndexEntry& entry, const SettingChanges& changes) {
  const auto is_block = [](std::string_view name) { return name.starts_with("index.blocks."); };
  const bool only_blocks =
      std::all_of(changes.values.values().begin(), changes.values.values().end(),
                  [&](const auto& each) { return is_block(each.first); }) &&
      std::all_of(changes.resets.begin(), changes.resets.end(), [&](const auto& name) { return is_block(name); });
  if (only_blocks && changes.values.values().size() + changes.resets.size() == 1) return {};
  return checkBlocks(entry.name, entry.settings, BlockedAction::kMetadataWrite);
}

void apply(Settings& settings, const SettingChanges& changes) {
  for (const auto& [name, value] : changes.values.values())
    if (!changes.keeps_existing || !settings.values().contains(name)) settings.values()[name] = value;
  for (const std::string& name : changes.resets) settings.erase(name);
  if (!settings.text("index.number_of_shards")) settings.set("index.number_of_shards", "1");
  if (!settings.text("index.number_of_replicas")) settings.set("index.number_of_replicas", "1");
  if (const auto expand = settings.text("index.auto_expand_replicas"); expand && *expand != "false")
    settings.set("index.number_of_replicas", expand->substr(0, expand->find('-')));
}

// Whether they say how the mapping may grow, which is the engine's to know.
bool boundsMapping(const SettingChanges& changes) {
  const auto is_bound = [](std::string_view name) {
    return name.starts_with("index.mapping.") || name.starts_with("index.*") || name.starts_with("*");
  };
  return std::any_of(changes.values.values().begin(), changes.values.values().end(),
                     [&](const auto& each) { return is_bound(each.first); }) ||
         std::any_of(changes.resets.begin(), changes.resets.end(), is_bound);
}

Result<Response> putSettings(Service& service, Call& call) {
  GYRE_TRY(checkTimeouts(call));
  GYRE_TRY_ASSIGN(const SettingChanges changes, readChanges(call));
  ResolveOptions usual = openAndClosed();
  usual.allows_none = false;
  GYRE_TRY_ASSIGN(const ResolveOptions options, readResolveOptions(call, usual));
  GYRE_TRY_ASSIGN(const auto resolved, service.catalog().resolve(call.variable("index"), options));
  GYRE_TRY(checkNames(changes));
  const bool names_indices = !call.variable("index").empty();
  const Status changed = service.catalog().change([&](CatalogState& state) -> Status {
    for (const Resolved& each : resolved) {
      const IndexEntry* const held = state.find(each.index->name);
      if (held == nullptr) return indexNotFound(each.index->name);
      if (!held->domain.empty() && !names_indices) continue;
      GYRE_TRY(Catalog::checkFree(*held));
      GYRE_TRY(checkAllowed(*held, changes));
      GYRE_TRY(checkChangeable(*held, changes));
      apply(state.edit(each.index->name).settings, changes);
    }
    return {};
  });
  GYRE_TRY(changed);
  if (boundsMapping(changes)) {
    const auto state = service.catalog().state();
    for (const Resolved& each : resolved)
      // A closed index takes them on when it is opened.
      if (const IndexEntry* const entry = state->find(each.index->name); entry != nullptr && entry->open)
        GYRE_TRY(entry->engine->putSettings(entry->settings.nestedJson()));
  }
  return acknowledged();
}

#define GYRE_GET_PARAMETERS GYRE_TIMEOUT_PARAMETERS " " GYRE_RESOLVE_PARAMETERS " flat_settings include_defaults local"
#define GYRE_PUT_PARAMETERS GYRE_TIMEOUT_PARAMETERS " " GYRE_RESOLVE_PARAMETERS " flat_settings preserve_existing"

constexpr Route kRoutes[] = {
    {"GET", "/_settings", answered<getSettings>, GYRE_GET_PARAMETERS},
    {"GET", "/_settings/{name}", answered<getSettings>, GYRE_GET_PARAMETERS},
    {"GET", "/{index}/_settings", answered<getSettings>, GYRE_GET_PARAMETERS},
    {"GET", "/{index}/_settings/{name}", answered<getSettings>, GYRE_GET_PARAMETERS},
    {"PUT", "/_settings", answered<putSettings>, GYRE_PUT_PARAMETERS},
    {"PUT", "/{index}/_settings", answered<putSettings>, GYRE_PUT_PARAMETERS},
};

}  // namespace

std::span<const Route> indexSettingRoutes() { return kRoutes; }

}  // namespace gyre::dialect
