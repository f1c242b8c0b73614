// Tables for people: indices, shards, aliases, templates, nodes and what else _cat shows.
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "engine/search/searcher.hpp"
#include "gyre/json.hpp"
#include "server/dialect/answered.hpp"
#include "server/dialect/cat_table.hpp"
#include "server/dialect/cluster_view.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/index_composition.hpp"
#include "server/dialect/index_figures.hpp"
#include "server/dialect/index_view.hpp"
#include "server/dialect/resolve_options.hpp"
#include "server/dialect/routes.hpp"
#include "server/dialect/search_targets.hpp"
#include "server/dialect/segment_label.hpp"
#include "server/dialect/service.hpp"
#include "server/dialect/task_registry.hpp"

namespace gyre::dialect {

namespace {

using Cell = CatCell;

constexpr json::Limits kBodyLimits{.max_depth = 512};

Cell count(std::uint64_t number) { return Cell::count(static_cast<double>(number)); }
Cell bytes(std::uint64_t number) { return Cell::bytes(static_cast<double>(number)); }
Cell nanos(std::uint64_t number) { return Cell::nanos(static_cast<double>(number)); }

// What is known under a column's name; the rest is none of what this engine has.
Cell figureCell(const IndexFigures& f, std::string_view name) {
  struct Known {
    std::string_view name;
    Cell (*make)(const IndexFigures& figures);
  };
  static constexpr Known kKnown[] = {
      {"docs.count", [](const IndexFigures& f2) { return count(f2.doc_count); }},
      {"docs.deleted", [](const IndexFigures& f2) { return count(f2.deleted_count); }},
      {"store.size", [](const IndexFigures& f2) { return bytes(f2.size_bytes); }},
      {"completion.size", [](const IndexFigures& f2) { return bytes(f2.completion_bytes); }},
      {"flush.total", [](const IndexFigures& f2) { return count(f2.flushes.total); }},
      {"flush.total_time", [](const IndexFigures& f2) { return nanos(f2.flushes.nanos); }},
      {"get.time", [](const IndexFigures& f2) { return nanos(f2.gets_found.nanos + f2.gets_missing.nanos); }},
      {"get.total", [](const IndexFigures& f2) { return count(f2.gets_found.total + f2.gets_missing.total); }},
      {"get.exists_time", [](const IndexFigures& f2) { return nanos(f2.gets_found.nanos); }},
      {"get.exists_total", [](const IndexFigures& f2) { return count(f2.gets_found.total); }},
      {"get.missing_time", [](const IndexFigures& f2) { return nanos(f2.gets_missing.nanos); }},
      {"get.missing_total", [](const IndexFigures& f2) { return count(f2.gets_missing.total); }},
      {"indexing.delete_time", [](const IndexFigures& f2) { return nanos(f2.deleted.nanos); }},
      {"indexing.delete_total", [](const IndexFigures& f2) { return count(f2.deleted.total); }},
      {"indexing.index_time", [](const IndexFigures& f2) { return nanos(f2.indexed.nanos); }},
      {"indexing.index_total", [](const IndexFigures& f2) { return count(f2.indexed.total); }},
      {"indexing.index_failed", [](const IndexFigures& f2) { return count(f2.index_failures); }},
      {"refresh.total", [](const IndexFigures& f2) { return count(f2.refreshes.total); }},
      {"refresh.time", [](const IndexFigures& f2) { return nanos(f2.refreshes.nanos); }},
      {"search.query_time", [](const IndexFigures& f2) { return nanos(f2.queries.nanos); }},
      {"search.query_total", [](const IndexFigures& f2) { return count(f2.queries.total); }},
      {"search.fetch_time", [](const IndexFigures& f2) { return nanos(f2.fetches.nanos); }},
      {"search.fetch_total", [](const IndexFigures& f2) { return count(f2.fetches.total); }},
      {"search.scroll_time", [](const IndexFigures& f2) { return nanos(f2.scrolls.nanos); }},
      {"search.scroll_total", [](const IndexFigures& f2) { return count(f2.scrolls.total); }},
      {"search.open_contexts",
       [](const IndexFigures& f2) {
         return count(static_cast<std::uint64_t>(std::max<std::int64_t>(0, f2.open_scrolls + f2.open_points)));
       }},
      {"segments.count", [](const IndexFigures& f2) { return count(f2.segment_count); }},
      {"segments.index_writer_memory", [](const IndexFigures& f2) { return bytes(f2.buffer_bytes); }},
      {"request_cache.hit_count", [](const IndexFigures& f2) { return count(f2.request_cache_hits); }},
      {"request_cache.miss_count", [](const IndexFigures& f2) { return count(f2.request_cache_misses); }},
  };
  for (const Known& each : kKnown)
    if (each.name == name) return each.make(f);
  if (name.ends_with("time")) return nanos(0);
  if (name.ends_with("memory") || name.ends_with("memory_size") || name.ends_with("size")) return bytes(0);
  return count(0);
}

void fillFigures(CatTable::Row& row, const IndexFigures& figures, CatTableKind kind) {
  static constexpr std::string_view kPrimary = "pri.";
  for (const CatColumn& column : catColumns(kind)) {
    std::string_view name = column.name;
    if (name.starts_with(kPrimary)) name.remove_prefix(kPrimary.size());
    if (name.find('.') == std::string_view::npos || row.contains(column.name)) continue;
    row[column.name] = figureCell(figures, name);
  }
}

Result<Response> catIndices(Service& service, Call& call) {
  GYRE_TRY(checkTimeouts(call));
  ResolveOptions usual = openAndClosed();
  usual.allows_none = true;
  GYRE_TRY_ASSIGN(const ResolveOptions options, readResolveOptions(call, usual));
  const std::string_view health = call.text("health");
  if (call.has("health") && health != "green" && health != "yellow" && health != "red")
    return illegalArgument("No enum constant org.opensearch.cluster.health.ClusterHealthStatus." + [&] {
      std::string upper(health);
      for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
      return upper;
    }());
  GYRE_TRY_ASSIGN(const auto resolved, service.catalog().resolve(call.variable("index"), options));
  CatTable table(CatTableKind::kIndices);
  for (const Resolved& each : resolved) {
    const IndexEntry& entry = *each.index;
    ShardCounts shards;
    shards.add(entry);
    if (!health.empty() && health != shards.status()) continue;
    CatTable::Row& row = table.add();
    row["health"] = Cell::of(shards.status());
    row["status"] = Cell::of(entry.is_closed ? "close" : "open");
    row["index"] = Cell::of(entry.name);
    row["uuid"] = Cell::of(entry.uuid);
    row["pri"] = count(static_cast<std::uint64_t>(entry.shardCount()));
    row["rep"] = count(static_cast<std::uint64_t>(entry.replicaCount()));
    row["creation.date"] = Cell::count(static_cast<double>(entry.created_millis));
    row["creation.date.string"] = Cell::of(isoTime(entry.created_millis));
    row["search.throttled"] = Cell::of("false");
    if (!entry.is_closed) fillFigures(row, figuresOf(entry), CatTableKind::kIndices);
  }
  return table.write(call);
}

// "epoch" and "timestamp" now, unless ts=false.
Status addNow(Service& service, const Call& call, CatTable::Row& row) {
  GYRE_TRY(call.flag("ts", true).status());
  const std::int64_t now = service.catalog().clock().nowMillis();
  row["epoch"] = Cell::count(static_cast<double>(now / 1000));
  row["timestamp"] = Cell::of(base::formatTime(now).substr(11, 8));
  return {};
}

Result<Response> catCount(Service& service, Call& call) {
  GYRE_TRY_ASSIGN(const auto resolved, service.catalog().resolve(call.variable("index"), {}));
  CatTable table(CatTableKind::kCount);
  CatTable::Row& row = table.add();
  GYRE_TRY(addNow(service, call, row));
  std::vector<engine::SearchTarget> targets;
  for (const Resolved& each : resolved) targets.push_back(searchTarget(each, *service.catalog().state()));
  const engine::SearchReply reply = engine::runCount(targets, call.request.body, {});
  GYRE_TRY(reply.status);
  GYRE_TRY_ASSIGN(const json::Document counted, json::Document::parse(reply.body));
  row["count"] = Cell::count(static_cast<double>(counted.root()["count"].integer().value_or(0)));
  return table.write(call);
}

Result<Response> catHealth(Service& service, Call& call) {
  CatTable table(CatTableKind::kHealth);
  CatTable::Row& row = table.add();
  GYRE_TRY(addNow(service, call, row));
  ShardCounts shards;
  for (const auto state = service.catalog().state(); const auto& [name, entry] : state->indices) shards.add(*entry);
  row["cluster"] = Cell::of(service.identity().cluster_name);
  row["status"] = Cell::of(shards.status());
  row["node.total"] = row["node.data"] = count(1);
  row["discovered_cluster_manager"] = Cell::of("true");
  row["shards"] = row["pri"] = count(static_cast<std::uint64_t>(shards.active));
  row["relo"] = row["init"] = row["pending_tasks"] = count(0);
  row["unassign"] = count(static_cast<std::uint64_t>(shards.unassigned));
  row["max_task_wait_time"] = Cell::of("-");
  char percent[32];
  std::snprintf(percent, sizeof percent, "%.1f%%", shards.activePercent());
  row["active_shards_percent"] = Cell::of(percent);
  GYRE_TRY_ASSIGN(const bool has_time, call.flag("ts", true));
  if (!has_time) table.hide({"epoch", "timestamp"});
  return table.write(call);
}

Result<Response> catAliases(Service& service, Call& call) {
  GYRE_TRY_ASSIGN(const ResolveOptions options, readResolveOptions(call, [] {
                    ResolveOptions usual = openAndClosed();
                    usual.expands_hidden = true;
                    return usual;
                  }()));
  GYRE_TRY_ASSIGN(const auto resolved, service.catalog().resolve("", options));
  CatTable table(CatTableKind::kAliases);
  const auto orDash = [](const std::string& text) { return Cell::of(text.empty() ? "-" : text); };
  for (const Resolved& each : resolved) {
    for (const auto& [name, alias] : each.index->aliases) {
      if (!matchesList(call.variable("name"), name)) continue;
      CatTable::Row& row = table.add();
      row["alias"] = Cell::of(name);
      row["index"] = Cell::of(each.index->name);
      row["filter"] = Cell::of(alias.filter.empty() ? "-" : "*");
      row["routing.index"] = orDash(alias.index_routing);
      row["routing.search"] = orDash(alias.search_routing);
      row["is_write_index"] = Cell::of(alias.is_write_index ? (*alias.is_write_index ? "true" : "false") : "-");
    }
  }
  return table.write(call);
}

Result<Response> catShards(Service& service, Call& call) {
  GYRE_TRY_ASSIGN(const auto resolved, service.catalog().resolve(call.variable("index"), openAndClosed()));
  CatTable table(CatTableKind::kShards);
  for (const Resolved& each : resolved) {
    const IndexEntry& entry = *each.index;
    for (std::int64_t shard = 0; shard < entry.shardCount(); ++shard) {
      for (std::int64_t copy = 0; copy <= entry.replicaCount(); ++copy) {
        CatTable::Row& row = table.add();
        row["index"] = Cell::of(entry.name);
        row["shard"] = count(static_cast<std::uint64_t>(shard));
        row["prirep"] = Cell::of(copy == 0 ? "p" : "r");
        row["state"] = Cell::of(copy == 0 ? "STARTED" : "UNASSIGNED");
        if (copy > 0) {
          row["unassigned.reason"] = Cell::of("INDEX_CREATED");
          continue;
        }
        // An index has one engine: its first shard holds everything.
        const IndexFigures figures = shard == 0 ? figuresOf(entry) : IndexFigures();
        row["docs"] = count(figures.doc_count);
        row["store"] = bytes(figures.size_bytes);
        row["ip"] = Cell::of(service.identity().host);
        row["id"] = Cell::of(service.nodeId());
        row["node"] = Cell::of(service.identity().node_name);
        for (const CatColumn& column : catColumns(CatTableKind::kShards)) {
          const bool is_figure = column.is_right && column.name.find('.') != std::string_view::npos &&
                                 !column.name.starts_with("seq_no") && !column.name.starts_with("path");
          if (is_figure) row[column.name] = figureCell(figures, column.name);
        }
      }
    }
  }
  return table.write(call);
}

Result<Response> catSegments(Service& service, Call& call) {
  GYRE_TRY_ASSIGN(const auto resolved, service.catalog().resolve(call.variable("index"), {}));
  CatTable table(CatTableKind::kSegments);
  for (const Resolved& each : resolved) {
    const auto snapshot = each.index->engine->snapshot();
    for (const engine::SegmentView& view : snapshot->segments) {
      CatTable::Row& row = table.add();
      row["index"] = Cell::of(each.index->name);
      row["shard"] = count(0);
      row["prirep"] = Cell::of("p");
      row["ip"] = Cell::of(service.identity().host);
      row["id"] = Cell::of(service.nodeId());
      row["segment"] = Cell::of(segmentLabel(view.segment->name()));
      row["generation"] = count(segmentNumber(view.segment->name()));
      row["docs.count"] = count(view.live_count);
      row["docs.deleted"] = count(view.segment->docCount() - view.live_count);
      row["size"] = bytes(view.segment->sizeBytes());
      row["size.memory"] = bytes(0);
      row["committed"] = row["searchable"] = row["compound"] = Cell::of("true");
      row["version"] = Cell::of("1");
    }
  }
  return table.write(call);
}

std::string bracketed(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& each : texts) list += (list.empty() ? "" : ", ") + each;
  return "[" + list + "]";
}

Result<Response> catTemplates(Service& service, Call& call) {
  CatTable table(CatTableKind::kTemplates);
  const auto state = service.catalog().state();
  const auto add = [&](const std::string& name, const std::string& text, bool is_legacy) -> Status {
    if (!matchesList(call.variable("name"), name)) return {};
    GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(text, kBodyLimits));
    const json::Value definition = document.root();
    CatTable::Row& row = table.add();
    row["name"] = Cell::of(name);
    row["index_patterns"] = Cell::of(bracketed(textsOf(definition["index_patterns"])));
    row["order"] = Cell::count(static_cast<double>(definition[is_legacy ? "order" : "priority"].integer().value_or(0)));
    if (const auto version = definition["version"].integer())
      row["version"] = Cell::count(static_cast<double>(*version));
    row["composed_of"] = Cell::of(is_legacy ? "" : bracketed(textsOf(definition["composed_of"])));
    return {};
  };
  for (const auto& [name, text] : state->templates) GYRE_TRY(add(name, text, true));
  for (const auto& [name, text] : state->index_templates) GYRE_TRY(add(name, text, false));
  return table.write(call);
}

