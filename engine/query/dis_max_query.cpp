// dis_max, constant_score and boosting: the queries that reshape the scores of others.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "engine/query/bool_query.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/query_parser.hpp"
#include "engine/query/scorer_lists.hpp"
#include "engine/query/scorers.hpp"
#include "engine/query/term_visitor.hpp"

namespace gyre::engine {

namespace {

using Weights = std::vector<WeightPtr>;

class DisMaxScorer final : public UnionScorer {
 public:
  DisMaxScorer(std::vector<ScorerPtr> scorers, float tie_breaker)
      : UnionScorer(std::move(scorers)),
        tie_breaker_(tie_breaker),
        best_(kWindowDocs),
        sum_(kWindowDocs),
        own_(kWindowDocs) {}

  float maxScore(std::uint32_t window) override {
    float best = 0;
    float sum = 0;
    for (const ScorerPtr& scorer : scorers_) {
      const float bound = scorer->maxScore(window);
      best = std::max(best, bound);
      sum += bound;
    }
    return best + tie_breaker_ * (sum - best);
  }
  void findAbove(const FloorRequest& request, std::uint64_t* bits, std::uint64_t* above, float* scores) override {
    // With a tie breaker what each clause scores below the floor counts too.
    if (tie_breaker_ != 0) return Scorer::findAbove(request, bits, above, scores);
    clearBits(bits);
    clearBits(above);
    WindowBits matched, high;
    for (const ScorerPtr& scorer : scorers_) {
      scorer->findAbove(request, matched.data(), high.data(), own_.data());
      orBits(bits, matched.data());
      orBits(above, high.data());
      forEachBit(high.data(), [&](std::uint32_t i) {
        scores[i] = std::max(scores[i], own_[i]);
        own_[i] = 0;
      });
    }
  }

 private:
  void match(std::uint32_t window, const std::uint64_t* within, std::uint64_t* bits, float* scores) override {
    float* const own = scores == nullptr ? nullptr : own_.data();
    WindowBits matched;
    for (const ScorerPtr& scorer : scorers_) {
      if (within == nullptr) {
        scorer->evaluate(window, matched.data(), own);
      } else {
        std::copy_n(within, kWindowWords, matched.begin());
        scorer->narrow(window, matched.data(), own);
      }
      orBits(bits, matched.data());
      if (scores == nullptr) continue;
      forEachBit(matched.data(), [&](std::uint32_t i) {
        best_[i] = std::max(best_[i], own_[i]);
        sum_[i] += own_[i];
        own_[i] = 0;
      });
    }
    if (scores == nullptr) return;
    forEachBit(bits, [&](std::uint32_t i) {
      scores[i] += best_[i] + tie_breaker_ * (sum_[i] - best_[i]);
      best_[i] = sum_[i] = 0;
    });
  }

  float tie_breaker_;
  std::vector<float> best_, sum_, own_;  // all 0 between calls
};

class DisMaxWeight final : public Weight {
 public:
  DisMaxWeight(Weights weights, float tie_breaker) : weights_(std::move(weights)), tie_breaker_(tie_breaker) {}

  ScorerPtr scorer(SegmentRun& run) const override {
    std::vector<ScorerPtr> scorers;
    for (const WeightPtr& weight : weights_)
      if (auto scorer = weight->scorer(run)) scorers.push_back(std::move(scorer));
    if (scorers.empty()) return nullptr;
    if (scorers.size() == 1) return std::move(scorers.front());
    return std::make_unique<DisMaxScorer>(std::move(scorers), tie_breaker_);
  }

  Explanation explain(SegmentRun& run, DocId doc) const override {
    std::vector<Explanation> parts;
    double best = 0;
    double sum = 0;
    for (const WeightPtr& weight : weights_) {
      Explanation part = weight->explain(run, doc);
      if (!part.is_match) continue;
      best = std::max(best, part.value);
      sum += part.value;
      parts.push_back(std::move(part));
    }
    if (parts.empty()) return Explanation::noMatch("No matching clause");
    std::string rule = tie_breaker_ == 0 ? "max of:" : "max plus " + describeFloat(tie_breaker_) + " times others of:";
    return Explanation::match(best + tie_breaker_ * (sum - best), std::move(rule), std::move(parts));
  }

