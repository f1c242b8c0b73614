// How the cluster of one node is: health, state, statistics, settings, nodes.
#include <algorithm>
#include <charconv>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "gyre/json.hpp"
#include "server/dialect/aliases.hpp"
#include "server/dialect/answered.hpp"
#include "server/dialect/cluster_view.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/index_figures.hpp"
#include "server/dialect/index_view.hpp"
#include "server/dialect/resolve_options.hpp"
#include "server/dialect/routes.hpp"
#include "server/dialect/service.hpp"
#include "server/dialect/setting_table.hpp"

namespace gyre::dialect {

namespace {

constexpr json::Limits kBodyLimits{.max_depth = 256};

std::string upperCase(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return upper;
}

// ---- health
// ----------------------------------------------------------------------------------------------------------

// ">=2", "ge(2)", "2": holds for the one node there is?
Result<bool> hasNodes(std::string_view text) {
  struct Comparison {
    std::string_view sign, word;
    bool (*holds)(std::int64_t nodes, std::int64_t asked);
  };
  static constexpr Comparison kComparisons[] = {
      {">=", "ge(", [](std::int64_t nodes, std::int64_t asked) { return nodes >= asked; }},
      {"<=", "le(", [](std::int64_t nodes, std::int64_t asked) { return nodes <= asked; }},
      {">", "gt(", [](std::int64_t nodes, std::int64_t asked) { return nodes > asked; }},
      {"<", "lt(", [](std::int64_t nodes, std::int64_t asked) { return nodes < asked; }},
      {"", "", [](std::int64_t nodes, std::int64_t asked) { return nodes == asked; }},
  };
  for (const Comparison& each : kComparisons) {
    std::string_view digits = text;
    if (!each.word.empty() && digits.starts_with(each.word) && digits.ends_with(')')) {
      digits.remove_prefix(each.word.size());
      digits.remove_suffix(1);
    } else if (digits.starts_with(each.sign)) {
      digits.remove_prefix(each.sign.size());
    } else {
      continue;
    }
    std::int64_t asked = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), asked);
    if (digits.empty() || error != std::errc() || end != digits.data() + digits.size())
      return Status(Code::kInvalidArgument, "number_format_exception",
                    "For input string: \"" + std::string(digits) + "\"");
    return each.holds(1, asked);
  }
  return false;
}

Result<bool> hasActive(std::string_view text, const ShardCounts& shards) {
  if (text == "all") return shards.unassigned == 0;
  std::int64_t asked = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), asked);
  if (text.empty() || error != std::errc() || end != text.data() + text.size())
    return illegalArgument("cannot parse ActiveShardCount[" + std::string(text) + "]");
  return shards.active >= asked;
}

Result<bool> isAsWished(const Call& call, const ShardCounts& shards, std::string_view status) {
  bool is_as_wished = true;
  if (call.has("wait_for_status")) {
    const std::string_view wish = call.text("wait_for_status");
    std::string lower(wish);
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    if (lower != "green" && lower != "yellow" && lower != "red")
      return illegalArgument("No enum constant org.opensearch.cluster.health.ClusterHealthStatus." + upperCase(wish));
    const auto rank = [](std::string_view each) { return each == "green" ? 2 : each == "yellow" ? 1 : 0; };
    is_as_wished = rank(status) >= rank(lower);
  }
  if (call.has("wait_for_nodes")) {
    GYRE_TRY_ASSIGN(const bool has_nodes, hasNodes(call.text("wait_for_nodes")));
    is_as_wished = is_as_wished && has_nodes;
  }
  if (call.has("wait_for_active_shards")) {
    GYRE_TRY_ASSIGN(const bool has_active, hasActive(call.text("wait_for_active_shards"), shards));
    is_as_wished = is_as_wished && has_active;
  }
  if (call.has("wait_for_events")) {
    static constexpr std::string_view kPriorities[] = {"immediate", "urgent", "high", "normal", "low", "languid"};
    std::string lower(call.text("wait_for_events"));
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    if (std::find(std::begin(kPriorities), std::end(kPriorities), lower) == std::end(kPriorities))
      return illegalArgument("No enum constant org.opensearch.common.Priority." +
                             upperCase(call.text("wait_for_events")));
  }
  for (const std::string_view name : {"wait_for_no_relocating_shards", "wait_for_no_initializing_shards", "local"})
    GYRE_TRY(call.flag(name).status());
  return is_as_wished;
}

