#include "totals.hpp"

#include <algorithm>
#include <iterator>

namespace gyre::invoices {

const TaxCategory* findTaxCategory(std::string_view code) {
  const auto* const found = std::find_if(std::begin(kTaxCategories), std::end(kTaxCategories),
                                         [&](const TaxCategory& category) { return category.code == code; });
  return found == std::end(kTaxCategories) ? nullptr : found;
}

std::string TaxClass::rateText() const {
  std::string text = Decimal::ofUnits(rate, kRateDigits).toText();
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

LineNet lineNet(const Decimal& quantity, const Decimal& unit_price, int minor_digits) {
  // 18 digits times 18 digits: the product has 36 and fits.
  const Int128 product = quantity.units() * unit_price.units();
  const int scale = quantity.scale() + unit_price.scale();
  // At 12 digits after the point, which no product exceeds; the whole part has 24, so this fits 36 too.
  const Int128 exact = product * Decimal::power(kRestDigits - scale);
  const Int128 minor = dividedHalfUp(exact, Decimal::power(kRestDigits - minor_digits));
  return {minor, static_cast<std::int64_t>(exact - minor * Decimal::power(kRestDigits - minor_digits))};
}

void Totals::addLine(const TaxClass& tax, const LineNet& net) {
  groups_[tax].taxable_minor += net.minor;
  lines_ += net.minor;
  rest_ += net.rest;
}

void Totals::addAllowance(const TaxClass& tax, Int128 minor) {
  groups_[tax].taxable_minor -= minor;
  allowances_ += minor;
}

void Totals::addCharge(const TaxClass& tax, Int128 minor) {
  groups_[tax].taxable_minor += minor;
  charges_ += minor;
}

void Totals::reckon() {
  tax_ = 0;
  for (auto& [tax, group] : groups_) {
    // A taxable amount below 10^24 times a rate below 10^7 has room.
    group.tax_minor = dividedHalfUp(group.taxable_minor * tax.rate, Decimal::power(TaxClass::kRateDigits + 2));
    tax_ += group.tax_minor;
  }
}

}  // namespace gyre::invoices
