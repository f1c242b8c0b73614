#include "engine/analysis/analyzer.hpp"

#include <span>

#include "engine/analysis/token_filter.hpp"
#include "engine/analysis/tokenizer.hpp"

namespace gyre::engine {

namespace {

// What is left of the chain: the next filter, or the caller's sink behind the last one.
class Stage final : public TokenSink {
 public:
  Stage(std::span<const TokenFilter* const> filters, TermSink& sink) : filters_(filters), sink_(sink) {}
  void token(const Token& token) override {
    if (filters_.empty()) return sink_.term(token.text, token.position);
    Stage next(filters_.subspan(1), sink_);
    filters_.front()->apply(token, next);
  }

 private:
  std::span<const TokenFilter* const> filters_;
  TermSink& sink_;
};

// A tokenizer, then filters in order.
class AnalyzerChain final : public Analyzer {
 public:
  AnalyzerChain(const Tokenizer& tokenizer, std::span<const TokenFilter* const> filters)
      : tokenizer_(tokenizer), filters_(filters) {}
  std::uint32_t analyze(std::string_view text, TermSink& sink) const override {
    Stage first(filters_, sink);
    return tokenizer_.tokenize(text, first);
  }

 private:
  const Tokenizer& tokenizer_;
  std::span<const TokenFilter* const> filters_;
};

class TermList final : public TermSink {
 public:
  void term(std::string_view term, std::uint32_t) override { terms.emplace_back(term); }
  std::vector<std::string> terms;
};

class TermJoiner final : public TermSink {
 public:
  explicit TermJoiner(std::string& out) : out_(out) {}
  void term(std::string_view term, std::uint32_t) override {
    if (!is_first_) out_ += kCompletionSeparator;
    is_first_ = false;
    out_ += term;
  }

 private:
  std::string& out_;
  bool is_first_ = true;
};

}  // namespace

const Analyzer* findAnalyzer(std::string_view name) {
  static const WordTokenizer words;
  static const LetterTokenizer letters;
  static const WhitespaceTokenizer unspaced;
  static const WholeTokenizer whole;
  static const LowerCaseFilter lower_case;
  static const TokenFilter* const lower_cased[] = {&lower_case};
  static const AnalyzerChain standard(words, lower_cased);
  static const AnalyzerChain simple(letters, lower_cased);
  static const AnalyzerChain whitespace(unspaced, {});
  static const AnalyzerChain keyword(whole, {});
  if (name == "standard") return &standard;
  if (name == "simple") return &simple;
  if (name == "whitespace") return &whitespace;
  if (name == "keyword") return &keyword;
  return nullptr;
}

std::vector<std::string> analyzeToTerms(const Analyzer& analyzer, std::string_view text) {
  TermList list;
  analyzer.analyze(text, list);
  return std::move(list.terms);
}

void appendCompletionKey(const Analyzer& analyzer, std::string_view text, std::string& out) {
  TermJoiner joiner(out);
  analyzer.analyze(text, joiner);
}

}  // namespace gyre::engine