void writeShardHealth(const ShardCounts& shards, JsonWriter& writer) {
  writer.member("active_shards", shards.active)
      .member("relocating_shards", 0)
      .member("initializing_shards", 0)
      .member("unassigned_shards", shards.unassigned);
}

void writeIndexHealth(const IndexEntry& entry, bool has_shards, JsonWriter& writer) {
  ShardCounts shards;
  shards.add(entry);
  writer.key(entry.name)
      .beginObject()
      .member("status", shards.status())
      .member("number_of_shards", entry.shardCount())
      .member("number_of_replicas", entry.replicaCount())
      .member("active_primary_shards", shards.active);
  writeShardHealth(shards, writer);
  if (has_shards) {
    writer.key("shards").beginObject();
    for (std::int64_t i = 0; i < entry.shardCount(); ++i) {
      writer.key(std::to_string(i)).beginObject().member("status", shards.status()).member("primary_active", true);
      writeShardHealth({1, entry.replicaCount()}, writer);
      writer.endObject();
    }
    writer.endObject();
  }
  writer.endObject();
}

// Nothing is ever under way that could change the answer, so a wish that does not hold is told at once.
Result<Response> health(Service& service, Call& call) {
  GYRE_TRY(checkTimeouts(call));
  // Another level is none: the cluster's figures are shown, as for "cluster".
  const std::string_view level = call.text("level", "cluster");
  const bool has_indices = level == "indices" || level == "shards";
  ResolveOptions usual = openAndClosed();
  usual.expands_hidden = true;
  GYRE_TRY_ASSIGN(ResolveOptions options, readResolveOptions(call, usual));
  const std::string_view expression = call.variable("index");
  options.ignores_unavailable = true;
  GYRE_TRY_ASSIGN(const auto resolved, service.catalog().resolve(expression, options));
  bool is_missing = false;
  const auto state = service.catalog().state();
  for (const std::string_view name : splitList(expression))
    if (name.find('*') == std::string_view::npos && name != "_all" && state->find(name) == nullptr &&
        !state->isAlias(name))
      is_missing = true;
  ShardCounts shards, all;
  for (const Resolved& each : resolved) shards.add(*each.index);
  for (const auto& [name, entry] : state->indices) all.add(*entry);
  const std::string_view status = is_missing ? "red" : shards.status();
  GYRE_TRY_ASSIGN(const bool is_as_wished, isAsWished(call, shards, status));
  const bool is_timed_out = is_missing || !is_as_wished;
  Response response;
  response.status = is_timed_out ? 408 : 200;
  JsonWriter writer(response.body);
  writer.beginObject()
      .member("cluster_name", service.identity().cluster_name)
      .member("status", status)
      .member("timed_out", is_timed_out)
      .member("number_of_nodes", 1)
      .member("number_of_data_nodes", 1)
      .member("discovered_master", true)
      .member("discovered_cluster_manager", true)
      .member("active_primary_shards", shards.active);
  writeShardHealth(shards, writer);
  writer.member("delayed_unassigned_shards", 0)
      .member("number_of_pending_tasks", 0)
      .member("number_of_in_flight_fetch", 0)
      .member("task_max_waiting_in_queue_millis", 0)
      // Of the whole cluster, unless the indices asked for lack nothing.
      .member("active_shards_percent_as_number", shards.unassigned == 0 ? 100.0 : all.activePercent());
  if (has_indices) {
    writer.key("indices").beginObject();
    for (const Resolved& each : resolved) writeIndexHealth(*each.index, level == "shards", writer);
    writer.endObject();
  }
  writer.endObject();
  return response;
}

// ---- state
// -----------------------------------------------------------------------------------------------------------

void writeIndexMetadata(Service& service, const IndexEntry& entry, bool is_flat, JsonWriter& writer) {
  writer.key(entry.name)
      .beginObject()
      .member("version", 1)
      .member("mapping_version", 1)
      .member("settings_version", 1)
      .member("aliases_version", 1)
      .member("routing_num_shards", entry.settings.whole("index.number_of_routing_shards", entry.shardCount()))
      .member("state", entry.is_closed ? "close" : "open")
      .key("settings");
  shownSettings(entry, service.identity(), false).write(is_flat, writer);
  const std::string mapping = mappingOf(entry);
  writer.key("mappings").beginObject();
  if (mapping != "{}") writer.rawMember("_doc", mapping);
  writer.endObject().key("aliases").beginArray();
  for (const auto& [alias, properties] : entry.aliases) writer.string(alias);
  writer.endArray().key("primary_terms").beginObject();
  for (std::int64_t i = 0; i < entry.shardCount(); ++i) writer.member(std::to_string(i), 1);
  writer.endObject().key("rollover_info").beginObject().endObject().member("system", false).endObject();
}

