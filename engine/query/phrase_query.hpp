// Which documents hold these terms next to each other, in this order, or nearly so?
//
// THREADS: as query.hpp says.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/query/phrase_matcher.hpp"
#include "engine/query/query.hpp"

namespace gyre::engine {

// REQUIRES: at least two places, positions not descending.
QueryPtr makePhraseQuery(std::string path, std::vector<PhrasePlace> places, std::uint32_t slop, float boost);

// The same, but the terms of the last place are the beginnings of the terms meant: the first `max_expansions` of them,
// in their order. With a single place, the sum of what those terms score.
QueryPtr makePhrasePrefixQuery(std::string path, std::vector<PhrasePlace> places, std::uint32_t slop,
                               std::uint32_t max_expansions, float boost);

}  // namespace gyre::engine
