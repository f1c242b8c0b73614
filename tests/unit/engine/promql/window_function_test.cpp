// The sliding windows against windows that are cut out of the samples one by one.
#include "engine/promql/window_function.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <iostream>
#include <limits>
#include <random>
#include <vector>

namespace {

using gyre::engine::promql::evaluateWindows;
using gyre::engine::promql::FunctionId;
using gyre::engine::promql::isNoValue;
using gyre::engine::promql::noValue;
using gyre::engine::promql::ScalarColumns;
using gyre::engine::promql::Windows;
using gyre::engine::series::SampleColumns;

// Straight from the definitions, over the samples of one window.
double naive(FunctionId function, const Windows& windows, std::uint32_t step, const SampleColumns& all) {
  SampleColumns in;
  const std::int64_t to = windows.reference(step);
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all.times[i] >= to - windows.range_ms && all.times[i] <= to) in.add(all.times[i], all.values[i]);
  const std::vector<double>& values = in.values;
  const std::size_t n = in.size();
  if (n == 0) return noValue();
  double falls = 0, changes = 0, fallen = 0;
  for (std::size_t i = 1; i < n; ++i) {
    if (values[i] < values[i - 1]) {
      ++falls;
      fallen += values[i - 1];
    }
    if (values[i] != values[i - 1] && !(std::isnan(values[i]) && std::isnan(values[i - 1]))) ++changes;
  }
  if (function == FunctionId::kSumOverTime || function == FunctionId::kAvgOverTime) {
    long double sum = 0;
    for (const double value : values) sum += value;
    return static_cast<double>(function == FunctionId::kSumOverTime ? sum : sum / static_cast<long double>(n));
  }
  std::vector<double> numbers;
  std::copy_if(values.begin(), values.end(), std::back_inserter(numbers), [](double v) { return !std::isnan(v); });
  const bool is_empty = numbers.empty();
  switch (function) {
    case FunctionId::kCountOverTime: return static_cast<double>(n);
    case FunctionId::kLastOverTime: return values.back();
    case FunctionId::kResets: return falls;
    case FunctionId::kChanges: return changes;
    case FunctionId::kMaxOverTime: return is_empty ? values[0] : *std::max_element(numbers.begin(), numbers.end());
    case FunctionId::kMinOverTime: return is_empty ? values[0] : *std::min_element(numbers.begin(), numbers.end());
    default: break;
  }
  if (n < 2) return noValue();
  const double length = static_cast<double>(in.times.back() - in.times.front()) / 1000;
  if (function == FunctionId::kIrate) {
    const double seconds = static_cast<double>(in.times[n - 1] - in.times[n - 2]) / 1000;
    return (values[n - 1] < values[n - 2] ? values[n - 1] : values[n - 1] - values[n - 2]) / seconds;
  }
  const bool is_counter = function != FunctionId::kDelta;
  const double gained = values.back() - values.front() + (is_counter ? fallen : 0);
  double before = static_cast<double>(in.times.front() - (to - windows.range_ms)) / 1000;
  const double after = static_cast<double>(to - in.times.back()) / 1000;
  const double between = length / static_cast<double>(n - 1);
  if (is_counter && gained > 0 && values[0] >= 0) before = std::min(before, length * (values[0] / gained));
  const double reach =
      length + (before < between * 1.1 ? before : between / 2) + (after < between * 1.1 ? after : between / 2);
  const double increase = gained * (reach / length);
  return function == FunctionId::kRate ? increase / (static_cast<double>(windows.range_ms) / 1000) : increase;
}

bool agree(double a, double b) {
  if (isNoValue(a) || isNoValue(b)) return isNoValue(a) && isNoValue(b);
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b || std::abs(a - b) <= 1e-9 * std::max({1.0, std::abs(a), std::abs(b)});
}

}  // namespace

class WindowFunctionTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(WindowFunctionTest);
  CPPUNIT_TEST(slidingWindowsAreAsWindowsCutOut);
  CPPUNIT_TEST(aDueStopEndsOneSeriesOfManySamples);
  CPPUNIT_TEST_SUITE_END();

 public:
  void slidingWindowsAreAsWindowsCutOut() {
    const auto seed = std::random_device()();
    std::cerr << " seed " << seed << ' ';
    std::mt19937_64 random(seed);
    using enum FunctionId;
    for (int round = 0; round < 300; ++round) {
      SampleColumns samples;
      std::int64_t at = static_cast<std::int64_t>(random() % 5'000);
      const std::size_t size = random() % 200;
      for (std::size_t i = 0; i < size; ++i) {
        at += 1 + static_cast<std::int64_t>(random() % (random() % 10 == 0 ? 100'000 : 2'000));
        double value = static_cast<double>(random() % 20) / 4;
        // Values beside which others vanish, for the sums.
        if (round % 7 == 0) value *= std::pow(10.0, static_cast<double>(random() % 12));
        if (round % 7 == 1 && random() % 20 == 0) value = 1e290;
        if (round % 7 == 2 && random() % 20 == 0) value = std::numeric_limits<double>::infinity();
        samples.add(at, round % 3 == 0 && random() % 5 == 0 ? std::numeric_limits<double>::quiet_NaN() : value);
      }
      Windows windows;
      windows.grid.start_ms = static_cast<std::int64_t>(random() % 50'000);
      windows.grid.step_ms = 1 + static_cast<std::int64_t>(random() % 20'000);
      windows.grid.count = 1 + static_cast<std::uint32_t>(random() % 60);
      windows.range_ms = 1 + static_cast<std::int64_t>(random() % 60'000);
      windows.offset_ms = static_cast<std::int64_t>(random() % 10'000) - 5'000;
      if (random() % 4 == 0) windows.at_ms = static_cast<std::int64_t>(random() % 300'000);
      for (const FunctionId function : {kRate, kIncrease, kDelta, kIrate, kResets, kChanges, kCountOverTime,
                                        kSumOverTime, kAvgOverTime, kLastOverTime, kMaxOverTime, kMinOverTime}) {
        // Differences of such values have no digits left that two ways of adding could agree in.
        if (round % 7 < 3 && function <= kIrate) continue;
        std::vector<double> column(windows.grid.count);
        CPPUNIT_ASSERT(evaluateWindows(function, windows, samples, ScalarColumns(), column).isOk());
        for (std::uint32_t step = 0; step < windows.grid.count; ++step) {
          const double expected = naive(function, windows, step, samples);
          if (agree(column[step], expected)) continue;
          CPPUNIT_FAIL("function " + std::to_string(static_cast<int>(function)) + " step " + std::to_string(step) +
                       " round " + std::to_string(round) + ": " + std::to_string(column[step]) + ", expected " +
                       std::to_string(expected));
        }
      }
    }
  }

  // Deadlines are not only looked at between series.
  void aDueStopEndsOneSeriesOfManySamples() {
    SampleColumns samples;
    for (int i = 0; i < 200'000; ++i) samples.add(i, i % 7);
    const std::atomic<bool> is_cancelled = true;
    gyre::engine::promql::StopCheck stop;
    stop.is_cancelled = &is_cancelled;
    Windows windows;
    windows.grid = {200'000, 1, 10'000};
    windows.range_ms = 200'000;
    windows.stop = &stop;
    std::vector<double> column(windows.grid.count);
    CPPUNIT_ASSERT(evaluateWindows(FunctionId::kStddevOverTime, windows, samples, ScalarColumns(), column).isOk());
    CPPUNIT_ASSERT(!isNoValue(column.front()));
    CPPUNIT_ASSERT(isNoValue(column[1]));
    CPPUNIT_ASSERT(isNoValue(column.back()));
    CPPUNIT_ASSERT_EQUAL(std::string("canceled"), std::string(stop.check().reason()));
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(WindowFunctionTest);
