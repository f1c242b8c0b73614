// What does this search body ask for?
//
// THREADS: immutable once parsed. OWNS: its queries and aggregations; borrows the mapping they were checked against.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/aggs/aggregation.hpp"
#include "engine/query/query.hpp"
#include "engine/query/query_profile.hpp"
#include "engine/search/hit_writer.hpp"
#include "engine/search/sort.hpp"
#include "engine/suggest/suggestion.hpp"

namespace gyre::engine {

// A second, dearer query for the best hits of each index.
struct Rescore {
  enum class Mode : std::uint8_t { kTotal, kMultiply, kAverage, kMax, kMin };
  QueryPtr query;
  std::uint32_t window_size = 10;
  float query_weight = 1;
  float rescore_weight = 1;
  Mode mode = Mode::kTotal;

  float combine(float score, float second) const;
};

struct SearchRequest;

// Hits of one group, shown within its best one.
struct GroupHits {
  std::string name;
  std::unique_ptr<SearchRequest> request;  // never null; its query is not used
};

// Objects of a nested field that match, shown within the hit that holds them.
struct NestedHitsRequest {
  std::string name;
  std::string path;
  const Query* query = nullptr;            // what the objects match; owned by the request around this one
  std::unique_ptr<SearchRequest> request;  // never null; its query is not used
};

// One hit for each value of a field.
struct Collapse {
  std::string name;  // as it was asked for
  std::string path;  // the field itself, where that is an alias
  FieldType type = FieldType::kKeyword;
  std::vector<GroupHits> inner_hits;
};

// Every max-th document, from `id` on: the parts of a scroll that several readers share.
struct Slice {
  std::uint32_t id = 0;
  std::uint32_t max = 1;
};

struct ParseContext;
struct SearchTarget;

struct SearchRequest {
  QueryPtr query;  // never null
  QueryPtr post_filter;
  std::vector<std::pair<std::string, const Query*>> named;
  std::vector<NestedHitsRequest> nested_hits;
  std::uint32_t from = 0;
  std::uint32_t size = 10;
  std::vector<SortKey> sort;  // empty: by score
  std::vector<SortValue> search_after;
  // Hits are counted exactly up to this many; 0 shows no total.
  std::uint64_t count_up_to = 10'000;
  bool has_total_limit = false;  // track_total_hits is a number
  bool shows_total = true;
  bool tracks_scores = false;
  bool explains = false;  // "_explanation" of each hit
  std::optional<float> min_score;
  std::vector<Rescore> rescores;
  std::optional<Collapse> collapse;
  std::optional<Slice> slice;
  std::uint64_t terminate_after = 0;  // documents of each index; 0 for no limit
  FetchRequest fetch;
  std::int64_t timeout_nanos = 0;
  std::vector<std::pair<std::string, float>> index_boosts;  // by name or pattern
  std::string pit_id;                                       // resolved by the owner of the indices
  std::vector<std::string> stats_groups;                    // names under which the search is counted
  Aggregations aggregations;
  bool has_aggregations = false;
  std::vector<SuggestRequest> suggestions;
  bool has_suggest = false;
  bool is_suggest_only = false;
  std::unique_ptr<QueryProfile> profile;  // "profile": true

  // Whether hits are ordered by something else than their score alone.
  bool isSorted() const { return !sort.empty(); }
  bool needsScores() const;

  // Members of `overrides`, which may be missing, count before those of `body`. `target` is the index that is asked,
  // where there is one.
  static Result<SearchRequest> parse(json::Value body, json::Value overrides, const Mapping& mapping,
                                     std::int64_t now_millis, const SearchTarget* target = nullptr);
  // What a hit shows beside itself, {"name": …, "size": …, "sort": …, …}; `kind` is its name in refusals.
  static Result<SearchRequest> parseHits(json::Value body, std::string_view kind, const ParseContext& context);
};

}  // namespace gyre::engine
