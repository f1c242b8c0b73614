// Which values of a decoded window lie in a range?
//
// THREADS: free function on the caller's memory.
#pragma once

#include <cstdint>

namespace gyre::engine {

// Sets `bits` (kWindowWords) for the window's documents that have a value from lowest to highest, both included.
// REQUIRES: lowest <= highest.
void matchRange(const std::int64_t* values, std::int64_t lowest, std::int64_t highest, const std::uint64_t* present,
                std::uint64_t* bits);

}  // namespace gyre::engine
