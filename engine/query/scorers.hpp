// Which scorers do several kinds of query share?
//
// THREADS: as query.hpp says.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
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
// The same for terms that come one after the other, however many: a few are kept, more become a bit a document.
class TermUnion {
 public:
  TermUnion(SegmentRun& run, const FieldReader& field) : run_(run), field_(field) {}
  void add(const TermInfo& term, std::uint32_t ordinal);
  // Null when there was none. Once, at the end.
  ScorerPtr scorer(float score);

 private:
  void addBits(const TermInfo& term);

  SegmentRun& run_;
  const FieldReader& field_;
  std::vector<TermInfo> terms_;
  std::vector<std::uint32_t> ordinals_;
  std::vector<std::uint64_t> bits_;
};
// Documents that any of the scorers matches; their scores are not asked for. Null when there is none.
ScorerPtr makeAnyScorer(std::vector<ScorerPtr> scorers, float score);
// The same with the sum of their scores.
ScorerPtr makeSumScorer(std::vector<ScorerPtr> scorers);

// A weight whose scorers `make` makes, all of whose matches score the same; `description` is the query's.
template <class Make>
class SimpleWeight final : public Weight {
 public:
  SimpleWeight(Make make, std::string description) : make_(std::move(make)), description_(std::move(description)) {}
  ScorerPtr scorer(SegmentRun& run) const override { return make_(run); }

 protected:
  std::string describe() const override { return description_; }

 private:
  Make make_;
  std::string description_;
};
template <class Make>
WeightPtr makeWeight(Make make, std::string description = "score of the query") {
  return std::make_unique<SimpleWeight<Make>>(std::move(make), std::move(description));
}
WeightPtr makeNoneWeight(std::string description = "no matching term");
// "t:qu*^2.0": how an explanation names a constant score.
std::string describeConstant(const std::string& description, float score);

}  // namespace gyre::engine
