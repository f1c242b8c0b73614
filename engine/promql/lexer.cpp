#include "engine/promql/lexer.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "engine/promql/aggregation_op.hpp"
#include "engine/promql/duration.hpp"
#include "gyre/excerpt.hpp"

namespace gyre::engine::promql {
namespace {

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isAlpha(char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool isAlphaNumeric(char c) { return isAlpha(c) || isDigit(c); }
bool isSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

int hexValue(char c) {
  if (isDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 16;
}

constexpr std::pair<std::string_view, Word> kWords[] = {{"and", Word::kAnd},
                                                        {"or", Word::kOr},
                                                        {"unless", Word::kUnless},
                                                        {"atan2", Word::kAtan2},
                                                        {"bool", Word::kBool},
                                                        {"by", Word::kBy},
                                                        {"without", Word::kWithout},
                                                        {"on", Word::kOn},
                                                        {"ignoring", Word::kIgnoring},
                                                        {"group_left", Word::kGroupLeft},
                                                        {"group_right", Word::kGroupRight},
                                                        {"offset", Word::kOffset},
                                                        {"start", Word::kStart},
                                                        {"end", Word::kEnd}};

std::string lowered(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

Word wordOf(const std::string& lower) {
  for (const auto& [name, word] : kWords)
    if (lower == name) return word;
  return aggregationOf(lower) ? Word::kAggregation : Word::kNone;
}

void appendCodePoint(std::string& out, std::uint32_t code) {
  const auto add = [&](std::uint32_t byte) { out.append(1, static_cast<char>(byte)); };
  if (code < 0x80) {
    add(code);
  } else if (code < 0x800) {
    add(0xC0 | code >> 6);
    add(0x80 | (code & 63));
  } else if (code < 0x10000) {
    add(0xE0 | code >> 12);
    add(0x80 | (code >> 6 & 63));
    add(0x80 | (code & 63));
  } else {
    add(0xF0 | code >> 18);
    add(0x80 | (code >> 12 & 63));
    add(0x80 | (code >> 6 & 63));
    add(0x80 | (code & 63));
  }
}

// Digits of `base`, all of the text; nothing past 2^63.
bool parseInteger(std::string_view text, int base, double& number) {
  std::int64_t whole = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole, base);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  number = static_cast<double>(whole);
  return true;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Item>> run() {
    if (text_.size() > std::numeric_limits<std::uint32_t>::max()) return parseError(text_, 0, "query is too long");
    for (;;) {
      skipBlanks();
      if (at_ == text_.size()) break;
      GYRE_TRY(is_in_braces_ ? readInBraces() : readOutside());
    }
    if (is_in_braces_) return error(at_, "unexpected end of input inside braces");
    if (parens_ > 0) return error(at_, "unclosed left parenthesis");
    if (is_in_brackets_) return error(at_, "unclosed left bracket");
    add(Token::kEnd, at_);
    return std::move(items_);
  }

 private:
  Status error(std::size_t offset, std::string_view message) const { return parseError(text_, offset, message); }
  Status unexpectedCharacter(std::string_view where) const {
    std::string message("unexpected character");
    message.append(where).append(": '");
    std::size_t length = 1;
    while (at_ + length < text_.size() && (static_cast<unsigned char>(text_[at_ + length]) & 0xC0) == 0x80) ++length;
    message.append(text_.substr(at_, std::min<std::size_t>(length, 4))).append("'");
    return error(at_, message);
  }
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void skipBlanks() {
    while (at_ < text_.size()) {
      if (isSpace(text_[at_])) {
        ++at_;
      } else if (text_[at_] == '#') {
        while (at_ < text_.size() && text_[at_] != '\n' && text_[at_] != '\r') ++at_;
      } else {
        return;
      }
    }
  }

  // Ends at at_.
  Item& add(Token token, std::size_t begin) {
    Item item;
    item.token = token;
    item.span = {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at_)};
    item.text.assign(text_.substr(begin, at_ - begin));
    items_.push_back(std::move(item));
    return items_.back();
  }
  Status addSign(Token token, std::size_t length) {
    at_ += length;
    add(token, at_ - length);
    return {};
  }

  Status readInBraces() {
    const char c = text_[at_];
    if (isAlpha(c)) {
      const std::size_t begin = at_;
      while (isAlphaNumeric(peek())) ++at_;
      add(Token::kIdentifier, begin);
      return {};
    }
    switch (c) {
      case ',': return addSign(Token::kComma, 1);
      case '"':
      case '\'':
      case '`': return readString();
      case '=': return peek(1) == '~' ? addSign(Token::kRegexMatch, 2) : addSign(Token::kAssign, 1);
      case '!':
        if (peek(1) == '~') return addSign(Token::kRegexMismatch, 2);
        if (peek(1) == '=') return addSign(Token::kNotEqual, 2);
        return error(at_, "unexpected character after '!' inside braces");
      case '{': return error(at_, "unexpected left brace '{'");
      case '}': is_in_braces_ = false; return addSign(Token::kRightBrace, 1);
      default: return unexpectedCharacter(" inside braces");
    }
  }

  Status readOutside() {
    const char c = text_[at_];
    if (isDigit(c) || (c == '.' && isDigit(peek(1)))) return readNumberOrDuration();
    if (c == ':' && is_in_brackets_) {
      if (has_colon_) return error(at_, "unexpected colon ':'");
      has_colon_ = true;
      return addSign(Token::kColon, 1);
    }
    if (isAlpha(c) || c == ':') return readWord();
    switch (c) {
      case ',': return addSign(Token::kComma, 1);
      case '*': return addSign(Token::kMultiply, 1);
      case '/': return addSign(Token::kDivide, 1);
      case '%': return addSign(Token::kModulo, 1);
      case '+': return addSign(Token::kAdd, 1);
      case '-': return addSign(Token::kSubtract, 1);
      case '^': return addSign(Token::kPower, 1);
      case '@': return addSign(Token::kAt, 1);
      case '=':
        if (peek(1) == '~') return error(at_ + 1, "unexpected character after '=': '~'");
        return peek(1) == '=' ? addSign(Token::kEqual, 2) : addSign(Token::kAssign, 1);
      case '!':
        if (peek(1) == '=') return addSign(Token::kNotEqual, 2);
        return error(at_, "unexpected character after '!'");
      case '<': return peek(1) == '=' ? addSign(Token::kLessOrEqual, 2) : addSign(Token::kLess, 1);
      case '>': return peek(1) == '=' ? addSign(Token::kGreaterOrEqual, 2) : addSign(Token::kGreater, 1);
      case '"':
      case '\'':
      case '`': return readString();
      case '(': ++parens_; return addSign(Token::kLeftParen, 1);
      case ')':
        if (parens_ == 0) return error(at_, "unexpected right parenthesis ')'");
        --parens_;
        return addSign(Token::kRightParen, 1);
      case '{': is_in_braces_ = true; return addSign(Token::kLeftBrace, 1);
      case '[':
        if (is_in_brackets_) return error(at_, "unexpected left bracket '['");
        is_in_brackets_ = true;
        has_colon_ = false;
        return addSign(Token::kLeftBracket, 1);
      case ']':
        if (!is_in_brackets_) return error(at_, "unexpected right bracket ']'");
        is_in_brackets_ = false;
        return addSign(Token::kRightBracket, 1);
      default: return unexpectedCharacter("");
    }
  }

  Status readWord() {
    const std::size_t begin = at_;
    bool has_colon = false;
    while (isAlphaNumeric(peek()) || peek() == ':') has_colon |= text_[at_++] == ':';
    const std::string lower = lowered(text_.substr(begin, at_ - begin));
    if (lower == "inf" || lower == "nan") {
      add(Token::kNumber, begin).number =
          lower == "inf" ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
      return {};
    }
    if (has_colon) {
      add(Token::kMetricIdentifier, begin);
    } else {
      add(Token::kIdentifier, begin).word = wordOf(lower);
    }
    return {};
  }

  Status readNumberOrDuration() {
    const std::size_t begin = at_;
    const bool is_hex = peek() == '0' && (peek(1) == 'x' || peek(1) == 'X');
    while (isAlphaNumeric(peek()) || peek() == '.') {
      const char c = text_[at_++];
      // The sign of an exponent: "1e-3".
      if (!is_hex && (c == 'e' || c == 'E') && (peek() == '+' || peek() == '-') && isDigit(peek(1))) ++at_;
    }
    const std::string_view word = text_.substr(begin, at_ - begin);
    double number = 0;
    if (parseNumber(word, number)) {
      if (is_in_brackets_) return error(begin, "missing unit character in duration");
      add(Token::kNumber, begin).number = number;
      return {};
    }
    if (word.find_first_of(".ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == std::string_view::npos && !is_hex) {
      const auto duration = parseDuration(word);
      if (!duration.isOk()) return error(begin, duration.status().message());
      add(Token::kDuration, begin).duration = *duration;
      return {};
    }
    std::string message("bad number or duration syntax: \"");
    message.append(excerpt(word, 40)).append("\"");
    return error(begin, message);
  }

  // As Go's ParseInt with any base, else its ParseFloat; both refuse what is too large.
  static bool parseNumber(std::string_view word, double& number) {
    if (word.size() > 2 && word[0] == '0' && (word[1] == 'x' || word[1] == 'X'))
      return hexValue(word[2]) < 16 && parseInteger(word.substr(2), 16, number);
    if (word.size() > 1 && word[0] == '0' && parseInteger(word, 8, number)) return true;
    if (word.size() > 1 && word[0] != '0' && parseInteger(word, 10, number)) return true;
    for (const char c : word)
      if (isAlpha(c) && c != 'e' && c != 'E') return false;
    const auto [end, code] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (end != word.data() + word.size()) return false;
    if (code == std::errc()) return true;
    // Too small is 0 in Go, too large an error; from_chars does not say which.
    const std::size_t exponent = word.find_first_of("eE");
    number = 0;
    return exponent != std::string_view::npos && word.substr(exponent + 1).starts_with('-');
  }

  Status readString() {
    const std::size_t begin = at_;
    const char quote = text_[at_++];
    std::string value;
    for (;;) {
      if (at_ == text_.size() || (quote != '`' && text_[at_] == '\n'))
        return error(begin, quote == '`' ? "unterminated raw string" : "unterminated quoted string");
      const char c = text_[at_++];
      if (c == quote) break;
      if (c == '\\' && quote != '`') {
        GYRE_TRY(readEscape(quote, value));
      } else {
        value.append(1, c);
      }
    }
    add(Token::kString, begin).text = std::move(value);
    return {};
  }

  // The backslash has been read.
  Status readEscape(char quote, std::string& value) {
    const std::size_t begin = at_ - 1;
    if (at_ == text_.size()) return error(begin, "escape sequence not terminated");
    const char c = text_[at_++];
    int digits = 0;
    std::uint32_t base = 16;
    switch (c) {
      case 'a': value.append(1, '\a'); return {};
      case 'b': value.append(1, '\b'); return {};
      case 'f': value.append(1, '\f'); return {};
      case 'n': value.append(1, '\n'); return {};
      case 'r': value.append(1, '\r'); return {};
      case 't': value.append(1, '\t'); return {};
      case 'v': value.append(1, '\v'); return {};
      case '\\': value.append(1, '\\'); return {};
      case 'x': digits = 2; break;
      case 'u': digits = 4; break;
      case 'U': digits = 8; break;
      default:
        if (c == quote) {
          value.append(1, c);
          return {};
        }
        if (c < '0' || c > '7') return error(begin, "unknown escape sequence");
        digits = 3;
        base = 8;
        --at_;
    }
    std::uint32_t code = 0;
    for (int i = 0; i < digits; ++i) {
      const auto digit = static_cast<std::uint32_t>(hexValue(peek()));
      if (digit >= base) return error(begin, "illegal character in escape sequence");
      code = code * base + digit;
      ++at_;
    }
    if (digits <= 3) {
      if (code > 255) return error(begin, "octal escape is above 255");
      value.append(1, static_cast<char>(code));  // a byte, not a character
      return {};
    }
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
      return error(begin, "escape sequence is an invalid Unicode code point");
    appendCodePoint(value, code);
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Item> items_;
  std::size_t parens_ = 0;
  bool is_in_braces_ = false;
  bool is_in_brackets_ = false;
  bool has_colon_ = false;
};

}  // namespace

Result<std::vector<Item>> readItems(std::string_view text) { return Lexer(text).run(); }

Status parseError(std::string_view query, std::size_t offset, std::string_view message) {
  offset = std::min(offset, query.size());
  const std::string_view before = query.substr(0, offset);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  std::string text = std::to_string(line);
  text.append(":").append(std::to_string(offset - line_start + 1)).append(": parse error: ").append(message);
  return {Code::kInvalidArgument, "bad_data", std::move(text)};
}

std::string describe(const Item& item) {
  std::string out;
  switch (item.token) {
    case Token::kEnd: return "end of input";
    case Token::kNumber: out.append("number "); break;
    case Token::kDuration: out.append("duration "); break;
    case Token::kString: out.append("string "); break;
    case Token::kIdentifier: out.append(item.word == Word::kNone ? "identifier " : ""); break;
    case Token::kMetricIdentifier: out.append("metric identifier "); break;
    default: break;
  }
  out.append("\"").append(excerpt(item.text, 60)).append("\"");
  return out;
}

}  // namespace gyre::engine::promql
