// May this invoice be made? Everything that it says is checked here, once: each fault is told with its rule, what was
// expected and what was found.
#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "gyre/country.hpp"
#include "gyre/currency.hpp"
#include "gyre/faults.hpp"
#include "gyre/time.hpp"
#include "invoice.hpp"
#include "number_key.hpp"
#include "totals.hpp"

namespace gyre::invoices {

namespace {

constexpr std::string_view kFactorDigits = "at most 12 digits before the point and 6 after it";
constexpr Int128 kAmountLimit = Decimal::power(Money::kMaxDigits);  // of an amount in minor units

std::string ruled(std::string_view rule, std::string_view what) {
  std::string text(rule);
  text += ": ";
  text += what;
  return text;
}
std::string expected(std::string_view rule, std::string_view wanted, std::string_view found) {
  return ruled(rule, "expected " + std::string(wanted) + ", found " + std::string(found));
}

std::string_view textOf(json::Value value) { return value.isString() ? value.string() : value.numberText(); }

// Reads one body. Its members go on after a fault, with values that cause no other.
class Reader {
 public:
  explicit Reader(json::Value body) : body_(body), faults_(body, createInvoiceBody()) {
    for (const std::string_view amounts : {"lines", "allowances", "charges", "totals", "currency"})
      if (faults_.hasFaultAt(amounts)) has_sound_amounts_ = false;
  }

  Result<Events> run(const Command& command, const Invoice* invoice);

 private:
  using Category = TaxCategory::Rate;
  struct Line {
    std::string_view id;
    Decimal quantity, unit_price;
    LineNet net;
    TaxClass tax;
  };
  struct Allowance {
    Int128 minor = 0;
    TaxClass tax;
  };
  // Of which rules a tax class speaks: a line's, an allowance's or a charge's.
  struct TaxPlace {
    std::string_view missing;    // BR-CO-04, BR-32, BR-37
    std::string_view code_list;  // BR-CL-18, BR-CL-17
    std::string_view rate;       // the end of BR-S-05, -06, -07
  };

  void fault(std::string pointer, std::string detail) {
    for (const std::string_view amounts : {"/lines", "/allowances", "/charges", "/totals", "/currency"})
      if (pointer.starts_with(amounts)) has_sound_amounts_ = false;
    faults_.add(std::move(pointer), std::move(detail));
  }

  void readHead();
  void readDates();
  std::string_view readDate(std::string_view member);
  void checkTexts(json::Value value, const std::string& pointer);
  void checkParty(std::string_view member);
  void readLines();
  Line readLine(json::Value line, const std::string& at);
  Decimal readFactor(json::Value value, const std::string& pointer);
  TaxClass readTax(json::Value holder, const std::string& at, const TaxPlace& place);
  std::int64_t readRate(json::Value rate, const std::string& pointer);
  // An amount in minor units; `rule` is about its digits after the point.
  void faultOfDigits(const std::string& pointer, std::string_view limit, const Status& status, json::Value found);
  std::optional<Int128> readAmount(json::Value value, const std::string& pointer, std::string_view rule);
  std::vector<Allowance> readAllowances(std::string_view member, bool is_charge);
  void readPrepaid();
  void checkTotals();
  void checkStated(std::string_view member, std::string_view rule, std::string_view digits_rule, Int128 reckoned,
                   std::string_view what);
  void checkBreakdown();
  void checkTaxReasons();
  void checkSign();
  bool isOfOneSign() const { return type_ != kTypeNames[2]; }

  std::string money(Int128 minor) const { return Decimal::ofUnits(minor, digits_).toText(); }
  void writeAmount(JsonWriter& out, std::string_view name, Int128 minor) const { out.rawMember(name, money(minor)); }
  std::string content() const;
  void writeTax(JsonWriter& out, const TaxClass& tax) const;
  void writeLines(JsonWriter& out) const;
  void writeAllowances(JsonWriter& out, std::string_view member, const std::vector<Allowance>& read) const;
  void writeTotals(JsonWriter& out) const;

