// The tables of commands and events: which members there are. Names are those of EN 16931's business terms (BT), in
// short.
#include <limits>
#include <span>

#include "invoice.hpp"

namespace gyre::invoices {

namespace {

constexpr Member kInvoiceId{"invoiceId", Type::kId, true, "the invoice"};
constexpr Member kEventInvoiceId{"invoiceId", Type::kId, false, "when given, the subject of the event again"};
constexpr Member kReason{
    .name = "reason", .type = Type::kString, .is_required = true, .help = "why", .max_bytes = 1'000};

constexpr Member text(std::string_view name, std::string_view help, std::size_t max_bytes = 200,
                      bool is_required = false) {
  return {.name = name, .type = Type::kString, .is_required = is_required, .help = help, .max_bytes = max_bytes};
}
constexpr Member decimal(std::string_view name, std::string_view help, bool is_required = false) {
  return {name, Type::kDecimal, is_required, help};
}

constexpr Member kParty[] = {
    text("name", "BT-27, BT-44", 200, true),
    {"id", Type::kId, false, "BT-29, BT-46: by which it is known, a customer's number"},
    {"taxId", Type::kId, false, "BT-31, BT-48"},
    text("country", "BT-40, BT-55: ISO 3166-1 alpha-2", 64, true),
    text("address", "street and house"),
    text("city", "BT-37, BT-52"),
    text("postalCode", "BT-38, BT-53"),
    text("subdivision", "BT-39, BT-54: state or province"),
    text("contact", "BT-41, BT-56: a person or a department"),
    text("email", "BT-43, BT-58"),
};

constexpr Member kTaxCategory = text("taxCategory", "S, Z, E, AE, K, G, O, L or M (UNCL5305)", 8);
constexpr Member kTaxRate = decimal("taxRate", "in percent");

constexpr Member kLine[] = {
    {"id", Type::kId, false, "BT-126; its position when it has none"},
    {"productCode", Type::kId, false, "BT-155"},
    text("description", "BT-153: what was sold", 1'000, true),
    decimal("quantity", "BT-129: above 0; a corrective invoice may take back", true),
    text("unit", "BT-130: a code of UN/ECE Rec 20", 16),
    decimal("unitPrice", "BT-146: net, not below 0", true),
    decimal("netAmount", "BT-131: when given, checked"),
    kTaxCategory,
    kTaxRate,
    text("currency", "when given, the invoice's currency again", 64),
};
constexpr Member kAllowance[] = {
    decimal("amount", "BT-92, BT-99: not below 0", true),
    text("reason", "BT-97, BT-104", 1'000, true),
    kTaxCategory,
    kTaxRate,
};
constexpr Member kTax[] = {
    text("taxCategory", "BT-118", 8, true),
    decimal("taxRate", "BT-119"),
    decimal("taxableAmount", "BT-116"),
    decimal("taxAmount", "BT-117"),
};
constexpr Member kTotals[] = {
    decimal("lineNetTotal", "BT-106"),
    decimal("allowanceTotal", "BT-107"),
    decimal("chargeTotal", "BT-108"),
    decimal("totalWithoutTax", "BT-109"),
    decimal("taxTotal", "BT-110"),
    decimal("totalWithTax", "BT-112"),
    decimal("prepaidAmount", "BT-113: not checked but taken"),
    decimal("roundingAmount", "BT-114: not checked but taken"),
    decimal("amountDue", "BT-115"),
};

Table partyTable() { return kParty; }
Table lineTable() { return kLine; }
Table allowanceTable() { return kAllowance; }
Table taxTable() { return kTax; }
Table totalsTable() { return kTotals; }

constexpr Member object(std::string_view name, std::string_view help, Table (*members)(), bool is_required = false) {
  return {.name = name, .type = Type::kObject, .is_required = is_required, .help = help, .members = members};
}
constexpr Member list(std::string_view name, std::string_view help, Table (*members)(), std::int64_t maximum,
                      bool is_required = false) {
  return {.name = name,
          .type = Type::kObjectList,
          .is_required = is_required,
          .help = help,
          .maximum = maximum,
          .members = members};
}

constexpr Member kCreateBody[] = {
    kInvoiceId,
    {"organizationId", Type::kId, true, "the organisation that it belongs to"},
    text("number", "BT-1: unique in the organisation", 64, true),
    {.name = "type", .type = Type::kString, .help = "BT-3", .default_text = "\"invoice\"", .choices = kTypeNames},
    text("currency", "BT-5: ISO 4217 code in upper case", 64, true),
    text("issueDate", "BT-2: YYYY-MM-DD", 64, true),
    text("issueTime", "HH:MM:SS, in UTC", 64),
    text("dueDate", "BT-9: YYYY-MM-DD", 64),
    text("periodStart", "BT-73: YYYY-MM-DD", 64),
    text("periodEnd", "BT-74: YYYY-MM-DD", 64),
    text("paymentTerms", "BT-20", 1'000),
    text("orderReference", "BT-13: the buyer's order"),
    text("precedingInvoice", "BT-25: the number of the invoice that is credited or corrected"),
    text("note", "BT-22", 10'000),
    text("taxExemptionReason", "BT-120: needed with the tax categories E, AE, K, G and O", 1'000),
    object("seller", "who sells", &partyTable, true),
    object("buyer", "who buys", &partyTable, true),
    list("lines", "what was sold; domains.invoices.max_lines of them at most", &lineTable,
         std::numeric_limits<std::int64_t>::max(), true),
    list("allowances", "on the whole document", &allowanceTable, 1'000),
    list("charges", "on the whole document", &allowanceTable, 1'000),
    list("taxBreakdown", "when given, checked against the lines", &taxTable, 1'000),
    object("totals", "when given, checked against the lines", &totalsTable),
    {"metadata", Type::kObject, false, "anything; kept, not searched"},
};
constexpr Member kIssueBody[] = {kInvoiceId};
constexpr Member kPaymentId{"paymentId", Type::kId, true, "the payment; the same one again changes nothing"};
constexpr Member kPaymentCurrency = text("currency", "when given, the invoice's currency again", 64);
constexpr Member kPaidAmount = decimal("amount", "how much of it is for this invoice, in its currency", true);
constexpr Member kRefundAmount = decimal("refundAmount", "what is given back now, in the invoice's currency", true);
constexpr Member kPayBody[] = {kInvoiceId, kPaymentId, kPaidAmount, kPaymentCurrency};
constexpr Member kRefundBody[] = {kInvoiceId, kPaymentId, kRefundAmount};
constexpr Member kCreditBody[] = {
    kInvoiceId,
    decimal("amount", "all that is not credited yet when it is left out"),
    kReason,
};
constexpr Member kCancelBody[] = {kInvoiceId, kReason};

constexpr Member kNoData[] = {kEventInvoiceId};
constexpr Member kPaidData[] = {kEventInvoiceId, kPaymentId, kPaidAmount, kPaymentCurrency};
constexpr Member kRefundedData[] = {kEventInvoiceId, kPaymentId, kRefundAmount};
constexpr Member kCreditedData[] = {
    {"amountMinor", Type::kInteger, true, "in the currency's smallest unit"},
    {"reason", Type::kString, true, "why"},
};
constexpr Member kCancelledData[] = {{"reason", Type::kString, true, "why"}};

}  // namespace

Table createInvoiceBody() { return kCreateBody; }
Table issueInvoiceBody() { return kIssueBody; }
Table payInvoiceBody() { return kPayBody; }
Table refundInvoicePaymentBody() { return kRefundBody; }
Table creditInvoiceBody() { return kCreditBody; }
Table cancelInvoiceBody() { return kCancelBody; }
Table invoiceCreatedData() { return std::span(kCreateBody).subspan(1); }
Table invoiceIssuedData() { return kNoData; }
Table invoicePaidData() { return kPaidData; }
Table invoicePaymentRefundedData() { return kRefundedData; }
Table invoiceCreditedData() { return kCreditedData; }
Table invoiceCancelledData() { return kCancelledData; }

}  // namespace gyre::invoices
