// Which terms does a text become?
//
// An analyzer is a chain: char filters, a tokenizer, token filters. The chains most indices use (words, lower-cased)
// run term by term without keeping tokens or offsets.
//
// THREADS: an Analyzer is immutable and shared; it may be used concurrently. Terms handed to the sink are valid during
// the call only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/analysis/char_filter.hpp"
#include "engine/analysis/token.hpp"
#include "engine/analysis/token_filter.hpp"
#include "engine/analysis/tokenizer.hpp"

namespace gyre::engine {

class TermSink {
 public:
  virtual ~TermSink() = default;
  // Positions start at 0 and never fall; synonyms and the like stand at the position of the term before them.
  virtual void term(std::string_view term, std::uint32_t position) = 0;
};

// The parts of a chain by the names under which they were asked for.
struct AnalyzerParts {
  template <class Part>
  struct Named {
    std::string name;
    std::shared_ptr<const Part> part;
    bool is_normalizing = false;  // may stand in a normalizer; see normalizeTerm
  };
  std::vector<Named<CharFilter>> char_filters;
  Named<Tokenizer> tokenizer;
  std::vector<Named<TokenFilter>> filters;
};

// A term and where it stands, for queries. Of two terms at one position the longer may lead to another place: `length`
// positions further.
struct PositionedTerm {
  std::string text;
  std::uint32_t position = 0;
  std::uint32_t length = 1;
  bool ends_text = true;  // nothing stands behind it, not even what no term holds
};

class Analyzer {
 public:
  virtual ~Analyzer() = default;
  // REQUIRES: text is valid UTF-8. Returns the position after the last token, and after those removed behind it.
  virtual std::uint32_t analyze(std::string_view text, TermSink& sink) const = 0;
  // The same with all that is known of each token. REQUIRES: out is empty.
  virtual void tokenize(std::string_view text, TokenList& out) const = 0;
  virtual const AnalyzerParts& parts() const = 0;
  // Put together by the index's settings, not one of the dialect's own.
  virtual bool isCustom() const { return false; }
  // Positions between the values of an array, unless the field says otherwise.
  virtual std::uint32_t positionGap() const { return 100; }
};
using AnalyzerPtr = std::shared_ptr<const Analyzer>;

// A chain of any parts.
struct ChainOptions {
  bool is_custom = true;
  std::uint32_t position_gap = 100;
};
AnalyzerPtr makeAnalyzer(AnalyzerParts parts, ChainOptions options = {});

// Runs char filters and tokenizer: offsets are those of the text as it was given.
void tokenizeText(const AnalyzerParts& parts, std::string_view text, TokenList& out);

// The built-in analyzers by name ("standard", "english", …); null for an unknown one. An index may know more: see
// AnalysisRegistry.
const Analyzer* findAnalyzer(std::string_view name);

// All terms, in order; for queries and tests.
std::vector<std::string> analyzeToTerms(const Analyzer& analyzer, std::string_view text);
std::vector<PositionedTerm> analyzeToPositions(const Analyzer& analyzer, std::string_view text);
// The text as one term, through those parts of the chain that change characters only. For what is not cut into tokens:
// a keyword's value, the term of a prefix or wildcard.
std::string normalizeTerm(const Analyzer& analyzer, std::string_view text);

// Stands between the terms of a completion's analysed form.
inline constexpr char kCompletionSeparator = '\x1f';

struct CompletionKeyRules {
  bool keeps_separators = true;  // false: "foof" begins "foo fighters"
  bool counts_gaps = true;       // false: a removed word leaves no trace
};

// Appends the analysed form of a completion input, and likewise of the prefix that is looked for: its terms, joined.
void appendCompletionKey(const Analyzer& analyzer, std::string_view text, CompletionKeyRules rules, std::string& out);

}  // namespace gyre::engine
