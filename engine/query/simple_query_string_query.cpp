// simple_query_string: a text with + | - "" * ~ ( ), in which nothing is malformed.
#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/query/bool_query.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/match_query.hpp"
#include "engine/query/string_query.hpp"

namespace gyre::engine {

namespace {

enum Flag : std::uint32_t {
  kAnd = 1,
  kNot = 2,
  kOr = 4,
  kPrefix = 8,
  kPhrase = 16,
  kPrecedence = 32,
  kEscape = 64,
  kWhitespace = 128,
  kFuzzy = 256,
  kNear = 512,
  kAllFlags = 1023,
};

// Brackets that nest deeper are taken as text.
constexpr std::uint32_t kMaxDepth = 200;

struct SimpleRequest {
  CommonParameters common;
  std::string text;
  bool has_text = false;
  std::vector<BoostedField> fields;
  bool has_lenient = false;
  std::uint32_t flags = kAllFlags;
  std::string quote_suffix;
  StringQueryOptions options;
};

bool isSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

class SimpleParser {
 public:
  SimpleParser(const SimpleRequest& request, BoostedFields fields, ParseContext& context)
      : request_(request), fields_(std::move(fields)), context_(context), text_(request.text) {}

  // Null when nothing is left to ask.
  Result<QueryPtr> run() {
    GYRE_TRY_ASSIGN(auto tree, subQuery(0, text_.size()));
    QueryPtr query = tree.combined ? makeBoolQuery(std::move(tree.clauses), 1) : std::move(tree.single);
    const std::string& minimum = request_.options.match.minimum_should_match;
    if (query != nullptr && !minimum.empty()) GYRE_TRY(setMinimumShouldMatch(*query, minimum, Boosted::kIgnored));
    return query;
  }

 private:
  enum class Operation : std::uint8_t { kNone, kMust, kShould };

  // What has been read of one pair of brackets: one query, or a bool under construction.
  struct Tree {
    bool is_empty = true;
    bool combined = false;
    QueryPtr single;
    BoolClauses clauses;
    Operation current = Operation::kNone;
    Operation previous = Operation::kNone;
    std::uint32_t negations = 0;
  };

  bool has(Flag flag) const { return (request_.flags & flag) != 0; }
  bool startsWith(std::size_t at, std::size_t end, char c) const { return at < end && text_[at] == c; }

  static QueryPtr seal(Tree& tree) {
    return tree.combined ? makeBoolQuery(std::move(tree.clauses), 1) : std::move(tree.single);
  }

  Status add(Tree& tree, QueryPtr branch) {
    if (branch == nullptr) return {};
    if (++count_ > kMaxClauses) return tooManyClauses();
    if (tree.negations % 2 == 1) {
      BoolClauses negated;
      negated.must_not.push_back(std::move(branch));
      negated.should.push_back(makeAllQuery(1));
      branch = makeBoolQuery(std::move(negated), 1);
    }
    if (tree.is_empty) {
      tree.is_empty = false;
      tree.single = std::move(branch);
    } else {
      if (tree.current == Operation::kNone)
        tree.current = request_.options.match.is_and ? Operation::kMust : Operation::kShould;
      // Another operation than before: what there is becomes its first operand.
      if (tree.previous != tree.current) {
        QueryPtr top = seal(tree);
        tree.clauses = {};
        tree.combined = true;
        (tree.current == Operation::kMust ? tree.clauses.must : tree.clauses.should).push_back(std::move(top));
      }
      (tree.current == Operation::kMust ? tree.clauses.must : tree.clauses.should).push_back(std::move(branch));
      tree.previous = tree.current;
    }
    tree.current = Operation::kNone;
    return {};
  }

  Result<Tree> subQuery(std::size_t at, std::size_t end) {
    Tree tree;
    ++depth_;
    while (at < end) {
      const char c = text_[at];
      if (c == '(' && has(kPrecedence) && depth_ < kMaxDepth) {
        GYRE_TRY(brackets(tree, at, end));
      } else if (c == ')' && has(kPrecedence)) {
        ++at;
      } else if (c == '"' && has(kPhrase)) {
        GYRE_TRY(phrase(tree, at, end));
      } else if (c == '+' && has(kAnd)) {
        if (tree.current == Operation::kNone && !tree.is_empty) tree.current = Operation::kMust;
        ++at;
      } else if (c == '|' && has(kOr)) {
        if (tree.current == Operation::kNone && !tree.is_empty) tree.current = Operation::kShould;
        ++at;
      } else if (c == '-' && has(kNot)) {
        ++tree.negations;
        ++at;
        continue;
      } else if (isSpace(c) && has(kWhitespace)) {
        ++at;
      } else {
        GYRE_TRY(token(tree, at, end));
      }
      tree.negations = 0;
    }
    --depth_;
    return tree;
  }

