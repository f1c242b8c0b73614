// Does a filter join neighbouring words, and how many of them?
//
// THREADS: free functions and values.
#pragma once

#include <cstddef>
#include <optional>

#include "engine/analysis/analyzer.hpp"

namespace gyre::engine {

namespace token_type {
inline constexpr std::string_view kShingle = "shingle";
}  // namespace token_type

struct ShingleSizes {
  std::size_t max = 2;
  bool has_unigrams = true;  // the words themselves are kept beside the shingles
};

// Of the first shingle filter in a chain; nothing when it has none.
std::optional<ShingleSizes> shinglesOf(const Analyzer& analyzer);

}  // namespace gyre::engine
