// How many bits of a word are set?
//
// Without std::popcount: where the compiler may not count on the processor's instruction that is a call for each word.
// Sums of two, four and eight bits side by side are a dozen steps in line, of which loops overlap several words'.
//
// THREADS: a function of its argument.
#pragma once

#include <cstdint>

namespace gyre::engine {

constexpr std::uint32_t countOnes(std::uint64_t word) {
  std::uint64_t sums = word - ((word >> 1) & 0x5555'5555'5555'5555u);
  sums = (sums & 0x3333'3333'3333'3333u) + ((sums >> 2) & 0x3333'3333'3333'3333u);
  sums = (sums + (sums >> 4)) & 0x0f0f'0f0f'0f0f'0f0fu;
  return static_cast<std::uint32_t>((sums * 0x0101'0101'0101'0101u) >> 56);
}

}  // namespace gyre::engine
