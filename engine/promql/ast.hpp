// What does a query ask, once it is understood?
//
// A tree of expressions, each with its type and the part of the text it came from. Times and durations are
// milliseconds.
//
// THREADS: immutable once parsed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "engine/promql/aggregation_op.hpp"
#include "engine/promql/token.hpp"
#include "engine/series/matcher.hpp"

namespace gyre::engine::promql {

struct Function;  // function_table.hpp
struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

enum class ValueType : std::uint8_t { kScalar, kVector, kMatrix, kString };

// "scalar", "instant vector", "range vector", "string".
std::string_view typeName(ValueType type);

enum class BinaryOp : std::uint8_t {
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kPower,
  kAtan2,
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kAnd,
  kOr,
  kUnless,
};

constexpr bool isSetOp(BinaryOp op) { return op >= BinaryOp::kAnd; }
constexpr bool isComparison(BinaryOp op) { return op >= BinaryOp::kEqual && op <= BinaryOp::kGreaterOrEqual; }
// As written: "+", "atan2", "and".
std::string_view opText(BinaryOp op);

struct NumberLiteral {
  double value = 0;
};

struct StringLiteral {
  std::string value;
};

// The @ modifier: a fixed time instead of the evaluation's.
struct At {
  enum class Kind : std::uint8_t { kNone, kTime, kStart, kEnd };
  Kind kind = Kind::kNone;
  std::int64_t time_ms = 0;  // of kTime
};

struct Selector {
  std::string name;           // before the braces; "" when there is none
  series::Matchers matchers;  // with one for the name
  std::int64_t range_ms = 0;  // 0: an instant selector
  std::int64_t offset_ms = 0;
  At at;
};

struct Subquery {
  ExprPtr expr;
  std::int64_t range_ms = 0;
  std::int64_t step_ms = 0;  // 0: the default step
  std::int64_t offset_ms = 0;
  At at;
};

struct Call {
  const Function* function = nullptr;
  std::vector<ExprPtr> arguments;
};

struct Aggregation {
  AggregationOp op = AggregationOp::kSum;
  std::vector<std::string> grouping;
  bool is_without = false;
  ExprPtr parameter;  // null when the aggregation has none
  ExprPtr expr;
};

struct Matching {
  enum class Card : std::uint8_t { kOneToOne, kManyToOne, kOneToMany };
  Card card = Card::kOneToOne;
  bool is_on = false;                // on(labels), else ignoring(labels)
  std::vector<std::string> labels;   // sorted
  std::vector<std::string> include;  // labels that group_left and group_right take from the one side
};

struct Binary {
  BinaryOp op = BinaryOp::kAdd;
  bool returns_bool = false;
  Matching matching;
  ExprPtr lhs;
  ExprPtr rhs;
};

struct Unary {
  bool is_negative = false;
  ExprPtr expr;
};

struct Paren {
  ExprPtr expr;
};

struct Expr {
  std::variant<NumberLiteral, StringLiteral, Selector, Subquery, Call, Aggregation, Binary, Unary, Paren> node;
  ValueType type = ValueType::kScalar;
  Span span;
  std::uint32_t depth = 1;  // levels of the tree below and with this one
};

// What stands inside any parentheses.
const Expr& withoutParens(const Expr& expr);

}  // namespace gyre::engine::promql
