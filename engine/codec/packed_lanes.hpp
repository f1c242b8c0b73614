// How are packed values unpacked, or compared where they lie, several at a time?
//
// With AVX2, which is asked for when the program starts: a shuffle moves the bytes of each value into a lane of its
// own, one shift by lane and a mask leave the value. Widths of up to 25 bits have lanes of 32 bits, of up to 57 bits
// lanes of 64: a value begins up to 7 bits within a byte.
// REQUIRES: what bit_packing.hpp requires of packed runs.
//
// THREADS: free functions.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gyre::engine {

inline constexpr unsigned kNarrowLaneBits = 25;
inline constexpr unsigned kWideLaneBits = 57;

// Unpacks the first values, a multiple of 8 of them, and says how many: none where the processor or the width is not
// one for it.
std::size_t unpackLanes(const std::uint8_t* from, std::size_t count, unsigned width, std::uint32_t* to);
std::size_t unpackLanes(const std::uint8_t* from, std::size_t count, unsigned width, std::uint64_t* to);

// Sets bit i of `bits`, and clears it otherwise, when lowest <= value i <= highest; ⌈count / 64⌉ words. Any processor
// and width. REQUIRES: lowest <= highest.
void packedWithin(const std::uint8_t* from, std::size_t count, unsigned width, std::uint64_t lowest,
                  std::uint64_t highest, std::uint64_t* bits);

}  // namespace gyre::engine
