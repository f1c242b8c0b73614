// What does one search run on, and what becomes of an index that cannot answer?
//
// A search asks one or more indices, each on a snapshot of its own. Statistics, and so scores, are an index's own;
// hits, totals and aggregations are those of all. An index whose mapping cannot take the request fails alone: the
// others answer, and the failure is told beside their answer, as the dialect tells a failed shard.
//
// THREADS: values.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/query/index_limits.hpp"
#include "engine/segment/segment_reader.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

struct ParseContext;

struct SearchTarget {
  std::string index_name;  // shown as "_index"
  std::shared_ptr<const Snapshot> snapshot;
  std::vector<std::string> aliases{};  // other names that indices_boost may know it by
  std::string filter{};                // a query of the dialect that every hit must match; "" for none
  std::uint32_t shard_count = 1;       // as shown under "_shards"
  IndexLimits limits{};
  std::vector<std::string> default_fields{"*"};  // index.query.default_field
  bool allows_expensive_queries = true;          // search.allow_expensive_queries
  std::uint64_t max_buckets = UINT64_MAX;        // search.max_buckets; more than the engine's own limit is that
  // Fetches the document whose values a `terms` query looks up: index, id, routing to its source, nothing when there is
  // none. Null where that is not possible.
  std::function<Result<std::optional<std::string>>(const std::string&, const std::string&, const std::string&)>
      look_up{};
};

// What the parsers of the target's queries need; `target` may be null.
ParseContext makeContext(const Mapping& mapping, std::int64_t now_millis, const SearchTarget* target);

// Why an index did not answer. The status' reason is the dialect's type ("query_shard_exception"), its message the
// dialect's reason.
struct ShardFailure {
  std::string index;
  Status cause;
};
// {"shard": 0, "index": …, "node": …, "reason": {…}}.
void writeShardFailure(const ShardFailure& failure, JsonWriter& writer);

struct SearchReply {
  // Not ok: there is no answer. With failures every index failed, which the dialect tells as
  // search_phase_execution_exception; without any the request itself is at fault, and the status is the error to tell.
  Status status{};
  std::vector<ShardFailure> failures{};
  std::string phase = "query";  // in which the failures came
  std::string body{};           // status ok: the dialect's response; it tells the failures too
  std::uint64_t hit_count = 0;  // hits in the body
  // How long it took to find what matches, and to write the answer.
  std::int64_t query_nanos = 0;
  std::int64_t fetch_nanos = 0;
  bool has_suggestions = false;             // they were asked for
  std::vector<std::string> stats_groups{};  // names under which the search is counted
  bool is_suggest_only = false;             // and nothing else
};

}  // namespace gyre::engine
