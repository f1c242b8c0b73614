// Which currencies are there, and how many digits follow the point in each? ISO 4217, and amounts in minor units.
//
// The table holds every active code that has a minor unit, funds included; precious metals, bond units, the SDR,
// testing and "no currency" have none and are no money here.
//
// THREADS: constants and values.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include "gyre/decimal.hpp"
#include "gyre/schema.hpp"
#include "gyre/status.hpp"

namespace gyre {

struct Currency {
  std::string_view code;
  int minor_digits = 2;
};

// By code.
inline constexpr Currency kCurrencies[] = {
    {"AED", 2}, {"AFN", 2}, {"ALL", 2}, {"AMD", 2}, {"AOA", 2}, {"ARS", 2}, {"AUD", 2}, {"AWG", 2}, {"AZN", 2},
    {"BAM", 2}, {"BBD", 2}, {"BDT", 2}, {"BGN", 2}, {"BHD", 3}, {"BIF", 0}, {"BMD", 2}, {"BND", 2}, {"BOB", 2},
    {"BOV", 2}, {"BRL", 2}, {"BSD", 2}, {"BTN", 2}, {"BWP", 2}, {"BYN", 2}, {"BZD", 2}, {"CAD", 2}, {"CDF", 2},
    {"CHE", 2}, {"CHF", 2}, {"CHW", 2}, {"CLF", 4}, {"CLP", 0}, {"CNY", 2}, {"COP", 2}, {"COU", 2}, {"CRC", 2},
    {"CUP", 2}, {"CVE", 2}, {"CZK", 2}, {"DJF", 0}, {"DKK", 2}, {"DOP", 2}, {"DZD", 2}, {"EGP", 2}, {"ERN", 2},
    {"ETB", 2}, {"EUR", 2}, {"FJD", 2}, {"FKP", 2}, {"GBP", 2}, {"GEL", 2}, {"GHS", 2}, {"GIP", 2}, {"GMD", 2},
    {"GNF", 0}, {"GTQ", 2}, {"GYD", 2}, {"HKD", 2}, {"HNL", 2}, {"HTG", 2}, {"HUF", 2}, {"IDR", 2}, {"ILS", 2},
    {"INR", 2}, {"IQD", 3}, {"IRR", 2}, {"ISK", 0}, {"JMD", 2}, {"JOD", 3}, {"JPY", 0}, {"KES", 2}, {"KGS", 2},
    {"KHR", 2}, {"KMF", 0}, {"KPW", 2}, {"KRW", 0}, {"KWD", 3}, {"KYD", 2}, {"KZT", 2}, {"LAK", 2}, {"LBP", 2},
    {"LKR", 2}, {"LRD", 2}, {"LSL", 2}, {"LYD", 3}, {"MAD", 2}, {"MDL", 2}, {"MGA", 2}, {"MKD", 2}, {"MMK", 2},
    {"MNT", 2}, {"MOP", 2}, {"MRU", 2}, {"MUR", 2}, {"MVR", 2}, {"MWK", 2}, {"MXN", 2}, {"MXV", 2}, {"MYR", 2},
    {"MZN", 2}, {"NAD", 2}, {"NGN", 2}, {"NIO", 2}, {"NOK", 2}, {"NPR", 2}, {"NZD", 2}, {"OMR", 3}, {"PAB", 2},
    {"PEN", 2}, {"PGK", 2}, {"PHP", 2}, {"PKR", 2}, {"PLN", 2}, {"PYG", 0}, {"QAR", 2}, {"RON", 2}, {"RSD", 2},
    {"RUB", 2}, {"RWF", 0}, {"SAR", 2}, {"SBD", 2}, {"SCR", 2}, {"SDG", 2}, {"SEK", 2}, {"SGD", 2}, {"SHP", 2},
    {"SLE", 2}, {"SOS", 2}, {"SRD", 2}, {"SSP", 2}, {"STN", 2}, {"SVC", 2}, {"SYP", 2}, {"SZL", 2}, {"THB", 2},
    {"TJS", 2}, {"TMT", 2}, {"TND", 3}, {"TOP", 2}, {"TRY", 2}, {"TTD", 2}, {"TWD", 2}, {"TZS", 2}, {"UAH", 2},
    {"UGX", 0}, {"USD", 2}, {"USN", 2}, {"UYI", 0}, {"UYU", 2}, {"UYW", 4}, {"UZS", 2}, {"VED", 2}, {"VES", 2},
    {"VND", 0}, {"VUV", 0}, {"WST", 2}, {"XAD", 2}, {"XAF", 0}, {"XCD", 2}, {"XCG", 2}, {"XOF", 0}, {"XPF", 0},
    {"YER", 2}, {"ZAR", 2}, {"ZMW", 2}, {"ZWG", 2}};

// The currency of a code, null when there is none. Codes are upper-case.
inline const Currency* findCurrency(std::string_view code) {
  const auto* const found = std::lower_bound(std::begin(kCurrencies), std::end(kCurrencies), code,
                                             [](const Currency& a, std::string_view b) { return a.code < b; });
  return found != std::end(kCurrencies) && found->code == code ? found : nullptr;
}

// Digits after the point; nothing for an unknown code.
inline std::optional<int> minorDigits(std::string_view code) {
  const Currency* const currency = findCurrency(code);
  return currency == nullptr ? std::nullopt : std::optional<int>(currency->minor_digits);
}

// The code that was probably meant, "" when none is near: "eur" and "EURO" are EUR.
inline std::string_view nearestCurrency(std::string_view code) {
  std::string upper(code.substr(0, 65));
  for (char& c : upper)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  if (const Currency* const same = findCurrency(upper)) return same->code;
  // Three letters have many neighbours; of equally near codes the one most in use was meant.
  constexpr std::string_view kMostUsed[] = {"EUR", "USD", "GBP", "JPY", "CHF", "CAD",
                                            "AUD", "CNY", "SEK", "NOK", "DKK", "PLN"};
  const std::string_view used = nearestName(upper, kMostUsed, [](std::string_view text) { return text; });
  const std::string_view near = nearestName(upper, kCurrencies, [](const Currency& currency) { return currency.code; });
  return !used.empty() && editDistance(upper, used) <= editDistance(upper, near) ? used : near;
}

// What is wrong with a code that findCurrency does not know: the nearest one, or else all of them.
inline std::string unknownCurrency(std::string_view code) {
  std::string text = "unknown currency " + detail::quoted(code);
  if (const std::string_view near = nearestCurrency(code); !near.empty())
    return text + ", did you mean \"" + std::string(near) + "\"?";
  text += "; expected an ISO 4217 code, one of";
  for (const Currency& currency : kCurrencies) (text += ' ') += currency.code;
  return text;
}

// An amount in the smallest unit of its currency: 12.34 EUR is 1234. At most 18 digits, so that it fits a 64-bit
// integer.
struct Money {
  static constexpr int kMaxDigits = 18;

