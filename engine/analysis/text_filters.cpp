#include <algorithm>
#include <utility>

#include "engine/analysis/characters.hpp"
#include "engine/analysis/component_kinds.hpp"
#include "engine/analysis/folding_table.hpp"
#include "engine/analysis/lower_case.hpp"
#include "engine/analysis/utf8.hpp"

namespace gyre::engine {

namespace {

class LowerCaseFilter final : public TokenFilter {
 public:
  void apply(TokenList& list) const override {
    for (Token& token : list.tokens) makeLower(token.text);
  }
};

// Turkish has an i with a dot and one without, in both cases; a dot above that stands for itself is dropped.
void makeTurkishLower(std::string& text) {
  std::u32string characters = toCharacters(text);
  std::u32string lower;
  for (std::size_t i = 0; i < characters.size(); ++i) {
    if (characters[i] == U'I') {
      const bool has_dot = i + 1 < characters.size() && characters[i + 1] == 0x307;
      lower += has_dot ? U'i' : char32_t{0x131};
      i += has_dot ? 1 : 0;
    } else {
      lower += characters[i] == 0x130 ? U'i' : characters[i];
    }
  }
  text = toText(lower);
  makeLower(text);
}

// Greek accents fall away with the case, and a final sigma becomes an ordinary one.
void makeGreekLower(std::string& text) {
  makeLower(text);
  constexpr std::pair<std::uint32_t, std::uint32_t> kPlain[] = {
      {0x3ac, 0x3b1}, {0x3ad, 0x3b5}, {0x3ae, 0x3b7}, {0x3af, 0x3b9}, {0x3ca, 0x3b9}, {0x390, 0x3b9},
      {0x3cd, 0x3c5}, {0x3cb, 0x3c5}, {0x3b0, 0x3c5}, {0x3cc, 0x3bf}, {0x3ce, 0x3c9}, {0x3c2, 0x3c3}};
  text = mapCharacters(text, [&](std::uint32_t code, std::string& out) {
    for (const auto& [accented, plain] : kPlain)
      if (accented == code) code = plain;
    appendUtf8(code, out);
  });
}

// A prothetic n or t before a capital vowel is set off by a hyphen: nAthair becomes n-athair.
void makeIrishLower(std::string& text) {
  const std::u32string characters = toCharacters(text);
  constexpr std::u32string_view kVowels = U"AEIOU\u00c1\u00c9\u00cd\u00d3\u00da";
  if (characters.size() > 1 && (characters[0] == U'n' || characters[0] == U't') &&
      kVowels.find(characters[1]) != std::u32string_view::npos)
    text.insert(text.begin() + 1, '-');
  makeLower(text);
}

Result<TokenFilterPtr> makeLowerCase(ComponentSettings& settings, const FilterContext&) {
  const std::string language = settings.text("language");
  if (language.empty()) return lowerCaseFilter();
  if (language == "turkish") return makeTextFilter(makeTurkishLower);
  if (language == "greek") return makeTextFilter(makeGreekLower);
  if (language == "irish") return makeTextFilter(makeIrishLower);
  return analysisRefusal("language [" + language + "] not support for lower case");
}

Result<TokenFilterPtr> makeUpperCase(ComponentSettings&, const FilterContext&) { return makeTextFilter(makeUpper); }

std::string folded(std::string_view text) {
  return mapCharacters(text, [](std::uint32_t code, std::string& out) {
    const std::string_view ascii = code < 0x80 ? std::string_view() : foldToAscii(code);
    if (ascii.empty())
      appendUtf8(code, out);
    else
      out += ascii;
  });
}

class FoldingFilter final : public TokenFilter {
 public:
  explicit FoldingFilter(bool keeps_original) : keeps_original_(keeps_original) {}
  void apply(TokenList& list) const override {
    std::vector<Token> out;
    for (std::size_t i = 0; i < list.tokens.size(); ++i) {
      Token& token = list.tokens[i];
      const bool is_ascii = std::all_of(token.text.begin(), token.text.end(),
                                        [](char c) { return static_cast<unsigned char>(c) < 0x80; });
      std::string plain = is_ascii ? token.text : folded(token.text);
      if (!keeps_original_) {
        if (!is_ascii) token.text = std::move(plain);
        continue;
      }
      const bool is_changed = plain != token.text;
      out.push_back(token);
      if (!is_changed) continue;
      out.back().text = std::move(plain);
      token.increment = 0;
      out.push_back(std::move(token));
    }
    if (keeps_original_) list.tokens = std::move(out);
  }

