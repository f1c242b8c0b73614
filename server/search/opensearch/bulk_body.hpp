// How do operations become a bulk request, and its response their verdicts?
//
// Every operation carries its version as the cluster's external one, so a replay is refused with a conflict, which
// means that what is held is as new: done. A repair may replace its own version (external_gte).
//
// THREADS: free functions.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/status.hpp"
#include "server/search/search_engine.hpp"

namespace gyre::search {

inline constexpr std::size_t kMostIdBytes = 512;  // the clusters' own limit

// What is wrong with an operation before it is sent; "" when nothing is. Such a one would fail its whole request.
std::string refusalOf(const BulkOperation& operation);

// Appends action and source, each on one line.
void writeOperation(const BulkOperation& operation, std::string_view source, std::string& body);

struct BulkAnswer {
  std::vector<BulkItem> items;
  bool is_slowed = false;   // an item was refused for now
  bool is_missing = false;  // there is no such index any more
};

// 409: done. 429, 5xx and blocks of the index or credentials: retry. Other 4xx: refuse, with the cause. unavailable
// (reason "malformed_response") when the answer is not one item an operation.
Result<BulkAnswer> readBulkAnswer(std::string_view body, std::size_t operations);

// What of a bulk response is asked for.
inline constexpr std::string_view kBulkFilter =
    "filter_path=errors,items.*.status,items.*.error.type,items.*.error.reason,items.*.error.caused_by";

}  // namespace gyre::search
