#include "engine/query/multi_term_query.hpp"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "engine/query/bm25.hpp"
#include "engine/query/query_parser.hpp"
#include "engine/query/scorers.hpp"
#include "engine/query/term_scorer.hpp"
#include "engine/query/term_visitor.hpp"

namespace gyre::engine {

namespace {

// A term of the snapshot, and where its postings are.
struct ExpandedTerm {
  std::string term;
  float factor = 1;
  std::uint64_t doc_freq = 0;
  struct Place {
    const SegmentReader* segment;
    TermInfo info;
  };
  std::vector<Place> places;
};

Explanation explainSum(const std::vector<WeightPtr>& terms, SegmentRun& run, DocId doc) {
  std::vector<Explanation> parts;
  double sum = 0;
  for (const WeightPtr& term : terms) {
    Explanation part = term->explain(run, doc);
    if (!part.is_match) {
      if (terms.size() == 1) return part;
      continue;
    }
    sum += part.value;
    parts.push_back(std::move(part));
  }
  if (parts.empty()) return Explanation::noMatch("No matching clauses");
  if (terms.size() == 1) return std::move(parts.front());
  return Explanation::match(sum, "sum of:", std::move(parts));
}

// The sum of the scores of the terms that a document holds, each its own weight.
class SumWeight final : public Weight {
 public:
  explicit SumWeight(std::vector<WeightPtr> terms) : terms_(std::move(terms)) {}

  ScorerPtr scorer(SegmentRun& run) const override {
    std::vector<ScorerPtr> scorers;
    for (const WeightPtr& term : terms_)
      if (auto scorer = term->scorer(run)) scorers.push_back(std::move(scorer));
    return makeSumScorer(std::move(scorers));
  }
  Explanation explain(SegmentRun& run, DocId doc) const override { return explainSum(terms_, run, doc); }

 private:
  std::vector<WeightPtr> terms_;
};

// The same of terms that are scored as terms: what the expansion learned of them is not looked up again.
class ExpandedWeight final : public Weight {
 public:
  // `doc_freq` takes the place of the terms' own when it is not 0.
  ExpandedWeight(std::string path, std::vector<ExpandedTerm> terms, const FieldStatistics& field, float boost,
                 std::uint64_t doc_freq)
      : path_(std::move(path)), terms_(std::move(terms)) {
    const Bm25 base(field, 0, 0);
    for (const ExpandedTerm& term : terms_) {
      statistics_.push_back({field, {doc_freq == 0 ? term.doc_freq : doc_freq}, boost * term.factor});
      bm25_.push_back(std::make_shared<const Bm25>(base.forTerm(statistics_.back().idf(), statistics_.back().boost)));
    }
  }

  ScorerPtr scorer(SegmentRun& run) const override {
    const FieldReader* const field = run.segment().field(path_);
    if (field == nullptr || field->postings == nullptr) return nullptr;
    std::vector<ScorerPtr> scorers;
    for (std::size_t i = 0; i < terms_.size(); ++i)
      for (const ExpandedTerm::Place& place : terms_[i].places)
        if (place.segment == &run.segment()) scorers.push_back(makeTermScorer(run, *field, place.info, bm25_[i]));
    return makeSumScorer(std::move(scorers));
  }

  Explanation explain(SegmentRun& run, DocId doc) const override {
    std::vector<WeightPtr> weights;
    for (std::size_t i = 0; i < terms_.size(); ++i)
      weights.push_back(makeTermWeight(path_, terms_[i].term, statistics_[i]));
    return explainSum(weights, run, doc);
  }

 private:
  std::string path_;
  std::vector<ExpandedTerm> terms_;
  std::vector<ScoreStatistics> statistics_;  // by term
  std::vector<std::shared_ptr<const Bm25>> bm25_;
};

class MultiTermQuery final : public Query {
 public:
  MultiTermQuery(std::string path, std::unique_ptr<TermExpansion> expansion, Rewrite rewrite, std::string description,
                 float boost)
      : path_(std::move(path)),
        expansion_(std::move(expansion)),
        rewrite_(rewrite),
        description_(std::move(description)),
        boost_(boost) {}

