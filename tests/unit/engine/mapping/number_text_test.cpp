#include "engine/mapping/number_text.hpp"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>

#include "engine/mapping/numeric_value.hpp"

namespace gyre::engine {

namespace {

// "12", "not a number" or "out of range".
std::string whole(FieldType type, std::string_view text) {
  Field field;
  field.type = type;
  const EncodedNumber number = encodeNumber(field, text);
  if (number.fault == NumberFault::kNotANumber) return "not a number";
  return number.fault == NumberFault::kOutOfRange ? "out of range" : std::to_string(number.value);
}

std::string scaled(std::string_view text, double factor) {
  Field field;
  field.type = FieldType::kScaledFloat;
  field.scaling_factor = factor;
  const EncodedNumber number = encodeNumber(field, text);
  return number.fault == NumberFault::kNone ? std::to_string(number.value) : "refused";
}

EncodedNumber real(FieldType type, std::string_view text) {
  Field field;
  field.type = type;
  return encodeNumber(field, text);
}

}  // namespace

class NumberTextTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(NumberTextTest);
  CPPUNIT_TEST(wholeNumbersAreCutExactly);
  CPPUNIT_TEST(wholeNumbersKnowTheirRange);
  CPPUNIT_TEST(wholeNumbersRefuseOtherText);
  CPPUNIT_TEST(hugeExponentsTakeNoTime);
  CPPUNIT_TEST(doublesReadBackExactly);
  CPPUNIT_TEST(doublesRefuseWhatIsNotFinite);
  CPPUNIT_TEST(floatsRoundOnce);
  CPPUNIT_TEST(zerosKeepTheirSign);
  CPPUNIT_TEST(scaledFloatsRoundHalvesUp);
  CPPUNIT_TEST(encodingKeepsOrder);
  CPPUNIT_TEST_SUITE_END();

 public:
  void wholeNumbersAreCutExactly() {
    const std::pair<std::string_view, std::string> cases[] = {
        {"12", "12"},
        {"+12", "12"},
        {"-12", "-12"},
        {"1.9", "1"},
        {"-1.9", "-1"},
        {"-0.9", "0"},
        {".5", "0"},
        {"5.", "5"},
        {"1e3", "1000"},
        {"1.25E2", "125"},
        {"1.259e2", "125"},
        {"1200e-2", "12"},
        {"1200e-5", "0"},
        {"0e999999999999", "0"},
        {"0.000e5", "0"},
        {"00012", "12"},
        {"9223372036854775807", "9223372036854775807"},
        {"9223372036854775807.9", "9223372036854775807"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"-9223372036854775808.9", "-9223372036854775808"},
        {"9007199254740993.0", "9007199254740993"},
        {"9007199254740993e0", "9007199254740993"},
    };
    for (const auto& [text, expected] : cases)
      CPPUNIT_ASSERT_EQUAL_MESSAGE(std::string(text), expected, whole(FieldType::kLong, text));
  }

  void wholeNumbersKnowTheirRange() {
    const std::string out = "out of range";
    for (const char* text : {"9223372036854775808", "-9223372036854775809", "1e19", "1e400", "99999999999999999999999"})
      CPPUNIT_ASSERT_EQUAL_MESSAGE(text, out, whole(FieldType::kLong, text));
    CPPUNIT_ASSERT_EQUAL(std::string("2147483647"), whole(FieldType::kInteger, "2147483647.9"));
    CPPUNIT_ASSERT_EQUAL(out, whole(FieldType::kInteger, "2147483648"));
    CPPUNIT_ASSERT_EQUAL(std::string("-32768"), whole(FieldType::kShort, "-32768"));
    CPPUNIT_ASSERT_EQUAL(out, whole(FieldType::kShort, "32768"));
    CPPUNIT_ASSERT_EQUAL(std::string("127"), whole(FieldType::kByte, "1.27e2"));
    CPPUNIT_ASSERT_EQUAL(out, whole(FieldType::kByte, "-129"));
    CPPUNIT_ASSERT_EQUAL(out, whole(FieldType::kByte, "128.0"));
  }

  void wholeNumbersRefuseOtherText() {
    for (const char* text : {"", " ", "abc", "1a", "1 ", " 1", "1e", "1e+", "e5", ".", "-", "+", "--1", "+-1", "1.2.3",
                             "0x10", "1_000", "nan", "inf"})
      CPPUNIT_ASSERT_EQUAL_MESSAGE(text, std::string("not a number"), whole(FieldType::kLong, text));
  }

