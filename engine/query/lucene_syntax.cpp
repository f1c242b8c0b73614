#include "engine/query/lucene_syntax.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <utility>

namespace gyre::engine {

namespace {

// Brackets may nest so deep; more would be no query that a person writes.
constexpr std::uint32_t kMaxDepth = 200;

enum class Token : std::uint8_t {
  kEnd,
  kAnd,
  kOr,
  kNot,
  kPlus,
  kMinus,
  kBareOperator,
  kOpen,
  kClose,
  kColon,
  kStar,
  kCaret,
  kQuoted,
  kTerm,
  kFuzzySlop,
  kPrefixTerm,
  kWildTerm,
  kRegexpTerm,
  kRange,
};

struct Lexeme {
  Token kind = Token::kEnd;
  std::size_t at = 0;
  std::string_view image;
  // kRange
  std::string_view low, high;
  bool is_low_included = false;
  bool is_high_included = false;
  bool is_low_quoted = false;
  bool is_high_quoted = false;
};

Status syntaxError(std::string message) { return {Code::kInvalidArgument, "parse_exception", std::move(message)}; }

bool isSpace(std::string_view text, std::size_t at) {
  const char c = text[at];
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || text.substr(at).starts_with("\xe3\x80\x80");
}
std::size_t spaceSize(std::string_view text, std::size_t at) { return text[at] == '\xe3' ? 3 : 1; }

bool isTermStart(char c) { return std::string_view("+-!():^[]\"{}~*?\\/").find(c) == std::string_view::npos; }
bool isDigit(char c) { return c >= '0' && c <= '9'; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Lexeme>> run() {
    std::vector<Lexeme> all;
    while (true) {
      while (at_ < text_.size() && isSpace(text_, at_)) at_ += spaceSize(text_, at_);
      Lexeme lexeme;
      lexeme.at = at_;
      if (at_ >= text_.size()) {
        all.push_back(lexeme);
        return all;
      }
      GYRE_TRY(read(lexeme));
      if (lexeme.image.empty()) lexeme.image = text_.substr(lexeme.at, at_ - lexeme.at);
      all.push_back(lexeme);
    }
  }

 private:
  Status lexicalError(std::size_t at) const {
    return syntaxError("Lexical error at line 1, column " + std::to_string(at + 1) + ".  Encountered: " +
                       (at < text_.size() ? "\"" + std::string(1, text_[at]) + "\"" : std::string("<EOF>")));
  }

  Status read(Lexeme& lexeme) {
    const char c = text_[at_];
    const auto one = [&](Token kind) {
      lexeme.kind = kind;
      ++at_;
      return Status();
    };
    const auto isBare = [&] { return at_ + 1 < text_.size() && isSpace(text_, at_ + 1); };
    switch (c) {
      case '(': return one(Token::kOpen);
      case ')': return one(Token::kClose);
      case ':': return one(Token::kColon);
      case '^': return caret(lexeme);
      case '+': return one(isBare() ? Token::kBareOperator : Token::kPlus);
      case '-': return one(isBare() ? Token::kBareOperator : Token::kMinus);
      case '!': return one(isBare() ? Token::kBareOperator : Token::kNot);
      case '"': return quoted(lexeme);
      case '~': return fuzzySlop(lexeme);
      case '/': return regexp(lexeme);
      case '[':
      case '{': return range(lexeme);
      case ']':
      case '}': return lexicalError(at_);
      default: break;
    }
    if (text_.substr(at_).starts_with("&&") || text_.substr(at_).starts_with("||")) {
      // Only where it is no part of a longer term.
      const std::size_t begin = at_;
      GYRE_TRY(term(lexeme));
      if (at_ - begin == 2) lexeme.kind = c == '&' ? Token::kAnd : Token::kOr;
      return {};
    }
    return term(lexeme);
  }

  // Words, and words with * or ? in them; the longest form wins.
  Status term(Lexeme& lexeme) {
    const std::size_t begin = at_;
    std::size_t wild = 0;
    std::size_t last_star = std::string_view::npos;
    while (at_ < text_.size() && !isSpace(text_, at_)) {
      const char c = text_[at_];
      if (c == '\\') {
        if (at_ + 1 >= text_.size()) return lexicalError(at_ + 1);
        at_ += 2;
        // The rest of a multi-byte character follows as ordinary bytes.
        continue;
      }
      const bool is_wild = c == '*' || c == '?';
      if (!is_wild && !isTermStart(c) && !(at_ > begin && (c == '+' || c == '-'))) break;
      if (is_wild) ++wild;
      if (c == '*') last_star = at_;
      ++at_;
    }
    if (at_ == begin) return lexicalError(at_);
    const std::string_view image = text_.substr(begin, at_ - begin);
    if (image == "*") {
      lexeme.kind = Token::kStar;
    } else if (wild == 0) {
      lexeme.kind = image == "AND"   ? Token::kAnd
                    : image == "OR"  ? Token::kOr
                    : image == "NOT" ? Token::kNot
                                     : Token::kTerm;
    } else {
      lexeme.kind = wild == 1 && last_star == at_ - 1 ? Token::kPrefixTerm : Token::kWildTerm;
    }
    return {};
  }

  Status number(std::string_view& image) {
    const std::size_t begin = at_;
    while (at_ < text_.size() && isDigit(text_[at_])) ++at_;
    if (at_ + 1 < text_.size() && at_ > begin && text_[at_] == '.' && isDigit(text_[at_ + 1])) {
      ++at_;
      while (at_ < text_.size() && isDigit(text_[at_])) ++at_;
    }
    image = text_.substr(begin, at_ - begin);
    return {};
  }

  Status caret(Lexeme& lexeme) {
    lexeme.kind = Token::kCaret;
    ++at_;
    while (at_ < text_.size() && isSpace(text_, at_)) at_ += spaceSize(text_, at_);
    GYRE_TRY(number(lexeme.image));
    if (lexeme.image.empty()) return lexicalError(at_);
    return {};
  }

  Status fuzzySlop(Lexeme& lexeme) {
    lexeme.kind = Token::kFuzzySlop;
    ++at_;
    GYRE_TRY(number(lexeme.low));
    return {};
  }

  Status quoted(Lexeme& lexeme) {
    lexeme.kind = Token::kQuoted;
    const std::size_t begin = ++at_;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    if (at_ >= text_.size()) return lexicalError(text_.size());
    lexeme.image = text_.substr(begin, at_ - begin);
    ++at_;
    // An empty phrase has no image of its own.
    if (lexeme.image.empty()) lexeme.image = std::string_view(" ", 1);
    return {};
  }

  Status regexp(Lexeme& lexeme) {
    lexeme.kind = Token::kRegexpTerm;
    const std::size_t begin = ++at_;
    while (at_ < text_.size() && text_[at_] != '/') at_ += text_.substr(at_).starts_with("\\/") ? 2 : 1;
    if (at_ >= text_.size()) return lexicalError(text_.size());
    lexeme.low = text_.substr(begin, at_ - begin);
    ++at_;
    return {};
  }

  Status rangeEnd(std::string_view& end, bool& is_quoted) {
    while (at_ < text_.size() && isSpace(text_, at_)) at_ += spaceSize(text_, at_);
    if (at_ < text_.size() && text_[at_] == '"') {
      const std::size_t begin = ++at_;
      while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
      if (at_ >= text_.size()) return lexicalError(text_.size());
      end = text_.substr(begin, at_ - begin);
      is_quoted = true;
      ++at_;
      return {};
    }
    const std::size_t begin = at_;
    while (at_ < text_.size() && !isSpace(text_, at_) && text_[at_] != ']' && text_[at_] != '}') ++at_;
    end = text_.substr(begin, at_ - begin);
    if (end.empty()) return lexicalError(at_);
    return {};
  }

  Status range(Lexeme& lexeme) {
    lexeme.kind = Token::kRange;
    lexeme.is_low_included = text_[at_++] == '[';
    GYRE_TRY(rangeEnd(lexeme.low, lexeme.is_low_quoted));
    std::string_view to;
    bool is_quoted = false;
    GYRE_TRY(rangeEnd(to, is_quoted));
    if (to != "TO" || is_quoted) return lexicalError(at_ - to.size());
    GYRE_TRY(rangeEnd(lexeme.high, lexeme.is_high_quoted));
    while (at_ < text_.size() && isSpace(text_, at_)) at_ += spaceSize(text_, at_);
    if (at_ >= text_.size() || (text_[at_] != ']' && text_[at_] != '}')) return lexicalError(at_);
    lexeme.is_high_included = text_[at_++] == ']';
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// Takes the escapes out: \x is x, \u0041 a code unit.
Result<std::string> withoutEscapes(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\') {
      plain += text[at];
      continue;
    }
    if (++at >= text.size()) return syntaxError("Term can not end with escape character.");
    if (text[at] != 'u') {
      plain += text[at];
      continue;
    }
    std::uint32_t code = 0;
    const std::string_view digits = text.substr(at + 1, 4);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
    if (digits.size() < 4) return syntaxError("Truncated unicode escape sequence.");
    if (error != std::errc() || end != digits.data() + 4)
      return syntaxError("Non-hex character in Unicode escape sequence: " + std::string(digits));
    at += 4;
    if (code >= 0xd800 && code < 0xe000)
      return syntaxError("Surrogates are not taken as escapes: \\u" + std::string(digits));
    if (code < 0x80) {
      plain += static_cast<char>(code);
    } else if (code < 0x800) {
      plain += static_cast<char>(0xc0 | code >> 6);
      plain += static_cast<char>(0x80 | (code & 0x3f));
    } else {
      plain += static_cast<char>(0xe0 | code >> 12);
      plain += static_cast<char>(0x80 | (code >> 6 & 0x3f));
      plain += static_cast<char>(0x80 | (code & 0x3f));
    }
  }
  return plain;
}

class Parser {
 public:
  Parser(std::vector<Lexeme> lexemes, bool is_and_default)
      : lexemes_(std::move(lexemes)), is_and_default_(is_and_default) {}

