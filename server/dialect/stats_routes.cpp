// What indices are like in numbers: _stats, _segments, _recovery.
#include <algorithm>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "engine/search/index_sort.hpp"
#include "gyre/json_writer.hpp"
#include "server/dialect/answered.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/index_blocks.hpp"
#include "server/dialect/index_figures.hpp"
#include "server/dialect/index_view.hpp"
#include "server/dialect/resolve_options.hpp"
#include "server/dialect/routes.hpp"
#include "server/dialect/segment_label.hpp"
#include "server/dialect/service.hpp"
#include "server/dialect/similar_names.hpp"

namespace gyre::dialect {

namespace {

// A metric that is less like another is not taken for a misspelt one.
constexpr double kLeastLike = 0.5;

// The sections asked for; all of them for "_all" and for none.
Result<std::vector<const StatsSection*>> chooseSections(const Call& call) {
  std::vector<const StatsSection*> chosen;
  const std::vector<std::string_view> metrics =
      splitList(call.hasVariable("metric") ? call.variable("metric") : call.text("metric"));
  std::set<std::string_view> asked(metrics.begin(), metrics.end());
  if (asked.contains("_all") && asked.size() > 1)
    return illegalArgument("request [" + call.request.path + "] contains _all and individual metrics [" +
                           std::string(call.variable("metric")) + "]");
  const bool wants_all = asked.empty() || asked.contains("_all");
  for (const StatsSection& section : statsSections()) {
    if (wants_all || asked.contains(section.metric)) chosen.push_back(&section);
    asked.erase(section.metric);
  }
  asked.erase("_all");
  if (asked.empty()) return chosen;
  std::string names;
  std::vector<std::string_view> known;
  for (const StatsSection& section : statsSections()) known.push_back(section.metric);
  for (const std::string_view each : asked) {
    names += (names.empty() ? "[" : ", [") + std::string(each) + "]";
    if (const std::string meant = didYouMean(similarNames(each, known, kLeastLike)); !meant.empty())
      names += " -> " + meant;
  }
  return illegalArgument("request [" + call.request.path + "] contains unrecognized metric" +
                         (asked.size() > 1 ? "s: " : ": ") + names);
}

// What is shown of each index.
struct StatsView {
  std::vector<const StatsSection*> sections;
  // Patterns of fields whose part is shown by itself; nothing when none are asked for.
  std::optional<std::vector<std::string_view>> completion_fields, fielddata_fields;
  std::vector<std::string_view> groups;  // patterns; "_all" is one of everything
};

Result<StatsView> readView(const Call& call) {
  StatsView view;
  GYRE_TRY_ASSIGN(view.sections, chooseSections(call));
  if (call.has("fields")) view.completion_fields = view.fielddata_fields = splitList(call.text("fields"));
  if (call.has("completion_fields")) view.completion_fields = splitList(call.text("completion_fields"));
  if (call.has("fielddata_fields")) view.fielddata_fields = splitList(call.text("fielddata_fields"));
  view.groups = splitList(call.text("groups"));
  return view;
}

bool matchesOne(const std::vector<std::string_view>& patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](std::string_view pattern) { return pattern == "_all" || matchesWildcard(pattern, name); });
}

void writeGroups(const StatsView& view, const IndexFigures& figures, JsonWriter& writer) {
  if (std::none_of(figures.groups.begin(), figures.groups.end(),
                   [&](const auto& group) { return matchesOne(view.groups, group.first); }))
    return;
  writer.key("groups").beginObject();
  for (const auto& [group, counts] : figures.groups) {
    if (!matchesOne(view.groups, group)) continue;
    writer.key(group);
    writeGroup(counts, writer);
  }
  writer.endObject();
}

