// Refreshing, flushing, merging and emptying caches.
#include <chrono>

#include "server/dialect/answered.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/index_blocks.hpp"
#include "server/dialect/index_view.hpp"
#include "server/dialect/resolve_options.hpp"
#include "server/dialect/routes.hpp"
#include "server/dialect/service.hpp"

namespace gyre::dialect {

namespace {

using Upkeep = Status (*)(const IndexEntry& entry, const Call& call);

Result<Response> keepUp(Service& service, Call& call, Upkeep upkeep) {
  GYRE_TRY_ASSIGN(const ResolveOptions options, readResolveOptions(call));
  GYRE_TRY_ASSIGN(const auto resolved, service.catalog().resolve(call.variable("index"), options));
  for (const Resolved& each : resolved) {
    GYRE_TRY(checkBlocks(each.index->name, each.index->settings, BlockedAction::kMetadataRead));
    GYRE_TRY(upkeep(*each.index, call));
  }
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject();
  GYRE_TRY_ASSIGN(const bool only_primaries, call.flag("primary_only"));
  writeShards(resolved, writer, only_primaries);
  writer.endObject();
  return response;
}

// Counts what `work` does and how long it takes.
template <class Work>
Status timed(const IndexEntry& entry, TimedCounter IndexCounters::*counter, Work work) {
  const auto began = std::chrono::steady_clock::now();
  GYRE_TRY(work());
  if (entry.open) (entry.open->counters.*counter).add((std::chrono::steady_clock::now() - began).count());
  return {};
}

Result<Response> refreshIndices(Service& service, Call& call) {
  return keepUp(service, call, [](const IndexEntry& entry, const Call&) {
    return timed(entry, &IndexCounters::refreshes, [&] {
      // What a stream has acknowledged may still be on its way to the engine.
      return entry.stream ? entry.stream->makeAllSearchable() : entry.engine->refresh();
    });
  });
}

Result<Response> flushIndices(Service& service, Call& call) {
  GYRE_TRY_ASSIGN(const bool is_forced, call.flag("force"));
  GYRE_TRY_ASSIGN(const bool waits, call.flag("wait_if_ongoing", true));
  if (is_forced && !waits) return validationFailed("wait_if_ongoing must be true for a force flush");
  return keepUp(service, call, [](const IndexEntry& entry, const Call&) {
    return timed(entry, &IndexCounters::flushes, [&] { return entry.engine->commit(); });
  });
}

// The flush of old, which is a flush like any other.
Result<Response> flushSynced(Service& service, Call& call) {
  return keepUp(service, call, [](const IndexEntry& entry, const Call&) {
    return timed(entry, &IndexCounters::flushes, [&] { return entry.engine->commit(); });
  });
}

Result<Response> mergeIndices(Service& service, Call& call) {
  GYRE_TRY_ASSIGN(const std::int64_t segments, call.whole("max_num_segments", -1));
  for (const std::string_view name : {"flush", "primary_only", "wait_for_completion", "only_expunge_deletes"})
    GYRE_TRY(call.flag(name, true).status());
  if (segments > 1'000'000) return illegalArgument("max_num_segments must be below 1000000");
  return keepUp(service, call, [](const IndexEntry& entry, const Call& asked) -> Status {
    GYRE_TRY_ASSIGN(const bool flushes, asked.flag("flush", true));
    GYRE_TRY_ASSIGN(const bool expunges, asked.flag("only_expunge_deletes"));
    GYRE_TRY_ASSIGN(const std::int64_t count, asked.whole("max_num_segments", -1));
    GYRE_TRY(entry.engine->refresh());
    // Deletes go where a segment is written anew: all are, when any has some.
    const bool has_deletes = entry.engine->stats().deleted_count > 0;
    // only_expunge_deletes goes before max_num_segments.
    if (expunges) {
      if (has_deletes) GYRE_TRY(entry.engine->forceMerge(1));
    } else {
      GYRE_TRY(count > 0 ? entry.engine->forceMerge(static_cast<std::uint32_t>(count)) : entry.engine->merge());
    }
    return flushes ? entry.engine->commit() : Status();
  });
}

Result<Response> clearCaches(Service& service, Call& call) {
  for (const std::string_view name : {"fielddata", "query", "request", "file"}) GYRE_TRY(call.flag(name).status());
  // There are none that outlive a request.
  return keepUp(service, call, [](const IndexEntry&, const Call&) { return Status(); });
}

#define GYRE_FLUSH_PARAMETERS GYRE_RESOLVE_PARAMETERS " force wait_if_ongoing"
#define GYRE_MERGE_PARAMETERS \
  GYRE_RESOLVE_PARAMETERS " max_num_segments only_expunge_deletes flush primary_only wait_for_completion"
#define GYRE_CACHE_PARAMETERS GYRE_RESOLVE_PARAMETERS " fielddata fields query request file index"

constexpr Route kRoutes[] = {
    {"GET POST", "/_refresh", answered<refreshIndices>, GYRE_RESOLVE_PARAMETERS},
    {"GET POST", "/{index}/_refresh", answered<refreshIndices>, GYRE_RESOLVE_PARAMETERS},
    {"GET POST", "/_flush", answered<flushIndices>, GYRE_FLUSH_PARAMETERS},
    {"GET POST", "/{index}/_flush", answered<flushIndices>, GYRE_FLUSH_PARAMETERS},
    {"GET POST", "/_flush/synced", answered<flushSynced>, GYRE_RESOLVE_PARAMETERS},
    {"GET POST", "/{index}/_flush/synced", answered<flushSynced>, GYRE_RESOLVE_PARAMETERS},
    {"POST", "/_forcemerge", answered<mergeIndices>, GYRE_MERGE_PARAMETERS},
    {"POST", "/{index}/_forcemerge", answered<mergeIndices>, GYRE_MERGE_PARAMETERS},
    {"POST", "/_cache/clear", answered<clearCaches>, GYRE_CACHE_PARAMETERS},
    {"POST", "/{index}/_cache/clear", answered<clearCaches>, GYRE_CACHE_PARAMETERS},
};

}  // namespace

std::span<const Route> upkeepRoutes() { return kRoutes; }

}  // namespace gyre::dialect