  json::Value body_;
  Faults faults_;
  std::string_view type_ = kTypeNames[0];
  const Currency* currency_ = nullptr;
  int digits_ = 4;  // of the currency; while it is not known, the most that any has
  std::string_view issue_date_, due_date_;
  std::vector<Line> lines_;
  std::vector<Allowance> allowances_, charges_;
  Totals totals_{4};
  bool has_sound_amounts_ = true;  // and so their sums can be compared
};

// ---- head

void Reader::checkTexts(json::Value value, const std::string& pointer) {
  if (value.isString()) {
    std::string text(value.string());
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c == '\t' || c == '\n' || c == '\r'; }, ' ');
    if (!isPrintable(text)) fault(pointer, "expected no control characters but tabs and line breaks");
    return;
  }
  std::size_t position = 0;
  for (const json::Value child : value)
    checkTexts(child, pointer + (value.isArray() ? "/" + std::to_string(position++) : jsonPointer(child.key())));
}

void Reader::checkParty(std::string_view member) {
  const json::Value party = body_[member];
  if (!party.isObject()) return;
  const json::Value country = party["country"];
  if (country.isString() && !isCountry(country.string()))
    fault(jsonPointer(member) + "/country", ruled("BR-CL-14", unknownCountry(country.string())));
  const json::Value name = party["name"];
  if (name.isString() && name.string().find_first_not_of(" \t\r\n") == std::string_view::npos)
    fault(jsonPointer(member) + "/name",
          expected(member == "seller" ? "BR-06" : "BR-07", "a name", detail::quoted(name.string())));
}

void Reader::readHead() {
  if (const json::Value type = faults_.sound("type"); type.isString()) type_ = type.string();
  if (const json::Value code = faults_.sound("currency"); code.isString()) {
    currency_ = findCurrency(code.string());
    if (currency_ == nullptr)
      fault("/currency", ruled("BR-CL-04", unknownCurrency(code.string())));
    else
      digits_ = currency_->minor_digits;
  }
  totals_ = Totals(digits_);
  if (const json::Value number = faults_.sound("number"); number.isString()) {
    const std::string_view text = number.string();
    if (numberKey(text).empty())
      fault("/number", expected("BR-02", "a number with a letter or a digit", detail::quoted(text)));
    else if (!isPrintable(text) || text.front() == ' ' || text.back() == ' ')
      fault("/number", expected("BR-02", "a number on one line, without blanks around it", detail::quoted(text)));
  }
  checkParty("seller");
  checkParty("buyer");
}

std::string_view Reader::readDate(std::string_view member) {
  const json::Value value = faults_.sound(member);
  if (!value.isString()) return {};
  if (value.string().size() == 10 && parseTimeSpan(value.string())) return value.string();
  fault(jsonPointer(member), expected(member == "issueDate" ? "BR-03" : "INV-DATES", "a date like 2024-02-29",
                                      detail::quoted(value.string())));
  return {};
}

// Dates of this form are in order as texts.
void Reader::readDates() {
  issue_date_ = readDate("issueDate");
  due_date_ = readDate("dueDate");
  const std::string_view start = readDate("periodStart");
  const std::string_view end = readDate("periodEnd");
  if (!issue_date_.empty() && !due_date_.empty() && due_date_ < issue_date_)
    fault("/dueDate", expected("INV-DATES", "a date not before the issue date " + std::string(issue_date_), due_date_));
  if (!start.empty() && !end.empty() && end < start)
    fault("/periodEnd", expected("BR-29", "a date not before the start of the period " + std::string(start), end));
  if (const json::Value time = faults_.sound("issueTime"); time.isString()) {
    const std::string_view text = time.string();
    if (text.size() != 8 || !parseTimeSpan("2024-01-01T" + std::string(text) + "Z"))
      fault("/issueTime", expected("INV-DATES", "a time like 23:59:59", detail::quoted(text)));
  }
}

// ---- amounts

