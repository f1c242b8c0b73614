// Do the parts of an expression fit together?
//
// THREADS: functions without state.
#pragma once

#include <string_view>

#include "engine/promql/ast.hpp"
#include "gyre/status.hpp"

namespace gyre::engine::promql {

// Checks one expression whose parts are checked already, sets its type and completes its matching. bad_data names the
// place in `query`.
Status checkExpr(std::string_view query, Expr& expr);

}  // namespace gyre::engine::promql
