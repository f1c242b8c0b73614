// function_score: the scores of a query, changed by functions of the documents.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/query/bool_query.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/query_parser.hpp"
#include "engine/query/score_function_parser.hpp"

namespace gyre::engine {

namespace {

enum class ScoreMode : std::uint8_t { kMultiply, kSum, kAverage, kFirst, kMax, kMin };
enum class BoostMode : std::uint8_t { kMultiply, kReplace, kSum, kAverage, kMax, kMin };
constexpr std::string_view kScoreModes[] = {"multiply", "sum", "avg", "first", "max", "min"};
constexpr std::string_view kBoostModes[] = {"multiply", "replace", "sum", "avg", "max", "min"};

struct FunctionEntry {
  QueryPtr filter;  // null: every document
  ScoreFunctionPtr function;
  float weight = 1;  // in the mean of kAverage
};

struct FunctionScore {
  CommonParameters common;
  QueryPtr query;
  std::vector<FunctionEntry> functions;
  ScoreMode score_mode = ScoreMode::kMultiply;
  BoostMode boost_mode = BoostMode::kMultiply;
  float max_boost = std::numeric_limits<float>::max();
  std::optional<float> min_score;
};

float combine(const FunctionScore& request, double score, double factor) {
  const double bounded = std::min(factor, static_cast<double>(request.max_boost));
  switch (request.boost_mode) {
    case BoostMode::kMultiply: return static_cast<float>(score * bounded);
    case BoostMode::kReplace: return static_cast<float>(bounded);
    case BoostMode::kSum: return static_cast<float>(score + bounded);
    case BoostMode::kAverage: return static_cast<float>((score + bounded) / 2);
    case BoostMode::kMax: return static_cast<float>(std::max(score, bounded));
    case BoostMode::kMin: return static_cast<float>(std::min(score, bounded));
  }
  return static_cast<float>(score);
}

// Gathers what the functions that apply to a document give it.
class Factor {
 public:
  explicit Factor(ScoreMode mode) : mode_(mode) {}
  void add(double value, float weight) {
    if (count_++ == 0) {
      result_ = value;
    } else {
      switch (mode_) {
        case ScoreMode::kMultiply: result_ *= value; break;
        case ScoreMode::kSum:
        case ScoreMode::kAverage: result_ += value; break;
        case ScoreMode::kMax: result_ = std::max(result_, value); break;
        case ScoreMode::kMin: result_ = std::min(result_, value); break;
        case ScoreMode::kFirst: break;
      }
    }
    weights_ += weight;
  }
  bool isSettled() const { return mode_ == ScoreMode::kFirst && count_ > 0; }
  bool isEmpty() const { return count_ == 0; }
  double result() const {
    if (count_ == 0) return 1;
    if (mode_ != ScoreMode::kAverage) return result_;
    return weights_ == 0 ? 1 : result_ / weights_;
  }

 private:
  ScoreMode mode_;
  std::size_t count_ = 0;
  double result_ = 0;
  double weights_ = 0;
};

class FunctionScoreScorer final : public Scorer {
 public:
  struct Part {
    bool is_filtered = false;
    ScorerPtr filter;  // null with is_filtered: matches nothing
    std::unique_ptr<FunctionValues> values;
    float weight = 1;
    WindowBits bits{};
  };

  FunctionScoreScorer(SegmentRun& run, const FunctionScore& request, ScorerPtr inner, std::vector<Part> parts)
      : run_(run), request_(request), inner_(std::move(inner)), parts_(std::move(parts)), own_(kWindowDocs) {}

  std::uint64_t cost() const override { return inner_->cost(); }
  DocId nextCandidate(DocId from) override { return inner_->nextCandidate(from); }

