// Which terms does a text become?
//
// THREADS: an Analyzer is immutable and shared; analyze() may run concurrently. Terms handed to the sink are valid
// during the call only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/status.hpp"

namespace gyre::engine {

class TermSink {
 public:
  virtual ~TermSink() = default;
  // Positions start at 0 and grow by one a token, more across removed tokens.
  virtual void term(std::string_view term, std::uint32_t position) = 0;
};

class Analyzer {
 public:
  virtual ~Analyzer() = default;
  // REQUIRES: text is valid UTF-8. Returns the position after the last token.
  virtual std::uint32_t analyze(std::string_view text, TermSink& sink) const = 0;
};

// The built-in analyzers: "standard" (Unicode UAX #29 word breaks, lower-cased, tokens over 255 characters cut),
// "simple" (runs of letters, lower-cased), "whitespace", "keyword". Null for an unknown name.
const Analyzer* findAnalyzer(std::string_view name);

// All terms, in order; for queries and tests.
std::vector<std::string> analyzeToTerms(const Analyzer& analyzer, std::string_view text);

// Stands between the terms of a completion's analysed form.
inline constexpr char kCompletionSeparator = '\x1f';

// Appends the analysed form of a completion input, and likewise of the prefix that is looked for: its terms, joined.
void appendCompletionKey(const Analyzer& analyzer, std::string_view text, std::string& out);

}  // namespace gyre::engine
