// What may happen to a payment, and what is true afterwards.
#include <cppunit/extensions/HelperMacros.h>

#include <string>

#include "gyre/test.hpp"
#include "plugins/payments/payment.hpp"

namespace gyre::payments {

namespace {

using Payments = test::Scenario<Payment>;

constexpr std::int64_t kSecond = 1000;
constexpr const char* kCreate = R"({"paymentId":"p1","organizationId":"org-1","amount":100.10,"currency":"EUR"})";
constexpr const char* kProcess = R"({"paymentId":"p1"})";
constexpr const char* kFail = R"({"paymentId":"p1","error":"card declined"})";

std::string refund(const std::string& amount) { return R"({"paymentId":"p1","refundAmount":)" + amount + "}"; }

std::string createWith(const std::string& amount, const std::string& currency) {
  return R"({"paymentId":"p1","organizationId":"org-1","amount":)" + amount + R"(,"currency":")" + currency + "\"}";
}

// Brings p1 into a state by commands alone.
void bringTo(Payments& payments, PaymentStatus status) {
  payments.given("CreatePayment", kCreate);
  if (status == PaymentStatus::kFailed) payments.given("FailPayment", kFail);
  if (status == PaymentStatus::kCompleted || status == PaymentStatus::kRefunded)
    payments.given("ProcessPayment", kProcess);
  if (status == PaymentStatus::kRefunded) payments.given("RefundPayment", refund("0.10"));
}

}  // namespace

class PaymentsDecideTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(PaymentsDecideTest);
  CPPUNIT_TEST(everyStateAnswersEveryCommand);
  CPPUNIT_TEST(everyStateAnswersEveryEventFromOutside);
  CPPUNIT_TEST(aPaymentBeginsAsPending);
  CPPUNIT_TEST(allMembersAreKept);
  CPPUNIT_TEST(processingSetsItsTime);
  CPPUNIT_TEST(failingKeepsTheError);
  CPPUNIT_TEST(partialRefundsAddUp);
  CPPUNIT_TEST(aRefundAboveTheAmountNamesBothAmounts);
  CPPUNIT_TEST(creatingTwiceConflicts);
  CPPUNIT_TEST(aMissingPaymentIsNotFoundByName);
  CPPUNIT_TEST(everythingWrongIsSaidAtOnce);
  CPPUNIT_TEST(requiredMembersAreRequired);
  CPPUNIT_TEST(amountsFollowTheirCurrency);
  CPPUNIT_TEST(amountsThatAreNoneAreRefused);
  CPPUNIT_TEST(refundAmountsFollowTheCurrencyToo);
  CPPUNIT_TEST(idsHaveLimits);
  CPPUNIT_TEST(textsHaveLimits);
  CPPUNIT_TEST(metadataIsKeptAndChecked);
  CPPUNIT_TEST(aBoundKeyActsForItsOrganisationAlone);
  CPPUNIT_TEST(eventsFromOutsideBringTheirTime);
  CPPUNIT_TEST(anEventNamesItsSubjectOrNothing);
  CPPUNIT_TEST(createdIsNotTakenFromOutside);
  CPPUNIT_TEST(theLogOfLaterVersionsIsAccepted);
  CPPUNIT_TEST(aPaymentThatNamesAnInvoiceTellsOthers);
  CPPUNIT_TEST(whatHappenedReadsAsActivity);
  CPPUNIT_TEST_SUITE_END();

  struct Transition {
    const char* command;
    std::string body;
    const char* allowed_from[2];
    PaymentStatus to;
  };
  static const std::vector<Transition>& transitions() {
    static const std::vector<Transition> kTransitions = {
        {"ProcessPayment", kProcess, {"pending", ""}, PaymentStatus::kCompleted},
        {"FailPayment", kFail, {"pending", ""}, PaymentStatus::kFailed},
        {"RefundPayment", refund("1"), {"completed", "refunded"}, PaymentStatus::kRefunded},
    };
    return kTransitions;
  }

  void everyStateAnswersEveryCommand() {
    for (const auto status :
         {PaymentStatus::kPending, PaymentStatus::kCompleted, PaymentStatus::kFailed, PaymentStatus::kRefunded}) {
      for (const Transition& transition : transitions()) {
        Payments payments(describe);
        bringTo(payments, status);
        const std::string before(payments.state());
        payments.when(transition.command, transition.body);
        checkOutcome(payments, status, transition, before);
      }
      Payments payments(describe);
      bringTo(payments, status);
      payments.when("CreatePayment", kCreate)
          .thenRefused(Code::kConflict, "already_exists")
          .thenSays(statusName(status));
    }
  }

  void everyStateAnswersEveryEventFromOutside() {
    const std::pair<const char*, const char*> kEvents[] = {{"PaymentProcessed", "{}"},
                                                           {"PaymentFailed", R"({"error":"card declined"})"},
                                                           {"PaymentRefunded", R"({"refundAmount":1})"}};
    for (const auto status :
         {PaymentStatus::kPending, PaymentStatus::kCompleted, PaymentStatus::kFailed, PaymentStatus::kRefunded}) {
      for (std::size_t i = 0; i < 3; ++i) {
        Payments payments(describe);
        bringTo(payments, status);
        const std::string before(payments.state());
        payments.whenEvent(kEvents[i].first, "p1", kEvents[i].second);
        Transition transition = transitions()[i];
        transition.command = kEvents[i].first;
        checkOutcome(payments, status, transition, before);
      }
    }
  }

  static void checkOutcome(Payments& payments, PaymentStatus status, const Transition& transition,
                           const std::string& before) {
    const std::string_view from = statusName(status);
    if (from == transition.allowed_from[0] || from == transition.allowed_from[1]) {
      CPPUNIT_ASSERT_MESSAGE(std::string(from) + " " + transition.command, payments.status().isOk());
      const std::string wanted = "\"status\":\"" + std::string(statusName(transition.to)) + "\"";
      CPPUNIT_ASSERT(payments.document().find(wanted) != std::string::npos);
    } else {
      payments.thenRefused(Code::kConflict, "illegal_transition")
          .thenSays(from)
          .thenSays(transition.command)
          .thenSays("p1");
      CPPUNIT_ASSERT_EQUAL(before, std::string(payments.state()));
    }
  }

  void aPaymentBeginsAsPending() {
    Payments(describe)
        .when("CreatePayment", kCreate)
        .thenEvents(
            {{"PaymentCreated", R"({"organizationId":"org-1","amountMinor":10010,"minorDigits":2,"currency":"EUR"})"}})
        .thenVersion(1)
        .thenDocument(R"({"paymentId":"p1","organizationId":"org-1","amount":100.10,"currency":"EUR","status":"pending",
                         "createdAt":"2024-01-01T00:00:00.000Z","updatedAt":"2024-01-01T00:00:00.000Z",
                         "processedAt":"2024-01-01T00:00:00.000Z","version":1,
                         "amountMinor":10010,"refundedMinor":0,"minorDigits":2})");
  }

  void allMembersAreKept() {
    Payments(describe)
        .when("CreatePayment",
              R"({"paymentId":"p1","organizationId":"org-1","userId":"user-1","amount":"7.5","currency":"USD",
                                   "description":"Café \"rent\"\n№ 1","metadata":{"tags":["web","b2b"],"order":{"id":1.50}}})")
        .thenState(R"({"paymentId":"p1","organizationId":"org-1","userId":"user-1","amountMinor":750,"refundedMinor":0,
                       "minorDigits":2,"currency":"USD","status":"pending","description":"Café \"rent\"\n№ 1",
                       "metadata":{"order":{"id":1.50},"tags":["web","b2b"]},
                       "createdAt":1704067200000,"updatedAt":1704067200000,"processedAt":1704067200000,"version":1})")
        .ask("GetPaymentById", R"({"paymentId":"p1"})")
        .thenAnswers(R"({"paymentId":"p1","organizationId":"org-1","userId":"user-1","amount":7.50,"currency":"USD",
                         "status":"pending","description":"Café \"rent\"\n№ 1",
                         "metadata":{"order":{"id":1.50},"tags":["web","b2b"]},
                         "createdAt":"2024-01-01T00:00:00.000Z","updatedAt":"2024-01-01T00:00:00.000Z",
                         "processedAt":"2024-01-01T00:00:00.000Z","version":1})");
  }

  void processingSetsItsTime() {
    Payments(describe)
        .given("CreatePayment", kCreate)
        .at(Payments::kStart + kSecond)
        .when("ProcessPayment", kProcess)
        .thenEvents({{"PaymentProcessed", "{}"}})
        .ask("GetPaymentById", R"({"paymentId":"p1"})")
        .thenAnswers(
            R"({"paymentId":"p1","organizationId":"org-1","amount":100.10,"currency":"EUR","status":"completed",
                         "createdAt":"2024-01-01T00:00:00.000Z","updatedAt":"2024-01-01T00:00:01.000Z",
                         "processedAt":"2024-01-01T00:00:01.000Z","version":2})");
  }

  void failingKeepsTheError() {
    Payments(describe)
        .given("CreatePayment", kCreate)
        .at(Payments::kStart + kSecond)
        .when("FailPayment", kFail)
        .thenEvents({{"PaymentFailed", R"({"error":"card declined"})"}})
        .ask("GetPaymentById", R"({"paymentId":"p1"})")
        .thenAnswers(R"({"paymentId":"p1","organizationId":"org-1","amount":100.10,"currency":"EUR","status":"failed",
                         "createdAt":"2024-01-01T00:00:00.000Z","updatedAt":"2024-01-01T00:00:01.000Z",
                         "processedAt":"2024-01-01T00:00:00.000Z","failedAt":"2024-01-01T00:00:01.000Z",
                         "error":"card declined","version":2})")
        .when("FailPayment", R"({"paymentId":"p1","error":""})")
        .thenRefused(Code::kInvalidArgument, "invalid_argument", "/error");
  }

  void partialRefundsAddUp() {
    Payments payments(describe);
    bringTo(payments, PaymentStatus::kCompleted);
    payments.at(Payments::kStart + kSecond).given("RefundPayment", refund("60")).at(Payments::kStart + 2 * kSecond);
    payments.when("RefundPayment", refund("\"40.10\""))
        .thenEvents({{"PaymentRefunded", R"({"refundMinor":4010})"}})
        .ask("GetPaymentById", R"({"paymentId":"p1"})")
        .thenAnswers(R"({"paymentId":"p1","organizationId":"org-1","amount":100.10,"currency":"EUR","status":"refunded",
                         "createdAt":"2024-01-01T00:00:00.000Z","updatedAt":"2024-01-01T00:00:02.000Z",
                         "processedAt":"2024-01-01T00:00:00.000Z","refundAmount":100.10,
                         "refundedAt":"2024-01-01T00:00:02.000Z","version":4})");
    payments.when("RefundPayment", refund("0.01")).thenRefused(Code::kConflict, "refund_exceeds_amount");
  }

  void aRefundAboveTheAmountNamesBothAmounts() {
    Payments payments(describe);
    bringTo(payments, PaymentStatus::kRefunded);
    payments.when("RefundPayment", refund("100.01"))
        .thenRefused(Code::kConflict, "refund_exceeds_amount")
        .thenSays("100.01 EUR")
        .thenSays("its amount is 100.10")
        .thenSays("0.10 are refunded")
        .when("RefundPayment", refund("9999999999999999.99"))
        .thenRefused(Code::kConflict, "refund_exceeds_amount")
        .when("RefundPayment", refund("100.00"))
        .thenVersion(4);
  }

  void creatingTwiceConflicts() {
    Payments(describe)
        .given("CreatePayment", kCreate)
        .when("CreatePayment", kCreate)
        .thenRefused(Code::kConflict, "already_exists")
        .thenSays("\"p1\"")
        .thenVersion(1);
  }

  void aMissingPaymentIsNotFoundByName() {
    for (const Transition& transition : transitions())
      Payments(describe)
          .when(transition.command, transition.body)
          .thenRefused(Code::kNotFound, "not_found")
          .thenSays("\"p1\"");
    Payments(describe).whenEvent("PaymentProcessed", "p1", "{}").thenRefused(Code::kNotFound);
  }

  void everythingWrongIsSaidAtOnce() {
    Payments(describe)
        .when("CreatePayment",
              R"({"paymentId":"","organizationId":7,"userId":"","amount":"1.234","currency":"EURO","descripton":"x",
                                   "description":"\u0000","metadata":{"tags":["ok",1,""],"":0}})")
        .thenRefused(Code::kInvalidArgument, "invalid_argument")
        .thenFaultsAt({"/paymentId", "/organizationId", "/userId", "/currency", "/descripton", "/description",
                       "/metadata/tags/1", "/metadata/tags/2", "/metadata/"})
        .thenSays("did you mean \"EUR\"?")
        .thenSays("did you mean \"description\"?")
        .when("CreatePayment", R"({"paymentId":"","organizationId":"o","amount":1.234,"currency":"EUR"})")
        .thenFaultsAt({"/paymentId", "/amount"})
        .when("CreatePayment", R"({"paymentId":"p","organizationId":"o","amount":-1,"currency":"XXX"})")
        .thenFaultsAt({"/amount", "/currency"});
  }

  void requiredMembersAreRequired() {
    Payments(describe)
        .when("CreatePayment", "{}")
        .thenFaultsAt({"/paymentId", "/organizationId", "/amount", "/currency"})
        .when("CreatePayment",
              R"({"paymentId":null,"organizationId":null,"amount":null,"currency":null,"userId":null})")
        .thenFaultsAt({"/paymentId", "/organizationId", "/amount", "/currency"})
        .when("CreatePayment", R"({"paymentId":"","organizationId":"","amount":"","currency":""})")
        .thenFaultsAt({"/paymentId", "/organizationId", "/amount", "/currency"})
        .when("FailPayment", R"({"paymentId":"p1"})")
        .thenFaultsAt({"/error"})
        .when("RefundPayment", R"({"paymentId":"p1"})")
        .thenFaultsAt({"/refundAmount"})
        .when("ProcessPayment", "{}")
        .thenFaultsAt({"/paymentId"});
  }

  void amountsFollowTheirCurrency() {
    struct Case {
      const char *amount, *currency, *document;
    };
    constexpr Case kAccepted[] = {{"1", "JPY", "\"amount\":1,"},
                                  {"1.234", "BHD", "\"amount\":1.234,"},
                                  {"\"1.2\"", "BHD", "\"amount\":1.200,"},
                                  {"0.0001", "CLF", "\"amount\":0.0001,"},
                                  {"1.10", "EUR", "\"amount\":1.10,"},
                                  {"9999999999999999.99", "EUR", "\"amount\":9999999999999999.99,"},
                                  {"999999999999999999", "JPY", "\"amount\":999999999999999999,"},
                                  {"99999999999999.9999", "UYW", "\"amount\":99999999999999.9999,"}};
    for (const Case& c : kAccepted) {
      Payments payments(describe);
      payments.given("CreatePayment", createWith(c.amount, c.currency));
      CPPUNIT_ASSERT_MESSAGE(payments.document(), payments.document().find(c.document) != std::string::npos);
    }
    constexpr Case kRefused[] = {{"1.0", "JPY", ""},
                                 {"1.2345", "BHD", ""},
                                 {"1.23456", "CLF", ""},
                                 {"1.000", "EUR", ""},
                                 {"0.001", "EUR", ""},
                                 {"10000000000000000", "EUR", ""},
                                 {"1000000000000000000", "JPY", ""},
                                 {"100000000000000", "UYW", ""}};
    for (const Case& c : kRefused)
      Payments(describe)
          .when("CreatePayment", createWith(c.amount, c.currency))
          .thenRefused(Code::kInvalidArgument, "invalid_argument", "/amount")
          .thenSays(c.currency);
  }

  void amountsThatAreNoneAreRefused() {
    for (const char* amount : {"0",
                               "-1",
                               "0.00",
                               "-0",
                               "\"0\"",
                               "\"-5\"",
                               "1e2",
                               "1E0",
                               "\"1e2\"",
                               "\"NaN\"",
                               "\"Infinity\"",
                               "\"\"",
                               "\" 1\"",
                               "\"1 \"",
                               "\"+1\"",
                               "\"01\"",
                               "\"1,5\"",
                               "\".5\"",
                               "\"5.\"",
                               "\"0x10\"",
                               "true",
                               "[]",
                               "{}",
                               "\"1 EUR\"",
                               "1234567890123456789",
                               "99999999999999999999999999999999999999999"})
      for (const char* currency : {"EUR", "EURO"})
        Payments(describe)
            .when("CreatePayment", createWith(amount, currency))
            .thenRefused(Code::kInvalidArgument, "invalid_argument", "/amount");
  }

  void refundAmountsFollowTheCurrencyToo() {
    Payments payments(describe);
    payments.given("CreatePayment", createWith("500", "JPY")).given("ProcessPayment", kProcess);
    for (const char* amount : {"0", "-1", "1.5", "1e1", "\"x\"", "null"})
      payments.when("RefundPayment", refund(amount))
          .thenRefused(Code::kInvalidArgument, "invalid_argument", "/refundAmount");
    payments.when("RefundPayment", refund("500")).thenEvents({{"PaymentRefunded", R"({"refundMinor":500})"}});
  }

  void idsHaveLimits() {
    const auto create = [](const std::string& id) {
      return R"({"paymentId":")" + id + R"(","organizationId":"o","amount":1,"currency":"EUR"})";
    };
    Payments(describe).when("CreatePayment", create(std::string(256, 'x'))).thenVersion(1);
    Payments(describe).when("CreatePayment", create("Zahlung/1 ~№")).thenVersion(1);
    for (const std::string& id :
         {std::string(257, 'x'), std::string("a\\u0000b"), std::string("a\\nb"), std::string("\\u0085")})
      Payments(describe).when("CreatePayment", create(id)).thenRefused(Code::kInvalidArgument, "", "/paymentId");
  }

  void textsHaveLimits() {
    const auto create = [](const std::string& description) {
      return R"({"paymentId":"p1","organizationId":"o","amount":1,"currency":"EUR","description":")" + description +
             "\"}";
    };
    Payments(describe).when("CreatePayment", create(std::string(10'000, 'x'))).thenVersion(1);
    Payments(describe).when("CreatePayment", create("tab\\t line\\r\\n")).thenVersion(1);
    Payments(describe)
        .when("CreatePayment", create(std::string(10'001, 'x')))
        .thenRefused(Code::kInvalidArgument, "", "/description");
    Payments(describe).when("CreatePayment", create("\\u001f")).thenRefused(Code::kInvalidArgument, "", "/description");
    Payments empty(describe);
    empty.when("CreatePayment", create("")).thenVersion(1);
    CPPUNIT_ASSERT(empty.document().find("description") == std::string::npos);
  }

  void metadataIsKeptAndChecked() {
    const auto create = [](const std::string& metadata) {
      return R"({"paymentId":"p1","organizationId":"o","amount":1,"currency":"EUR","metadata":)" + metadata + "}";
    };
    for (const char* metadata : {"{}", R"({"tags":[]})", R"({"tags":null})", R"({"source":"test"})",
                                 R"({"order.id":1})", R"({"a":{"tags.x":[{}]}})", "null"})
      Payments(describe).when("CreatePayment", create(metadata)).thenVersion(1);
    std::string many = "\"t\"";
    for (int i = 0; i < 100; ++i) many += ",\"t\"";
    const std::pair<std::string, const char*> kRefused[] = {
        {"[]", "/metadata"},
        {"\"x\"", "/metadata"},
        {R"({"tags":"web"})", "/metadata/tags"},
        {R"({"tags":{}})", "/metadata/tags"},
        {R"({"tags":[[]]})", "/metadata/tags/0"},
        {R"({"tags":[null]})", "/metadata/tags/0"},
        {R"({"tags":[")" + std::string(257, 'x') + "\"]}", "/metadata/tags/0"},
        {R"({"tags":[)" + many + "]}", "/metadata/tags"},
        {R"({"tags.x":1})", "/metadata/tags.x"},
        {R"({".":1})", "/metadata/."},
        {R"({"a..b":1})", "/metadata/a..b"},
        {R"({"a/b.":1})", "/metadata/a~1b."}};
    for (const auto& [metadata, pointer] : kRefused)
      Payments(describe).when("CreatePayment", create(metadata)).thenRefused(Code::kInvalidArgument, "", pointer);
  }

  void aBoundKeyActsForItsOrganisationAlone() {
    Payments(describe).as("org-1").when("CreatePayment", kCreate).thenVersion(1);
    Payments(describe)
        .as("org-2")
        .when("CreatePayment", kCreate)
        .thenRefused(Code::kPermissionDenied)
        .thenSays("org-2");
    Payments(describe)
        .given("CreatePayment", kCreate)
        .as("org-2")
        .when("ProcessPayment", kProcess)
        .thenRefused(Code::kNotFound)
        .whenEvent("PaymentFailed", "p1", R"({"error":"x"})")
        .thenRefused(Code::kNotFound)
        .when("RefundPayment", refund("1"))
        .thenRefused(Code::kNotFound)
        .as("org-1")
        .when("ProcessPayment", kProcess)
        .thenVersion(2);
  }

  void eventsFromOutsideBringTheirTime() {
    Payments payments(describe);
    payments.given("CreatePayment", kCreate)
        .at(Payments::kStart - 60 * kSecond)
        .whenEvent("PaymentProcessed", "p1", "{}");
    payments.thenDocument(
        R"({"paymentId":"p1","organizationId":"org-1","amount":100.10,"currency":"EUR","status":"completed",
                         "createdAt":"2024-01-01T00:00:00.000Z","updatedAt":"2023-12-31T23:59:00.000Z",
                         "processedAt":"2023-12-31T23:59:00.000Z","version":2,
                         "amountMinor":10010,"refundedMinor":0,"minorDigits":2})");
    payments.at(Payments::kStart + kSecond)
        .whenEvent("PaymentRefunded", "p1", R"({"refundAmount":"0.10"})")
        .thenVersion(3);
    payments.whenEvent("PaymentRefunded", "p1", R"({"refundAmount":0.001})")
        .thenRefused(Code::kInvalidArgument, "", "/refundAmount");
    payments.whenEvent("PaymentRefunded", "p1", R"({})").thenRefused(Code::kInvalidArgument, "", "/refundAmount");
  }

  void anEventNamesItsSubjectOrNothing() {
    Payments payments(describe);
    payments.given("CreatePayment", kCreate);
    payments.whenEvent("PaymentProcessed", "p1", R"({"paymentId":"p2"})")
        .thenRefused(Code::kInvalidArgument, "", "/paymentId");
    payments.whenEvent("PaymentProcessed", "p1", R"({"colour":"red"})")
        .thenRefused(Code::kInvalidArgument, "", "/colour");
    payments.whenEvent("PaymentProcessed", "p1", R"({"paymentId":"p1"})").thenVersion(2);
  }

  void createdIsNotTakenFromOutside() {
    CPPUNIT_ASSERT_THROW(Payments(describe).whenEvent("PaymentCreated", "p1", "{}"), test::Failure);
  }

  void theLogOfLaterVersionsIsAccepted() {
    const auto data = json::Document::parse(R"({"colour":"red"})");
    Payment before;
    before.amount_minor = 5;
    before.version = 1;
    const Payment after = evolve(&before, {"p1", "PaymentPainted", data->root(), 7});
    CPPUNIT_ASSERT_EQUAL(std::uint64_t(2), after.version);
    CPPUNIT_ASSERT_EQUAL(std::int64_t(5), after.amount_minor);
  }

  void aPaymentThatNamesAnInvoiceTellsOthers() {
    test::Scenario<Payment>(describe)
        .given("CreatePayment",
               R"({"paymentId":"p1","organizationId":"o1","amount":"1.50","currency":"EUR","invoiceId":"inv-1"})")
        .when("ProcessPayment", R"({"paymentId":"p1"})")
        .thenEvents(
            {{"PaymentProcessed",
              R"({"invoiceId":"inv-1","organizationId":"o1","currency":"EUR","minorDigits":2,"amountMinor":150})"}})
        .when("RefundPayment", R"({"paymentId":"p1","refundAmount":"0.50"})")
        .thenEvents(
            {{"PaymentRefunded",
              R"({"refundMinor":50,"invoiceId":"inv-1","organizationId":"o1","currency":"EUR","minorDigits":2})"}})
        .ask("GetPaymentById", R"({"paymentId":"p1"})")
        .thenGets("p1");
    test::Scenario<Payment>(describe)
        .when("CreatePayment",
              R"({"paymentId":"p1","organizationId":"o1","amount":"1.50","currency":"EUR","invoiceId":""})")
        .thenRefused(Code::kInvalidArgument, "", "/invoiceId");
  }

  void whatHappenedReadsAsActivity() {
    const std::string text(300, 'x');
    test::Scenario<Payment>(describe)
        .given("CreatePayment", R"({"paymentId":"p1","organizationId":"o1","amount":"1.50","currency":"EUR"})")
        .given("FailPayment", R"({"paymentId":"p1","error":")" + text + R"("})")
        .thenActivity("PaymentFailed", "payment of 1.50 EUR failed: " + text.substr(0, 200) + "…",
                      R"({"paymentId":"p1","organizationId":"o1","amount":1.50,"currency":"EUR","status":"failed",)"
                      R"("createdAt":"2024-01-01T00:00:00.000Z","updatedAt":"2024-01-01T00:00:00.000Z",)"
                      R"("processedAt":"2024-01-01T00:00:00.000Z","failedAt":"2024-01-01T00:00:00.000Z","error":")" +
                          text + R"(","version":2})");
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(PaymentsDecideTest);

}  // namespace gyre::payments