Result<Response> catNodes(Service& service, Call& call) {
  const ProcessFigures process = processFigures(service.catalog().options().folder);
  CatTable table(CatTableKind::kNodes);
  CatTable::Row& row = table.add();
  const auto percent = [](std::int64_t part, std::int64_t whole) {
    return Cell::count(whole > 0 ? static_cast<double>(part * 100 / whole) : 0);
  };
  const auto load = [](double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f", value);
    return Cell::of(text);
  };
  GYRE_TRY_ASSIGN(const bool is_full, call.flag("full_id"));
  row["id"] = Cell::of(service.nodeId().substr(0, is_full ? std::string::npos : 4));
  row["pid"] = Cell::count(static_cast<double>(process.process_id));
  row["ip"] = Cell::of(service.identity().host);
  row["http_address"] = Cell::of(service.publishAddress());
  row["version"] = Cell::of(service.identity().version);
  row["type"] = Cell::of("tar");
  row["heap.percent"] = percent(process.resident_bytes, process.memory_total);
  row["heap.current"] = Cell::bytes(static_cast<double>(process.resident_bytes));
  row["heap.max"] = row["ram.max"] = Cell::bytes(static_cast<double>(process.memory_total));
  row["ram.percent"] = percent(process.memory_total - process.memory_free, process.memory_total);
  row["ram.current"] = Cell::bytes(static_cast<double>(process.memory_total - process.memory_free));
  row["cpu"] = count(0);
  row["load_1m"] = load(process.load_1m);
  row["load_5m"] = load(process.load_5m);
  row["load_15m"] = load(process.load_15m);
  row["disk.total"] = Cell::bytes(static_cast<double>(process.disk_total));
  row["disk.avail"] = Cell::bytes(static_cast<double>(process.disk_available));
  row["disk.used"] = Cell::bytes(static_cast<double>(process.disk_total - process.disk_available));
  row["disk.used_percent"] = percent(process.disk_total - process.disk_available, process.disk_total);
  row["file_desc.current"] = Cell::count(static_cast<double>(process.open_files));
  row["file_desc.max"] = Cell::count(static_cast<double>(process.max_files));
  row["node.role"] = Cell::of("dim");
  row["node.roles"] = Cell::of("cluster_manager,data,ingest");
  row["cluster_manager"] = Cell::of("*");
  row["name"] = Cell::of(service.identity().node_name);
  return table.write(call);
}

