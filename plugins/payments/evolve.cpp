#include "payment.hpp"

namespace gyre::payments {

namespace {

void create(Payment& payment, const RecordedEvent& event) {
  const json::Value data = event.data;
  payment.id = event.entity_id;
  payment.organization_id = data["organizationId"].string();
  payment.user_id = data["userId"].string();
  payment.invoice_id = data["invoiceId"].string();
  payment.amount_minor = data["amountMinor"].integer().value_or(0);
  payment.minor_digits = static_cast<int>(data["minorDigits"].integer().value_or(0));
  payment.currency = data["currency"].string();
  payment.description = data["description"].string();
  payment.metadata = data["metadata"].raw();
  payment.created_at = event.time_millis;
  payment.processed_at = event.time_millis;
}

}  // namespace

// Never refuses: the log holds only what decide allowed. Types of a later version are counted and otherwise left alone.
Payment evolve(const Payment* before, const RecordedEvent& event) {
  Payment payment = before == nullptr ? Payment() : *before;
  ++payment.version;
  payment.updated_at = event.time_millis;
  if (event.type == "PaymentCreated") {
    create(payment, event);
  } else if (event.type == "PaymentProcessed") {
    payment.status = PaymentStatus::kCompleted;
    payment.processed_at = event.time_millis;
  } else if (event.type == "PaymentFailed") {
    payment.status = PaymentStatus::kFailed;
    payment.failed_at = event.time_millis;
    payment.error = event.data["error"].string();
  } else if (event.type == "PaymentRefunded") {
    payment.status = PaymentStatus::kRefunded;
    payment.refunded_at = event.time_millis;
    payment.refunded_minor += event.data["refundMinor"].integer().value_or(0);
  }
  return payment;
}

}  // namespace gyre::payments
