// The one node: what it is, where it listens, what it uses.
#include <algorithm>
#include <set>
#include <string>

#include "base/clock.hpp"
#include "server/dialect/answered.hpp"
#include "server/dialect/cluster_view.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/index_figures.hpp"
#include "server/dialect/index_view.hpp"
#include "server/dialect/resolve_options.hpp"
#include "server/dialect/routes.hpp"
#include "server/dialect/service.hpp"

namespace gyre::dialect {

namespace {

constexpr std::string_view kInfoMetrics =
    "settings,os,process,jvm,thread_pool,transport,http,plugins,ingest,aggregations,indices";
constexpr std::string_view kStatsMetrics =
    "indices,os,process,jvm,thread_pool,fs,transport,http,breaker,script,discovery,"
    "ingest,adaptive_selection,indexing_pressure";

// Which sections are asked for; everything when none is. Unknown ones are refused.
class Sections {
 public:
  static Result<Sections> read(const Call& call, std::string_view list, std::string_view known) {
    Sections sections;
    for (const std::string_view each : splitList(list)) {
      if (each == "_all") return Sections();
      if (!matchesList(known, each))
        return illegalArgument("request [" + call.request.path + "] contains unrecognized metric: [" +
                               std::string(each) + "]");
      sections.asked_.insert(each);
    }
    return sections;
  }
  bool has(std::string_view name) const { return asked_.empty() || asked_.contains(name); }