Result<Response> catClusterManager(Service& service, Call& call) {
  CatTable table(CatTableKind::kClusterManager);
  CatTable::Row& row = table.add();
  row["id"] = Cell::of(service.nodeId());
  row["host"] = row["ip"] = Cell::of(service.identity().host);
  row["node"] = Cell::of(service.identity().node_name);
  return table.write(call);
}

Result<Response> catAllocation(Service& service, Call& call) {
  CatTable table(CatTableKind::kAllocation);
  const ProcessFigures process = processFigures(service.catalog().options().folder);
  ShardCounts shards;
  std::uint64_t size = 0;
  for (const auto state = service.catalog().state(); const auto& [name, entry] : state->indices) {
    shards.add(*entry);
    size += figuresOf(*entry).size_bytes;
  }
  if (namesNode(service, call.variable("node"))) {
    CatTable::Row& row = table.add();
    const std::int64_t used = process.disk_total - process.disk_available;
    row["shards"] = count(static_cast<std::uint64_t>(shards.active));
    row["disk.indices"] = bytes(size);
    row["disk.used"] = Cell::bytes(static_cast<double>(used));
    row["disk.avail"] = Cell::bytes(static_cast<double>(process.disk_available));
    row["disk.total"] = Cell::bytes(static_cast<double>(process.disk_total));
    row["disk.percent"] =
        Cell::count(process.disk_total > 0 ? static_cast<double>(used * 100 / process.disk_total) : 0);
    row["host"] = row["ip"] = Cell::of(service.identity().host);
    row["node"] = Cell::of(service.identity().node_name);
  }
  if (shards.unassigned > 0) {
    CatTable::Row& row = table.add();
    row["shards"] = count(static_cast<std::uint64_t>(shards.unassigned));
    row["node"] = Cell::of("UNASSIGNED");
  }
  return table.write(call);
}

