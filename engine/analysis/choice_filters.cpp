// Filters that keep, drop, mark or gather whole tokens.
#include <algorithm>
#include <limits>
#include <unordered_map>
#include <utility>

#include "engine/analysis/component_kinds.hpp"
#include "engine/analysis/java_pattern.hpp"
#include "engine/analysis/lower_case.hpp"
#include "engine/analysis/stop_words.hpp"
#include "engine/analysis/utf8.hpp"

#include <re2/re2.h>

namespace gyre::engine {

namespace {

bool holds(const WordSet& words, std::string_view text, bool ignores_case) {
  if (!ignores_case) return words.contains(text);
  std::string lower(text);
  makeLower(lower);
  return words.contains(lower);
}

// Keeps a stop word with which the text ends: it may be the beginning of another, which a suggester completes.
class SuggestStopFilter final : public TokenFilter {
 public:
  SuggestStopFilter(WordSet words, bool ignores_case) : words_(std::move(words)), ignores_case_(ignores_case) {}
  void apply(TokenList& list) const override {
    const Token* const last =
        !list.tokens.empty() && list.tokens.back().end == list.end_offset ? &list.tokens.back() : nullptr;
    if (last != nullptr && holds(words_, last->text, ignores_case_)) list.tokens.back().is_keyword = true;
    const std::uint32_t end = last != nullptr ? last->end : 0;
    list.keepIf([&](const Token& token) {
      return (last != nullptr && token.end == end && token.is_keyword) || !holds(words_, token.text, ignores_case_);
    });
  }
  bool knowsKeywords() const override { return true; }

 private:
  WordSet words_;
  bool ignores_case_;
};

Result<TokenFilterPtr> makeStop(ComponentSettings& settings, const FilterContext&) {
  const bool ignores_case = settings.boolean("ignore_case", false);
  WordSet words = wordsOf(settings, "stopwords", {"_english_"}, ignores_case);
  if (settings.boolean("remove_trailing", true)) return makeStopFilter(std::move(words), ignores_case);
  return TokenFilterPtr(std::make_shared<SuggestStopFilter>(std::move(words), ignores_case));
}

Result<TokenFilterPtr> makeLength(ComponentSettings& settings, const FilterContext&) {
  const std::int32_t min = settings.number("min", 0);
  const std::int32_t max = settings.number("max", std::numeric_limits<std::int32_t>::max());
  if (min < 0) return analysisRefusal("minimum length must be greater than or equal to zero");
  if (min > max) return analysisRefusal("maximum length must not be greater than minimum length");
  return makeKeepingFilter([min, max](const Token& token) {
    const std::size_t length = utf16Length(token.text);
    return length >= static_cast<std::size_t>(min) && length <= static_cast<std::size_t>(max);
  });
}

class LimitFilter final : public TokenFilter {
 public:
  explicit LimitFilter(std::size_t limit) : limit_(limit) {}
  void apply(TokenList& list) const override {
    if (list.tokens.size() > limit_) list.tokens.resize(limit_);
  }

 private:
  std::size_t limit_;
};

Result<TokenFilterPtr> makeLimit(ComponentSettings& settings, const FilterContext&) {
  const std::int32_t limit = settings.number("max_token_count", 1);
  settings.boolean("consume_all_tokens", false);
  if (limit < 1) return analysisRefusal("maxTokenCount must be greater than zero");
  return TokenFilterPtr(std::make_shared<LimitFilter>(static_cast<std::size_t>(limit)));
}

Result<TokenFilterPtr> makeKeep(ComponentSettings& settings, const FilterContext&) {
  if (!settings.has("keep_words"))
    return analysisRefusal("keep requires either `keep_words` or `keep_words_path` to be configured");
  const bool ignores_case = settings.boolean("keep_words_case", false);
  return makeKeepingFilter([words = wordsOf(settings, "keep_words", {}, ignores_case),
                            ignores_case](const Token& token) { return holds(words, token.text, ignores_case); });
}

Result<TokenFilterPtr> makeKeepTypes(ComponentSettings& settings, const FilterContext&) {
  const std::vector<std::string> types = settings.list("types");
  if (types.empty()) return analysisRefusal("keep_types requires `types` to be configured");
  const std::string mode = settings.text("mode", "include");
  if (mode != "include" && mode != "exclude")
    return analysisRefusal("`keep_types` tokenfilter mode can only be [include] or [exclude] but was [" + mode + "].");
  return makeKeepingFilter([types, is_kept = mode == "include"](const Token& token) {
    return (std::find(types.begin(), types.end(), token.type) != types.end()) == is_kept;
  });
}

// Drops a token that was there before; unlike the other filters this leaves no gap.
class UniqueFilter final : public TokenFilter {
 public:
  enum class Scope { kText, kPosition };
  // `is_stacked_only`: the first token of a position always stays.
  UniqueFilter(Scope scope, bool is_stacked_only) : scope_(scope), is_stacked_only_(is_stacked_only) {}
  void apply(TokenList& list) const override {
    WordSet seen;
    std::erase_if(list.tokens, [&](const Token& token) {
      if (scope_ == Scope::kPosition && token.increment > 0) seen.clear();
      const bool is_new = seen.insert(token.text).second;
      return !is_new && (!is_stacked_only_ || token.increment == 0);
    });
  }

