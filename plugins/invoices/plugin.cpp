#include "gyre/plugin.hpp"

#include <string>

#include "invoice.hpp"
#include "invoices_mapping.hpp"
#include "invoices_options.hpp"

namespace gyre::invoices {

namespace {

Limits configured_limits;

std::string textOf(json::Value amount) { return std::string(amount.numberText()); }

// What an item of the history shows of an invoice.
std::string activityData(json::Value document) {
  std::string data;
  JsonWriter out(data);
  out.beginObject().member("number", document["number"].string()).member("status", document["status"].string());
  out.member("customer", document["buyer"]["name"].string());
  out.rawMember("totalWithTax", document["totals"]["totalWithTax"].raw());
  out.member("currency", document["currency"].string()).endObject();
  return data;
}

std::string_view kindOf(json::Value document) {
  const std::string_view type = document["type"].string();
  return type == "creditNote" ? "credit note" : type == "corrective" ? "corrective invoice" : "invoice";
}

Result<ActivityItem> itemOf(json::Value document, std::string_view what, json::Value amount) {
  std::string summary(kindOf(document));
  summary.append(" ").append(document["number"].string()).append(what);
  if (amount.isNumber()) summary.append(textOf(amount)).append(" ").append(document["currency"].string());
  return ActivityItem{std::move(summary), activityData(document)};
}

Result<ActivityItem> presentIssued(json::Value document) {
  std::string what(" to ");
  what.append(document["buyer"]["name"].string()).append(" was issued: ");
  return itemOf(document, what, document["totals"]["totalWithTax"]);
}
Result<ActivityItem> presentPaid(json::Value document) {
  return itemOf(document, " was paid: ", document["paidAmount"]);
}
Result<ActivityItem> presentCancelled(json::Value document) {
  std::string what(" was cancelled: ");
  what.append(document["cancelReason"].string());
  return itemOf(document, what, json::Value());
}

}  // namespace

const Limits& limits() { return configured_limits; }

Status configure(json::Value options) {
  configured_limits.max_lines = options["max_lines"].integer().value_or(Limits().max_lines);
  return {};
}

void describe(Domain<Invoice>& domain) {
  domain.name("invoices", "1.0.0", "invoices of organisations, reckoned by EN 16931")
      .index(kIndexDefinition)
      .options(kOptions, &configure)
      .evolve(&evolve)
      .project(&invoiceDocument)
      .command("CreateInvoice", "invoiceId", createInvoiceBody(),
               "makes a draft; every amount is reckoned and compared with what the body says", &createInvoice)
      .command("IssueInvoice", "invoiceId", issueInvoiceBody(), "sends a draft to its buyer", &issueInvoice)
      .command("PayInvoice", "invoiceId", payInvoiceBody(), "links a payment, of all or a part of what is open",
               &payInvoice)
      .command("RefundInvoicePayment", "invoiceId", refundInvoicePaymentBody(),
               "a linked payment was given back, all or a part: the invoice is open again", &refundInvoicePayment)
      .command("CreditInvoice", "invoiceId", creditInvoiceBody(), "gives up all or a part of what is due",
               &creditInvoice)
      .command("CancelInvoice", "invoiceId", cancelInvoiceBody(), "a draft or an unpaid invoice never was",
               &cancelInvoice)
      .event("InvoiceCreated", invoiceCreatedData(), "an invoice was drafted; with all that was reckoned")
      .event("InvoiceIssued", invoiceIssuedData(), "a draft was sent to its buyer")
      .event("InvoicePaid", invoicePaidData(), "a payment of the invoice was carried out", &invoicePaid)
      .event("InvoicePaymentRefunded", invoicePaymentRefundedData(), "a payment of the invoice was given back",
             &invoicePaymentRefunded)
      .event("InvoiceCredited", invoiceCreditedData(), "an amount of the invoice was given up")
      .event("InvoiceCancelled", invoiceCancelledData(), "the invoice never was")
      .query("GetInvoiceById", getInvoiceByIdParameters(), "one invoice, as it is now", &planGet, &presentGet)
      .query("SearchInvoices", searchInvoicesParameters(),
             "invoices by number, words, customer, country, product, status, dates and amount; best match first, then "
             "latest",
             &planSearch, &presentSearch)
      .query("GetInvoiceStatistics", getInvoiceStatisticsParameters(),
             "exact revenue by month, customer, country and product; what is open, overdue and credited",
             &planStatistics, &presentStatistics)
      .query("GetInvoiceSuggestions", getInvoiceSuggestionsParameters(),
             "numbers, customers and products that begin with a prefix", &planSuggestions, &presentSuggestions)
      .subscribe("payments", "PaymentProcessed", "the invoice that the payment names is paid, all or a part of it",
                 &paymentProcessed)
      .subscribe("payments", "PaymentRefunded", "what was given back is open again", &paymentRefunded)
      .activity({.name = "InvoiceIssued",
                 .help = "an invoice was sent to its buyer",
                 .time_field = "issuedAt",
                 .id_field = "invoiceId"},
                &presentIssued)
      .activity({.name = "InvoicePaid",
                 .help = "nothing of an invoice is left to pay",
                 .time_field = "paidAt",
                 .id_field = "invoiceId"},
                &presentPaid)
      .activity({.name = "InvoiceCancelled",
                 .help = "an invoice was cancelled",
                 .time_field = "cancelledAt",
                 .id_field = "invoiceId"},
                &presentCancelled);
}

}  // namespace gyre::invoices

GYRE_PLUGIN(gyre::invoices::Invoice, gyre::invoices::describe)