  Status brackets(Tree& tree, std::size_t& at, std::size_t end) {
    const std::size_t begin = ++at;
    std::uint32_t open = 1;
    bool is_escaped = false;
    for (; at < end; ++at) {
      if (!is_escaped && text_[at] == '\\' && has(kEscape)) {
        is_escaped = true;
        continue;
      }
      if (!is_escaped && text_[at] == '(') ++open;
      if (!is_escaped && text_[at] == ')' && --open == 0) break;
      is_escaped = false;
    }
    if (at >= end) {
      at = begin;  // never closed: there was no bracket
    } else if (at == begin) {
      tree.current = Operation::kNone;
      ++at;
    } else {
      GYRE_TRY_ASSIGN(Tree inner, subQuery(begin, at));
      if (!inner.is_empty) GYRE_TRY(add(tree, seal(inner)));
      ++at;
    }
    return {};
  }

  Status phrase(Tree& tree, std::size_t& at, std::size_t end) {
    const std::size_t begin = ++at;
    std::string words;
    bool is_escaped = false;
    for (; at < end; ++at) {
      if (!is_escaped) {
        if (text_[at] == '\\' && has(kEscape)) {
          is_escaped = true;
          continue;
        }
        if (text_[at] == '"') break;
      }
      is_escaped = false;
      words += text_[at];
    }
    if (at >= end) {
      at = begin;
      return {};
    }
    ++at;
    if (words.empty()) {
      tree.current = Operation::kNone;
      return {};
    }
    MatchOptions options = wordOptions();
    if (startsWith(at, end, '~') && has(kNear)) options.slop = tildeNumber(at, end);
    BoostedFields fields = fields_;
    if (!request_.quote_suffix.empty())
      for (BoostedField& field : fields)
        if (context_.mapping.find(field.path + request_.quote_suffix) != nullptr) field.path += request_.quote_suffix;
    GYRE_TRY_ASSIGN(auto query,
                    makeMultiMatchQuery(MultiMatchType::kPhrase, fields, words, options, 0.0f, 1, context_));
    return add(tree, std::move(query));
  }

  bool endsToken(std::size_t at) const {
    const char c = text_[at];
    return (c == '"' && has(kPhrase)) || (c == '|' && has(kOr)) || (c == '+' && has(kAnd)) ||
           ((c == '(' || c == ')') && has(kPrecedence)) || (isSpace(c) && has(kWhitespace));
  }

  // After '~': a whole number, the largest number of edits when nothing follows, 0 for anything else.
  std::uint32_t tildeNumber(std::size_t& at, std::size_t end) const {
    std::string digits;
    for (++at; at < end && !endsToken(at); ++at) digits += text_[at];
    if (digits.empty()) return 2;
    std::int32_t number = 0;
    const auto [last, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc() || last != digits.data() + digits.size() || number < 0) return 0;
    return static_cast<std::uint32_t>(number);
  }

  Status token(Tree& tree, std::size_t& at, std::size_t end) {
    std::string word;
    bool is_escaped = false;
    bool is_prefix = false;
    bool is_fuzzy = false;
    for (; at < end; ++at) {
      if (!is_escaped) {
        if (text_[at] == '\\' && has(kEscape)) {
          is_escaped = true;
          is_prefix = false;
          continue;
        }
        if (endsToken(at)) break;
        if (!word.empty() && text_[at] == '~' && has(kFuzzy)) {
          is_fuzzy = true;
          break;
        }
        is_prefix = !word.empty() && text_[at] == '*' && has(kPrefix);
      } else {
        is_prefix = false;
      }
      is_escaped = false;
      word += text_[at];
    }
    if (word.empty()) return {};
    if (is_fuzzy) {
      const std::uint32_t edits = std::min(tildeNumber(at, end), 2u);
      if (edits > 0) {
        Fuzziness fuzziness;
        fuzziness.fixed = edits;
        GYRE_TRY_ASSIGN(auto query, makeFuzzyOver(fields_, word, fuzziness, request_.options, context_));
        return add(tree, std::move(query));
      }
    } else if (is_prefix) {
      word.pop_back();
      GYRE_TRY_ASSIGN(auto query, makePrefixOver(fields_, word, request_.options, context_));
      return add(tree, std::move(query));
    }
    GYRE_TRY_ASSIGN(auto query,
                    makeMultiMatchQuery(MultiMatchType::kBestFields, fields_, word, wordOptions(), 1.0f, 1, context_));
    return add(tree, std::move(query));
  }

  MatchOptions wordOptions() const {
    MatchOptions options = request_.options.match;
    options.minimum_should_match.clear();
    return options;
  }

