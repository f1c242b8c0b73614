#include "payment.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "gyre/currency.hpp"
#include "gyre/decimal.hpp"
#include "gyre/faults.hpp"

namespace gyre::payments {

namespace {

constexpr std::size_t kMaxText = 10'000;  // bytes of a description or an error
constexpr std::size_t kMaxTags = 100;
constexpr std::size_t kMaxTagBytes = 256;

constexpr Member kPaymentId{"paymentId", Type::kId, true, "the payment"};
constexpr Member kEventPaymentId{"paymentId", Type::kId, false, "when given, the subject of the event again"};
constexpr Member kError{
    .name = "error", .type = Type::kString, .is_required = true, .help = "why it failed", .max_bytes = kMaxText};
constexpr Member kRefundAmount{"refundAmount", Type::kDecimal, true,
                               "what is given back now, in the payment's currency"};

constexpr Member kCreateBody[] = {
    kPaymentId,
    {"organizationId", Type::kId, true, "the organisation it belongs to"},
    {"userId", Type::kId, false, "who pays"},
    {"invoiceId", Type::kId, false, "the invoice that is paid"},
    {"amount", Type::kDecimal, true,
     "above 0, a number or a string, at most the currency's ISO 4217 minor digits, at most 18 digits, no exponent"},
    {"currency", Type::kString, true, "ISO 4217 code in upper case"},
    {.name = "description", .type = Type::kString, .help = "free text, searched and suggested", .max_bytes = kMaxText},
    {"metadata", Type::kObject, false, "anything; `tags`, a list of strings, is searched"},
};
constexpr Member kProcessBody[] = {kPaymentId};
constexpr Member kFailBody[] = {kPaymentId, kError};
constexpr Member kRefundBody[] = {kPaymentId, kRefundAmount};

constexpr Member kCreatedData[] = {
    {"organizationId", Type::kId, true, "the organisation it belongs to"},
    {"userId", Type::kId, false, "who pays"},
    {"invoiceId", Type::kId, false, "the invoice that is paid"},
    {"amountMinor", Type::kInteger, true, "the amount in the currency's smallest unit"},
    {"minorDigits", Type::kInteger, true, "how many digits of it follow the point"},
    {"currency", Type::kString, true, "ISO 4217 code"},
    {"description", Type::kString, false, "free text"},
    {"metadata", Type::kObject, false, "anything"},
};
constexpr Member kProcessedData[] = {kEventPaymentId};
constexpr Member kFailedData[] = {kEventPaymentId, kError};
constexpr Member kRefundedData[] = {kEventPaymentId, kRefundAmount};

std::string named(std::string_view id) { return "payment " + detail::quoted(id); }

// A text without the control characters that no index takes: all but tab and line breaks.
void checkText(Faults& faults, std::string_view member) {
  std::string text(faults.sound(member).string());
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\t' || c == '\n' || c == '\r'; }, ' ');
  if (!isPrintable(text)) faults.add(jsonPointer(member), "expected no control characters but tabs and line breaks");
}

// The index expands dots in names, and knows one name below metadata. Names that it could not place are refused here,
// not found out after the payment was accepted.
bool isMetadataName(std::string_view name) {
  if (name.empty() || name.size() > 256 || !isPrintable(name) || name.starts_with("tags.")) return false;
  std::size_t begin = 0;
  while (true) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    if (name.substr(begin, end - begin).find_first_not_of(' ') == std::string_view::npos) return false;
    if (end == name.size()) return true;
    begin = end + 1;
  }
}

void checkMetadata(Faults& faults) {
  const json::Value metadata = faults.sound("metadata");
  for (const json::Value value : metadata)
    if (!isMetadataName(value.key()))
      faults.add("/metadata" + jsonPointer(value.key()),
                 "expected a name of 1 to 256 printable bytes, with no empty part between dots and none below tags");
  const json::Value tags = metadata["tags"];
  if (tags.isMissing() || tags.isNull()) return;
  if (!tags.isArray() || tags.size() > kMaxTags) {
    faults.add("/metadata/tags",
               "expected a list of at most " + std::to_string(kMaxTags) + " strings, found " +
                   (tags.isArray() ? std::to_string(tags.size()) + " elements" : detail::shown(tags)));
    return;
  }
  std::size_t position = 0;
  for (const json::Value tag : tags) {
    if (!tag.isString() || tag.string().empty() || tag.string().size() > kMaxTagBytes || !isPrintable(tag.string()))
      faults.add("/metadata/tags/" + std::to_string(position),
                 "expected a string of 1 to 256 bytes without control characters, found " + detail::shown(tag));
    ++position;
  }
}

const Currency* checkCurrency(Faults& faults) {
  const json::Value code = faults.sound("currency");
  if (code.isMissing()) return nullptr;
  const Currency* const currency = findCurrency(code.string());
  if (currency == nullptr) faults.add("/currency", unknownCurrency(code.string()));
  return currency;
}

// What is wrong with an amount; success when nothing is. Without a currency all that holds for every currency is
// checked.
Result<std::int64_t> readAmount(std::string_view text, const Currency* currency) {
  GYRE_TRY_ASSIGN(const Decimal value, Decimal::parse(text));
  if (value.isNegative() || value.isZero())
    return invalidArgument("expected an amount above 0, found " + detail::quoted(text));
  const Currency widest{"any currency", value.scale()};
  GYRE_TRY_ASSIGN(const Money money, Money::parse(text, currency == nullptr ? widest : *currency));
  return money.minor;
}

// The amount in minor units; 0 after a fault.
std::int64_t checkAmount(Faults& faults, std::string_view member, const Currency* currency) {
  const json::Value value = faults.sound(member);
  if (value.isMissing()) return 0;
  const auto minor = readAmount(value.isString() ? value.string() : value.numberText(), currency);
  if (minor.isOk()) return *minor;
  faults.add(jsonPointer(member), std::string(minor.status().message()));
  return 0;
}

void checkSubject(Faults& faults, const Command& event) {
  const json::Value id = faults.sound("paymentId");
  if (!id.isMissing() && id.string() != event.entity_id)
    faults.add("/paymentId", "expected the event's subject " + detail::quoted(event.entity_id) + ", found " +
                                 detail::quoted(id.string()));
}

// Another organisation's payment does not exist for the caller.
Status requireVisible(const Command& command, const Payment* payment) {
  const bool is_visible =
      payment != nullptr && (command.organization_id.empty() || command.organization_id == payment->organization_id);
  return is_visible ? Status() : notFound(named(command.entity_id) + " does not exist");
}

Status illegalTransition(const Command& command, const Payment& payment, std::string_view needed) {
  return {Code::kConflict, "illegal_transition",
          named(command.entity_id) + " is " + std::string(statusName(payment.status)) + ", and " +
              std::string(command.name) + " needs a payment that is " + std::string(needed)};
}

Event eventOf(std::string_view type, std::string data) { return {std::string(type), std::move(data)}; }

// For those who hear of the event and know nothing of the payment: which invoice, whose, and what the minor units are
// of.
void writeInvoice(const Payment& payment, JsonWriter& out) {
  out.member("invoiceId", payment.invoice_id).member("organizationId", payment.organization_id);
  out.member("currency", payment.currency).member("minorDigits", payment.minor_digits);
}

Result<Events> decideProcessed(const Command& command, const Payment* payment, const Faults& faults) {
  GYRE_TRY(faults.status());
  GYRE_TRY(requireVisible(command, payment));
  if (payment->status != PaymentStatus::kPending) return illegalTransition(command, *payment, "pending");
  std::string data;
  JsonWriter out(data);
  out.beginObject();
  if (!payment->invoice_id.empty()) {
    writeInvoice(*payment, out);
    out.member("amountMinor", payment->amount_minor);
  }
  out.endObject();
  return Events{eventOf("PaymentProcessed", std::move(data))};
}

Result<Events> decideFailed(const Command& command, const Payment* payment, Faults& faults) {
  checkText(faults, "error");
  const json::Value error = faults.sound("error");
  if (error.isString() && error.string().empty()) faults.add("/error", "expected a text, found \"\"");
  GYRE_TRY(faults.status());
  GYRE_TRY(requireVisible(command, payment));
  if (payment->status != PaymentStatus::kPending) return illegalTransition(command, *payment, "pending");
  std::string data;
  JsonWriter(data).beginObject().member("error", error.string()).endObject();
  return Events{eventOf("PaymentFailed", std::move(data))};
}

Result<Events> decideRefunded(const Command& command, const Payment* payment, Faults& faults) {
  const bool is_visible = requireVisible(command, payment).isOk();
  const Currency currency = is_visible ? Currency{payment->currency, payment->minor_digits} : Currency();
  const std::int64_t refund = checkAmount(faults, "refundAmount", is_visible ? &currency : nullptr);
  GYRE_TRY(faults.status());
  GYRE_TRY(requireVisible(command, payment));
  if (payment->status != PaymentStatus::kCompleted && payment->status != PaymentStatus::kRefunded)
    return illegalTransition(command, *payment, "completed or refunded");
  if (refund > payment->amount_minor - payment->refunded_minor) {
    const auto text = [&](std::int64_t minor) { return Money{minor, currency}.toText(); };
    return Status(Code::kConflict, "refund_exceeds_amount",
                  "refundAmount: " + text(refund) + " " + payment->currency + " is above what is left of " +
                      named(command.entity_id) + ": its amount is " + text(payment->amount_minor) + ", of which " +
                      text(payment->refunded_minor) + " are refunded");
  }
  std::string data;
  JsonWriter out(data);
  out.beginObject().member("refundMinor", refund);
  if (!payment->invoice_id.empty()) writeInvoice(*payment, out);
  out.endObject();
  return Events{eventOf("PaymentRefunded", std::move(data))};
}

}  // namespace