void writeSections(const StatsView& view, const IndexFigures& figures, JsonWriter& writer) {
  for (const StatsSection* section : view.sections) {
    writer.key(section->name).beginObject();
    section->write(figures, writer);
    if (section->name == "completion" && view.completion_fields) {
      writer.key("fields").beginObject();
      for (const auto& [path, bytes] : figures.completion_field_bytes)
        if (std::any_of(view.completion_fields->begin(), view.completion_fields->end(),
                        [&, each = std::string_view(path)](auto pattern) { return matchesWildcard(pattern, each); }))
          writer.key(path).beginObject().member("size_in_bytes", bytes).endObject();
      writer.endObject();
    }
    if (section->name == "search") writeGroups(view, figures, writer);
    // Columns are read where they lie: no field is loaded.
    if (section->name == "fielddata" && view.fielddata_fields) writer.key("fields").beginObject().endObject();
    writer.endObject();
  }
}

void writeBoth(const StatsView& view, const IndexFigures& figures, JsonWriter& writer) {
  for (const std::string_view name : {"primaries", "total"}) {
    writer.key(name).beginObject();
    writeSections(view, figures, writer);
    writer.endObject();
  }
}

Result<Response> getStats(Service& service, Call& call) {
  GYRE_TRY_ASSIGN(ResolveOptions options, readResolveOptions(call));
  GYRE_TRY_ASSIGN(options.forbids_closed, call.flag("forbid_closed_indices", true));
  GYRE_TRY_ASSIGN(const bool counts_closed, call.flag("include_unloaded_segments"));
  GYRE_TRY(call.flag("include_segment_file_sizes").status());
  GYRE_TRY_ASSIGN(const StatsView view, readView(call));
  const std::string_view level = call.text("level", "indices");
  if (level != "cluster" && level != "indices" && level != "shards")
    return illegalArgument("level parameter must be one of [cluster] or [indices] or [shards] but was [" +
                           std::string(level) + "]");
  GYRE_TRY_ASSIGN(const auto resolved, service.catalog().resolve(call.variable("index"), options));
  IndexFigures all;
  std::vector<IndexFigures> each_figures;
  for (const Resolved& each : resolved) {
    GYRE_TRY(checkBlocks(each.index->name, each.index->settings, BlockedAction::kMetadataRead));
    each_figures.push_back(figuresOf(*each.index, counts_closed));
    all.add(each_figures.back());
  }
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject();
  writeShards(resolved, writer);
  writer.key("_all").beginObject();
  // Of no index there is nothing to show.
  if (resolved.empty())
    writer.key("primaries").beginObject().endObject().key("total").beginObject().endObject();
  else
    writeBoth(view, all, writer);
  writer.endObject();
  if (level != "cluster") {
    writer.key("indices").beginObject();
    for (std::size_t i = 0; i < resolved.size(); ++i) {
      writer.key(resolved[i].index->name).beginObject().member("uuid", resolved[i].index->uuid);
      writeBoth(view, each_figures[i], writer);
      if (level == "shards") {
        writer.key("shards").beginObject();
        for (std::int64_t shard = 0; shard < resolved[i].index->shardCount(); ++shard) {
          // An index has one engine: the first shard has all of it.
          writer.key(std::to_string(shard)).beginArray().beginObject().key("routing").beginObject();
          writer.member("state", "STARTED").member("primary", true).member("node", service.nodeId());
          writer.key("relocating_node").null().endObject();
          writeSections(view, shard == 0 ? each_figures[i] : IndexFigures(), writer);
          writer.endObject().endArray();
        }
        writer.endObject();
      }
      writer.endObject();
    }
    writer.endObject();
  }
  writer.endObject();
  return response;
}