void writeRouting(Service& service, const IndexEntry& entry, JsonWriter& writer) {
  writer.key(entry.name).beginObject().key("shards").beginObject();
  for (std::int64_t i = 0; i < entry.shardCount(); ++i) {
    writer.key(std::to_string(i)).beginArray();
    for (std::int64_t copy = 0; copy <= entry.replicaCount(); ++copy) {
      writer.beginObject().member("state", copy == 0 ? "STARTED" : "UNASSIGNED").member("primary", copy == 0);
      writer.key("node");
      if (copy == 0)
        writer.string(service.nodeId());
      else
        writer.null();
      writer.key("relocating_node").null().member("shard", i).member("index", entry.name).endObject();
    }
    writer.endArray();
  }
  writer.endObject().endObject();
}

Result<Response> clusterState(Service& service, Call& call) {
  GYRE_TRY(checkTimeouts(call));
  GYRE_TRY_ASSIGN(const bool is_flat, call.flag("flat_settings"));
  GYRE_TRY_ASSIGN(ResolveOptions options, readResolveOptions(call, openAndClosed()));
  options.ignores_unavailable = true;
  static constexpr std::string_view kMetrics[] = {"_all",          "version", "master_node", "cluster_manager_node",
                                                  "blocks",        "nodes",   "metadata",    "routing_table",
                                                  "routing_nodes", "customs"};
  std::set<std::string_view> metrics;
  for (const std::string_view metric : splitList(call.variable("metrics"))) {
    if (std::find(std::begin(kMetrics), std::end(kMetrics), metric) == std::end(kMetrics))
      return illegalArgument("request [" + call.request.path + "] contains unrecognized metric: [" +
                             std::string(metric) + "]");
    metrics.insert(metric);
  }
  const auto wants = [&](std::string_view metric) {
    return metrics.empty() || metrics.contains("_all") || metrics.contains(metric);
  };
  GYRE_TRY_ASSIGN(const auto resolved, service.catalog().resolve(call.variable("index"), options));
  const auto state = service.catalog().state();
  const std::string& uuid = service.catalog().clusterUuid();
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject().member("cluster_name", service.identity().cluster_name).member("cluster_uuid", uuid);
  if (wants("version")) writer.member("version", 1).member("state_uuid", uuid);
  if (wants("master_node")) writer.member("master_node", service.nodeId());
  if (wants("cluster_manager_node")) writer.member("cluster_manager_node", service.nodeId());
  if (wants("blocks")) writer.key("blocks").beginObject().endObject();
  if (wants("nodes")) {
    writer.key("nodes").beginObject().key(service.nodeId()).beginObject();
    writer.member("name", service.identity().node_name)
        .member("ephemeral_id", service.nodeId())
        .member("transport_address", service.publishAddress())
        .key("attributes")
        .beginObject()
        .endObject();
    writer.endObject().endObject();
  }
  if (wants("metadata")) {
    writer.key("metadata").beginObject().member("cluster_uuid", uuid).member("cluster_uuid_committed", true);
    writer.key("templates").beginObject();
    for (const auto& [name, text] : state->templates) writer.rawMember(name, text);
    writer.endObject().key("indices").beginObject();
    for (const Resolved& each : resolved) writeIndexMetadata(service, *each.index, is_flat, writer);
    writer.endObject();
    writer.key("index-graveyard").beginObject().key("tombstones").beginArray().endArray().endObject();
    writer.endObject();
  }
  if (wants("routing_table")) {
    writer.key("routing_table").beginObject().key("indices").beginObject();
    for (const Resolved& each : resolved) writeRouting(service, *each.index, writer);
    writer.endObject().endObject();
  }
  writer.endObject();
  return response;
}

// ---- settings
// --------------------------------------------------------------------------------------------------------