 private:
  Weights weights_;
  float tie_breaker_;
};

class DisMaxQuery final : public Query {
 public:
  DisMaxQuery(std::vector<QueryPtr> queries, float tie_breaker, float boost)
      : queries_(std::move(queries)), tie_breaker_(tie_breaker), boost_(boost) {}

  Result<WeightPtr> weight(const Snapshot& snapshot, float boost, bool needs_scores) const override {
    Weights weights;
    for (const QueryPtr& query : queries_) {
      GYRE_TRY_ASSIGN(auto weight, query->weight(snapshot, boost * boost_, needs_scores));
      weights.push_back(std::move(weight));
    }
    return makeDisMaxWeight(std::move(weights), tie_breaker_);
  }

  void visitTerms(TermVisitor& visitor) const override {
    const BoostedVisit around(visitor, boost_);
    for (const QueryPtr& query : queries_) query->visitTerms(visitor);
  }
  std::string describe() const override {
    if (queries_.size() == 1) return describeBoosted(queries_.front()->describe(), boost_);
    std::string text = "(";
    for (const QueryPtr& query : queries_) text += (text.size() == 1 ? "" : " | ") + query->describeClause();
    text += ")";
    if (tie_breaker_ != 0) text += "~" + describeFloat(tie_breaker_);
    return describeBoosted(std::move(text), boost_);
  }

 private:
  std::vector<QueryPtr> queries_;
  float tie_breaker_;
  float boost_;
};

class ConstantScoreQuery final : public Query {
 public:
  ConstantScoreQuery(QueryPtr inner, float boost) : inner_(std::move(inner)), boost_(boost) {}

  Result<WeightPtr> weight(const Snapshot& snapshot, float boost, bool) const override {
    GYRE_TRY_ASSIGN(auto inner, inner_->weight(snapshot, 1, false));
    return makeConstantWeight(std::move(inner), boost * boost_, plain());
  }

  void visitTerms(TermVisitor& visitor) const override {
    const BoostedVisit around(visitor, boost_);
    inner_->visitTerms(visitor);
  }
  std::string describe() const override { return describeBoosted(plain(), boost_); }

 private:
  std::string plain() const { return "ConstantScore(" + inner_->describe() + ")"; }

  QueryPtr inner_;
  float boost_;
};

class BoostQuery final : public Query {
 public:
  BoostQuery(QueryPtr inner, float boost) : inner_(std::move(inner)), boost_(boost) {}
  Result<WeightPtr> weight(const Snapshot& snapshot, float boost, bool needs_scores) const override {
    return inner_->weight(snapshot, boost * boost_, needs_scores);
  }
  void visitTerms(TermVisitor& visitor) const override {
    const BoostedVisit around(visitor, boost_);
    inner_->visitTerms(visitor);
  }
  std::string describe() const override { return describeBoosted(inner_->describe(), boost_); }
  Query& inner() const { return *inner_; }

 private:
  QueryPtr inner_;
  float boost_;
};

// The positive scorer, its scores times `factor` where the negative one matches as well.
class BoostingScorer final : public Scorer {
 public:
  BoostingScorer(ScorerPtr positive, ScorerPtr negative, float factor)
      : positive_(std::move(positive)), negative_(std::move(negative)), factor_(factor), own_(kWindowDocs) {}

