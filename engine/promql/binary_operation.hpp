// What comes of two operands, step by step?
//
// THREADS: functions without state.
#pragma once

#include <vector>

#include "engine/promql/ast.hpp"
#include "engine/promql/rows.hpp"
#include "engine/promql/stop_check.hpp"

namespace gyre::engine::promql {

// Arithmetic, or a comparison as 0 and 1.
double scalarOperation(BinaryOp op, double lhs, double rhs);

// A vector and a scalar of a value a step. A comparison keeps the vector's values for which it holds, unless
// `returns_bool`. `is_scalar_left`: scalar op vector.
Status vectorScalarOperation(const Binary& binary, Rows& rows, const std::vector<double>& scalar, bool is_scalar_left);

// Two vectors, matched by labels at every step. execution: more than one element to match with; what
// `stop` says.
Result<Rows> vectorOperation(const Binary& binary, Rows lhs, Rows rhs, std::uint32_t steps, const StopCheck& stop);

}  // namespace gyre::engine::promql
