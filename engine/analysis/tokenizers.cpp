// The tokenizers that settings may name, but for those made of regular expressions.
#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "engine/analysis/characters.hpp"
#include "engine/analysis/component_kinds.hpp"
#include "engine/analysis/lower_case.hpp"
#include "engine/analysis/utf8.hpp"

namespace gyre::engine {

namespace {

// Characters by kind or one by one.
struct CharacterSet {
  bool has_letters = false;
  bool has_digits = false;
  bool has_spaces = false;
  bool has_punctuation = false;
  bool has_symbols = false;
  std::u32string others;

  bool isEmpty() const {
    return !has_letters && !has_digits && !has_spaces && !has_punctuation && !has_symbols && others.empty();
  }
  bool contains(std::uint32_t code) const {
    return (has_letters && isLetter(code)) || (has_digits && isDigit(code)) || (has_spaces && isSpace(code)) ||
           (has_punctuation && isPunctuation(code)) || (has_symbols && isSymbol(code)) ||
           others.find(static_cast<char32_t>(code)) != std::u32string::npos;
  }
  bool addKind(std::string_view kind) {
    if (kind == "letter")
      has_letters = true;
    else if (kind == "digit")
      has_digits = true;
    else if (kind == "whitespace")
      has_spaces = true;
    else if (kind == "punctuation")
      has_punctuation = true;
    else if (kind == "symbol")
      has_symbols = true;
    else
      return false;
    return true;
  }
};

// Grams of runs of the characters wanted; those of every place, or only those at the beginning of a run.
class GramTokenizer final : public Tokenizer {
 public:
  GramTokenizer(std::size_t min, std::size_t max, CharacterSet wanted, bool is_edge)
      : min_(min), max_(max), wanted_(std::move(wanted)), is_edge_(is_edge) {}

  void tokenize(std::string_view text, TokenList& out) const override {
    std::vector<Mark> run;
    std::uint32_t units = 0;
    const bool takes_all = wanted_.isEmpty();
    for (std::size_t at = 0; at < text.size();) {
      const CodePoint c = decodeUtf8(text, at);
      if (takes_all || wanted_.contains(c.value))
        run.push_back({at, units});
      else
        flush(text, {at, units}, run, out);
      at += c.size;
      units += c.value >= 0x10000 ? 2 : 1;
    }
    flush(text, {text.size(), units}, run, out);
    out.end_offset = units;
  }

 private:
  struct Mark {
    std::size_t byte;
    std::uint32_t unit;
  };

  void flush(std::string_view text, Mark end, std::vector<Mark>& run, TokenList& out) const {
    run.push_back(end);
    const std::size_t count = run.size() - 1;
    for (std::size_t first = 0; first < (is_edge_ ? std::min<std::size_t>(count, 1) : count); ++first) {
      for (std::size_t size = min_; size <= max_ && first + size <= count; ++size) {
        const Mark& from = run[first];
        const Mark& to = run[first + size];
        out.add(text.substr(from.byte, to.byte - from.byte), from.unit, to.unit);
      }
    }
    run.clear();
  }

  std::size_t min_;
  std::size_t max_;
  CharacterSet wanted_;
  bool is_edge_;
};

Result<TokenizerPtr> makeGrams(ComponentSettings& settings, bool is_edge, std::int64_t max_diff) {
  // Names that many definitions have and the dialect has never read.
  settings.ignore("min");
  settings.ignore("max");
  const std::int32_t min = settings.number("min_gram", 1);
  const std::int32_t max = settings.number("max_gram", 2);
  CharacterSet wanted;
  for (const std::string& kind : settings.list("token_chars")) {
    std::string name = kind;
    makeLower(name);
    if (name == "custom") {
      const std::string custom = settings.text("custom_token_chars");
      if (custom.empty()) return analysisRefusal("Token type: 'custom' requires setting `custom_token_chars`");
      wanted.others += toCharacters(custom);
    } else if (!wanted.addKind(name)) {
      return analysisRefusal("Unknown token type: '" + name +
                             "', must be one of [symbol, private_use, paragraph_separator, start_punctuation, "
                             "unassigned, enclosing_mark, connector_punctuation, letter_number, other_number, "
                             "math_symbol, lowercase_letter, space_separator, surrogate, initial_quote_punctuation, "
                             "decimal_digit_number, digit, other_punctuation, dash_punctuation, currency_symbol, "
                             "non_spacing_mark, format, modifier_letter, control, uppercase_letter, other_symbol, "
                             "end_punctuation, modifier_symbol, other_letter, line_separator, titlecase_letter, "
                             "letter, punctuation, combining_spacing_mark, final_quote_punctuation, whitespace]");
    }
  }
  if (!is_edge && max - min > max_diff)
    return analysisRefusal(
        "The difference between max_gram and min_gram in NGram Tokenizer must be less than or equal to: [" +
        std::to_string(max_diff) + "] but was [" + std::to_string(max - min) +
        "]. This limit can be set by changing the [index.max_ngram_diff] index level setting.");
  if (min < 1) return analysisRefusal("minGram must be greater than zero");
  if (min > max) return analysisRefusal("minGram must not be greater than maxGram");
  return TokenizerPtr(std::make_shared<GramTokenizer>(static_cast<std::size_t>(min), static_cast<std::size_t>(max),
                                                      std::move(wanted), is_edge));
}

Result<TokenizerPtr> makeNgram(ComponentSettings& settings, const AnalysisLimits& limits) {
  return makeGrams(settings, false, limits.max_ngram_diff);
}
Result<TokenizerPtr> makeEdgeNgram(ComponentSettings& settings, const AnalysisLimits&) {
  return makeGrams(settings, true, 0);
}

// Every ancestor of a path, the path itself last; from the end on when reversed.
class PathTokenizer final : public Tokenizer {
 public:
  PathTokenizer(char32_t delimiter, char32_t replacement, std::size_t skip, bool is_reversed)
      : delimiter_(delimiter), replacement_(replacement), skip_(skip), is_reversed_(is_reversed) {}

