// Do the totals of an invoice equal those of a reckoning that shares no code with it? Whole numbers as strings of
// digits, added, multiplied and divided as in school.
#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "gyre/decimal.hpp"
#include "tests/plugins/invoices/invoice_fixture.hpp"

namespace gyre::invoices {

namespace {

// A whole number: sign and decimal digits, the last first.
struct Big {
  bool is_negative = false;
  std::vector<int> digits;

  void trim() {
    while (!digits.empty() && digits.back() == 0) digits.pop_back();
    if (digits.empty()) is_negative = false;
  }
  static Big of(std::string text) {
    Big big;
    if (text.starts_with('-')) {
      big.is_negative = true;
      text.erase(0, 1);
    }
    for (auto c = text.rbegin(); c != text.rend(); ++c) big.digits.push_back(*c - '0');
    big.trim();
    return big;
  }
};

int compareSizes(const Big& a, const Big& b) {
  if (a.digits.size() != b.digits.size()) return a.digits.size() < b.digits.size() ? -1 : 1;
  for (std::size_t i = a.digits.size(); i-- > 0;)
    if (a.digits[i] != b.digits[i]) return a.digits[i] < b.digits[i] ? -1 : 1;
  return 0;
}
Big sizesAdded(const Big& a, const Big& b) {
  Big sum;
  int carry = 0;
  for (std::size_t i = 0; i < std::max(a.digits.size(), b.digits.size()) || carry > 0; ++i) {
    const int digit = (i < a.digits.size() ? a.digits[i] : 0) + (i < b.digits.size() ? b.digits[i] : 0) + carry;
    sum.digits.push_back(digit % 10);
    carry = digit / 10;
  }
  return sum;
}
// REQUIRES: a is not smaller.
Big sizesSubtracted(const Big& a, const Big& b) {
  Big rest;
  int borrowed = 0;
  for (std::size_t i = 0; i < a.digits.size(); ++i) {
    int digit = a.digits[i] - (i < b.digits.size() ? b.digits[i] : 0) - borrowed;
    borrowed = digit < 0 ? 1 : 0;
    if (digit < 0) digit += 10;
    rest.digits.push_back(digit);
  }
  rest.trim();
  return rest;
}
Big operator-(Big a) {
  if (!a.digits.empty()) a.is_negative = !a.is_negative;
  return a;
}
Big operator+(const Big& a, const Big& b) {
  Big sum;
  if (a.is_negative == b.is_negative) {
    sum = sizesAdded(a, b);
    sum.is_negative = a.is_negative;
  } else {
    const bool a_is_larger = compareSizes(a, b) >= 0;
    sum = a_is_larger ? sizesSubtracted(a, b) : sizesSubtracted(b, a);
    sum.is_negative = a_is_larger ? a.is_negative : b.is_negative;
  }
  sum.trim();
  return sum;
}
Big operator*(const Big& a, const Big& b) {
  Big product;
  product.digits.assign(a.digits.size() + b.digits.size() + 1, 0);
  for (std::size_t i = 0; i < a.digits.size(); ++i)
    for (std::size_t j = 0; j < b.digits.size(); ++j) {
      product.digits[i + j] += a.digits[i] * b.digits[j];
      for (std::size_t k = i + j; product.digits[k] > 9; ++k) {
        product.digits[k + 1] += product.digits[k] / 10;
        product.digits[k] %= 10;
      }
    }
  product.is_negative = a.is_negative != b.is_negative;
  product.trim();
  return product;
}

// A decimal number: its digits, and how many of them follow the point.
struct Number {
  Big digits;
  int scale = 0;
  static Number of(std::string text) {
    Number number;
    if (const auto point = text.find('.'); point != std::string::npos) {
      number.scale = static_cast<int>(text.size() - point - 1);
      text.erase(point, 1);
    }
    number.digits = Big::of(text);
    return number;
  }
};
Number operator*(const Number& a, const Number& b) { return {a.digits * b.digits, a.scale + b.scale}; }

// In units of 10^-digits, ties away from zero: the digit after the last one decides.
Big rounded(const Number& number, int digits) {
  Big whole = number.digits;
  for (int i = number.scale; i < digits; ++i) whole.digits.insert(whole.digits.begin(), 0);
  if (number.scale <= digits) {
    whole.trim();
    return whole;
  }
  const auto cut = static_cast<std::size_t>(number.scale - digits);
  const bool is_away = cut <= whole.digits.size() && whole.digits[cut - 1] >= 5;
  whole.digits.erase(whole.digits.begin(),
                     whole.digits.begin() + static_cast<std::ptrdiff_t>(std::min(cut, whole.digits.size())));
  const bool is_negative = whole.is_negative;
  whole.is_negative = false;
  if (is_away) whole = whole + Big::of("1");
  whole.trim();
  whole.is_negative = is_negative && !whole.digits.empty();
  return whole;
}

std::string money(const Big& minor, int digits) {
  std::string text;
  for (std::size_t i = 0; i < minor.digits.size() || i <= static_cast<std::size_t>(digits); ++i) {
    if (i == static_cast<std::size_t>(digits) && digits > 0) text += '.';
    text += static_cast<char>('0' + (i < minor.digits.size() ? minor.digits[i] : 0));
  }
  if (minor.is_negative) text += '-';
  std::reverse(text.begin(), text.end());
  return text;
}

}  // namespace

class InvoicesTotalsTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(InvoicesTotalsTest);
  CPPUNIT_TEST(theReckoningIsRightByHand);
  CPPUNIT_TEST(randomInvoicesEqualAnIndependentReckoning);
  CPPUNIT_TEST(everyCurrencyRoundsToItsOwnDigits);
  CPPUNIT_TEST(tiesGoAwayFromZero);
  CPPUNIT_TEST_SUITE_END();