// Of what is no decimal, or has more digits than any can.
void Reader::faultOfDigits(const std::string& pointer, std::string_view limit, const Status& status,
                           json::Value found) {
  if (status.reason() == "out_of_range")
    fault(pointer, expected("INV-DIGITS", limit, detail::quoted(textOf(found))));
  else
    fault(pointer, ruled("INV-DIGITS", status.message()));
}

std::optional<Int128> Reader::readAmount(json::Value value, const std::string& pointer, std::string_view rule) {
  if (value.isMissing() || value.isNull()) return std::nullopt;
  const auto amount = Decimal::parse(textOf(value));
  if (!amount.isOk()) {
    faultOfDigits(pointer, "at most 18 digits", amount.status(), value);
    return std::nullopt;
  }
  const auto money = Money::parse(textOf(value), currency_ == nullptr ? Currency{"any currency", digits_} : *currency_);
  if (money.isOk()) return money->minor;
  fault(pointer, ruled(amount->scale() > digits_ ? rule : "INV-DIGITS", money.status().message()));
  return std::nullopt;
}

// A quantity or a price.
Decimal Reader::readFactor(json::Value value, const std::string& pointer) {
  const auto read = Decimal::parse(textOf(value));
  if (!read.isOk()) {
    faultOfDigits(pointer, kFactorDigits, read.status(), value);
    return {};
  }
  const Int128 limit = Decimal::power(kQuantityWhole + read->scale());
  if (read->scale() > kQuantityDigits || read->units() >= limit || read->units() <= -limit) {
    fault(pointer, expected("INV-DIGITS", kFactorDigits, detail::quoted(textOf(value))));
    return {};
  }
  return *read;
}

std::int64_t Reader::readRate(json::Value rate, const std::string& pointer) {
  const auto read = Decimal::parse(textOf(rate));
  if (!read.isOk() || read->scale() > TaxClass::kRateDigits || read->isNegative() || *read > Decimal::ofUnits(100, 0)) {
    fault(pointer, expected("INV-RATE", "a rate from 0 to 100 with at most 4 digits after the point",
                            detail::quoted(textOf(rate))));
    return 0;
  }
  return static_cast<std::int64_t>(read->units() * Decimal::power(TaxClass::kRateDigits - read->scale()));
}

TaxClass Reader::readTax(json::Value holder, const std::string& at, const TaxPlace& place) {
  TaxClass tax{&kTaxCategories[0], 0};
  const json::Value code = holder["taxCategory"];
  const json::Value rate = holder["taxRate"];
  const bool has_rate = !rate.isMissing() && !rate.isNull();
  if (has_rate) tax.rate = readRate(rate, at + "/taxRate");
  if (!code.isString()) {
    if (!has_rate)
      fault(at + "/taxCategory", expected(place.missing, "a tax category, or a rate that tells it", "neither"));
    else if (tax.rate == 0)
      tax.category = &kTaxCategories[1];
    return tax;
  }
  const TaxCategory* const category = findTaxCategory(code.string());
  if (category == nullptr) {
    fault(at + "/taxCategory",
          expected(place.code_list, "one of S, Z, E, AE, K, G, O, L, M", detail::quoted(code.string())));
    return tax;
  }
  tax.category = category;
  const std::string rule = std::string(category->rules) + std::string(place.rate);
  const std::string found = has_rate ? detail::quoted(textOf(rate)) : std::string("none");
  switch (category->rate) {
    case Category::kAboveZero:
      if (tax.rate == 0) fault(at + "/taxRate", expected(rule, "a rate above 0", found));
      break;
    case Category::kZero:
      if (tax.rate != 0) fault(at + "/taxRate", expected(rule, "the rate 0", found));
      break;
    case Category::kNone:
      if (has_rate && tax.rate != 0) fault(at + "/taxRate", expected(rule, "no rate", found));
      break;
    case Category::kAny:
      if (!has_rate) fault(at + "/taxRate", expected(rule, "a rate", found));
      break;
  }
  if (category->rate != Category::kAboveZero && category->rate != Category::kAny) tax.rate = 0;
  return tax;
}

// ---- lines, allowances, charges

