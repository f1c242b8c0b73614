#include "engine/promql/parser.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "engine/promql/function_table.hpp"
#include "engine/promql/lexer.hpp"
#include "engine/promql/type_check.hpp"
#include "gyre/excerpt.hpp"

namespace gyre::engine::promql {
namespace {

// How tightly an operator binds; unary minus binds as * does.
enum Precedence : int { kOrLevel = 1, kAndLevel, kComparisonLevel, kSumLevel, kProductLevel, kPowerLevel };

struct Operator {
  BinaryOp op;
  int precedence;
};

std::optional<Operator> operatorOf(const Item& item) {
  switch (item.token) {
    case Token::kAdd: return Operator{BinaryOp::kAdd, kSumLevel};
    case Token::kSubtract: return Operator{BinaryOp::kSubtract, kSumLevel};
    case Token::kMultiply: return Operator{BinaryOp::kMultiply, kProductLevel};
    case Token::kDivide: return Operator{BinaryOp::kDivide, kProductLevel};
    case Token::kModulo: return Operator{BinaryOp::kModulo, kProductLevel};
    case Token::kPower: return Operator{BinaryOp::kPower, kPowerLevel};
    case Token::kEqual: return Operator{BinaryOp::kEqual, kComparisonLevel};
    case Token::kNotEqual: return Operator{BinaryOp::kNotEqual, kComparisonLevel};
    case Token::kLess: return Operator{BinaryOp::kLess, kComparisonLevel};
    case Token::kLessOrEqual: return Operator{BinaryOp::kLessOrEqual, kComparisonLevel};
    case Token::kGreater: return Operator{BinaryOp::kGreater, kComparisonLevel};
    case Token::kGreaterOrEqual: return Operator{BinaryOp::kGreaterOrEqual, kComparisonLevel};
    default: break;
  }
  switch (item.word) {
    case Word::kAnd: return Operator{BinaryOp::kAnd, kAndLevel};
    case Word::kUnless: return Operator{BinaryOp::kUnless, kAndLevel};
    case Word::kOr: return Operator{BinaryOp::kOr, kOrLevel};
    case Word::kAtan2: return Operator{BinaryOp::kAtan2, kProductLevel};
    default: return std::nullopt;
  }
}

// Where an expression may begin, these words are no metric's name.
bool isReserved(Word word) {
  return word == Word::kAtan2 || word == Word::kBool || word == Word::kOn || word == Word::kIgnoring ||
         word == Word::kGroupLeft || word == Word::kGroupRight;
}

class Parser {
 public:
  Parser(std::string_view query, std::vector<Item> items, const ParseLimits& limits)
      : query_(query), items_(std::move(items)), limits_(limits) {}

  Result<ExprPtr> run() {
    if (peek().token == Token::kEnd) return error(0, "no expression found in input");
    GYRE_TRY_ASSIGN(ExprPtr expr, parseExpr(kOrLevel));
    if (peek().token != Token::kEnd) return unexpected("", "");
    return expr;
  }

  Result<series::Matchers> runSelector() {
    if (peek().token != Token::kLeftBrace && peek().token != Token::kIdentifier &&
        peek().token != Token::kMetricIdentifier)
      return unexpected("", "a vector selector");
    GYRE_TRY_ASSIGN(ExprPtr expr, parseSelectorExpr());
    if (peek().token != Token::kEnd) return unexpected("", "");
    return std::move(std::get<Selector>(expr->node).matchers);
  }

 private:
  const Item& peek(std::size_t ahead = 0) const { return items_[std::min(at_ + ahead, items_.size() - 1)]; }
  const Item& take() {
    const Item& item = peek();
    if (at_ + 1 < items_.size()) ++at_;
    return item;
  }
  bool accept(Token token) {
    if (peek().token != token) return false;
    take();
    return true;
  }
  bool acceptWord(Word word) {
    if (peek().word != word) return false;
    take();
    return true;
  }
  Status error(std::size_t offset, std::string_view message) const { return parseError(query_, offset, message); }
  Status unexpected(std::string_view context, std::string_view expected) const {
    std::string message("unexpected ");
    message.append(describe(peek()));
    if (!context.empty()) message.append(" in ").append(context);
    if (!expected.empty()) message.append(", expected ").append(expected);
    return error(peek().span.begin, message);
  }
  Status tooDeep() const {
    return {Code::kInvalidArgument, "bad_data",
            "query is nested deeper than max_depth (" + std::to_string(limits_.max_depth) + " levels)"};
  }

