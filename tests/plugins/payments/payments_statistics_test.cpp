// Money in statistics: exact, and never added up across currencies.
#include <cppunit/extensions/HelperMacros.h>

#include <iostream>
#include <random>
#include <string>

#include "gyre/currency.hpp"
#include "gyre/test.hpp"
#include "plugins/payments/payment.hpp"

namespace gyre::payments {

namespace {

using Payments = test::Scenario<Payment>;

std::string currencyBucket(const std::string& code, int count, const std::string& amount, const std::string& refunded) {
  return R"({"key":")" + code + R"(","doc_count":)" + std::to_string(count) + R"(,"amount":{"value":)" + amount +
         R"(},"refunded":{"value":)" + refunded + "}}";
}
std::string byCurrency(const std::string& buckets) {
  return R"("by_currency":{"doc_count_error_upper_bound":0,"sum_other_doc_count":0,"buckets":[)" + buckets + "]}";
}
std::string statistics(const std::string& statuses, const std::string& days) {
  return R"({"took":1,"hits":{"total":{"value":0,"relation":"gte"},"hits":[]},"aggregations":{"status_stats":{"buckets":[)" +
         statuses + R"(]},"daily_stats":{"buckets":[)" + days + "]}}}";
}
std::string statusBucket(const std::string& status, const std::string& currencies) {
  return R"({"key":")" + status + R"(","doc_count":9,)" + byCurrency(currencies) + "}";
}

}  // namespace

class PaymentsStatisticsTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(PaymentsStatisticsTest);
  CPPUNIT_TEST(theRequestSumsMinorUnits);
  CPPUNIT_TEST(filtersNarrow);
  CPPUNIT_TEST(zonesAreCheckedByTheirCharacters);
  CPPUNIT_TEST(oneCurrencyGivesPlainNumbers);
  CPPUNIT_TEST(severalCurrenciesAreNotAddedUp);
  CPPUNIT_TEST(currenciesAddUpOverStatuses);
  CPPUNIT_TEST(daysCarryTheirCounts);
  CPPUNIT_TEST(averagesRoundHalfUp);
  CPPUNIT_TEST(sumsMayBeWrittenWithExponents);
  CPPUNIT_TEST(randomSumsAreExact);
  CPPUNIT_TEST(brokenSumsAreInternalErrors);
  CPPUNIT_TEST(nothingIsEmptyLists);
  CPPUNIT_TEST_SUITE_END();

