#include "engine/query/bool_query.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "engine/query/bool_scorer.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/query_parser.hpp"
#include "engine/query/scorers.hpp"

namespace gyre::engine {

namespace {

using Weights = std::vector<WeightPtr>;

class BoolWeight final : public Weight {
 public:
  BoolWeight(Weights must, Weights filter, Weights should, Weights must_not, std::uint32_t minimum_should_match)
      : must_(std::move(must)),
        filter_(std::move(filter)),
        should_(std::move(should)),
        must_not_(std::move(must_not)),
        minimum_should_match_(minimum_should_match) {}

  ScorerPtr scorer(SegmentRun& run) const override {
    std::vector<RequiredScorer> required;
    if (!require(must_, true, run, required) || !require(filter_, false, run, required)) return nullptr;
    return makeBoolScorer(run, std::move(required), scorersOf(should_, run), scorersOf(must_not_, run),
                          minimum_should_match_);
  }

 private:
  static bool require(const Weights& weights, bool is_scored, SegmentRun& run, std::vector<RequiredScorer>& required) {
    for (const WeightPtr& weight : weights) {
      auto scorer = weight->scorer(run);
      if (scorer == nullptr) return false;
      required.push_back({std::move(scorer), is_scored});
    }
    return true;
  }
  static std::vector<ScorerPtr> scorersOf(const Weights& weights, SegmentRun& run) {
    std::vector<ScorerPtr> scorers;
    for (const WeightPtr& weight : weights)
      if (auto scorer = weight->scorer(run)) scorers.push_back(std::move(scorer));
    return scorers;
  }

  Weights must_, filter_, should_, must_not_;
  std::uint32_t minimum_should_match_;
};

Result<Weights> weightsOf(const std::vector<QueryPtr>& queries, const Snapshot& snapshot, float boost,
                          bool needs_scores) {
  Weights weights;
  for (const QueryPtr& query : queries) {
    GYRE_TRY_ASSIGN(auto weight, query->weight(snapshot, boost, needs_scores));
    weights.push_back(std::move(weight));
  }
  return weights;
}

class BoolQuery final : public Query {
 public:
  BoolQuery(BoolClauses clauses, float boost) : clauses_(std::move(clauses)), boost_(boost) {}

  Result<WeightPtr> weight(const Snapshot& snapshot, float boost, bool needs_scores) const override {
    const float own = boost * boost_;
    const bool is_optional = clauses_.must.empty() && clauses_.filter.empty();
    if (is_optional && clauses_.should.empty() && clauses_.must_not.empty())
      return makeAllQuery(1)->weight(snapshot, own, needs_scores);
    GYRE_TRY_ASSIGN(auto must, weightsOf(clauses_.must, snapshot, own, needs_scores));
    GYRE_TRY_ASSIGN(auto filter, weightsOf(clauses_.filter, snapshot, own, false));
    GYRE_TRY_ASSIGN(auto should, weightsOf(clauses_.should, snapshot, own, needs_scores));
    GYRE_TRY_ASSIGN(auto must_not, weightsOf(clauses_.must_not, snapshot, own, false));
    // Optional clauses alone: one of them must match, whatever was asked.
    std::uint32_t minimum = clauses_.minimum_should_match;
    if (is_optional && !clauses_.should.empty() && minimum == 0) minimum = 1;
    return WeightPtr(std::make_unique<BoolWeight>(std::move(must), std::move(filter), std::move(should),
                                                  std::move(must_not), minimum));
  }
  void visitTerms(TermVisitor& visitor) const override {
    for (const auto* const queries : {&clauses_.must, &clauses_.filter, &clauses_.should})
      for (const QueryPtr& query : *queries) query->visitTerms(visitor);
  }

 private:
  BoolClauses clauses_;
  float boost_;
};

class DisMaxScorer final : public Scorer {
 public:
  DisMaxScorer(std::vector<ScorerPtr> scorers, float tie_breaker)
      : scorers_(std::move(scorers)),
        tie_breaker_(tie_breaker),
        best_(kWindowDocs),
        sum_(kWindowDocs),
        own_(kWindowDocs) {}

