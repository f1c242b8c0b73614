// Which documents hold a term within a few edits of a word, and what is each such term worth?
//
// The word is expanded to the best terms of the whole snapshot. Each counts as the ordinary term times
// 1 - edits / min(lengths), with the largest document count among them, so that a rare typo does not outscore the word.
//
// THREADS: as query.hpp says.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/query/fuzzy_terms.hpp"
#include "engine/query/query.hpp"

namespace gyre::engine {

inline constexpr std::uint32_t kDefaultExpansions = 50;

// REQUIRES: max_expansions from 1 to kMaxClauses.
QueryPtr makeFuzzyQuery(std::string path, FuzzyPattern pattern, std::uint32_t max_expansions, float boost);

// The same with what a client may have given wrong; "" is the usual rewrite.
Result<QueryPtr> makeCheckedFuzzyQuery(std::string path, FuzzyPattern pattern, std::int64_t prefix_length,
                                       std::int64_t max_expansions, std::string_view rewrite_method, float boost);

}  // namespace gyre::engine