  const SimpleRequest& request_;
  BoostedFields fields_;
  ParseContext& context_;
  std::string_view text_;
  std::uint32_t depth_ = 0;
  std::uint32_t count_ = 0;
};

Result<std::uint32_t> parseFlags(std::string_view text) {
  struct Name {
    std::string_view name;
    std::uint32_t bits;
  };
  constexpr Name kNames[] = {{"ALL", kAllFlags},  {"NONE", 0},
                             {"AND", kAnd},       {"NOT", kNot},
                             {"OR", kOr},         {"PREFIX", kPrefix},
                             {"PHRASE", kPhrase}, {"PRECEDENCE", kPrecedence},
                             {"ESCAPE", kEscape}, {"WHITESPACE", kWhitespace},
                             {"FUZZY", kFuzzy},   {"NEAR", kNear},
                             {"SLOP", kNear}};
  if (text.empty()) return kAllFlags;
  std::uint32_t flags = 0;
  while (!text.empty()) {
    const std::size_t bar = text.find('|');
    const std::string written(text.substr(0, bar));
    text = bar == std::string_view::npos ? std::string_view() : text.substr(bar + 1);
    std::string name = written;
    for (char& c : name) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    const auto* const known =
        std::find_if(std::begin(kNames), std::end(kNames), [&](const Name& each) { return each.name == name; });
    if (known == std::end(kNames)) return illegalArgument("Unknown simple_query_string flag [" + written + "]");
    if (known->name == "NONE") return 0;
    flags |= known->bits;
  }
  return flags;
}

Status readOption(json::Value option, SimpleRequest& request) {
  const std::string_view key = option.key();
  constexpr std::string_view kKind = "simple_query_string";
  StringQueryOptions& options = request.options;
  if (key == "fields") {
    GYRE_TRY_ASSIGN(request.fields, parseBoostedFields(kKind, option));
    return {};
  }
  if (option.isObject() || option.isArray())
    return parsingException("[simple_query_string] unsupported field [" + std::string(key) + "]");
  if (key == "query") {
    request.has_text = true;
    GYRE_TRY_ASSIGN(request.text, parseScalarText(kKind, option));
  } else if (key == "analyzer") {
    GYRE_TRY_ASSIGN(options.match.analyzer, parseScalarText(kKind, option));
  } else if (key == "default_operator") {
    GYRE_TRY_ASSIGN(options.match.is_and, parseOperatorIsAnd(option));
  } else if (key == "flags") {
    if (option.isNumber()) {
      GYRE_TRY_ASSIGN(const std::int64_t bits, parseWhole(kKind, option));
      request.flags = bits < 0 ? kAllFlags : static_cast<std::uint32_t>(bits) & kAllFlags;
    } else {
      GYRE_TRY_ASSIGN(request.flags, parseFlags(option.string()));
    }
  } else if (key == "lenient") {
    request.has_lenient = true;
    GYRE_TRY_ASSIGN(options.match.is_lenient, parseBoolean(kKind, option));
  } else if (key == "analyze_wildcard") {
    GYRE_TRY_ASSIGN(options.analyzes_wildcards, parseBoolean(kKind, option));
  } else if (key == "minimum_should_match") {
    GYRE_TRY_ASSIGN(options.match.minimum_should_match, parseScalarText(kKind, option));
  } else if (key == "quote_field_suffix") {
    GYRE_TRY_ASSIGN(request.quote_suffix, parseScalarText(kKind, option));
  } else if (key == "auto_generate_synonyms_phrase_query") {
    GYRE_TRY_ASSIGN(options.match.makes_synonym_phrases, parseBoolean(kKind, option));
  } else if (key == "fuzzy_prefix_length") {
    GYRE_TRY_ASSIGN(options.fuzzy_prefix_length, parseWhole(kKind, option));
  } else if (key == "fuzzy_max_expansions") {
    GYRE_TRY_ASSIGN(options.fuzzy_max_expansions, parseWhole(kKind, option));
  } else if (key == "fuzzy_transpositions") {
    GYRE_TRY_ASSIGN(options.fuzzy_transpositions, parseBoolean(kKind, option));
  } else {
    return parsingException("[simple_query_string] unsupported field [" + std::string(key) + "]");
  }
  return {};
}

}  // namespace

Result<QueryPtr> parseSimpleQueryString(json::Value body, ParseContext& context) {
  SimpleRequest request;
  request.options.match.kind = "simple_query_string";
  request.options.match.is_zero_terms_null = true;
  request.options.tie_breaker = 1;
  for (const json::Value option : body) {
    GYRE_TRY_ASSIGN(const bool is_common, readCommon("simple_query_string", option, request.common));
    if (!is_common) GYRE_TRY(readOption(option, request));
  }
  if (!request.has_text) return parsingException("[simple_query_string] query text missing");
  if (request.fields.empty()) {
    GYRE_TRY_ASSIGN(request.fields, defaultFields(context));
  }
  if (!request.has_lenient) request.options.match.is_lenient = asksForAllFields(request.fields);
  GYRE_TRY_ASSIGN(auto fields, resolveFields(request.fields, context));
  std::string_view trimmed = request.text;
  while (!trimmed.empty() && isSpace(trimmed.front())) trimmed.remove_prefix(1);
  while (!trimmed.empty() && isSpace(trimmed.back())) trimmed.remove_suffix(1);
  QueryPtr query;
  if (trimmed == "*") {
    query = makeAllQuery(1);
  } else {
    GYRE_TRY_ASSIGN(query, SimpleParser(request, std::move(fields), context).run());
  }
  if (query == nullptr) query = makeNoneQuery("empty query string");
  return finishQuery(makeBoostQuery(std::move(query), request.common.boost), request.common, context);
}

}  // namespace gyre::engine
