// How long is "30s"? The dialect's times: a number and one of nanos, micros, ms, s, m, h, d; "-1" and "0" alone.
//
// THREADS: free functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "gyre/status.hpp"

namespace gyre::dialect {

// In milliseconds, rounded down; -1 for "-1". illegal_argument_exception otherwise.
Result<std::int64_t> parseDuration(std::string_view text);

}  // namespace gyre::dialect