  std::uint64_t cost() const override {
    std::uint64_t cost = 0;
    for (const ScorerPtr& scorer : scorers_) cost += scorer->cost();
    return cost;
  }
  DocId nextCandidate(DocId from) override {
    DocId first = kNoMoreDocs;
    for (const ScorerPtr& scorer : scorers_) {
      first = std::min(first, scorer->nextCandidate(from));
      if (first == from) break;
    }
    return first;
  }
  void evaluate(std::uint32_t window, std::uint64_t* bits, float* scores) override {
    clearBits(bits);
    if (scores != nullptr) {
      std::fill(best_.begin(), best_.end(), 0.0f);
      std::fill(sum_.begin(), sum_.end(), 0.0f);
    }
    WindowBits matched;
    for (const ScorerPtr& scorer : scorers_) {
      if (scores == nullptr) {
        scorer->evaluate(window, matched.data(), nullptr);
      } else {
        std::fill(own_.begin(), own_.end(), 0.0f);
        scorer->evaluate(window, matched.data(), own_.data());
        forEachBit(matched.data(), [&](std::uint32_t i) {
          best_[i] = std::max(best_[i], own_[i]);
          sum_[i] += own_[i];
        });
      }
      orBits(bits, matched.data());
    }
    if (scores == nullptr) return;
    forEachBit(bits, [&](std::uint32_t i) { scores[i] += best_[i] + tie_breaker_ * (sum_[i] - best_[i]); });
  }
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

 private:
  std::vector<ScorerPtr> scorers_;
  float tie_breaker_;
  std::vector<float> best_, sum_, own_;
};

class DisMaxQuery final : public Query {
 public:
  DisMaxQuery(std::vector<QueryPtr> queries, float tie_breaker, float boost)
      : queries_(std::move(queries)), tie_breaker_(tie_breaker), boost_(boost) {}
  Result<WeightPtr> weight(const Snapshot& snapshot, float boost, bool needs_scores) const override {
    GYRE_TRY_ASSIGN(auto weights, weightsOf(queries_, snapshot, boost * boost_, needs_scores));
    return makeWeight([weights = std::move(weights), tie_breaker = tie_breaker_](SegmentRun& run) -> ScorerPtr {
      std::vector<ScorerPtr> scorers;
      for (const WeightPtr& weight : weights)
        if (auto scorer = weight->scorer(run)) scorers.push_back(std::move(scorer));
      if (scorers.empty()) return nullptr;
      if (scorers.size() == 1) return std::move(scorers.front());
      return std::make_unique<DisMaxScorer>(std::move(scorers), tie_breaker);
    });
  }
  void visitTerms(TermVisitor& visitor) const override {
    for (const QueryPtr& query : queries_) query->visitTerms(visitor);
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
    return makeWeight([inner = std::move(inner), score = boost * boost_](SegmentRun& run) -> ScorerPtr {
      std::vector<ScorerPtr> scorers;
      if (auto scorer = inner->scorer(run)) scorers.push_back(std::move(scorer));
      return makeAnyScorer(std::move(scorers), score);
    });
  }
  void visitTerms(TermVisitor& visitor) const override { inner_->visitTerms(visitor); }

