// How is one request answered?
//
// THREADS: free functions; they borrow the snapshots for the call.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "engine/search/search_options.hpp"
#include "engine/search/search_plan.hpp"
#include "engine/search/search_target.hpp"
#include "engine/segment/segment_reader.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

// `request` is a dialect search body; "" means {}. The answer has the dialect's shape: took, timed_out, _shards,
// hits{total, max_score, hits}, aggregations, suggest. A clause, parameter or aggregation that is not understood is
// invalid_argument naming it; nothing is ever ignored. Without any target the answer is an empty one.
SearchReply runSearch(std::span<const SearchTarget> targets, std::string_view request, const SearchOptions& options);
// {"count": n, "_shards": {…}} for a body that may have a query.
SearchReply runCount(std::span<const SearchTarget> targets, std::string_view request, const SearchOptions& options);

// The page after `after`, which is moved to the page's end when there is an answer.
SearchReply runPage(std::span<const SearchTarget> targets, std::string_view request, const SearchOptions& options,
                    PagePosition& after);

// The same for one index; a failure is its cause. `deadline_nanos` is a steady-clock reading, 0 for none.
Result<std::string> runSearch(const Snapshot& snapshot, std::string_view index_name, std::string_view request,
                              std::int64_t deadline_nanos);

}  // namespace gyre::engine
