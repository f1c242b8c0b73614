#include "engine/analysis/analyzer.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/analysis/built_in_analyzers.hpp"
#include "engine/analysis/lower_case.hpp"
#include "engine/analysis/plain_words.hpp"
#include "engine/analysis/utf8.hpp"

namespace gyre::engine {

namespace {

// A token list is used again, so that its tokens need no new memory. Analyzers do not call each other with text, but a
// list that is taken is left alone all the same.
class ReusedList {
 public:
  ReusedList() : list_(std::move(spare())) { list_.clear(); }
  ~ReusedList() {
    if (list_.tokens.capacity() <= kKeptTokens) spare() = std::move(list_);
  }
  ReusedList(const ReusedList&) = delete;
  ReusedList& operator=(const ReusedList&) = delete;
  TokenList& get() { return list_; }

 private:
  static constexpr std::size_t kKeptTokens = 16'384;
  static TokenList& spare() {
    thread_local TokenList list;
    return list;
  }
  TokenList list_;
};

class Chain final : public Analyzer {
 public:
  Chain(AnalyzerParts parts, ChainOptions options) : parts_(std::move(parts)), options_(options) {}

  std::uint32_t analyze(std::string_view text, TermSink& sink) const override {
    ReusedList reused;
    TokenList& list = reused.get();
    tokenize(text, list);
    std::uint32_t next = 0;
    for (const Token& token : list.tokens) {
      next += token.increment;
      sink.term(token.text, next == 0 ? 0 : next - 1);
    }
    return next + list.trailing;
  }

  void tokenize(std::string_view text, TokenList& out) const override {
    tokenizeText(parts_, text, out);
    for (const auto& filter : parts_.filters) filter.part->apply(out);
  }

  const AnalyzerParts& parts() const override { return parts_; }
  bool isCustom() const override { return options_.is_custom; }
  std::uint32_t positionGap() const override { return options_.position_gap; }

 private:
  AnalyzerParts parts_;
  ChainOptions options_;
};

// Hands pieces on as terms, in lower case if asked.
template <bool is_lowered>
class PieceTerms final : public PieceSink {
 public:
  explicit PieceTerms(TermSink& sink) : sink_(sink) {}
  void piece(const Piece& piece) override {
    if (!is_lowered || isLowerAscii(piece.text)) return sink_.term(piece.text, piece.position);
    const std::size_t room = lowerCaseRoom(piece.text.size());
    char small[kMaxTokenLength * 4 + 4];  // a cut token fits: at most three bytes a unit, half as many again
    if (room <= sizeof small) return sink_.term({small, writeLower(piece.text, small)}, piece.position);
    std::string large(room, '\0');
    sink_.term({large.data(), writeLower(piece.text, large.data())}, piece.position);
  }

 private:
  TermSink& sink_;
};

// A chain whose terms are found from its tokenizer's pieces, without a list of tokens.
class PiecewiseAnalyzer : public Analyzer {
 public:
  PiecewiseAnalyzer(std::shared_ptr<const PieceTokenizer> pieces, AnalyzerPtr chain)
      : pieces_(std::move(pieces)), chain_(std::move(chain)) {}
  void tokenize(std::string_view text, TokenList& out) const override { chain_->tokenize(text, out); }
  const AnalyzerParts& parts() const override { return chain_->parts(); }
  bool isCustom() const override { return chain_->isCustom(); }
  std::uint32_t positionGap() const override { return chain_->positionGap(); }

 protected:
  std::shared_ptr<const PieceTokenizer> pieces_;
  AnalyzerPtr chain_;
};

// Pieces, perhaps lower-cased, and nothing else.
class PieceAnalyzer final : public PiecewiseAnalyzer {
 public:
  PieceAnalyzer(std::shared_ptr<const PieceTokenizer> pieces, AnalyzerPtr chain, bool is_lowered)
      : PiecewiseAnalyzer(std::move(pieces), std::move(chain)), is_lowered_(is_lowered) {}