Result<Response> catTasks(Service& service, Call& call) {
  CatTable table(CatTableKind::kTasks);
  for (const TaskPtr& task : service.tasks().running()) {
    CatTable::Row& row = table.add();
    row["action"] = Cell::of(task->action);
    row["task_id"] = Cell::of(service.tasks().nameOf(task->id));
    row["id"] = count(task->id);
    row["parent_task_id"] = Cell::of("-");
    row["type"] = Cell::of("transport");
    row["start_time"] = Cell::count(static_cast<double>(task->start_millis));
    row["timestamp"] = Cell::of(base::formatTime(task->start_millis).substr(11, 8));
    row["running_time_ns"] = Cell::count(static_cast<double>(task->runningNanos()));
    row["running_time"] = Cell::nanos(static_cast<double>(task->runningNanos()));
    row["ip"] = Cell::of(service.identity().host);
    row["node"] = Cell::of(service.identity().node_name);
    row["description"] = Cell::of(task->description);
  }
  return table.write(call);
}

// Tables of what there is none of here.
template <CatTableKind kKind>
Result<Response> catNothing(Service&, Call& call) {
  return CatTable(kKind).write(call);
}

Result<Response> catThreadPool(Service& service, Call& call) {
  CatTable table(CatTableKind::kThreadPool);
  for (const std::string_view name : {"search", "write"}) {
    if (!matchesList(call.variable("pools"), name)) continue;
    CatTable::Row& row = table.add();
    row["node_name"] = Cell::of(service.identity().node_name);
    row["node_id"] = Cell::of(service.nodeId());
    row["name"] = Cell::of(name);
    row["type"] = Cell::of("fixed");
    row["active"] = row["queue"] = row["rejected"] = count(0);
  }
  return table.write(call);
}