  void tokenize(std::string_view text, TokenList& out) const override {
    const std::u32string characters = toCharacters(text);
    std::vector<std::uint32_t> units(1, 0);
    for (const char32_t c : characters) units.push_back(units.back() + (c >= 0x10000 ? 2 : 1));
    out.end_offset = units.back();
    if (is_reversed_)
      fromEnd(characters, units, out);
    else
      fromBeginning(characters, units, out);
    for (std::size_t i = 1; i < out.tokens.size(); ++i) out.tokens[i].increment = 0;
  }

 private:
  std::string shown(std::u32string_view part) const {
    std::u32string replaced(part);
    std::replace(replaced.begin(), replaced.end(), delimiter_, replacement_);
    return toText(replaced);
  }

  void fromBeginning(const std::u32string& path, const std::vector<std::uint32_t>& units, TokenList& out) const {
    // Skipped parts end before the delimiter that begins the first one kept.
    std::size_t first = 0;
    for (std::size_t left = skip_; left > 0 && first < path.size(); --left) {
      const std::size_t delimiter = path.find(delimiter_, first + (path[first] == delimiter_ ? 1 : 0));
      first = std::min(delimiter, path.size());
    }
    if (first >= path.size()) return;
    std::size_t end = first + (path[first] == delimiter_ ? 1 : 0);
    for (;;) {
      const std::size_t delimiter = path.find(delimiter_, end);
      const std::size_t stop = std::min(delimiter, path.size());
      if (stop > first)
        out.add(shown(std::u32string_view(path).substr(first, stop - first)), units[first], units[stop]);
      if (delimiter == std::u32string::npos) return;
      end = delimiter + 1;
      if (end == path.size()) {
        out.add(shown(std::u32string_view(path).substr(first)), units[first], units[end]);
        return;
      }
    }
  }

  void fromEnd(const std::u32string& path, const std::vector<std::uint32_t>& units, TokenList& out) const {
    std::vector<std::size_t> starts(1, 0);
    for (std::size_t i = 0; i < path.size(); ++i)
      if (path[i] == delimiter_) starts.push_back(i + 1);
    if (starts.back() != path.size()) starts.push_back(path.size());
    if (skip_ + 1 >= starts.size()) return;
    const std::size_t end = starts[starts.size() - 1 - skip_];
    for (const std::size_t start : starts)
      if (start < end) out.add(shown(std::u32string_view(path).substr(start, end - start)), units[start], units[end]);
  }

  char32_t delimiter_;
  char32_t replacement_;
  std::size_t skip_;
  bool is_reversed_;
};

Result<TokenizerPtr> makePath(ComponentSettings& settings, const AnalysisLimits&) {
  settings.ignore("buffer_size");
  const std::u32string delimiter = toCharacters(settings.text("delimiter", "/"));
  if (delimiter.size() != 1) return analysisRefusal("delimiter must be a one char value");
  const std::u32string replacement = toCharacters(settings.text("replacement", toText(delimiter)));
  if (replacement.size() != 1) return analysisRefusal("replacement must be a one char value");
  const std::int32_t skip = settings.number("skip", 0);
  if (skip < 0) return analysisRefusal("skip cannot be negative");
  const bool is_reversed = settings.boolean("reverse", false);
  return TokenizerPtr(
      std::make_shared<PathTokenizer>(delimiter[0], replacement[0], static_cast<std::size_t>(skip), is_reversed));
}

// Runs between the characters given.
class CharGroupTokenizer final : public PieceTokenizer {
 public:
  CharGroupTokenizer(CharacterSet separators, std::size_t max_length)
      : separators_(std::move(separators)), max_length_(max_length) {}
  std::uint32_t split(std::string_view text, PieceSink& sink) const override {
    return splitRuns(text, max_length_, sink, [this](std::uint32_t code) { return !separators_.contains(code); });
  }