  std::uint32_t analyze(std::string_view text, TermSink& sink) const override {
    if (is_lowered_) {
      PieceTerms<true> terms(sink);
      return pieces_->split(text, terms);
    }
    PieceTerms<false> terms(sink);
    return pieces_->split(text, terms);
  }

 private:
  bool is_lowered_;
};

// Filters that look at each word for itself and leave nearly all as they are, but for their case: only the others go
// through them.
struct WordRules {
  bool is_lowered = false;
  bool cuts_mixed = false;  // words of letters and digits
};

class WordTerms final : public PieceSink {
 public:
  WordTerms(const AnalyzerParts& parts, WordRules rules, TermSink& sink) : parts_(parts), rules_(rules), sink_(sink) {}

  void piece(const Piece& piece) override {
    const unsigned kinds = plainKinds(piece.text);
    const bool is_mixed = (kinds & kPlainDigit) != 0 && (kinds & (kPlainLower | kPlainUpper)) != 0;
    const bool is_plain = (kinds & kNotPlain) == 0 && !(is_mixed && rules_.cuts_mixed);
    if (!is_plain || piece.text.size() > kMaxTokenLength) return filtered(piece);
    ++next_;
    if (!rules_.is_lowered || (kinds & kPlainUpper) == 0) return sink_.term(piece.text, next_ - 1);
    char lower[kMaxTokenLength];
    for (std::size_t i = 0; i < piece.text.size(); ++i) {
      const char c = piece.text[i];
      lower[i] = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    }
    sink_.term({lower, piece.text.size()}, next_ - 1);
  }
  std::uint32_t end() const { return next_; }

 private:
  void filtered(const Piece& piece) {
    ReusedList reused;
    TokenList& list = reused.get();
    const auto units = static_cast<std::uint32_t>(utf16Length(piece.text));
    list.add(piece.text, 0, units).type = token_type::kAlphanumeric;
    for (const auto& filter : parts_.filters) filter.part->apply(list);
    for (const Token& token : list.tokens) {
      next_ += token.increment;
      sink_.term(token.text, next_ == 0 ? 0 : next_ - 1);
    }
    next_ += list.trailing;
  }

  const AnalyzerParts& parts_;
  const WordRules rules_;
  TermSink& sink_;
  std::uint32_t next_ = 0;
};

class WordAnalyzer final : public PiecewiseAnalyzer {
 public:
  WordAnalyzer(std::shared_ptr<const PieceTokenizer> pieces, AnalyzerPtr chain, WordRules rules)
      : PiecewiseAnalyzer(std::move(pieces), std::move(chain)), rules_(rules) {}

  std::uint32_t analyze(std::string_view text, TermSink& sink) const override {
    WordTerms terms(chain_->parts(), rules_, sink);
    pieces_->split(text, terms);
    return terms.end();
  }

 private:
  WordRules rules_;
};

// Nothing when some filter does something else.
std::optional<WordRules> wordRulesOf(const AnalyzerParts& parts) {
  if (!parts.char_filters.empty() || parts.filters.empty()) return std::nullopt;
  WordRules rules;
  for (const auto& filter : parts.filters) {
    const PlainWords plain = plainWordsOf(*filter.part);
    const bool lowers = isLowerCaseFilter(*filter.part);
    if (!lowers && plain == PlainWords::kUnknown) return std::nullopt;
    rules.is_lowered = rules.is_lowered || lowers;
    rules.cuts_mixed = rules.cuts_mixed || plain == PlainWords::kKeptUnmixed;
  }
  return rules;
}

class TermList final : public TermSink {
 public:
  void term(std::string_view term, std::uint32_t) override { terms.emplace_back(term); }
  std::vector<std::string> terms;
};

class TermJoiner final : public TermSink {
 public:
  TermJoiner(CompletionKeyRules rules, std::string& out) : rules_(rules), out_(out) {}
  void term(std::string_view term, std::uint32_t position) override {
    // A gap that a removed word left is a separator of its own, even in front.
    const std::uint32_t steps = rules_.counts_gaps ? position - last_position_ : 0;
    if (rules_.keeps_separators) out_.append(std::max(steps, is_first_ ? 0u : 1u), kCompletionSeparator);
    is_first_ = false;
    last_position_ = position;
    out_ += term;
  }

