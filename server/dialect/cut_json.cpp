#include "server/dialect/cut_json.hpp"

#include <cstddef>
#include <vector>

namespace gyre::dialect {

namespace {

// What may come next.
enum class Next { kValue, kValueOrEnd, kKey, kKeyOrEnd, kColon, kCommaOrEnd };

bool isSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool isWordEnd(char c) { return isSpace(c) || c == ',' || c == ':' || c == '}' || c == ']'; }

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool isCutShort() {
    while (at_ < text_.size()) {
      if (isSpace(text_[at_])) {
        ++at_;
      } else if (!step(text_[at_])) {
        return is_inside_string_;
      } else if (open_.empty()) {
        return false;
      }
    }
    return !open_.empty() || next_ == Next::kValue;
  }

 private:
  bool step(char c) {
    const bool takes_value = next_ == Next::kValue || next_ == Next::kValueOrEnd;
    const bool takes_key = next_ == Next::kKey || next_ == Next::kKeyOrEnd;
    switch (c) {
      case '{':
      case '[':
        if (!takes_value) return false;
        open_.push_back(c);
        next_ = c == '{' ? Next::kKeyOrEnd : Next::kValueOrEnd;
        ++at_;
        return true;
      case '}':
      case ']': return close(c == '}' ? '{' : '[');
      case ':': return take(Next::kColon, Next::kValue);
      case ',': return take(Next::kCommaOrEnd, !open_.empty() && open_.back() == '{' ? Next::kKey : Next::kValue);
      case '"':
        if (!takes_value && !takes_key) return false;
        if (!string()) return false;
        next_ = takes_key ? Next::kColon : Next::kCommaOrEnd;
        return true;
      default:
        if (!takes_value) return false;
        next_ = Next::kCommaOrEnd;
        return word();
    }
  }

  bool take(Next wanted, Next then) {
    if (next_ != wanted) return false;
    next_ = then;
    ++at_;
    return true;
  }

  bool close(char opener) {
    const bool may_end = next_ == Next::kCommaOrEnd || next_ == Next::kKeyOrEnd || next_ == Next::kValueOrEnd;
    if (!may_end || open_.empty() || open_.back() != opener) return false;
    open_.pop_back();
    next_ = Next::kCommaOrEnd;
    ++at_;
    return true;
  }

  bool string() {
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\') {
        ++at_;
      } else if (text_[at_] == '"') {
        ++at_;
        return true;
      }
    }
    is_inside_string_ = true;
    return false;
  }

  // A literal or a number; the beginning of a literal is another word, that of a number is not.
  bool word() {
    const std::size_t first = at_;
    while (at_ < text_.size() && !isWordEnd(text_[at_])) ++at_;
    const std::string_view word = text_.substr(first, at_ - first);
    return word == "true" || word == "false" || word == "null" || word.front() == '-' ||
           (word.front() >= '0' && word.front() <= '9');
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Next next_ = Next::kValue;
  bool is_inside_string_ = false;
  std::vector<char> open_;
};

}  // namespace

bool isCutShort(std::string_view text) { return Scanner(text).isCutShort(); }

}  // namespace gyre::dialect