  static std::string requestWith(const std::string& query, const std::string& zone) {
    const std::string count = std::to_string(std::size(kCurrencies));
    const std::string sums =
        R"("aggs":{"amount":{"sum":{"field":"amountMinor"}},"refunded":{"sum":{"field":"refundedMinor"}}})";
    const std::string by_currency =
        R"("aggs":{"by_currency":{"terms":{"field":"currency","size":)" + count + "}," + sums + "}}";
    return R"({"size":0,"track_total_hits":false,"query":)" + query + R"(,"aggs":{
      "status_stats":{"terms":{"field":"status","size":4},)" +
           by_currency + R"(},
      "daily_stats":{"date_histogram":{"field":"processedAt","calendar_interval":"day","time_zone":")" +
           zone + R"(","min_doc_count":1},)" + by_currency + "}}}";
  }

  void theRequestSumsMinorUnits() {
    Payments(describe).ask("GetPaymentStatistics", "{}").thenSearches(requestWith(R"({"match_all":{}})", "UTC"));
  }

  void filtersNarrow() {
    Payments(describe)
        .ask("GetPaymentStatistics",
             R"({"organizationId":"org-1","from":"2024-01-01","to":"2024-01-31","timeZone":"Europe/Paris"})")
        .thenSearches(requestWith(R"({"bool":{"filter":[{"term":{"organizationId":"org-1"}},
          {"range":{"processedAt":{"gte":1704067200000,"lte":1706745599999,"format":"epoch_millis"}}}]}})",
                                  "Europe/Paris"))
        .as("org-1")
        .askByUrl("GetPaymentStatistics", "{}")
        .thenSearches(requestWith(R"({"bool":{"filter":[{"term":{"organizationId":"org-1"}}]}})", "UTC"));
  }

  void zonesAreCheckedByTheirCharacters() {
    for (const char* zone : {"", "Europe Paris", "UTC;", "../etc", "é"})
      Payments(describe)
          .ask("GetPaymentStatistics", R"({"timeZone":")" + std::string(zone) + "\"}")
          .thenRefused(Code::kInvalidArgument, "", "/timeZone");
    for (const char* zone : {"UTC", "+02:00", "-05:30", "America/Argentina/Buenos_Aires", "Etc/GMT+1"})
      Payments(describe)
          .ask("GetPaymentStatistics", R"({"timeZone":")" + std::string(zone) + "\"}")
          .thenSearches(requestWith(R"({"match_all":{}})", zone));
    Payments(describe)
        .ask("GetPaymentStatistics", R"({"timeZone":7,"from":"x","to":"2024-13-01","size":1})")
        .thenFaultsAt({"/timeZone", "/from", "/to", "/size"});
  }

  void oneCurrencyGivesPlainNumbers() {
    Payments(describe)
        .ask("GetPaymentStatistics", "{}")
        .answered(statistics(
            R"({"key":"completed","doc_count":2,)" + byCurrency(currencyBucket("EUR", 2, "30.0", "10.0")) + "}", ""))
        .thenAnswers(R"({"status_stats":[{"key":"completed","doc_count":2,"total_amount":0.30,"avg_amount":0.15,
              "refunded_amount":0.10,"net_amount":0.20,"by_currency":{"EUR":{"total_amount":"0.30","avg_amount":"0.15",
              "doc_count":2,"refunded_amount":"0.10","net_amount":"0.20"}}}],
            "currency_stats":[{"key":"EUR","doc_count":2,"total_amount":0.30,"avg_amount":0.15,"refunded_amount":0.10,
              "net_amount":0.20,"by_currency":{"EUR":{"total_amount":"0.30","avg_amount":"0.15","doc_count":2,
              "refunded_amount":"0.10","net_amount":"0.20"}}}],
            "daily_stats":[]})");
  }

  void severalCurrenciesAreNotAddedUp() {
    Payments(describe)
        .ask("GetPaymentStatistics", "{}")
        .answered(statistics(R"({"key":"refunded","doc_count":3,)" +
                                 byCurrency(currencyBucket("JPY", 2, "1501.0", "1.0") + "," +
                                            currencyBucket("BHD", 1, "1234.0", "0.0")) +
                                 "}",
                             ""))
        .thenAnswers(R"({"status_stats":[{"key":"refunded","doc_count":3,"total_amount":null,"avg_amount":null,
              "refunded_amount":null,"net_amount":null,"by_currency":{
                "BHD":{"total_amount":"1.234","avg_amount":"1.234","doc_count":1,"refunded_amount":"0.000","net_amount":"1.234"},
                "JPY":{"total_amount":"1501","avg_amount":"751","doc_count":2,"refunded_amount":"1","net_amount":"1500"}}}],
            "currency_stats":[
              {"key":"JPY","doc_count":2,"total_amount":1501,"avg_amount":751,"refunded_amount":1,"net_amount":1500,"by_currency":{
                "JPY":{"total_amount":"1501","avg_amount":"751","doc_count":2,"refunded_amount":"1","net_amount":"1500"}}},
              {"key":"BHD","doc_count":1,"total_amount":1.234,"avg_amount":1.234,"refunded_amount":0.000,"net_amount":1.234,"by_currency":{
                "BHD":{"total_amount":"1.234","avg_amount":"1.234","doc_count":1,"refunded_amount":"0.000","net_amount":"1.234"}}}],
            "daily_stats":[]})");
  }

  void currenciesAddUpOverStatuses() {
    Payments payments(describe);
    payments.ask("GetPaymentStatistics", "{}")
        .answered(statistics(statusBucket("completed", currencyBucket("EUR", 2, "30.0", "0.0") + "," + currencyBucket("USD", 2, "7.0", "0.0")) +
                                 "," + statusBucket("refunded", currencyBucket("EUR", 1, "20.0", "5.0")),
                             ""));
    const auto answer = json::Document::parse(payments.answer());
    std::vector<json::Value> buckets;
    for (const json::Value bucket : answer->root()["currency_stats"]) buckets.push_back(bucket);
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, buckets.size());
    CPPUNIT_ASSERT_EQUAL(std::string("EUR"), std::string(buckets[0]["key"].string()));
    const json::Value euros = buckets[0]["by_currency"]["EUR"];
    CPPUNIT_ASSERT_EQUAL(std::string("0.50"), std::string(euros["total_amount"].string()));
    CPPUNIT_ASSERT_EQUAL(std::string("0.17"), std::string(euros["avg_amount"].string()));
    CPPUNIT_ASSERT_EQUAL(std::string("0.45"), std::string(euros["net_amount"].string()));
    CPPUNIT_ASSERT_EQUAL(std::string("3"), std::string(euros["doc_count"].raw()));
    CPPUNIT_ASSERT_EQUAL(std::string("USD"), std::string(buckets[1]["key"].string()));
  }

  void daysCarryTheirCounts() {
    const auto day = [](const char* key, const char* text, int count, const std::string& buckets) {
      return R"({"key":)" + std::string(key) + R"(,"key_as_string":")" + text + R"(","doc_count":)" +
             std::to_string(count) + "," + byCurrency(buckets) + "}";
    };
    Payments(describe)
        .ask("GetPaymentStatistics", R"({"timeZone":"Europe/Paris"})")
        .answered(statistics(
            "",
            day("1704063600000", "2024-01-01T00:00:00.000+01:00", 1, currencyBucket("CLF", 1, "12345.0", "0.0")) + "," +
                day("1704150000000", "2024-01-02T00:00:00.000+01:00", 0, "")))
        .thenAnswers(R"({"status_stats":[],"currency_stats":[],"daily_stats":[{"key":1704063600000,
              "key_as_string":"2024-01-01T00:00:00.000+01:00","doc_count":1,"count":1,"total_amount":1.2345,
              "refunded_amount":0.0000,"net_amount":1.2345,"by_currency":{"CLF":{"total_amount":"1.2345","avg_amount":"1.2345",
              "doc_count":1,"refunded_amount":"0.0000","net_amount":"1.2345"}}}]})");
  }

  // The currency_stats of one bucket, by name.
  static std::string amountOf(const std::string& bucket, std::string_view name) {
    Payments payments(describe);
    payments.ask("GetPaymentStatistics", "{}").answered(statistics(statusBucket("completed", bucket), ""));
    CPPUNIT_ASSERT_MESSAGE(std::string(payments.status().message()), payments.status().isOk());
    const auto answer = json::Document::parse(payments.answer());
    for (const json::Value entry : answer->root()["currency_stats"]) return std::string(entry[name].raw());
    return {};
  }

  void averagesRoundHalfUp() {
    CPPUNIT_ASSERT_EQUAL(std::string("0.33"), amountOf(currencyBucket("EUR", 3, "100.0", "0.0"), "avg_amount"));
    CPPUNIT_ASSERT_EQUAL(std::string("0.67"), amountOf(currencyBucket("EUR", 3, "200.0", "0.0"), "avg_amount"));
    CPPUNIT_ASSERT_EQUAL(std::string("0.13"), amountOf(currencyBucket("EUR", 2, "25.0", "0.0"), "avg_amount"));
    CPPUNIT_ASSERT_EQUAL(std::string("3"), amountOf(currencyBucket("JPY", 2, "5.0", "0.0"), "avg_amount"));
  }

  void sumsMayBeWrittenWithExponents() {
    CPPUNIT_ASSERT_EQUAL(std::string("123450.00"),
                         amountOf(currencyBucket("EUR", 1, "1.2345E7", "0.0"), "total_amount"));
    CPPUNIT_ASSERT_EQUAL(std::string("90071992547409.93"),
                         amountOf(currencyBucket("EUR", 1, "9.007199254740993E15", "0"), "total_amount"));
    CPPUNIT_ASSERT_EQUAL(std::string("90071992547409.93"),
                         amountOf(currencyBucket("EUR", 1, "9007199254740993", "0.0"), "total_amount"));
    CPPUNIT_ASSERT_EQUAL(
        std::string("9999999999999999989999999999999.99"),
        amountOf(currencyBucket("EUR", 7, "999999999999999998999999999999999.0", "0.0"), "total_amount"));
  }

  void randomSumsAreExact() {
    const auto seed = std::random_device{}();
    std::cerr << "[randomSumsAreExact seed " << seed << "] ";
    std::mt19937_64 random(seed);
    for (int i = 0; i < 300; ++i) {
      const Currency& currency = kCurrencies[random() % std::size(kCurrencies)];
      const auto count = static_cast<int>(random() % 1000) + 1;
      const auto total = static_cast<std::int64_t>(random() % 1'000'000'000'000'000'000);
      const auto refunded = static_cast<std::int64_t>(random() % (static_cast<std::uint64_t>(total) + 1));
      const std::string bucket = currencyBucket(std::string(currency.code), count, std::to_string(total) + ".0",
                                                std::to_string(refunded) + ".0");
      CPPUNIT_ASSERT_EQUAL((Money{total, currency}.toText()), amountOf(bucket, "total_amount"));
      CPPUNIT_ASSERT_EQUAL((Money{total - refunded, currency}.toText()), amountOf(bucket, "net_amount"));
      const std::int64_t average = total / count + (total % count * 2 >= count ? 1 : 0);
      CPPUNIT_ASSERT_EQUAL((Money{average, currency}.toText()), amountOf(bucket, "avg_amount"));
    }
  }

  void brokenSumsAreInternalErrors() {
    const auto refused = [](const std::string& answer) {
      Payments(describe).ask("GetPaymentStatistics", "{}").answered(answer).thenRefused(Code::kInternal);
    };
    refused("{}");
    refused(statistics(statusBucket("completed", currencyBucket("EUR", 1, "1.5", "0.0")), ""));
    refused(statistics(statusBucket("completed", currencyBucket("EUR", 1, "null", "0.0")), ""));
    refused(statistics(statusBucket("completed", currencyBucket("EUR", 1, "1E99", "0.0")), ""));
    refused(statistics(statusBucket("completed", currencyBucket("EUR", 0, "1.0", "0.0")), ""));
    refused(statistics(statusBucket("completed", currencyBucket("XXX", 1, "1.0", "0.0")), ""));
    refused(statistics(R"({"key":"pending","doc_count":1})", ""));
  }

  void nothingIsEmptyLists() {
    Payments(describe)
        .ask("GetPaymentStatistics", "{}")
        .answered(statistics("", ""))
        .thenAnswers(R"({"status_stats":[],"currency_stats":[],"daily_stats":[]})");
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(PaymentsStatisticsTest);

}  // namespace gyre::payments