Reader::Line Reader::readLine(json::Value line, const std::string& at) {
  static constexpr TaxPlace kPlace{"BR-CO-04", "BR-CL-18", "-05"};
  Line read;
  read.id = line["id"].string();
  if (const json::Value item = line["description"];
      item.isString() && item.string().find_first_not_of(" \t\r\n") == std::string_view::npos)
    fault(at + "/description", expected("BR-25", "what was sold", detail::quoted(item.string())));
  read.quantity = readFactor(line["quantity"], at + "/quantity");
  read.unit_price = readFactor(line["unitPrice"], at + "/unitPrice");
  read.tax = readTax(line, at, kPlace);
  const std::string_view quantity = textOf(line["quantity"]);
  if (isOfOneSign() && read.quantity.isNegative())
    fault(at + "/quantity",
          expected("INV-QUANTITY", "a quantity above 0 (what is taken back stands in a creditNote)", quantity));
  else if (read.quantity.isZero() && Decimal::parse(quantity).isOk() && Decimal::parse(quantity)->isZero())
    fault(at + "/quantity", expected("INV-QUANTITY", "a quantity that is not 0", quantity));
  if (read.unit_price.isNegative())
    fault(at + "/unitPrice", expected("BR-27", "a price of at least 0", textOf(line["unitPrice"])));
  if (const json::Value currency = line["currency"];
      currency.isString() && currency_ != nullptr && currency.string() != currency_->code)
    fault(at + "/currency", expected("PEPPOL-EN16931-R051", "the invoice's currency " + std::string(currency_->code),
                                     detail::quoted(currency.string())));
  read.net = lineNet(read.quantity, read.unit_price, digits_);
  if (read.net.minor >= kAmountLimit || read.net.minor <= -kAmountLimit) {
    fault(at, expected("INV-DIGITS", "quantity × unitPrice of at most 18 digits", money(read.net.minor)));
    read.net = {};
  }
  const auto stated = readAmount(line["netAmount"], at + "/netAmount", "BR-DEC-23");
  if (stated && *stated != read.net.minor)
    fault(at + "/netAmount", expected("PEPPOL-EN16931-R120", money(read.net.minor) + " (quantity × unitPrice)",
                                      textOf(line["netAmount"])));
  return read;
}

void Reader::readLines() {
  const json::Value lines = body_["lines"];
  if (!lines.isArray()) return;
  if (lines.size() == 0) fault("/lines", expected("BR-16", "at least one line", "none"));
  const std::vector<bool> unsound = faults_.unsoundElements("lines");
  std::set<std::string_view> ids;
  std::size_t position = 0;
  for (const json::Value line : lines) {
    const std::string at = "/lines/" + std::to_string(position);
    lines_.push_back(unsound[position] ? Line{{}, {}, {}, {}, {&kTaxCategories[0], 0}} : readLine(line, at));
    if (!lines_.back().id.empty() && !ids.insert(lines_.back().id).second)
      fault(at + "/id", expected("BR-21", "an id of its own", detail::quoted(lines_.back().id)));
    totals_.addLine(lines_.back().tax, lines_.back().net);
    ++position;
  }
}

std::vector<Reader::Allowance> Reader::readAllowances(std::string_view member, bool is_charge) {
  static constexpr TaxPlace kAllowance{"BR-32", "BR-CL-17", "-06"};
  static constexpr TaxPlace kCharge{"BR-37", "BR-CL-17", "-07"};
  std::vector<Allowance> read;
  const std::vector<bool> unsound = faults_.unsoundElements(member);
  std::size_t position = 0;
  for (const json::Value element : body_[member]) {
    const std::string at = jsonPointer(member) + "/" + std::to_string(position);
    if (unsound[position++]) continue;
    Allowance one{0, readTax(element, at, is_charge ? kCharge : kAllowance)};
    one.minor = readAmount(element["amount"], at + "/amount", is_charge ? "BR-DEC-05" : "BR-DEC-01").value_or(0);
    if (one.minor < 0)
      fault(at + "/amount", expected("INV-SIGN", "an amount of at least 0", textOf(element["amount"])));
    if (element["reason"].string().empty())
      fault(at + "/reason", expected(is_charge ? "BR-38" : "BR-33", "a reason", "\"\""));
    is_charge ? totals_.addCharge(one.tax, one.minor) : totals_.addAllowance(one.tax, one.minor);
    read.push_back(one);
  }
  return read;
}

