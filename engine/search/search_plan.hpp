// Which indices answer a request, and what is each of them asked?
//
// The request is read against each index' own mapping; an index that cannot take it is set aside with its failure. What
// is shared by all (paging, sorting, aggregations, what hits show) is read against the view of all that are left.
//
// THREADS: immutable once made. OWNS: requests and the combined snapshot; borrows the targets.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/search/collector.hpp"
#include "engine/search/search_options.hpp"
#include "engine/search/search_request.hpp"
#include "engine/search/search_target.hpp"

namespace gyre::engine {

struct PlannedTarget {
  const SearchTarget* target = nullptr;
  SearchRequest request;  // its queries; everything else is read from SearchPlan::request
  QueryPtr filter{};      // the target's own; may be null
  float boost = 1;
  // What is run; borrowed from here, or from the plan whose groups are looked into.
  const Query* query = nullptr;
  const Query* post_filter = nullptr;   // may be null
  std::vector<const Query*> filters{};  // a hit matches all of them
};

// Where the page before ended.
struct PagePosition {
  bool is_set = false;
  SortPosition sorted;
  ScorePosition scored;
  // As that page told.
  std::uint64_t total = 0;
  bool is_total_exact = true;
};

class SearchPlan {
 public:
  SearchPlan() = default;
  SearchPlan(const SearchPlan&) = delete;  // it points into itself
  SearchPlan& operator=(const SearchPlan&) = delete;

  std::vector<PlannedTarget> targets;
  SearchRequest common;                   // of several targets; only what is shared counts
  const SearchRequest* shared = nullptr;  // null: the first target's
  Snapshot snapshot;                      // the segments of all targets, one target after another
  std::vector<std::uint32_t> target_of;   // by segment
  std::vector<std::uint32_t> first_of;    // by target: its first segment
  std::uint32_t shard_count = 0;          // of all targets, failed ones too
  std::uint32_t failed_shard_count = 0;
  std::vector<ShardFailure> failures;
  PagePosition after;

  const SearchRequest& request() const { return shared != nullptr ? *shared : targets.front().request; }
  const SearchTarget& targetOf(std::uint32_t segment) const { return *targets[target_of[segment]].target; }
  std::string_view indexOf(std::uint32_t segment) const { return targetOf(segment).index_name; }

  // The hits of one group of `outer`, which each of its targets has a query for. REQUIRES: outer and the queries
  // outlive the plan.
  void makeOfGroup(const SearchPlan& outer, const SearchRequest& asked, std::span<const QueryPtr> groups);
  // The field that the hits of a target are grouped by. REQUIRES: they are.
  const std::string& groupPathOf(std::size_t target) const;

  // Objects within the hits of `outer`; what is asked of them is not run by the plan. REQUIRES: outer outlives the
  // plan.
  void makeOfObjects(const SearchPlan& outer, const SearchRequest& asked);

  // Not ok: the request itself is at fault, or every index failed (then `failures` says how).
  Status make(std::span<const SearchTarget> asked, std::string_view body, const SearchOptions& options,
              std::int64_t now_millis);

 private:
  Status plan(const SearchTarget& target, json::Value body, json::Value overrides, const SearchOptions& options,
              std::int64_t now_millis);
  Status boostIndices(bool ignores_unavailable);
  Status share(json::Value body, json::Value overrides, std::int64_t now_millis);
  void addSegments();
  // The targets with segments that have the index's name as a field.
  std::span<const SearchTarget> nameSegmentsOf(std::span<const SearchTarget> asked);

  std::vector<SearchTarget> named_targets_;
};

}  // namespace gyre::engine
