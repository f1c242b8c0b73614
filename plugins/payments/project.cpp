#include "payment.hpp"

#include <algorithm>
#include <iterator>

#include "gyre/decimal.hpp"
#include "gyre/time.hpp"

namespace gyre::payments {

std::string moneyText(std::int64_t minor, int digits) {
  return Decimal::ofUnits(minor, std::clamp(digits, 0, Decimal::kMaxScale)).toText();
}

namespace {

void writeText(JsonWriter& out, std::string_view name, std::string_view text) {
  if (!text.empty()) out.member(name, text);
}

void writeTime(JsonWriter& out, std::string_view name, const std::optional<std::int64_t>& millis) {
  if (millis) out.member(name, timeText(*millis));
}

void writeMembers(const Payment& payment, std::uint64_t version, JsonWriter& out) {
  out.member("paymentId", payment.id).member("organizationId", payment.organization_id);
  writeText(out, "userId", payment.user_id);
  writeText(out, "invoiceId", payment.invoice_id);
  out.rawMember("amount", moneyText(payment.amount_minor, payment.minor_digits));
  out.member("currency", payment.currency).member("status", statusName(payment.status));
  writeText(out, "description", payment.description);
  if (!payment.metadata.empty()) out.rawMember("metadata", payment.metadata);
  out.member("createdAt", timeText(payment.created_at)).member("updatedAt", timeText(payment.updated_at));
  out.member("processedAt", timeText(payment.processed_at));
  writeTime(out, "failedAt", payment.failed_at);
  writeText(out, "error", payment.error);
  if (payment.refunded_at) out.rawMember("refundAmount", moneyText(payment.refunded_minor, payment.minor_digits));
  writeTime(out, "refundedAt", payment.refunded_at);
  out.member("version", version);
}

bool isSane(const Payment& payment) { return payment.minor_digits >= 0 && payment.minor_digits <= Decimal::kMaxScale; }

}  // namespace

void Payment::write(JsonWriter& out) const {
  out.beginObject().member("paymentId", id).member("organizationId", organization_id);
  writeText(out, "userId", user_id);
  writeText(out, "invoiceId", invoice_id);
  out.member("amountMinor", amount_minor).member("refundedMinor", refunded_minor).member("minorDigits", minor_digits);
  out.member("currency", currency).member("status", statusName(status));
  writeText(out, "description", description);
  if (!metadata.empty()) out.rawMember("metadata", metadata);
  writeText(out, "error", error);
  out.member("createdAt", created_at).member("updatedAt", updated_at).member("processedAt", processed_at);
  if (failed_at) out.member("failedAt", *failed_at);
  if (refunded_at) out.member("refundedAt", *refunded_at);
  out.member("version", version).endObject();
}

Result<Payment> Payment::read(json::Value state) {
  Payment payment;
  const auto whole = [&](std::string_view name) { return state[name].integer(); };
  const auto* const status = std::find(std::begin(kStatusNames), std::end(kStatusNames), state["status"].string());
  if (!state["paymentId"].isString() || status == std::end(kStatusNames) || !whole("amountMinor") ||
      !whole("minorDigits"))
    return internalError("the stored state is no payment: " + detail::shown(state));
  payment.id = state["paymentId"].string();
  payment.organization_id = state["organizationId"].string();
  payment.user_id = state["userId"].string();
  payment.invoice_id = state["invoiceId"].string();
  payment.amount_minor = *whole("amountMinor");
  payment.refunded_minor = whole("refundedMinor").value_or(0);
  payment.minor_digits = static_cast<int>(*whole("minorDigits"));
  payment.currency = state["currency"].string();
  payment.status = static_cast<PaymentStatus>(status - std::begin(kStatusNames));
  payment.description = state["description"].string();
  payment.metadata = state["metadata"].raw();
  payment.error = state["error"].string();
  payment.created_at = whole("createdAt").value_or(0);
  payment.updated_at = whole("updatedAt").value_or(0);
  payment.processed_at = whole("processedAt").value_or(0);
  payment.failed_at = whole("failedAt");
  payment.refunded_at = whole("refundedAt");
  payment.version = state["version"].unsignedInteger().value_or(0);
  if (!isSane(payment)) return internalError("the stored state is no payment: " + detail::shown(state));
  return payment;
}

void paymentDocument(const Payment& payment, JsonWriter& out) {
  out.beginObject();
  writeMembers(payment, payment.version, out);
  out.member("amountMinor", payment.amount_minor).member("refundedMinor", payment.refunded_minor);
  out.member("minorDigits", payment.minor_digits).endObject();
}

void writeAnswer(const Payment& payment, std::uint64_t version, JsonWriter& out) {
  out.beginObject();
  writeMembers(payment, version, out);
  out.endObject();
}

// Amounts are written from the exact integers: an engine may have passed `amount` through a double.
void writeAnswer(json::Value document, JsonWriter& out) {
  const auto digits =
      static_cast<int>(std::clamp<std::int64_t>(document["minorDigits"].integer().value_or(0), 0, Decimal::kMaxScale));
  const auto exact = [&](std::string_view member) { return moneyText(document[member].integer().value_or(0), digits); };
  out.beginObject();
  for (const json::Value value : document) {
    const std::string_view name = value.key();
    if (name == "amountMinor" || name == "refundedMinor" || name == "minorDigits") continue;
    if (name == "amount")
      out.rawMember(name, exact("amountMinor"));
    else if (name == "refundAmount")
      out.rawMember(name, exact("refundedMinor"));
    else
      out.rawMember(name, value.raw());
  }
  out.endObject();
}

}  // namespace gyre::payments