// ---- totals

void Reader::readPrepaid() {
  const json::Value totals = body_["totals"];
  if (!totals.isObject()) return;
  const Int128 prepaid = readAmount(totals["prepaidAmount"], "/totals/prepaidAmount", "BR-DEC-16").value_or(0);
  if (prepaid < 0)
    fault("/totals/prepaidAmount", expected("INV-SIGN", "an amount of at least 0", textOf(totals["prepaidAmount"])));
  totals_.setPrepaid(prepaid);
  totals_.setRounding(readAmount(totals["roundingAmount"], "/totals/roundingAmount", "BR-DEC-17").value_or(0));
}

void Reader::checkStated(std::string_view member, std::string_view rule, std::string_view digits_rule, Int128 reckoned,
                         std::string_view what) {
  const json::Value value = body_["totals"][member];
  const std::string pointer = "/totals" + jsonPointer(member);
  const auto stated = readAmount(value, pointer, digits_rule);
  if (stated && *stated != reckoned)
    fault(pointer, expected(rule, money(reckoned) + " (" + std::string(what) + ")", textOf(value)));
}

void Reader::checkTotals() {
  if (!body_["totals"].isObject()) return;
  checkStated("lineNetTotal", "BR-CO-10", "BR-DEC-09", totals_.lineNetTotal(), "the sum of the lines' net amounts");
  checkStated("allowanceTotal", "BR-CO-11", "BR-DEC-10", totals_.allowanceTotal(), "the sum of the allowances");
  checkStated("chargeTotal", "BR-CO-12", "BR-DEC-11", totals_.chargeTotal(), "the sum of the charges");
  checkStated("totalWithoutTax", "BR-CO-13", "BR-DEC-12", totals_.totalWithoutTax(), "lines - allowances + charges");
  checkStated("taxTotal", "BR-CO-14", "BR-DEC-13", totals_.taxTotal(), "the sum of the tax breakdown");
  checkStated("totalWithTax", "BR-CO-15", "BR-DEC-14", totals_.totalWithTax(), "total without tax + tax");
  checkStated("amountDue", "BR-CO-16", "BR-DEC-18", totals_.amountDue(), "total with tax - prepaid + rounding");
}

void Reader::checkBreakdown() {
  const json::Value stated = body_["taxBreakdown"];
  if (!stated.isArray()) return;
  static constexpr TaxPlace kPlace{"BR-47", "BR-CL-17", "-05"};
  const std::vector<bool> unsound = faults_.unsoundElements("taxBreakdown");
  std::set<TaxClass> seen;
  std::size_t position = 0;
  for (const json::Value element : stated) {
    const std::string at = "/taxBreakdown/" + std::to_string(position);
    if (unsound[position++]) continue;
    const TaxClass tax = readTax(element, at, kPlace);
    const std::string rules(tax.category->rules);
    if (!seen.insert(tax).second)
      fault(at, expected(rules + "-01", "one entry a category and rate",
                         "a second for " + std::string(tax.category->code) + " at " + tax.rateText() + " %"));
    const auto group = totals_.groups().find(tax);
    const TaxGroup reckoned = group == totals_.groups().end() ? TaxGroup() : group->second;
    const auto taxable = readAmount(element["taxableAmount"], at + "/taxableAmount", "BR-DEC-19");
    if (taxable && *taxable != reckoned.taxable_minor)
      fault(at + "/taxableAmount",
            expected(rules + "-08", money(reckoned.taxable_minor) + " (lines - allowances + charges of this category)",
                     textOf(element["taxableAmount"])));
    const auto amount = readAmount(element["taxAmount"], at + "/taxAmount", "BR-DEC-20");
    if (amount && *amount != reckoned.tax_minor)
      fault(at + "/taxAmount",
            expected("BR-CO-17",
                     money(reckoned.tax_minor) + " (" + money(reckoned.taxable_minor) + " × " + tax.rateText() + " %)",
                     textOf(element["taxAmount"])));
  }
  for (const auto& [tax, group] : totals_.groups())
    if (!seen.contains(tax))
      fault("/taxBreakdown",
            expected(std::string(tax.category->rules) + "-01",
                     "an entry for " + std::string(tax.category->code) + " at " + tax.rateText() + " %", "none"));
}

