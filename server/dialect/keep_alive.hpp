// How long may a scroll or a point in time be kept?
//
// THREADS: free functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gyre/status.hpp"
#include "server/dialect/catalog.hpp"

namespace gyre::dialect {

// In milliseconds. Longer than the cluster's settings allow is illegal_argument_exception; what is no time at all, or
// below 0, becomes the default.
Result<std::int64_t> readScrollKeepAlive(const CatalogState& state, std::string_view text);
Result<std::int64_t> readPointInTimeKeepAlive(const CatalogState& state, std::string_view text);

// "1.5h": the largest unit, with one digit behind the point.
std::string durationText(std::int64_t millis);

}  // namespace gyre::dialect
