#include <algorithm>

#include "gyre/decimal.hpp"
#include "invoice.hpp"

namespace gyre::invoices {

namespace {

void create(Invoice& invoice, const RecordedEvent& event) {
  const json::Value data = event.data;
  invoice.id = event.entity_id;
  invoice.content = data.raw();
  invoice.organization_id = data["organizationId"].string();
  invoice.number = data["number"].string();
  invoice.type = data["type"].string();
  invoice.currency = data["currency"].string();
  invoice.minor_digits = static_cast<int>(data["minorDigits"].integer().value_or(2));
  const auto due = Decimal::parse(data["totals"]["amountDue"].numberText());
  if (due.isOk()) invoice.due_minor = static_cast<std::int64_t>(due->units());
  invoice.created_at = event.time_millis;
}

LinkedPayment& payment(Invoice& invoice, std::string_view id) {
  const auto found = std::find_if(invoice.payments.begin(), invoice.payments.end(),
                                  [&](const LinkedPayment& linked) { return linked.payment_id == id; });
  if (found != invoice.payments.end()) return *found;
  invoice.payments.push_back({.payment_id = std::string(id)});
  return invoice.payments.back();
}

// What follows from the amounts, once it has been issued. An invoice with nothing to pay is paid when it is issued.
InvoiceStatus settledStatus(const Invoice& invoice) {
  if (invoice.due_minor > 0 && invoice.creditedMinor() == invoice.due_minor) return InvoiceStatus::kCredited;
  if (invoice.openMinor() <= 0) return InvoiceStatus::kPaid;
  return invoice.paidMinor() > 0 ? InvoiceStatus::kPartiallyPaid : InvoiceStatus::kIssued;
}

void settle(Invoice& invoice, std::int64_t time_millis) {
  invoice.status = settledStatus(invoice);
  if (invoice.status != InvoiceStatus::kPaid)
    invoice.paid_at.reset();
  else if (!invoice.paid_at)
    invoice.paid_at = time_millis;
}

}  // namespace

std::int64_t Invoice::paidMinor() const {
  std::int64_t sum = 0;
  for (const LinkedPayment& linked : payments) sum += linked.amount_minor - linked.refunded_minor;
  return sum;
}

std::int64_t Invoice::creditedMinor() const {
  std::int64_t sum = 0;
  for (const Credit& credit : credits) sum += credit.amount_minor;
  return sum;
}

const LinkedPayment* Invoice::findPayment(std::string_view payment_id) const {
  const auto found = std::find_if(payments.begin(), payments.end(),
                                  [&](const LinkedPayment& linked) { return linked.payment_id == payment_id; });
  return found == payments.end() ? nullptr : &*found;
}

// Never refuses: the log holds only what decide allowed. Types of a later version are counted and otherwise left alone.
Invoice evolve(const Invoice* before, const RecordedEvent& event) {
  Invoice invoice = before == nullptr ? Invoice() : *before;
  ++invoice.version;
  invoice.updated_at = event.time_millis;
  const json::Value data = event.data;
  if (event.type == "InvoiceCreated") {
    create(invoice, event);
  } else if (event.type == "InvoiceIssued") {
    invoice.issued_at = event.time_millis;
    settle(invoice, event.time_millis);
  } else if (event.type == "InvoicePaid") {
    LinkedPayment& linked = payment(invoice, data["paymentId"].string());
    linked.amount_minor = data["amountMinor"].integer().value_or(0);
    linked.paid_at = event.time_millis;
    settle(invoice, event.time_millis);
  } else if (event.type == "InvoicePaymentRefunded") {
    LinkedPayment& linked = payment(invoice, data["paymentId"].string());
    linked.refunded_minor = data["refundedMinor"].integer().value_or(0);
    settle(invoice, event.time_millis);
  } else if (event.type == "InvoiceCredited") {
    invoice.credits.push_back(
        {data["amountMinor"].integer().value_or(0), std::string(data["reason"].string()), event.time_millis});
    settle(invoice, event.time_millis);
  } else if (event.type == "InvoiceCancelled") {
    invoice.status = InvoiceStatus::kCancelled;
    invoice.cancelled_at = event.time_millis;
    invoice.cancel_reason = data["reason"].string();
  }
  return invoice;
}

}  // namespace gyre::invoices
