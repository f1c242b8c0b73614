// Which documents hold one term, and what is it worth in each?
//
// THREADS: as query.hpp says.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/query/bm25.hpp"
#include "engine/query/query.hpp"

namespace gyre::engine {

// `bm25` is shared by the term's scorers of all segments.
ScorerPtr makeTermScorer(SegmentRun& run, const FieldReader& field, const TermInfo& term,
                         std::shared_ptr<const Bm25> bm25);

// The scored weight of one term of a text or keyword field. `doc_freq` takes the place of the term's own document count
// when it is not 0 (fuzzy expansions share the largest).
WeightPtr makeTermWeight(const Snapshot& snapshot, std::string path, std::string term, float boost,
                         std::uint64_t doc_freq = 0);
WeightPtr makeTermWeight(std::string path, std::string term, ScoreStatistics statistics);

// Several terms that count as one: their frequencies add up, and the commonest says how rare they are.
WeightPtr makeSynonymWeight(const Snapshot& snapshot, std::string path, std::vector<std::string> terms, float boost);

}  // namespace gyre::engine
