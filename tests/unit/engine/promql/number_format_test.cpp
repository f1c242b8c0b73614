// Numbers as Go's strconv writes them. Expected texts: of Prometheus 2.42.
#include "engine/promql/number_format.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <random>
#include <string>

class NumberFormatTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(NumberFormatTest);
  CPPUNIT_TEST(valuesAreWrittenAsGoDoes);
  CPPUNIT_TEST(everyValueReadsBack);
  CPPUNIT_TEST(timesAreSeconds);
  CPPUNIT_TEST_SUITE_END();

  static std::string value(double number) {
    std::string out;
    gyre::engine::promql::appendValue(out, number);
    return out;
  }
  static std::string decimal(double number) {
    std::string out;
    gyre::engine::promql::appendDecimal(out, number);
    return out;
  }

 public:
  void valuesAreWrittenAsGoDoes() {
    const struct {
      double number;
      const char* text;
    } cases[] = {{0, "0"},
                 {-0.0, "-0"},
                 {1, "1"},
                 {-12345678, "-12345678"},
                 {0.1, "0.1"},
                 {1.0 / 3, "0.3333333333333333"},
                 {1e-6, "0.000001"},
                 {9.99e-7, "9.99e-07"},
                 {-1.5e-10, "-1.5e-10"},
                 {1e20, "100000000000000000000"},
                 {123456789012345678901.0, "123456789012345680000"},
                 {1e21, "1e+21"},
                 {1.25e100, "1.25e+100"},
                 {5e-324, "5e-324"},
                 {9007199254740993.0, "9007199254740992"},
                 {2251799813685249.5, "2251799813685249.5"},
                 {std::numeric_limits<double>::quiet_NaN(), "NaN"},
                 {std::numeric_limits<double>::infinity(), "+Inf"},
                 {-std::numeric_limits<double>::infinity(), "-Inf"}};
    for (const auto& one : cases) CPPUNIT_ASSERT_EQUAL(std::string(one.text), value(one.number));
    CPPUNIT_ASSERT_EQUAL(std::string("1000000000000000000000"), decimal(1e21));
    CPPUNIT_ASSERT_EQUAL(std::string("0.0000000125"), decimal(1.25e-8));
  }

  void everyValueReadsBack() {
    const auto seed = std::random_device()();
    std::cerr << " seed " << seed << ' ';
    std::mt19937_64 random(seed);
    for (int i = 0; i < 100'000; ++i) {
      double number = std::bit_cast<double>(random());
      if (i % 2 == 0) number = static_cast<double>(random() % 1'000'000) / static_cast<double>(1 + random() % 1'000);
      if (!std::isfinite(number)) continue;
      CPPUNIT_ASSERT_EQUAL(number, std::strtod(value(number).c_str(), nullptr));
      CPPUNIT_ASSERT_EQUAL(number, std::strtod(decimal(number).c_str(), nullptr));
      CPPUNIT_ASSERT(decimal(number).find('e') == std::string::npos);
    }
  }

  void timesAreSeconds() {
    const struct {
      std::int64_t time_ms;
      const char* text;
    } cases[] = {{0, "0"}, {1'600'000'000'000, "1600000000"}, {1'500, "1.500"}, {-1, "-0.001"}, {-60'050, "-60.050"}};
    for (const auto& one : cases) {
      std::string out;
      gyre::engine::promql::appendSeconds(out, one.time_ms);
      CPPUNIT_ASSERT_EQUAL(std::string(one.text), out);
    }
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(NumberFormatTest);
