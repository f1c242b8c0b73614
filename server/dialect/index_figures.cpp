#include "server/dialect/index_figures.hpp"

#include <algorithm>
#include <span>
#include <string>

namespace gyre::dialect {

namespace {

IndexFigures::Timed read(const TimedCounter& counter) {
  return {counter.total.load(std::memory_order_relaxed), counter.nanos.load(std::memory_order_relaxed)};
}

void add(IndexFigures::Timed& sum, const IndexFigures::Timed& other) {
  sum.total += other.total;
  sum.nanos += other.nanos;
}

std::int64_t millis(const IndexFigures::Timed& timed) { return static_cast<std::int64_t>(timed.nanos / 1'000'000); }

void writeZeros(std::string_view names, JsonWriter& writer) {
  while (!names.empty()) {
    const std::size_t end = std::min(names.find(' '), names.size());
    writer.member(names.substr(0, end), 0);
    names.remove_prefix(std::min(end + 1, names.size()));
  }
}

void writeDocs(const IndexFigures& f, JsonWriter& writer) {
  writer.member("count", f.doc_count).member("deleted", f.deleted_count);
}
void writeStore(const IndexFigures& f, JsonWriter& writer) {
  writer.member("size_in_bytes", f.size_bytes).member("reserved_in_bytes", 0);
}
void writeIndexing(const IndexFigures& f, JsonWriter& writer) {
  writer.member("index_total", f.indexed.total)
      .member("index_time_in_millis", millis(f.indexed))
      .member("index_current", 0)
      .member("index_failed", f.index_failures)
      .member("delete_total", f.deleted.total)
      .member("delete_time_in_millis", millis(f.deleted))
      .member("delete_current", 0)
      .member("noop_update_total", f.noop_updates)
      .member("is_throttled", false)
      .member("throttle_time_in_millis", 0);
}
void writeGet(const IndexFigures& f, JsonWriter& writer) {
  writer.member("total", f.gets_found.total + f.gets_missing.total)
      .member("time_in_millis", millis(f.gets_found) + millis(f.gets_missing))
      .member("exists_total", f.gets_found.total)
      .member("exists_time_in_millis", millis(f.gets_found))
      .member("missing_total", f.gets_missing.total)
      .member("missing_time_in_millis", millis(f.gets_missing))
      .member("current", 0);
}
void writePhase(std::string_view name, const IndexFigures::Timed& timed, JsonWriter& writer, std::int64_t current = 0) {
  const std::string prefix(name);
  writer.member(prefix + "_total", timed.total)
      .member(prefix + "_time_in_millis", millis(timed))
      .member(prefix + "_current", current);
}
void writeSearch(const IndexFigures& f, JsonWriter& writer) {
  writer.member("open_contexts", f.open_scrolls + f.open_points);
  writePhase("query", f.queries, writer);
  writePhase("fetch", f.fetches, writer);
  writePhase("scroll", f.scrolls, writer, f.open_scrolls);
  writePhase("point_in_time", f.points_in_time, writer, f.open_points);
  writePhase("suggest", f.suggestions, writer);
}
void writeMerges(const IndexFigures&, JsonWriter& writer) {
  writeZeros(
      "current current_docs current_size_in_bytes total total_time_in_millis total_docs total_size_in_bytes "
      "total_stopped_time_in_millis total_throttled_time_in_millis total_auto_throttle_in_bytes",
      writer);
}
void writeRefresh(const IndexFigures& f, JsonWriter& writer) {
  writer.member("total", f.refreshes.total)
      .member("total_time_in_millis", millis(f.refreshes))
      .member("external_total", f.refreshes.total)
      .member("external_total_time_in_millis", millis(f.refreshes))
      .member("listeners", 0);
}
void writeFlush(const IndexFigures& f, JsonWriter& writer) {
  writer.member("total", f.flushes.total).member("periodic", 0).member("total_time_in_millis", millis(f.flushes));
}
void writeWarmer(const IndexFigures&, JsonWriter& writer) { writeZeros("current total total_time_in_millis", writer); }
void writeQueryCache(const IndexFigures&, JsonWriter& writer) {
  writeZeros("memory_size_in_bytes total_count hit_count miss_count cache_size cache_count evictions", writer);
}
void writeFielddata(const IndexFigures&, JsonWriter& writer) { writeZeros("memory_size_in_bytes evictions", writer); }
void writeCompletion(const IndexFigures& f, JsonWriter& writer) { writer.member("size_in_bytes", f.completion_bytes); }
void writeSegments(const IndexFigures& f, JsonWriter& writer) {
  writer.member("count", f.segment_count);
  writeZeros(
      "memory_in_bytes terms_memory_in_bytes stored_fields_memory_in_bytes term_vectors_memory_in_bytes "
      "norms_memory_in_bytes points_memory_in_bytes doc_values_memory_in_bytes",
      writer);
  writer.member("index_writer_memory_in_bytes", f.buffer_bytes);
  writeZeros("version_map_memory_in_bytes fixed_bit_set_memory_in_bytes", writer);
  writer.member("max_unsafe_auto_id_timestamp", -1).key("file_sizes").beginObject().endObject();
}
void writeTranslog(const IndexFigures& f, JsonWriter& writer) {
  writer.member("operations", f.log_operations)
      .member("size_in_bytes", f.log_bytes)
      .member("uncommitted_operations", f.log_operations)
      .member("uncommitted_size_in_bytes", f.log_bytes)
      .member("earliest_last_modified_age", f.log_age_millis);
}
void writeRequestCache(const IndexFigures& f, JsonWriter& writer) {
  writer.member("memory_size_in_bytes", 0)
      .member("evictions", 0)
      .member("hit_count", f.request_cache_hits)
      .member("miss_count", f.request_cache_misses);
}
void writeRecovery(const IndexFigures&, JsonWriter& writer) {
  writeZeros("current_as_source current_as_target throttle_time_in_millis", writer);
}

constexpr StatsSection kSections[] = {
    {"docs", "docs", writeDocs},
    {"store", "store", writeStore},
    {"indexing", "indexing", writeIndexing},
    {"get", "get", writeGet},
    {"search", "search", writeSearch},
    {"merges", "merge", writeMerges},
    {"refresh", "refresh", writeRefresh},
    {"flush", "flush", writeFlush},
    {"warmer", "warmer", writeWarmer},
    {"query_cache", "query_cache", writeQueryCache},
    {"fielddata", "fielddata", writeFielddata},
    {"completion", "completion", writeCompletion},
    {"segments", "segments", writeSegments},
    {"translog", "translog", writeTranslog},
    {"request_cache", "request_cache", writeRequestCache},
    {"recovery", "recovery", writeRecovery},
};

}  // namespace

void writeGroup(const GroupCounters::Counts& counts, JsonWriter& writer) {
  writer.beginObject();
  writePhase("query", {counts.queries, counts.query_nanos}, writer);
  writePhase("fetch", {counts.fetches, counts.fetch_nanos}, writer);
  for (const std::string_view phase : {"scroll", "point_in_time", "suggest"}) writePhase(phase, {}, writer);
  writer.endObject();
}

std::span<const StatsSection> statsSections() { return kSections; }

IndexFigures figuresOf(const IndexEntry& entry, bool counts_closed) {
  IndexFigures figures;
  if (entry.engine == nullptr) {
    figures.size_bytes = entry.closed_stats.size_bytes;
    if (counts_closed) figures.segment_count = entry.closed_stats.segment_count;
    return figures;
  }
  const auto snapshot = entry.engine->snapshot();
  for (const engine::SegmentView& each : snapshot->segments) {
    figures.doc_count += each.live_count;
    figures.deleted_count += each.segment->docCount() - each.live_count;
    for (const engine::Field& field : snapshot->mapping->fields()) {
      if (field.type != engine::FieldType::kCompletion) continue;
      const engine::FieldReader* const reader = each.segment->field(field.path);
      if (reader == nullptr || reader->completion == nullptr) continue;
      figures.completion_bytes += reader->completion->sizeBytes();
      figures.completion_field_bytes[field.path] += reader->completion->sizeBytes();
    }
  }
  const engine::IndexStats stats = entry.engine->stats();
  figures.size_bytes = stats.size_bytes + entry.engine->logBytes();
  figures.segment_count = stats.segment_count;
  figures.buffer_bytes = stats.buffer_bytes;
  const engine::Checkpoint checkpoint = entry.engine->checkpoint();
  figures.log_operations = checkpoint.applied - std::min(checkpoint.applied, checkpoint.durable);
  figures.log_bytes = entry.engine->logBytes();
  if (!entry.open) return figures;
  const IndexCounters& counters = entry.open->counters;
  figures.indexed = read(counters.indexed);
  figures.deleted = read(counters.deleted);
  figures.gets_found = read(counters.gets_found);
  figures.gets_missing = read(counters.gets_missing);
  figures.queries = read(counters.queries);
  figures.fetches = read(counters.fetches);
  figures.scrolls = read(counters.scrolls);
  figures.points_in_time = read(counters.points_in_time);
  figures.suggestions = read(counters.suggestions);
  figures.refreshes = read(counters.refreshes);
  figures.flushes = read(counters.flushes);
  figures.index_failures = counters.index_failures;
  figures.noop_updates = counters.noop_updates;
  figures.request_cache_hits = counters.request_cache_hits;
  figures.request_cache_misses = counters.request_cache_misses;
  figures.open_scrolls = counters.open_scrolls;
  figures.open_points = counters.open_points_in_time;
  figures.groups = counters.groups.read();
  return figures;
}

void IndexFigures::add(const IndexFigures& o) {
  doc_count += o.doc_count;
  deleted_count += o.deleted_count;
  size_bytes += o.size_bytes;
  segment_count += o.segment_count;
  buffer_bytes += o.buffer_bytes;
  log_operations += o.log_operations;
  log_bytes += o.log_bytes;
  log_age_millis = std::max(log_age_millis, o.log_age_millis);
  completion_bytes += o.completion_bytes;
  for (const auto& [path, bytes] : o.completion_field_bytes) completion_field_bytes[path] += bytes;
  dialect::add(indexed, o.indexed);
  dialect::add(deleted, o.deleted);
  dialect::add(gets_found, o.gets_found);
  dialect::add(gets_missing, o.gets_missing);
  dialect::add(queries, o.queries);
  dialect::add(fetches, o.fetches);
  dialect::add(scrolls, o.scrolls);
  dialect::add(points_in_time, o.points_in_time);
  dialect::add(suggestions, o.suggestions);
  dialect::add(refreshes, o.refreshes);
  dialect::add(flushes, o.flushes);
  index_failures += o.index_failures;
  noop_updates += o.noop_updates;
  request_cache_hits += o.request_cache_hits;
  request_cache_misses += o.request_cache_misses;
  open_scrolls += o.open_scrolls;
  open_points += o.open_points;
  for (const auto& [group, counts] : o.groups) groups[group].add(counts);
}

}  // namespace gyre::dialect
