#include "engine/query/regexp_parser.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/analysis/utf8.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

// As deep as brackets nest; far beyond what a person writes, and safe for the stack.
constexpr std::uint32_t kMaxDepth = 200;
// States of the pattern before it is made deterministic: {1,1000} of something large is refused by size, not by memory.
constexpr std::uint32_t kMaxParts = 200'000;

using Ranges = CharPattern::Ranges;

struct Node;
using NodePtr = std::unique_ptr<Node>;
struct Node {
  enum class Kind : std::uint8_t {
    kUnion,
    kIntersection,
    kSequence,
    kRepeat,
    kComplement,
    kSet,
    kChar,
    kText,
    kAnyText,
    kNothing,
    kInterval
  };
  Kind kind = Kind::kNothing;
  std::vector<NodePtr> children;
  std::uint32_t least = 0;  // kRepeat
  std::uint32_t most = 0;   // kRepeat; UINT32_MAX without end
  std::uint32_t character = 0;
  Ranges ranges;     // kSet
  std::string text;  // kText
  std::string low, high;
  bool is_fixed_width = false;  // kInterval
};

NodePtr makeNode(Node::Kind kind) {
  auto node = std::make_unique<Node>();
  node->kind = kind;
  return node;
}

Ranges inverted(Ranges ranges) {
  std::sort(ranges.begin(), ranges.end());
  Ranges others;
  std::uint32_t next = 0;
  for (const auto& [low, high] : ranges) {
    if (low > next) others.emplace_back(next, low - 1);
    next = std::max(next, high + 1);
  }
  if (next <= CharPattern::kLastCharacter) others.emplace_back(next, CharPattern::kLastCharacter);
  return others;
}

class Parser {
 public:
  Parser(std::string_view pattern, const RegexpOptions& options) : options_(options) {
    for (std::size_t at = 0; at < pattern.size();) {
      const CodePoint c = decodeUtf8(pattern, at);
      text_.push_back(c.value);
      at += c.size;
    }
  }

  Result<NodePtr> run() {
    if (text_.empty()) return makeNode(Node::Kind::kText);
    GYRE_TRY_ASSIGN(auto node, unionOf());
    if (more()) return refuse("end-of-string expected at position " + std::to_string(at_));
    return node;
  }

 private:
  static Status refuse(std::string message) { return queryShardException(std::move(message)); }
  bool allows(std::uint32_t flag) const { return (options_.flags & flag) != 0; }
  bool more() const { return at_ < text_.size(); }
  bool peek(std::string_view any) const {
    return more() && text_[at_] < 128 && any.find(static_cast<char>(text_[at_])) != std::string_view::npos;
  }
  bool take(char c) {
    if (!more() || text_[at_] != static_cast<unsigned char>(c)) return false;
    ++at_;
    return true;
  }
  Result<std::uint32_t> next() {
    if (!more()) return refuse("unexpected end-of-string");
    return text_[at_++];
  }

  Result<NodePtr> unionOf() {
    if (++depth_ > kMaxDepth)
      return refuse("regular expression is nested deeper than " + std::to_string(kMaxDepth) + " levels");
    GYRE_TRY_ASSIGN(auto first, intersectionOf());
    if (peek("|")) {
      auto all = makeNode(Node::Kind::kUnion);
      all->children.push_back(std::move(first));
      while (take('|')) {
        GYRE_TRY_ASSIGN(auto other, intersectionOf());
        all->children.push_back(std::move(other));
      }
      first = std::move(all);
    }
    --depth_;
    return first;
  }

  Result<NodePtr> intersectionOf() {
    GYRE_TRY_ASSIGN(auto first, sequenceOf());
    if (!allows(RegexpOptions::kIntersection) || !peek("&")) return first;
    auto all = makeNode(Node::Kind::kIntersection);
    all->children.push_back(std::move(first));
    while (take('&')) {
      GYRE_TRY_ASSIGN(auto other, sequenceOf());
      all->children.push_back(std::move(other));
    }
    return all;
  }

  Result<NodePtr> sequenceOf() {
    auto all = makeNode(Node::Kind::kSequence);
    do {
      GYRE_TRY_ASSIGN(auto part, repeatOf());
      all->children.push_back(std::move(part));
    } while (more() && !peek(")|") && !(allows(RegexpOptions::kIntersection) && peek("&")));
    if (all->children.size() == 1) return std::move(all->children.front());
    return all;
  }

