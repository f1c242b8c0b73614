// terms_set: documents that hold as many of the terms as a field of theirs asks for.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "engine/mapping/numeric_value.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

class CoveringScorer final : public Scorer {
 public:
  CoveringScorer(SegmentRun& run, std::vector<ScorerPtr> terms, const FieldReader& minimum)
      : run_(run),
        terms_(std::move(terms)),
        minimum_(*minimum.column),
        is_unsigned_(minimum.type == FieldType::kUnsignedLong),
        sums_(kWindowDocs),
        counts_(kWindowDocs) {}

  std::uint64_t cost() const override {
    std::uint64_t cost = 0;
    for (const ScorerPtr& term : terms_) cost += term->cost();
    return cost;
  }
  DocId nextCandidate(DocId from) override {
    DocId first = kNoMoreDocs;
    for (const ScorerPtr& term : terms_) first = std::min(first, term->nextCandidate(from));
    return first;
  }
  void evaluate(std::uint32_t window, std::uint64_t* bits, float* scores) override {
    clearBits(bits);
    std::fill(sums_.begin(), sums_.end(), 0.0f);
    std::fill(counts_.begin(), counts_.end(), std::uint16_t{0});
    WindowBits own;
    for (const ScorerPtr& term : terms_) {
      term->evaluate(window, own.data(), scores == nullptr ? nullptr : sums_.data());
      forEachBit(own.data(), [&](std::uint32_t i) { ++counts_[i]; });
      orBits(bits, own.data());
    }
    const ColumnWindow& minimum = run_.read(minimum_, window);
    forEachBit(bits, [&](std::uint32_t i) {
      // Without a number nothing is enough; at least one term must match.
      const bool is_enough = testBit(minimum.present.data(), i) && counts_[i] >= wanted(minimum.values[i]);
      if (!is_enough) {
        clearBit(bits, i);
      } else if (scores != nullptr) {
        scores[i] += sums_[i];
      }
    });
  }

 private:
  std::uint64_t wanted(std::int64_t encoded) const {
    if (is_unsigned_) return std::max<std::uint64_t>(decodeUnsigned(encoded), 1);
    return static_cast<std::uint64_t>(std::max<std::int64_t>(encoded, 1));
  }

  SegmentRun& run_;
  std::vector<ScorerPtr> terms_;
  const ColumnReader& minimum_;
  bool is_unsigned_;
  std::vector<float> sums_;
  std::vector<std::uint16_t> counts_;
};

class TermsSetQuery final : public Query {
 public:
  TermsSetQuery(std::vector<QueryPtr> terms, std::string minimum_path, float boost)
      : terms_(std::move(terms)), minimum_path_(std::move(minimum_path)), boost_(boost) {}

  Result<WeightPtr> weight(const Snapshot& snapshot, float boost, bool needs_scores) const override {
    std::vector<WeightPtr> weights;
    for (const QueryPtr& term : terms_) {
      GYRE_TRY_ASSIGN(auto weight, term->weight(snapshot, boost * boost_, needs_scores));
      weights.push_back(std::move(weight));
    }
    return WeightPtr(std::make_unique<CoveringWeight>(*this, std::move(weights)));
  }

  void visitTerms(TermVisitor& visitor) const override {
    for (const QueryPtr& term : terms_) term->visitTerms(visitor);
  }
  std::string describe() const override {
    std::string text = "CoveringQuery(queries=[";
    for (const QueryPtr& term : terms_) text += (&term == terms_.data() ? "" : ", ") + term->describe();
    return describeBoosted(text + "], minimumNumberMatch=long(" + minimum_path_ + "))", boost_);
  }

 private:
  class CoveringWeight final : public Weight {
   public:
    CoveringWeight(const TermsSetQuery& query, std::vector<WeightPtr> terms)
        : query_(query), terms_(std::move(terms)) {}
    ScorerPtr scorer(SegmentRun& run) const override {
      const FieldReader* const field = run.segment().field(query_.minimum_path_);
      if (field == nullptr || field->column == nullptr) return nullptr;
      std::vector<ScorerPtr> scorers;
      for (const WeightPtr& term : terms_)
        if (auto scorer = term->scorer(run)) scorers.push_back(std::move(scorer));
      if (scorers.empty()) return nullptr;
      return std::make_unique<CoveringScorer>(run, std::move(scorers), *field);
    }
    Explanation explain(SegmentRun& run, DocId doc) const override {
      const auto score = scoreOf(*this, run, doc);
      if (!score) return Explanation::noMatch("not enough matches");
      std::vector<Explanation> parts;
      for (const WeightPtr& term : terms_) {
        Explanation part = term->explain(run, doc);
        if (part.is_match) parts.push_back(std::move(part));
      }
      return Explanation::match(*score, "sum of:", std::move(parts));
    }

   private:
    const TermsSetQuery& query_;
    std::vector<WeightPtr> terms_;
  };

  std::vector<QueryPtr> terms_;
  std::string minimum_path_;
  float boost_;
};

}  // namespace

Result<QueryPtr> parseTermsSet(json::Value body, ParseContext& context) {
  if (body.size() == 0) return parsingException("[terms_set] unknown token [END_OBJECT]");
  const json::Value member = *body.begin();
  if (!member.isObject() || body.size() > 1)
    return parsingException("[terms_set] unknown token [" + tokenName(member) + "]");
  CommonParameters common;
  std::vector<std::string> values;
  std::string minimum;
  for (const json::Value option : member) {
    GYRE_TRY_ASSIGN(const bool is_common, readCommon("terms_set", option, common));
    if (is_common) continue;
    if (option.key() == "terms" && option.isArray()) {
      for (const json::Value value : option) {
        if (value.isNull()) return parsingException("No value specified for terms query");
        GYRE_TRY_ASSIGN(auto text, parseScalarText("terms_set", value));
        values.push_back(std::move(text));
      }
    } else if (option.key() == "minimum_should_match_field") {
      GYRE_TRY_ASSIGN(minimum, parseScalarText("terms_set", option));
    } else if (option.key() == "minimum_should_match_script") {
      return parsingException("[terms_set] [minimum_should_match_script] is not supported");
    } else {
      return unknownParameter("terms_set", option.key());
    }
  }
  if (values.empty()) return finishQuery(makeNoneQuery("No terms supplied for \"terms_set\" query."), common, context);
  if (values.size() > kMaxClauses) return tooManyClauses();
  if (minimum.empty()) return queryShardException("No minimum should match has been specified");
  const Field* const counted = context.mapping.find(minimum);
  if (counted == nullptr) return shardRefusal("failed to find minimum_should_match field [" + minimum + "]");
  if (!isNumeric(counted->type) || isFloating(counted->type) || !counted->has_doc_values)
    return queryShardException("minimum_should_match field [" + minimum + "] holds no whole numbers");
  const Field* const field = context.field(member.key());
  if (field == nullptr || field->type == FieldType::kObject)
    return finishQuery(makeNoneQuery("unmapped field [" + std::string(member.key()) + "]"), common, context);
  std::vector<QueryPtr> terms;
  for (const std::string& value : values) {
    GYRE_TRY_ASSIGN(auto query, makeValueQuery(*field, value, 1, context.now_millis));
    terms.push_back(std::move(query));
  }
  return finishQuery(std::make_unique<TermsSetQuery>(std::move(terms), std::move(minimum), common.boost), common,
                     context);
}

}  // namespace gyre::engine
