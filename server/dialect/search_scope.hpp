// Which indices does a search ask, on which snapshots, and how is it to be answered?
//
// THREADS: free functions and values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/search/search_options.hpp"
#include "engine/search/search_target.hpp"
#include "gyre/status.hpp"
#include "server/dialect/catalog.hpp"
#include "server/dialect/resolve_options.hpp"
#include "server/dialect/route_table.hpp"

namespace gyre::dialect {

struct SearchScope {
  std::vector<IndexPtr> indices;  // in the order of the targets
  std::vector<engine::SearchTarget> targets;
};

// What is searched under that expression now. An index that nobody searched for a while is refreshed first.
Result<SearchScope> resolveSearch(Catalog& catalog, std::string_view expression, const ResolveOptions& options);

// Counts a search in every index that was asked.
void countSearch(const engine::SearchReply& reply, const SearchScope& scope);

// What the parameters of a search say about it. Those that name indices, and the ones of every route, are passed over.
Result<engine::SearchOptions> readSearchOptions(const Call& call);

// What every search's URL may say.
#define GYRE_SEARCH_PARAMETERS                                                                                     \
  GYRE_RESOLVE_PARAMETERS                                                                                          \
  " ignore_throttled q df analyzer analyze_wildcard default_operator lenient preference routing terminate_after "  \
  "search_type typed_keys rest_total_hits_as_int max_concurrent_shard_requests pre_filter_shard_size "             \
  "ccs_minimize_roundtrips from size sort _source _source_includes _source_excludes stored_fields "                \
  "docvalue_fields track_total_hits track_scores timeout explain version seq_no_primary_term stats request_cache " \
  "allow_partial_search_results batched_reduce_size include_named_queries_score phase_took suggest_field "         \
  "suggest_mode suggest_size suggest_text scroll"

}  // namespace gyre::dialect