  Result<NodePtr> repeatOf() {
    GYRE_TRY_ASSIGN(auto node, complementOf());
    for (std::uint32_t count = 0; peek("?*+{"); ++count) {
      if (count > kMaxDepth) return refuse("regular expression repeats a repetition too often");
      auto repeat = makeNode(Node::Kind::kRepeat);
      repeat->most = UINT32_MAX;
      if (take('?')) {
        repeat->most = 1;
      } else if (take('*')) {
      } else if (take('+')) {
        repeat->least = 1;
      } else {
        take('{');
        GYRE_TRY(readCounts(*repeat));
      }
      repeat->children.push_back(std::move(node));
      node = std::move(repeat);
    }
    return node;
  }

  Status readCounts(Node& repeat) {
    if (!digits(repeat.least)) return refuse("integer expected at position " + std::to_string(at_));
    repeat.most = repeat.least;
    if (take(',') && !digits(repeat.most)) repeat.most = UINT32_MAX;
    if (!take('}')) return refuse("expected '}' at position " + std::to_string(at_));
    if (repeat.least > repeat.most)
      return refuse("invalid repetition range(out of order): " + std::to_string(repeat.least) + ".." +
                    std::to_string(repeat.most));
    return {};
  }

  bool digits(std::uint32_t& value) {
    constexpr std::uint32_t kLargest = 1'000'000;  // anything above is beyond kMaxParts anyhow
    const std::size_t begin = at_;
    value = 0;
    for (; peek("0123456789"); ++at_) value = std::min(kLargest, value * 10 + (text_[at_] - '0'));
    return at_ > begin;
  }

  Result<NodePtr> complementOf() {
    std::uint32_t count = 0;
    while (allows(RegexpOptions::kComplement) && take('~')) ++count;
    GYRE_TRY_ASSIGN(auto node, classOf());
    if (count % 2 == 0) return node;
    auto complement = makeNode(Node::Kind::kComplement);
    complement->children.push_back(std::move(node));
    return complement;
  }

  Result<NodePtr> classOf() {
    if (!take('[')) return simple();
    const bool is_inverted = take('^');
    auto set = makeNode(Node::Kind::kSet);
    do {
      GYRE_TRY_ASSIGN(const bool is_named, namedSet(set->ranges));
      if (is_named) continue;
      GYRE_TRY_ASSIGN(const std::uint32_t low, character());
      std::uint32_t high = low;
      if (take('-')) {
        GYRE_TRY_ASSIGN(high, character());
        if (low > high)
          return refuse("invalid range: from (" + std::to_string(low) + ") cannot be > to (" + std::to_string(high) +
                        ")");
      } else if (options_.folds_case && low < 128 && (low | 32u) >= 'a' && (low | 32u) <= 'z') {
        set->ranges.emplace_back(low ^ 32u, low ^ 32u);
      }
      set->ranges.emplace_back(low, high);
    } while (more() && !peek("]"));
    if (!take(']')) return refuse("expected ']' at position " + std::to_string(at_));
    if (is_inverted) set->ranges = inverted(std::move(set->ranges));
    return set;
  }

  Result<NodePtr> simple() {
    if (take('.')) {
      auto set = makeNode(Node::Kind::kSet);
      set->ranges = {{0, CharPattern::kLastCharacter}};
      return set;
    }
    if (allows(RegexpOptions::kEmpty) && take('#')) return makeNode(Node::Kind::kNothing);
    if (allows(RegexpOptions::kAnyString) && take('@')) return makeNode(Node::Kind::kAnyText);
    if (take('"')) {
      auto text = makeNode(Node::Kind::kText);
      while (more() && !peek("\"")) append(text->text, text_[at_++]);
      if (!take('"')) return refuse("expected '\"' at position " + std::to_string(at_));
      return text;
    }
    if (take('(')) {
      if (take(')')) return makeNode(Node::Kind::kText);
      GYRE_TRY_ASSIGN(auto inner, unionOf());
      if (!take(')')) return refuse("expected ')' at position " + std::to_string(at_));
      return inner;
    }
    if (allows(RegexpOptions::kInterval) && take('<')) return interval();
    auto set = makeNode(Node::Kind::kSet);
    GYRE_TRY_ASSIGN(const bool is_named, namedSet(set->ranges));
    if (is_named) return set;
    set->kind = Node::Kind::kChar;
    GYRE_TRY_ASSIGN(set->character, character());
    return set;
  }