 private:
  Scope scope_;
  bool is_stacked_only_;
};

Result<TokenFilterPtr> makeUnique(ComponentSettings& settings, const FilterContext&) {
  const bool is_by_position = settings.boolean("only_on_same_position", false);
  return TokenFilterPtr(std::make_shared<UniqueFilter>(
      is_by_position ? UniqueFilter::Scope::kPosition : UniqueFilter::Scope::kText, false));
}

Result<TokenFilterPtr> makeRemoveDuplicates(ComponentSettings&, const FilterContext&) {
  return TokenFilterPtr(std::make_shared<UniqueFilter>(UniqueFilter::Scope::kPosition, true));
}

// Sets Token::is_keyword where `is_keyword(token)` holds.
template <class IsKeyword>
class MarkingFilter final : public TokenFilter {
 public:
  explicit MarkingFilter(IsKeyword is_keyword) : is_keyword_(std::move(is_keyword)) {}
  void apply(TokenList& list) const override {
    for (Token& token : list.tokens) token.is_keyword = token.is_keyword || is_keyword_(token);
  }
  bool knowsKeywords() const override { return true; }

 private:
  IsKeyword is_keyword_;
};

Result<TokenFilterPtr> makeKeywordMarkerOf(ComponentSettings& settings, const FilterContext&) {
  const bool ignores_case = settings.boolean("ignore_case", false);
  const std::string pattern = settings.text("keywords_pattern");
  if (!pattern.empty()) {
    if (settings.has("keywords"))
      return analysisRefusal("cannot specify both `keywords_pattern` and `keywords` or `keywords_path`");
    GYRE_TRY_ASSIGN(auto compiled, compileJavaPattern(pattern));
    const auto is_keyword = [compiled](const Token& token) { return RE2::FullMatch(token.text, *compiled); };
    return TokenFilterPtr(std::make_shared<MarkingFilter<decltype(is_keyword)>>(is_keyword));
  }
  if (!settings.has("keywords"))
    return analysisRefusal(
        "keyword filter requires either `keywords`, `keywords_path`, or `keywords_pattern` to be configured");
  return makeKeywordMarker(wordsOf(settings, "keywords", {}, ignores_case), ignores_case);
}

// Each token twice, first as a keyword; stemmers change the second.
class KeywordRepeatFilter final : public TokenFilter {
 public:
  void apply(TokenList& list) const override {
    std::vector<Token> out;
    out.reserve(list.tokens.size() * 2);
    for (Token& token : list.tokens) {
      out.push_back(token);
      out.back().is_keyword = true;
      token.increment = 0;
      token.is_keyword = false;
      out.push_back(std::move(token));
    }
    list.tokens = std::move(out);
  }
  bool knowsKeywords() const override { return true; }
};

Result<TokenFilterPtr> makeKeywordRepeat(ComponentSettings&, const FilterContext&) {
  return TokenFilterPtr(std::make_shared<KeywordRepeatFilter>());
}

using Overrides = std::unordered_map<std::string, std::string, TextHash, std::equal_to<>>;

class StemmerOverrideFilter final : public TokenFilter {
 public:
  explicit StemmerOverrideFilter(Overrides overrides) : overrides_(std::move(overrides)) {}
  void apply(TokenList& list) const override {
    for (Token& token : list.tokens) {
      if (token.is_keyword) continue;
      const auto found = overrides_.find(token.text);
      if (found == overrides_.end()) continue;
      token.text = found->second;
      token.is_keyword = true;
    }
  }
  bool knowsKeywords() const override { return true; }

