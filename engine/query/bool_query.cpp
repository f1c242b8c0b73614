#include "engine/query/bool_query.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "engine/mapping/failure_cause.hpp"
#include "engine/query/bool_scorer.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/query_parser.hpp"
#include "engine/query/query_rewriting.hpp"
#include "engine/query/scorers.hpp"
#include "engine/query/term_visitor.hpp"

namespace gyre::engine {

namespace {

using Weights = std::vector<WeightPtr>;

class BoolWeight final : public Weight {
 public:
  // `clauses` are those of the query, for explanations; the weights stand in the same order.
  BoolWeight(const BoolClauses& clauses, Weights must, Weights filter, Weights should, Weights must_not,
             std::uint32_t minimum_should_match)
      : clauses_(clauses),
        must_(std::move(must)),
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

  Explanation explain(SegmentRun& run, DocId doc) const override {
    Explaining state{run, doc, {}};
    for (std::size_t i = 0; i < must_.size(); ++i) explainMust(*must_[i], *clauses_.must[i], true, state);
    for (std::size_t i = 0; i < must_not_.size(); ++i) {
      Explanation part = must_not_[i]->explain(run, doc);
      if (!part.is_match) continue;
      state.has_failed = true;
      state.parts.push_back(Explanation::noMatch(
          "match on prohibited clause (" + clauses_.must_not[i]->describe() + ")", {std::move(part)}));
    }
    std::uint32_t matched = 0;
    for (const WeightPtr& weight : should_) {
      Explanation part = weight->explain(run, doc);
      if (!part.is_match) continue;
      ++matched;
      state.parts.push_back(std::move(part));
    }
    for (std::size_t i = 0; i < filter_.size(); ++i) explainMust(*filter_[i], *clauses_.filter[i], false, state);
    if (state.has_failed)
      return Explanation::noMatch("Failure to meet condition(s) of required/prohibited clause(s)",
                                  std::move(state.parts));
    if (matched < minimum_should_match_)
      return Explanation::noMatch(matched == 0 ? "No matching clauses"
                                               : "Failure to match minimum number of optional clauses: " +
                                                     std::to_string(minimum_should_match_),
                                  std::move(state.parts));
    const auto score = scoreOf(*this, run, doc);
    if (!score) return Explanation::noMatch("No matching clauses", std::move(state.parts));
    if (state.parts.empty()) return Explanation::match(*score, "*:*");
    return Explanation::match(*score, "sum of:", std::move(state.parts));
  }

 private:
  struct Explaining {
    SegmentRun& run;
    DocId doc;
    std::vector<Explanation> parts;
    bool has_failed = false;
  };
  static void explainMust(const Weight& weight, const Query& query, bool is_scored, Explaining& state) {
    Explanation part = weight.explain(state.run, state.doc);
    if (!part.is_match) {
      state.has_failed = true;
      part = Explanation::noMatch("no match on required clause (" + query.describe() + ")", {std::move(part)});
    } else if (!is_scored) {
      // What an unscored clause matches with is of no weight.
      part.value = 1;
      part = Explanation::match(
          0, "match on required clause, product of:", {Explanation::match(0, "# clause"), std::move(part)});
    }
    state.parts.push_back(std::move(part));
  }

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

  const BoolClauses& clauses_;
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
    // Optional clauses alone: one of them must match, whatever was asked.
    std::uint32_t minimum = clauses_.minimum_should_match;
    if (is_optional && !clauses_.should.empty() && minimum == 0) minimum = 1;
    // A bool of one clause is that clause, however deep such bools are nested.
    if (clauses_.filter.empty() && clauses_.must_not.empty() && clauses_.must.size() + clauses_.should.size() == 1 &&
        minimum <= clauses_.should.size())
      return (clauses_.must.empty() ? clauses_.should : clauses_.must).front()->weight(snapshot, own, needs_scores);
    GYRE_TRY_ASSIGN(auto must, weightsOf(clauses_.must, snapshot, own, needs_scores));
    GYRE_TRY_ASSIGN(auto filter, weightsOf(clauses_.filter, snapshot, own, false));
    GYRE_TRY_ASSIGN(auto should, weightsOf(clauses_.should, snapshot, own, needs_scores));
    GYRE_TRY_ASSIGN(auto must_not, weightsOf(clauses_.must_not, snapshot, own, false));
    return WeightPtr(std::make_unique<BoolWeight>(clauses_, std::move(must), std::move(filter), std::move(should),
                                                  std::move(must_not), minimum));
  }

  void visitTerms(TermVisitor& visitor) const override {
    const BoostedVisit around(visitor, boost_);
    // Filters last: the boost told last for a term is the one that highlights weigh it by.
    for (const auto* const queries : {&clauses_.must, &clauses_.should, &clauses_.filter})
      for (const QueryPtr& query : *queries) query->visitTerms(visitor);
  }
  std::string describe() const override { return describeBoosted(plain(), boost_); }
  std::string describeClause() const override { return boost_ == 1 ? "(" + plain() + ")" : describe(); }

  bool isBoosted() const { return boost_ != 1; }
  Status setMinimumShouldMatch(std::string_view text) {
    GYRE_TRY_ASSIGN(clauses_.minimum_should_match,
                    minimumShouldMatch(text, static_cast<std::uint32_t>(clauses_.should.size())));
    return {};
  }

