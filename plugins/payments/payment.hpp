// What is a payment, and which functions make up its domain?
//
//   pending -> completed | failed        completed -> refunded        refunded -> refunded, until the amount is reached
//
// Money is kept in minor units (cents) beside the number of digits its currency had at that time, so no later change of
// the currency table alters what was paid.
//
// THREADS: values and pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/plugin.hpp"
#include "gyre/schema.hpp"
#include "gyre/status.hpp"

namespace gyre::payments {

enum class PaymentStatus : std::uint8_t { kPending, kCompleted, kFailed, kRefunded };

inline constexpr std::string_view kStatusNames[] = {"pending", "completed", "failed", "refunded"};
constexpr std::string_view statusName(PaymentStatus status) { return kStatusNames[static_cast<std::size_t>(status)]; }

struct Payment {
  std::string id;
  std::string organization_id;
  std::string user_id;     // "" when none was given; so are invoice_id, description, metadata and error
  std::string invoice_id;  // the invoice it pays
  std::int64_t amount_minor = 0;
  std::int64_t refunded_minor = 0;  // running total
  int minor_digits = 2;
  std::string currency;
  PaymentStatus status = PaymentStatus::kPending;
  std::string description;
  std::string metadata;  // one JSON object, members sorted, no white space
  std::string error;
  std::int64_t created_at = 0;
  std::int64_t updated_at = 0;
  std::int64_t processed_at = 0;  // the creation time until the payment is processed
  std::optional<std::int64_t> failed_at;
  std::optional<std::int64_t> refunded_at;
  std::uint64_t version = 0;  // number of events

  static Result<Payment> read(json::Value state);
  void write(JsonWriter& out) const;
  std::string_view organizationId() const { return organization_id; }
};

// decide.cpp: may this happen? Tables of bodies, and one function for each.
Table createPaymentBody();
Table processPaymentBody();
Table failPaymentBody();
Table refundPaymentBody();
Result<Events> createPayment(const Command& command, const Payment* payment);
Result<Events> processPayment(const Command& command, const Payment* payment);
Result<Events> failPayment(const Command& command, const Payment* payment);
Result<Events> refundPayment(const Command& command, const Payment* payment);
// The same for events from outside, whose entity is named by the event, not by its data.
Table paymentCreatedData();
Table paymentProcessedData();
Table paymentFailedData();
Table paymentRefundedData();
Result<Events> paymentProcessed(const Command& event, const Payment* payment);
Result<Events> paymentFailed(const Command& event, const Payment* payment);
Result<Events> paymentRefunded(const Command& event, const Payment* payment);

// activity.cpp: how does a payment read in the history of its organisation?
void describeActivities(Domain<Payment>& domain);

// evolve.cpp: what is true after it?
Payment evolve(const Payment* before, const RecordedEvent& event);

// project.cpp: what should search see, and what does a client see of it? A document is an answer plus the exact
// integers amountMinor, refundedMinor and minorDigits.
std::string moneyText(std::int64_t minor, int digits);  // "100.10" for 10010 of 2 digits
void paymentDocument(const Payment& payment, JsonWriter& out);
void writeAnswer(const Payment& payment, std::uint64_t version, JsonWriter& out);
void writeAnswer(json::Value document, JsonWriter& out);

// plan.cpp: what do we ask the index?
Table getPaymentByIdParameters();
Table searchPaymentsParameters();
Table getPaymentStatisticsParameters();
Table getPaymentSuggestionsParameters();
Result<Plan> planGet(const Query& query);
Result<Plan> planSearch(const Query& query);
Result<Plan> planStatistics(const Query& query);
Result<Plan> planSuggestions(const Query& query);

// present.cpp: what does the client see?
Status presentGet(const Query& query, json::Value answer, std::uint64_t version, JsonWriter& out);
Status presentSearch(const Query& query, json::Value answer, std::uint64_t version, JsonWriter& out);
Status presentStatistics(const Query& query, json::Value answer, std::uint64_t version, JsonWriter& out);
Status presentSuggestions(const Query& query, json::Value answer, std::uint64_t version, JsonWriter& out);

// plugin.cpp
void describe(Domain<Payment>& domain);

}  // namespace gyre::payments
