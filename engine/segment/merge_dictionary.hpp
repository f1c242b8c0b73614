// With which dictionary does a merge compress the documents of its sources?
//
// THREADS: free functions.
#pragma once

#include <span>
#include <vector>

#include "engine/codec/stored_fields.hpp"
#include "engine/segment/segment_merger.hpp"

namespace gyre::engine {

// The dictionaries of all sources, each once, in the order of their use.
std::vector<DictionaryPtr> dictionariesOfSources(std::span<const MergeSource> sources);
// Where no source has any, one is made for all of them, if they are worth it; null otherwise.
Result<DictionaryPtr> trainForSources(std::span<const MergeSource> sources, bool shapes_sources);

}  // namespace gyre::engine