 private:
  CompletionKeyRules rules_;
  std::string& out_;
  bool is_first_ = true;
  std::uint32_t last_position_ = 0;
};

}  // namespace

AnalyzerPtr makeAnalyzer(AnalyzerParts parts, ChainOptions options) {
  auto pieces = std::dynamic_pointer_cast<const PieceTokenizer>(parts.tokenizer.part);
  const bool is_bare = parts.char_filters.empty() && parts.filters.empty();
  const bool is_lowered =
      parts.char_filters.empty() && parts.filters.size() == 1 && isLowerCaseFilter(*parts.filters.front().part);
  const std::optional<WordRules> rules = wordRulesOf(parts);
  auto chain = std::make_shared<const Chain>(std::move(parts), options);
  if (pieces != nullptr && rules && !is_lowered)
    return std::make_shared<const WordAnalyzer>(std::move(pieces), std::move(chain), *rules);
  if (pieces == nullptr || (!is_bare && !is_lowered)) return chain;
  return std::make_shared<const PieceAnalyzer>(std::move(pieces), std::move(chain), is_lowered);
}

void tokenizeText(const AnalyzerParts& parts, std::string_view text, TokenList& out) {
  if (parts.char_filters.empty()) return parts.tokenizer.part->tokenize(text, out);
  std::string filtered(text);
  std::vector<OffsetMap> maps(parts.char_filters.size());
  for (std::size_t i = 0; i < maps.size(); ++i) {
    std::string next;
    parts.char_filters[i].part->apply(filtered, next, maps[i]);
    filtered = std::move(next);
  }
  parts.tokenizer.part->tokenize(filtered, out);
  const auto original = [&](std::uint32_t offset) {
    for (std::size_t i = maps.size(); i-- > 0;) offset = maps[i].before(offset);
    return offset;
  };
  for (Token& token : out.tokens) {
    token.start = original(token.start);
    token.end = original(token.end);
  }
  out.end_offset = original(out.end_offset);
}

std::vector<std::string> analyzeToTerms(const Analyzer& analyzer, std::string_view text) {
  TermList list;
  analyzer.analyze(text, list);
  return std::move(list.terms);
}

std::vector<PositionedTerm> analyzeToPositions(const Analyzer& analyzer, std::string_view text) {
  TokenList list;
  analyzer.tokenize(text, list);
  std::vector<PositionedTerm> terms;
  std::uint32_t next = 0;
  for (Token& token : list.tokens) {
    next += token.increment;
    terms.push_back({std::move(token.text), next == 0 ? 0 : next - 1, token.length, token.end == list.end_offset});
  }
  return terms;
}

namespace {
// Whether lowercasing is all that it does.
bool onlyLowers(const AnalyzerParts& parts) {
  return parts.char_filters.empty() && std::all_of(parts.filters.begin(), parts.filters.end(),
                                                   [](const auto& filter) { return isLowerCaseFilter(*filter.part); });
}
}  // namespace

std::string normalizeTerm(const Analyzer& analyzer, std::string_view text) {
  if (isLowerAscii(text) && onlyLowers(analyzer.parts())) return std::string(text);
  TokenList list;
  std::string filtered(text);
  for (const auto& filter : analyzer.parts().char_filters) {
    if (!filter.is_normalizing) continue;
    std::string next;
    OffsetMap offsets;
    filter.part->apply(filtered, next, offsets);
    filtered = std::move(next);
  }
  list.add(filtered, 0, 0);
  for (const auto& filter : analyzer.parts().filters)
    if (filter.is_normalizing) filter.part->apply(list);
  return list.tokens.empty() ? std::string() : std::move(list.tokens.front().text);
}

void appendCompletionKey(const Analyzer& analyzer, std::string_view text, CompletionKeyRules rules, std::string& out) {
  TermJoiner joiner(rules, out);
  analyzer.analyze(text, joiner);
}

}  // namespace gyre::engine
