// Roll-ups against the samples they were made of: the same answers, from a store that has both.
#include "engine/promql/roll_up_function.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "engine/series/roll_up.hpp"

namespace {

using gyre::engine::promql::answersFromRollUps;
using gyre::engine::promql::evaluateRollUps;
using gyre::engine::promql::evaluateWindows;
using gyre::engine::promql::FunctionId;
using gyre::engine::promql::isNoValue;
using gyre::engine::promql::ScalarColumns;
using gyre::engine::promql::selectRollUps;
using gyre::engine::promql::Windows;
using gyre::engine::series::RollUps;
using gyre::engine::series::SampleColumns;

constexpr std::int64_t kMinute = 60'000;

bool agree(double a, double b) {
  if (isNoValue(a) || isNoValue(b)) return isNoValue(a) && isNoValue(b);
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b || std::abs(a - b) <= 1e-9 * std::max({1.0, std::abs(a), std::abs(b)});
}

// Samples some of which lie on the borders of buckets.
SampleColumns someSamples(std::mt19937_64& random) {
  SampleColumns samples;
  std::int64_t at = -1'000'000;
  while (samples.size() < 300) {
    at += 1 + static_cast<std::int64_t>(random() % (random() % 8 == 0 ? 400'000 : 20'000));
    if (random() % 4 == 0) at = (at / kMinute + 1) * kMinute;
    double value = static_cast<double>(random() % 1'000) / 8 - 50;
    if (random() % 15 == 0) value = std::numeric_limits<double>::quiet_NaN();
    if (random() % 15 == 0) value = gyre::engine::series::staleMarker();
    samples.add(at, value);
  }
  return samples;
}

}  // namespace

class RollUpFunctionTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(RollUpFunctionTest);
  CPPUNIT_TEST(rollUpsSayWhatTheSamplesSaid);
  CPPUNIT_TEST(theNewestOfABucketIsTheNewestSample);
  CPPUNIT_TEST_SUITE_END();

 public:
  void rollUpsSayWhatTheSamplesSaid() {
    const auto seed = std::random_device()();
    std::cerr << " seed " << seed << ' ';
    std::mt19937_64 random(seed);
    for (int round = 0; round < 200; ++round) {
      SampleColumns samples = someSamples(random);
      RollUps buckets;
      gyre::engine::series::rollUp(samples, kMinute, buckets);
      gyre::engine::promql::dropStale(samples);
      Windows windows;
      windows.grid = {(static_cast<std::int64_t>(random() % 60) - 20) * kMinute,
                      (1 + static_cast<std::int64_t>(random() % 5)) * kMinute, 40};
      windows.range_ms = (1 + static_cast<std::int64_t>(random() % 20)) * kMinute;
      std::vector<double> expected(windows.grid.count), found(windows.grid.count);
      for (int id = 0; id <= static_cast<int>(FunctionId::kStdvarOverTime); ++id) {
        const auto function = static_cast<FunctionId>(id);
        if (!answersFromRollUps(function)) continue;
        CPPUNIT_ASSERT(evaluateWindows(function, windows, samples, ScalarColumns(), expected).isOk());
        evaluateRollUps(function, windows, buckets, found);
        for (std::size_t step = 0; step < found.size(); ++step)
          CPPUNIT_ASSERT_MESSAGE("function " + std::to_string(id) + ": " + std::to_string(found[step]) + ", expected " +
                                     std::to_string(expected[step]),
                                 agree(found[step], expected[step]));
      }
    }
  }

  void theNewestOfABucketIsTheNewestSample() {
    SampleColumns samples;
    samples.add(30'000, 1);
    samples.add(60'000, 2);
    samples.add(61'000, 3);
    samples.add(150'000, gyre::engine::series::staleMarker());
    RollUps buckets;
    gyre::engine::series::rollUp(samples, kMinute, buckets);
    Windows windows;
    windows.grid = {0, kMinute, 4};
    std::vector<double> found(4);
    selectRollUps(windows, 300'000, false, buckets, found);
    CPPUNIT_ASSERT(isNoValue(found[0]));
    CPPUNIT_ASSERT_EQUAL(2.0, found[1]);
    CPPUNIT_ASSERT_EQUAL(3.0, found[2]);
    CPPUNIT_ASSERT(isNoValue(found[3]));
    selectRollUps(windows, 300'000, true, buckets, found);
    CPPUNIT_ASSERT_EQUAL(61.0, found[2]);
    selectRollUps(windows, 58'999, false, buckets, found);
    CPPUNIT_ASSERT(isNoValue(found[2]));
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(RollUpFunctionTest);