  std::int64_t minor = 0;
  Currency currency;

  // Any sign; at most the currency's digits after the point, trailing zeros counted ("1.000" is no amount in EUR).
  static Result<Money> parse(std::string_view amount, std::string_view code) {
    const Currency* const currency = findCurrency(code);
    if (currency == nullptr) return invalidArgument(unknownCurrency(code));
    return parse(amount, *currency);
  }
  static Result<Money> parse(std::string_view amount, const Currency& currency) {
    GYRE_TRY_ASSIGN(const Decimal value, Decimal::parse(amount));
    if (value.scale() > currency.minor_digits)
      return invalidArgument("expected at most " + std::to_string(currency.minor_digits) +
                             " digits after the point for " + std::string(currency.code) + ", found " +
                             detail::quoted(amount));
    const Int128 limit = Decimal::power(kMaxDigits);
    const auto minor = value.rounded(currency.minor_digits, Rounding::kFloor);
    if (!minor.isOk() || minor->units() >= limit || minor->units() <= -limit)
      return detail::outOfRange("expected at most " + std::to_string(kMaxDigits - currency.minor_digits) +
                                " digits before the point for " + std::string(currency.code) + ", found " +
                                detail::quoted(amount));
    return Money{static_cast<std::int64_t>(minor->units()), currency};
  }

  Decimal amount() const { return Decimal::ofUnits(minor, currency.minor_digits); }
  std::string toText() const { return amount().toText(); }
};

}  // namespace gyre
