#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "gyre/decimal.hpp"
#include "gyre/time.hpp"
#include "invoice.hpp"
#include "totals.hpp"

namespace gyre::invoices {

namespace {

// Members of a document that only the index needs; of the content that only the plugin needs.
constexpr std::string_view kIndexOnly[] = {"issued",   "productCodes", "productNames",
                                           "products", "exact",        "minorDigits"};

std::string moneyText(std::int64_t minor, int digits) { return Decimal::ofUnits(minor, digits).toText(); }

void writeTime(JsonWriter& out, std::string_view name, const std::optional<std::int64_t>& millis) {
  if (millis) out.member(name, timeText(*millis));
}

void writePayments(const Invoice& invoice, JsonWriter& out) {
  if (invoice.payments.empty()) return;
  out.key("payments").beginArray();
  for (const LinkedPayment& linked : invoice.payments) {
    out.beginObject().member("paymentId", linked.payment_id);
    out.rawMember("amount", moneyText(linked.amount_minor, invoice.minor_digits));
    if (linked.refunded_minor > 0)
      out.rawMember("refundedAmount", moneyText(linked.refunded_minor, invoice.minor_digits));
    out.member("paidAt", timeText(linked.paid_at)).endObject();
  }
  out.endArray();
}

void writeCredits(const Invoice& invoice, JsonWriter& out) {
  if (invoice.credits.empty()) return;
  out.key("credits").beginArray();
  for (const Credit& credit : invoice.credits) {
    out.beginObject().rawMember("amount", moneyText(credit.amount_minor, invoice.minor_digits));
    out.member("reason", credit.reason).member("creditedAt", timeText(credit.credited_at)).endObject();
  }
  out.endArray();
}

void writeMembers(const Invoice& invoice, json::Value content, std::uint64_t version, JsonWriter& out) {
  out.member("invoiceId", invoice.id);
  for (const json::Value member : content)
    if (member.key() != "rest" && member.key() != "minorDigits") out.rawMember(member.key(), member.raw());
  out.member("lineCount", static_cast<std::uint64_t>(content["lines"].size()));
  out.member("status", statusName(invoice.status));
  writePayments(invoice, out);
  writeCredits(invoice, out);
  out.rawMember("paidAmount", moneyText(invoice.paidMinor(), invoice.minor_digits));
  out.rawMember("creditedAmount", moneyText(invoice.creditedMinor(), invoice.minor_digits));
  out.rawMember("openAmount", moneyText(invoice.openMinor(), invoice.minor_digits));
  if (!invoice.cancel_reason.empty()) out.member("cancelReason", invoice.cancel_reason);
  out.member("createdAt", timeText(invoice.created_at)).member("updatedAt", timeText(invoice.updated_at));
  writeTime(out, "issuedAt", invoice.issued_at);
  writeTime(out, "paidAt", invoice.paid_at);
  writeTime(out, "cancelledAt", invoice.cancelled_at);
  out.member("version", version);
}

// The whole minor units of an amount in the content, which has exactly the currency's digits.
std::int64_t minorOf(json::Value amount) {
  const auto decimal = Decimal::parse(amount.numberText());
  return decimal.isOk() ? static_cast<std::int64_t>(decimal->units()) : 0;
}

// What is not issued, or was cancelled, earns nothing; what a credit note says counts the other way.
int revenueSign(const Invoice& invoice) {
  if (invoice.status == InvoiceStatus::kDraft || invoice.status == InvoiceStatus::kCancelled) return 0;
  return invoice.isCreditNote() ? -1 : 1;
}

// All lines of one product.
struct Product {
  std::string_view name;
  std::int64_t lines = 0;
  std::int64_t revenue = 0;
  std::int64_t quantity_micro = 0;
};

// By code; lines without one are no product.
std::map<std::string_view, Product> productsOf(json::Value content, int sign) {
  std::map<std::string_view, Product> products;
  for (const json::Value line : content["lines"]) {
    if (!line["productCode"].isString()) continue;
    Product& product = products[line["productCode"].string()];
    if (product.name.empty()) product.name = line["description"].string();
    ++product.lines;
    product.revenue += sign * minorOf(line["netAmount"]);
    if (const auto quantity = Decimal::parse(line["quantity"].numberText()); quantity.isOk())
      product.quantity_micro +=
          sign * static_cast<std::int64_t>(quantity->units() * Decimal::power(kQuantityDigits - quantity->scale()));
  }
  return products;
}

void writeProducts(const Invoice& invoice, json::Value content, JsonWriter& out) {
  const auto products = productsOf(content, revenueSign(invoice));
  out.key("productCodes").beginArray();
  for (const auto& [code, product] : products) out.string(code);
  out.endArray().key("productNames").beginArray();
  std::vector<std::string_view> names;
  for (const json::Value line : content["lines"]) names.push_back(line["description"].string());
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (const std::string_view name : names) out.string(name);
  out.endArray().key("products").beginArray();
  for (const auto& [code, product] : products) {
    out.beginObject().member("code", code).member("name", product.name).member("currency", invoice.currency);
    out.member("lines", product.lines).member("quantityMicro", product.quantity_micro);
    out.member("revenue", product.revenue).endObject();
  }
  out.endArray();
}

void writeExact(const Invoice& invoice, json::Value content, JsonWriter& out) {
  const json::Value totals = content["totals"];
  const int sign = revenueSign(invoice);
  const bool is_open = invoice.status == InvoiceStatus::kIssued || invoice.status == InvoiceStatus::kPartiallyPaid;
  out.key("exact").beginObject().member("totalWithTax", minorOf(totals["totalWithTax"]));
  out.member("revenue", sign * minorOf(totals["totalWithoutTax"])).member("tax", sign * minorOf(totals["taxTotal"]));
  out.member("lineNet", sign * minorOf(totals["lineNetTotal"]));
  out.member("rest", sign * content["rest"].integer().value_or(0));
  out.member("paid", sign * invoice.paidMinor()).member("open", is_open ? sign * invoice.openMinor() : 0);
  out.member("credited", sign * invoice.creditedMinor()).endObject();
}

std::string issuedText(json::Value content) {
  std::string text(content["issueDate"].string());
  const std::string_view time = content["issueTime"].string();
  text.append("T").append(time.empty() ? "00:00:00" : time).append(".000Z");
  return text;
}

// The content was checked when it was decided; a state that is no JSON does not get this far.
json::Document parsed(const Invoice& invoice) {
  auto document = json::Document::parse(invoice.content, {.max_depth = 128});
  return document.isOk() ? std::move(document).value() : std::move(json::Document::parse("{}")).value();
}

}  // namespace

void Invoice::write(JsonWriter& out) const {
  out.beginObject().member("invoiceId", id).rawMember("content", content).member("status", statusName(status));
  out.key("payments").beginArray();
  for (const LinkedPayment& linked : payments) {
    out.beginObject().member("paymentId", linked.payment_id).member("amountMinor", linked.amount_minor);
    out.member("refundedMinor", linked.refunded_minor);
    out.member("paidAt", linked.paid_at).endObject();
  }
  out.endArray().key("credits").beginArray();
  for (const Credit& credit : credits) {
    out.beginObject().member("amountMinor", credit.amount_minor).member("reason", credit.reason);
    out.member("creditedAt", credit.credited_at).endObject();
  }
  out.endArray();
  if (!cancel_reason.empty()) out.member("cancelReason", cancel_reason);
  out.member("createdAt", created_at).member("updatedAt", updated_at);
  if (issued_at) out.member("issuedAt", *issued_at);
  if (paid_at) out.member("paidAt", *paid_at);
  if (cancelled_at) out.member("cancelledAt", *cancelled_at);
  out.member("version", version).endObject();
}

Result<Invoice> Invoice::read(json::Value state) {
  Invoice invoice;
  const json::Value content = state["content"];
  const auto* const status = std::find(std::begin(kStatusNames), std::end(kStatusNames), state["status"].string());
  const auto digits = content["minorDigits"].integer();
  if (!state["invoiceId"].isString() || !content["totals"].isObject() || status == std::end(kStatusNames) || !digits ||
      *digits < 0 || *digits > 4)
    return internalError("the stored state is no invoice: " + detail::shown(state));
  const auto whole = [](json::Value value) { return value.integer().value_or(0); };
  invoice.id = state["invoiceId"].string();
  invoice.content = content.raw();
  invoice.organization_id = content["organizationId"].string();
  invoice.number = content["number"].string();
  invoice.type = content["type"].string();
  invoice.currency = content["currency"].string();
  invoice.minor_digits = static_cast<int>(*digits);
  invoice.due_minor = minorOf(content["totals"]["amountDue"]);
  invoice.status = static_cast<InvoiceStatus>(status - std::begin(kStatusNames));
  for (const json::Value linked : state["payments"])
    invoice.payments.push_back({std::string(linked["paymentId"].string()), whole(linked["amountMinor"]),
                                whole(linked["refundedMinor"]), whole(linked["paidAt"])});
  for (const json::Value credit : state["credits"])
    invoice.credits.push_back(
        {whole(credit["amountMinor"]), std::string(credit["reason"].string()), whole(credit["creditedAt"])});
  invoice.cancel_reason = state["cancelReason"].string();
  invoice.created_at = whole(state["createdAt"]);
  invoice.updated_at = whole(state["updatedAt"]);
  invoice.issued_at = state["issuedAt"].integer();
  invoice.paid_at = state["paidAt"].integer();
  invoice.cancelled_at = state["cancelledAt"].integer();
  invoice.version = state["version"].unsignedInteger().value_or(0);
  return invoice;
}

void invoiceDocument(const Invoice& invoice, JsonWriter& out) {
  const json::Document document = parsed(invoice);
  const json::Value content = document.root();
  out.beginObject();
  writeMembers(invoice, content, invoice.version, out);
  out.member("minorDigits", invoice.minor_digits).member("issued", issuedText(content));
  writeProducts(invoice, content, out);
  writeExact(invoice, content, out);
  out.endObject();
}

void writeAnswer(const Invoice& invoice, std::uint64_t version, JsonWriter& out) {
  const json::Document document = parsed(invoice);
  out.beginObject();
  writeMembers(invoice, document.root(), version, out);
  out.endObject();
}

void writeAnswer(json::Value document, bool with_lines, JsonWriter& out) {
  out.beginObject();
  for (const json::Value member : document) {
    const std::string_view name = member.key();
    const bool is_shown = std::find(std::begin(kIndexOnly), std::end(kIndexOnly), name) == std::end(kIndexOnly) &&
                          (with_lines || name != "lines");
    if (is_shown) out.rawMember(name, member.raw());
  }
  out.endObject();
}

}  // namespace gyre::invoices
