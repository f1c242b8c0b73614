// Which words of a text did the query look for?
//
// A text is analysed again as its field was; what the query looked for is laid over its tokens. Offsets count UTF-16
// units, as everything here does.
//
// THREADS: values. OWNS: an AnalyzedText borrows nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/analysis/analyzer.hpp"
#include "engine/query/query.hpp"
#include "engine/query/term_visitor.hpp"

namespace gyre::engine {

struct TextToken {
  std::string text;
  std::uint32_t position = 0;
  std::uint32_t start = 0;
  std::uint32_t end = 0;
};

// The values of a field one behind the other, with one unit between them.
struct AnalyzedText {
  std::u16string text;
  std::vector<std::uint32_t> value_starts;
  std::vector<std::uint32_t> value_positions;  // where each value's positions begin
  std::vector<TextToken> tokens;               // by start, positions as they are indexed

  // Of a field without an analyzer each value is one token.
  static AnalyzedText of(const std::vector<std::string>& values, const Analyzer* analyzer, std::uint32_t position_gap,
                         char16_t separator);
  std::uint32_t valueEnd(std::size_t value) const {
    return value + 1 < value_starts.size() ? value_starts[value + 1] - 1 : static_cast<std::uint32_t>(text.size());
  }
};

// A word that was looked for, or a whole phrase. The positions of a phrase's word are those of the phrase.
struct TextMark {
  std::uint32_t start = 0;
  std::uint32_t end = 0;
  std::string term;
  std::uint32_t first_position = 0;
  std::uint32_t last_position = 0;
  bool is_of_phrase = false;
  std::size_t number = 0;  // of what was looked for, as the query names it
  bool is_of_pattern = false;
  float boost = 1;       // of the query around it; less where the word is only like what was looked for
  std::size_t told = 0;  // when the query told of it: of several boosts the last one counts
};

// How is a phrase found?
enum class PhraseMarks : std::uint8_t {
  kWhole,  // one mark from its first word to its last
  kWords,  // each of its words
  kSpans,  // each of its words, wherever they stand near each other, and those between
};

// What a query looks for in some fields.
class WantedTerms final : public TermVisitor {
 public:
  // `takes(path)`: do queries on that field count?
  WantedTerms(const Query& query, std::function<bool(std::string_view)> takes);

  bool isEmpty() const { return terms_.empty() && phrases_.empty() && patterns_.empty(); }
  // By start, then end.
  std::vector<TextMark> find(const AnalyzedText& text, PhraseMarks phrases) const;

  void term(std::string_view path, std::string_view term) override;
  void phrase(std::string_view path, std::vector<VisitedPlace> places, std::uint32_t slop, bool is_prefix) override;
  void pattern(std::string_view path, ExpandTerms expand) override;

 private:
  struct Phrase {
    std::vector<VisitedPlace> places;
    std::uint32_t slop;
    bool is_prefix;
    std::size_t number;
    float boost;
    std::size_t told;
  };
  struct Pattern {
    ExpandTerms expand;
    std::size_t number;
    float boost;
    std::size_t told;
  };
  struct Wanted {
    std::size_t number;
    float boost;
    std::size_t told;  // when it was told last
    bool is_of_pattern = false;
  };
  using NumberedTerms = std::map<std::string, Wanted, std::less<>>;
  static bool fits(const Phrase& phrase, std::size_t place, const std::string& text);
  static AnalyzedText valuesWithoutLast(const Phrase& phrase, const AnalyzedText& text);
  void findPhrase(const Phrase& phrase, const AnalyzedText& text, bool joins, std::vector<TextMark>& marks) const;
  void findNear(const Phrase& phrase, const AnalyzedText& text, bool marks_between, std::vector<TextMark>& marks) const;
  NumberedTerms expandedTerms(const AnalyzedText& text) const;

  std::function<bool(std::string_view)> takes_;
  NumberedTerms terms_;
  std::vector<Phrase> phrases_;
  std::vector<Pattern> patterns_;
  std::size_t count_ = 0;
  std::size_t told_ = 0;
};

std::u16string toUtf16(std::string_view text);
void appendUtf16(std::u16string_view units, std::string& out);

}  // namespace gyre::engine
