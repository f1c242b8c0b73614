#include "engine/query/multi_match_query.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "engine/query/bm25.hpp"
#include "engine/query/bool_query.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/match_query.hpp"
#include "engine/query/term_scorer.hpp"
#include "engine/query/term_visitor.hpp"

namespace gyre::engine {

namespace {

constexpr std::pair<std::string_view, MultiMatchType> kTypes[] = {
    {"best_fields", MultiMatchType::kBestFields}, {"boolean", MultiMatchType::kBestFields},
    {"most_fields", MultiMatchType::kMostFields}, {"cross_fields", MultiMatchType::kCrossFields},
    {"phrase", MultiMatchType::kPhrase},          {"phrase_prefix", MultiMatchType::kPhrasePrefix},
    {"bool_prefix", MultiMatchType::kBoolPrefix},
};

TextKind textKindOf(MultiMatchType type) {
  switch (type) {
    case MultiMatchType::kPhrase: return TextKind::kPhrase;
    case MultiMatchType::kPhrasePrefix: return TextKind::kPhrasePrefix;
    case MultiMatchType::kBoolPrefix: return TextKind::kWordsPrefix;
    default: return TextKind::kWords;
  }
}

// A term in several fields, as if they were one: the best field counts, and all say the term is as common as it is
// where it is commonest.
struct BlendedTerm {
  std::string path;
  std::string term;
  float boost = 1;
};

class BlendedQuery final : public Query {
 public:
  BlendedQuery(std::vector<BlendedTerm> terms, float tie_breaker)
      : terms_(std::move(terms)), tie_breaker_(tie_breaker) {}

  Result<WeightPtr> weight(const Snapshot& snapshot, float boost, bool needs_scores) const override {
    const std::vector<std::uint64_t> doc_freqs = blend(snapshot);
    std::vector<WeightPtr> weights;
    for (std::size_t i = 0; i < terms_.size(); ++i) {
      const BlendedTerm& one = terms_[i];
      if (needs_scores) {
        weights.push_back(makeTermWeight(snapshot, one.path, one.term, boost * one.boost, doc_freqs[i]));
      } else {
        // A weight without scores borrows its query: these are kept.
        GYRE_TRY_ASSIGN(auto weight, unscored_[i]->weight(snapshot, 1, false));
        weights.push_back(std::move(weight));
      }
    }
    return makeDisMaxWeight(std::move(weights), tie_breaker_);
  }

  void visitTerms(TermVisitor& visitor) const override {
    for (const BlendedTerm& one : terms_) {
      const BoostedVisit around(visitor, one.boost);
      visitor.term(one.path, one.term);
    }
  }
  std::string describe() const override {
    std::string text = "blended(terms:[";
    for (const BlendedTerm& one : terms_) {
      if (&one != terms_.data()) text += ", ";
      text += one.path + ":" + one.term;
      if (one.boost != 1) text += "^" + describeFloat(one.boost);
    }
    return text + "])";
  }

  void prepare() {
    for (const BlendedTerm& one : terms_) unscored_.push_back(makeTermQuery(one.path, one.term, 1));
  }

 private:
  // A field in which the term is rarer than in the one before counts as one document more; but no field counts more
  // than it has, nor than the shortest of the fields has terms.
  std::vector<std::uint64_t> blend(const Snapshot& snapshot) const {
    std::uint64_t documents = 0;
    for (const SegmentView& view : snapshot.segments) documents += view.segment->docCount();
    std::vector<std::uint64_t> own;
    std::vector<std::size_t> order;
    std::vector<std::uint64_t> holders;
    for (const BlendedTerm& one : terms_) {
      order.push_back(own.size());
      own.push_back(docFrequency(snapshot, one.path, one.term));
      const FieldStatistics field = fieldStatistics(snapshot, one.path);
      holders.push_back(field.doc_count);
      if (field.sum_total_term_freq > 0) documents = std::min(documents, field.sum_total_term_freq);
    }
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return own[a] > own[b]; });
    std::vector<std::uint64_t> blended(own.size(), 0);
    std::uint64_t previous = own[order.front()];
    std::uint64_t actual = std::min(documents, previous);
    for (const std::size_t i : order) {
      if (own[i] == 0) continue;
      if (previous > own[i]) ++actual;
      blended[i] = std::min({documents, actual, holders[i]});
      previous = own[i];
    }
    return blended;
  }

  std::vector<BlendedTerm> terms_;
  std::vector<QueryPtr> unscored_;
  float tie_breaker_;
};

// As the mapping names it, in quotes. The dialect takes the default analyzer and one that is named to be the same for
// two.
std::string_view searchAnalyzerName(const Field& field) {
  std::string_view own;
  for (const FieldParameter& parameter : field.parameters) {
    if (parameter.name == "search_analyzer") return parameter.json;
    if (parameter.name == "analyzer") own = parameter.json;
  }
  return own;
}