void Reader::checkTaxReasons() {
  const bool has_reason = !faults_.sound("taxExemptionReason").string().empty();
  bool has_exempt = false;
  bool has_other = false;
  for (const auto& [tax, group] : totals_.groups()) {
    (tax.category->rate == Category::kNone ? has_exempt : has_other) = true;
    if (tax.category->needs_reason && !has_reason)
      fault("/taxExemptionReason",
            expected(std::string(tax.category->rules) + "-10",
                     "a reason for the tax category " + std::string(tax.category->code), "none"));
  }
  if (has_exempt && has_other) fault("/lines", expected("BR-O-11", "no other tax category beside O", "both"));
}

void Reader::checkSign() {
  if (isOfOneSign() && totals_.totalWithTax() < 0)
    fault("/allowances", expected("INV-SIGN", "a total with tax of at least 0", money(totals_.totalWithTax())));
  const std::pair<std::string_view, Int128> kSums[] = {{"the lines", totals_.lineNetTotal()},
                                                       {"the allowances", totals_.allowanceTotal()},
                                                       {"the charges", totals_.chargeTotal()},
                                                       {"the total with tax", totals_.totalWithTax()},
                                                       {"the amount due", totals_.amountDue()}};
  for (const auto& [what, sum] : kSums)
    if (sum >= kAmountLimit || sum <= -kAmountLimit)
      fault("/lines", expected("INV-DIGITS", "at most 18 digits in " + std::string(what), money(sum)));
  if (totals_.amountDue() > 0 && due_date_.empty() && body_["dueDate"].isMissing() &&
      faults_.sound("paymentTerms").string().empty())
    fault("/dueDate",
          expected("BR-CO-25", "a due date or payment terms, as " + money(totals_.amountDue()) + " is due", "neither"));
}

// ---- what is kept

void Reader::writeTax(JsonWriter& out, const TaxClass& tax) const {
  out.member("taxCategory", tax.category->code);
  if (tax.category->rate != Category::kNone) out.rawMember("taxRate", tax.rateText());
}

void Reader::writeLines(JsonWriter& out) const {
  out.key("lines").beginArray();
  std::size_t position = 0;
  for (const json::Value line : body_["lines"]) {
    const Line& read = lines_[position++];
    out.beginObject();
    if (read.id.empty())
      out.member("id", std::to_string(position));
    else
      out.member("id", read.id);
    if (line["productCode"].isString()) out.member("productCode", line["productCode"].string());
    out.member("description", line["description"].string());
    out.rawMember("quantity", read.quantity.toText());
    if (line["unit"].isString()) out.member("unit", line["unit"].string());
    out.rawMember("unitPrice", read.unit_price.toText());
    writeAmount(out, "netAmount", read.net.minor);
    writeTax(out, read.tax);
    out.endObject();
  }
  out.endArray();
}

void Reader::writeAllowances(JsonWriter& out, std::string_view member, const std::vector<Allowance>& read) const {
  if (read.empty()) return;
  out.key(member).beginArray();
  std::size_t position = 0;
  for (const json::Value element : body_[member]) {
    const Allowance& one = read[position++];
    out.beginObject();
    writeAmount(out, "amount", one.minor);
    out.member("reason", element["reason"].string());
    writeTax(out, one.tax);
    out.endObject();
  }
  out.endArray();
}