  template <class Node>
  Result<ExprPtr> finish(Node node, std::uint32_t begin, std::uint32_t depth) {
    if (depth >= limits_.max_depth) return tooDeep();
    auto expr = std::make_unique<Expr>();
    expr->node = std::move(node);
    expr->span = {begin, at_ == 0 ? begin : items_[at_ - 1].span.end};
    expr->depth = depth + 1;
    GYRE_TRY(checkExpr(query_, *expr));
    return expr;
  }

  // Operators that bind at least as tightly as `lowest`.
  Result<ExprPtr> parseExpr(int lowest) {
    // Parentheses and unary signs recurse before any node is made.
    struct Level {
      std::uint32_t& count;
      explicit Level(std::uint32_t& c) : count(c) { ++count; }
      ~Level() { --count; }
    } level(level_);
    if (level_ > limits_.max_depth) return tooDeep();
    GYRE_TRY_ASSIGN(ExprPtr lhs, parseUnary());
    for (;;) {
      const auto found = operatorOf(peek());
      if (!found || found->precedence < lowest) return lhs;
      take();
      Binary binary;
      binary.op = found->op;
      GYRE_TRY(parseModifiers(binary));
      const bool is_right_associative = found->op == BinaryOp::kPower;
      GYRE_TRY_ASSIGN(binary.rhs, parseExpr(found->precedence + (is_right_associative ? 0 : 1)));
      const std::uint32_t begin = lhs->span.begin;
      const std::uint32_t depth = std::max(lhs->depth, binary.rhs->depth);
      binary.lhs = std::move(lhs);
      GYRE_TRY_ASSIGN(lhs, finish(std::move(binary), begin, depth));
    }
  }

  Status parseModifiers(Binary& binary) {
    binary.returns_bool = acceptWord(Word::kBool);
    Matching& matching = binary.matching;
    const Word word = peek().word;
    if (word != Word::kOn && word != Word::kIgnoring) return {};
    take();
    matching.is_on = word == Word::kOn;
    GYRE_TRY(parseLabels(matching.labels));
    const Word group = peek().word;
    if (group != Word::kGroupLeft && group != Word::kGroupRight) return {};
    take();
    matching.card = group == Word::kGroupLeft ? Matching::Card::kManyToOne : Matching::Card::kOneToMany;
    return peek().token == Token::kLeftParen ? parseLabels(matching.include) : Status();
  }

  Status parseLabels(std::vector<std::string>& labels) {
    if (!accept(Token::kLeftParen)) return unexpected("grouping opts", "\"(\"");
    while (!accept(Token::kRightParen)) {
      if (peek().token != Token::kIdentifier) return unexpected("grouping opts", "label");
      labels.push_back(take().text);
      if (!accept(Token::kComma) && peek().token != Token::kRightParen)
        return unexpected("grouping opts", "\",\" or \")\"");
    }
    return {};
  }

  Result<ExprPtr> parseUnary() {
    const Item first = peek();
    if (first.token != Token::kAdd && first.token != Token::kSubtract) {
      GYRE_TRY_ASSIGN(ExprPtr primary, parsePrimary());
      return parsePostfix(std::move(primary));
    }
    take();
    const bool is_negative = first.token == Token::kSubtract;
    GYRE_TRY_ASSIGN(ExprPtr operand, parseExpr(kPowerLevel));
    if (auto* number = std::get_if<NumberLiteral>(&operand->node)) {
      if (is_negative) number->value = -number->value;
      operand->span.begin = first.span.begin;
      return operand;
    }
    const std::uint32_t depth = operand->depth;
    return finish(Unary{is_negative, std::move(operand)}, first.span.begin, depth);
  }

