// How are the scores of a window's matches added up?
//
// Arrays have a value for each of the window's 4,096 documents. Few matches are visited one by one; many are added
// without looking at single bits, all documents in step.
//
// THREADS: free functions on the caller's memory.
#pragma once

#include <cstdint>

#include "engine/query/window_bits.hpp"

namespace gyre::engine {

// to[i] += from[i] where bits has i; after it from is 0 wherever it was set in `bits` or in `written`, the documents
// that from may hold something for. REQUIRES: different memory; bits lies within written.
void moveSums(const std::uint64_t* bits, const std::uint64_t* written, float* from, float* to);
void moveSums(const std::uint64_t* bits, const std::uint64_t* written, float* from, double* to);
// The same, rounded to single precision once.
void moveSums(const std::uint64_t* bits, const std::uint64_t* written, double* from, float* to);
// to[i] += float(from[i]) where bits has i, and from is 0 afterwards. REQUIRES: from is 0 elsewhere.
void moveRounded(const std::uint64_t* bits, double* from, double* to);

// to[i] += float(first[i]) + float(second[i]) where bits has i. Both are left as they are.
void addBoth(const std::uint64_t* bits, const double* first, const double* second, float* to);
// sums[i] = 0 where bits has i; others may become 0 too.
void clearSums(const std::uint64_t* bits, double* sums);

}  // namespace gyre::engine
