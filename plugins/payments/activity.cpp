// How does a payment read in the history of its organisation? One item for each thing that happened to it, at the time
// of that. The times of creation, processing and failure never move; a further refund moves that of the refund.
#include <string>

#include "gyre/activity.hpp"
#include "gyre/excerpt.hpp"
#include "payment.hpp"

namespace gyre::payments {

namespace {

std::string amountOf(json::Value document, std::string_view minor) {
  const auto digits = static_cast<int>(document["minorDigits"].integer().value_or(0));
  return moneyText(document[minor].integer().value_or(0), digits) + " " + std::string(document["currency"].string());
}

std::string paymentAnswer(json::Value document) {
  std::string data;
  JsonWriter out(data);
  writeAnswer(document, out);
  return data;
}

ActivityItem item(std::string summary, json::Value document) { return {std::move(summary), paymentAnswer(document)}; }

// The beginning of a text that may be long; never cut inside a character.
std::string beginningOf(std::string_view text) {
  constexpr std::size_t kMost = 200;
  const std::string_view shown = excerpt(text, kMost);
  return std::string(shown) + (shown.size() < text.size() ? "…" : "");
}

std::string described(json::Value document) {
  const std::string_view description = document["description"].string();
  return description.empty() ? std::string() : ": " + beginningOf(description);
}

Result<ActivityItem> created(json::Value document) {
  return item("payment of " + amountOf(document, "amountMinor") + " recorded" + described(document), document);
}
Result<ActivityItem> processed(json::Value document) {
  return item("payment of " + amountOf(document, "amountMinor") + " completed" + described(document), document);
}
Result<ActivityItem> failed(json::Value document) {
  return item("payment of " + amountOf(document, "amountMinor") + " failed: " + beginningOf(document["error"].string()),
              document);
}
Result<ActivityItem> refunded(json::Value document) {
  return item("payment refunded, " + amountOf(document, "refundedMinor") + " in all" + described(document), document);
}

}  // namespace

void describeActivities(Domain<Payment>& domain) {
  domain
      .activity({.name = "PaymentCreated",
                 .help = "a payment was recorded",
                 .time_field = "createdAt",
                 .id_field = "paymentId"},
                &created)
      .activity({.name = "PaymentProcessed",
                 .help = "a payment was carried out",
                 .time_field = "processedAt",
                 .id_field = "paymentId",
                 .filter = R"({"terms":{"status":["completed","refunded"]}})"},
                &processed)
      .activity({.name = "PaymentFailed",
                 .help = "a payment could not be carried out",
                 .time_field = "failedAt",
                 .id_field = "paymentId"},
                &failed)
      .activity({.name = "PaymentRefunded",
                 .help = "all or part of a payment was given back, at the time of the last refund",
                 .time_field = "refundedAt",
                 .id_field = "paymentId"},
                &refunded);
}

}  // namespace gyre::payments