Result<Response> catRecovery(Service& service, Call& call) {
  GYRE_TRY_ASSIGN(const auto resolved, service.catalog().resolve(call.variable("index"), openOnly()));
  CatTable table(CatTableKind::kRecovery);
  for (const Resolved& each : resolved) {
    CatTable::Row& row = table.add();
    row["index"] = Cell::of(each.index->name);
    row["shard"] = count(0);
    row["time"] = Cell::nanos(0);
    row["type"] = Cell::of("existing_store");
    row["stage"] = Cell::of("done");
    row["source_host"] = row["source_node"] = row["repository"] = row["snapshot"] = Cell::of("n/a");
    row["target_host"] = Cell::of(service.identity().host);
    row["target_node"] = Cell::of(service.identity().node_name);
    for (const std::string_view name :
         {"files", "files_recovered", "files_total", "translog_ops", "translog_ops_recovered"})
      row[name] = count(0);
    for (const std::string_view name : {"bytes", "bytes_recovered", "bytes_total"}) row[name] = bytes(0);
    row["files_percent"] = row["bytes_percent"] = row["translog_ops_percent"] = Cell::of("100.0%");
  }
  return table.write(call);
}

Result<Response> catalogue(Service&, Call&) {
  Response response;
  response.content_type = "text/plain; charset=UTF-8";
  response.body = "=^.^=\n";
  for (const Route& route : allRoutes())
    if (route.pattern.starts_with("/_cat/")) response.body.append(route.pattern).append("\n");
  return response;
}