 private:
  CharacterSet separators_;
  std::size_t max_length_;
};

Result<std::size_t> maxTokenLength(ComponentSettings& settings) {
  const std::int32_t length = settings.number("max_token_length", static_cast<std::int32_t>(kMaxTokenLength));
  if (length < 1 || length > 1'048'576)
    return analysisRefusal("maxTokenLen must be greater than 0 and less than 1048576 passed: " +
                           std::to_string(length));
  return static_cast<std::size_t>(length);
}

// "-", "\\n", "\\u2014", or a kind of characters.
Result<TokenizerPtr> makeCharGroup(ComponentSettings& settings, const AnalysisLimits&) {
  CharacterSet separators;
  for (const std::string& given : settings.list("tokenize_on_chars")) {
    if (given.empty()) return analysisRefusal("[tokenize_on_chars] cannot contain empty characters");
    const std::u32string characters = toCharacters(given);
    if (characters.size() == 1) {
      separators.others += characters;
    } else if (given[0] == '\\') {
      constexpr std::pair<std::string_view, char32_t> kEscapes[] = {{"\\n", U'\n'}, {"\\r", U'\r'}, {"\\t", U'\t'},
                                                                    {"\\b", U'\b'}, {"\\f", U'\f'}, {"\\\\", U'\\'}};
      const auto* const known =
          std::find_if(std::begin(kEscapes), std::end(kEscapes), [&](const auto& each) { return each.first == given; });
      if (known == std::end(kEscapes)) return analysisRefusal("Invalid escaped char [" + given + "]");
      separators.others += known->second;
    } else if (!separators.addKind(given)) {
      return analysisRefusal("Invalid escaped char in [" + given + "]");
    }
  }
  GYRE_TRY_ASSIGN(const std::size_t max_length, maxTokenLength(settings));
  return TokenizerPtr(std::make_shared<CharGroupTokenizer>(std::move(separators), max_length));
}

Result<TokenizerPtr> makeStandard(ComponentSettings& settings, const AnalysisLimits&) {
  GYRE_TRY_ASSIGN(const std::size_t max_length, maxTokenLength(settings));
  return TokenizerPtr(std::make_shared<WordTokenizer>(max_length));
}
Result<TokenizerPtr> makeWhitespace(ComponentSettings& settings, const AnalysisLimits&) {
  GYRE_TRY_ASSIGN(const std::size_t max_length, maxTokenLength(settings));
  return TokenizerPtr(std::make_shared<WhitespaceTokenizer>(max_length));
}
Result<TokenizerPtr> makeLetter(ComponentSettings&, const AnalysisLimits&) {
  return TokenizerPtr(std::make_shared<LetterTokenizer>());
}
Result<TokenizerPtr> makeKeyword(ComponentSettings& settings, const AnalysisLimits&) {
  settings.ignore("buffer_size");
  return TokenizerPtr(std::make_shared<WholeTokenizer>());
}

class LowerCaseTokenizer final : public Tokenizer {
 public:
  void tokenize(std::string_view text, TokenList& out) const override {
    letters_.tokenize(text, out);
    for (Token& token : out.tokens) makeLower(token.text);
  }

 private:
  LetterTokenizer letters_;
};

Result<TokenizerPtr> makeLowerCase(ComponentSettings&, const AnalysisLimits&) {
  return TokenizerPtr(std::make_shared<LowerCaseTokenizer>());
}

Result<TokenizerPtr> refuseThai(ComponentSettings&, const AnalysisLimits&) {
  return analysisRefusal("tokenizer type [thai] is not offered: the engine has no Thai dictionary");
}

constexpr TokenizerKind kTokenizers[] = {
    {"standard", makeStandard},    {"whitespace", makeWhitespace}, {"letter", makeLetter},
    {"lowercase", makeLowerCase},  {"keyword", makeKeyword},       {"ngram", makeNgram},
    {"edge_ngram", makeEdgeNgram}, {"nGram", makeNgram},           {"edgeNGram", makeEdgeNgram},
    {"path_hierarchy", makePath},  {"PathHierarchy", makePath},    {"char_group", makeCharGroup},
    {"thai", refuseThai},
};

}  // namespace

std::span<const TokenizerKind> tokenizerKinds() { return kTokenizers; }

}  // namespace gyre::engine
