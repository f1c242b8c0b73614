// What is refused, and how is it said? Each fault with its place, its rule, what was expected and what was found.
#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <vector>

#include "tests/plugins/invoices/invoice_fixture.hpp"

namespace gyre::invoices {

class InvoicesCreateTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(InvoicesCreateTest);
  CPPUNIT_TEST(aDraftHasItsTotals);
  CPPUNIT_TEST(everyBadBodySaysRuleExpectedAndFound);
  CPPUNIT_TEST(everyRuleOfTheTotalsIsChecked);
  CPPUNIT_TEST(allFaultsComeAtOnce);
  CPPUNIT_TEST(tooManyLinesAreNotLookedAt);
  CPPUNIT_TEST(aNumberIsUniqueInItsOrganisation);
  CPPUNIT_TEST(idsAndOrganisations);
  CPPUNIT_TEST(everythingThatIsSaidIsKept);
  CPPUNIT_TEST_SUITE_END();

  void aDraftHasItsTotals() {
    InvoiceScenario(describe)
        .when("CreateInvoice", body())
        .thenVersion(1)
        .ask("GetInvoiceById", R"({"invoiceId":"i-1"})")
        .thenAnswers(R"({"invoiceId":"i-1","organizationId":"org-1","number":"INV-2024/001","type":"invoice",
          "currency":"EUR","issueDate":"2024-05-02","dueDate":"2024-06-01",)" +
                     std::string(kParties) + R"(,
          "lines":[{"id":"1","productCode":"L-1","description":"Reading lamp","quantity":2,"unitPrice":10.25,
                    "netAmount":20.50,"taxCategory":"S","taxRate":20},
                   {"id":"2","productCode":"L-2","description":"Bulb","quantity":1,"unitPrice":4,"netAmount":4.00,
                    "taxCategory":"S","taxRate":20}],
          "taxBreakdown":[{"taxCategory":"S","taxRate":20,"taxableAmount":24.50,"taxAmount":4.90}],
          "totals":{"lineNetTotal":24.50,"totalWithoutTax":24.50,"taxTotal":4.90,"totalWithTax":29.40,"amountDue":29.40},
          "lineCount":2,"status":"draft","paidAmount":0.00,"creditedAmount":0.00,"openAmount":29.40,
          "createdAt":"2024-01-01T00:00:00.000Z","updatedAt":"2024-01-01T00:00:00.000Z","version":1})");
  }

  struct Bad {
    std::string body;
    const char* pointer;
    const char* says;
  };
  void check(const std::vector<Bad>& cases) {
    for (const Bad& bad : cases)
      InvoiceScenario(describe, [&](const std::string& failure) { CPPUNIT_FAIL(failure + "\n" + bad.body); })
          .when("CreateInvoice", bad.body)
          .thenRefused(Code::kInvalidArgument, "", bad.pointer)
          .thenSays(bad.says);
  }

  void everyBadBodySaysRuleExpectedAndFound() {
    const std::string forty(40, '9');
    check({
        {lineBody(R"({"quantity":-1})"), "/lines/0/quantity",
         "INV-QUANTITY: expected a quantity above 0 (what is taken back stands in a creditNote), found -1"},
        {lineBody(R"({"quantity":0})"), "/lines/0/quantity",
         "INV-QUANTITY: expected a quantity that is not 0, found 0"},
        {lineBody(R"({"unitPrice":"-0.01"})"), "/lines/0/unitPrice",
         "BR-27: expected a price of at least 0, found -0.01"},
        {merged(lineBody(R"({"unitPrice":-3})"), R"({"type":"corrective"})"), "/lines/0/unitPrice", "BR-27"},
        {body(R"({"currency":"EURO"})"), "/currency", R"(BR-CL-04: unknown currency "EURO", did you mean "EUR"?)"},
        {body(R"({"buyer":{"country":"UK"}})"), "/buyer/country",
         R"(BR-CL-14: expected an ISO 3166-1 alpha-2 code, found "UK"; did you mean "GB"?)"},
        {body(R"({"seller":{"country":"Germany"}})"), "/seller/country", R"(did you mean "DE"?)"},
        {body(R"({"buyer":{"country":"AB"}})"), "/buyer/country",
         R"(BR-CL-14: expected an ISO 3166-1 alpha-2 code, found "AB")"},
        {body(R"({"dueDate":"2024-05-01"})"), "/dueDate",
         "INV-DATES: expected a date not before the issue date 2024-05-02, found 2024-05-01"},
        {body(R"({"periodStart":"2024-02-01","periodEnd":"2024-01-31"})"), "/periodEnd",
         "BR-29: expected a date not before the start of the period 2024-02-01, found 2024-01-31"},
        {body(R"({"issueDate":"2023-02-29"})"), "/issueDate",
         R"(BR-03: expected a date like 2024-02-29, found "2023-02-29")"},
        {body(R"({"issueTime":"25:00:00"})"), "/issueTime", "INV-DATES: expected a time like 23:59:59"},
        {body(R"({"number":" - / "})"), "/number",
         R"(BR-02: expected a number with a letter or a digit, found " - / ")"},
        {body(R"({"number":" 7"})"), "/number", "BR-02"},
        {body("{\"number\":\"\u2014\u00a0\u00b7\u3000\"}"), "/number",
         "BR-02: expected a number with a letter or a digit"},
        {lineBody(R"({"description":" "})"), "/lines/0/description", R"(BR-25: expected what was sold, found " ")"},
        {lineBody(R"({"currency":"USD"})"), "/lines/0/currency",
         R"(PEPPOL-EN16931-R051: expected the invoice's currency EUR, found "USD")"},
        {lineBody(R"({"unitPrice":")" + forty + "\"}"), "/lines/0/unitPrice",
         "INV-DIGITS: expected at most 12 digits before the point and 6 after it, found"},
        {lineBody(R"({"unitPrice":1234567890123})"), "/lines/0/unitPrice",
         "INV-DIGITS: expected at most 12 digits before the point and 6 after it"},
        {lineBody(R"({"unitPrice":"0.0000001"})"), "/lines/0/unitPrice", "INV-DIGITS"},
        {lineBody(R"({"quantity":999999999999,"unitPrice":999999999999})"), "/lines/0",
         "INV-DIGITS: expected quantity × unitPrice of at most 18 digits"},
        {lineBody(R"({"netAmount":"1.01"})"), "/lines/0/netAmount",
         "PEPPOL-EN16931-R120: expected 1.00 (quantity × unitPrice), found 1.01"},
        {lineBody(R"({"netAmount":"1.000"})"), "/lines/0/netAmount",
         "BR-DEC-23: expected at most 2 digits after the point for EUR"},
        {lineBody(R"({"taxRate":null})"), "/lines/0/taxCategory",
         "BR-CO-04: expected a tax category, or a rate that tells it, found neither"},
        {lineBody(R"({"taxCategory":"X"})"), "/lines/0/taxCategory",
         R"(BR-CL-18: expected one of S, Z, E, AE, K, G, O, L, M, found "X")"},
        {lineBody(R"({"taxCategory":"S","taxRate":0})"), "/lines/0/taxRate",
         R"(BR-S-05: expected a rate above 0, found "0")"},
        {lineBody(R"({"taxCategory":"Z"})"), "/lines/0/taxRate", R"(BR-Z-05: expected the rate 0, found "20")"},
        {lineBody(R"({"taxRate":101})"), "/lines/0/taxRate", "INV-RATE: expected a rate from 0 to 100"},
        {lineBody(R"({"taxRate":"-1"})"), "/lines/0/taxRate", "INV-RATE"},
        {lineBody(R"({"taxCategory":"E","taxRate":0})"), "/taxExemptionReason",
         "BR-E-10: expected a reason for the tax category E, found none"},
        {body(R"({"lines":[]})"), "/lines", "BR-16: expected at least one line, found none"},
        {body(
             R"({"lines":[{"id":"a","description":"x","quantity":1,"unitPrice":1,"taxRate":0},{"id":"a","description":"y","quantity":1,"unitPrice":1,"taxRate":0}]})"),
         "/lines/1/id", R"(BR-21: expected an id of its own, found "a")"},
        {body(R"({"lines":[{"description":"x","quantity":1}]})"), "/lines/0/unitPrice",
         "missing; expected a decimal number"},
        {body(R"({"lines":[7]})"), "/lines/0", "expected an object, found 7"},
        {body(R"({"buyer":{"name":" "}})"), "/buyer/name", R"(BR-07: expected a name, found " ")"},
        {body(R"({"buyer":{"nmae":"x"}})"), "/buyer/nmae", R"(unknown member, did you mean "name"?)"},
        {body("{\"note\":\"a\\u0000b\"}"), "/note", "expected no control characters"},
        {body(R"({"allowances":[{"amount":-1,"reason":"r","taxRate":20}]})"), "/allowances/0/amount",
         "INV-SIGN: expected an amount of at least 0, found -1"},
        {body(R"({"allowances":[{"amount":100,"reason":"r","taxRate":20}]})"), "/allowances",
         "INV-SIGN: expected a total with tax of at least 0, found -90.60"},
        {body(R"({"charges":[{"amount":"0.001","reason":"r","taxRate":20}]})"), "/charges/0/amount", "BR-DEC-05"},
        {body(R"({"charges":[{"amount":1,"reason":"","taxRate":20}]})"), "/charges/0/reason",
         "BR-38: expected a reason"},
        {body(R"({"charges":[{"amount":1,"reason":"r"}]})"), "/charges/0/taxCategory", "BR-37"},
        {body(R"({"allowances":[{"amount":1,"reason":"r","taxCategory":"S","taxRate":0}]})"), "/allowances/0/taxRate",
         "BR-S-06"},
        {body(R"({"dueDate":null})"), "/dueDate",
         "BR-CO-25: expected a due date or payment terms, as 29.40 is due, found neither"},
        {body(
             R"({"taxExemptionReason":"r","lines":[{"description":"x","quantity":1,"unitPrice":1,"taxCategory":"O"},{"description":"y","quantity":1,"unitPrice":1,"taxRate":20}]})"),
         "/lines", "BR-O-11"},
        {body(R"({"type":"bill"})"), "/type", "expected one of invoice, creditNote, corrective"},
        {body(R"({"totals":{"prepaidAmount":-1}})"), "/totals/prepaidAmount", "INV-SIGN"},
    });
  }

  void everyRuleOfTheTotalsIsChecked() {
    const std::string whole = body(R"({"allowances":[{"amount":"2.00","reason":"loyal","taxRate":20}],
      "charges":[{"amount":"5.00","reason":"freight","taxRate":"5.5"}]})");
    InvoiceScenario(describe)
        .when("CreateInvoice",
              merged(whole, R"({"totals":{"lineNetTotal":"24.50","allowanceTotal":2,"chargeTotal":"5.0",
           "totalWithoutTax":27.5,"taxTotal":"4.78","totalWithTax":"32.28","prepaidAmount":"10","roundingAmount":"0.02",
           "amountDue":"22.30"},
           "taxBreakdown":[{"taxCategory":"S","taxRate":20,"taxableAmount":"22.50","taxAmount":"4.50"},
                           {"taxCategory":"S","taxRate":"5.5","taxableAmount":"5.00","taxAmount":"0.28"}]})"))
        .thenVersion(1);
    const auto total = [&](std::string_view member, std::string_view value) {
      return merged(whole, R"({"totals":{")" + std::string(member) + R"(":")" + std::string(value) + "\"}}");
    };
    check({
        {total("lineNetTotal", "24.51"), "/totals/lineNetTotal",
         "BR-CO-10: expected 24.50 (the sum of the lines' net amounts), found 24.51"},
        {total("allowanceTotal", "0"), "/totals/allowanceTotal",
         "BR-CO-11: expected 2.00 (the sum of the allowances), found 0"},
        {total("chargeTotal", "4.99"), "/totals/chargeTotal", "BR-CO-12: expected 5.00"},
        {total("totalWithoutTax", "27.49"), "/totals/totalWithoutTax",
         "BR-CO-13: expected 27.50 (lines - allowances + charges), found 27.49"},
        {total("taxTotal", "4.79"), "/totals/taxTotal",
         "BR-CO-14: expected 4.78 (the sum of the tax breakdown), found 4.79"},
        {total("totalWithTax", "32.29"), "/totals/totalWithTax", "BR-CO-15: expected 32.28"},
        {total("amountDue", "32.27"), "/totals/amountDue",
         "BR-CO-16: expected 32.28 (total with tax - prepaid + rounding), found 32.27"},
        {total("amountDue", "32.280"), "/totals/amountDue", "BR-DEC-18"},
        {merged(
             whole,
             R"({"taxBreakdown":[{"taxCategory":"S","taxRate":20,"taxableAmount":"24.50"},{"taxCategory":"S","taxRate":5.5}]})"),
         "/taxBreakdown/0/taxableAmount",
         "BR-S-08: expected 22.50 (lines - allowances + charges of this category), found 24.50"},
        {merged(
             whole,
             R"({"taxBreakdown":[{"taxCategory":"S","taxRate":20},{"taxCategory":"S","taxRate":5.5,"taxAmount":"0.27"}]})"),
         "/taxBreakdown/1/taxAmount", "BR-CO-17: expected 0.28 (5.00 × 5.5 %), found 0.27"},
        {merged(whole, R"({"taxBreakdown":[{"taxCategory":"S","taxRate":20}]})"), "/taxBreakdown",
         "BR-S-01: expected an entry for S at 5.5 %, found none"},
        {merged(
             whole,
             R"({"taxBreakdown":[{"taxCategory":"S","taxRate":20},{"taxCategory":"S","taxRate":5.5},{"taxCategory":"S","taxRate":5.5}]})"),
         "/taxBreakdown/2", "BR-S-01: expected one entry a category and rate"},
    });
  }

  void allFaultsComeAtOnce() {
    InvoiceScenario(describe)
        .when("CreateInvoice", body(R"({"currency":"XXX","dueDate":"2023-01-01","buyer":{"country":"ZK"},"number":"--",
                       "lines":[{"description":"x","quantity":-1,"unitPrice":-1,"taxRate":200}]})"))
        .thenFaultsAt({"/currency", "/dueDate", "/buyer/country", "/number", "/lines/0/quantity", "/lines/0/unitPrice",
                       "/lines/0/taxRate"});
  }

  void tooManyLinesAreNotLookedAt() {
    std::string lines = "[7";
    for (int i = 1; i < 10'000; ++i) lines += ",7";
    InvoiceScenario(describe)
        .when("CreateInvoice", body(R"({"currency":"XXX","lines":)" + lines + "]}"))
        .thenFaultsAt({"/lines"})
        .thenSays("INV-LINES: expected at most 5000 lines, found 10000");
  }

  void aNumberIsUniqueInItsOrganisation() {
    InvoiceScenario(describe)
        .given("CreateInvoice", body())
        .when("CreateInvoice", body(R"({"invoiceId":"i-2"})"))
        .thenRefused(Code::kConflict, "duplicate_key", "/number")
        .given("CreateInvoice", body(R"({"invoiceId":"i-2","number":"INV-2024/002"})"))
        .given("CreateInvoice", body(R"({"invoiceId":"i-3","organizationId":"org-2"})"))
        .given("CancelInvoice", R"({"invoiceId":"i-1","reason":"a slip"})")
        .when("CreateInvoice", body(R"({"invoiceId":"i-4"})"))
        .thenRefused(Code::kConflict, "duplicate_key", "/number");
  }

  void idsAndOrganisations() {
    InvoiceScenario(describe)
        .given("CreateInvoice", body())
        .when("CreateInvoice", body(R"({"number":"other"})"))
        .thenRefused(Code::kConflict, "already_exists")
        .thenSays("it is draft")
        .as("org-2")
        .when("CreateInvoice", body(R"({"invoiceId":"i-9","number":"other"})"))
        .thenRefused(Code::kPermissionDenied)
        .when("IssueInvoice", R"({"invoiceId":"i-1"})")
        .thenRefused(Code::kNotFound);
  }

  void everythingThatIsSaidIsKept() {
    InvoiceScenario scenario(describe);
    scenario.given("CreateInvoice", body(R"({"issueTime":"08:26:00","paymentTerms":"net 30","orderReference":"PO-1",
      "precedingInvoice":"INV-2023/9","note":"thank you\n","periodStart":"2024-04-01","periodEnd":"2024-04-30",
      "metadata":{"b.c":[1,{"d":null}],"a":1e400},"buyer":{"city":"Paris","email":"z@example.org"}})"));
    const auto document = parsed(scenario.document());
    for (const auto& [name, value] : {std::pair("issueTime", "\"08:26:00\""), std::pair("note", "\"thank you\\n\""),
                                      std::pair("metadata", R"({"a":1e400,"b.c":[1,{"d":null}]})"),
                                      std::pair("issued", "\"2024-05-02T08:26:00.000Z\"")})
      CPPUNIT_ASSERT_EQUAL(std::string(value), std::string(document.root()[name].raw()));
    CPPUNIT_ASSERT_EQUAL(std::string("Paris"), std::string(document.root()["buyer"]["city"].string()));
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(InvoicesCreateTest);

}  // namespace gyre::invoices
