// What do the lines of an invoice come to? EN 16931's reckoning, in exact decimals.
//
//   net of a line        quantity × unit price, rounded half up to the currency's digits       BT-131
//   sum of the lines     Σ net                                                                 BT-106, BR-CO-10
//   total without tax    sum of the lines − allowances + charges                               BT-109, BR-CO-13
//   taxable amount       of each category and rate: Σ net − allowances + charges               BT-116, BR-S-08 …
//   tax                  of each category and rate: taxable × rate / 100, rounded half up      BT-117, BR-CO-17
//   total tax            Σ tax                                                                 BT-110, BR-CO-14
//   total with tax       total without tax + total tax                                         BT-112, BR-CO-15
//   amount due           total with tax − prepaid + rounding                                   BT-115, BR-CO-16
//
// The standard rounds to two digits; here it is to as many as the currency has (none for JPY, three for BHD). Nothing
// else is ever rounded, and ties go away from zero.
//
// THREADS: values and pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyre/decimal.hpp"
#include "gyre/status.hpp"

namespace gyre::invoices {

// A VAT category (BT-151), of UNCL5305, and the prefix of its rules.
struct TaxCategory {
  std::string_view code;
  std::string_view rules;  // "BR-S"
  enum class Rate : std::uint8_t { kAboveZero, kZero, kAny, kNone } rate;
  bool needs_reason;  // why no tax is charged (BT-120)
};
inline constexpr TaxCategory kTaxCategories[] = {
    {"S", "BR-S", TaxCategory::Rate::kAboveZero, false},  // standard rate
    {"Z", "BR-Z", TaxCategory::Rate::kZero, false},       // zero rated
    {"E", "BR-E", TaxCategory::Rate::kZero, true},        // exempt
    {"AE", "BR-AE", TaxCategory::Rate::kZero, true},      // reverse charge
    {"K", "BR-IC", TaxCategory::Rate::kZero, true},       // intra-community supply
    {"G", "BR-G", TaxCategory::Rate::kZero, true},        // export outside the EU
    {"O", "BR-O", TaxCategory::Rate::kNone, true},        // not subject to tax
    {"L", "BR-AF", TaxCategory::Rate::kAny, false},       // Canary Islands
    {"M", "BR-AG", TaxCategory::Rate::kAny, false},       // Ceuta and Melilla
};
const TaxCategory* findTaxCategory(std::string_view code);

// Tax as a line, an allowance or a charge states it.
struct TaxClass {
  static constexpr int kRateDigits = 4;
  const TaxCategory* category = nullptr;
  std::int64_t rate = 0;  // in 0.0001 %
  auto operator<=>(const TaxClass& other) const {
    return std::pair(category->code, rate) <=> std::pair(other.category->code, other.rate);
  }
  bool operator==(const TaxClass& other) const { return category == other.category && rate == other.rate; }
  // "20" or "5.5"; no trailing zeros.
  std::string rateText() const;
};

// What one line comes to.
struct LineNet {
  Int128 minor = 0;  // rounded
  // quantity × unit price less `minor`, in 10^-12 of the currency: what rounding took away, so that sums can be told
  // exactly. |rest| is half a minor unit at most.
  std::int64_t rest = 0;
};
inline constexpr int kRestDigits = 12;
inline constexpr int kQuantityDigits = 6;  // after the point at most; unit prices likewise
inline constexpr int kQuantityWhole = 12;  // before it
// REQUIRES: both with at most kQuantityDigits after the point and kQuantityWhole before it.
LineNet lineNet(const Decimal& quantity, const Decimal& unit_price, int minor_digits);

struct TaxGroup {
  Int128 taxable_minor = 0;
  Int128 tax_minor = 0;
};

// All in minor units. Sums of 10^5 amounts of 18 digits have room in 128 bits many times over.
class Totals {
 public:
  explicit Totals(int minor_digits) : minor_digits_(minor_digits) {}

  void addLine(const TaxClass& tax, const LineNet& net);
  void addAllowance(const TaxClass& tax, Int128 minor);
  void addCharge(const TaxClass& tax, Int128 minor);
  void setPrepaid(Int128 minor) { prepaid_ = minor; }
  void setRounding(Int128 minor) { rounding_ = minor; }
  // After everything was added: the tax of each group, and the totals.
  void reckon();

  int minorDigits() const { return minor_digits_; }
  const std::map<TaxClass, TaxGroup>& groups() const { return groups_; }
  Int128 lineNetTotal() const { return lines_; }
  Int128 allowanceTotal() const { return allowances_; }
  Int128 chargeTotal() const { return charges_; }
  Int128 totalWithoutTax() const { return lines_ - allowances_ + charges_; }
  Int128 taxTotal() const { return tax_; }
  Int128 totalWithTax() const { return totalWithoutTax() + tax_; }
  Int128 prepaidAmount() const { return prepaid_; }
  Int128 roundingAmount() const { return rounding_; }
  Int128 amountDue() const { return totalWithTax() - prepaid_ + rounding_; }
  std::int64_t rest() const { return rest_; }  // of all lines, in 10^-12

 private:
  int minor_digits_;
  std::map<TaxClass, TaxGroup> groups_;
  Int128 lines_ = 0, allowances_ = 0, charges_ = 0, tax_ = 0, prepaid_ = 0, rounding_ = 0;
  std::int64_t rest_ = 0;
};

// numerator / denominator to the nearest whole, ties away from zero. REQUIRES: denominator > 0.
constexpr Int128 dividedHalfUp(Int128 numerator, Int128 denominator) {
  const Int128 quotient = numerator / denominator;
  const Int128 rest = numerator % denominator;
  const Int128 distance = rest < 0 ? -rest : rest;
  if (distance < denominator - distance) return quotient;
  return quotient + (numerator < 0 ? -1 : 1);
}

}  // namespace gyre::invoices
