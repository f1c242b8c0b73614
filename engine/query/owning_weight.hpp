// Who keeps the query that was made for one snapshot alone? Its weight does.
//
// THREADS: as Weight. OWNS: the query, which a Weight else borrows.
#pragma once

#include <utility>

#include "engine/query/query.hpp"

namespace gyre::engine {

class OwningWeight final : public Weight {
 public:
  OwningWeight(QueryPtr query, WeightPtr weight) : query_(std::move(query)), weight_(std::move(weight)) {}
  ScorerPtr scorer(SegmentRun& run) const override { return weight_->scorer(run); }
  Explanation explain(SegmentRun& run, DocId doc) const override { return weight_->explain(run, doc); }

 private:
  QueryPtr query_;
  WeightPtr weight_;
};

}  // namespace gyre::engine