  std::uint64_t cost() const override { return positive_->cost(); }
  DocId nextCandidate(DocId from) override { return positive_->nextCandidate(from); }
  void evaluate(std::uint32_t window, std::uint64_t* bits, float* scores) override {
    if (scores == nullptr) return positive_->evaluate(window, bits, nullptr);
    std::fill(own_.begin(), own_.end(), 0.0f);
    positive_->evaluate(window, bits, own_.data());
    WindowBits demoted;
    std::copy_n(bits, kWindowWords, demoted.begin());
    if (hasBits(bits)) negative_->narrow(window, demoted.data(), nullptr);
    forEachBit(demoted.data(), [&](std::uint32_t i) { own_[i] *= factor_; });
    forEachBit(bits, [&](std::uint32_t i) { scores[i] += own_[i]; });
  }
  float maxScore(std::uint32_t window) override { return positive_->maxScore(window) * std::max(1.0f, factor_); }

 private:
  ScorerPtr positive_;
  ScorerPtr negative_;
  float factor_;
  std::vector<float> own_;
};

class BoostingQuery final : public Query {
 public:
  BoostingQuery(QueryPtr positive, QueryPtr negative, float factor, float boost)
      : positive_(std::move(positive)), negative_(std::move(negative)), factor_(factor), boost_(boost) {}

  class BoostingWeight final : public Weight {
   public:
    BoostingWeight(const BoostingQuery& query, WeightPtr positive, WeightPtr negative)
        : query_(query), positive_(std::move(positive)), negative_(std::move(negative)) {}

    ScorerPtr scorer(SegmentRun& run) const override {
      auto positive = positive_->scorer(run);
      if (positive == nullptr) return nullptr;
      auto negative = negative_->scorer(run);
      if (negative == nullptr) return positive;
      return std::make_unique<BoostingScorer>(std::move(positive), std::move(negative), query_.factor_);
    }

    Explanation explain(SegmentRun& run, DocId doc) const override {
      Explanation positive = positive_->explain(run, doc);
      if (!positive.is_match) return positive;
      const bool is_demoted = scoreOf(*negative_, run, doc).has_value();
      const double value = positive.value * (is_demoted ? query_.factor_ : 1.0f);
      const std::string subject = "score(" + query_.negative_->describe() + ")";
      Explanation product{true, value, false, true, "product of:", {std::move(positive)}};
      product.details.push_back(is_demoted ? Explanation::match(query_.factor_, "Matched boosting query " + subject)
                                           : Explanation::match(1, "constant"));
      return {true, value, false, true, "weight(" + query_.plain() + "), result of:", {std::move(product)}};
    }

   private:
    const BoostingQuery& query_;
    WeightPtr positive_;
    WeightPtr negative_;
  };

  Result<WeightPtr> weight(const Snapshot& snapshot, float boost, bool needs_scores) const override {
    GYRE_TRY_ASSIGN(auto positive, positive_->weight(snapshot, boost * boost_, needs_scores));
    if (!needs_scores) return positive;
    GYRE_TRY_ASSIGN(auto negative, negative_->weight(snapshot, 1, false));
    return WeightPtr(std::make_unique<BoostingWeight>(*this, std::move(positive), std::move(negative)));
  }

  void visitTerms(TermVisitor& visitor) const override {
    const BoostedVisit around(visitor, boost_);
    positive_->visitTerms(visitor);
  }
  std::string describe() const override { return describeBoosted(plain(), boost_); }

 private:
  std::string plain() const {
    return "FunctionScoreQuery(" + positive_->describe() + ", scored by boost(queryboost(score(" +
           negative_->describe() + "))^" + describeFloat(factor_) + "))";
  }

