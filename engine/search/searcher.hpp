// How is one request answered on one snapshot?
//
// THREADS: free; borrows the snapshot for the call.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/segment/segment_reader.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

// `request` is a dialect search body; "" means {}. `index_name` is shown as "_index". The answer has the dialect's
// shape: took, timed_out, _shards, hits{total, max_score, hits}, aggregations, suggest. A clause, parameter or
// aggregation that is not understood is invalid_argument naming it; nothing is ever ignored.
Result<std::string> runSearch(const Snapshot& snapshot, std::string_view index_name, std::string_view request,
                              std::int64_t deadline_nanos);

}  // namespace gyre::engine