  Result<NodePtr> interval() {
    std::string text;
    while (more() && !peek(">")) append(text, text_[at_++]);
    if (!take('>')) return refuse("expected '>' at position " + std::to_string(at_));
    const auto malformed = [&] { return refuse("interval syntax error at position " + std::to_string(at_ - 1)); };
    const std::size_t dash = text.find('-');
    if (dash == std::string::npos || dash == 0 || dash + 1 == text.size() || text.rfind('-') != dash)
      return malformed();
    const auto number = [](std::string_view digits, std::uint32_t& value) {
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
      return error == std::errc() && end == digits.data() + digits.size() && value <= INT32_MAX;
    };
    const std::string_view low_text = std::string_view(text).substr(0, dash);
    const std::string_view high_text = std::string_view(text).substr(dash + 1);
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    if (!number(low_text, low) || !number(high_text, high)) return malformed();
    if (low > high) std::swap(low, high);
    auto node = makeNode(Node::Kind::kInterval);
    node->is_fixed_width = low_text.size() == high_text.size();
    node->low = std::to_string(low);
    node->high = std::to_string(high);
    node->least = static_cast<std::uint32_t>(low_text.size());
    return node;
  }

  // \d, \w …; an escaped letter that names no set is refused.
  Result<bool> namedSet(Ranges& ranges) {
    if (!peek("\\") || at_ + 1 >= text_.size()) return false;
    const std::uint32_t letter = text_[at_ + 1];
    Ranges found;
    switch (letter | 32u) {
      case 'd': found = {{'0', '9'}}; break;
      case 's': found = {{' ', ' '}, {'\n', '\n'}, {'\r', '\r'}, {'\t', '\t'}}; break;
      case 'w': found = {{'_', '_'}, {'0', '9'}, {'A', 'Z'}, {'a', 'z'}}; break;
      default: break;
    }
    if (letter >= 128 || found.empty() || letter < 'A') {
      if (letter < 128 && (letter | 32u) >= 'a' && (letter | 32u) <= 'z')
        return refuse("invalid character class \\" + std::to_string(letter));
      return false;
    }
    if (letter < 'a') found = inverted(std::move(found));
    ranges.insert(ranges.end(), found.begin(), found.end());
    at_ += 2;
    return true;
  }

  Result<std::uint32_t> character() {
    take('\\');
    return next();
  }

  static void append(std::string& out, std::uint32_t code) {
    char bytes[4];
    out.append(bytes, encodeUtf8(code, bytes));
  }

  const RegexpOptions& options_;
  std::vector<std::uint32_t> text_;
  std::size_t at_ = 0;
  std::uint32_t depth_ = 0;
};

// The tree as a pattern. Complement and intersection need their operands deterministic first.
class Builder {
 public:
  Builder(std::string_view source, const RegexpOptions& options) : source_(source), options_(options) {}

  Result<CharAutomaton> automaton(const Node& node) {
    CharPattern pattern;
    GYRE_TRY_ASSIGN(const auto part, build(node, pattern));
    return determinize(pattern, part);
  }

 private:
  using Part = CharPattern::Part;

  Status tooComplex() const {
    return queryShardException("Determinizing " + std::string(source_) + " would require more than " +
                               std::to_string(options_.max_states) + " effort.");
  }

  Result<CharAutomaton> determinize(const CharPattern& pattern, Part part) const {
    auto made = pattern.determinize(part, options_.max_states);
    if (!made) return tooComplex();
    return std::move(*made);
  }

  Result<Part> build(const Node& node, CharPattern& pattern) {
    if (pattern.states() > kMaxParts) return tooComplex();
    switch (node.kind) {
      case Node::Kind::kNothing: return pattern.nothing();
      case Node::Kind::kAnyText: return pattern.anyText();
      case Node::Kind::kSet: return pattern.oneOf(node.ranges);
      case Node::Kind::kChar: return pattern.character(node.character, options_.folds_case);
      case Node::Kind::kText: return pattern.text(node.text, options_.folds_case);
      case Node::Kind::kInterval: return interval(node, pattern);
      case Node::Kind::kRepeat: return repeat(node, pattern);
      case Node::Kind::kComplement: {
        GYRE_TRY_ASSIGN(const auto inner, automaton(*node.children.front()));
        return pattern.automaton(CharPattern::complement(inner));
      }
      case Node::Kind::kIntersection: return intersection(node, pattern);
      case Node::Kind::kUnion:
      case Node::Kind::kSequence: break;
    }
    GYRE_TRY_ASSIGN(Part all, build(*node.children.front(), pattern));
    for (std::size_t i = 1; i < node.children.size(); ++i) {
      GYRE_TRY_ASSIGN(const Part part, build(*node.children[i], pattern));
      all = node.kind == Node::Kind::kUnion ? pattern.either(all, part) : pattern.sequence(all, part);
    }
    return all;
  }

