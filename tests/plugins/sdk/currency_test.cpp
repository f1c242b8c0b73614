#include "gyre/currency.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <iostream>
#include <random>
#include <string>

namespace gyre {

class CurrencyTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(CurrencyTest);
  CPPUNIT_TEST(tableIsSortedAndComplete);
  CPPUNIT_TEST(minorDigitsAreIso4217s);
  CPPUNIT_TEST(codesWithoutMinorUnitAreNoMoney);
  CPPUNIT_TEST(nearestCodeIsSuggested);
  CPPUNIT_TEST(amountsBecomeMinorUnits);
  CPPUNIT_TEST(tooManyDigitsAreRefused);
  CPPUNIT_TEST(everyAmountPrintsAsItWasRead);
  CPPUNIT_TEST_SUITE_END();

  void tableIsSortedAndComplete() {
    CPPUNIT_ASSERT(std::is_sorted(std::begin(kCurrencies), std::end(kCurrencies),
                                  [](const Currency& a, const Currency& b) { return a.code <= b.code; }));
    for (const Currency& currency : kCurrencies) {
      CPPUNIT_ASSERT_EQUAL(std::size_t(3), currency.code.size());
      CPPUNIT_ASSERT(findCurrency(currency.code) == &currency);
    }
    CPPUNIT_ASSERT(std::size(kCurrencies) > 160);
  }

  void minorDigitsAreIso4217s() {
    for (const char* code : {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND",
                             "VUV", "XAF", "XOF", "XPF"})
      CPPUNIT_ASSERT_EQUAL_MESSAGE(code, 0, minorDigits(code).value());
    for (const char* code : {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
      CPPUNIT_ASSERT_EQUAL_MESSAGE(code, 3, minorDigits(code).value());
    for (const char* code : {"CLF", "UYW"}) CPPUNIT_ASSERT_EQUAL_MESSAGE(code, 4, minorDigits(code).value());
    int others = 0;
    for (const Currency& currency : kCurrencies) others += currency.minor_digits == 2 ? 1 : 0;
    CPPUNIT_ASSERT_EQUAL(static_cast<int>(std::size(kCurrencies)) - 17 - 7 - 2, others);
    for (const char* code : {"EUR", "USD", "GBP", "CHF", "CAD", "SEK", "PLN", "MGA", "MRU", "XCG", "ZWG", "SLE", "VED"})
      CPPUNIT_ASSERT_EQUAL_MESSAGE(code, 2, minorDigits(code).value());
  }

  void codesWithoutMinorUnitAreNoMoney() {
    for (const char* code : {"XXX", "XTS", "XAU", "XAG", "XPT", "XPD", "XDR", "XSU", "XUA", "XBA", "XBB", "XBC", "XBD",
                             "", "eur", "EU", "EURO", "DEM", "HRK"})
      CPPUNIT_ASSERT_MESSAGE(code, !minorDigits(code));
  }

  void nearestCodeIsSuggested() {
    CPPUNIT_ASSERT_EQUAL(std::string_view("EUR"), nearestCurrency("eur"));
    CPPUNIT_ASSERT_EQUAL(std::string_view("EUR"), nearestCurrency("EURO"));
    CPPUNIT_ASSERT_EQUAL(std::string_view("EUR"), nearestCurrency("ERU"));
    CPPUNIT_ASSERT_EQUAL(std::string_view(""), nearestCurrency("dollars"));
    CPPUNIT_ASSERT_EQUAL(std::string_view(""), nearestCurrency(std::string(100'000, 'E')));
    CPPUNIT_ASSERT_EQUAL(std::string("unknown currency \"EURO\", did you mean \"EUR\"?"), unknownCurrency("EURO"));
    CPPUNIT_ASSERT(unknownCurrency("dollars").find(" USD ") != std::string::npos);
  }

  void amountsBecomeMinorUnits() {
    struct Case {
      const char *amount, *code;
      std::int64_t minor;
      const char* text;
    };
    constexpr Case kCases[] = {{"100.10", "EUR", 10010, "100.10"},
                               {"100.1", "EUR", 10010, "100.10"},
                               {"100", "EUR", 10000, "100.00"},
                               {"0.01", "USD", 1, "0.01"},
                               {"-5.5", "USD", -550, "-5.50"},
                               {"500", "JPY", 500, "500"},
                               {"1.234", "BHD", 1234, "1.234"},
                               {"1.2", "KWD", 1200, "1.200"},
                               {"1.2345", "CLF", 12345, "1.2345"},
                               {"0", "JPY", 0, "0"},
                               {"9999999999999999.99", "EUR", 999'999'999'999'999'999, "9999999999999999.99"},
                               {"999999999999999999", "JPY", 999'999'999'999'999'999, "999999999999999999"}};
    for (const Case& c : kCases) {
      const auto money = Money::parse(c.amount, c.code);
      CPPUNIT_ASSERT_MESSAGE(c.amount, money.isOk());
      CPPUNIT_ASSERT_EQUAL(c.minor, money->minor);
      CPPUNIT_ASSERT_EQUAL(std::string(c.text), money->toText());
    }
  }

  void tooManyDigitsAreRefused() {
    const auto refused = [](const char* amount, const char* code) { return !Money::parse(amount, code).isOk(); };
    CPPUNIT_ASSERT(refused("1.000", "EUR"));
    CPPUNIT_ASSERT(refused("1.0", "JPY"));
    CPPUNIT_ASSERT(refused("1.2345", "BHD"));
    CPPUNIT_ASSERT(refused("1.23456", "CLF"));
    CPPUNIT_ASSERT(refused("10000000000000000.00", "EUR"));
    CPPUNIT_ASSERT(refused("10000000000000000", "EUR"));
    CPPUNIT_ASSERT(refused("-10000000000000000", "EUR"));
    CPPUNIT_ASSERT(refused("1000000000000000000", "JPY"));
    CPPUNIT_ASSERT(refused("99999999999999999999999999999999999999", "JPY"));
    CPPUNIT_ASSERT(refused("1", "XXX"));
    CPPUNIT_ASSERT(refused("1e2", "EUR"));
  }

  void everyAmountPrintsAsItWasRead() {
    const auto seed = std::random_device{}();
    std::cerr << "[everyAmountPrintsAsItWasRead seed " << seed << "] ";
    std::mt19937_64 random(seed);
    for (int i = 0; i < 50'000; ++i) {
      const Currency& currency = kCurrencies[random() % std::size(kCurrencies)];
      const auto bits = random() % 60;
      const auto minor = static_cast<std::int64_t>(random() & ((std::uint64_t(1) << bits) - 1));
      if (minor >= 1'000'000'000'000'000'000) continue;
      const Money money{minor, currency};
      const auto again = Money::parse(money.toText(), currency.code);
      CPPUNIT_ASSERT_MESSAGE(money.toText(), again.isOk());
      CPPUNIT_ASSERT_EQUAL(minor, again->minor);
    }
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(CurrencyTest);

}  // namespace gyre