// Fields whose text is analysed alike, searched as one.
class CrossFields {
 public:
  CrossFields(const MatchOptions& options, float tie_breaker, const ParseContext& context)
      : options_(options), tie_breaker_(tie_breaker), context_(context) {}

  Result<std::vector<QueryPtr>> make(const std::vector<BoostedField>& fields, std::string_view text) const {
    struct Group {
      const Analyzer* analyzer;
      std::string_view name;
      bool is_alone;
      std::vector<std::pair<const Field*, float>> fields;
    };
    std::vector<Group> groups;
    for (const BoostedField& one : fields) {
      const Field* const field = context_.field(one.path);
      if (field == nullptr || field->type == FieldType::kObject) continue;
      const Analyzer* const analyzer = analyzerOf(*field, options_);
      const std::string_view name = options_.analyzer.empty() ? searchAnalyzerName(*field) : options_.analyzer;
      // The text as a whole is one term of a completion field, which no other field shares.
      const bool is_alone = field->type == FieldType::kCompletion;
      auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& known) {
        return !is_alone && !known.is_alone && known.analyzer == analyzer && known.name == name;
      });
      if (group == groups.end()) group = groups.insert(groups.end(), {analyzer, name, is_alone, {}});
      group->fields.emplace_back(field, one.boost);
    }
    std::vector<QueryPtr> queries;
    for (const Group& group : groups) {
      if (group.fields.size() == 1) {
        const auto& [field, boost] = group.fields.front();
        GYRE_TRY_ASSIGN(auto query,
                        makeTextQuery(TextKind::kWords, askedPath(*field), text, options_, boost, context_));
        if (query != nullptr) queries.push_back(std::move(query));
        continue;
      }
      GYRE_TRY_ASSIGN(auto query, groupQuery(group.fields, text));
      if (query != nullptr) queries.push_back(std::move(query));
    }
    return queries;
  }

 private:
  using Fields = std::vector<std::pair<const Field*, float>>;

  Result<QueryPtr> groupQuery(const Fields& fields, std::string_view text) const {
    GYRE_TRY_ASSIGN(const auto tokens, analyzeQueryText(*fields.front().first, text, options_));
    if (tokens.empty()) {
      if (options_.is_zero_terms_null) return QueryPtr();
      return options_.is_zero_terms_all ? makeAllQuery(1)
                                        : makeNoneQuery("Matching no documents because no terms present");
    }
    const auto places = placesOf(tokens);
    if (places.size() > kMaxClauses) return tooManyClauses();
    if (places.size() == 1) return placeQuery(fields, places.front().terms);
    BoolClauses clauses;
    for (const PhrasePlace& place : places) {
      GYRE_TRY_ASSIGN(auto query, placeQuery(fields, place.terms));
      (options_.is_and ? clauses.must : clauses.should).push_back(std::move(query));
    }
    if (!options_.minimum_should_match.empty()) {
      GYRE_TRY_ASSIGN(
          clauses.minimum_should_match,
          minimumShouldMatch(options_.minimum_should_match, static_cast<std::uint32_t>(clauses.should.size())));
    }
    return makeBoolQuery(std::move(clauses), 1);
  }

  Result<QueryPtr> placeQuery(const Fields& fields, const std::vector<std::string>& terms) const {
    std::vector<QueryPtr> queries;
    std::vector<BlendedTerm> blended;
    for (const auto& [field, boost] : fields)
      for (const std::string& term : terms) {
        if ((field->type == FieldType::kText || field->type == FieldType::kKeyword) && field->is_indexed) {
          blended.push_back({field->path, field->term_prefix + term, boost});
          continue;
        }
        auto query = makeValueQuery(*field, term, boost, context_.now_millis);
        if (!query.isOk()) {
          if (!options_.is_lenient) return std::move(query).status();
          query =
              makeNoneQuery("failed [" + field->path + "] query, caused by " + std::string(query.status().reason()));
        }
        queries.push_back(std::move(query).value());
      }
    if (!blended.empty()) {
      auto query = std::make_unique<BlendedQuery>(std::move(blended), tie_breaker_);
      query->prepare();
      queries.push_back(std::move(query));
    }
    if (queries.size() == 1) return std::move(queries.front());
    return makeDisMaxQuery(std::move(queries), 1, 1);
  }

  const MatchOptions& options_;
  float tie_breaker_;
  const ParseContext& context_;
};

struct MultiMatch {
  CommonParameters common;
  MatchOptions options;
  bool has_lenient = false;
  bool has_slop = false;
  bool has_cutoff = false;
  std::string text;
  bool has_text = false;
  std::vector<BoostedField> fields;
  MultiMatchType type = MultiMatchType::kBestFields;
  std::string type_name = "best_fields";
  std::optional<float> tie_breaker;
};