Settings clusterDefaults(const CatalogState& state) {
  Settings defaults;
  for (const SettingDefinition& each : clusterSettings()) {
    const bool is_set =
        state.persistent_settings.values().contains(each.name) || state.transient_settings.values().contains(each.name);
    if (!each.name.ends_with(".*") && !is_set) defaults.set(each.name, each.otherwise);
  }
  return defaults;
}

Result<Response> getClusterSettings(Service& service, Call& call) {
  GYRE_TRY(checkTimeouts(call));
  GYRE_TRY_ASSIGN(const bool is_flat, call.flag("flat_settings"));
  GYRE_TRY_ASSIGN(const bool has_defaults, call.flag("include_defaults"));
  const auto state = service.catalog().state();
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject().key("persistent");
  state->persistent_settings.write(is_flat, writer);
  writer.key("transient");
  state->transient_settings.write(is_flat, writer);
  if (has_defaults) {
    writer.key("defaults");
    clusterDefaults(*state).write(is_flat, writer);
  }
  writer.endObject();
  return response;
}

struct ClusterChange {
  Settings values;
  std::vector<std::string> resets;
};

Result<ClusterChange> readClusterChange(json::Value object, std::string_view kind) {
  ClusterChange change;
  GYRE_TRY(change.values.merge(object, "", &change.resets));
  for (const auto& [name, value] : change.values.values())
    if (findSetting(clusterSettings(), name) == nullptr)
      return illegalArgument(std::string(kind) + " setting [" + name + "], not recognized");
  GYRE_TRY(checkSettings(clusterSettings(), change.values));
  return change;
}

void apply(Settings& settings, const ClusterChange& change) {
  settings.merge(change.values);
  for (const std::string& name : change.resets) settings.erase(name);
}

Result<Response> putClusterSettings(Service& service, Call& call) {
  GYRE_TRY(checkTimeouts(call));
  GYRE_TRY_ASSIGN(const bool is_flat, call.flag("flat_settings"));
  GYRE_TRY(requireBody(call));
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(call.request.body, kBodyLimits));
  for (const json::Value member : document.root())
    if (member.key() != "persistent" && member.key() != "transient")
      return illegalArgument("unknown member [" + std::string(member.key()) +
                             "] of cluster settings: [persistent] or [transient] is expected");
  GYRE_TRY_ASSIGN(const ClusterChange persistent, readClusterChange(document.root()["persistent"], "persistent"));
  GYRE_TRY_ASSIGN(const ClusterChange transient, readClusterChange(document.root()["transient"], "transient"));
  if (persistent.values.values().empty() && persistent.resets.empty() && transient.values.values().empty() &&
      transient.resets.empty())
    return validationFailed("no settings to update");
  const Status changed = service.catalog().change([&](CatalogState& state) -> Status {
    apply(state.persistent_settings, persistent);
    apply(state.transient_settings, transient);
    return {};
  });
  GYRE_TRY(changed);
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject().member("acknowledged", true).key("persistent");
  persistent.values.write(is_flat, writer);
  writer.key("transient");
  transient.values.write(is_flat, writer);
  writer.endObject();
  return response;
}

Result<Response> pendingTasks(Service&, Call&) {
  Response response;
  JsonWriter(response.body).beginObject().key("tasks").beginArray().endArray().endObject();
  return response;
}

Result<Response> dataStreams(Service&, Call& call) {
  const std::string_view name = call.variable("name");
  if (!name.empty() && name.find('*') == std::string_view::npos) return indexNotFound(name);
  Response response;
  JsonWriter(response.body).beginObject().key("data_streams").beginArray().endArray().endObject();
  return response;
}

Result<Response> deleteDataStream(Service&, Call& call) {
  const std::string_view name = call.variable("name");
  if (name.find('*') == std::string_view::npos) return indexNotFound(name);
  return acknowledged();
}

Result<Response> refuseDataStream(Service&, Call&) {
  return illegalArgument("data streams are not served: use an alias with a write index, and _rollover");
}

// ---- statistics
// ------------------------------------------------------------------------------------------------------

IndexFigures allFigures(const CatalogState& state) {
  IndexFigures all;
  for (const auto& [name, entry] : state.indices) all.add(figuresOf(*entry));
  return all;
}

