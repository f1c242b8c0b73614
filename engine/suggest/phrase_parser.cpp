#include <cmath>
#include <utility>

#include "engine/analysis/shingles.hpp"
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

// Names stay names until the field is known whose index has the analyzers.
struct NamedGenerator {
  WordGenerator generator;
  std::string pre_filter, post_filter;
};

// What of the request is decided by the field, at last.
struct Undecided {
  std::string analyzer;
  std::vector<NamedGenerator> generators;
  bool needs_unigrams = true;
  bool has_gram_size = false;
};

Result<NamedGenerator> parseGenerator(json::Value body) {
  if (!body.isObject()) return illegalArgument("[direct_generator] must be an object");
  NamedGenerator named;
  WordGenerator& options = named.generator;
  for (const json::Value member : body) {
    GYRE_TRY_ASSIGN(const bool is_taken, options.read(member));
    if (is_taken) continue;
    if (member.key() == "size") {
      GYRE_TRY_ASSIGN(options.size, parsePositive(member));
    } else if (member.key() == "pre_filter" && member.isString()) {
      named.pre_filter = member.string();
    } else if (member.key() == "post_filter" && member.isString()) {
      named.post_filter = member.string();
    } else {
      return unknownField("direct_generator", member.key());
    }
  }
  if (options.path.empty()) return illegalArgument("Required [field]");
  return named;
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

Status readMember(json::Value member, PhraseSuggestRequest& request, Undecided& undecided) {
  const std::string_view key = member.key();
  if (key == "field" && member.isString()) {
    request.path = member.string();
  } else if (key == "analyzer" && member.isString()) {
    undecided.analyzer = member.string();
  } else if (key == "size") {
    GYRE_TRY_ASSIGN(request.size, parsePositive(member));
  } else if (key == "shard_size") {
    GYRE_TRY(parsePositive(member).status());
  } else if (key == "gram_size") {
    GYRE_TRY_ASSIGN(const std::int64_t size, parseWhole("phrase", member));
    if (size < 1 || size > 1'000'000) return illegalArgument("gramSize must be >= 1");
    request.gram_size = static_cast<std::uint32_t>(size);
    undecided.has_gram_size = true;
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
    GYRE_TRY_ASSIGN(undecided.needs_unigrams, parseBoolean("phrase", member));
  } else if (key == "direct_generator" && (member.isArray() || member.isObject())) {
    const auto add = [&](json::Value body) -> Status {
      GYRE_TRY_ASSIGN(auto generator, parseGenerator(body));
      undecided.generators.push_back(std::move(generator));
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

// The words that are corrected: where shingles stand between them, those are passed over.
Status keepUnigrams(std::vector<TextWord>& words) {
  if (words.empty()) return {};
  std::erase_if(words, [](const TextWord& word) { return word.type == token_type::kShingle; });
  if (!words.empty()) return {};
  return {Code::kInternal, "illegal_state_exception", "At least one unigram is required but all tokens were ngrams"};
}

Status decideShingles(const Field& field, const Undecided& undecided, PhraseSuggestRequest& request) {
  GYRE_TRY_ASSIGN(const Analyzer* const chain, suggestAnalyzer(field, undecided.analyzer));
  const auto shingles = shinglesOf(*chain);
  if (!shingles) return {};
  const bool lacks_unigrams = !shingles->has_unigrams;
  if (!undecided.has_gram_size) {
    request.gram_size = static_cast<std::uint32_t>(shingles->max);
    if (lacks_unigrams && undecided.analyzer.empty())
      return illegalArgument("The default analyzer for field: [" + field.path +
                             "] doesn't emit unigrams. If this is intentional try to set the analyzer explicitly");
  }
  if (lacks_unigrams && undecided.generators.empty() && undecided.needs_unigrams)
    return illegalArgument("The default candidate generator for phrase suggest can't operate on field: [" + field.path +
                           "] since it doesn't emit unigrams. If this is intentional try to set the candidate "
                           "generator field explicitly");
  return {};
}

Result<WordGenerator> decideGenerator(NamedGenerator named, const Mapping& mapping) {
  GYRE_TRY_ASSIGN(const Field* const source, suggestedField(named.generator.path, mapping));
  named.generator.path = source->path;
  if (!named.pre_filter.empty()) {
    GYRE_TRY_ASSIGN(named.generator.pre_filter, suggestAnalyzer(*source, named.pre_filter));
  }
  if (!named.post_filter.empty()) {
    GYRE_TRY_ASSIGN(named.generator.post_filter, suggestAnalyzer(*source, named.post_filter));
  }
  return std::move(named.generator);
}

}  // namespace

Result<PhraseSuggestRequest> parsePhraseSuggest(json::Value body, std::string_view text, const Mapping& mapping) {
  PhraseSuggestRequest request;
  Undecided undecided;
  for (const json::Value member : body) GYRE_TRY(readMember(member, request, undecided));
  GYRE_TRY_ASSIGN(const Field* const field, suggestedField(request.path, mapping));
  request.path = field->path;
  GYRE_TRY(decideShingles(*field, undecided, request));
  if (undecided.generators.empty()) undecided.generators.emplace_back().generator.path = request.path;
  for (NamedGenerator& named : undecided.generators) {
    GYRE_TRY_ASSIGN(WordGenerator generator, decideGenerator(std::move(named), mapping));
    request.generators.push_back(std::move(generator));
  }
  GYRE_TRY_ASSIGN(request.words, wordsOf(*field, undecided.analyzer, text));
  if (undecided.needs_unigrams) GYRE_TRY(keepUnigrams(request.words));
  return request;
}

}  // namespace gyre::engine