  Result<ExprPtr> parsePrimary() {
    const Item& item = peek();
    const std::uint32_t begin = item.span.begin;
    switch (item.token) {
      case Token::kNumber: return finish(NumberLiteral{take().number}, begin, 0);
      case Token::kString: return finish(StringLiteral{take().text}, begin, 0);
      case Token::kLeftBrace:
      case Token::kMetricIdentifier: return parseSelectorExpr();
      case Token::kLeftParen: {
        take();
        GYRE_TRY_ASSIGN(ExprPtr inner, parseExpr(kOrLevel));
        if (!accept(Token::kRightParen)) return unexpected("", "\")\"");
        const std::uint32_t depth = inner->depth;
        return finish(Paren{std::move(inner)}, begin, depth);
      }
      case Token::kIdentifier: break;
      default: return unexpected("", "");
    }
    const Item& next = peek(1);
    if (item.word == Word::kAggregation &&
        (next.token == Token::kLeftParen || next.word == Word::kBy || next.word == Word::kWithout))
      return parseAggregation();
    if (next.token == Token::kLeftParen && item.word == Word::kNone) return parseCall();
    if (isReserved(item.word)) return unexpected("", "");
    return parseSelectorExpr();
  }

  Status parseArguments(std::vector<ExprPtr>& arguments) {
    if (!accept(Token::kLeftParen)) return unexpected("aggregation", "\"(\"");
    if (accept(Token::kRightParen)) return {};
    for (;;) {
      GYRE_TRY_ASSIGN(ExprPtr argument, parseExpr(kOrLevel));
      arguments.push_back(std::move(argument));
      if (accept(Token::kRightParen)) return {};
      if (!accept(Token::kComma)) return unexpected("function call arguments", "\",\" or \")\"");
      if (peek().token == Token::kRightParen)
        return error(peek().span.begin, "trailing commas not allowed in function call args");
    }
  }

  static std::uint32_t deepest(const std::vector<ExprPtr>& arguments) {
    std::uint32_t depth = 0;
    for (const ExprPtr& argument : arguments) depth = std::max(depth, argument->depth);
    return depth;
  }

  Result<ExprPtr> parseCall() {
    const Item name = take();
    Call call;
    call.function = findFunction(name.text);
    if (call.function == nullptr) {
      const std::string_view why = whyNotOffered(name.text);
      std::string message(why.empty() ? "unknown function with name \"" : "function \"");
      message.append(excerpt(name.text, 60)).append("\"");
      if (!why.empty()) message.append(" is not supported: ").append(why);
      return error(name.span.begin, message);
    }
    GYRE_TRY(parseArguments(call.arguments));
    const std::uint32_t depth = deepest(call.arguments);
    return finish(std::move(call), name.span.begin, depth);
  }

  Status parseGrouping(Aggregation& aggregation) {
    aggregation.is_without = take().word == Word::kWithout;
    return parseLabels(aggregation.grouping);
  }
  bool atGrouping() const { return peek().word == Word::kBy || peek().word == Word::kWithout; }

  Result<ExprPtr> parseAggregation() {
    const Item name = take();
    std::string lower = name.text;
    for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    Aggregation aggregation;
    aggregation.op = aggregationOf(lower).value_or(AggregationOp::kSum);
    const bool is_grouped = atGrouping();
    if (is_grouped) GYRE_TRY(parseGrouping(aggregation));
    std::vector<ExprPtr> arguments;
    GYRE_TRY(parseArguments(arguments));
    if (!is_grouped && atGrouping()) GYRE_TRY(parseGrouping(aggregation));
    if (arguments.empty()) return error(name.span.begin, "no arguments for aggregate expression provided");
    const std::size_t wanted = hasParameter(aggregation.op) ? 2 : 1;
    if (arguments.size() != wanted)
      return error(name.span.begin, "wrong number of arguments for aggregate expression provided, expected " +
                                        std::to_string(wanted) + ", got " + std::to_string(arguments.size()));
    const std::uint32_t depth = deepest(arguments);
    aggregation.expr = std::move(arguments.back());
    if (wanted == 2) aggregation.parameter = std::move(arguments.front());
    std::sort(aggregation.grouping.begin(), aggregation.grouping.end());
    return finish(std::move(aggregation), name.span.begin, depth);
  }