  Result<WeightPtr> weight(const Snapshot& snapshot, float boost, bool needs_scores) const override {
    const float own = boost * boost_;
    if (rewrite_.kind == Rewrite::Kind::kConstant) return constantWeight(own);
    std::vector<ExpandedTerm> terms = expand(snapshot);
    if (rewrite_.kind == Rewrite::Kind::kScoring && terms.size() > kMaxClauses) return tooManyClauses();
    if (terms.empty()) return makeNoneWeight();
    if (!needs_scores) return unscoredWeight(terms);
    if (rewrite_.kind == Rewrite::Kind::kTopTermsBoost) {
      std::vector<WeightPtr> weights;
      for (const ExpandedTerm& term : terms) weights.push_back(constantTerm(term.term, own * term.factor));
      return WeightPtr(std::make_unique<SumWeight>(std::move(weights)));
    }
    std::uint64_t commonest = 0;
    if (rewrite_.kind == Rewrite::Kind::kTopTermsBlended)
      for (const ExpandedTerm& term : terms) commonest = std::max(commonest, term.doc_freq);
    return WeightPtr(
        std::make_unique<ExpandedWeight>(path_, std::move(terms), fieldStatistics(snapshot, path_), own, commonest));
  }

  std::string describe() const override { return describeBoosted(description_, boost_); }
  void visitTerms(TermVisitor& visitor) const override {
    const BoostedVisit around(visitor, boost_);
    visitor.pattern(path_, [this](const TermDictionaryReader& terms, const auto& visit) {
      expansion_->forEachTerm(terms, [&](const TermCursor& cursor, float factor) {
        visit(cursor.term(), std::max(factor, 0.0f));
        return true;
      });
    });
  }

 private:
  const FieldReader* fieldOf(const SegmentReader& segment) const {
    const FieldReader* const field = segment.field(path_);
    return field == nullptr || field->terms == nullptr ? nullptr : field;
  }

  WeightPtr constantWeight(float score) const {
    return makeWeight(
        [this, score](SegmentRun& run) -> ScorerPtr {
          const FieldReader* const field = fieldOf(run.segment());
          if (field == nullptr) return nullptr;
          TermUnion all(run, *field);
          expansion_->forEachTerm(*field->terms, [&](const TermCursor& cursor, float) {
            all.add(cursor.info(), cursor.ordinal());
            return true;
          });
          return all.scorer(score);
        },
        describeConstant(description_, score));
  }

  WeightPtr unscoredWeight(const std::vector<ExpandedTerm>& terms) const {
    std::vector<std::string> names;
    for (const ExpandedTerm& term : terms) names.push_back(term.term);
    return makeWeight([this, names = std::move(names)](SegmentRun& run) -> ScorerPtr {
      const FieldReader* const field = fieldOf(run.segment());
      if (field == nullptr) return nullptr;
      std::vector<TermInfo> infos;
      for (const std::string& name : names)
        if (const auto found = field->terms->find(name)) infos.push_back(found->info);
      return makeTermSetScorer(run, *field, infos, {}, 0);
    });
  }

  WeightPtr constantTerm(std::string term, float score) const {
    std::string description = describeConstant("ConstantScore(" + path_ + ":" + term + ")", score);
    return makeWeight(
        [this, term = std::move(term), score](SegmentRun& run) -> ScorerPtr {
          const FieldReader* const field = fieldOf(run.segment());
          const auto found = field == nullptr ? std::nullopt : field->terms->find(term);
          if (!found) return nullptr;
          return makeTermSetScorer(run, *field, {found->info}, {}, score);
        },
        std::move(description));
  }