  void hugeExponentsTakeNoTime() {
    CPPUNIT_ASSERT_EQUAL(std::string("out of range"), whole(FieldType::kLong, "1e999999999"));
    CPPUNIT_ASSERT_EQUAL(std::string("0"), whole(FieldType::kLong, "1e-999999999"));
    const std::string zeros = std::string(100'000, '0').append("e999999999");
    CPPUNIT_ASSERT_EQUAL(std::string("0"), whole(FieldType::kLong, zeros));
    CPPUNIT_ASSERT_EQUAL(std::string("out of range"), whole(FieldType::kLong, std::string(100'000, '9')));
  }

  void doublesReadBackExactly() {
    const unsigned seed = std::random_device{}();
    std::mt19937_64 random(seed);
    for (int i = 0; i < 20'000; ++i) {
      const double value = std::bit_cast<double>(random());
      if (!std::isfinite(value)) continue;
      char text[40];
      std::snprintf(text, sizeof text, "%.17g", value);
      const EncodedNumber number = real(FieldType::kDouble, text);
      CPPUNIT_ASSERT_MESSAGE(std::string(text) + " seed " + std::to_string(seed),
                             number.fault == NumberFault::kNone && number.value == encodeDouble(value));
    }
    CPPUNIT_ASSERT_EQUAL(encodeDouble(0.1), real(FieldType::kDouble, "0.1").value);
    CPPUNIT_ASSERT_EQUAL(encodeDouble(0.0), real(FieldType::kDouble, "1e-400").value);
    CPPUNIT_ASSERT_EQUAL(encodeDouble(5e-324), real(FieldType::kDouble, "5e-324").value);
    CPPUNIT_ASSERT_EQUAL(encodeDouble(12.5), real(FieldType::kDouble, "+12.5").value);
  }

  void doublesRefuseWhatIsNotFinite() {
    for (const char* text : {"1e309", "-1e400"})
      CPPUNIT_ASSERT_MESSAGE(text, real(FieldType::kDouble, text).fault == NumberFault::kOutOfRange);
    for (const char* text : {"NaN", "nan", "Infinity", "-inf", "", "-", "0x1p3", "1d", "1,5", " 1"})
      CPPUNIT_ASSERT_MESSAGE(text, real(FieldType::kDouble, text).fault == NumberFault::kNotANumber);
    CPPUNIT_ASSERT(real(FieldType::kFloat, "3.5e38").fault == NumberFault::kOutOfRange);
    CPPUNIT_ASSERT(real(FieldType::kFloat, "3.4e38").fault == NumberFault::kNone);
  }

  void floatsRoundOnce() {
    CPPUNIT_ASSERT_EQUAL(encodeFloat(0.1f), real(FieldType::kFloat, "0.1").value);
    CPPUNIT_ASSERT_EQUAL(0.10000000149011612, decodeDouble(real(FieldType::kFloat, "0.1").value));
    CPPUNIT_ASSERT_EQUAL(encodeFloat(0.0f), real(FieldType::kFloat, "1e-60").value);
  }

  void zerosKeepTheirSign() {
    CPPUNIT_ASSERT(real(FieldType::kDouble, "-0.0").value < real(FieldType::kDouble, "0.0").value);
    CPPUNIT_ASSERT_EQUAL(real(FieldType::kDouble, "-0.0").value + 1, real(FieldType::kDouble, "0").value);
  }

  void scaledFloatsRoundHalvesUp() {
    const std::pair<std::string_view, std::string> cases[] = {
        {"-1.115", "-111"},
        {"1.005", "100"},
        {"0.005", "1"},
        {"-0.005", "0"},
        {"113.21", "11321"},
        {"0.125", "13"},
        {"-0.125", "-12"},
        {"12", "1200"},
        {"1e15", "100000000000000000"},
        {"92233720368547758.07", "refused"},
        {"1e400", "refused"},
        {"true", "refused"},
    };
    for (const auto& [text, expected] : cases)
      CPPUNIT_ASSERT_EQUAL_MESSAGE(std::string(text), expected, scaled(text, 100));
    CPPUNIT_ASSERT_EQUAL(std::string("15"), scaled("1.49", 10));
    CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, *roundHalfUp(0.49999999999999994));
    CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, *roundHalfUp(0.5));
    CPPUNIT_ASSERT_EQUAL(std::int64_t{-1}, *roundHalfUp(-1.5));
    CPPUNIT_ASSERT_EQUAL(std::int64_t{4503599627370497}, *roundHalfUp(4503599627370497.0));
    CPPUNIT_ASSERT_EQUAL(std::numeric_limits<std::int64_t>::min(), *roundHalfUp(-0x1p63));
    CPPUNIT_ASSERT(!roundHalfUp(0x1p63).has_value());
    CPPUNIT_ASSERT(!roundHalfUp(std::nan("")).has_value());
  }

  void encodingKeepsOrder() {
    const double ordered[] = {-INFINITY, -1e300, -1.5, -5e-324, -0.0, 0.0, 5e-324, 0.1, 1.5, 1e300, INFINITY};
    for (std::size_t i = 1; i < std::size(ordered); ++i) {
      CPPUNIT_ASSERT(encodeDouble(ordered[i - 1]) < encodeDouble(ordered[i]));
      CPPUNIT_ASSERT(std::bit_cast<std::int64_t>(ordered[i]) ==
                     std::bit_cast<std::int64_t>(decodeDouble(encodeDouble(ordered[i]))));
    }
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(NumberTextTest);

}  // namespace gyre::engine