  void evaluate(std::uint32_t window, std::uint64_t* bits, float* scores) override {
    std::fill(own_.begin(), own_.end(), 0.0f);
    inner_->evaluate(window, bits, own_.data());
    if (!hasBits(bits)) return;
    for (Part& part : parts_) {
      if (!part.is_filtered) continue;
      if (part.filter == nullptr) {
        clearBits(part.bits.data());
      } else {
        std::copy_n(bits, kWindowWords, part.bits.begin());
        part.filter->narrow(window, part.bits.data(), nullptr);
      }
    }
    const DocId base = windowBegin(window);
    forEachBit(bits, [&](std::uint32_t i) {
      const float score = combine(request_, own_[i], factorOf(base + i, i));
      if (std::isnan(score) || score < 0)
        run_.fail({Code::kInternal, "exception",
                   "function score query returned an invalid score: " + describeFloat(score) +
                       " for doc: " + std::to_string(base + i)});
      if (request_.min_score && !(score >= *request_.min_score)) {
        clearBit(bits, i);
      } else if (scores != nullptr) {
        scores[i] += score;
      }
    });
  }

 private:
  double factorOf(DocId doc, std::uint32_t at) {
    Factor factor(request_.score_mode);
    for (Part& part : parts_) {
      if (part.is_filtered && !testBit(part.bits.data(), at)) continue;
      factor.add(part.values->value(doc), part.weight);
      if (factor.isSettled()) break;
    }
    return factor.result();
  }

  SegmentRun& run_;
  const FunctionScore& request_;
  ScorerPtr inner_;
  std::vector<Part> parts_;
  std::vector<float> own_;
};

class FunctionScoreWeight final : public Weight {
 public:
  FunctionScoreWeight(const FunctionScore& request, WeightPtr inner, std::vector<WeightPtr> filters)
      : request_(request), inner_(std::move(inner)), filters_(std::move(filters)) {}

  ScorerPtr scorer(SegmentRun& run) const override {
    auto inner = inner_->scorer(run);
    if (inner == nullptr) return nullptr;
    std::vector<FunctionScoreScorer::Part> parts(filters_.size());
    for (std::size_t i = 0; i < filters_.size(); ++i) {
      parts[i].is_filtered = filters_[i] != nullptr;
      if (filters_[i] != nullptr) parts[i].filter = filters_[i]->scorer(run);
      parts[i].values = request_.functions[i].function->values(run);
      parts[i].weight = request_.functions[i].weight;
    }
    return std::make_unique<FunctionScoreScorer>(run, request_, std::move(inner), std::move(parts));
  }

  Explanation explain(SegmentRun& run, DocId doc) const override {
    Explanation inner = inner_->explain(run, doc);
    if (!inner.is_match) return inner;
    Explanation of_factor = explainFactor(run, doc);
    const float score = combine(request_, inner.value, of_factor.value);
    const double bounded = std::min(of_factor.value, static_cast<double>(request_.max_boost));
    auto limited = Explanation::match(
        bounded, "min of:", {std::move(of_factor), Explanation::match(request_.max_boost, "maxBoost")});
    Explanation result;
    switch (request_.boost_mode) {
      case BoostMode::kReplace: result = std::move(limited); break;
      case BoostMode::kMultiply: result = pair("function score, product of:", score, inner, limited); break;
      case BoostMode::kSum: result = pair("sum of", score, inner, limited); break;
      case BoostMode::kAverage: result = pair("avg of", score, inner, limited); break;
      case BoostMode::kMax: result = pair("max of", score, inner, limited); break;
      case BoostMode::kMin: result = pair("min of", score, inner, limited); break;
    }
    if (request_.min_score && !(score >= *request_.min_score))
      return Explanation::noMatch("Score value is too low, expected at least " + describeFloat(*request_.min_score) +
                                      " but got " + describeFloat(score),
                                  {std::move(result)});
    return result;
  }

 private:
  static Explanation pair(std::string rule, float score, Explanation& first, Explanation& second) {
    return Explanation::match(score, std::move(rule), {std::move(first), std::move(second)});
  }

  Explanation explainFactor(SegmentRun& run, DocId doc) const {
    if (request_.functions.size() == 1 && filters_.front() == nullptr)
      return request_.functions.front().function->values(run)->explain(doc);
    Factor factor(request_.score_mode);
    std::vector<Explanation> parts;
    for (std::size_t i = 0; i < filters_.size() && !factor.isSettled(); ++i) {
      if (filters_[i] != nullptr && !scoreOf(*filters_[i], run, doc)) continue;
      Explanation part = request_.functions[i].function->values(run)->explain(doc);
      factor.add(part.value, request_.functions[i].weight);
      if (filters_[i] != nullptr) {
        const double value = part.value;
        part = Explanation::match(
            value, "function score, product of:",
            {Explanation::match(1, "match filter: " + request_.functions[i].filter->describe()), std::move(part)});
      }
      parts.push_back(std::move(part));
    }
    if (parts.empty()) return Explanation::match(1, "No function matched");
    return Explanation::match(
        factor.result(),
        "function score, score mode [" + std::string(kScoreModes[static_cast<std::size_t>(request_.score_mode)]) + "]",
        std::move(parts));
  }