  Result<SyntaxNodePtr> run() {
    GYRE_TRY_ASSIGN(auto node, query(std::nullopt));
    if (peek().kind != Token::kEnd) return unexpected();
    return node;
  }

 private:
  using Field = std::optional<std::string>;
  enum class Conjunction : std::uint8_t { kNone, kAnd, kOr };

  const Lexeme& peek(std::size_t ahead = 0) const { return lexemes_[std::min(at_ + ahead, lexemes_.size() - 1)]; }
  Lexeme take() { return lexemes_[std::min(at_++, lexemes_.size() - 1)]; }

  Status unexpected() const {
    const Lexeme& lexeme = peek();
    return syntaxError("Encountered \"" +
                       (lexeme.kind == Token::kEnd ? std::string("<EOF>") : std::string(lexeme.image)) +
                       "\" at line 1, column " + std::to_string(lexeme.at) + ".");
  }

  // Whether the term `ahead` may be joined to the words before it: not when an operator binds it otherwise.
  bool joins(std::size_t ahead) const {
    if (peek(ahead).kind != Token::kTerm) return false;
    switch (peek(ahead + 1).kind) {
      case Token::kColon:
      case Token::kStar:
      case Token::kFuzzySlop:
      case Token::kCaret:
      case Token::kAnd:
      case Token::kOr: return false;
      default: return true;
    }
  }