  Result<ExprPtr> parseSelectorExpr() {
    Selector selector;
    const std::uint32_t begin = peek().span.begin;
    if (peek().token != Token::kLeftBrace) selector.name = take().text;
    if (accept(Token::kLeftBrace)) GYRE_TRY(parseMatchers(selector.matchers));
    if (!selector.name.empty())
      GYRE_TRY(addMatcher(selector.matchers, std::string(series::kMetricName), series::Matcher::Kind::kEqual,
                          selector.name, begin));
    return finish(std::move(selector), begin, 0);
  }

  Status addMatcher(series::Matchers& matchers, std::string label, series::Matcher::Kind kind, std::string value,
                    std::size_t offset) {
    auto matcher = series::Matcher::make(std::move(label), kind, std::move(value));
    if (!matcher.isOk()) return error(offset, matcher.status().message());
    matchers.push_back(std::move(matcher).value());
    return {};
  }

  // After the left brace.
  Status parseMatchers(series::Matchers& matchers) {
    using Kind = series::Matcher::Kind;
    while (!accept(Token::kRightBrace)) {
      if (peek().token != Token::kIdentifier) return unexpected("label matching", "identifier or \"}\"");
      const Item label = take();
      Kind kind = Kind::kEqual;
      switch (peek().token) {
        case Token::kAssign: break;
        case Token::kNotEqual: kind = Kind::kNotEqual; break;
        case Token::kRegexMatch: kind = Kind::kRegex; break;
        case Token::kRegexMismatch: kind = Kind::kNotRegex; break;
        default: return unexpected("label matching", "label matching operator");
      }
      take();
      if (peek().token != Token::kString) return unexpected("label matching", "string");
      GYRE_TRY(addMatcher(matchers, label.text, kind, take().text, label.span.begin));
      if (!accept(Token::kComma) && peek().token != Token::kRightBrace)
        return unexpected("label matching", "\",\" or \"}\"");
    }
    return {};
  }

  Result<ExprPtr> parsePostfix(ExprPtr expr) {
    for (;;) {
      if (peek().token == Token::kLeftBracket) {
        GYRE_TRY_ASSIGN(expr, parseRange(std::move(expr)));
      } else if (peek().word == Word::kOffset) {
        GYRE_TRY(parseOffset(*expr));
      } else if (peek().token == Token::kAt) {
        GYRE_TRY(parseAt(*expr));
      } else {
        return expr;
      }
    }
  }

  Result<ExprPtr> parseRange(ExprPtr expr) {
    const std::uint32_t bracket = take().span.begin;
    if (peek().token != Token::kDuration) return unexpected("subquery selector", "duration");
    const std::int64_t range = take().duration;
    if (accept(Token::kRightBracket)) {
      auto* selector = std::get_if<Selector>(&expr->node);
      if (selector == nullptr || selector->range_ms > 0)
        return error(bracket, "ranges only allowed for vector selectors");
      if (selector->offset_ms != 0) return error(bracket, "no offset modifiers allowed before range");
      // As 2.42: of the @ modifiers only a time is refused here.
      if (selector->at.kind == At::Kind::kTime) return error(bracket, "no @ modifiers allowed before range");
      selector->range_ms = range;
      expr->type = ValueType::kMatrix;
      expr->span.end = items_[at_ - 1].span.end;
      return expr;
    }
    if (!accept(Token::kColon)) return unexpected("subquery or range", "\":\" or \"]\"");
    Subquery subquery;
    subquery.range_ms = range;
    if (peek().token == Token::kDuration) subquery.step_ms = take().duration;
    if (!accept(Token::kRightBracket))
      return unexpected("subquery selector", subquery.step_ms > 0 ? "\"]\"" : "duration or \"]\"");
    const std::uint32_t begin = expr->span.begin;
    const std::uint32_t depth = expr->depth;
    subquery.expr = std::move(expr);
    return finish(std::move(subquery), begin, depth);
  }

