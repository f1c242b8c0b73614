// Which functions are there, and what do they take?
//
// Those of Prometheus 2.42, but histogram_count, histogram_sum and histogram_fraction, which need native histograms:
// they are refused by name, and so are those of later versions.
//
// THREADS: immutable.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/promql/ast.hpp"

namespace gyre::engine::promql {

enum class FunctionId : std::uint8_t {
  // Of a range vector: see window_function.hpp.
  kRate,
  kIncrease,
  kDelta,
  kIrate,
  kIdelta,
  kDeriv,
  kPredictLinear,
  kResets,
  kChanges,
  kHoltWinters,
  kAvgOverTime,
  kCountOverTime,
  kLastOverTime,
  kMaxOverTime,
  kMinOverTime,
  kSumOverTime,
  kPresentOverTime,
  kAbsentOverTime,
  kQuantileOverTime,
  kStddevOverTime,
  kStdvarOverTime,
  // Of each value alone: see element_function.hpp.
  kAbs,
  kCeil,
  kFloor,
  kExp,
  kSqrt,
  kLn,
  kLog2,
  kLog10,
  kSin,
  kCos,
  kTan,
  kAsin,
  kAcos,
  kAtan,
  kSinh,
  kCosh,
  kTanh,
  kAsinh,
  kAcosh,
  kAtanh,
  kRad,
  kDeg,
  kSgn,
  kDaysInMonth,
  kDayOfMonth,
  kDayOfWeek,
  kDayOfYear,
  kHour,
  kMinute,
  kMonth,
  kYear,
  // Of each value and scalars.
  kClamp,
  kClampMax,
  kClampMin,
  kRound,
  // The others.
  kTime,
  kPi,
  kScalar,
  kVector,
  kTimestamp,
  kSort,
  kSortDesc,
  kAbsent,
  kLabelReplace,
  kLabelJoin,
  kHistogramQuantile,
};

constexpr bool isWindowFunction(FunctionId id) { return id <= FunctionId::kStdvarOverTime; }
constexpr bool isElementFunction(FunctionId id) { return id >= FunctionId::kAbs && id <= FunctionId::kYear; }
constexpr bool isDateFunction(FunctionId id) { return id >= FunctionId::kDaysInMonth && id <= FunctionId::kYear; }

struct Function {
  std::string_view name;
  FunctionId id;
  ValueType returns;
  std::vector<ValueType> arguments;
  // How many of the last argument there may be besides `arguments` less one: 0 exactly as listed, -1 any number.
  int variadic = 0;
};

// Null when there is none of that name; case matters.
const Function* findFunction(std::string_view name);

// Why a function that Prometheus has is not offered: "needs native histograms", …; "" for names unknown to it.
std::string_view whyNotOffered(std::string_view name);

}  // namespace gyre::engine::promql
