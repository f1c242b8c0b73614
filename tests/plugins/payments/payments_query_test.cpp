// What the index is asked, and what the client sees of its answers.
#include <cppunit/extensions/HelperMacros.h>

#include <random>
#include <string>

#include "gyre/test.hpp"
#include "plugins/payments/payment.hpp"
#include "plugins/payments/search_parameters.hpp"

namespace gyre::payments {

namespace {

using Payments = test::Scenario<Payment>;

constexpr const char* kSort =
    R"("sort":[{"_score":{"order":"desc"}},{"processedAt":{"order":"desc"}},{"paymentId":{"order":"asc"}}],"track_total_hits":true)";

// A search request with this query clause, from the first page of ten.
std::string firstPage(const std::string& clause) {
  return R"({"query":)" + clause + "," + kSort + R"(,"size":10,"from":0})";
}
std::string filtered(const std::string& filters) { return firstPage(R"({"bool":{"filter":[)" + filters + "]}}"); }

std::string minorClass(int digits, const std::string& range) {
  return R"({"bool":{"filter":[{"term":{"minorDigits":)" + std::to_string(digits) + R"(}},{"range":{"amountMinor":)" +
         range + "}}]}}";
}

// A hit as an engine that passed `amount` through a double would return it.
std::string hit(const std::string& id, const std::string& score, const std::string& millis) {
  return R"({"_index":"payments","_id":")" + id + R"(","_score":)" + score + R"(,"_source":{"paymentId":")" + id +
         R"(","organizationId":"org-1","amount":100.1,"currency":"EUR","status":"refunded","refundAmount":1.0E-1,"version":3,
         "amountMinor":10010,"refundedMinor":10,"minorDigits":2},"sort":[)" +
         score + "," + millis + ",\"" + id + "\"]}";
}
std::string hits(std::int64_t total, const std::string& list) {
  return R"({"took":1,"timed_out":false,"_shards":{"total":1,"successful":1,"skipped":0,"failed":0},
    "hits":{"total":{"value":)" +
         std::to_string(total) + R"(,"relation":"eq"},"max_score":null,"hits":[)" + list + "]}}";
}
std::string shown(const std::string& id) {
  return R"({"paymentId":")" + id +
         R"(","organizationId":"org-1","amount":100.10,"currency":"EUR","status":"refunded","refundAmount":0.10,"version":3})";
}

std::string member(std::string_view object, std::string_view name) {
  const auto document = json::Document::parse(object);
  CPPUNIT_ASSERT(document.isOk());
  const json::Value value = document->root()[name];
  return std::string(value.isString() ? value.string() : value.raw());
}

}  // namespace

class PaymentsQueryTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(PaymentsQueryTest);
  CPPUNIT_TEST(aGetReadsTheStore);
  CPPUNIT_TEST(anotherOrganisationsPaymentDoesNotExist);
  CPPUNIT_TEST(noParametersAskForEverything);
  CPPUNIT_TEST(everyParameterBecomesItsClause);
  CPPUNIT_TEST(queryStringsAskTheSame);
  CPPUNIT_TEST(zeroIsABound);
  CPPUNIT_TEST(boundsFinerThanMoneyMoveInside);
  CPPUNIT_TEST(largeBoundsUseTheExactIntegers);
  CPPUNIT_TEST(timesAreInclusive);
  CPPUNIT_TEST(wrongParametersAreSaidAtOnce);
  CPPUNIT_TEST(pagesEndAtTheWindow);
  CPPUNIT_TEST(hitsAreShownWithExactAmounts);
  CPPUNIT_TEST(sizeZeroIsTheTotalAlone);
  CPPUNIT_TEST(cursorsLeadFromPageToPage);
  CPPUNIT_TEST(aCursorBelongsToItsSearch);
  CPPUNIT_TEST(malformedCursorsAreRefused);
  CPPUNIT_TEST(aBoundKeySearchesItsOrganisation);
  CPPUNIT_TEST(answersThatMakeNoSenseAreInternalErrors);
  CPPUNIT_TEST(suggestionsCompleteDescriptions);
  CPPUNIT_TEST(suggestionsAreDistinct);
  CPPUNIT_TEST_SUITE_END();

  void aGetReadsTheStore() {
    Payments(describe)
        .ask("GetPaymentById", R"({"paymentId":"p1"})")
        .thenGets("p1")
        .askByUrl("GetPaymentById", R"({"paymentId":"p1"})")
        .thenGets("p1")
        .ask("GetPaymentById", "{}")
        .thenRefused(Code::kInvalidArgument, "", "/paymentId")
        .ask("GetPaymentById", R"({"paymentId":"p1","x":1})")
        .thenRefused(Code::kInvalidArgument, "", "/x");
  }

  void anotherOrganisationsPaymentDoesNotExist() {
    Payments payments(describe);
    payments.given("CreatePayment", R"({"paymentId":"p1","organizationId":"org-1","amount":1,"currency":"EUR"})");
    const std::string state(payments.state());
    payments.as("org-2")
        .ask("GetPaymentById", R"({"paymentId":"p1"})")
        .answered(state, 1)
        .thenRefused(Code::kNotFound)
        .thenSays("p1");
    payments.as("org-1").ask("GetPaymentById", R"({"paymentId":"p1"})").answered(state, 1);
    CPPUNIT_ASSERT(payments.status().isOk());
  }

  void noParametersAskForEverything() {
    Payments(describe)
        .ask("SearchPayments", "{}")
        .thenSearches(firstPage(R"({"match_all":{}})"))
        .ask("SearchPayments", R"({"searchText":"","statuses":[],"currencies":[],"from":null})")
        .thenSearches(firstPage(R"({"match_all":{}})"));
  }

  void everyParameterBecomesItsClause() {
    Payments(describe)
        .ask("SearchPayments",
             R"({"organizationId":"org-1","searchText":"office rent","statuses":["pending","completed","pending"],
                                   "currencies":["USD","EUR"],"minAmount":10.50,"maxAmount":"99.9",
                                   "from":"2024-01-01T00:00:00Z","to":"2024-01-31T23:59:59.999+01:00","page":3,"size":20})")
        .thenSearches(R"({"query":{"bool":{
            "must":[{"multi_match":{"query":"office rent","fields":["description^2","paymentId","metadata.tags"],
                                    "type":"best_fields","fuzziness":"AUTO"}}],
            "filter":[{"term":{"organizationId":"org-1"}},
                      {"terms":{"status":["completed","pending"]}},
                      {"terms":{"currency":["EUR","USD"]}},
                      {"range":{"amount":{"gte":10.50,"lte":99.9}}},
                      {"range":{"processedAt":{"gte":1704067200000,"lte":1706741999999,"format":"epoch_millis"}}}]}},)" +
                      std::string(kSort) + R"(,"size":20,"from":40})");
  }

  void queryStringsAskTheSame() {
    Payments payments(describe);
    payments.ask("SearchPayments", R"({"statuses":["pending"],"minAmount":5,"page":2,"size":5})");
    const std::string strict(payments.request());
    payments.askByUrl("SearchPayments", R"({"statuses":"pending","minAmount":"5","page":"2","size":"5"})")
        .thenSearches(strict);
    payments.ask("SearchPayments", R"({"page":"2"})").thenRefused(Code::kInvalidArgument, "", "/page");
    payments.askByUrl("SearchPayments", R"({"page":"x"})").thenRefused(Code::kInvalidArgument, "", "/page");
  }

  void zeroIsABound() {
    Payments(describe)
        .ask("SearchPayments", R"({"maxAmount":0})")
        .thenSearches(filtered(R"({"range":{"amount":{"lte":0}}})"))
        .ask("SearchPayments", R"({"minAmount":0.00,"maxAmount":"0"})")
        .thenSearches(filtered(R"({"range":{"amount":{"gte":0.00,"lte":0}}})"))
        .ask("SearchPayments", R"({"minAmount":-5})")
        .thenSearches(filtered(R"({"range":{"amount":{"gte":-5}}})"));
  }

  void boundsFinerThanMoneyMoveInside() {
    Payments(describe)
        .ask("SearchPayments", R"({"minAmount":0.30000000000000001,"maxAmount":0.49999999999999999})")
        .thenSearches(filtered(R"({"range":{"amount":{"gte":0.3001,"lte":0.4999}}})"))
        .ask("SearchPayments", R"({"minAmount":-0.00001})")
        .thenSearches(filtered(R"({"range":{"amount":{"gte":0.0000}}})"));
  }

  void largeBoundsUseTheExactIntegers() {
    Payments(describe)
        .ask("SearchPayments", R"({"minAmount":99999999999.9999})")
        .thenSearches(filtered(R"({"range":{"amount":{"gte":99999999999.9999}}})"))
        .ask("SearchPayments", R"({"minAmount":0.005,"maxAmount":100000000000.015})")
        .thenSearches(filtered(R"({"bool":{"should":[)" + minorClass(0, R"({"gte":1,"lte":100000000000})") + "," +
                               minorClass(2, R"({"gte":1,"lte":10000000000001})") + "," +
                               minorClass(3, R"({"gte":5,"lte":100000000000015})") + "," +
                               minorClass(4, R"({"gte":50,"lte":1000000000000150})") +
                               R"(],"minimum_should_match":1}})"))
        .ask("SearchPayments", R"({"minAmount":12345678901234567890123456789})")
        .thenSearches(filtered(R"({"bool":{"should":[)" + minorClass(0, R"({"gte":1000000000000000000})") + "," +
                               minorClass(2, R"({"gte":1000000000000000000})") + "," +
                               minorClass(3, R"({"gte":1000000000000000000})") + "," +
                               minorClass(4, R"({"gte":1000000000000000000})") + R"(],"minimum_should_match":1}})"));
  }

  void timesAreInclusive() {
    Payments(describe)
        .ask("SearchPayments", R"({"from":"2024-02-29","to":"2024-02-29"})")
        .thenSearches(
            filtered(R"({"range":{"processedAt":{"gte":1709164800000,"lte":1709251199999,"format":"epoch_millis"}}})"))
        .ask("SearchPayments", R"({"from":"2024-02-29T00:00:00Z","to":"2024-02-29T00:00:00Z"})")
        .thenSearches(
            filtered(R"({"range":{"processedAt":{"gte":1709164800000,"lte":1709164800000,"format":"epoch_millis"}}})"));
  }

  void wrongParametersAreSaidAtOnce() {
    Payments(describe)
        .ask("SearchPayments",
             R"({"organisationId":"x","organizationId":"","statuses":["done"],"currencies":["EUR","EURO"],
                                   "minAmount":"abc","maxAmount":"1e3","from":"yesterday","to":"2024-02-30","page":0,"size":1001,
                                   "cursor":"%"})")
        .thenRefused(Code::kInvalidArgument, "invalid_argument")
        .thenFaultsAt({"/organisationId", "/organizationId", "/statuses", "/currencies/1", "/minAmount", "/maxAmount",
                       "/from", "/to", "/page", "/size", "/cursor"})
        .thenSays("pending, completed, failed, refunded")
        .thenSays("did you mean \"EUR\"?")
        .ask("SearchPayments", R"({"minAmount":2,"maxAmount":1.99,"from":"2024-01-02","to":"2024-01-01","page":1001})")
        .thenFaultsAt({"/minAmount", "/from", "/page"})
        .ask("SearchPayments", R"({"currencies":["dollars"]})")
        .thenSays(" USD ");
  }

  void pagesEndAtTheWindow() {
    Payments payments(describe);
    payments.ask("SearchPayments", R"({"page":10,"size":1000})");
    CPPUNIT_ASSERT(payments.status().isOk());
    for (const char* parameters :
         {R"({"page":11,"size":1000})", R"({"page":1001})", R"({"page":9223372036854775807,"size":1000})"})
      payments.ask("SearchPayments", parameters).thenRefused(Code::kInvalidArgument, "", "/page").thenSays("cursor");
    payments.ask("SearchPayments", R"({"page":9223372036854775807,"size":0})");
    CPPUNIT_ASSERT(payments.status().isOk());
  }

  void hitsAreShownWithExactAmounts() {
    Payments(describe)
        .ask("SearchPayments", R"({"searchText":"rent"})")
        .answered(hits(2, hit("p1", "1.5", "1704067200000") + "," + hit("p2", "1.25", "1704067200000")))
        .thenAnswers(R"({"payments":[)" + shown("p1") + "," + shown("p2") +
                     R"(],"total":2,"page":1,"size":10,"nextCursor":null})")
        .ask("SearchPayments", R"({"searchText":"rent"})")
        .answered(hits(0, ""))
        .thenAnswers(R"({"payments":[],"total":0,"page":1,"size":10,"nextCursor":null})");
  }

  void sizeZeroIsTheTotalAlone() {
    Payments(describe)
        .ask("SearchPayments", R"({"size":0})")
        .thenSearches(R"({"query":{"match_all":{}},)" + std::string(kSort) + R"(,"size":0})")
        .answered(hits(12'345, ""))
        .thenAnswers(R"({"payments":[],"total":12345,"page":1,"size":0,"nextCursor":null})");
  }

  void cursorsLeadFromPageToPage() {
    Payments payments(describe);
    payments.ask("SearchPayments", R"({"searchText":"rent","page":2,"size":1})")
        .answered(hits(4, hit("p2", "1.2345678", "1704067200000")));
    const std::string second = member(payments.answer(), "nextCursor");
    CPPUNIT_ASSERT(second.find_first_of("+/= \"") == std::string::npos);
    // One hit more than asked for: there is another page.
    payments.ask("SearchPayments", R"({"searchText":"rent","size":1,"cursor":")" + second + "\"}")
        .thenSearches(
            R"({"query":{"bool":{"must":[{"multi_match":{"query":"rent","fields":["description^2","paymentId","metadata.tags"],
                          "type":"best_fields","fuzziness":"AUTO"}}]}},)" +
            std::string(kSort) + R"(,"size":2,"search_after":[1.2345678,1704067200000,"p2"]})")
        .answered(hits(4, hit("p3", "0.0", "1704067100000") + "," + hit("p4", "0.0", "1704067000000")));
    CPPUNIT_ASSERT_EQUAL(std::string("[" + test::canonicalJson(shown("p3")) + "]"),
                         test::canonicalJson(member(payments.answer(), "payments")));
    CPPUNIT_ASSERT_EQUAL(std::string("3"), member(payments.answer(), "page"));
    const std::string third = member(payments.answer(), "nextCursor");
    payments.askByUrl("SearchPayments", R"({"searchText":"rent","size":"1","page":"1","cursor":")" + third + "\"}")
        .answered(hits(4, hit("p4", "0.0", "1704067000000")))
        .thenAnswers(R"({"payments":[)" + shown("p4") + R"(],"total":4,"page":4,"size":1,"nextCursor":null})");
    payments.ask("SearchPayments", R"({"searchText":"rent","size":1,"page":2,"cursor":")" + third + "\"}")
        .thenRefused(Code::kInvalidArgument, "", "/page");
  }

  static std::string cursorOf(Payments& payments, const std::string& parameters) {
    payments.ask("SearchPayments", parameters).answered(hits(100, hit("p1", "1.5", "1704067200000")));
    return member(payments.answer(), "nextCursor");
  }

  void aCursorBelongsToItsSearch() {
    Payments payments(describe);
    const std::string cursor = cursorOf(payments, R"({"searchText":"rent","statuses":["pending","failed"],"size":1})");
    const auto with = [&](const std::string& parameters) {
      return "{" + parameters + R"("size":1,"cursor":")" + cursor + "\"}";
    };
    for (const char* parameters :
         {"", R"("searchText":"rents","statuses":["pending","failed"],)", R"("searchText":"rent",)",
          R"("searchText":"rent","statuses":["pending","failed"],"organizationId":"org-1",)",
          R"("searchText":"rent","statuses":["pending","failed"],"minAmount":0,)"})
      payments.ask("SearchPayments", with(parameters))
          .thenRefused(Code::kInvalidArgument, "invalid_argument", "/cursor");
    payments.as("org-1")
        .ask("SearchPayments", with(R"("searchText":"rent","statuses":["pending","failed"],)"))
        .thenRefused(Code::kInvalidArgument, "", "/cursor");
    payments.as("").ask("SearchPayments", with(R"("statuses":["failed","pending"],"searchText":"rent",)"));
    CPPUNIT_ASSERT(payments.status().isOk());
  }

  void malformedCursorsAreRefused() {
    Payments payments(describe);
    const std::string good = cursorOf(payments, R"({"size":1})");
    const auto refused = [&](const std::string& cursor) {
      payments.ask("SearchPayments", R"({"size":1,"cursor":")" + cursor + "\"}");
      return !payments.status().isOk() && payments.status().code() == Code::kInvalidArgument;
    };
    CPPUNIT_ASSERT(!refused(good));
    for (const char* cursor : {"", "x", "abc", "%", "bnVsbA", "W10", "eyJhIjoxfQ"})
      CPPUNIT_ASSERT_MESSAGE(cursor, refused(cursor));
    CPPUNIT_ASSERT(refused(std::string(2000, 'A')));
    for (std::size_t i = 0; i < good.size(); ++i) CPPUNIT_ASSERT(refused(good.substr(0, i)));
    // A changed character either breaks the text, or still is a well-formed place; it never passes for another
    // search's.
    std::mt19937 random(11);
    for (int i = 0; i < 2000; ++i) {
      std::string changed = good;
      changed[random() % changed.size()] = static_cast<char>('A' + random() % 26);
      const auto parsed = Cursor::parse(changed);
      CPPUNIT_ASSERT(!parsed || parsed->toText() == changed);
    }
    const Cursor far{.fingerprint = 1, .page = 9'223'372'036'854'775'807, .score = "1.0", .time = 0, .id = "p"};
    CPPUNIT_ASSERT(!Cursor::parse(far.toText()));
    const Cursor longest{.fingerprint = ~std::uint64_t(0),
                         .page = 999'999'999,
                         .score = "1.2345678E-12",
                         .time = -62'167'219'200'000,
                         .id = std::string(256, '\\')};
    CPPUNIT_ASSERT(Cursor::parse(longest.toText()).has_value());
  }

  void aBoundKeySearchesItsOrganisation() {
    const std::string mine = R"({"term":{"organizationId":"org-1"}})";
    Payments(describe)
        .as("org-1")
        .ask("SearchPayments", "{}")
        .thenSearches(filtered(mine))
        .ask("SearchPayments", R"({"organizationId":"org-1"})")
        .thenSearches(filtered(mine))
        .ask("SearchPayments", R"({"organizationId":"org-2"})")
        .thenRefused(Code::kPermissionDenied)
        .ask("GetPaymentStatistics", R"({"organizationId":"org-2"})")
        .thenRefused(Code::kPermissionDenied)
        .ask("GetPaymentSuggestions", R"({"organizationId":"org-2","query":"a"})")
        .thenRefused(Code::kPermissionDenied);
  }

  void answersThatMakeNoSenseAreInternalErrors() {
    for (const char* answer : {"{}", R"({"hits":{"hits":[]}})", R"({"hits":{"total":{"value":1}}})"})
      Payments(describe).ask("SearchPayments", "{}").answered(answer).thenRefused(Code::kInternal);
    Payments(describe)
        .ask("SearchPayments", R"({"size":1})")
        .answered(R"({"hits":{"total":{"value":2},"hits":[{"_source":{},"sort":[1]}]}})")
        .thenRefused(Code::kInternal);
  }

  void suggestionsCompleteDescriptions() {
    Payments(describe)
        .ask("GetPaymentSuggestions", R"({"query":"off"})")
        .thenSearches(R"({"size":0,"_source":false,"suggest":{"payments":{"prefix":"off",
                         "completion":{"field":"description.suggest","size":10,"skip_duplicates":true}}}})")
        .ask("GetPaymentSuggestions", R"({"query":"off","size":100,"organizationId":"org-1"})")
        .thenSearches(R"({"size":0,"_source":false,"suggest":{"payments":{"prefix":"off",
                         "completion":{"field":"description.suggest_by_organization","size":100,"skip_duplicates":true,
                                       "contexts":{"organization":["org-1"]}}}}})")
        .as("org-1")
        .askByUrl("GetPaymentSuggestions", R"({"query":"off","size":"100"})")
        .thenSearches(R"({"size":0,"_source":false,"suggest":{"payments":{"prefix":"off",
                         "completion":{"field":"description.suggest_by_organization","size":100,"skip_duplicates":true,
                                       "contexts":{"organization":["org-1"]}}}}})")
        .ask("GetPaymentSuggestions", "{}")
        .thenRefused(Code::kInvalidArgument, "", "/query")
        .ask("GetPaymentSuggestions", R"({"query":"","size":0})")
        .thenFaultsAt({"/query", "/size"})
        .ask("GetPaymentSuggestions", R"({"query":"a","size":101})")
        .thenRefused(Code::kInvalidArgument, "", "/size");
  }

  void suggestionsAreDistinct() {
    Payments(describe)
        .ask("GetPaymentSuggestions", R"({"query":"off"})")
        .answered(R"({"took":1,"hits":{"total":{"value":0,"relation":"eq"},"hits":[]},"suggest":{"payments":[
            {"text":"off","offset":0,"length":3,"options":[
              {"text":"Office rent","_index":"payments","_id":"p1","_score":1.0},
              {"text":"Office rent","_index":"payments","_id":"p2","_score":1.0},
              {"text":"Offset \"print\"","_index":"payments","_id":"p3","_score":1.0}]}]}})")
        .thenAnswers(R"([{"text":"Office rent","score":1.0},{"text":"Offset \"print\"","score":1.0}])")
        .ask("GetPaymentSuggestions", R"({"query":"zzz"})")
        .answered(R"({"suggest":{"payments":[{"text":"zzz","offset":0,"length":3,"options":[]}]}})")
        .thenAnswers("[]");
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(PaymentsQueryTest);

}  // namespace gyre::payments