 private:
  QueryPtr inner_;
  float boost_;
};

Status parseClauses(json::Value value, std::vector<QueryPtr>& clauses, ParseContext& context) {
  const auto add = [&](json::Value clause) -> Status {
    if (++context.clauses > kMaxClauses)
      return Status(Code::kInvalidArgument, "too_many_nested_clauses",
                    "Query contains too many nested clauses; maxClauseCount is set to " + std::to_string(kMaxClauses));
    GYRE_TRY_ASSIGN(auto query, parseQuery(clause, context));
    clauses.push_back(std::move(query));
    return {};
  };
  if (value.isObject()) return add(value);
  if (!value.isArray())
    return parsingException("[bool] [" + std::string(value.key()) + "] must be a query or an array of queries");
  for (const json::Value clause : value) GYRE_TRY(add(clause));
  return {};
}

}  // namespace

QueryPtr makeBoolQuery(BoolClauses clauses, float boost) {
  return std::make_unique<BoolQuery>(std::move(clauses), boost);
}
QueryPtr makeDisMaxQuery(std::vector<QueryPtr> queries, float tie_breaker, float boost) {
  return std::make_unique<DisMaxQuery>(std::move(queries), tie_breaker, boost);
}
QueryPtr makeConstantScoreQuery(QueryPtr inner, float boost) {
  return std::make_unique<ConstantScoreQuery>(std::move(inner), boost);
}

Result<QueryPtr> parseBool(json::Value body, ParseContext& context) {
  CommonParameters common;
  BoolClauses clauses;
  std::string minimum;
  for (const json::Value member : body) {
    GYRE_TRY_ASSIGN(const bool is_common, readCommon("bool", member, common));
    if (is_common) continue;
    if (member.key() == "must") {
      GYRE_TRY(parseClauses(member, clauses.must, context));
    } else if (member.key() == "filter") {
      GYRE_TRY(parseClauses(member, clauses.filter, context));
    } else if (member.key() == "should") {
      GYRE_TRY(parseClauses(member, clauses.should, context));
    } else if (member.key() == "must_not" || member.key() == "mustNot") {
      const std::size_t shown = context.nested_hits.size();
      GYRE_TRY(parseClauses(member, clauses.must_not, context));
      // What must not match has nothing to show within a hit.
      context.nested_hits.resize(shown);
    } else if (member.key() == "minimum_should_match") {
      GYRE_TRY_ASSIGN(minimum, parseScalarText("bool", member));
    } else if (member.key() == "adjust_pure_negative") {
      GYRE_TRY_ASSIGN(const bool is_adjusted, parseBoolean("bool", member));
      if (!is_adjusted) return illegalArgument("[bool] adjust_pure_negative can only be true");
    } else {
      return unknownField("bool", member.key());
    }
  }
  if (!minimum.empty()) {
    GYRE_TRY_ASSIGN(clauses.minimum_should_match,
                    minimumShouldMatch("bool", minimum, static_cast<std::uint32_t>(clauses.should.size())));
  }
  return finishQuery(makeBoolQuery(std::move(clauses), common.boost), common, context);
}

Result<QueryPtr> parseConstantScore(json::Value body, ParseContext& context) {
  CommonParameters common;
  QueryPtr inner;
  for (const json::Value member : body) {
    GYRE_TRY_ASSIGN(const bool is_common, readCommon("constant_score", member, common));
    if (is_common) continue;
    if (member.key() != "filter") return unknownParameter("constant_score", member.key());
    GYRE_TRY_ASSIGN(inner, parseQuery(member, context));
  }
  if (inner == nullptr) return parsingException("[constant_score] requires a 'filter' element");
  return finishQuery(makeConstantScoreQuery(std::move(inner), common.boost), common, context);
}

Result<QueryPtr> parseDisMax(json::Value body, ParseContext& context) {
  CommonParameters common;
  std::vector<QueryPtr> queries;
  float tie_breaker = 0;
  bool has_queries = false;
  for (const json::Value member : body) {
    GYRE_TRY_ASSIGN(const bool is_common, readCommon("dis_max", member, common));
    if (is_common) continue;
    if (member.key() == "queries") {
      has_queries = true;
      GYRE_TRY(parseClauses(member, queries, context));
    } else if (member.key() == "tie_breaker") {
      GYRE_TRY_ASSIGN(tie_breaker, parseFloat("dis_max", member));
    } else {
      return unknownParameter("dis_max", member.key());
    }
  }
  if (!has_queries) return parsingException("[dis_max] requires 'queries' field with at least one clause");
  return finishQuery(makeDisMaxQuery(std::move(queries), tie_breaker, common.boost), common, context);
}

}  // namespace gyre::engine
