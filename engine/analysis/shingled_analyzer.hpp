// Which terms does a search_as_you_type field keep beside its words?
//
// Every so many neighbouring words, joined: "quick brown", "brown fox". A removed word between them is a "_".
//
// THREADS: free function; analyzers are immutable.
#pragma once

#include <cstddef>

#include "engine/analysis/analyzer.hpp"

namespace gyre::engine {

// `base` with its words joined, `size` at a time. REQUIRES: size >= 2.
AnalyzerPtr makeShingledAnalyzer(const Analyzer& base, std::size_t size);

}  // namespace gyre::engine