void writeSections(const IndexFigures& figures, std::string_view names, JsonWriter& writer) {
  for (const StatsSection& section : statsSections()) {
    if (!names.empty() && !matchesList(names, section.name)) continue;
    writer.key(section.name).beginObject();
    section.write(figures, writer);
    writer.endObject();
  }
}

Result<Response> clusterStats(Service& service, Call& call) {
  GYRE_TRY(checkTimeouts(call));
  const auto state = service.catalog().state();
  const ProcessFigures process = processFigures(service.catalog().options().folder);
  ShardCounts shards;
  for (const auto& [name, entry] : state->indices) shards.add(*entry);
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject();
  writeNodesHeader(service, 1, writer);
  writer.member("cluster_uuid", service.catalog().clusterUuid())
      .member("timestamp", service.catalog().clock().nowMillis())
      .member("status", shards.status());
  writer.key("indices").beginObject().member("count", std::uint64_t{state->indices.size()});
  writer.key("shards").beginObject().member("total", shards.active).member("primaries", shards.active).endObject();
  writeSections(allFigures(*state), "docs,store,fielddata,query_cache,completion,segments", writer);
  writer.endObject().key("nodes").beginObject().key("count").beginObject();
  for (const std::string_view role : {"total", "cluster_manager", "data", "ingest", "master"}) writer.member(role, 1);
  writer.endObject().key("versions").beginArray().string(service.identity().version).endArray();
  writer.key("os")
      .beginObject()
      .member("available_processors", process.processors)
      .member("allocated_processors", process.processors)
      .key("mem")
      .beginObject()
      .member("total_in_bytes", process.memory_total)
      .member("free_in_bytes", process.memory_free)
      .member("used_in_bytes", process.memory_total - process.memory_free)
      .endObject()
      .endObject();
  writer.key("fs")
      .beginObject()
      .member("total_in_bytes", process.disk_total)
      .member("free_in_bytes", process.disk_free)
      .member("available_in_bytes", process.disk_available)
      .endObject();
  writer.key("plugins").beginArray().endArray().endObject().endObject();
  return response;
}

#define GYRE_HEALTH_PARAMETERS                                                                           \
  GYRE_TIMEOUT_PARAMETERS                                                                                \
  " level local expand_wildcards wait_for_status wait_for_nodes wait_for_active_shards wait_for_events " \
  "wait_for_no_relocating_shards wait_for_no_initializing_shards"
#define GYRE_STATE_PARAMETERS                                               \
  GYRE_TIMEOUT_PARAMETERS " " GYRE_RESOLVE_PARAMETERS                       \
                          " local flat_settings wait_for_metadata_version " \
                          "wait_for_timeout"

constexpr Route kRoutes[] = {
    {"GET", "/_cluster/health", answered<health>, GYRE_HEALTH_PARAMETERS},
    {"GET", "/_cluster/health/{index}", answered<health>, GYRE_HEALTH_PARAMETERS},
    {"GET", "/_cluster/state", answered<clusterState>, GYRE_STATE_PARAMETERS},
    {"GET", "/_cluster/state/{metrics}", answered<clusterState>, GYRE_STATE_PARAMETERS},
    {"GET", "/_cluster/state/{metrics}/{index}", answered<clusterState>, GYRE_STATE_PARAMETERS},
    {"GET", "/_cluster/stats", answered<clusterStats>, "timeout flat_settings"},
    {"GET", "/_cluster/stats/nodes/{node}", answered<clusterStats>, "timeout flat_settings"},
    {"GET", "/_cluster/settings", answered<getClusterSettings>,
     GYRE_TIMEOUT_PARAMETERS " flat_settings include_defaults local"},
    {"PUT", "/_cluster/settings", answered<putClusterSettings>, GYRE_TIMEOUT_PARAMETERS " flat_settings"},
    {"GET", "/_cluster/pending_tasks", answered<pendingTasks>, "local master_timeout cluster_manager_timeout", true},
    {"GET", "/_data_stream", answered<dataStreams>, "expand_wildcards", true},
    {"GET", "/_data_stream/{name}", answered<dataStreams>, "expand_wildcards", true},
    {"DELETE", "/_data_stream/{name}", answered<deleteDataStream>, "expand_wildcards"},
    {"PUT POST", "/_data_stream/{name}", answered<refuseDataStream>, ""},
};

}  // namespace

std::span<const Route> clusterRoutes() { return kRoutes; }

}  // namespace gyre::dialect