 private:
  Overrides overrides_;
};

std::string_view withoutSpaces(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// "running, runs => run"
Result<TokenFilterPtr> makeStemmerOverride(ComponentSettings& settings, const FilterContext&) {
  if (!settings.has("rules"))
    return analysisRefusal("stemmer override filter requires either `rules` or `rules_path` to be configured");
  Overrides overrides;
  for (const std::string& rule : settings.list("rules")) {
    const std::size_t arrow = rule.find("=>");
    const std::string_view stem =
        arrow == std::string::npos ? std::string_view() : withoutSpaces(std::string_view(rule).substr(arrow + 2));
    if (stem.empty() || stem.find("=>") != std::string_view::npos)
      return analysisRefusal("Invalid Keyword Override Rule:" + rule);
    std::string_view words = std::string_view(rule).substr(0, arrow);
    for (bool is_last = false; !is_last;) {
      const std::size_t comma = words.find(',');
      const std::string_view word = withoutSpaces(words.substr(0, comma));
      if (word.empty()) return analysisRefusal("Invalid Keyword Override Rule:" + rule);
      overrides.emplace(word, stem);
      is_last = comma == std::string_view::npos;
      words.remove_prefix(is_last ? 0 : comma + 1);
    }
  }
  return TokenFilterPtr(std::make_shared<StemmerOverrideFilter>(std::move(overrides)));
}

// All different terms in order as one token; none when it would be too long.
class FingerprintFilter final : public TokenFilter {
 public:
  FingerprintFilter(std::string separator, std::size_t max_length)
      : separator_(std::move(separator)), max_length_(max_length) {}
  void apply(TokenList& list) const override {
    std::vector<std::string> terms;
    for (Token& token : list.tokens) terms.push_back(std::move(token.text));
    std::sort(terms.begin(), terms.end());
    terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
    list.tokens.clear();
    std::string all;
    for (const std::string& term : terms) {
      if (!all.empty()) all += separator_;
      all += term;
    }
    if (all.empty() || utf16Length(all) > max_length_) return;
    list.add(all, 0, list.end_offset).type = "fingerprint";
  }

 private:
  std::string separator_;
  std::size_t max_length_;
};

Result<TokenFilterPtr> makeFingerprint(ComponentSettings& settings, const FilterContext&) {
  const std::string separator = settings.text("separator", " ");
  const std::int32_t max_length = settings.number("max_output_size", 255);
  if (utf16Length(separator) != 1)
    return analysisRefusal("Setting [separator] must be a single, non-null character. [" + separator +
                           "] was provided.");
  if (max_length < 1) return analysisRefusal("max_output_size must be greater than zero");
  return makeFingerprintFilter(separator, static_cast<std::size_t>(max_length));
}

Result<TokenFilterPtr> refuseHunspell(ComponentSettings&, const FilterContext&) {
  return analysisRefusal("token filter type [hunspell] is not offered: the engine reads no dictionaries");
}
Result<TokenFilterPtr> refuseScripted(ComponentSettings& settings, const FilterContext&) {
  return analysisRefusal("token filter [" + settings.name() + "] needs a script, which is not offered");
}

constexpr FilterKind kChoiceFilters[] = {
    {"stop", makeStop, false},
    {"length", makeLength, false},
    {"limit", makeLimit, false},
    {"keep", makeKeep, false},
    {"keep_types", makeKeepTypes, false},
    {"unique", makeUnique, false},
    {"remove_duplicates", makeRemoveDuplicates, false},
    {"keyword_marker", makeKeywordMarkerOf, false},
    {"keyword_repeat", makeKeywordRepeat, false},
    {"stemmer_override", makeStemmerOverride, false},
    {"fingerprint", makeFingerprint, false},
    {"hunspell", refuseHunspell, false},
    {"condition", refuseScripted, false},
    {"predicate_token_filter", refuseScripted, false},
};

}  // namespace

std::span<const FilterKind> choiceFilterKinds() { return kChoiceFilters; }

WordSet wordsOf(ComponentSettings& settings, std::string_view name, const std::vector<std::string>& otherwise,
                bool ignores_case) {
  WordSet words;
  const std::vector<std::string> given = settings.list(name, otherwise);
  if (given.size() == 1 && given.front() == "_none_") return words;
  const auto add = [&](std::string word) {
    if (ignores_case) makeLower(word);
    words.insert(std::move(word));
  };
  for (const std::string& word : given) {
    const bool is_named = word.size() > 2 && word.front() == '_' && word.back() == '_';
    const auto stop_words = is_named ? stopWordsOf(std::string_view(word).substr(1, word.size() - 2)) : std::nullopt;
    if (is_named && !stop_words)
      for (const std::string_view absent : kAbsentStopWords)
        if (std::string_view(word).substr(1, word.size() - 2) == absent)
          settings.refuse("stop words [" + word + "] are not offered");
    if (!stop_words) {
      add(word);
      continue;
    }
    for (std::string_view rest = *stop_words; !rest.empty();) {
      const std::size_t space = rest.find(' ');
      if (space != 0) add(std::string(rest.substr(0, space)));
      rest = space == std::string_view::npos ? std::string_view() : rest.substr(space + 1);
    }
  }
  return words;
}

TokenFilterPtr makeStopFilter(WordSet words, bool ignores_case) {
  return makeKeepingFilter(
      [words = std::move(words), ignores_case](const Token& token) { return !holds(words, token.text, ignores_case); });
}

TokenFilterPtr makeFingerprintFilter(std::string separator, std::size_t max_length) {
  return std::make_shared<FingerprintFilter>(std::move(separator), max_length);
}

TokenFilterPtr makeKeywordMarker(WordSet words, bool ignores_case) {
  const auto is_keyword = [words = std::move(words), ignores_case](const Token& token) {
    return holds(words, token.text, ignores_case);
  };
  return std::make_shared<MarkingFilter<decltype(is_keyword)>>(is_keyword);
}

}  // namespace gyre::engine