Status readMultiMatch(json::Value body, MultiMatch& request) {
  for (const json::Value option : body) {
    const std::string_view key = option.key();
    GYRE_TRY_ASSIGN(const bool is_common, readCommon("multi_match", option, request.common));
    if (is_common) continue;
    if (key == "query") {
      GYRE_TRY_ASSIGN(request.text, parseScalarText("multi_match", option));
      request.has_text = true;
    } else if (key == "fields") {
      GYRE_TRY_ASSIGN(request.fields, parseBoostedFields("multi_match", option));
    } else if (key == "type") {
      GYRE_TRY_ASSIGN(request.type_name, parseScalarText("multi_match", option));
      GYRE_TRY_ASSIGN(request.type, parseMultiMatchType("multi_match", request.type_name));
    } else if (key == "tie_breaker") {
      GYRE_TRY_ASSIGN(request.tie_breaker, parseFloat("multi_match", option));
    } else if (key == "cutoff_frequency") {
      request.has_cutoff = !option.isNull();
    } else {
      request.has_lenient = request.has_lenient || key == "lenient";
      GYRE_TRY_ASSIGN(const bool is_known, readMatchOption("multi_match", option, request.options));
      if (!is_known) return unknownParameter("multi_match", key);
      request.has_slop = request.has_slop || (key == "slop" && request.options.slop != 0);
    }
  }
  if (!request.has_text) return parsingException("No text specified for multi_match query");
  const bool takes_fuzziness = request.type == MultiMatchType::kBestFields ||
                               request.type == MultiMatchType::kMostFields ||
                               request.type == MultiMatchType::kBoolPrefix;
  const auto refuse = [&](std::string what) {
    return parsingException(what + " not allowed for type [" + request.type_name + "]");
  };
  if (request.options.fuzziness && !takes_fuzziness) return refuse("Fuzziness");
  if (request.type == MultiMatchType::kBoolPrefix && request.has_slop) return refuse("[slop]");
  if (request.type == MultiMatchType::kBoolPrefix && request.has_cutoff) return refuse("[cutoff_frequency]");
  if (request.has_cutoff) return parsingException("[multi_match] [cutoff_frequency] is not supported");
  return {};
}

}  // namespace

Result<MultiMatchType> parseMultiMatchType(std::string_view kind, std::string_view name) {
  for (const auto& [known, type] : kTypes)
    if (known == name) return type;
  return Status(Code::kInvalidArgument, "parse_exception",
                "failed to parse [" + std::string(kind) + "] query type [" + std::string(name) + "]. unknown type.");
}

float tieBreakerOf(MultiMatchType type) {
  return type == MultiMatchType::kMostFields || type == MultiMatchType::kBoolPrefix ? 1.0f : 0.0f;
}

Result<QueryPtr> makeMultiMatchQuery(MultiMatchType type, const std::vector<BoostedField>& fields,
                                     std::string_view text, const MatchOptions& options,
                                     std::optional<float> tie_breaker, float boost, const ParseContext& context) {
  const float tie = tie_breaker.value_or(tieBreakerOf(type));
  std::vector<QueryPtr> queries;
  if (type == MultiMatchType::kCrossFields) {
    GYRE_TRY_ASSIGN(queries, CrossFields(options, tie, context).make(fields, text));
  } else {
    for (const BoostedField& field : fields) {
      GYRE_TRY_ASSIGN(auto query, makeTextQuery(textKindOf(type), field.path, text, options, field.boost, context));
      if (query != nullptr) queries.push_back(std::move(query));
    }
  }
  if (queries.empty() && options.is_zero_terms_null) return QueryPtr();
  if (queries.size() == 1) return makeBoostQuery(std::move(queries.front()), boost);
  return makeDisMaxQuery(std::move(queries), tie, boost);
}

Result<QueryPtr> parseMultiMatch(json::Value body, ParseContext& context) {
  MultiMatch request;
  request.options.kind = "multi_match";
  GYRE_TRY(readMultiMatch(body, request));
  if (request.fields.empty()) {
    GYRE_TRY_ASSIGN(request.fields, defaultFields(context));
  }
  if (!request.has_lenient) request.options.is_lenient = asksForAllFields(request.fields);
  GYRE_TRY_ASSIGN(const auto fields, resolveFields(request.fields, context));
  GYRE_TRY_ASSIGN(auto query, makeMultiMatchQuery(request.type, fields, request.text, request.options,
                                                  request.tie_breaker, request.common.boost, context));
  return finishQuery(std::move(query), request.common, context);
}

}  // namespace gyre::engine