  QueryPtr positive_;
  QueryPtr negative_;
  float factor_;
  float boost_;
};

}  // namespace

QueryPtr makeDisMaxQuery(std::vector<QueryPtr> queries, float tie_breaker, float boost) {
  if (queries.empty()) return makeNoneQuery("empty DisjunctionMaxQuery");
  return std::make_unique<DisMaxQuery>(std::move(queries), tie_breaker, boost);
}
WeightPtr makeDisMaxWeight(Weights weights, float tie_breaker) {
  if (weights.size() == 1) return std::move(weights.front());
  return std::make_unique<DisMaxWeight>(std::move(weights), tie_breaker);
}
WeightPtr makeConstantWeight(WeightPtr inner, float score, const std::string& description) {
  return makeWeight(
      [inner = std::move(inner), score](SegmentRun& run) -> ScorerPtr {
        std::vector<ScorerPtr> scorers;
        if (auto scorer = inner->scorer(run)) scorers.push_back(std::move(scorer));
        return makeAnyScorer(std::move(scorers), score);
      },
      describeConstant(description, score));
}
QueryPtr makeConstantScoreQuery(QueryPtr inner, float boost) {
  return std::make_unique<ConstantScoreQuery>(std::move(inner), boost);
}

QueryPtr makeBoostQuery(QueryPtr inner, float boost) {
  if (boost == 1) return inner;
  return std::make_unique<BoostQuery>(std::move(inner), boost);
}

Query& withinBoosts(Query& query) {
  Query* inner = &query;
  while (const auto* const boosted = dynamic_cast<const BoostQuery*>(inner)) inner = &boosted->inner();
  return *inner;
}

Result<QueryPtr> parseConstantScore(json::Value body, ParseContext& context) {
  CommonParameters common;
  QueryPtr inner;
  for (const json::Value member : body) {
    GYRE_TRY_ASSIGN(const bool is_common, readCommon("constant_score", member, common));
    if (is_common) continue;
    if (member.key() != "filter")
      return parsingException("[constant_score] query does not support [" + std::string(member.key()) + "]");
    if (member.isArray()) return parsingException("unexpected token [START_ARRAY]");
    if (inner != nullptr) return parsingException("[constant_score] accepts only one 'filter' element.");
    GYRE_TRY_ASSIGN(inner, parseQuery(member, context));
  }
  if (inner == nullptr) return parsingException("[constant_score] requires a 'filter' element");
  return finishQuery(makeConstantScoreQuery(std::move(inner), common.boost), common, context);
}

Result<QueryPtr> parseDisMax(json::Value body, ParseContext& context) {
  CommonParameters common;
  std::vector<QueryPtr> queries;
  float tie_breaker = 0;
  for (const json::Value member : body) {
    GYRE_TRY_ASSIGN(const bool is_common, readCommon("dis_max", member, common));
    if (is_common) continue;
    if (member.key() == "queries") {
      if (member.isArray() && member.size() == 0)
        return parsingException("[_na] query malformed, must start with start_object");
      GYRE_TRY(parseClauses(member, queries, context));
    } else if (member.key() == "tie_breaker") {
      GYRE_TRY_ASSIGN(tie_breaker, parseFloat("dis_max", member));
    } else {
      return unknownParameter("dis_max", member.key());
    }
  }
  if (queries.empty()) return parsingException("[dis_max] requires 'queries' field with at least one clause");
  return finishQuery(makeDisMaxQuery(std::move(queries), tie_breaker, common.boost), common, context);
}

Result<QueryPtr> parseBoosting(json::Value body, ParseContext& context) {
  CommonParameters common;
  QueryPtr positive;
  QueryPtr negative;
  float factor = -1;
  for (const json::Value member : body) {
    GYRE_TRY_ASSIGN(const bool is_common, readCommon("boosting", member, common));
    if (is_common) continue;
    if (member.key() == "positive") {
      GYRE_TRY_ASSIGN(positive, parseQuery(member, context));
    } else if (member.key() == "negative") {
      GYRE_TRY_ASSIGN(negative, parseQuery(member, context));
    } else if (member.key() == "negative_boost") {
      GYRE_TRY_ASSIGN(factor, parseFloat("boosting", member));
    } else {
      return unknownParameter("boosting", member.key());
    }
  }
  if (positive == nullptr) return parsingException("[boosting] query requires 'positive' query to be set'");
  if (negative == nullptr) return parsingException("[boosting] query requires 'negative' query to be set'");
  if (factor < 0)
    return parsingException("[boosting] query requires 'negative_boost' to be set to be a positive value'");
  return finishQuery(std::make_unique<BoostingQuery>(std::move(positive), std::move(negative), factor, common.boost),
                     common, context);
}

}  // namespace gyre::engine
