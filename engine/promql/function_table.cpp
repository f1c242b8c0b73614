#include "engine/promql/function_table.hpp"

#include <algorithm>

namespace gyre::engine::promql {
namespace {

using enum FunctionId;
constexpr ValueType kS = ValueType::kScalar;
constexpr ValueType kV = ValueType::kVector;
constexpr ValueType kM = ValueType::kMatrix;
constexpr ValueType kT = ValueType::kString;

const std::vector<Function>& functions() {
  static const std::vector<Function> table = {
      {"rate", kRate, kV, {kM}},
      {"increase", kIncrease, kV, {kM}},
      {"delta", kDelta, kV, {kM}},
      {"irate", kIrate, kV, {kM}},
      {"idelta", kIdelta, kV, {kM}},
      {"deriv", kDeriv, kV, {kM}},
      {"predict_linear", kPredictLinear, kV, {kM, kS}},
      {"resets", kResets, kV, {kM}},
      {"changes", kChanges, kV, {kM}},
      {"holt_winters", kHoltWinters, kV, {kM, kS, kS}},
      {"avg_over_time", kAvgOverTime, kV, {kM}},
      {"count_over_time", kCountOverTime, kV, {kM}},
      {"last_over_time", kLastOverTime, kV, {kM}},
      {"max_over_time", kMaxOverTime, kV, {kM}},
      {"min_over_time", kMinOverTime, kV, {kM}},
      {"sum_over_time", kSumOverTime, kV, {kM}},
      {"present_over_time", kPresentOverTime, kV, {kM}},
      {"absent_over_time", kAbsentOverTime, kV, {kM}},
      {"quantile_over_time", kQuantileOverTime, kV, {kS, kM}},
      {"stddev_over_time", kStddevOverTime, kV, {kM}},
      {"stdvar_over_time", kStdvarOverTime, kV, {kM}},
      {"abs", kAbs, kV, {kV}},
      {"ceil", kCeil, kV, {kV}},
      {"floor", kFloor, kV, {kV}},
      {"exp", kExp, kV, {kV}},
      {"sqrt", kSqrt, kV, {kV}},
      {"ln", kLn, kV, {kV}},
      {"log2", kLog2, kV, {kV}},
      {"log10", kLog10, kV, {kV}},
      {"sin", kSin, kV, {kV}},
      {"cos", kCos, kV, {kV}},
      {"tan", kTan, kV, {kV}},
      {"asin", kAsin, kV, {kV}},
      {"acos", kAcos, kV, {kV}},
      {"atan", kAtan, kV, {kV}},
      {"sinh", kSinh, kV, {kV}},
      {"cosh", kCosh, kV, {kV}},
      {"tanh", kTanh, kV, {kV}},
      {"asinh", kAsinh, kV, {kV}},
      {"acosh", kAcosh, kV, {kV}},
      {"atanh", kAtanh, kV, {kV}},
      {"rad", kRad, kV, {kV}},
      {"deg", kDeg, kV, {kV}},
      {"sgn", kSgn, kV, {kV}},
      {"days_in_month", kDaysInMonth, kV, {kV}, 1},
      {"day_of_month", kDayOfMonth, kV, {kV}, 1},
      {"day_of_week", kDayOfWeek, kV, {kV}, 1},
      {"day_of_year", kDayOfYear, kV, {kV}, 1},
      {"hour", kHour, kV, {kV}, 1},
      {"minute", kMinute, kV, {kV}, 1},
      {"month", kMonth, kV, {kV}, 1},
      {"year", kYear, kV, {kV}, 1},
      {"clamp", kClamp, kV, {kV, kS, kS}},
      {"clamp_max", kClampMax, kV, {kV, kS}},
      {"clamp_min", kClampMin, kV, {kV, kS}},
      {"round", kRound, kV, {kV, kS}, 1},
      {"time", kTime, kS, {}},
      {"pi", kPi, kS, {}},
      {"scalar", kScalar, kS, {kV}},
      {"vector", kVector, kV, {kS}},
      {"timestamp", kTimestamp, kV, {kV}},
      {"sort", kSort, kV, {kV}},
      {"sort_desc", kSortDesc, kV, {kV}},
      {"absent", kAbsent, kV, {kV}},
      {"label_replace", kLabelReplace, kV, {kV, kT, kT, kT, kT}},
      {"label_join", kLabelJoin, kV, {kV, kT, kT, kT}, -1},
      {"histogram_quantile", kHistogramQuantile, kV, {kS, kV}},
  };
  return table;
}

constexpr std::pair<std::string_view, std::string_view> kNotOffered[] = {
    {"histogram_count", "it needs native histograms, which are not kept"},
    {"histogram_sum", "it needs native histograms, which are not kept"},
    {"histogram_fraction", "it needs native histograms, which are not kept"},
    {"histogram_avg", "it needs native histograms, which are not kept"},
    {"histogram_stddev", "it needs native histograms, which are not kept"},
    {"histogram_stdvar", "it needs native histograms, which are not kept"},
    {"mad_over_time", "it is newer than Prometheus 2.42, whose language this is"},
    {"sort_by_label", "it is newer than Prometheus 2.42, whose language this is"},
    {"sort_by_label_desc", "it is newer than Prometheus 2.42, whose language this is"},
    {"double_exponential_smoothing", "it is newer than Prometheus 2.42, where it is called holt_winters"},
    {"info", "it is newer than Prometheus 2.42, whose language this is"},
};

}  // namespace

const Function* findFunction(std::string_view name) {
  const auto found =
      std::find_if(functions().begin(), functions().end(), [&](const Function& f) { return f.name == name; });
  return found == functions().end() ? nullptr : &*found;
}

std::string_view whyNotOffered(std::string_view name) {
  for (const auto& [known, why] : kNotOffered)
    if (known == name) return why;
  return {};
}

}  // namespace gyre::engine::promql