 private:
  std::set<std::string_view> asked_;
};

void writeRoles(JsonWriter& writer) {
  writer.key("roles").beginArray().string("cluster_manager").string("data").string("ingest").endArray();
  writer.key("attributes").beginObject().endObject();
}

void writeEmpty(std::string_view name, JsonWriter& writer) { writer.key(name).beginObject().endObject(); }

Result<Response> info(Service& service, Call& call, std::string_view node, std::string_view metrics) {
  GYRE_TRY(checkTimeouts(call));
  GYRE_TRY_ASSIGN(const Sections sections, Sections::read(call, metrics, kInfoMetrics));
  const bool is_here = namesNode(service, node);
  const Identity& identity = service.identity();
  const ProcessFigures process = processFigures(service.catalog().options().folder);
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject();
  writeNodesHeader(service, is_here ? 1 : 0, writer);
  writer.key("nodes").beginObject();
  if (is_here) {
    writer.key(service.nodeId()).beginObject();
    writeNodeIdentity(service, writer);
    writer.member("version", identity.version).member("build_type", "tar").member("build_hash", "unknown");
    writeRoles(writer);
    if (sections.has("settings")) {
      writer.key("settings").beginObject().key("cluster").beginObject().member("name", identity.cluster_name);
      writer.endObject().key("node").beginObject().member("name", identity.node_name).endObject().endObject();
    }
    if (sections.has("os"))
      writer.key("os")
          .beginObject()
          .member("refresh_interval_in_millis", 1000)
          .member("name", "Linux")
          .member("pretty_name", "Linux")
          .member("arch", sizeof(void*) == 8 ? "amd64" : "x86")
          .member("version", "")
          .member("available_processors", process.processors)
          .member("allocated_processors", process.processors)
          .endObject();
    if (sections.has("process"))
      writer.key("process")
          .beginObject()
          .member("refresh_interval_in_millis", 1000)
          .member("id", process.process_id)
          .member("mlockall", false)
          .endObject();
    // There is no Java machine; clients read the memory from here.
    if (sections.has("jvm")) {
      writer.key("jvm").beginObject().member("pid", process.process_id).member("version", "0");
      writer.member("vm_name", "none").member("vm_version", "0").member("vm_vendor", "none");
      writer.key("mem")
          .beginObject()
          .member("heap_init_in_bytes", 0)
          .member("heap_max_in_bytes", process.memory_total)
          .member("non_heap_init_in_bytes", 0)
          .member("non_heap_max_in_bytes", 0)
          .member("direct_max_in_bytes", 0)
          .endObject();
      writer.key("gc_collectors").beginArray().endArray().key("memory_pools").beginArray().endArray();
      writer.key("input_arguments").beginArray().endArray().endObject();
    }
    if (sections.has("thread_pool")) writeEmpty("thread_pool", writer);
    for (const std::string_view name : {"transport", "http"}) {
      if (!sections.has(name)) continue;
      writer.key(name).beginObject().key("bound_address").beginArray().string(service.publishAddress()).endArray();
      writer.member("publish_address", service.publishAddress());
      if (name == "http") writer.member("max_content_length_in_bytes", 104857600);
      writer.endObject();
    }
    if (sections.has("plugins")) {
      writer.key("plugins").beginArray().endArray().key("modules").beginArray().endArray();
    }
    if (sections.has("ingest"))
      writer.key("ingest").beginObject().key("processors").beginArray().endArray().endObject();
    writer.endObject();
  }
  writer.endObject().endObject();
  return response;
}

Result<Response> getNodes(Service& service, Call& call) { return info(service, call, "", ""); }

// One variable may be nodes or metrics.
Result<Response> getNodesOrMetrics(Service& service, Call& call) {
  const std::string_view text = call.variable("node");
  bool are_metrics = true;
  for (const std::string_view each : splitList(text)) are_metrics = are_metrics && matchesList(kInfoMetrics, each);
  return are_metrics ? info(service, call, "", text) : info(service, call, text, "");
}

Result<Response> getNodeMetrics(Service& service, Call& call) {
  return info(service, call, call.variable("node"), call.variable("metric"));
}

void writeMemory(const ProcessFigures& process, JsonWriter& writer) {
  writer.key("mem")
      .beginObject()
      .member("heap_used_in_bytes", process.resident_bytes)
      .member("heap_used_percent", process.memory_total > 0 ? process.resident_bytes * 100 / process.memory_total : 0)
      .member("heap_committed_in_bytes", process.resident_bytes)
      .member("heap_max_in_bytes", process.memory_total)
      .member("non_heap_used_in_bytes", 0)
      .member("non_heap_committed_in_bytes", 0)
      .key("pools")
      .beginObject();
  for (const std::string_view pool : {"young", "survivor", "old"}) {
    writer.key(pool).beginObject();
    for (const std::string_view name : {"used_in_bytes", "max_in_bytes", "peak_used_in_bytes", "peak_max_in_bytes"})
      writer.member(name, 0);
    writer.endObject();
  }
  writer.endObject().endObject();
}

void writeJvm(const ProcessFigures& process, std::int64_t now, std::int64_t uptime, JsonWriter& writer) {
  writer.key("jvm").beginObject().member("timestamp", now).member("uptime_in_millis", uptime);
  writeMemory(process, writer);
  writer.key("threads")
      .beginObject()
      .member("count", process.threads)
      .member("peak_count", process.threads)
      .endObject();
  writer.key("gc").beginObject().key("collectors").beginObject();
  for (const std::string_view collector : {"young", "old"})
    writer.key(collector)
        .beginObject()
        .member("collection_count", 0)
        .member("collection_time_in_millis", 0)
        .endObject();
  writer.endObject().endObject().key("buffer_pools").beginObject();
  for (const std::string_view pool : {"mapped", "direct"})
    writer.key(pool)
        .beginObject()
        .member("count", 0)
        .member("used_in_bytes", 0)
        .member("total_capacity_in_bytes", 0)
        .endObject();
  writer.endObject().endObject();
}

void writeOs(const ProcessFigures& process, std::int64_t now, JsonWriter& writer) {
  const std::int64_t used = process.memory_total - process.memory_free;
  const std::int64_t percent = process.memory_total > 0 ? used * 100 / process.memory_total : 0;
  writer.key("os").beginObject().member("timestamp", now).key("cpu").beginObject().member("percent", 0);
  writer.key("load_average")
      .beginObject()
      .member("1m", process.load_1m)
      .member("5m", process.load_5m)
      .member("15m", process.load_15m)
      .endObject()
      .endObject();
  writer.key("mem")
      .beginObject()
      .member("total_in_bytes", process.memory_total)
      .member("free_in_bytes", process.memory_free)
      .member("used_in_bytes", used)
      .member("free_percent", 100 - percent)
      .member("used_percent", percent)
      .endObject();
  writer.key("swap").beginObject();
  for (const std::string_view name : {"total_in_bytes", "free_in_bytes", "used_in_bytes"}) writer.member(name, 0);
  writer.endObject().endObject();
}

void writeProcess(const ProcessFigures& process, std::int64_t now, JsonWriter& writer) {
  writer.key("process")
      .beginObject()
      .member("timestamp", now)
      .member("open_file_descriptors", process.open_files)
      .member("max_file_descriptors", process.max_files)
      .key("cpu")
      .beginObject()
      .member("percent", 0)
      .member("total_in_millis", process.cpu_millis)
      .endObject()
      .key("mem")
      .beginObject()
      .member("total_virtual_in_bytes", process.virtual_bytes)
      .endObject()
      .endObject();
}

void writeDisk(const ProcessFigures& process, const std::string& folder, std::int64_t now, JsonWriter& writer) {
  const auto write_sizes = [&] {
    writer.member("total_in_bytes", process.disk_total)
        .member("free_in_bytes", process.disk_free)
        .member("available_in_bytes", process.disk_available);
  };
  writer.key("fs").beginObject().member("timestamp", now).key("total").beginObject();
  write_sizes();
  writer.endObject()
      .key("data")
      .beginArray()
      .beginObject()
      .member("path", folder)
      .member("mount", "")
      .member("type", "");
  write_sizes();
  writer.endObject().endArray().key("io_stats").beginObject().endObject().endObject();
}

Result<Response> stats(Service& service, Call& call) {
  GYRE_TRY(checkTimeouts(call));
  GYRE_TRY_ASSIGN(const Sections sections, Sections::read(call, call.variable("metric"), kStatsMetrics));
  const std::string_view level = call.text("level", "node");
  if (level != "node" && level != "indices" && level != "shards")
    return illegalArgument("level parameter must be one of [node] or [indices] or [shards] but was [" +
                           std::string(level) + "]");
  const bool is_here = namesNode(service, call.variable("node"));
  const std::string& folder = service.catalog().options().folder;
  const ProcessFigures process = processFigures(folder);
  const std::int64_t now = service.catalog().clock().nowMillis();
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject();
  writeNodesHeader(service, is_here ? 1 : 0, writer);
  writer.key("nodes").beginObject();
  if (is_here) {
    writer.key(service.nodeId()).beginObject().member("timestamp", now);
    writeNodeIdentity(service, writer);
    writeRoles(writer);
    if (sections.has("indices")) {
      writer.key("indices").beginObject();
      IndexFigures all;
      for (const auto state = service.catalog().state(); const auto& [name, entry] : state->indices)
        all.add(figuresOf(*entry));
      std::set<std::string_view> asked;
      for (const std::string_view each : splitList(call.variable("index_metric"))) asked.insert(each);
      for (const StatsSection& section : statsSections()) {
        if (!asked.empty() && !asked.contains("_all") && !asked.contains(section.metric)) continue;
        writer.key(section.name).beginObject();
        section.write(all, writer);
        writer.endObject();
      }
      writer.endObject();
    }
    if (sections.has("os")) writeOs(process, now, writer);
    if (sections.has("process")) writeProcess(process, now, writer);
    if (sections.has("jvm")) writeJvm(process, now, service.uptimeMillis(), writer);
    if (sections.has("thread_pool")) writeEmpty("thread_pool", writer);
    if (sections.has("fs")) writeDisk(process, folder, now, writer);
    if (sections.has("transport")) {
      writer.key("transport").beginObject();
      for (const std::string_view name :
           {"server_open", "rx_count", "rx_size_in_bytes", "tx_count", "tx_size_in_bytes"})
        writer.member(name, 0);
      writer.endObject();
    }
    if (sections.has("http"))
      writer.key("http").beginObject().member("current_open", 0).member("total_opened", 0).endObject();
    if (sections.has("breaker")) writeEmpty("breakers", writer);
    if (sections.has("script")) writeEmpty("script", writer);
    if (sections.has("ingest")) writeEmpty("ingest", writer);
    writer.endObject();
  }
  writer.endObject().endObject();
  return response;
}

#define GYRE_NODE_PARAMETERS "timeout flat_settings"
#define GYRE_STATS_PARAMETERS \
  "timeout level types groups fields completion_fields fielddata_fields include_segment_file_sizes"

constexpr Route kRoutes[] = {
    {"GET", "/_nodes", answered<getNodes>, GYRE_NODE_PARAMETERS},
    {"GET", "/_nodes/{node}", answered<getNodesOrMetrics>, GYRE_NODE_PARAMETERS},
    {"GET", "/_nodes/{node}/{metric}", answered<getNodeMetrics>, GYRE_NODE_PARAMETERS},
    {"GET", "/_nodes/{node}/info/{metric}", answered<getNodeMetrics>, GYRE_NODE_PARAMETERS},
    {"GET", "/_nodes/stats", answered<stats>, GYRE_STATS_PARAMETERS},
    {"GET", "/_nodes/stats/{metric}", answered<stats>, GYRE_STATS_PARAMETERS},
    {"GET", "/_nodes/stats/{metric}/{index_metric}", answered<stats>, GYRE_STATS_PARAMETERS},
    {"GET", "/_nodes/{node}/stats", answered<stats>, GYRE_STATS_PARAMETERS},
    {"GET", "/_nodes/{node}/stats/{metric}", answered<stats>, GYRE_STATS_PARAMETERS},
    {"GET", "/_nodes/{node}/stats/{metric}/{index_metric}", answered<stats>, GYRE_STATS_PARAMETERS},
};

}  // namespace

std::span<const Route> nodeRoutes() { return kRoutes; }

}  // namespace gyre::dialect
