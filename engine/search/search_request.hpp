// What does this search body ask for?
//
// THREADS: immutable once parsed. OWNS: its queries and aggregations; borrows the mapping they were checked against.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/aggs/aggregation.hpp"
#include "engine/query/query.hpp"
#include "engine/search/hit_writer.hpp"
#include "engine/search/sort.hpp"
#include "engine/suggest/completion_suggester.hpp"

namespace gyre::engine {

struct SearchRequest {
  QueryPtr query;  // never null
  QueryPtr post_filter;
  std::vector<std::pair<std::string, const Query*>> named;
  std::uint32_t from = 0;
  std::uint32_t size = 10;
  std::vector<SortKey> sort;  // empty: by score
  std::vector<SortValue> search_after;
  // Hits are counted exactly up to this many; 0 shows no total.
  std::uint64_t count_up_to = 10'000;
  bool shows_total = true;
  bool tracks_scores = false;
  std::optional<float> min_score;
  FetchRequest fetch;
  std::int64_t timeout_nanos = 0;
  std::vector<std::pair<std::string, float>> index_boosts;  // by name or pattern
  Aggregations aggregations;
  bool has_aggregations = false;
  std::vector<CompletionRequest> suggestions;
  bool has_suggest = false;
  bool is_suggest_only = false;

  // Whether hits are ordered by something else than their score alone.
  bool isSorted() const { return !sort.empty(); }
  bool needsScores() const;

  // Members of `overrides`, which may be missing, count before those of `body`.
  static Result<SearchRequest> parse(json::Value body, json::Value overrides, const Mapping& mapping,
                                     std::int64_t now_millis);
};

}  // namespace gyre::engine