 private:
  std::string plain() const {
    std::string text;
    const auto add = [&](std::string_view occur, const Query& query) {
      if (!text.empty()) text += ' ';
      text += occur;
      text += query.describeClause();
    };
    if (clauses_.order.empty()) {
      for (const QueryPtr& query : clauses_.must) add("+", *query);
      for (const QueryPtr& query : clauses_.must_not) add("-", *query);
      for (const QueryPtr& query : clauses_.should) add("", *query);
    }
    auto must = clauses_.must.begin(), must_not = clauses_.must_not.begin(), should = clauses_.should.begin();
    for (const char occur : clauses_.order) {
      if (occur == '+')
        add("+", **must++);
      else if (occur == '-')
        add("-", **must_not++);
      else
        add("", **should++);
    }
    for (const QueryPtr& query : clauses_.filter) add("#", *query);
    if (text.empty()) return "*:*";
    if (clauses_.must.empty() && clauses_.should.empty() && clauses_.filter.empty()) text += " #*:*";
    if (clauses_.minimum_should_match > 0) text = "(" + text + ")~" + std::to_string(clauses_.minimum_should_match);
    return text;
  }

  BoolClauses clauses_;
  float boost_;
};

}  // namespace

Status parseClauses(json::Value value, std::vector<QueryPtr>& clauses, ParseContext& context) {
  const auto add = [&](json::Value clause) -> Status {
    GYRE_TRY_ASSIGN(auto query, parseQuery(clause, context));
    clauses.push_back(std::move(query));
    return {};
  };
  if (value.isObject()) return add(value);
  if (!value.isArray())
    return {Code::kInvalidArgument, "x_content_parse_exception",
            "[bool] " + std::string(value.key()) + " doesn't support values of type: " + tokenName(value)};
  for (const json::Value clause : value) GYRE_TRY(add(clause));
  return {};
}

QueryPtr makeBoolQuery(BoolClauses clauses, float boost) {
  return std::make_unique<BoolQuery>(std::move(clauses), boost);
}

Status setMinimumShouldMatch(Query& query, std::string_view minimum_should_match, Boosted boosted) {
  auto* const made = dynamic_cast<BoolQuery*>(boosted == Boosted::kEntered ? &withinBoosts(query) : &query);
  if (made == nullptr || (made->isBoosted() && boosted == Boosted::kIgnored)) return {};
  return made->setMinimumShouldMatch(minimum_should_match);
}

namespace {

Result<QueryPtr> parseClausesOfBool(json::Value body, ParseContext& context) {
  CommonParameters common;
  BoolClauses clauses;
  std::string minimum;
  bool adjusts_pure_negative = true;
  const auto read = [&](json::Value member, std::vector<QueryPtr>& queries) -> Status {
    const Status parsed = parseClauses(member, queries, context);
    if (parsed.isOk() || !(member.isObject() || member.isArray())) return parsed;
    return within("[bool] failed to parse field [" + std::string(member.key()) + "]", parsed);
  };
  for (const json::Value member : body) {
    GYRE_TRY_ASSIGN(const bool is_common, readCommon("bool", member, common));
    if (is_common) continue;
    if (member.key() == "must") {
      GYRE_TRY(read(member, clauses.must));
    } else if (member.key() == "filter") {
      GYRE_TRY(read(member, clauses.filter));
    } else if (member.key() == "should") {
      GYRE_TRY(read(member, clauses.should));
    } else if (member.key() == "must_not" || member.key() == "mustNot") {
      const std::size_t shown = context.nested_hits.size();
      GYRE_TRY(read(member, clauses.must_not));
      // What must not match has nothing to show within a hit.
      context.nested_hits.resize(shown);
    } else if (member.key() == "minimum_should_match") {
      GYRE_TRY_ASSIGN(minimum, parseScalarText("bool", member));
    } else if (member.key() == "adjust_pure_negative") {
      GYRE_TRY_ASSIGN(const bool is_adjusted, parseBoolean("bool", member));
      adjusts_pure_negative = is_adjusted;
    } else {
      return unknownField("bool", member.key());
    }
  }
  const std::size_t all = clauses.must.size() + clauses.filter.size() + clauses.should.size() + clauses.must_not.size();
  if (all > kMaxClauses) return tooManyClauses();
  if (!adjusts_pure_negative && all > 0 && all == clauses.must_not.size())
    return finishQuery(makeNoneQuery("nothing but prohibited clauses"), common, context);
  if (!minimum.empty()) {
    GYRE_TRY_ASSIGN(clauses.minimum_should_match,
                    minimumShouldMatch(minimum, static_cast<std::uint32_t>(clauses.should.size())));
  }
  return finishQuery(makeBoolQuery(std::move(clauses), common.boost), common, context);
}

}  // namespace

Result<QueryPtr> parseBool(json::Value body, ParseContext& context) {
  auto query = parseClausesOfBool(body, context);
  if (query.isOk() || context.mapping.fields().empty()) return query;
  // The dialect first looks for a clause that nothing can match; where it finds one it asks the fields nothing, and
  // does not see what they would refuse. The body itself must be right.
  if (!rewritingOfBool(body, context)(nullptr).is_none) return query;
  const Mapping nothing;
  ParseContext without_fields{nothing, context.now_millis};
  without_fields.depth = context.depth;
  without_fields.limits = context.limits;
  if (!parseClausesOfBool(body, without_fields).isOk()) return query;
  return makeNoneQuery("Unmatchable clause");
}

}  // namespace gyre::engine
