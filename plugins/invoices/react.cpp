// What does a payment mean for the invoice that it names? The events of the domain `payments`, as commands of this one.
#include "gyre/decimal.hpp"
#include "invoice.hpp"

namespace gyre::invoices {

namespace {

// A command about the invoice and the payment, with an amount that the event has in minor units; decided for the
// organisation of the payment, so that one cannot pay what belongs to another.
Reaction reactionOf(std::string_view command, const ForeignEvent& event, std::string_view amount_member,
                    std::string_view minor_member, bool has_currency) {
  const json::Value data = event.data;
  if (!data["invoiceId"].isString()) return {};
  const Decimal amount = Decimal::ofUnits(data[minor_member].integer().value_or(0),
                                          static_cast<int>(data["minorDigits"].integer().value_or(0)));
  std::string body;
  JsonWriter out(body);
  out.beginObject().member("invoiceId", data["invoiceId"].string()).member("paymentId", event.entity_id);
  out.member(amount_member, amount.toText());
  if (has_currency) out.member("currency", data["currency"].string());
  out.endObject();
  return Reaction::of(command, std::move(body)).asOrganization(data["organizationId"].string());
}

}  // namespace

Result<Reaction> paymentProcessed(const ForeignEvent& event) {
  return reactionOf("PayInvoice", event, "amount", "amountMinor", true);
}

Result<Reaction> paymentRefunded(const ForeignEvent& event) {
  return reactionOf("RefundInvoicePayment", event, "refundAmount", "refundMinor", false);
}

}  // namespace gyre::invoices