 private:
  bool keeps_original_;
};

Result<TokenFilterPtr> makeFolding(ComponentSettings& settings, const FilterContext&) {
  return makeFoldingFilter(settings.boolean("preserve_original", false));
}

Result<TokenFilterPtr> makeTrim(ComponentSettings& settings, const FilterContext&) {
  settings.ignore("update_offsets");
  // As String.trim has it: everything up to the space.
  return makeTextFilter([](std::string& text) {
    const auto isBlank = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
    while (!text.empty() && isBlank(text.back())) text.pop_back();
    text.erase(text.begin(), std::find_if_not(text.begin(), text.end(), isBlank));
  });
}

Result<TokenFilterPtr> makeTruncate(ComponentSettings& settings, const FilterContext&) {
  const std::int32_t length = settings.number("length", settings.isBare() ? 10 : -1);
  if (length < 1) return analysisRefusal("length parameter must be provided");
  return makeStemFilter(
      [length](std::string& text) { text.resize(utf16Prefix(text, static_cast<std::size_t>(length)).size()); });
}

Result<TokenFilterPtr> makeReverse(ComponentSettings&, const FilterContext&) {
  return makeTextFilter([](std::string& text) {
    std::u32string characters = toCharacters(text);
    std::reverse(characters.begin(), characters.end());
    text = toText(characters);
  });
}

// Where the first apostrophe begins, and its bytes.
std::pair<std::size_t, std::size_t> findApostrophe(std::string_view text) {
  const std::size_t plain = text.find('\'');
  const std::size_t curly = text.find("\xe2\x80\x99");
  return plain < curly ? std::pair<std::size_t, std::size_t>{plain, 1} : std::pair<std::size_t, std::size_t>{curly, 3};
}

Result<TokenFilterPtr> makeApostrophe(ComponentSettings&, const FilterContext&) {
  return makeTextFilter([](std::string& text) {
    const auto [at, size] = findApostrophe(text);
    if (at != std::string::npos) text.resize(at);
  });
}

Result<TokenFilterPtr> makeElision(ComponentSettings& settings, const FilterContext&) {
  // Those of French, for the filter without a definition.
  static const std::vector<std::string> french = {"l", "m", "t",     "qu",     "n",      "s",     "j",
                                                  "d", "c", "jusqu", "quoiqu", "lorsqu", "puisqu"};
  if (!settings.isBare() && !settings.has("articles"))
    return analysisRefusal("elision filter requires [articles] or [articles_path] setting");
  const bool ignores_case = settings.boolean("articles_case", settings.isBare());
  return makeElisionFilter(wordsOf(settings, "articles", french, ignores_case), ignores_case);
}

Result<TokenFilterPtr> makeDecimalDigit(ComponentSettings&, const FilterContext&) {
  return makeTextFilter([](std::string& text) {
    text = mapCharacters(text, [](std::uint32_t code, std::string& out) {
      const int value = digitValue(code);
      appendUtf8(value < 0 ? code : static_cast<std::uint32_t>('0' + value), out);
    });
  });
}

// Takes 's from the tokens that the classic tokenizer typed so, and the dots from acronyms.
class ClassicFilter final : public TokenFilter {
 public:
  void apply(TokenList& list) const override {
    for (Token& token : list.tokens) {
      if (token.type == "<APOSTROPHE>" && (token.text.ends_with("'s") || token.text.ends_with("'S")))
        token.text.resize(token.text.size() - 2);
      else if (token.type == "<ACRONYM>")
        std::erase(token.text, '.');
    }
  }
};

Result<TokenFilterPtr> makeClassic(ComponentSettings&, const FilterContext&) {
  return TokenFilterPtr(std::make_shared<ClassicFilter>());
}

// What stands behind the delimiter is a token's payload, which nothing here reads.
Result<TokenFilterPtr> makeDelimitedPayload(ComponentSettings& settings, const FilterContext&) {
  const std::string delimiter = settings.text("delimiter", "|");
  const std::string encoding = settings.text("encoding", "float");
  if (encoding != "float" && encoding != "int" && encoding != "identity")
    return analysisRefusal("delimited_payload encoding must be one of float, int and identity, found [" + encoding +
                           "]");
  return makeTextFilter(
      [delimiter = utf16Prefix(delimiter, 1).empty() ? std::string("|") : delimiter](std::string& text) {
        if (const std::size_t at = text.find(delimiter); at != std::string::npos) text.resize(at);
      });
}

class ElisionFilter final : public TokenFilter {
 public:
  ElisionFilter(WordSet articles, bool ignores_case) : articles_(std::move(articles)), ignores_case_(ignores_case) {}
  void apply(TokenList& list) const override {
    for (Token& token : list.tokens) {
      const auto [at, size] = findApostrophe(token.text);
      if (at == std::string::npos) continue;
      std::string article = token.text.substr(0, at);
      if (ignores_case_) makeLower(article);
      if (articles_.contains(article)) token.text.erase(0, at + size);
    }
  }

 private:
  WordSet articles_;
  bool ignores_case_;
};

constexpr FilterKind kTextFilters[] = {
    {"lowercase", makeLowerCase, true},
    {"uppercase", makeUpperCase, true},
    {"asciifolding", makeFolding, true},
    {"trim", makeTrim, true},
    {"truncate", makeTruncate, false},
    {"reverse", makeReverse, false},
    {"apostrophe", makeApostrophe, false},
    {"elision", makeElision, true},
    {"decimal_digit", makeDecimalDigit, true},
    {"classic", makeClassic, false},
    {"delimited_payload", makeDelimitedPayload, false},
};

}  // namespace

std::span<const FilterKind> textFilterKinds() { return kTextFilters; }

TokenFilterPtr lowerCaseFilter() {
  static const TokenFilterPtr filter = std::make_shared<LowerCaseFilter>();
  return filter;
}

bool isLowerCaseFilter(const TokenFilter& filter) { return dynamic_cast<const LowerCaseFilter*>(&filter) != nullptr; }

TokenFilterPtr makeFoldingFilter(bool keeps_original) { return std::make_shared<FoldingFilter>(keeps_original); }

TokenFilterPtr makeElisionFilter(WordSet articles, bool ignores_case) {
  return std::make_shared<ElisionFilter>(std::move(articles), ignores_case);
}

}  // namespace gyre::engine
