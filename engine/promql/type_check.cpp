#include "engine/promql/type_check.hpp"

#include <algorithm>
#include <string>

#include "engine/promql/function_table.hpp"
#include "engine/promql/lexer.hpp"

namespace gyre::engine::promql {
namespace {

class Checker {
 public:
  Checker(std::string_view query, Expr& expr) : query_(query), expr_(expr) {}

  Status operator()(NumberLiteral&) { return typed(ValueType::kScalar); }
  Status operator()(StringLiteral&) { return typed(ValueType::kString); }

  Status operator()(Selector& selector) {
    expr_.type = selector.range_ms > 0 ? ValueType::kMatrix : ValueType::kVector;
    if (!selector.name.empty()) {
      for (std::size_t i = 0; i + 1 < selector.matchers.size(); ++i)
        if (selector.matchers[i].name() == series::kMetricName)
          return error(expr_, "metric name must not be set twice: \"" + selector.name + "\" or \"" +
                                  selector.matchers[i].value() + "\"");
      return {};
    }
    const bool selects_something = std::any_of(selector.matchers.begin(), selector.matchers.end(),
                                               [](const series::Matcher& matcher) { return !matcher.matchesAbsent(); });
    return selects_something ? Status() : error(expr_, "vector selector must contain at least one non-empty matcher");
  }

  Status operator()(Subquery& subquery) {
    if (subquery.expr->type != ValueType::kVector)
      return error(expr_, "subquery is only allowed on instant vector, got " +
                              std::string(typeName(subquery.expr->type)) + " instead");
    return typed(ValueType::kMatrix);
  }

  Status operator()(Call& call) {
    const Function& function = *call.function;
    const auto quoted = [&] {
      return "call to \"" + std::string(function.name) + "\", got " + std::to_string(call.arguments.size());
    };
    const std::size_t listed = function.arguments.size();
    if (function.variadic == 0) {
      if (listed != call.arguments.size())
        return error(expr_, "expected " + std::to_string(listed) + " argument(s) in " + quoted());
    } else {
      const std::size_t least = listed - 1;
      if (call.arguments.size() < least)
        return error(expr_, "expected at least " + std::to_string(least) + " argument(s) in " + quoted());
      const std::size_t most = least + static_cast<std::size_t>(std::max(function.variadic, 0));
      if (function.variadic > 0 && call.arguments.size() > most)
        return error(expr_, "expected at most " + std::to_string(most) + " argument(s) in " + quoted());
    }
    for (std::size_t i = 0; i < call.arguments.size(); ++i)
      GYRE_TRY(expect(*call.arguments[i], function.arguments[std::min(i, listed - 1)],
                      "call to function \"" + std::string(function.name) + "\""));
    return typed(function.returns);
  }

  Status operator()(Aggregation& aggregation) {
    GYRE_TRY(expect(*aggregation.expr, ValueType::kVector, "aggregation expression"));
    if (aggregation.parameter != nullptr) {
      const bool is_text = aggregation.op == AggregationOp::kCountValues;
      GYRE_TRY(
          expect(*aggregation.parameter, is_text ? ValueType::kString : ValueType::kScalar, "aggregation parameter"));
    }
    return typed(ValueType::kVector);
  }

  Status operator()(Binary& binary) {
    const ValueType lt = binary.lhs->type;
    const ValueType rt = binary.rhs->type;
    for (const Expr* side : {binary.lhs.get(), binary.rhs.get()})
      if (side->type != ValueType::kScalar && side->type != ValueType::kVector)
        return error(*side, "binary expression must contain only scalar and instant vector types");
    if (binary.returns_bool && !isComparison(binary.op))
      return error(expr_, "bool modifier can only be used on comparison operators");
    const bool is_scalar = lt == ValueType::kScalar && rt == ValueType::kScalar;
    if (isComparison(binary.op) && !binary.returns_bool && is_scalar)
      return error(expr_, "comparisons between scalars must use BOOL modifier");
    Matching& matching = binary.matching;
    for (const std::string& label : matching.labels)
      if (matching.is_on &&
          std::find(matching.include.begin(), matching.include.end(), label) != matching.include.end())
        return error(expr_, "label \"" + label + "\" must not occur in ON and GROUP clause at once");
    if (lt == ValueType::kScalar || rt == ValueType::kScalar) {
      if (!matching.labels.empty()) return error(expr_, "vector matching only allowed between instant vectors");
      if (isSetOp(binary.op))
        return error(expr_,
                     "set operator \"" + std::string(opText(binary.op)) + "\" not allowed in binary scalar expression");
    } else if (isSetOp(binary.op) && matching.card != Matching::Card::kOneToOne) {
      return error(expr_, "no grouping allowed for \"" + std::string(opText(binary.op)) + "\" operation");
    }
    std::sort(matching.labels.begin(), matching.labels.end());
    return typed(is_scalar ? ValueType::kScalar : ValueType::kVector);
  }

  Status operator()(Unary& unary) {
    if (unary.expr->type != ValueType::kScalar && unary.expr->type != ValueType::kVector)
      return error(expr_, "unary expression only allowed on expressions of type scalar or instant vector, got \"" +
                              std::string(typeName(unary.expr->type)) + "\"");
    return typed(unary.expr->type);
  }

  Status operator()(Paren& paren) { return typed(paren.expr->type); }

 private:
  Status typed(ValueType type) {
    expr_.type = type;
    return {};
  }
  Status error(const Expr& at, std::string_view message) const { return parseError(query_, at.span.begin, message); }
  Status expect(const Expr& part, ValueType type, std::string_view context) const {
    if (part.type == type) return {};
    std::string message("expected type ");
    message.append(typeName(type)).append(" in ").append(context).append(", got ").append(typeName(part.type));
    return error(part, message);
  }

  std::string_view query_;
  Expr& expr_;
};

}  // namespace

Status checkExpr(std::string_view query, Expr& expr) { return std::visit(Checker(query, expr), expr.node); }

std::string_view typeName(ValueType type) {
  switch (type) {
    case ValueType::kScalar: return "scalar";
    case ValueType::kVector: return "instant vector";
    case ValueType::kMatrix: return "range vector";
    case ValueType::kString: return "string";
  }
  return "";
}

std::string_view opText(BinaryOp op) {
  static constexpr std::string_view kTexts[] = {
      "+", "-", "*", "/", "%", "^", "atan2", "==", "!=", "<", "<=", ">", ">=", "and", "or", "unless"};
  return kTexts[static_cast<std::size_t>(op)];
}

const Expr& withoutParens(const Expr& expr) {
  const Expr* inner = &expr;
  while (const auto* paren = std::get_if<Paren>(&inner->node)) inner = paren->expr.get();
  return *inner;
}

}  // namespace gyre::engine::promql