  const FunctionScore& request_;
  WeightPtr inner_;
  std::vector<WeightPtr> filters_;  // one for each function; null for none
};

class FunctionScoreQuery final : public Query {
 public:
  explicit FunctionScoreQuery(FunctionScore request) : request_(std::move(request)) {}

  // What counts for nothing is not asked for its functions, which might add to it.
  Result<WeightPtr> weight(const Snapshot& snapshot, float boost, bool needs_scores) const override {
    const float own = boost * request_.common.boost;
    if (own != 0) return weightOf(snapshot, own, needs_scores);
    GYRE_TRY_ASSIGN(auto matches, weightOf(snapshot, 1, false));
    return makeConstantWeight(std::move(matches), 0, describe());
  }
  void visitTerms(TermVisitor& visitor) const override { request_.query->visitTerms(visitor); }
  std::string describe() const override {
    std::string text = "function score (" + request_.query->describe() + ", functions: [";
    for (const FunctionEntry& entry : request_.functions)
      text += entry.filter == nullptr ? "{function}" : "{filter(" + entry.filter->describe() + "), function}";
    return describeBoosted(text + "])", request_.common.boost);
  }

 private:
  Result<WeightPtr> weightOf(const Snapshot& snapshot, float boost, bool needs_scores) const {
    const bool needs_functions = needs_scores || request_.min_score.has_value();
    GYRE_TRY_ASSIGN(auto inner, request_.query->weight(snapshot, boost, needs_functions));
    if (!needs_functions) return inner;
    std::vector<WeightPtr> filters;
    for (const FunctionEntry& entry : request_.functions) {
      filters.emplace_back();
      if (entry.filter == nullptr) continue;
      GYRE_TRY_ASSIGN(filters.back(), entry.filter->weight(snapshot, 1, false));
    }
    return WeightPtr(std::make_unique<FunctionScoreWeight>(request_, std::move(inner), std::move(filters)));
  }

  FunctionScore request_;
};

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return result;
}
std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return result;
}

template <class Mode, std::size_t n>
Result<Mode> parseMode(json::Value value, const std::string_view (&names)[n], std::string_view type) {
  const std::string name = lower(value.string());
  for (std::size_t i = 0; i < n; ++i)
    if (names[i] == name) return static_cast<Mode>(i);
  return illegalArgument("No enum constant org.opensearch.common.lucene.search.function." + std::string(type) + "." +
                         upper(value.string()));
}

Status failedToParse(std::string what) {
  return parsingException("failed to parse [function_score] query. " + std::move(what));
}

class FunctionScoreParser {
 public:
  explicit FunctionScoreParser(ParseContext& context) : context_(context) {}

  Result<QueryPtr> run(json::Value body) {
    for (const json::Value member : body) GYRE_TRY(readMember(member));
    if (request_.query == nullptr) request_.query = makeAllQuery(1);
    // Nothing is multiplied, added or taken instead where there is no function.
    if (request_.functions.empty()) request_.boost_mode = BoostMode::kMultiply;
    // One function for every document: there is nothing to bring together.
    if (request_.functions.size() == 1 && request_.functions.front().filter == nullptr)
      request_.score_mode = ScoreMode::kFirst;
    const CommonParameters common = request_.common;
    return finishQuery(std::make_unique<FunctionScoreQuery>(std::move(request_)), common, context_);
  }

