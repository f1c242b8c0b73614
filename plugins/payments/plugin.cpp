#include "gyre/plugin.hpp"

#include "payment.hpp"
#include "payments_mapping.hpp"

namespace gyre::payments {

void describe(Domain<Payment>& domain) {
  domain.name("payments", "1.1.0", "payments of organisations, from creation to refund")
      .index(kIndexDefinition)
      .evolve(&evolve)
      .project(&paymentDocument)
      .command("CreatePayment", "paymentId", createPaymentBody(), "records a payment as pending", &createPayment)
      .command("ProcessPayment", "paymentId", processPaymentBody(), "a pending payment was carried out: completed",
               &processPayment)
      .command("FailPayment", "paymentId", failPaymentBody(), "a pending payment could not be carried out: failed",
               &failPayment)
      .command("RefundPayment", "paymentId", refundPaymentBody(),
               "gives back all or part of a completed payment; partial refunds add up to the amount at most",
               &refundPayment)
      .event("PaymentCreated", paymentCreatedData(), "a payment was recorded as pending")
      .event("PaymentProcessed", paymentProcessedData(), "the payment was carried out at the event's time",
             &paymentProcessed)
      .event("PaymentFailed", paymentFailedData(), "the payment could not be carried out", &paymentFailed)
      .event("PaymentRefunded", paymentRefundedData(), "an amount of the payment was given back", &paymentRefunded)
      .query("GetPaymentById", getPaymentByIdParameters(), "one payment, as it is now", &planGet, &presentGet)
      .query("SearchPayments", searchPaymentsParameters(),
             "payments by text, status, currency, amount and time; best match first, then newest", &planSearch,
             &presentSearch)
      .query("GetPaymentStatistics", getPaymentStatisticsParameters(),
             "counts and exact totals by status, by currency and by day", &planStatistics, &presentStatistics)
      .query("GetPaymentSuggestions", getPaymentSuggestionsParameters(), "descriptions that begin with a prefix",
             &planSuggestions, &presentSuggestions);
  describeActivities(domain);
}

}  // namespace gyre::payments

GYRE_PLUGIN(gyre::payments::Payment, gyre::payments::describe)