  // First of all: is the other reckoning one?
  void theReckoningIsRightByHand() {
    CPPUNIT_ASSERT_EQUAL(std::string("12.35"), money(rounded(Number::of("12.345"), 2), 2));
    CPPUNIT_ASSERT_EQUAL(std::string("-12.35"), money(rounded(Number::of("-12.345"), 2), 2));
    CPPUNIT_ASSERT_EQUAL(std::string("0.00"), money(rounded(Number::of("0.004"), 2), 2));
    CPPUNIT_ASSERT_EQUAL(std::string("0.01"), money(rounded(Number::of("0.005"), 2), 2));
    CPPUNIT_ASSERT_EQUAL(std::string("100"), money(rounded(Number::of("99.5"), 0), 0));
    CPPUNIT_ASSERT_EQUAL(std::string("3.6993"), money(rounded(Number::of("1.11") * Number::of("3.3327"), 4), 4));
    CPPUNIT_ASSERT_EQUAL(std::string("-1.01"), money(Big::of("99") + Big::of("-200"), 2));
  }

  struct Reckoned {
    Big lines, allowances, charges, tax;
    std::map<std::string, Big> taxable;  // by rate
  };

  void randomInvoicesEqualAnIndependentReckoning() {
    const auto seed = std::random_device{}();
    std::cerr << "[randomInvoicesEqualAnIndependentReckoning seed " << seed << "] ";
    std::mt19937_64 random(seed);
    const auto pick = [&](int from, int to) { return std::uniform_int_distribution<int>(from, to)(random); };
    const auto decimal = [&](int whole_digits, int most_decimals) {
      std::string text = std::to_string(std::uniform_int_distribution<std::int64_t>(
          0, static_cast<std::int64_t>(Decimal::power(whole_digits)) - 1)(random));
      const int decimals = pick(0, most_decimals);
      if (decimals > 0) text += '.';
      for (int i = 0; i < decimals; ++i) text += static_cast<char>('0' + pick(0, 9));
      return text;
    };
    const std::pair<const char*, int> kMoney[] = {{"EUR", 2}, {"JPY", 0}, {"BHD", 3}, {"CLF", 4}};
    const std::string kRates[] = {"20", "5.5", "7", "0.0001", "99.9999", "19"};
    for (int round = 0; round < 400; ++round) {
      const auto& [currency, digits] = kMoney[pick(0, 3)];
      Reckoned expected;
      std::string lines;
      for (int i = pick(1, 30); i > 0; --i) {
        const std::string quantity = std::string(pick(0, 3) == 0 ? "-" : "") + "1" + decimal(pick(1, 5), 6);
        const std::string price = decimal(pick(1, 6), 6);
        const std::string& rate = kRates[pick(0, 5)];
        const Big net = rounded(Number::of(quantity) * Number::of(price), digits);
        expected.lines = expected.lines + net;
        expected.taxable[rate] = expected.taxable[rate] + net;
        lines += (lines.empty() ? "" : ",") + std::string(R"({"description":"x","quantity":")") + quantity +
                 R"(","unitPrice":")" + price + R"(","taxRate":)" + rate + R"(,"netAmount":")" + money(net, digits) +
                 "\"}";
      }
      std::string allowances, charges;
      for (int i = pick(0, 4); i > 0; --i) {
        const Big amount = Big::of(std::to_string(pick(0, 99'999)));
        const std::string& rate = kRates[pick(0, 5)];
        const bool is_charge = pick(0, 1) == 1;
        std::string& list = is_charge ? charges : allowances;
        list += (list.empty() ? "" : ",") + std::string(R"({"reason":"r","amount":")") + money(amount, digits) +
                R"(","taxRate":)" + rate + "}";
        (is_charge ? expected.charges : expected.allowances) =
            (is_charge ? expected.charges : expected.allowances) + amount;
        expected.taxable[rate] = expected.taxable[rate] + (is_charge ? amount : -amount);
      }
      for (const auto& [rate, taxable] : expected.taxable) {
        const Number part = Number{taxable, digits} * Number::of(rate);
        expected.tax = expected.tax + rounded(Number{part.digits, part.scale + 2}, digits);
      }
      const Big net = expected.lines + -expected.allowances + expected.charges;
      const Big prepaid = Big::of(std::to_string(pick(0, 500)));
      const Big due = net + expected.tax + -prepaid;
      const auto total = [&, digits = digits](const char* name, const Big& amount) {
        return std::string("\"") + name + "\":\"" + money(amount, digits) + "\"";
      };
      const std::string totals = "{" + total("lineNetTotal", expected.lines) + "," +
                                 total("allowanceTotal", expected.allowances) + "," +
                                 total("chargeTotal", expected.charges) + "," + total("totalWithoutTax", net) + "," +
                                 total("taxTotal", expected.tax) + "," + total("totalWithTax", net + expected.tax) +
                                 "," + total("prepaidAmount", prepaid) + "," + total("amountDue", due) + "}";
      const std::string text =
          body(R"({"type":"corrective","currency":")" + std::string(currency) + R"(","lines":[)" + lines +
               R"(],"allowances":[)" + allowances + R"(],"charges":[)" + charges + R"(],"totals":)" + totals + "}");
      InvoiceScenario scenario(describe);
      scenario.when("CreateInvoice", text);
      CPPUNIT_ASSERT_MESSAGE(text + "\n" + std::string(scenario.status().message()), scenario.status().isOk());
      const auto found = parsed(scenario.document());
      CPPUNIT_ASSERT_EQUAL_MESSAGE(text, money(due, digits),
                                   std::string(found.root()["totals"]["amountDue"].numberText()));
      // One unit off anywhere is refused.
      for (const char* name : {"lineNetTotal", "taxTotal", "totalWithTax", "amountDue"}) {
        const Big off = (std::string(name) == "lineNetTotal" ? expected.lines
                         : std::string(name) == "taxTotal"   ? expected.tax
                         : std::string(name) == "amountDue"  ? due
                                                             : net + expected.tax) +
                        Big::of("1");
        InvoiceScenario(describe)
            .when("CreateInvoice",
                  merged(text, R"({"totals":{")" + std::string(name) + R"(":")" + money(off, digits) + "\"}}"))
            .thenRefused(Code::kInvalidArgument, "", std::string("/totals/") + name);
      }
    }
  }

