// Which documents hold these terms next to each other, in this order?
//
// THREADS: as query.hpp says.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/query/query.hpp"

namespace gyre::engine {

struct PhraseTerm {
  std::string term;
  std::uint32_t position = 0;  // relative to the others; gaps are kept
};
// REQUIRES: at least two terms, positions not descending.
QueryPtr makePhraseQuery(std::string path, std::vector<PhraseTerm> terms, float boost);

}  // namespace gyre::engine