constexpr Route kRoutes[] = {
    {"GET", "/_cat", answered<catalogue>, "", true},
    {"GET", "/_cat/indices", answered<catIndices>, GYRE_CAT_PARAMETERS " health pri include_unloaded_segments"},
    {"GET", "/_cat/indices/{index}", answered<catIndices>, GYRE_CAT_PARAMETERS " health pri include_unloaded_segments"},
    {"GET", "/_cat/count", answered<catCount>, GYRE_CAT_PARAMETERS},
    {"GET", "/_cat/count/{index}", answered<catCount>, GYRE_CAT_PARAMETERS},
    {"GET", "/_cat/health", answered<catHealth>, GYRE_CAT_PARAMETERS " ts"},
    {"GET", "/_cat/aliases", answered<catAliases>, GYRE_CAT_PARAMETERS},
    {"GET", "/_cat/aliases/{name}", answered<catAliases>, GYRE_CAT_PARAMETERS},
    {"GET", "/_cat/shards", answered<catShards>, GYRE_CAT_PARAMETERS},
    {"GET", "/_cat/shards/{index}", answered<catShards>, GYRE_CAT_PARAMETERS},
    {"GET", "/_cat/segments", answered<catSegments>, GYRE_CAT_PARAMETERS},
    {"GET", "/_cat/segments/{index}", answered<catSegments>, GYRE_CAT_PARAMETERS},
    {"GET", "/_cat/templates", answered<catTemplates>, GYRE_CAT_PARAMETERS},
    {"GET", "/_cat/templates/{name}", answered<catTemplates>, GYRE_CAT_PARAMETERS},
    {"GET", "/_cat/nodes", answered<catNodes>, GYRE_CAT_PARAMETERS " full_id"},
    {"GET", "/_cat/cluster_manager", answered<catClusterManager>, GYRE_CAT_PARAMETERS},
    {"GET", "/_cat/master", answered<catClusterManager>, GYRE_CAT_PARAMETERS},
    {"GET", "/_cat/allocation", answered<catAllocation>, GYRE_CAT_PARAMETERS},
    {"GET", "/_cat/allocation/{node}", answered<catAllocation>, GYRE_CAT_PARAMETERS},
    {"GET", "/_cat/plugins", answered<catNothing<CatTableKind::kPlugins>>, GYRE_CAT_PARAMETERS},
    {"GET", "/_cat/tasks", answered<catTasks>, GYRE_CAT_PARAMETERS " detailed actions nodes parent_task_id"},
    {"GET", "/_cat/pending_tasks", answered<catNothing<CatTableKind::kPendingTasks>>, GYRE_CAT_PARAMETERS},
    {"GET", "/_cat/thread_pool", answered<catThreadPool>, GYRE_CAT_PARAMETERS},
    {"GET", "/_cat/thread_pool/{pools}", answered<catThreadPool>, GYRE_CAT_PARAMETERS},
    {"GET", "/_cat/nodeattrs", answered<catNothing<CatTableKind::kNodeattrs>>, GYRE_CAT_PARAMETERS},
    {"GET", "/_cat/fielddata", answered<catNothing<CatTableKind::kFielddata>>, GYRE_CAT_PARAMETERS " fields"},
    {"GET", "/_cat/fielddata/{fields}", answered<catNothing<CatTableKind::kFielddata>>, GYRE_CAT_PARAMETERS},
    {"GET", "/_cat/repositories", answered<catNothing<CatTableKind::kRepositories>>, GYRE_CAT_PARAMETERS},
    {"GET", "/_cat/recovery", answered<catRecovery>, GYRE_CAT_PARAMETERS " active_only detailed index"},
    {"GET", "/_cat/recovery/{index}", answered<catRecovery>, GYRE_CAT_PARAMETERS " active_only detailed"},
};

}  // namespace

std::span<const Route> catRoutes() { return kRoutes; }

}  // namespace gyre::dialect