 private:
  Status readMember(json::Value member) {
    const std::string_view key = member.key();
    GYRE_TRY_ASSIGN(const bool is_common, readCommon("function_score", member, request_.common));
    if (is_common) return {};
    if (key == "query") {
      if (request_.query != nullptr) return failedToParse("[query] is already defined.");
      GYRE_TRY_ASSIGN(request_.query, parseQuery(member, context_));
      return {};
    }
    if (key == "functions") return readFunctions(member);
    if (key == "weight" || isScoreFunction(key)) return readSingle(member);
    if (member.isObject() || member.isArray()) return failedToParse(notSupported(member));
    if (key == "score_mode") {
      GYRE_TRY_ASSIGN(request_.score_mode, parseMode<ScoreMode>(member, kScoreModes, "FunctionScoreQuery.ScoreMode"));
    } else if (key == "boost_mode") {
      GYRE_TRY_ASSIGN(request_.boost_mode, parseMode<BoostMode>(member, kBoostModes, "CombineFunction"));
    } else if (key == "max_boost") {
      GYRE_TRY_ASSIGN(request_.max_boost, parseFloat("function_score", member));
    } else if (key == "min_score") {
      GYRE_TRY_ASSIGN(request_.min_score, parseFloat("function_score", member));
    } else {
      return failedToParse(notSupported(member));
    }
    return {};
  }

  static std::string notSupported(json::Value member) {
    const std::string name(member.key());
    return member.isArray() ? "array [" + name + "] is not supported" : "field [" + name + "] is not supported";
  }

  Status readSingle(json::Value member) {
    const std::string name(member.key());
    if (is_list_)
      return failedToParse(
          "[you can either define [functions] array or a single function, not both. already found "
          "[functions] array, now encountering [" +
          name + "].]");
    if (!single_.empty())
      return failedToParse("already found function [" + single_ + "], now encountering [" + name +
                           "]. use [functions] array if you want to define several functions.");
    single_ = name;
    FunctionEntry entry;
    GYRE_TRY(readFunctionMember(member, entry));
    request_.functions.push_back(std::move(entry));
    return {};
  }

  Status readFunctionMember(json::Value member, FunctionEntry& entry) {
    if (member.key() != "weight") {
      GYRE_TRY_ASSIGN(entry.function, parseScoreFunction(member, context_));
      return {};
    }
    GYRE_TRY_ASSIGN(entry.weight, parseFloat("function_score", member));
    if (entry.weight < 0) return illegalArgument("[weight] cannot be negative for a filtering function");
    entry.function = makeWeightFunction(std::move(entry.function), entry.weight);
    return {};
  }

  Status readFunctions(json::Value list) {
    if (!single_.empty())
      return failedToParse("[you can either define [functions] array or a single function, not both. already found [" +
                           single_ + "], now encountering [functions].]");
    if (!list.isArray()) return failedToParse("field [functions] must be an array");
    is_list_ = true;
    for (const json::Value element : list) {
      if (!element.isObject())
        return failedToParse("malformed query, expected a [START_OBJECT] while parsing functions but got a [" +
                             tokenName(element) + "] instead");
      FunctionEntry entry;
      std::string found;
      json::Value weight;
      for (const json::Value member : element) {
        const std::string_view key = member.key();
        if (key == "weight") {
          weight = member;
        } else if (key == "filter") {
          GYRE_TRY_ASSIGN(entry.filter, parseQuery(member, context_));
          // A filter for all is none.
          if (member.size() == 1 && (*member.begin()).key() == "match_all") entry.filter = nullptr;
        } else if (isScoreFunction(key)) {
          if (!found.empty())
            return parsingException("failed to parse function_score functions. already found [" + found +
                                    "], now encountering [" + std::string(key) + "].");
          found = key;
          GYRE_TRY(readFunctionMember(member, entry));
        } else {
          return failedToParse(notSupported(member));
        }
      }
      if (!weight.isMissing()) GYRE_TRY(readFunctionMember(weight, entry));
      if (entry.function == nullptr) return failedToParse("an entry in functions list is missing a function.");
      request_.functions.push_back(std::move(entry));
    }
    return {};
  }

  ParseContext& context_;
  FunctionScore request_;
  std::string single_;
  bool is_list_ = false;
};

}  // namespace

Result<QueryPtr> parseFunctionScore(json::Value body, ParseContext& context) {
  return FunctionScoreParser(context).run(body);
}

}  // namespace gyre::engine