  // The terms of the whole snapshot; as the rewrite asks, the best of them: by factor, ties in term order.
  std::vector<ExpandedTerm> expand(const Snapshot& snapshot) const {
    std::vector<ExpandedTerm> found;
    for (const SegmentView& view : snapshot.segments) {
      const FieldReader* const field = fieldOf(*view.segment);
      if (field == nullptr) continue;
      // Refused when the clauses are counted: no need to gather a whole dictionary first.
      std::size_t room = rewrite_.kind == Rewrite::Kind::kScoring ? kMaxClauses + 1 : SIZE_MAX;
      expansion_->forEachTerm(*field->terms, [&](const TermCursor& cursor, float factor) {
        const TermInfo info = cursor.info();
        found.push_back({std::string(cursor.term()), factor, info.doc_freq, {{view.segment.get(), info}}});
        return --room > 0;
      });
    }
    std::sort(found.begin(), found.end(), [](const ExpandedTerm& a, const ExpandedTerm& b) {
      return a.factor != b.factor ? a.factor > b.factor : a.term < b.term;
    });
    std::vector<ExpandedTerm> merged;
    for (ExpandedTerm& one : found) {
      if (!merged.empty() && merged.back().term == one.term) {
        merged.back().doc_freq += one.doc_freq;
        merged.back().places.push_back(one.places.front());
      } else {
        merged.push_back(std::move(one));
      }
    }
    if (rewrite_.kind != Rewrite::Kind::kScoring && merged.size() > rewrite_.size) merged.resize(rewrite_.size);
    // Terms with more edits than characters are the last to be chosen, and worth nothing.
    for (ExpandedTerm& term : merged) term.factor = std::max(term.factor, 0.0f);
    return merged;
  }

  std::string path_;
  std::unique_ptr<TermExpansion> expansion_;
  Rewrite rewrite_;
  std::string description_;
  float boost_;
};

class AutomatonExpansion final : public TermExpansion {
 public:
  explicit AutomatonExpansion(CharAutomaton automaton) : automaton_(std::move(automaton)) {}
  void forEachTerm(const TermDictionaryReader& terms, const Visit& visit) const override {
    forEachAcceptedTerm(terms, automaton_, [&](const TermCursor& cursor) { return visit(cursor, 1); });
  }

 private:
  CharAutomaton automaton_;
};

}  // namespace

Result<Rewrite> Rewrite::parse(std::string_view text, Rewrite otherwise) {
  if (text.empty()) return otherwise;
  if (text == "constant_score" || text == "constant_score_boolean" || text == "constant_score_blended" ||
      text == "constant_score_auto" || text == "constant_score_filter")
    return Rewrite{Kind::kConstant, 0};
  if (text == "scoring_boolean") return Rewrite{Kind::kScoring, 0};
  struct Prefix {
    std::string_view name;
    Kind kind;
  };
  constexpr Prefix kPrefixes[] = {{"top_terms_blended_freqs_", Kind::kTopTermsBlended},
                                  {"top_terms_boost_", Kind::kTopTermsBoost},
                                  {"top_terms_", Kind::kTopTerms}};
  for (const Prefix& prefix : kPrefixes) {
    if (!text.starts_with(prefix.name)) continue;
    const std::string_view digits = text.substr(prefix.name.size());
    std::uint32_t size = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
    if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) break;
    return Rewrite{prefix.kind, std::min(size, kMaxClauses)};
  }
  return queryShardException("Failed to parse rewrite_method [" + std::string(text) + "]");
}

QueryPtr makeMultiTermQuery(std::string path, std::unique_ptr<TermExpansion> expansion, Rewrite rewrite,
                            std::string description, float boost) {
  return std::make_unique<MultiTermQuery>(std::move(path), std::move(expansion), rewrite, std::move(description),
                                          boost);
}

QueryPtr makeAutomatonQuery(std::string path, CharAutomaton automaton, Rewrite rewrite, std::string description,
                            float boost) {
  return makeMultiTermQuery(std::move(path), std::make_unique<AutomatonExpansion>(std::move(automaton)), rewrite,
                            std::move(description), boost);
}

}  // namespace gyre::engine