  Result<Part> repeat(const Node& node, CharPattern& pattern) {
    const Node& inner = *node.children.front();
    Part all = pattern.empty();
    for (std::uint32_t i = 0; i < node.least; ++i) {
      GYRE_TRY_ASSIGN(const Part part, build(inner, pattern));
      all = pattern.sequence(all, part);
    }
    if (node.most == UINT32_MAX) {
      GYRE_TRY_ASSIGN(const Part part, build(inner, pattern));
      return pattern.sequence(all, pattern.repeated(part));
    }
    for (std::uint32_t i = node.least; i < node.most; ++i) {
      GYRE_TRY_ASSIGN(const Part part, build(inner, pattern));
      all = pattern.sequence(all, pattern.optional(part));
    }
    return all;
  }

  // a & b is what neither of their complements accepts.
  Result<Part> intersection(const Node& node, CharPattern& pattern) {
    CharPattern outside;
    Part any = outside.nothing();
    for (const NodePtr& child : node.children) {
      GYRE_TRY_ASSIGN(const auto one, automaton(*child));
      any = outside.either(any, outside.automaton(CharPattern::complement(one)));
    }
    GYRE_TRY_ASSIGN(const auto rest, determinize(outside, any));
    return pattern.automaton(CharPattern::complement(rest));
  }

  // Decimal numbers from low to high. Of one width when both ends were written so, else with any zeros before them.
  static Part interval(const Node& node, CharPattern& pattern) {
    std::string low = node.low;
    std::string high = node.high;
    if (node.is_fixed_width) {
      low.insert(0, node.least - low.size(), '0');
      high.insert(0, node.least - high.size(), '0');
      return digitsBetween(low, high, pattern);
    }
    Part any = pattern.nothing();
    for (std::size_t width = low.size(); width <= high.size(); ++width) {
      const std::string from = width == low.size() ? low : "1" + std::string(width - 1, '0');
      const std::string to = width == high.size() ? high : std::string(width, '9');
      any = pattern.either(any, digitsBetween(from, to, pattern));
    }
    return pattern.sequence(pattern.repeated(pattern.character('0', false)), any);
  }

  // REQUIRES: equally many digits, low <= high.
  static Part digitsBetween(std::string_view low, std::string_view high, CharPattern& pattern) {
    if (low.empty()) return pattern.empty();
    const auto digit = [](char c) { return static_cast<std::uint32_t>(static_cast<unsigned char>(c)); };
    const std::string nines(low.size() - 1, '9');
    const std::string zeros(low.size() - 1, '0');
    if (low.front() == high.front())
      return pattern.sequence(pattern.character(digit(low.front()), false),
                              digitsBetween(low.substr(1), high.substr(1), pattern));
    Part any =
        pattern.sequence(pattern.character(digit(low.front()), false), digitsBetween(low.substr(1), nines, pattern));
    any = pattern.either(any, pattern.sequence(pattern.character(digit(high.front()), false),
                                               digitsBetween(zeros, high.substr(1), pattern)));
    if (digit(low.front()) + 1 < digit(high.front()))
      any = pattern.either(any, pattern.sequence(pattern.oneOf({{digit(low.front()) + 1, digit(high.front()) - 1}}),
                                                 digitsBetween(zeros, nines, pattern)));
    return any;
  }

  std::string_view source_;
  const RegexpOptions& options_;
};

}  // namespace

Result<std::uint32_t> RegexpOptions::parseFlags(std::string_view text) {
  struct Flag {
    std::string_view name;
    std::uint32_t bits;
  };
  constexpr Flag kFlags[] = {{"INTERSECTION", kIntersection},
                             {"COMPLEMENT", kComplement},
                             {"EMPTY", kEmpty},
                             {"ANYSTRING", kAnyString},
                             {"INTERVAL", kInterval},
                             {"NONE", 0},
                             {"ALL", kAll}};
  if (text.empty()) return kAll;
  std::uint32_t flags = 0;
  while (!text.empty()) {
    const std::size_t bar = text.find('|');
    std::string name(text.substr(0, bar));
    text = bar == std::string_view::npos ? std::string_view() : text.substr(bar + 1);
    const std::string written = name;
    for (char& c : name) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    const auto* const flag =
        std::find_if(std::begin(kFlags), std::end(kFlags), [&](const Flag& known) { return known.name == name; });
    if (flag == std::end(kFlags)) return illegalArgument("Unknown regexp flag [" + written + "]");
    if (flag->bits == kAll) return kAll;
    flags |= flag->bits;
  }
  return flags;
}

Result<CharAutomaton> parseRegexp(std::string_view pattern, const RegexpOptions& options) {
  GYRE_TRY_ASSIGN(const auto node, Parser(pattern, options).run());
  return Builder(pattern, options).automaton(*node);
}

}  // namespace gyre::engine
