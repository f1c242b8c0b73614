// Do the states follow the table in the README, and the amounts the payments and credits?
#include <cppunit/extensions/HelperMacros.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "tests/plugins/invoices/invoice_fixture.hpp"

namespace gyre::invoices {

class InvoicesStatesTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(InvoicesStatesTest);
  CPPUNIT_TEST(theTableOfTheReadmeHolds);
  CPPUNIT_TEST(partialPaymentsAddUp);
  CPPUNIT_TEST(overPaymentIsRefused);
  CPPUNIT_TEST(theSamePaymentAgainChangesNothing);
  CPPUNIT_TEST(aRefundOpensItAgain);
  CPPUNIT_TEST(creditsAddUp);
  CPPUNIT_TEST(nothingToPayIsPaidWhenIssued);
  CPPUNIT_TEST(onlyWhatIsIssuedEarns);
  CPPUNIT_TEST(eventsFromOutsideFollowTheSameRules);
  CPPUNIT_TEST(paymentsOfTheOtherDomainPayAndOpen);
  CPPUNIT_TEST(activitiesTellWhatHappened);
  CPPUNIT_TEST_SUITE_END();

  static std::string id(std::string_view more = "") { return R"({"invoiceId":"i-1")" + std::string(more) + "}"; }
  static std::string pay(std::string_view payment, std::string_view amount) {
    return id(R"(,"paymentId":")" + std::string(payment) + R"(","amount":")" + std::string(amount) + "\"");
  }

  // Brings a new invoice into a state.
  static void bring(InvoiceScenario& scenario, const std::string& state) {
    if (state == "(none)") return;
    scenario.given("CreateInvoice", body());
    if (state == "draft") return;
    if (state == "cancelled") {
      scenario.given("CancelInvoice", id(R"(,"reason":"r")"));
      return;
    }
    scenario.given("IssueInvoice", id());
    if (state == "partially_paid") scenario.given("PayInvoice", pay("p-0", "10"));
    if (state == "paid") scenario.given("PayInvoice", pay("p-0", "29.40"));
    if (state == "credited") scenario.given("CreditInvoice", id(R"(,"reason":"r")"));
  }

  static std::string statusOf(InvoiceScenario& scenario) {
    return std::string(parsed(scenario.document()).root()["status"].string());
  }

  static std::vector<std::string> cells(const std::string& row) {
    std::vector<std::string> found;
    std::stringstream in(row.substr(1));
    for (std::string cell; std::getline(in, cell, '|');) {
      std::erase_if(cell, [](char c) { return c == '*' || c == '`'; });
      const auto begin = cell.find_first_not_of(' ');
      const auto end = cell.find_last_not_of(' ');
      found.push_back(begin == std::string::npos ? "" : cell.substr(begin, end - begin + 1));
    }
    return found;
  }

  // Each cell is a state (what it is then), or a status and a reason (it is refused).
  void theTableOfTheReadmeHolds() {
    std::ifstream readme(GYRE_SOURCE_DIR "/plugins/invoices/README.md");
    std::vector<std::vector<std::string>> table;
    for (std::string line; std::getline(readme, line);) {
      if (line.starts_with("| from \\ asked") || (!table.empty() && line.starts_with("|")))
        table.push_back(cells(line));
      else if (!table.empty())
        break;
    }
    CPPUNIT_ASSERT_EQUAL(std::size_t(9), table.size());  // head, rule, none and six states
    const std::map<std::string, std::string> kBodies = {
        {"CreateInvoice", body()},
        {"IssueInvoice", id()},
        {"PayInvoice (part)", pay("p-9", "1.00")},
        {"PayInvoice (all open)", pay("p-9", "29.40")},
        {"CreditInvoice (part)", id(R"(,"reason":"r","amount":"1.00")")},
        {"CreditInvoice (all)", id(R"(,"reason":"r")")},
        {"CancelInvoice", id(R"(,"reason":"r")")},
        {"RefundInvoicePayment (all)", id(R"(,"paymentId":"p-0","refundAmount":"10.00")")}};
    const auto head = table.front();
    CPPUNIT_ASSERT_EQUAL(kBodies.size() + 1, head.size());
    for (std::size_t row = 2; row < table.size(); ++row) {
      for (std::size_t column = 1; column < head.size(); ++column) {
        const std::string& state = table[row][0];
        std::string asked = kBodies.at(head[column]);
        if (head[column] == "PayInvoice (all open)" && state == "partially_paid") asked = pay("p-9", "19.40");
        if (head[column].starts_with("Refund") && state == "paid")
          asked = id(R"(,"paymentId":"p-0","refundAmount":"29.40")");
        const std::string& expected = table[row][column];
        InvoiceScenario scenario(describe);
        bring(scenario, state);
        scenario.when(head[column].substr(0, head[column].find(' ')), asked);
        const std::string found = scenario.status().isOk()                      ? statusOf(scenario)
                                  : scenario.status().code() == Code::kNotFound ? "404"
                                  : scenario.status().code() == Code::kConflict
                                      ? "409 " + std::string(scenario.status().reason())
                                      : "?";
        CPPUNIT_ASSERT_EQUAL_MESSAGE(state + ", " + head[column], expected, found);
      }
    }
  }

  void partialPaymentsAddUp() {
    InvoiceScenario scenario(describe);
    bring(scenario, "issued");
    scenario.at(InvoiceScenario::kStart + 1000)
        .when("PayInvoice", pay("p-1", "0.40"))
        .thenEvents({{"InvoicePaid", R"({"paymentId":"p-1","amountMinor":40})"}})
        .given("PayInvoice", pay("p-2", "29"))
        .ask("GetInvoiceById", id());
    const auto document = parsed(scenario.document());
    CPPUNIT_ASSERT_EQUAL(std::string("paid"), std::string(document.root()["status"].string()));
    CPPUNIT_ASSERT_EQUAL(std::string(R"([{"paymentId":"p-1","amount":0.40,"paidAt":"2024-01-01T00:00:01.000Z"},)"
                                     R"({"paymentId":"p-2","amount":29.00,"paidAt":"2024-01-01T00:00:01.000Z"}])"),
                         std::string(document.root()["payments"].raw()));
    CPPUNIT_ASSERT_EQUAL(std::string("0.00"), std::string(document.root()["openAmount"].raw()));
  }

  void overPaymentIsRefused() {
    InvoiceScenario scenario(describe);
    bring(scenario, "partially_paid");
    scenario.when("PayInvoice", pay("p-1", "19.41"))
        .thenRefused(Code::kConflict, "over_payment")
        .thenSays("expected at most 19.40 EUR")
        .thenSays("found 19.41")
        .when("PayInvoice", pay("p-1", "19.401"))
        .thenRefused(Code::kInvalidArgument, "", "/amount")
        .when("PayInvoice", id(R"(,"paymentId":"p","amount":1,"currency":"USD")"))
        .thenRefused(Code::kInvalidArgument, "", "/currency")
        .when("PayInvoice", pay("p-1", "0"))
        .thenRefused(Code::kInvalidArgument, "", "/amount");
  }

  void theSamePaymentAgainChangesNothing() {
    InvoiceScenario scenario(describe);
    bring(scenario, "partially_paid");
    scenario.when("PayInvoice", pay("p-0", "10.00"))
        .thenEvents({})
        .when("PayInvoice", pay("p-0", "9.00"))
        .thenRefused(Code::kConflict, "payment_already_linked");
  }

  void aRefundOpensItAgain() {
    InvoiceScenario scenario(describe);
    bring(scenario, "paid");
    scenario.when("RefundInvoicePayment", id(R"(,"paymentId":"p-0","refundAmount":"9.40")"))
        .thenEvents({{"InvoicePaymentRefunded", R"({"paymentId":"p-0","refundedMinor":940})"}});
    CPPUNIT_ASSERT_EQUAL(std::string("partially_paid"), statusOf(scenario));
    scenario.when("RefundInvoicePayment", id(R"(,"paymentId":"p-0","refundAmount":"20.01")"))
        .thenRefused(Code::kConflict, "refund_exceeds_amount")
        .given("RefundInvoicePayment", id(R"(,"paymentId":"p-0","refundAmount":20)"));
    CPPUNIT_ASSERT_EQUAL(std::string("issued"), statusOf(scenario));
    scenario.given("PayInvoice", pay("p-1", "29.40"));
    CPPUNIT_ASSERT_EQUAL(std::string("paid"), statusOf(scenario));
  }

  void creditsAddUp() {
    InvoiceScenario scenario(describe);
    bring(scenario, "paid");
    scenario.given("CreditInvoice", id(R"(,"reason":"late","amount":"9.40")"));
    CPPUNIT_ASSERT_EQUAL(std::string("paid"), statusOf(scenario));
    scenario.when("CreditInvoice", id(R"(,"reason":"late","amount":"20.01")"))
        .thenRefused(Code::kConflict, "credit_exceeds_amount")
        .thenSays("expected at most 20.00 EUR")
        .given("CreditInvoice", id(R"(,"reason":"broken")"));
    const auto document = parsed(scenario.document());
    CPPUNIT_ASSERT_EQUAL(std::string("credited"), std::string(document.root()["status"].string()));
    CPPUNIT_ASSERT_EQUAL(std::string("-29.40"), std::string(document.root()["openAmount"].raw()));
    CPPUNIT_ASSERT_EQUAL(std::string("29.40"), std::string(document.root()["creditedAmount"].raw()));
    scenario.when("CreditInvoice", id()).thenRefused(Code::kInvalidArgument, "", "/reason");
  }

  void nothingToPayIsPaidWhenIssued() {
    InvoiceScenario scenario(describe);
    scenario
        .given("CreateInvoice",
               body(R"({"dueDate":null,"lines":[{"description":"gift","quantity":1,"unitPrice":0,"taxRate":0}]})"))
        .given("IssueInvoice", id());
    CPPUNIT_ASSERT_EQUAL(std::string("paid"), statusOf(scenario));
  }

  void onlyWhatIsIssuedEarns() {
    const auto revenue = [](InvoiceScenario& scenario) {
      return parsed(scenario.document()).root()["exact"]["revenue"].integer().value();
    };
    for (const auto& [state, expected] : {std::pair("draft", 0), std::pair("issued", 2450), std::pair("paid", 2450),
                                          std::pair("credited", 2450), std::pair("cancelled", 0)}) {
      InvoiceScenario scenario(describe);
      bring(scenario, state);
      CPPUNIT_ASSERT_EQUAL(std::int64_t(expected), revenue(scenario));
    }
    InvoiceScenario note(describe);
    note.given("CreateInvoice", body(R"({"type":"creditNote"})")).given("IssueInvoice", id());
    CPPUNIT_ASSERT_EQUAL(std::int64_t(-2450), revenue(note));
  }

  void eventsFromOutsideFollowTheSameRules() {
    InvoiceScenario scenario(describe);
    bring(scenario, "issued");
    scenario.whenEvent("InvoicePaid", "i-1", R"({"paymentId":"bank-1","amount":"29.40"})")
        .thenEvents({{"InvoicePaid", R"({"paymentId":"bank-1","amountMinor":2940})"}})
        .whenEvent("InvoicePaymentRefunded", "i-1", R"({"paymentId":"bank-1","refundAmount":1})")
        .thenEvents({{"InvoicePaymentRefunded", R"({"paymentId":"bank-1","refundedMinor":100})"}})
        .whenEvent("InvoicePaid", "i-1", R"({"invoiceId":"i-2","paymentId":"b","amount":1})")
        .thenRefused(Code::kInvalidArgument, "", "/invoiceId")
        .whenEvent("InvoicePaymentRefunded", "i-1", R"({"paymentId":"unknown","refundAmount":1})")
        .thenRefused(Code::kConflict, "payment_not_linked");
  }

  void paymentsOfTheOtherDomainPayAndOpen() {
    const std::string names = R"("invoiceId":"i-1","organizationId":"org-1","currency":"EUR","minorDigits":2)";
    InvoiceScenario scenario(describe);
    bring(scenario, "issued");
    scenario.whenHappens("payments", "PaymentProcessed", "p-1", "{" + names + R"(,"amountMinor":2940})")
        .thenCommands({{"PayInvoice", R"({"invoiceId":"i-1","paymentId":"p-1","amount":"29.40","currency":"EUR"})"}})
        .thenEvents({{"InvoicePaid", R"({"paymentId":"p-1","amountMinor":2940})"}})
        .whenHappens("payments", "PaymentRefunded", "p-1", "{" + names + R"(,"refundMinor":940})")
        .thenEvents({{"InvoicePaymentRefunded", R"({"paymentId":"p-1","refundedMinor":940})"}})
        .whenHappens("payments", "PaymentProcessed", "p-2", "{}")
        .thenCommands({})
        .whenHappens("payments", "PaymentProcessed", "p-2", "{" + names + R"(,"amountMinor":941})")
        .thenRefused(Code::kConflict, "over_payment")
        .whenHappens("payments", "PaymentProcessed", "p-2",
                     R"({"invoiceId":"i-1","organizationId":"org-2","currency":"EUR","minorDigits":2,"amountMinor":1})")
        .thenRefused(Code::kNotFound);
    CPPUNIT_ASSERT_EQUAL(std::string("partially_paid"), statusOf(scenario));
  }

  void activitiesTellWhatHappened() {
    InvoiceScenario scenario(describe);
    bring(scenario, "paid");
    const std::string data =
        R"({"number":"INV-2024/001","status":"paid","customer":"Café Zoë","totalWithTax":29.40,"currency":"EUR"})";
    scenario.thenActivity("InvoiceIssued", "invoice INV-2024/001 to Café Zoë was issued: 29.40 EUR", data)
        .thenActivity("InvoicePaid", "invoice INV-2024/001 was paid: 29.40 EUR", data);
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(InvoicesStatesTest);

}  // namespace gyre::invoices
