#include "engine/analysis/analyzer.hpp"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "engine/analysis/analysis_registry.hpp"
#include "engine/analysis/lower_case_table.hpp"
#include "engine/analysis/utf8.hpp"
#include "engine/analysis/word_break_table.hpp"
#include "gyre/json.hpp"

namespace gyre::engine {

namespace {

std::string joined(std::string_view analyzer, std::string_view text) {
  std::string out;
  for (const std::string& term : analyzeToTerms(*findAnalyzer(analyzer), text)) out += "[" + term + "]";
  return out;
}

struct PositionedTerms final : TermSink {
  void term(std::string_view term, std::uint32_t position) override { terms.emplace_back(term, position); }
  std::vector<std::pair<std::string, std::uint32_t>> terms;
};

std::string fromCodePoints(const std::string& hex) {
  std::istringstream numbers(hex);
  std::string text;
  for (std::uint32_t code = 0; numbers >> std::hex >> code;) {
    char bytes[4];
    text.append(bytes, encodeUtf8(code, bytes));
  }
  return text;
}

std::string lowered(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decodeUtf8(text, at);
    char bytes[4];
    out.append(bytes, encodeUtf8(toLower(c.value), bytes));
    at += c.size;
  }
  return out;
}

}  // namespace

class AnalyzerTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(AnalyzerTest);
  CPPUNIT_TEST(unknownNameIsNull);
  CPPUNIT_TEST(standardSplitsAsTheDialectDoes);
  CPPUNIT_TEST(standardKeepsScriptsApart);
  CPPUNIT_TEST(standardTakesEmojiWhole);
  CPPUNIT_TEST(standardAgreesWithTheReference);
  CPPUNIT_TEST(standardCutsLongTokens);
  CPPUNIT_TEST(standardLowersWithoutGrowingTrouble);
  CPPUNIT_TEST(positionsCountTokens);
  CPPUNIT_TEST(simpleKeepsRunsOfLetters);
  CPPUNIT_TEST(whitespaceChangesNothing);
  CPPUNIT_TEST(keywordIsOneToken);
  CPPUNIT_TEST(completionKeyJoinsTerms);
  CPPUNIT_TEST(tokensAreInOrderAndFromTheText);
  CPPUNIT_TEST(wordsOneByOneAreThoseOfTheWholeChain);
  CPPUNIT_TEST_SUITE_END();

 public:
  void unknownNameIsNull() {
    CPPUNIT_ASSERT(findAnalyzer("klingon") == nullptr);
    CPPUNIT_ASSERT(findAnalyzer("") == nullptr);
    CPPUNIT_ASSERT(findAnalyzer("standard") != nullptr);
  }

  void standardSplitsAsTheDialectDoes() {
    const std::pair<std::string_view, std::string> cases[] = {
        {"l'été", "[l'été]"},
        {"l’été", "[l’été]"},
        {"can't", "[can't]"},
        {"3.14 1,000", "[3.14][1,000]"},
        {"a.b u.s.a.", "[a.b][u.s.a]"},
        {"2024_42 x_y", "[2024_42][x_y]"},
        {"INV-2024_42", "[inv][2024_42]"},
        {"user@ex.com", "[user][ex.com]"},
        {"AT&T", "[at][t]"},
        {"a.1 1.a", "[a][1][1][a]"},
        {"a,b 1:2", "[a][b][1][2]"},
        {"_ __ _a_", "[_a_]"},
        {"'quoted'", "[quoted]"},
        {"a..b a''b", "[a][b][a][b]"},
        {"", ""},
        {" .,;!? \t\n", ""},
    };
    for (const auto& [text, expected] : cases) CPPUNIT_ASSERT_EQUAL(expected, joined("standard", text));
  }

  void standardKeepsScriptsApart() {
    CPPUNIT_ASSERT_EQUAL(std::string("[漢][字][ひ][ら][カタカナー][한국어][ภาษาไทย]"),
                         joined("standard", "漢字ひらカタカナー한국어 ภาษาไทย"));
    CPPUNIT_ASSERT_EQUAL(std::string("[漢][2024][年]"), joined("standard", "漢2024年"));
    CPPUNIT_ASSERT_EQUAL(std::string("[שנה\"כ]"), joined("standard", "שנה\"כ"));  // a quote within Hebrew
  }

  void standardTakesEmojiWhole() {
    CPPUNIT_ASSERT_EQUAL(std::string("[😀][👨‍👩‍👧][👍🏽]"),
                         joined("standard", "😀 👨‍👩‍👧 👍🏽"));
    CPPUNIT_ASSERT_EQUAL(std::string("[🇫🇷][🇩🇪]"), joined("standard", "🇫🇷🇩🇪"));
    CPPUNIT_ASSERT_EQUAL(std::string("[acme][©️][#️⃣]"), joined("standard", "Acme™ © ©️ # #️⃣"));
    // A joiner glues an emoji to whatever is before it, and the word does not go on behind.
    CPPUNIT_ASSERT_EQUAL(std::string("[a\u200d😀][b]"), joined("standard", "a\u200d😀b"));
    CPPUNIT_ASSERT_EQUAL(std::string("[a][😀][b]"), joined("standard", "a.\u200d😀b"));
  }

  // Words that an independent implementation of UAX #29 finds; see tools/unicode_tables.pl.
  void standardAgreesWithTheReference() {
    std::ifstream file(std::string(GYRE_SOURCE_DIR) + "/tests/unit/engine/analysis/word_break_cases.txt");
    CPPUNIT_ASSERT(file.is_open());
    std::size_t count = 0;
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with('#')) continue;
      std::istringstream parts(line);
      std::string part;
      std::getline(parts, part, ';');
      const std::string text = fromCodePoints(part);
      std::string expected;
      while (std::getline(parts, part, ';')) expected += "[" + lowered(fromCodePoints(part)) + "]";
      CPPUNIT_ASSERT_EQUAL_MESSAGE(line, expected, joined("standard", text));
      ++count;
    }
    CPPUNIT_ASSERT(count >= 1000);
  }

  void standardCutsLongTokens() {
    const std::string long_word(600, 'a');
    const auto terms = analyzeToTerms(*findAnalyzer("standard"), long_word);
    CPPUNIT_ASSERT_EQUAL(std::size_t{3}, terms.size());
    CPPUNIT_ASSERT_EQUAL(std::size_t{255}, terms[0].size());
    CPPUNIT_ASSERT_EQUAL(std::size_t{255}, terms[1].size());
    CPPUNIT_ASSERT_EQUAL(std::size_t{90}, terms[2].size());
    // Counted in UTF-16 units and never within a character: U+1D400 takes two.
    std::string wide;
    for (int i = 0; i < 200; ++i) wide += "\xf0\x9d\x90\x80";
    const auto pieces = analyzeToTerms(*findAnalyzer("standard"), wide);
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, pieces.size());
    CPPUNIT_ASSERT_EQUAL(std::size_t{127 * 4}, pieces[0].size());
    CPPUNIT_ASSERT_EQUAL(std::size_t{73 * 4}, pieces[1].size());
    for (const char* name : {"simple", "whitespace"})
      CPPUNIT_ASSERT_EQUAL(std::size_t{3}, analyzeToTerms(*findAnalyzer(name), long_word).size());
  }

  void standardLowersWithoutGrowingTrouble() {
    CPPUNIT_ASSERT_EQUAL(std::string("[istanbul][àé][σασ]"), joined("standard", "İSTANBUL ÀÉ ΣΑΣ"));
    std::string growing;  // Ⱥ is two bytes, its lower case three
    std::string expected;
    for (int i = 0; i < 255; ++i) {
      growing += "Ⱥ";
      expected += "ⱥ";
    }
    CPPUNIT_ASSERT_EQUAL("[" + expected + "]", joined("standard", growing));
    std::string widest;  // the most bytes a cut token can have
    for (int i = 0; i < 255; ++i) widest += "Ა";
    CPPUNIT_ASSERT_EQUAL("[" + lowered(widest) + "]", joined("standard", widest));
    CPPUNIT_ASSERT_EQUAL(std::uint32_t{'['}, toLower('['));
    CPPUNIT_ASSERT_EQUAL(std::uint32_t{0x10ffff}, toLower(0x10ffff));
  }

  void positionsCountTokens() {
    PositionedTerms sink;
    CPPUNIT_ASSERT_EQUAL(std::uint32_t{3}, findAnalyzer("standard")->analyze("one, two — three!", sink));
    const std::vector<std::pair<std::string, std::uint32_t>> expected = {{"one", 0}, {"two", 1}, {"three", 2}};
    CPPUNIT_ASSERT(expected == sink.terms);
    CPPUNIT_ASSERT_EQUAL(std::uint32_t{0}, findAnalyzer("standard")->analyze("", sink));
  }

  void simpleKeepsRunsOfLetters() {
    CPPUNIT_ASSERT_EQUAL(std::string("[inv][l][été][x][y]"), joined("simple", "INV-2024 l'Été x_y"));
    CPPUNIT_ASSERT_EQUAL(std::string("[漢字かな]"), joined("simple", "漢字かな"));
    CPPUNIT_ASSERT_EQUAL(std::string(), joined("simple", "42 ... 7"));
  }

  void whitespaceChangesNothing() {
    CPPUNIT_ASSERT_EQUAL(std::string("[INV-2024,][l'Été][a\u00a0b]"),
                         joined("whitespace", " INV-2024,\tl'Été\na\u00a0b\u3000"));
  }

  void keywordIsOneToken() {
    CPPUNIT_ASSERT_EQUAL(std::string("[ A b ]"), joined("keyword", " A b "));
    CPPUNIT_ASSERT_EQUAL(std::string("[]"), joined("keyword", ""));
    CPPUNIT_ASSERT_EQUAL(std::size_t{40'000},
                         analyzeToTerms(*findAnalyzer("keyword"), std::string(40'000, 'x'))[0].size());
  }

  void completionKeyJoinsTerms() {
    std::string key = "before:";
    appendCompletionKey(*findAnalyzer("simple"), "Rent, for MARCH!", {}, key);
    CPPUNIT_ASSERT_EQUAL(std::string("before:rent\x1f"
                                     "for\x1f"
                                     "march"),
                         key);
  }

  // Whatever the text, whitespace's tokens are pieces of it, in order, and no other analyzer loses its footing.
  void tokensAreInOrderAndFromTheText() {
    const unsigned seed = std::random_device{}();
    std::mt19937 random(seed);
    const std::string note = "seed " + std::to_string(seed);
    for (int round = 0; round < 300; ++round) {
      std::string text;
      for (unsigned i = 0; i < random() % 400; ++i) {
        std::uint32_t code = random() % 4 != 0   ? random() % 0x80
                             : random() % 2 != 0 ? random() % 0x3000
                                                 : random() % 0x110000;
        if (code >= 0xd800 && code < 0xe000) code = 'x';
        char bytes[4];
        text.append(bytes, encodeUtf8(code, bytes));
      }
      for (const char* name : {"standard", "simple", "whitespace", "keyword"}) {
        PositionedTerms sink;
        const std::uint32_t end = findAnalyzer(name)->analyze(text, sink);
        std::size_t at = 0;
        for (std::size_t i = 0; i < sink.terms.size(); ++i) {
          CPPUNIT_ASSERT_EQUAL_MESSAGE(note, static_cast<std::uint32_t>(i), sink.terms[i].second);
          CPPUNIT_ASSERT_MESSAGE(note, text.empty() || !sink.terms[i].first.empty());
          if (std::string_view(name) != "whitespace") continue;
          at = text.find(sink.terms[i].first, at);
          CPPUNIT_ASSERT_MESSAGE(note, at != std::string::npos);
          at += sink.terms[i].first.size();
        }
        CPPUNIT_ASSERT_EQUAL_MESSAGE(note, static_cast<std::uint32_t>(sink.terms.size()), end);
      }
    }
  }

  // Chains of word_delimiter and lowercase look at plain words by themselves; the terms are those of the filters.
  void wordsOneByOneAreThoseOfTheWholeChain() {
    const auto settings = json::Document::parse(R"({"analysis": {
      "filter": {
        "parts": {"type": "word_delimiter_graph", "split_on_numerics": false, "stem_english_possessive": false},
        "joined": {"type": "word_delimiter_graph", "catenate_all": true, "preserve_original": true},
        "letters": {"type": "word_delimiter", "generate_number_parts": false, "catenate_words": true},
        "own": {"type": "word_delimiter", "type_table": ["a => DIGIT", "_ => ALPHA"]}},
      "analyzer": {
        "message": {"type": "custom", "tokenizer": "standard", "filter": ["parts", "lowercase"]},
        "cased": {"type": "custom", "tokenizer": "whitespace", "filter": ["parts"]},
        "joined": {"type": "custom", "tokenizer": "whitespace", "filter": ["joined", "lowercase"]},
        "letters": {"type": "custom", "tokenizer": "standard", "filter": ["lowercase", "letters"]},
        "own": {"type": "custom", "tokenizer": "standard", "filter": ["own", "lowercase"]}}}})");
    CPPUNIT_ASSERT(settings.isOk());
    const auto registry = AnalysisRegistry::parse(settings.value().root());
    CPPUNIT_ASSERT_MESSAGE(std::string(registry.status().message()), registry.isOk());
    const unsigned seed = std::random_device{}();
    std::mt19937 random(seed);
    for (int round = 0; round < 500; ++round) {
      std::string text;
      for (unsigned i = 0; i < random() % 60; ++i) {
        constexpr std::string_view kCharacters = "aabcXYZ0129__-.:'/ss  \xc3\xa9\xc3\x89";
        const std::size_t at = random() % (kCharacters.size() - 4);
        text += random() % 12 == 0 ? kCharacters.substr(kCharacters.size() - 4, 2) : kCharacters.substr(at, 1);
        if (random() % 9 == 0) text.append(random() % 300 == 0 ? 300 : 1, ' ').append("Payment");
        if (random() % 400 == 0) text.append(300, 'q');
      }
      for (const char* name : {"message", "cased", "joined", "letters", "own"}) {
        const Analyzer& analyzer = *registry.value()->analyzer(name);
        PositionedTerms sink;
        TokenList whole;
        analyzer.tokenize(text, whole);
        const std::uint32_t end = analyzer.analyze(text, sink);
        const std::string note = std::string(name) + ": " + text + ", seed " + std::to_string(seed);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(note, whole.tokens.size(), sink.terms.size());
        std::uint32_t next = 0;
        for (std::size_t i = 0; i < sink.terms.size(); ++i) {
          next += whole.tokens[i].increment;
          CPPUNIT_ASSERT_EQUAL_MESSAGE(note, whole.tokens[i].text, sink.terms[i].first);
          CPPUNIT_ASSERT_EQUAL_MESSAGE(note, next == 0 ? 0 : next - 1, sink.terms[i].second);
        }
        CPPUNIT_ASSERT_EQUAL_MESSAGE(note, next + whole.trailing, end);
      }
    }
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(AnalyzerTest);

}  // namespace gyre::engine