  bool startsWordList() const { return peek().kind == Token::kTerm && joins(1); }

  Status readWordList(const Field& field, SyntaxNode& into) {
    std::string words(take().image);
    while (joins(0)) words += " " + std::string(take().image);
    auto node = std::make_unique<SyntaxNode>();
    node->field = field;
    GYRE_TRY_ASSIGN(node->text, withoutEscapes(words));
    into.clauses.push_back({is_and_default_ ? Occur::kMust : Occur::kShould, std::move(node), true});
    return {};
  }

  Result<SyntaxNodePtr> query(const Field& field) {
    if (++depth_ > kMaxDepth) return syntaxError("brackets nest deeper than " + std::to_string(kMaxDepth) + " levels");
    auto all = std::make_unique<SyntaxNode>();
    all->kind = SyntaxNode::Kind::kClauses;
    bool is_first_plain = false;
    if (startsWordList()) {
      GYRE_TRY(readWordList(field, *all));
    } else {
      const Occur modifier = modifiers();
      GYRE_TRY_ASSIGN(auto first, clause(field));
      is_first_plain = modifier == Occur::kShould;
      add(*all, Conjunction::kNone, modifier, std::move(first));
    }
    while (peek().kind != Token::kEnd && peek().kind != Token::kClose) {
      if (startsWordList()) {
        GYRE_TRY(readWordList(field, *all));
        continue;
      }
      Conjunction conjunction = Conjunction::kNone;
      if (peek().kind == Token::kAnd || peek().kind == Token::kOr)
        conjunction = take().kind == Token::kAnd ? Conjunction::kAnd : Conjunction::kOr;
      const Occur modifier = modifiers();
      GYRE_TRY_ASSIGN(auto node, clause(field));
      add(*all, conjunction, modifier, std::move(node));
    }
    --depth_;
    if (all->clauses.size() == 1 && is_first_plain) return std::move(all->clauses.front().node);
    return all;
  }

