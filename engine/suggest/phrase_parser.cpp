#include <cmath>
#include <utility>

#include "engine/query/query_parser.hpp"
#include "engine/suggest/phrase_suggester.hpp"

namespace gyre::engine {

namespace {

Status unsupported(std::string_view field) {
  return parsingException("suggester[phrase] doesn't support field [" + std::string(field) + "]");
}

Result<std::uint32_t> parsePositive(json::Value value) {
  GYRE_TRY_ASSIGN(const std::int64_t number, parseWhole("phrase", value));
  if (number < 1 || number > 1'000'000) return illegalArgument(std::string(value.key()) + " must be >= 1");
  return static_cast<std::uint32_t>(number);
}

Result<double> parseReal(json::Value value) {
  GYRE_TRY_ASSIGN(const float number, parseFloat("phrase", value));
  return value.real().value_or(static_cast<double>(number));
}

Result<WordOptions> parseGenerator(json::Value body) {
  if (!body.isObject()) return illegalArgument("[direct_generator] must be an object");
  WordOptions options;
  for (const json::Value member : body) {
    GYRE_TRY_ASSIGN(const bool is_taken, options.read(member));
    if (is_taken) continue;
    if (member.key() == "size") {
      GYRE_TRY_ASSIGN(options.size, parsePositive(member));
    } else if (member.key() == "pre_filter" || member.key() == "post_filter") {
      return illegalArgument("[direct_generator] " + std::string(member.key()) + " is not offered");
    } else {
      return unknownField("direct_generator", member.key());
    }
  }
  if (options.path.empty()) return illegalArgument("[direct_generator] expects exactly one field parameter");
  return options;
}

Status readHighlight(json::Value body, PhraseSuggestRequest& request) {
  for (const json::Value member : body) {
    if (member.key() == "pre_tag" && member.isString()) {
      request.pre_tag = member.string();
    } else if (member.key() == "post_tag" && member.isString()) {
      request.post_tag = member.string();
    } else {
      return parsingException("suggester[phrase][highlight] doesn't support field [" + std::string(member.key()) + "]");
    }
  }
  if (request.pre_tag.empty() != request.post_tag.empty())
    return illegalArgument("Pre and post tag must both be null or both not be null.");
  request.is_highlighted = !request.pre_tag.empty();
  return {};
}

Status readSmoothing(json::Value body, PhraseSuggestRequest& request) {
  if (body.size() != 1) return illegalArgument("[smoothing] expects exactly one model");
  const json::Value model = *body.begin();
  using Smoothing = PhraseSuggestRequest::Smoothing;
  const std::string_view name = model.key();
  if (name != "stupid_backoff" && name != "laplace" && name != "linear")
    return illegalArgument("suggester[phrase] doesn't support object field [" + std::string(name) + "]");
  request.smoothing = name == "laplace"  ? Smoothing::kLaplace
                      : name == "linear" ? Smoothing::kLinear
                                         : Smoothing::kStupidBackoff;
  for (const json::Value member : model) {
    GYRE_TRY_ASSIGN(const double number, parseReal(member));
    if (name == "stupid_backoff" && member.key() == "discount" && number > 0) {
      request.discount = number;
    } else if (name == "laplace" && member.key() == "alpha" && number > 0) {
      request.alpha = number;
    } else if (name == "linear" && member.key() == "trigram_lambda") {
      request.trigram_lambda = number;
    } else if (name == "linear" && member.key() == "bigram_lambda") {
      request.bigram_lambda = number;
    } else if (name == "linear" && member.key() == "unigram_lambda") {
      request.unigram_lambda = number;
    } else {
      return illegalArgument("[" + std::string(name) + "] does not support [" + std::string(member.key()) + "] of " +
                             std::string(member.raw()));
    }
  }
  if (request.smoothing == Smoothing::kLinear &&
      std::fabs(request.trigram_lambda + request.bigram_lambda + request.unigram_lambda - 1) > 0.001)
    return illegalArgument("linear smoothing lambdas must sum to 1");
  return {};
}

Status readMember(json::Value member, PhraseSuggestRequest& request, std::string& analyzer) {
  const std::string_view key = member.key();
  if (key == "field" && member.isString()) {
    request.path = member.string();
  } else if (key == "analyzer" && member.isString()) {
    analyzer = member.string();
  } else if (key == "size") {
    GYRE_TRY_ASSIGN(request.size, parsePositive(member));
  } else if (key == "shard_size") {
    GYRE_TRY(parsePositive(member).status());
  } else if (key == "gram_size") {
    GYRE_TRY_ASSIGN(request.gram_size, parsePositive(member));
  } else if (key == "token_limit") {
    GYRE_TRY_ASSIGN(request.token_limit, parsePositive(member));
  } else if (key == "real_word_error_likelihood") {
    GYRE_TRY_ASSIGN(request.real_word_likelihood, parseReal(member));
    if (!(request.real_word_likelihood > 0)) return illegalArgument("real_word_error_likelihood must be > 0.0");
  } else if (key == "confidence") {
    GYRE_TRY_ASSIGN(request.confidence, parseReal(member));
    if (request.confidence < 0) return illegalArgument("confidence must be >= 0.0");
  } else if (key == "max_errors") {
    GYRE_TRY_ASSIGN(request.max_errors, parseReal(member));
    if (!(request.max_errors > 0)) return illegalArgument("max_error must be > 0.0");
  } else if (key == "separator" && member.isString()) {
    request.separator = member.string();
  } else if (key == "force_unigrams") {
    GYRE_TRY(parseBoolean("phrase", member).status());
  } else if (key == "direct_generator" && (member.isArray() || member.isObject())) {
    const auto add = [&](json::Value body) -> Status {
      GYRE_TRY_ASSIGN(auto generator, parseGenerator(body));
      request.generators.push_back(std::move(generator));
      return {};
    };
    if (member.isObject()) GYRE_TRY(add(member));
    if (member.isArray())
      for (const json::Value body : member) GYRE_TRY(add(body));
  } else if (key == "highlight" && member.isObject()) {
    GYRE_TRY(readHighlight(member, request));
  } else if (key == "smoothing" && member.isObject()) {
    GYRE_TRY(readSmoothing(member, request));
  } else if (key == "collate") {
    return illegalArgument("[phrase] collate is not offered");
  } else {
    return unsupported(key);
  }
  return {};
}

}  // namespace

Result<PhraseSuggestRequest> parsePhraseSuggest(json::Value body, std::string_view text, const Mapping& mapping) {
  PhraseSuggestRequest request;
  std::string analyzer;
  for (const json::Value member : body) GYRE_TRY(readMember(member, request, analyzer));
  GYRE_TRY_ASSIGN(const Field* const field, suggestedField(request.path, mapping));
  request.path = field->path;
  if (request.generators.empty()) request.generators.emplace_back().path = request.path;
  for (WordOptions& generator : request.generators) {
    GYRE_TRY_ASSIGN(const Field* const source, suggestedField(generator.path, mapping));
    generator.path = source->path;
  }
  GYRE_TRY_ASSIGN(request.words, wordsOf(*field, analyzer, text));
  return request;
}

}  // namespace gyre::engine
