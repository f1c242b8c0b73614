#include <algorithm>
#include <utility>

#include "gyre/currency.hpp"
#include "gyre/faults.hpp"
#include "invoice.hpp"

namespace gyre::invoices {

namespace {

std::string named(std::string_view id) { return "invoice " + detail::quoted(id); }

Status illegalTransition(const Command& command, const Invoice& invoice, std::string_view needed) {
  return {Code::kConflict, "illegal_transition",
          named(command.entity_id) + " is " + std::string(statusName(invoice.status)) + ", and " +
              std::string(command.name) + " needs an invoice that is " + std::string(needed)};
}

void checkSubject(Faults& faults, const Command& event) {
  const json::Value id = faults.sound("invoiceId");
  if (!id.isMissing() && id.string() != event.entity_id)
    faults.add("/invoiceId", "expected the event's subject " + detail::quoted(event.entity_id) + ", found " +
                                 detail::quoted(id.string()));
}

void checkReason(Faults& faults) {
  const json::Value reason = faults.sound("reason");
  if (reason.isString() && (reason.string().empty() || !isPrintable(reason.string())))
    faults.add("/reason", "expected a text without control characters, found " + detail::shown(reason));
}

// An amount above 0 in the invoice's currency, in minor units; 0 after a fault or when there is none. Without an
// invoice that the caller may see, all that holds for every currency is checked.
std::int64_t readAmount(Faults& faults, std::string_view member, const Invoice* invoice) {
  const json::Value value = faults.sound(member);
  if (value.isMissing()) return 0;
  const std::string_view text = value.isString() ? value.string() : value.numberText();
  const auto decimal = Decimal::parse(text);
  Status wrong = decimal.isOk() ? Status() : decimal.status();
  if (wrong.isOk() && (decimal->isNegative() || decimal->isZero()))
    wrong = invalidArgument("expected an amount above 0, found " + detail::quoted(text));
  if (wrong.isOk()) {
    const Currency currency = invoice == nullptr ? Currency{"any currency", std::min(decimal->scale(), 4)}
                                                 : Currency{invoice->currency, invoice->minor_digits};
    const auto money = Money::parse(text, currency);
    if (money.isOk()) return money->minor;
    wrong = money.status();
  }
  faults.add(jsonPointer(member), std::string(wrong.message()));
  return 0;
}

const Invoice* visible(const Command& command, const Invoice* invoice) {
  return requireVisible(command, invoice).isOk() ? invoice : nullptr;
}

std::string moneyText(const Invoice& invoice, std::int64_t minor) {
  return Decimal::ofUnits(minor, invoice.minor_digits).toText();
}

bool isPayable(const Invoice& invoice) {
  return invoice.status == InvoiceStatus::kIssued || invoice.status == InvoiceStatus::kPartiallyPaid;
}

Result<Events> decidePaid(const Command& command, const Invoice* invoice, Faults& faults) {
  const Invoice* const seen = visible(command, invoice);
  const std::int64_t amount = readAmount(faults, "amount", seen);
  if (const json::Value currency = faults.sound("currency");
      seen != nullptr && currency.isString() && currency.string() != seen->currency)
    faults.add("/currency",
               "expected the invoice's currency " + seen->currency + ", found " + detail::quoted(currency.string()));
  GYRE_TRY(faults.status());
  GYRE_TRY(requireVisible(command, invoice));
  const std::string_view payment = faults.sound("paymentId").string();
  if (const LinkedPayment* const linked = invoice->findPayment(payment)) {
    if (linked->amount_minor == amount) return Events();  // the same again
    return Status(Code::kConflict, "payment_already_linked",
                  "paymentId: expected the amount " + moneyText(*invoice, linked->amount_minor) + ", with which " +
                      detail::quoted(payment) + " is linked to " + named(command.entity_id) + ", found " +
                      moneyText(*invoice, amount));
  }
  if (invoice->status == InvoiceStatus::kPaid || isPayable(*invoice)) {
    if (amount > invoice->openMinor())
      return Status(Code::kConflict, "over_payment",
                    "amount: expected at most " + moneyText(*invoice, std::max<std::int64_t>(invoice->openMinor(), 0)) +
                        " " + invoice->currency + ", what is left to pay of " + named(command.entity_id) + ", found " +
                        moneyText(*invoice, amount));
  } else {
    return illegalTransition(command, *invoice, "issued or partially_paid");
  }
  std::string data;
  JsonWriter(data).beginObject().member("paymentId", payment).member("amountMinor", amount).endObject();
  return Events{{"InvoicePaid", std::move(data)}};
}

Result<Events> decideRefunded(const Command& command, const Invoice* invoice, Faults& faults) {
  const std::int64_t amount = readAmount(faults, "refundAmount", visible(command, invoice));
  GYRE_TRY(faults.status());
  GYRE_TRY(requireVisible(command, invoice));
  const std::string_view payment = faults.sound("paymentId").string();
  const LinkedPayment* const linked = invoice->findPayment(payment);
  if (linked == nullptr)
    return Status(
        Code::kConflict, "payment_not_linked",
        "paymentId: expected a payment of " + named(command.entity_id) + ", found " + detail::quoted(payment));
  const std::int64_t left = linked->amount_minor - linked->refunded_minor;
  if (amount > left)
    return Status(Code::kConflict, "refund_exceeds_amount",
                  "refundAmount: expected at most " + moneyText(*invoice, left) + ", what is left of payment " +
                      detail::quoted(payment) + ", found " + moneyText(*invoice, amount));
  std::string data;
  JsonWriter(data)
      .beginObject()
      .member("paymentId", payment)
      .member("refundedMinor", linked->refunded_minor + amount)
      .endObject();
  return Events{{"InvoicePaymentRefunded", std::move(data)}};
}

}  // namespace

Status requireVisible(const Command& command, const Invoice* invoice) {
  const bool is_visible =
      invoice != nullptr && (command.organization_id.empty() || command.organization_id == invoice->organization_id);
  return is_visible ? Status() : notFound(named(command.entity_id) + " does not exist");
}

Result<Events> issueInvoice(const Command& command, const Invoice* invoice) {
  const Faults faults(command.body, issueInvoiceBody());
  GYRE_TRY(faults.status());
  GYRE_TRY(requireVisible(command, invoice));
  if (invoice->status != InvoiceStatus::kDraft) return illegalTransition(command, *invoice, "draft");
  return Events{{"InvoiceIssued", "{}"}};
}

Result<Events> payInvoice(const Command& command, const Invoice* invoice) {
  Faults faults(command.body, payInvoiceBody());
  return decidePaid(command, invoice, faults);
}

Result<Events> invoicePaid(const Command& event, const Invoice* invoice) {
  Faults faults(event.body, invoicePaidData());
  checkSubject(faults, event);
  return decidePaid(event, invoice, faults);
}

Result<Events> refundInvoicePayment(const Command& command, const Invoice* invoice) {
  Faults faults(command.body, refundInvoicePaymentBody());
  return decideRefunded(command, invoice, faults);
}

Result<Events> invoicePaymentRefunded(const Command& event, const Invoice* invoice) {
  Faults faults(event.body, invoicePaymentRefundedData());
  checkSubject(faults, event);
  return decideRefunded(event, invoice, faults);
}

Result<Events> creditInvoice(const Command& command, const Invoice* invoice) {
  Faults faults(command.body, creditInvoiceBody());
  checkReason(faults);
  const bool is_whole = faults.sound("amount").isMissing() && !faults.hasFaultAt("amount");
  std::int64_t amount = readAmount(faults, "amount", visible(command, invoice));
  GYRE_TRY(faults.status());
  GYRE_TRY(requireVisible(command, invoice));
  if (!isPayable(*invoice) && invoice->status != InvoiceStatus::kPaid)
    return illegalTransition(command, *invoice, "issued, partially_paid or paid");
  const std::int64_t left = invoice->due_minor - invoice->creditedMinor();
  if (is_whole) amount = left;
  if (amount > left || amount <= 0)
    return Status(Code::kConflict, "credit_exceeds_amount",
                  "amount: expected at most " + moneyText(*invoice, std::max<std::int64_t>(left, 0)) + " " +
                      invoice->currency + ", what is not credited yet of " + named(command.entity_id) + ", found " +
                      moneyText(*invoice, amount));
  std::string data;
  JsonWriter(data)
      .beginObject()
      .member("amountMinor", amount)
      .member("reason", faults.sound("reason").string())
      .endObject();
  return Events{{"InvoiceCredited", std::move(data)}};
}

// What has been paid must be refunded or credited first: a cancelled invoice never was.
Result<Events> cancelInvoice(const Command& command, const Invoice* invoice) {
  Faults faults(command.body, cancelInvoiceBody());
  checkReason(faults);
  GYRE_TRY(faults.status());
  GYRE_TRY(requireVisible(command, invoice));
  if (invoice->status != InvoiceStatus::kDraft && invoice->status != InvoiceStatus::kIssued)
    return illegalTransition(command, *invoice, "draft or issued");
  std::string data;
  JsonWriter(data).beginObject().member("reason", faults.sound("reason").string()).endObject();
  return Events{{"InvoiceCancelled", std::move(data)}};
}

}  // namespace gyre::invoices
