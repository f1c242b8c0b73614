#include "gyre/decimal.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <iostream>
#include <random>
#include <string>
#include <vector>

namespace gyre {

namespace {

Decimal parsed(const std::string& text) {
  auto value = Decimal::parse(text);
  CPPUNIT_ASSERT_MESSAGE(text + ": " + std::string(value.status().message()), value.isOk());
  return *value;
}

std::string wholeText(Int128 value) { return Decimal::ofUnits(value, 0).toText(); }

// The text of units / 10^scale, made digit by digit in another way than toText.
std::string decimalText(std::int64_t units, int scale) {
  std::string digits = std::to_string(units < 0 ? -units : units);
  if (static_cast<int>(digits.size()) <= scale)
    digits.insert(0, static_cast<std::size_t>(scale) + 1 - digits.size(), '0');
  if (scale > 0) digits.insert(digits.size() - static_cast<std::size_t>(scale), ".");
  return (units < 0 ? "-" : "") + digits;
}

Int128 floorQuotient(Int128 a, Int128 b) { return a / b - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0); }

// Rounding by its definition: the candidates are the whole numbers on both sides.
Int128 roundedQuotient(Int128 a, Int128 b, Rounding rounding) {
  const Int128 below = floorQuotient(a, b);
  if (below * b == a) return below;
  const Int128 above = below + 1;
  if (rounding == Rounding::kFloor) return below;
  if (rounding == Rounding::kCeiling) return above;
  Int128 to_below = a - below * b;
  Int128 to_above = above * b - a;
  if (b < 0) {
    to_below = -to_below;
    to_above = -to_above;
  }
  if (to_below != to_above) return to_below < to_above ? below : above;
  if (rounding == Rounding::kHalfEven) return below % 2 == 0 ? below : above;
  return above > 0 ? above : below;  // away from zero
}

}  // namespace

class DecimalTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(DecimalTest);
  CPPUNIT_TEST(numbersKeepTheTextTheyWereWrittenWith);
  CPPUNIT_TEST(whatIsNoPlainNumberIsRefused);
  CPPUNIT_TEST(exponentsAreRefusedByNameAndReadFromEngines);
  CPPUNIT_TEST(limitsAreExact);
  CPPUNIT_TEST(valuesCompareWhateverTheirScales);
  CPPUNIT_TEST(roundingFollowsItsDefinition);
  CPPUNIT_TEST(overflowIsRefusedNotWrapped);
  CPPUNIT_TEST(arithmeticAgreesWithWholeNumbers);
  CPPUNIT_TEST(divisionAgreesWithItsDefinition);
  CPPUNIT_TEST_SUITE_END();

  void numbersKeepTheTextTheyWereWrittenWith() {
    for (const char* text :
         {"0", "1", "-1", "0.0", "0.50", "100.10", "-0.01", "12345678901234567890.123456789012345678",
          "0.000000000000000001", "99999999999999999999999999999999999999", "-99999999999999999999999999999999999999"})
      CPPUNIT_ASSERT_EQUAL(std::string(text), parsed(text).toText());
    CPPUNIT_ASSERT_EQUAL(std::string("0"), parsed("-0").toText());
    CPPUNIT_ASSERT_EQUAL(std::string("0.00"), parsed("-0.00").toText());
  }

  void whatIsNoPlainNumberIsRefused() {
    for (const char* text :
         {"",   " ",   "+1",  "01",       "-01",       ".5",   "5.",    "-",   "--1", "1.2.3", "1,5",  "1 ",
          " 1", "NaN", "nan", "Infinity", "-Infinity", "0x10", "1_000", "abc", "1a",  "٣",     "1.-2", "1.+2"}) {
      const auto value = Decimal::parse(text);
      CPPUNIT_ASSERT_MESSAGE(text, !value.isOk());
      CPPUNIT_ASSERT_EQUAL(Code::kInvalidArgument, value.status().code());
      CPPUNIT_ASSERT(value.status().message().find("expected a decimal number") != std::string_view::npos);
      CPPUNIT_ASSERT_MESSAGE(text, !Decimal::parseScientific(text).isOk());
    }
  }

  void exponentsAreRefusedByNameAndReadFromEngines() {
    CPPUNIT_ASSERT(Decimal::parse("1e3").status().message().find("without an exponent") != std::string_view::npos);
    const std::pair<const char*, const char*> kCases[] = {{"1.2345E7", "12345000"},
                                                          {"1.2345e+2", "123.45"},
                                                          {"30.0", "30.0"},
                                                          {"0.0", "0.0"},
                                                          {"0E0", "0"},
                                                          {"-5E-1", "-0.5"},
                                                          {"1E37", "10000000000000000000000000000000000000"},
                                                          {"0E-30", "0"},
                                                          {"1.50E0", "1.5"},
                                                          {"9.007199254740993E15", "9007199254740993"},
                                                          {"1000E-3", "1"},
                                                          {"0E99", "0"}};
    for (const auto& [text, expected] : kCases) {
      const auto value = Decimal::parseScientific(text);
      CPPUNIT_ASSERT_MESSAGE(text, value.isOk());
      CPPUNIT_ASSERT_EQUAL(std::string(expected), value->toText());
    }
    for (const char* text : {"1E38", "1E-19", "1E999999999999", "1E-999999999999", "1E", "1E+", "E5"})
      CPPUNIT_ASSERT_MESSAGE(text, !Decimal::parseScientific(text).isOk());
  }

  void limitsAreExact() {
    const std::string nines(38, '9');
    CPPUNIT_ASSERT_EQUAL(nines, parsed(nines).toText());
    CPPUNIT_ASSERT_EQUAL(std::string_view("out_of_range"), Decimal::parse(nines + "0").status().reason());
    CPPUNIT_ASSERT(Decimal::parse("0." + std::string(18, '1')).isOk());
    CPPUNIT_ASSERT_EQUAL(std::string_view("out_of_range"),
                         Decimal::parse("0." + std::string(19, '1')).status().reason());
    CPPUNIT_ASSERT(!Decimal::parse("0." + std::string(19, '0')).isOk());
    CPPUNIT_ASSERT(!Decimal::parse(std::string(100'000, '7')).isOk());
  }

  void valuesCompareWhateverTheirScales() {
    CPPUNIT_ASSERT(parsed("1.5") == parsed("1.500"));
    CPPUNIT_ASSERT(parsed("-0") == parsed("0.00"));
    CPPUNIT_ASSERT(parsed("-1.5") < parsed("-1.4"));
    CPPUNIT_ASSERT(parsed("-0.1") < parsed("0"));
    CPPUNIT_ASSERT(parsed("99999999999999999999999999999999999999") > parsed("0.000000000000000001"));
    CPPUNIT_ASSERT(parsed("10000000000000000000.000000000000000001") > parsed("10000000000000000000"));
  }

  void roundingFollowsItsDefinition() {
    struct Case {
      const char *value, *even, *up, *floor, *ceiling;
    };
    constexpr Case kCases[] = {
        {"2.5", "2", "3", "2", "3"},    {"3.5", "4", "4", "3", "4"}, {"-2.5", "-2", "-3", "-3", "-2"},
        {"-0.5", "0", "-1", "-1", "0"}, {"2.4", "2", "2", "2", "3"}, {"-2.6", "-3", "-3", "-3", "-2"},
        {"2", "2", "2", "2", "2"},      {"0.1", "0", "0", "0", "1"}, {"2.51", "3", "3", "2", "3"}};
    for (const Case& c : kCases) {
      CPPUNIT_ASSERT_EQUAL(std::string(c.even), parsed(c.value).rounded(0, Rounding::kHalfEven)->toText());
      CPPUNIT_ASSERT_EQUAL(std::string(c.up), parsed(c.value).rounded(0, Rounding::kHalfUp)->toText());
      CPPUNIT_ASSERT_EQUAL(std::string(c.floor), parsed(c.value).rounded(0, Rounding::kFloor)->toText());
      CPPUNIT_ASSERT_EQUAL(std::string(c.ceiling), parsed(c.value).rounded(0, Rounding::kCeiling)->toText());
    }
    CPPUNIT_ASSERT_EQUAL(std::string("0.33"), parsed("1").divide(parsed("3"), 2, Rounding::kHalfUp)->toText());
    CPPUNIT_ASSERT_EQUAL(std::string("1.5000"), parsed("1.5").rounded(4, Rounding::kFloor)->toText());
  }

  void overflowIsRefusedNotWrapped() {
    const Decimal largest = parsed(std::string(38, '9'));
    CPPUNIT_ASSERT(!largest.add(parsed("1")).isOk());
    CPPUNIT_ASSERT(!largest.add(parsed("0.1")).isOk());
    CPPUNIT_ASSERT(!largest.add(largest).isOk());
    CPPUNIT_ASSERT(largest.subtract(largest)->isZero());
    CPPUNIT_ASSERT(!Decimal::ofUnits(-largest.units(), 0).subtract(largest).isOk());
    CPPUNIT_ASSERT(!largest.rounded(1, Rounding::kFloor).isOk());
    CPPUNIT_ASSERT(!parsed("1").divide(parsed("0.00"), 2, Rounding::kHalfUp).isOk());
    CPPUNIT_ASSERT(!parsed("0.4").divide(largest, 0, Rounding::kHalfUp).isOk());
    CPPUNIT_ASSERT_EQUAL(std::string("1"), largest.divide(largest, 0, Rounding::kHalfEven)->toText());
  }

  void arithmeticAgreesWithWholeNumbers() {
    std::mt19937_64 random = seeded("arithmeticAgreesWithWholeNumbers");
    for (int i = 0; i < 100'000; ++i) {
      const auto [a, a_scale] = any(random);
      const auto [b, b_scale] = any(random);
      const Int128 common_a = Int128(a) * Decimal::power(18 - a_scale);
      const Int128 common_b = Int128(b) * Decimal::power(18 - b_scale);
      const Decimal x = parsed(decimalText(a, a_scale));
      const Decimal y = parsed(decimalText(b, b_scale));
      CPPUNIT_ASSERT_EQUAL(decimalText(a, a_scale), x.toText());
      CPPUNIT_ASSERT((x == y) == (common_a == common_b));
      CPPUNIT_ASSERT((x < y) == (common_a < common_b));
      const int scale = std::max(a_scale, b_scale);
      CPPUNIT_ASSERT_EQUAL(wholeText(common_a + common_b), wholeText(x.add(y)->units() * Decimal::power(18 - scale)));
      CPPUNIT_ASSERT_EQUAL(wholeText(common_a - common_b),
                           wholeText(x.subtract(y)->units() * Decimal::power(18 - scale)));
      CPPUNIT_ASSERT_EQUAL(scale, x.add(y)->scale());
    }
  }

  void divisionAgreesWithItsDefinition() {
    std::mt19937_64 random = seeded("divisionAgreesWithItsDefinition");
    int checked = 0;
    for (int i = 0; i < 100'000; ++i) {
      const auto [a, a_scale] = any(random);
      const auto [b, b_scale] = any(random);
      const int digits = static_cast<int>(random() % 5);
      const int shift = digits + b_scale - a_scale;
      if (b == 0 || shift > 19 || shift < -19) continue;
      const auto rounding = static_cast<Rounding>(random() % 4);
      const Int128 numerator = Int128(a) * Decimal::power(std::max(shift, 0));
      const Int128 denominator = Int128(b) * Decimal::power(std::max(-shift, 0));
      const auto quotient = Decimal::ofUnits(a, a_scale).divide(Decimal::ofUnits(b, b_scale), digits, rounding);
      CPPUNIT_ASSERT(quotient.isOk());
      CPPUNIT_ASSERT_EQUAL(wholeText(roundedQuotient(numerator, denominator, rounding)), wholeText(quotient->units()));
      CPPUNIT_ASSERT_EQUAL(digits, quotient->scale());
      ++checked;
    }
    CPPUNIT_ASSERT(checked > 10'000);
  }

  static std::mt19937_64 seeded(const char* test) {
    const auto seed = std::random_device{}();
    std::cerr << "[" << test << " seed " << seed << "] ";
    return std::mt19937_64(seed);
  }
  // Small and large numbers alike, so that ties and equal values happen.
  static std::pair<std::int64_t, int> any(std::mt19937_64& random) {
    const auto bits = static_cast<int>(random() % 60) + 1;
    const auto magnitude = static_cast<std::int64_t>(random() & ((std::uint64_t(1) << bits) - 1));
    return {random() % 2 == 0 ? magnitude : -magnitude, static_cast<int>(random() % 19)};
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(DecimalTest);

}  // namespace gyre