  Status parseOffset(Expr& expr) {
    take();
    const bool is_negative = accept(Token::kSubtract);
    if (peek().token != Token::kDuration) return unexpected("offset", "duration");
    const std::int64_t offset = is_negative ? -take().duration : take().duration;
    std::int64_t* target = nullptr;
    if (auto* selector = std::get_if<Selector>(&expr.node)) target = &selector->offset_ms;
    if (auto* subquery = std::get_if<Subquery>(&expr.node)) target = &subquery->offset_ms;
    if (target == nullptr)
      return error(
          expr.span.begin,
          "offset modifier must be preceded by an instant vector selector or range vector selector or a subquery");
    if (*target != 0) return error(expr.span.begin, "offset may not be set multiple times");
    *target = offset;
    expr.span.end = items_[at_ - 1].span.end;
    return {};
  }

  Status parseAt(Expr& expr) {
    take();
    At at;
    if (peek().word == Word::kStart || peek().word == Word::kEnd) {
      at.kind = take().word == Word::kStart ? At::Kind::kStart : At::Kind::kEnd;
      if (!accept(Token::kLeftParen)) return unexpected("@", "\"(\"");
      if (!accept(Token::kRightParen)) return unexpected("@", "\")\"");
    } else {
      const bool is_negative = peek().token == Token::kSubtract;
      if (is_negative || peek().token == Token::kAdd) take();
      if (peek().token != Token::kNumber) return unexpected("@", "timestamp");
      const double seconds = is_negative ? -take().number : take().number;
      // Half of what 64 bits of milliseconds hold, so that offsets and ranges cannot overflow.
      if (!(std::abs(seconds) < 4e15)) return error(expr.span.begin, "timestamp out of bounds for @ modifier");
      at.kind = At::Kind::kTime;
      at.time_ms = static_cast<std::int64_t>(std::round(seconds * 1000));
    }
    At* target = nullptr;
    if (auto* selector = std::get_if<Selector>(&expr.node)) target = &selector->at;
    if (auto* subquery = std::get_if<Subquery>(&expr.node)) target = &subquery->at;
    if (target == nullptr)
      return error(expr.span.begin,
                   "@ modifier must be preceded by an instant vector selector or range vector selector or a subquery");
    if (target->kind != At::Kind::kNone) return error(expr.span.begin, "@ <timestamp> may not be set multiple times");
    *target = at;
    expr.span.end = items_[at_ - 1].span.end;
    return {};
  }

  std::string_view query_;
  std::vector<Item> items_;
  ParseLimits limits_;
  std::size_t at_ = 0;
  std::uint32_t level_ = 0;
};

Status checkLength(std::string_view query, const ParseLimits& limits) {
  if (query.size() <= limits.max_query_bytes) return {};
  return {Code::kInvalidArgument, "bad_data",
          "query has " + std::to_string(query.size()) + " bytes, more than max_query_bytes (" +
              std::to_string(limits.max_query_bytes) + ")"};
}

}  // namespace

Result<ExprPtr> parseQuery(std::string_view query, const ParseLimits& limits) {
  GYRE_TRY(checkLength(query, limits));
  GYRE_TRY_ASSIGN(std::vector<Item> items, readItems(query));
  return Parser(query, std::move(items), limits).run();
}

Result<series::Matchers> parseSelector(std::string_view text, const ParseLimits& limits) {
  GYRE_TRY(checkLength(text, limits));
  GYRE_TRY_ASSIGN(std::vector<Item> items, readItems(text));
  return Parser(text, std::move(items), limits).runSelector();
}

}  // namespace gyre::engine::promql