  // kShould stands for no modifier.
  Occur modifiers() {
    switch (peek().kind) {
      case Token::kPlus: ++at_; return Occur::kMust;
      case Token::kMinus:
      case Token::kNot: ++at_; return Occur::kMustNot;
      default: return Occur::kShould;
    }
  }

  void add(SyntaxNode& all, Conjunction conjunction, Occur modifier, SyntaxNodePtr node) {
    if (!all.clauses.empty()) {
      SyntaxClause& before = all.clauses.back();
      if (before.occur != Occur::kMustNot) {
        // AND makes what stands before it required; OR takes back what AND as the default made so.
        if (conjunction == Conjunction::kAnd) before.occur = Occur::kMust;
        if (conjunction == Conjunction::kOr && is_and_default_) before.occur = Occur::kShould;
      }
    }
    Occur occur = modifier;
    if (modifier == Occur::kShould) {
      const bool is_required = is_and_default_ ? conjunction != Conjunction::kOr : conjunction == Conjunction::kAnd;
      occur = is_required ? Occur::kMust : Occur::kShould;
    } else if (modifier == Occur::kMust && is_and_default_ && conjunction == Conjunction::kOr) {
      occur = Occur::kShould;
    }
    all.clauses.push_back({occur, std::move(node), false});
  }

  Result<SyntaxNodePtr> clause(const Field& outer) {
    Field field = outer;
    if ((peek().kind == Token::kTerm || peek().kind == Token::kStar) && peek(1).kind == Token::kColon) {
      GYRE_TRY_ASSIGN(field, withoutEscapes(take().image));
      ++at_;
    }
    if (peek().kind != Token::kOpen) return term(field);
    ++at_;
    GYRE_TRY_ASSIGN(auto node, query(field));
    if (peek().kind != Token::kClose) return unexpected();
    ++at_;
    if (peek().kind == Token::kCaret) {
      // The boost of the brackets comes on top of what stands in them.
      auto outside = std::make_unique<SyntaxNode>();
      outside->kind = SyntaxNode::Kind::kClauses;
      outside->boost = readNumber(take().image);
      outside->clauses.push_back({Occur::kShould, std::move(node), false});
      return outside;
    }
    return node;
  }

