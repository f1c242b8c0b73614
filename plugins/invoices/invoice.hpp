// What is an invoice, and which functions make up its domain?
//
//   draft -> issued -> partially_paid -> paid        issued, partially_paid, paid -> credited        draft, issued ->
//   cancelled
//
// README.md has the table of states. What an invoice says (parties, lines, totals) is settled when it is created and
// never changes; it is kept as the canonical JSON of its InvoiceCreated event, the `content`. What happens to it
// afterwards (payments, credits, cancellation) stands beside it.
//
// Money is kept in minor units (cents) beside the number of digits its currency had at that time.
//
// THREADS: values and pure functions; limits are set once, before all others.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/plugin.hpp"
#include "gyre/schema.hpp"
#include "gyre/status.hpp"

namespace gyre::invoices {

enum class InvoiceStatus : std::uint8_t { kDraft, kIssued, kPartiallyPaid, kPaid, kCredited, kCancelled };
inline constexpr std::string_view kStatusNames[] = {"draft", "issued",   "partially_paid",
                                                    "paid",  "credited", "cancelled"};
constexpr std::string_view statusName(InvoiceStatus status) { return kStatusNames[static_cast<std::size_t>(status)]; }

// What kind of document it is (BT-3): 380, 381 and 384 of UNTDID 1001. The amounts of a credit note are positive and
// count against the buyer's debt; only a corrective invoice may have lines of either sign.
inline constexpr std::string_view kTypeNames[] = {"invoice", "creditNote", "corrective"};

// A payment that was named for an invoice.
struct LinkedPayment {
  std::string payment_id;
  std::int64_t amount_minor = 0;
  std::int64_t refunded_minor = 0;  // running total, never above the amount
  std::int64_t paid_at = 0;
};

struct Credit {
  std::int64_t amount_minor = 0;
  std::string reason;
  std::int64_t credited_at = 0;
};

struct Invoice {
  std::string id;
  std::string content;  // a JSON object: what InvoiceCreated says
  // Of the content, for deciding.
  std::string organization_id;
  std::string number;
  std::string type;
  std::string currency;
  int minor_digits = 2;
  std::int64_t due_minor = 0;  // BT-115, the amount due for payment

  InvoiceStatus status = InvoiceStatus::kDraft;
  std::vector<LinkedPayment> payments;
  std::vector<Credit> credits;
  std::string cancel_reason;
  std::int64_t created_at = 0;
  std::int64_t updated_at = 0;
  std::optional<std::int64_t> issued_at;
  std::optional<std::int64_t> paid_at;  // when nothing was left to pay
  std::optional<std::int64_t> cancelled_at;
  std::uint64_t version = 0;  // number of events

  std::int64_t paidMinor() const;  // less what was refunded
  std::int64_t creditedMinor() const;
  // What is left to pay; below 0 when more was paid and credited than was due.
  std::int64_t openMinor() const { return due_minor - paidMinor() - creditedMinor(); }
  bool isCreditNote() const { return type == kTypeNames[1]; }
  const LinkedPayment* findPayment(std::string_view payment_id) const;

  static Result<Invoice> read(json::Value state);
  void write(JsonWriter& out) const;
  std::string_view organizationId() const { return organization_id; }
  std::vector<UniqueKey> uniqueKeys() const { return {{"/number", number}}; }
};

// What the configuration says.
struct Limits {
  std::int64_t max_lines = 5'000;
};
const Limits& limits();
Status configure(json::Value options);

// create.cpp, decide.cpp: may this happen?
Table createInvoiceBody();
Table issueInvoiceBody();
Table payInvoiceBody();
Table refundInvoicePaymentBody();
Table creditInvoiceBody();
Table cancelInvoiceBody();
Result<Events> createInvoice(const Command& command, const Invoice* invoice);
Result<Events> issueInvoice(const Command& command, const Invoice* invoice);
Result<Events> payInvoice(const Command& command, const Invoice* invoice);
Result<Events> refundInvoicePayment(const Command& command, const Invoice* invoice);
Result<Events> creditInvoice(const Command& command, const Invoice* invoice);
Result<Events> cancelInvoice(const Command& command, const Invoice* invoice);
// Events, as they stand in the log.
Table invoiceCreatedData();
Table invoiceIssuedData();
Table invoicePaidData();
Table invoicePaymentRefundedData();
Table invoiceCreditedData();
Table invoiceCancelledData();
// From outside: a payment system says that it has been paid, or that a payment was given back.
Result<Events> invoicePaid(const Command& event, const Invoice* invoice);
Result<Events> invoicePaymentRefunded(const Command& event, const Invoice* invoice);

// Another organisation's invoice does not exist for the caller.
Status requireVisible(const Command& command, const Invoice* invoice);

// evolve.cpp: what is true after it?
Invoice evolve(const Invoice* before, const RecordedEvent& event);

// project.cpp: what should search see, and what does a client see of it? A document is an answer plus what only the
// index needs: `exact`, `stats`, `products`, `text` and `issuedAt`.
void invoiceDocument(const Invoice& invoice, JsonWriter& out);
void writeAnswer(const Invoice& invoice, std::uint64_t version, JsonWriter& out);
void writeAnswer(json::Value document, bool with_lines, JsonWriter& out);

// react.cpp: what happened in the domain `payments`?
Result<Reaction> paymentProcessed(const ForeignEvent& event);
Result<Reaction> paymentRefunded(const ForeignEvent& event);

// plan.cpp, statistics.cpp: what do we ask the index, and what does the client see?
Table getInvoiceByIdParameters();
Table searchInvoicesParameters();
Table getInvoiceStatisticsParameters();
Table getInvoiceSuggestionsParameters();
Result<Plan> planGet(const Query& query);
Result<Plan> planSearch(const Query& query);
Result<Plan> planStatistics(const Query& query);
Result<Plan> planSuggestions(const Query& query);
Status presentGet(const Query& query, json::Value answer, std::uint64_t version, JsonWriter& out);
Status presentSearch(const Query& query, json::Value answer, std::uint64_t version, JsonWriter& out);
Status presentStatistics(const Query& query, json::Value answer, std::uint64_t version, JsonWriter& out);
Status presentSuggestions(const Query& query, json::Value answer, std::uint64_t version, JsonWriter& out);

// plugin.cpp
void describe(Domain<Invoice>& domain);

}  // namespace gyre::invoices
