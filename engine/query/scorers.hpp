// Which scorers do several kinds of query share?
//
// THREADS: as query.hpp says.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/query/query.hpp"

namespace gyre::engine {

// All documents of the segment.
ScorerPtr makeAllScorer(SegmentRun& run, float score);
// These documents. REQUIRES: ascending, each once.
ScorerPtr makeListScorer(std::vector<DocId> docs, float score);
// Documents of a bit set over the whole segment, padded to whole windows; `count` of them.
ScorerPtr makeBitsScorer(std::vector<std::uint64_t> bits, std::uint64_t count, float score);
// Documents with a bit in the segment's memory, which need not be padded.
ScorerPtr makePresentScorer(SegmentRun& run, const std::uint64_t* present, std::uint64_t count, float score);
// Documents with a value in the column.
ScorerPtr makeHasValueScorer(SegmentRun& run, const ColumnReader& column, float score);
// Documents with a value from lowest to highest, both included. REQUIRES: lowest <= highest.
ScorerPtr makeColumnRangeScorer(SegmentRun& run, const ColumnReader& column, std::int64_t lowest, std::int64_t highest,
                                float score);
// Documents with one of these values. REQUIRES: ascending, not empty.
ScorerPtr makeColumnSetScorer(SegmentRun& run, const ColumnReader& column, std::vector<std::int64_t> values,
                              float score);
// Documents that hold one of the terms. `ordinals` are those of the terms in the field's column, for checking single
// documents there; may be empty when the field has none.
ScorerPtr makeTermSetScorer(SegmentRun& run, const FieldReader& field, const std::vector<TermInfo>& terms,
                            std::vector<std::uint32_t> ordinals, float score);
// Documents that any of the scorers matches; their scores are not asked for. Null when there is none.
ScorerPtr makeAnyScorer(std::vector<ScorerPtr> scorers, float score);
// The same with the sum of their scores.
ScorerPtr makeSumScorer(std::vector<ScorerPtr> scorers);

// A weight whose scorers `make` makes.
template <class Make>
class SimpleWeight final : public Weight {
 public:
  explicit SimpleWeight(Make make) : make_(std::move(make)) {}
  ScorerPtr scorer(SegmentRun& run) const override { return make_(run); }

 private:
  Make make_;
};
template <class Make>
WeightPtr makeWeight(Make make) {
  return std::make_unique<SimpleWeight<Make>>(std::move(make));
}
WeightPtr makeNoneWeight();

}  // namespace gyre::engine
