#include "engine/promql/element_function.hpp"

#include <date/date.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <numbers>

#include "engine/promql/rows.hpp"

namespace gyre::engine::promql {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

template <class F>
void each(std::span<double> values, F f) {
  for (double& value : values)
    if (!isNoValue(value)) value = f(value);
}

// Years to ±32,767 are what the calendar reaches; this is the year 30,489. NaN has no date either.
constexpr double kMaxSeconds = 9e11;

}  // namespace

double datePart(FunctionId function, std::int64_t seconds) {
  using enum FunctionId;
  const date::sys_seconds time{std::chrono::seconds(seconds)};
  const date::sys_days day = date::floor<date::days>(time);
  const date::year_month_day civil(day);
  const auto of_day = time - day;
  switch (function) {
    case kDaysInMonth: return static_cast<unsigned>((civil.year() / civil.month() / date::last).day());
    case kDayOfMonth: return static_cast<unsigned>(civil.day());
    case kDayOfWeek: return date::weekday(day).c_encoding();
    case kDayOfYear: return static_cast<double>((day - date::sys_days(civil.year() / 1 / 1)).count()) + 1;
    case kHour: return static_cast<double>(std::chrono::duration_cast<std::chrono::hours>(of_day).count());
    case kMinute: return static_cast<double>(std::chrono::duration_cast<std::chrono::minutes>(of_day).count() % 60);
    case kMonth: return static_cast<unsigned>(civil.month());
    default: return static_cast<int>(civil.year());
  }
}

double maxOrNaN(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return kNaN;
  if (a == 0 && b == 0) return std::signbit(a) ? b : a;
  return a > b ? a : b;
}

double minOrNaN(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return kNaN;
  if (a == 0 && b == 0) return std::signbit(a) ? a : b;
  return a < b ? a : b;
}

void applyElements(FunctionId function, std::span<double> values) {
  using enum FunctionId;
  switch (function) {
    case kAbs: return each(values, [](double v) { return std::abs(v); });
    case kCeil: return each(values, [](double v) { return std::ceil(v); });
    case kFloor: return each(values, [](double v) { return std::floor(v); });
    case kExp: return each(values, [](double v) { return std::exp(v); });
    case kSqrt: return each(values, [](double v) { return std::sqrt(v); });
    case kLn: return each(values, [](double v) { return std::log(v); });
    case kLog2: return each(values, [](double v) { return std::log2(v); });
    case kLog10: return each(values, [](double v) { return std::log10(v); });
    case kSin: return each(values, [](double v) { return std::sin(v); });
    case kCos: return each(values, [](double v) { return std::cos(v); });
    case kTan: return each(values, [](double v) { return std::tan(v); });
    case kAsin: return each(values, [](double v) { return std::asin(v); });
    case kAcos: return each(values, [](double v) { return std::acos(v); });
    case kAtan: return each(values, [](double v) { return std::atan(v); });
    case kSinh: return each(values, [](double v) { return std::sinh(v); });
    case kCosh: return each(values, [](double v) { return std::cosh(v); });
    case kTanh: return each(values, [](double v) { return std::tanh(v); });
    case kAsinh: return each(values, [](double v) { return std::asinh(v); });
    case kAcosh: return each(values, [](double v) { return std::acosh(v); });
    case kAtanh: return each(values, [](double v) { return std::atanh(v); });
    case kRad: return each(values, [](double v) { return v * std::numbers::pi / 180; });
    case kDeg: return each(values, [](double v) { return v * 180 / std::numbers::pi; });
    case kSgn: return each(values, [](double v) { return v < 0 ? -1 : v > 0 ? 1 : v; });
    default:
      return each(values, [&](double v) {
        return std::abs(v) <= kMaxSeconds ? datePart(function, static_cast<std::int64_t>(v)) : kNaN;
      });
  }
}

}  // namespace gyre::engine::promql