  void everyCurrencyRoundsToItsOwnDigits() {
    const std::pair<const char*, const char*> kCases[] = {
        {"JPY", "2"}, {"EUR", "1.50"}, {"BHD", "1.500"}, {"CLF", "1.5000"}};
    for (const auto& [currency, net] : kCases) {
      InvoiceScenario scenario(describe);
      scenario.given("CreateInvoice",
                     body(R"({"currency":")" + std::string(currency) +
                          R"(","lines":[{"description":"x","quantity":"0.5","unitPrice":3,"taxRate":0}]})"));
      const auto document = parsed(scenario.document());
      CPPUNIT_ASSERT_EQUAL(std::string(net), std::string(document.root()["totals"]["lineNetTotal"].numberText()));
    }
  }

  void tiesGoAwayFromZero() {
    for (const auto& [quantity, net] : {std::pair("0.5", "0.01"), std::pair("-0.5", "-0.01")}) {
      InvoiceScenario scenario(describe);
      scenario.given("CreateInvoice", body(R"({"type":"corrective","lines":[{"description":"x","quantity":")" +
                                           std::string(quantity) + R"(","unitPrice":"0.01","taxRate":0}]})"));
      const auto document = parsed(scenario.document());
      CPPUNIT_ASSERT_EQUAL(std::string(net), std::string(document.root()["totals"]["lineNetTotal"].numberText()));
    }
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(InvoicesTotalsTest);

}  // namespace gyre::invoices