void Reader::writeTotals(JsonWriter& out) const {
  out.key("taxBreakdown").beginArray();
  for (const auto& [tax, group] : totals_.groups()) {
    out.beginObject();
    writeTax(out, tax);
    writeAmount(out, "taxableAmount", group.taxable_minor);
    writeAmount(out, "taxAmount", group.tax_minor);
    out.endObject();
  }
  out.endArray().key("totals").beginObject();
  writeAmount(out, "lineNetTotal", totals_.lineNetTotal());
  if (!allowances_.empty()) writeAmount(out, "allowanceTotal", totals_.allowanceTotal());
  if (!charges_.empty()) writeAmount(out, "chargeTotal", totals_.chargeTotal());
  writeAmount(out, "totalWithoutTax", totals_.totalWithoutTax());
  writeAmount(out, "taxTotal", totals_.taxTotal());
  writeAmount(out, "totalWithTax", totals_.totalWithTax());
  if (totals_.prepaidAmount() != 0) writeAmount(out, "prepaidAmount", totals_.prepaidAmount());
  if (totals_.roundingAmount() != 0) writeAmount(out, "roundingAmount", totals_.roundingAmount());
  writeAmount(out, "amountDue", totals_.amountDue());
  out.endObject();
  // What rounding took from the lines, so that statistics can tell quantity × price exactly.
  if (totals_.rest() != 0) out.member("rest", totals_.rest());
}

std::string Reader::content() const {
  std::string data;
  JsonWriter out(data);
  out.beginObject().member("organizationId", body_["organizationId"].string());
  out.member("number", body_["number"].string()).member("type", type_);
  out.member("currency", currency_->code).member("minorDigits", digits_);
  for (const std::string_view member : {"issueDate", "issueTime", "dueDate", "periodStart", "periodEnd", "paymentTerms",
                                        "orderReference", "precedingInvoice", "note", "taxExemptionReason"})
    if (const std::string_view text = body_[member].string(); !text.empty()) out.member(member, text);
  for (const std::string_view member : {"seller", "buyer", "metadata"}) {
    if (!body_[member].isObject()) continue;
    out.key(member);
    json::writeCanonical(body_[member], out);
  }
  writeLines(out);
  writeAllowances(out, "allowances", allowances_);
  writeAllowances(out, "charges", charges_);
  writeTotals(out);
  out.endObject();
  return data;
}

Result<Events> Reader::run(const Command& command, const Invoice* invoice) {
  checkTexts(body_, {});
  readHead();
  readDates();
  readLines();
  allowances_ = readAllowances("allowances", false);
  charges_ = readAllowances("charges", true);
  readPrepaid();
  totals_.reckon();
  // Sums of amounts that were not understood are not compared: their faults would only follow from the first.
  if (has_sound_amounts_) {
    checkTotals();
    checkBreakdown();
    checkTaxReasons();
    checkSign();
  }
  GYRE_TRY(faults_.status());
  const std::string_view organization = body_["organizationId"].string();
  if (!command.organization_id.empty() && command.organization_id != organization)
    return Status(Code::kPermissionDenied, "organizationId: the key is bound to " +
                                               detail::quoted(command.organization_id) + ", found " +
                                               detail::quoted(organization));
  if (invoice != nullptr) {
    const std::string seen =
        requireVisible(command, invoice).isOk() ? ", it is " + std::string(statusName(invoice->status)) : std::string();
    return Status(Code::kConflict, "already_exists",
                  "invoice " + detail::quoted(command.entity_id) + " exists already" + seen);
  }
  return Events{{"InvoiceCreated", content()}};
}

}  // namespace

Result<Events> createInvoice(const Command& command, const Invoice* invoice) {
  // Before anything is looked at: how much work a body may make.
  if (const json::Value lines = command.body["lines"];
      lines.isArray() && static_cast<std::int64_t>(lines.size()) > limits().max_lines) {
    const std::string detail =
        expected("INV-LINES", "at most " + std::to_string(limits().max_lines) + " lines", std::to_string(lines.size()));
    return invalidArgument("lines: " + detail).addFault("/lines", detail);
  }
  return Reader(command.body).run(command, invoice);
}

}  // namespace gyre::invoices
