#include "engine/aggs/exact_sum.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <cmath>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <random>
#include <vector>

#include "engine/mapping/numeric_value.hpp"

namespace {
using gyre::engine::ExactSums;
using gyre::engine::FieldType;
using gyre::engine::Int128;
using gyre::engine::ValueBlock;

ValueBlock blockOf(const std::vector<std::int64_t>& values, const std::vector<std::uint32_t>* buckets = nullptr) {
  return {static_cast<std::uint32_t>(values.size()), values.data(), nullptr,
          buckets == nullptr ? nullptr : buckets->data(), nullptr};
}
std::vector<std::int64_t> encode(std::initializer_list<double> values) {
  std::vector<std::int64_t> encoded;
  for (const double value : values) encoded.push_back(gyre::engine::encodeDouble(value));
  return encoded;
}
}  // namespace

class ExactSumTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(ExactSumTest);
  CPPUNIT_TEST(textIsTheExactDecimal);
  CPPUNIT_TEST(wholeNumbersDoNotOverflow);
  CPPUNIT_TEST(decimalsOfDoublesAddExactly);
  CPPUNIT_TEST(otherDoublesAreCompensated);
  CPPUNIT_TEST(infinityStays);
  CPPUNIT_TEST(bucketsStayApartWhileTheyGrow);
  CPPUNIT_TEST(quotientRoundsOnce);
  CPPUNIT_TEST_SUITE_END();

 public:
  void textIsTheExactDecimal() {
    CPPUNIT_ASSERT_EQUAL(std::string("12345.0"), gyre::engine::decimalText(12345, 0));
    CPPUNIT_ASSERT_EQUAL(std::string("228210155.4"), gyre::engine::decimalText(22821015540, 2));
    CPPUNIT_ASSERT_EQUAL(std::string("-0.01"), gyre::engine::decimalText(-1, 2));
    CPPUNIT_ASSERT_EQUAL(std::string("0.0"), gyre::engine::decimalText(0, 2));
    CPPUNIT_ASSERT_EQUAL(std::string("100.0"), gyre::engine::decimalText(10000, 2));
  }
  void wholeNumbersDoNotOverflow() {
    ExactSums sums(FieldType::kLong, 1);
    sums.grow(1);
    const std::vector<std::int64_t> large(1000, INT64_MAX);
    sums.add(blockOf(large));
    CPPUNIT_ASSERT_EQUAL(std::string("9223372036854775807000.0"), sums.text(0));
    const std::vector<std::int64_t> small(1001, INT64_MIN);
    sums.add(blockOf(small));
    CPPUNIT_ASSERT_EQUAL(std::string("-9223372036854776808.0"), sums.text(0));
  }
  void decimalsOfDoublesAddExactly() {
    ExactSums sums(FieldType::kDouble, 1);
    sums.grow(1);
    sums.add(blockOf(encode({0.1, 0.2})));
    CPPUNIT_ASSERT_EQUAL(std::string("0.3"), sums.text(0));
    // A later window with more decimals: what there is changes its unit.
    sums.add(blockOf(encode({0.0001, 1e9})));
    CPPUNIT_ASSERT_EQUAL(std::string("1000000000.3001"), sums.text(0));
    CPPUNIT_ASSERT_EQUAL(1000000000.3001, sums.value(0));
  }
  void otherDoublesAreCompensated() {
    ExactSums sums(FieldType::kDouble, 1);
    sums.grow(1);
    sums.add(blockOf(encode({1e300, 1.0 / 3, -1e300})));
    CPPUNIT_ASSERT_EQUAL(1.0 / 3, sums.value(0));
    sums.add(blockOf(encode({0.5})));
    CPPUNIT_ASSERT_DOUBLES_EQUAL(0.5 + 1.0 / 3, sums.value(0), 1e-15);
  }
  void infinityStays() {
    ExactSums sums(FieldType::kDouble, 1);
    sums.grow(1);
    sums.add(blockOf(encode({std::numeric_limits<double>::max(), std::numeric_limits<double>::max()})));
    CPPUNIT_ASSERT_EQUAL(std::string("\"Infinity\""), sums.text(0));
  }
  void bucketsStayApartWhileTheyGrow() {
    const unsigned seed = std::random_device{}();
    std::cout << " seed " << seed << std::flush;
    std::mt19937_64 random(seed);
    ExactSums sums(FieldType::kScaledFloat, 100);
    std::vector<Int128> expected(1000);
    for (std::uint32_t count = 1; count <= 1000; count += 37) {
      std::vector<std::int64_t> values;
      std::vector<std::uint32_t> buckets;
      for (int i = 0; i < 333; ++i) {
        values.push_back(static_cast<std::int64_t>(random()));
        buckets.push_back(static_cast<std::uint32_t>(random() % count));
        expected[buckets.back()] += values.back();
      }
      sums.grow(count);
      sums.add(blockOf(values, &buckets));
    }
    for (std::uint32_t bucket = 0; bucket < 1000; ++bucket)
      CPPUNIT_ASSERT_EQUAL(gyre::engine::decimalText(expected[bucket], 2), sums.text(bucket));
  }
  void quotientRoundsOnce() {
    CPPUNIT_ASSERT_EQUAL(1.0 / 3, gyre::engine::nearestQuotient(1, 3));
    CPPUNIT_ASSERT_EQUAL(-2.5, gyre::engine::nearestQuotient(-5, 2));
    CPPUNIT_ASSERT_EQUAL(0.0, gyre::engine::nearestQuotient(0, 7));
    // Half way between two doubles, and a hair above: only the remainder tells.
    const Int128 half = (Int128{1} << 53) + 1;
    CPPUNIT_ASSERT_EQUAL(9007199254740992.0, gyre::engine::nearestQuotient(half, 1));
    CPPUNIT_ASSERT_EQUAL(9007199254740994.0, gyre::engine::nearestQuotient(half * 1'000'000'000 + 1, 1'000'000'000));
    const unsigned seed = std::random_device{}();
    std::cout << " seed " << seed << std::flush;
    std::mt19937_64 random(seed);
    for (int i = 0; i < 2000; ++i) {
      const auto a = static_cast<std::int64_t>(random() >> (11 + random() % 50));
      const auto b = static_cast<std::int64_t>(random() >> (11 + random() % 50)) + 1;
      // Both are exact as doubles, so the division rounds once as well.
      CPPUNIT_ASSERT_EQUAL(static_cast<double>(a) / static_cast<double>(b), gyre::engine::nearestQuotient(a, b));
    }
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ExactSumTest);
