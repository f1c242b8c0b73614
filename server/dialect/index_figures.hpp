// What is an index like in numbers? Gathered from its engine and its counters; shown by _stats, _cat and _nodes/stats.
//
// THREADS: free functions and values.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "gyre/json_writer.hpp"
#include "server/dialect/catalog.hpp"
#include "server/dialect/index_counters.hpp"

namespace gyre::dialect {

struct IndexFigures {
  struct Timed {
    std::uint64_t total = 0, nanos = 0;
  };
  std::uint64_t doc_count = 0, deleted_count = 0;  // searchable
  std::uint64_t size_bytes = 0;
  std::uint64_t segment_count = 0, buffer_bytes = 0;
  std::uint64_t log_operations = 0, log_bytes = 0;
  std::int64_t log_age_millis = 0;
  std::uint64_t completion_bytes = 0;
  std::map<std::string, std::uint64_t> completion_field_bytes;  // the same by field
  Timed indexed, deleted, gets_found, gets_missing, queries, fetches, scrolls, points_in_time, suggestions, refreshes,
      flushes;
  std::uint64_t index_failures = 0, noop_updates = 0, request_cache_hits = 0, request_cache_misses = 0;
  std::int64_t open_scrolls = 0, open_points = 0;
  std::map<std::string, GroupCounters::Counts, std::less<>> groups;  // searches by the names they gave themselves

  void add(const IndexFigures& other);
};

// `counts_closed`: also the segments of an index that is closed.
IndexFigures figuresOf(const IndexEntry& entry, bool counts_closed = false);

// What _stats says of searches that gave themselves one name.
void writeGroup(const GroupCounters::Counts& counts, JsonWriter& writer);

// The sections that _stats knows, in the order it shows them.
struct StatsSection {
  std::string_view name;    // as it is shown: "merges"
  std::string_view metric;  // as it is asked for: "merge"
  void (*write)(const IndexFigures& figures, JsonWriter& writer);
};
std::span<const StatsSection> statsSections();

}  // namespace gyre::dialect