  static float readNumber(std::string_view image) {
    float number = 1;
    std::from_chars(image.data(), image.data() + image.size(), number);
    return number;
  }

  // ~n and ^n in either order.
  void readSuffixes(SyntaxNode& node, bool& has_tilde) {
    for (int i = 0; i < 2; ++i) {
      if (peek().kind == Token::kFuzzySlop && !has_tilde) {
        const Lexeme lexeme = take();
        has_tilde = true;
        if (!lexeme.low.empty()) node.number = readNumber(lexeme.low);
      } else if (peek().kind == Token::kCaret && !node.boost) {
        node.boost = readNumber(take().image);
      }
    }
  }

  Result<SyntaxNodePtr> term(const Field& field) {
    auto node = std::make_unique<SyntaxNode>();
    node->field = field;
    const Lexeme lexeme = peek();
    bool has_tilde = false;
    switch (lexeme.kind) {
      case Token::kTerm:
      case Token::kStar:
      case Token::kPrefixTerm:
      case Token::kWildTerm:
      case Token::kRegexpTerm:
      case Token::kBareOperator:
        ++at_;
        readSuffixes(*node, has_tilde);
        break;
      case Token::kQuoted: {
        ++at_;
        node->kind = SyntaxNode::Kind::kPhrase;
        GYRE_TRY_ASSIGN(node->text, withoutEscapes(lexeme.image));
        readSuffixes(*node, has_tilde);
        return node;
      }
      case Token::kRange: {
        ++at_;
        node->kind = SyntaxNode::Kind::kRange;
        node->is_low_included = lexeme.is_low_included;
        node->is_high_included = lexeme.is_high_included;
        if (lexeme.is_low_quoted || lexeme.low != "*") {
          GYRE_TRY_ASSIGN(node->low, withoutEscapes(lexeme.low));
        }
        if (lexeme.is_high_quoted || lexeme.high != "*") {
          GYRE_TRY_ASSIGN(node->high, withoutEscapes(lexeme.high));
        }
        if (peek().kind == Token::kCaret) node->boost = readNumber(take().image);
        return node;
      }
      default: return unexpected();
    }
    if (lexeme.kind == Token::kStar || lexeme.kind == Token::kWildTerm) {
      node->kind = SyntaxNode::Kind::kWildcard;
      node->text = lexeme.image;
    } else if (lexeme.kind == Token::kPrefixTerm) {
      node->kind = SyntaxNode::Kind::kPrefix;
      GYRE_TRY_ASSIGN(node->text, withoutEscapes(lexeme.image.substr(0, lexeme.image.size() - 1)));
    } else if (lexeme.kind == Token::kRegexpTerm) {
      node->kind = SyntaxNode::Kind::kRegexp;
      node->text = lexeme.low;
    } else {
      node->kind = has_tilde ? SyntaxNode::Kind::kFuzzy : SyntaxNode::Kind::kText;
      GYRE_TRY_ASSIGN(node->text, withoutEscapes(lexeme.image));
    }
    // More than the largest 32-bit number is no whole distance either, as in Lucene.
    constexpr float kMostEdits = 2147483648.0f;
    if (has_tilde && node->number && *node->number >= 1 &&
        (*node->number != std::trunc(*node->number) || *node->number > kMostEdits))
      return syntaxError("Fractional edit distances are not allowed!");
    return node;
  }

  std::vector<Lexeme> lexemes_;
  bool is_and_default_;
  std::size_t at_ = 0;
  std::uint32_t depth_ = 0;
};

}  // namespace

Result<SyntaxNodePtr> parseLuceneSyntax(std::string_view text, bool is_and_default) {
  GYRE_TRY_ASSIGN(auto lexemes, Lexer(text).run());
  if (lexemes.size() == 1) return SyntaxNodePtr();
  return Parser(std::move(lexemes), is_and_default).run();
}

}  // namespace gyre::engine
