#include "engine/aggs/exact_sum.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
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
  return {.size = static_cast<std::uint32_t>(values.size()),
          .values = values.data(),
          .buckets = buckets == nullptr ? nullptr : buckets->data()};
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
  CPPUNIT_TEST(randomUnitsAddUpExactly);
  CPPUNIT_TEST(shortQuotientsAreTheDoubleDivision);
  CPPUNIT_TEST_SUITE_END();

 public:
  // Units of changing digits, near and far from the limits of 64 bits, against sums of 128 bits.
  void randomUnitsAddUpExactly() {
    const auto seed = std::random_device()();
    std::cerr << " seed " << seed << ' ';
    std::mt19937_64 random(seed);
    for (int round = 0; round < 60; ++round) {
      const bool is_whole = round % 3 == 0;
      ExactSums sums(is_whole ? FieldType::kLong : FieldType::kDouble, 1);
      std::uint32_t bucket_count = 1;
      std::vector<Int128> expected(3000);  // of 10^-8, or whole
      for (int block = 0; block < 12; ++block) {
        bucket_count += static_cast<std::uint32_t>(random() % (round % 2 == 0 ? 5 : 200));
        sums.grow(bucket_count);
        const int digits = is_whole ? 8 : static_cast<int>(random() % 9);
        const unsigned bits = static_cast<unsigned>(random() % (is_whole ? 64 : 53));
        std::vector<std::int64_t> numbers(1 + random() % 500);
        std::vector<std::uint32_t> buckets(numbers.size());
        const bool has_buckets = random() % 4 != 0;
        std::uint64_t reach = 0;
        Int128 power = 1;
        for (int i = digits; i < 8; ++i) power *= 10;
        for (std::size_t i = 0; i < numbers.size(); ++i) {
          const auto magnitude = static_cast<std::int64_t>(random() & ((std::uint64_t{1} << bits) - 1));
          numbers[i] = random() % 2 == 0 ? magnitude : -magnitude;
          reach = std::max(reach, static_cast<std::uint64_t>(magnitude));
          buckets[i] = has_buckets ? static_cast<std::uint32_t>(random() % bucket_count) : 0;
          expected[buckets[i]] += numbers[i] * power;
        }
        ValueBlock values = blockOf(numbers, has_buckets ? &buckets : nullptr);
        values.reach = random() % 5 == 0 ? UINT64_MAX : reach;
        if (!is_whole) {
          values.units = values.values;
          values.values = nullptr;
          values.digits = digits;
        }
        sums.add(values);
      }
      for (std::uint32_t bucket = 0; bucket < bucket_count; ++bucket)
        CPPUNIT_ASSERT_EQUAL(gyre::engine::decimalText(expected[bucket], is_whole ? 0 : 8), sums.text(bucket));
    }
  }
  void shortQuotientsAreTheDoubleDivision() {
    std::mt19937_64 random(1);
    for (int i = 0; i < 10'000; ++i) {
      const auto numerator = static_cast<std::int64_t>(random() >> (random() % 64));
      const auto denominator = static_cast<std::int64_t>(random() >> (1 + random() % 62)) + 1;
      // Enlarged on both sides it is the same number, by the long way.
      CPPUNIT_ASSERT_EQUAL(gyre::engine::nearestQuotient(Int128{numerator} << 55, Int128{denominator} << 55),
                           gyre::engine::nearestQuotient(numerator, denominator));
    }
  }
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
