// How the completion section is laid out, for its writer and its reader.
//
// THREADS: constants and free functions.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace gyre::engine {

// A leaf of the tree covers this many inputs, which a scan of their ranks decides.
inline constexpr std::uint32_t kCompletionLeaf = 64;
inline constexpr std::uint32_t kNoCompletion = 0xffff'ffffu;
inline constexpr std::size_t kCompletionHeader = 16;
// u64 name offset, u64 list offset, u64 tree offset, u32 name size, u32 inputs.
inline constexpr std::size_t kCompletionListEntry = 32;
inline constexpr char kCompletionContextEnd = '\x1d';

// Leaves of the tree over so many inputs.
inline std::uint32_t completionTreeLeaves(std::uint32_t inputs) {
  const std::uint32_t leaves = inputs / kCompletionLeaf + (inputs % kCompletionLeaf != 0 ? 1 : 0);
  return std::bit_ceil(std::max(1u, leaves));
}

}  // namespace gyre::engine