Result<Response> getSegments(Service& service, Call& call) {
  GYRE_TRY_ASSIGN(const ResolveOptions options, readResolveOptions(call));
  GYRE_TRY(call.flag("verbose").status());
  GYRE_TRY_ASSIGN(const auto resolved, service.catalog().resolve(call.variable("index"), options));
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject();
  writeShards(resolved, writer);
  writer.key("indices").beginObject();
  for (const Resolved& each : resolved) {
    const auto snapshot = each.index->engine->snapshot();
    GYRE_TRY_ASSIGN(const json::Document settings, json::Document::parse(each.index->settings.nestedJson()));
    GYRE_TRY_ASSIGN(const auto sort, engine::parseIndexSort(settings.root(), *snapshot->mapping));
    writer.key(each.index->name).beginObject().key("shards").beginObject().key("0").beginArray().beginObject();
    writer.key("routing").beginObject().member("state", "STARTED").member("primary", true);
    writer.member("node", service.nodeId()).endObject();
    writer.member("num_committed_segments", std::uint64_t{snapshot->segments.size()})
        .member("num_search_segments", std::uint64_t{snapshot->segments.size()})
        .key("segments")
        .beginObject();
    for (const engine::SegmentView& view : snapshot->segments) {
      writer.key(segmentLabel(view.segment->name()))
          .beginObject()
          .member("generation", segmentNumber(view.segment->name()))
          .member("num_docs", view.live_count)
          .member("deleted_docs", view.segment->docCount() - view.live_count)
          .member("size_in_bytes", view.segment->sizeBytes())
          .member("memory_in_bytes", 0)
          .member("committed", true)
          .member("search", true)
          .member("compound", true);
      if (!sort.empty()) {
        writer.key("sort");
        engine::writeIndexSort(sort, writer);
      }
      writer.endObject();
    }
    writer.endObject().endObject().endArray().endObject().endObject();
  }
  writer.endObject().endObject();
  return response;
}

Result<Response> getRecovery(Service& service, Call& call) {
  GYRE_TRY_ASSIGN(const ResolveOptions options, readResolveOptions(call, openOnly()));
  GYRE_TRY_ASSIGN(const bool only_active, call.flag("active_only"));
  GYRE_TRY_ASSIGN(const auto resolved, service.catalog().resolve(call.variable("index"), options));
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject();
  for (const Resolved& each : resolved) {
    // Every index was read back before the listener began.
    if (only_active) break;
    writer.key(each.index->name).beginObject().key("shards").beginArray();
    writer.beginObject()
        .member("id", 0)
        .member("type", "EXISTING_STORE")
        .member("stage", "DONE")
        .member("primary", true)
        .member("start_time_in_millis", each.index->created_millis)
        .member("total_time_in_millis", 0)
        .key("source")
        .beginObject()
        .endObject()
        .key("target")
        .beginObject()
        .member("id", service.nodeId())
        .member("host", service.identity().host)
        .member("name", service.identity().node_name)
        .endObject()
        .endObject();
    writer.endArray().endObject();
  }
  writer.endObject();
  return response;
}

#define GYRE_STATS_PARAMETERS                                                                                        \
  GYRE_RESOLVE_PARAMETERS                                                                                            \
  " level metric groups fields completion_fields fielddata_fields forbid_closed_indices include_segment_file_sizes " \
  "include_unloaded_segments"

constexpr Route kRoutes[] = {
    {"GET", "/_stats", answered<getStats>, GYRE_STATS_PARAMETERS},
    {"GET", "/_stats/{metric}", answered<getStats>, GYRE_STATS_PARAMETERS},
    {"GET", "/{index}/_stats", answered<getStats>, GYRE_STATS_PARAMETERS},
    {"GET", "/{index}/_stats/{metric}", answered<getStats>, GYRE_STATS_PARAMETERS},
    {"GET", "/_segments", answered<getSegments>, GYRE_RESOLVE_PARAMETERS " verbose"},
    {"GET", "/{index}/_segments", answered<getSegments>, GYRE_RESOLVE_PARAMETERS " verbose"},
    {"GET", "/_recovery", answered<getRecovery>, GYRE_RESOLVE_PARAMETERS " active_only detailed"},
    {"GET", "/{index}/_recovery", answered<getRecovery>, GYRE_RESOLVE_PARAMETERS " active_only detailed"},
};

}  // namespace

std::span<const Route> statsRoutes() { return kRoutes; }

}  // namespace gyre::dialect
