// Making, removing, showing, opening, closing and blocking indices.
#include <algorithm>
#include <map>

#include "gyre/json.hpp"
#include "server/dialect/aliases.hpp"
#include "server/dialect/answered.hpp"
#include "server/dialect/date_math_name.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/index_blocks.hpp"
#include "server/dialect/index_composition.hpp"
#include "server/dialect/index_view.hpp"
#include "server/dialect/resolve_options.hpp"
#include "server/dialect/routes.hpp"
#include "server/dialect/service.hpp"
#include "server/dialect/setting_table.hpp"

namespace gyre::dialect {

namespace {

Result<Response> createIndex(Service& service, Call& call) {
  GYRE_TRY(checkTimeouts(call));
  Catalog& catalog = service.catalog();
  GYRE_TRY_ASSIGN(const std::string name, resolveDateMath(call.variable("index"), catalog.clock().nowMillis()));
  GYRE_TRY(checkIndexName(name));
  GYRE_TRY_ASSIGN(IndexRequest request, readIndexRequest(call.request.body));
  GYRE_TRY_ASSIGN(request, composeIndex(*catalog.state(), name, std::move(request)));
  GYRE_TRY_ASSIGN(const bool is_active, hasActiveShards(call, request.settings));
  GYRE_TRY(catalog.create(name, std::move(request)).status());
  Response response;
  JsonWriter(response.body)
      .beginObject()
      .member("acknowledged", true)
      .member("shards_acknowledged", is_active)
      .member("index", name)
      .endObject();
  return response;
}

// A pattern that would remove everything may be forbidden.
Status checkDestructive(const CatalogState& state, std::string_view expression) {
  if (state.clusterSetting("action.destructive_requires_name") != "true") return {};
  const bool is_pattern = expression.empty() || expression == "_all" || expression.find('*') != std::string_view::npos;
  return is_pattern ? illegalArgument("Wildcard expressions or all indices are not allowed") : Status();
}

Result<Response> deleteIndex(Service& service, Call& call) {
  GYRE_TRY(checkTimeouts(call));
  Catalog& catalog = service.catalog();
  const std::string_view expression = call.variable("index");
  GYRE_TRY(checkDestructive(*catalog.state(), expression));
  ResolveOptions usual = openAndClosed();
  usual.allows_aliases = false;
  GYRE_TRY_ASSIGN(const ResolveOptions options, readResolveOptions(call, usual));
  GYRE_TRY_ASSIGN(const auto resolved, catalog.resolve(expression, options));
  std::vector<IndexPtr> indices;
  for (const Resolved& each : resolved) {
    // A pattern passes over what belongs to a domain.
    if (!each.index->domain.empty() && expression.find(each.index->name) == std::string_view::npos) continue;
    GYRE_TRY(checkBlocks(each.index->name, each.index->settings, BlockedAction::kDelete));
    indices.push_back(each.index);
  }
  GYRE_TRY(catalog.remove(indices));
  return acknowledged();
}

Result<Response> indexExists(Service& service, Call& call) {
  GYRE_TRY_ASSIGN(const ResolveOptions options, readResolveOptions(call, openAndClosed()));
  auto resolved = service.catalog().resolve(call.variable("index"), options);
  Response response;
  const bool is_missing = !resolved.isOk() && resolved.status().code() == Code::kNotFound;
  if (!resolved.isOk() && !is_missing) return resolved.status();
  response.status = is_missing ? 404 : 200;
  response.body = "{}";
  return response;
}

Result<Response> getIndex(Service& service, Call& call) {
  GYRE_TRY(checkTimeouts(call));
  GYRE_TRY_ASSIGN(const ResolveOptions options, readResolveOptions(call, openOnly()));
  GYRE_TRY_ASSIGN(const SettingsView view, SettingsView::read(call));
  GYRE_TRY_ASSIGN(const auto resolved, service.catalog().resolve(call.variable("index"), options));
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject();
  for (const Resolved& each : resolved) {
    const IndexEntry& entry = *each.index;
    GYRE_TRY(checkBlocks(entry.name, entry.settings, BlockedAction::kMetadataRead));
    writer.key(entry.name).beginObject().key("aliases");
    writeAliases(entry.aliases, writer);
    writer.rawMember("mappings", mappingOf(entry));
    writeSettings(entry, service.identity(), view, "", writer);
    writer.endObject();
  }
  writer.endObject();
  return response;
}

Result<Response> openIndices(Service& service, Call& call) {
  GYRE_TRY(checkTimeouts(call));
  ResolveOptions usual = openOnly();
  usual.expands_open = false;
  usual.expands_closed = true;
  GYRE_TRY_ASSIGN(const ResolveOptions options, readResolveOptions(call, usual));
  GYRE_TRY(checkDestructive(*service.catalog().state(), call.variable("index")));
  GYRE_TRY_ASSIGN(const auto resolved, service.catalog().resolve(call.variable("index"), options));
  bool is_active = true;
  for (const Resolved& each : resolved) {
    GYRE_TRY(checkBlocks(each.index->name, each.index->settings, BlockedAction::kDelete));
    GYRE_TRY_ASSIGN(const bool has_shards, hasActiveShards(call, each.index->settings));
    is_active = is_active && has_shards;
  }
  for (const Resolved& each : resolved) GYRE_TRY(service.catalog().setClosed(each.index->name, false));
  Response response;
  JsonWriter(response.body)
      .beginObject()
      .member("acknowledged", true)
      .member("shards_acknowledged", is_active)
      .endObject();
  return response;
}

Result<Response> closeIndices(Service& service, Call& call) {
  GYRE_TRY(checkTimeouts(call));
  GYRE_TRY_ASSIGN(const ResolveOptions options, readResolveOptions(call, openOnly()));
  GYRE_TRY(checkDestructive(*service.catalog().state(), call.variable("index")));
  GYRE_TRY_ASSIGN(const auto resolved, service.catalog().resolve(call.variable("index"), options));
  std::vector<std::string> closed;
  bool is_active = true;
  for (const Resolved& each : resolved) {
    GYRE_TRY_ASSIGN(const bool has_shards, hasActiveShards(call, each.index->settings));
    if (each.index->is_closed) continue;
    is_active = is_active && has_shards;
    GYRE_TRY(service.catalog().setClosed(each.index->name, true));
    closed.push_back(each.index->name);
  }
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject()
      .member("acknowledged", true)
      .member("shards_acknowledged", is_active && !closed.empty())
      .key("indices")
      .beginObject();
  for (const std::string& name : closed) writer.key(name).beginObject().member("closed", true).endObject();
  writer.endObject().endObject();
  return response;
}

Result<Response> addBlock(Service& service, Call& call) {
  GYRE_TRY(checkTimeouts(call));
  const std::string_view name = call.variable("block");
  const auto block = std::find_if(kIndexBlocks.begin(), kIndexBlocks.end(),
                                  [name](const IndexBlock& each) { return each.name == name; });
  if (block == kIndexBlocks.end()) return illegalArgument("No block found with name " + std::string(name));
  if (block->name == "read_only_allow_delete")
    return validationFailed("read_only_allow_delete block is for internal use only");
  GYRE_TRY_ASSIGN(const ResolveOptions options, readResolveOptions(call, openOnly()));
  GYRE_TRY_ASSIGN(const auto resolved, service.catalog().resolve(call.variable("index"), options));
  const Status changed = service.catalog().change([&](CatalogState& state) -> Status {
    for (const Resolved& each : resolved) {
      const IndexEntry* const held = state.find(each.index->name);
      if (held == nullptr) return indexNotFound(each.index->name);
      GYRE_TRY(Catalog::checkFree(*held));
      GYRE_TRY(checkBlocks(held->name, held->settings, BlockedAction::kMetadataWrite));
      state.edit(each.index->name).settings.set(block->setting, "true");
    }
    return {};
  });
  GYRE_TRY(changed);
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject()
      .member("acknowledged", true)
      .member("shards_acknowledged", !resolved.empty())
      .key("indices")
      .beginArray();
  for (const Resolved& each : resolved)
    writer.beginObject().member("name", each.index->name).member("blocked", true).endObject();
  writer.endArray().endObject();
  return response;
}

Result<Response> resolveIndices(Service& service, Call& call) {
  GYRE_TRY_ASSIGN(ResolveOptions options, readResolveOptions(call, openOnly()));
  options.ignores_unavailable = true;
  const auto state = service.catalog().state();
  const std::string_view expression = call.variable("name");
  GYRE_TRY_ASSIGN(const auto by_name, [&] {
    ResolveOptions itself = options;
    itself.allows_aliases = false;
    return service.catalog().resolve(expression, itself);
  }());
  std::map<std::string, std::vector<std::string>> aliases;
  for (const auto& [index, entry] : state->indices)
    for (const auto& [alias, properties] : entry->aliases)
      if (matchesList(expression, alias) && (options.expands_hidden || !properties.is_hidden.value_or(false)))
        aliases[alias].push_back(index);
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject().key("indices").beginArray();
  for (const Resolved& each : by_name) {
    const IndexEntry& entry = *each.index;
    writer.beginObject().member("name", entry.name);
    if (!entry.aliases.empty()) {
      writer.key("aliases").beginArray();
      for (const auto& [alias, properties] : entry.aliases) writer.string(alias);
      writer.endArray();
    }
    writer.key("attributes").beginArray().string(entry.is_closed ? "closed" : "open");
    if (entry.isHidden()) writer.string("hidden");
    writer.endArray().endObject();
  }
  writer.endArray().key("aliases").beginArray();
  for (const auto& [alias, indices] : aliases) {
    writer.beginObject().member("name", alias).key("indices").beginArray();
    for (const std::string& index : indices) writer.string(index);
    writer.endArray().endObject();
  }
  writer.endArray().key("data_streams").beginArray().endArray().endObject();
  return response;
}

Result<Response> refuseResize(Service&, Call&) {
  return Status(Code::kInvalidArgument, "illegal_argument_exception",
                "_shrink, _split and _clone are not served: an index has one engine, whatever its number of shards");
}

Result<Response> refuseShardStores(Service&, Call&) {
  return Status(Code::kInvalidArgument, "illegal_argument_exception",
                "_shard_stores is not served: there are no copies of shards");
}

#define GYRE_INDEX_PARAMETERS GYRE_TIMEOUT_PARAMETERS " " GYRE_RESOLVE_PARAMETERS

constexpr Route kRoutes[] = {
    {"PUT", "/{index}", answered<createIndex>, GYRE_TIMEOUT_PARAMETERS " wait_for_active_shards"},
    {"DELETE", "/{index}", answered<deleteIndex>, GYRE_INDEX_PARAMETERS},
    {"HEAD", "/{index}", answered<indexExists>, GYRE_INDEX_PARAMETERS " flat_settings include_defaults local", true},
    {"GET", "/{index}", answered<getIndex>, GYRE_INDEX_PARAMETERS " flat_settings include_defaults local"},
    {"POST", "/_open", answered<openIndices>, GYRE_INDEX_PARAMETERS " wait_for_active_shards"},
    {"POST", "/{index}/_open", answered<openIndices>, GYRE_INDEX_PARAMETERS " wait_for_active_shards"},
    {"POST", "/_close", answered<closeIndices>, GYRE_INDEX_PARAMETERS " wait_for_active_shards"},
    {"POST", "/{index}/_close", answered<closeIndices>, GYRE_INDEX_PARAMETERS " wait_for_active_shards"},
    {"PUT", "/{index}/_block/{block}", answered<addBlock>, GYRE_INDEX_PARAMETERS},
    {"GET", "/_resolve/index/{name}", answered<resolveIndices>, "expand_wildcards", true},
    {"PUT POST", "/{index}/_shrink/{target}", answered<refuseResize>, ""},
    {"PUT POST", "/{index}/_split/{target}", answered<refuseResize>, ""},
    {"PUT POST", "/{index}/_clone/{target}", answered<refuseResize>, ""},
    {"GET", "/_shard_stores", answered<refuseShardStores>, ""},
    {"GET", "/{index}/_shard_stores", answered<refuseShardStores>, ""},
};

}  // namespace

std::span<const Route> indexRoutes() { return kRoutes; }

}  // namespace gyre::dialect