Table createPaymentBody() { return kCreateBody; }
Table processPaymentBody() { return kProcessBody; }
Table failPaymentBody() { return kFailBody; }
Table refundPaymentBody() { return kRefundBody; }
Table paymentCreatedData() { return kCreatedData; }
Table paymentProcessedData() { return kProcessedData; }
Table paymentFailedData() { return kFailedData; }
Table paymentRefundedData() { return kRefundedData; }

Result<Events> createPayment(const Command& command, const Payment* payment) {
  Faults faults(command.body, kCreateBody);
  const Currency* const currency = checkCurrency(faults);
  const std::int64_t amount = checkAmount(faults, "amount", currency);
  checkText(faults, "description");
  checkMetadata(faults);
  GYRE_TRY(faults.status());
  const std::string_view organization = faults.sound("organizationId").string();
  if (!command.organization_id.empty() && command.organization_id != organization)
    return Status(Code::kPermissionDenied, "organizationId: the key is bound to " +
                                               detail::quoted(command.organization_id) + ", found " +
                                               detail::quoted(organization));
  if (payment != nullptr) {
    const std::string seen =
        requireVisible(command, payment).isOk() ? ", it is " + std::string(statusName(payment->status)) : std::string();
    return Status(Code::kConflict, "already_exists", named(command.entity_id) + " exists already" + seen);
  }
  std::string data;
  JsonWriter out(data);
  out.beginObject().member("organizationId", organization);
  if (const json::Value user = faults.sound("userId"); user.isString()) out.member("userId", user.string());
  if (const json::Value invoice = faults.sound("invoiceId"); invoice.isString())
    out.member("invoiceId", invoice.string());
  out.member("amountMinor", amount).member("minorDigits", currency->minor_digits).member("currency", currency->code);
  const std::string_view description = faults.sound("description").string();
  if (!description.empty()) out.member("description", description);
  if (const json::Value metadata = faults.sound("metadata"); metadata.isObject()) {
    out.key("metadata");
    json::writeCanonical(metadata, out);
  }
  out.endObject();
  return Events{eventOf("PaymentCreated", std::move(data))};
}

Result<Events> processPayment(const Command& command, const Payment* payment) {
  return decideProcessed(command, payment, Faults(command.body, kProcessBody));
}

Result<Events> failPayment(const Command& command, const Payment* payment) {
  Faults faults(command.body, kFailBody);
  return decideFailed(command, payment, faults);
}

Result<Events> refundPayment(const Command& command, const Payment* payment) {
  Faults faults(command.body, kRefundBody);
  return decideRefunded(command, payment, faults);
}

Result<Events> paymentProcessed(const Command& event, const Payment* payment) {
  Faults faults(event.body, kProcessedData);
  checkSubject(faults, event);
  return decideProcessed(event, payment, faults);
}

Result<Events> paymentFailed(const Command& event, const Payment* payment) {
  Faults faults(event.body, kFailedData);
  checkSubject(faults, event);
  return decideFailed(event, payment, faults);
}

Result<Events> paymentRefunded(const Command& event, const Payment* payment) {
  Faults faults(event.body, kRefundedData);
  checkSubject(faults, event);
  return decideRefunded(event, payment, faults);
}

}  // namespace gyre::payments
