// What decides most comparisons of terms: their first bytes, as a number.
//
// THREADS: free functions.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace gyre::engine {

// Of two terms whose first eight bytes differ, the smaller one's is smaller; equal ones say nothing. A shorter term
// ends in zeros.
inline std::uint64_t termBeginning(std::string_view term) {
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, term.data(), std::min(sizeof bytes, term.size()));
  return std::endian::native == std::endian::little ? __builtin_bswap64(bytes) : bytes;
}

}  // namespace gyre::engine
