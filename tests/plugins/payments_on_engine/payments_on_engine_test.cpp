// The payments' mapping, documents and requests on the embedded engine: what a search answers is what a walk over all
// payments would.
#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/observer.hpp"
#include "engine/directory/ram_directory.hpp"
#include "engine/index.hpp"
#include "gyre/currency.hpp"
#include "gyre/test.hpp"
#include "gyre/time.hpp"
#include "payments_mapping.hpp"
#include "plugins/payments/payment.hpp"

namespace gyre::payments {

namespace {

constexpr std::int64_t kDay = 86'400'000;
constexpr std::int64_t kStart = test::Scenario<Payment>::kStart;

// An index of payments, and the domain's own way in and out of it.
class PaymentIndex {
 public:
  PaymentIndex() : scenario_(describe) {
    auto index = engine::Index::open(directory_, kIndexDefinition, {.name = "payments"}, observer_);
    CPPUNIT_ASSERT_MESSAGE(std::string(index.status().message()), index.isOk());
    index_ = std::move(index).value();
  }

  void put(const Payment& payment) {
    std::string document;
    JsonWriter out(document);
    paymentDocument(payment, out);
    const engine::Operation operation{engine::Operation::Kind::kIndex, payment.id, ++sequence_, document};
    const auto outcomes = index_->apply({&operation, 1}, sequence_);
    CPPUNIT_ASSERT(outcomes.isOk());
    CPPUNIT_ASSERT_MESSAGE(std::string(outcomes->front().refusal.message()) + document,
                           outcomes->front().verdict != engine::OperationOutcome::Verdict::kRefused);
  }
  void refresh() { CPPUNIT_ASSERT(index_->refresh().isOk()); }

  // Plans, searches and presents; the answer's JSON.
  std::string ask(std::string_view query, const std::string& parameters) {
    scenario_.ask(query, parameters);
    CPPUNIT_ASSERT_MESSAGE(parameters + std::string(scenario_.status().message()), scenario_.status().isOk());
    const auto answer = index_->search(scenario_.request());
    CPPUNIT_ASSERT_MESSAGE(std::string(scenario_.request()) + std::string(answer.status().message()), answer.isOk());
    scenario_.answered(answer->body);
    CPPUNIT_ASSERT_MESSAGE(answer->body + std::string(scenario_.status().message()), scenario_.status().isOk());
    return std::string(scenario_.answer());
  }

 private:
  test::Scenario<Payment> scenario_;
  base::NullObserver observer_;
  engine::RamDirectory directory_;
  std::unique_ptr<engine::Index> index_;
  std::uint64_t sequence_ = 0;
};

json::Document parse(const std::string& text) {
  auto document = json::Document::parse(text);
  CPPUNIT_ASSERT_MESSAGE(text, document.isOk());
  return std::move(document).value();
}

std::vector<std::string> idsOf(const json::Document& answer) {
  std::vector<std::string> ids;
  for (const json::Value payment : answer.root()["payments"]) ids.emplace_back(payment["paymentId"].string());
  return ids;
}

Payment payment(const std::string& id, const std::string& organization, std::int64_t minor, std::string_view currency) {
  Payment made;
  made.id = id;
  made.organization_id = organization;
  made.amount_minor = minor;
  made.currency = currency;
  made.minor_digits = minorDigits(currency).value();
  made.created_at = made.updated_at = made.processed_at = kStart;
  made.version = 1;
  return made;
}

}  // namespace

class PaymentsOnEngineTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(PaymentsOnEngineTest);
  CPPUNIT_TEST(everyShapeOfDocumentIsTaken);
  CPPUNIT_TEST(filtersFindWhatAWalkFinds);
  CPPUNIT_TEST(boundsAreExactAtEverySize);
  CPPUNIT_TEST(cursorsVisitEveryHitOnceInOrder);
  CPPUNIT_TEST(textFindsDescriptionIdAndTags);
  CPPUNIT_TEST(statisticsAreExact);
  CPPUNIT_TEST(daysBeginInTheirZone);
  CPPUNIT_TEST(suggestionsKnowTheirOrganisation);
  CPPUNIT_TEST_SUITE_END();

  void everyShapeOfDocumentIsTaken() {
    PaymentIndex index;
    Payment full = payment("full", "org-1", 999'999'999'999'999'999, "EUR");
    full.user_id = "user-1";
    full.description = std::string(9'000, 'x') + " \t\r\n";
    full.metadata =
        R"({"a.b":1,"n":{"tags.x":[1,{"y":null}]},"tags":["web",")" + std::string(256, 't') + R"("],"z":1e400})";
    full.error = "card declined";
    full.failed_at = full.refunded_at = kStart;
    full.refunded_minor = 999'999'999'999'999'999;
    index.put(full);
    Payment blank = payment(std::string(256, 'i'), std::string(256, 'o'), 1, "CLF");
    blank.description = "  \n ";
    blank.metadata = R"({"tags":null})";
    index.put(blank);
    Payment marks = payment("marks", "a\xf0\x9f\x98\x80/~\\\"", 1, "JPY");
    marks.description = "\xf0\x9f\x98\x80 \"—\" \\";
    marks.metadata = R"({"tags":[]})";
    index.put(marks);
    index.refresh();
    const json::Document answer = parse(index.ask("SearchPayments", R"({"organizationId":"org-1"})"));
    CPPUNIT_ASSERT_EQUAL(std::int64_t(1), answer.root()["total"].integer().value());
    std::string expected;
    JsonWriter out(expected);
    writeAnswer(full, 1, out);
    for (const json::Value shown : answer.root()["payments"])
      CPPUNIT_ASSERT_EQUAL(test::canonicalJson(expected), test::canonicalJson(shown.raw()));
  }

  struct Filter {
    std::string parameters;
    std::function<bool(const Payment&)> matches;
  };

  void filtersFindWhatAWalkFinds() {
    std::mt19937 random = seeded("filtersFindWhatAWalkFinds");
    PaymentIndex index;
    const std::vector<Payment> all = somePayments(index, random, 400);
    const auto time = [](std::int64_t millis) { return "\"" + timeText(millis) + "\""; };
    const std::vector<Filter> filters = {
        {R"("statuses":["completed"])", [](const Payment& p) { return p.status == PaymentStatus::kCompleted; }},
        {R"("statuses":["failed","refunded"])",
         [](const Payment& p) { return p.status == PaymentStatus::kFailed || p.status == PaymentStatus::kRefunded; }},
        {R"("currencies":["JPY","CLF"])", [](const Payment& p) { return p.currency == "JPY" || p.currency == "CLF"; }},
        {R"("organizationId":"org-2")", [](const Payment& p) { return p.organization_id == "org-2"; }},
        {R"("from":)" + time(kStart + kDay) + R"(,"to":)" + time(kStart + 3 * kDay),
         [](const Payment& p) { return p.processed_at >= kStart + kDay && p.processed_at <= kStart + 3 * kDay; }},
        {R"("statuses":["pending"],"organizationId":"org-1","currencies":["EUR"])",
         [](const Payment& p) {
           return p.status == PaymentStatus::kPending && p.organization_id == "org-1" && p.currency == "EUR";
         }},
    };
    for (const Filter& filter : filters) {
      std::set<std::string> expected;
      for (const Payment& p : all)
        if (filter.matches(p)) expected.insert(p.id);
      const json::Document answer = parse(index.ask("SearchPayments", "{" + filter.parameters + R"(,"size":1000})"));
      const std::vector<std::string> ids = idsOf(answer);
      CPPUNIT_ASSERT_MESSAGE(filter.parameters, std::set<std::string>(ids.begin(), ids.end()) == expected);
      CPPUNIT_ASSERT_EQUAL(static_cast<std::int64_t>(expected.size()), answer.root()["total"].integer().value());
    }
  }

  void boundsAreExactAtEverySize() {
    std::mt19937 random = seeded("boundsAreExactAtEverySize");
    PaymentIndex index;
    const std::vector<Payment> all = somePayments(index, random, 300);
    const auto amount = [](const Payment& p) { return Decimal::ofUnits(p.amount_minor, p.minor_digits); };
    for (int i = 0; i < 150; ++i) {
      // An amount that is there, or its neighbour by the smallest step that can be written.
      const Decimal step = Decimal::ofUnits(static_cast<int>(random() % 3) - 1, static_cast<int>(random() % 19));
      const auto low = amount(all[random() % all.size()]).add(step);
      const auto high = amount(all[random() % all.size()]).subtract(step);
      if (!low.isOk() || !high.isOk() || *low > *high) continue;
      std::set<std::string> expected;
      for (const Payment& p : all)
        if (amount(p) >= *low && amount(p) <= *high) expected.insert(p.id);
      const std::string parameters =
          R"({"size":1000,"minAmount":)" + low->toText() + R"(,"maxAmount":)" + high->toText() + "}";
      const std::vector<std::string> ids = idsOf(parse(index.ask("SearchPayments", parameters)));
      CPPUNIT_ASSERT_MESSAGE(parameters, std::set<std::string>(ids.begin(), ids.end()) == expected);
    }
  }

  void cursorsVisitEveryHitOnceInOrder() {
    std::mt19937 random = seeded("cursorsVisitEveryHitOnceInOrder");
    PaymentIndex index;
    somePayments(index, random, 137);
    for (const std::string parameters :
         {R"("size":10)", R"("size":137)", R"("size":136)", R"("size":1)", R"("searchText":"rent","size":7)"}) {
      const std::vector<std::string> whole = idsOf(parse(
          index.ask("SearchPayments", "{" + parameters.substr(0, parameters.rfind("\"size\"")) + R"("size":1000})")));
      std::vector<std::string> visited;
      std::string cursor = "null";
      for (int page = 1; page == 1 || cursor != "null"; ++page) {
        const json::Document answer =
            parse(index.ask("SearchPayments", "{" + parameters + R"(,"cursor":)" + cursor + "}"));
        CPPUNIT_ASSERT_EQUAL(std::int64_t(page), answer.root()["page"].integer().value());
        const std::vector<std::string> ids = idsOf(answer);
        CPPUNIT_ASSERT_MESSAGE("a page beside the last is empty", !ids.empty());
        visited.insert(visited.end(), ids.begin(), ids.end());
        cursor = answer.root()["nextCursor"].raw();
      }
      CPPUNIT_ASSERT_MESSAGE(parameters, visited == whole);
    }
  }

  void textFindsDescriptionIdAndTags() {
    PaymentIndex index;
    Payment by_description = payment("p-1", "org-1", 100, "EUR");
    by_description.description = "Office rent for January";
    Payment by_tag = payment("p-2", "org-1", 100, "EUR");
    by_tag.metadata = R"({"tags":["rent"]})";
    Payment by_id = payment("rent", "org-1", 100, "EUR");
    Payment other = payment("p-4", "org-1", 100, "EUR");
    other.description = "Coffee";
    for (const Payment& p : {by_description, by_tag, by_id, other}) index.put(p);
    index.refresh();
    std::vector<std::string> ids = idsOf(parse(index.ask("SearchPayments", R"({"searchText":"rent"})")));
    std::sort(ids.begin(), ids.end());
    CPPUNIT_ASSERT(ids == (std::vector<std::string>{"p-1", "p-2", "rent"}));
    CPPUNIT_ASSERT(idsOf(parse(index.ask("SearchPayments", R"({"searchText":"offise janury"})"))) ==
                   std::vector<std::string>{"p-1"});
    CPPUNIT_ASSERT(idsOf(parse(index.ask("SearchPayments", R"({"searchText":"..."})"))).empty());
  }

  void statisticsAreExact() {
    std::mt19937 random = seeded("statisticsAreExact");
    PaymentIndex index;
    const std::vector<Payment> all = somePayments(index, random, 500);
    const json::Document answer = parse(index.ask("GetPaymentStatistics", "{}"));
    std::map<std::string, std::vector<const Payment*>> by_status, by_currency, by_day;
    for (const Payment& p : all) {
      by_status[std::string(statusName(p.status))].push_back(&p);
      by_currency[p.currency].push_back(&p);
      by_day[timeText(p.processed_at).substr(0, 10) + "T00:00:00.000Z"].push_back(&p);
    }
    checkBuckets(answer.root()["status_stats"], "key", by_status);
    checkBuckets(answer.root()["currency_stats"], "key", by_currency);
    checkBuckets(answer.root()["daily_stats"], "key_as_string", by_day);
  }

  // Each bucket's money, against sums over the payments it should hold.
  static void checkBuckets(json::Value buckets, std::string_view key,
                           const std::map<std::string, std::vector<const Payment*>>& expected) {
    CPPUNIT_ASSERT_EQUAL(expected.size(), static_cast<std::size_t>(buckets.size()));
    for (const json::Value bucket : buckets) {
      const auto found = expected.find(std::string(bucket[key].string()));
      CPPUNIT_ASSERT(found != expected.end());
      std::map<std::string, std::pair<Int128, Int128>> sums;
      for (const Payment* p : found->second) {
        sums[p->currency].first += p->amount_minor;
        sums[p->currency].second += p->refunded_minor;
      }
      CPPUNIT_ASSERT_EQUAL(found->second.size(), static_cast<std::size_t>(bucket["doc_count"].integer().value()));
      CPPUNIT_ASSERT_EQUAL(sums.size(), static_cast<std::size_t>(bucket["by_currency"].size()));
      for (const auto& [code, sum] : sums) {
        const int digits = minorDigits(code).value();
        const json::Value money = bucket["by_currency"][code];
        CPPUNIT_ASSERT_EQUAL(Decimal::ofUnits(sum.first, digits).toText(), std::string(money["total_amount"].string()));
        CPPUNIT_ASSERT_EQUAL(Decimal::ofUnits(sum.second, digits).toText(),
                             std::string(money["refunded_amount"].string()));
        CPPUNIT_ASSERT_EQUAL(Decimal::ofUnits(sum.first - sum.second, digits).toText(),
                             std::string(money["net_amount"].string()));
        if (sums.size() == 1)
          CPPUNIT_ASSERT_EQUAL(std::string(money["total_amount"].string()), std::string(bucket["total_amount"].raw()));
        else
          CPPUNIT_ASSERT(bucket["total_amount"].isNull());
      }
    }
  }

  void daysBeginInTheirZone() {
    PaymentIndex index;
    Payment late = payment("p-1", "org-1", 100, "EUR");
    late.processed_at = kStart - 1;  // 00:59:59.999 of January 1 in Paris
    index.put(late);
    index.refresh();
    const json::Document paris = parse(index.ask("GetPaymentStatistics", R"({"timeZone":"Europe/Paris"})"));
    for (const json::Value day : paris.root()["daily_stats"]) {
      CPPUNIT_ASSERT_EQUAL(std::string("2024-01-01T00:00:00.000+01:00"), std::string(day["key_as_string"].string()));
      CPPUNIT_ASSERT_EQUAL(kStart - kDay / 24, day["key"].integer().value());
    }
    CPPUNIT_ASSERT_EQUAL(1u, paris.root()["daily_stats"].size());
  }

  void suggestionsKnowTheirOrganisation() {
    PaymentIndex index;
    const std::pair<const char*, const char*> kDescriptions[] = {
        {"org-1", "Office rent"}, {"org-2", "Office rent"}, {"org-2", "Offset print"}, {"org-1", "Coffee"}};
    int number = 0;
    for (const auto& [organization, description] : kDescriptions) {
      Payment made = payment("p-" + std::to_string(++number), organization, 100, "EUR");
      made.description = description;
      index.put(made);
    }
    index.refresh();
    const auto texts = [&](const std::string& parameters) {
      std::vector<std::string> found;
      const json::Document answer = parse(index.ask("GetPaymentSuggestions", parameters));
      for (const json::Value option : answer.root()) found.emplace_back(option["text"].string());
      return found;
    };
    using Texts = std::vector<std::string>;
    CPPUNIT_ASSERT(texts(R"({"query":"OFF"})") == (Texts{"Office rent", "Offset print"}));
    CPPUNIT_ASSERT(texts(R"({"query":"off","organizationId":"org-1"})") == Texts{"Office rent"});
    CPPUNIT_ASSERT(texts(R"({"query":"off","organizationId":"org-2"})") == (Texts{"Office rent", "Offset print"}));
    CPPUNIT_ASSERT(texts(R"({"query":"off","organizationId":"org-2","size":1})") == Texts{"Office rent"});
    CPPUNIT_ASSERT(texts(R"({"query":"off","organizationId":"org-3"})").empty());
  }

  static std::mt19937 seeded(const char* test) {
    const auto seed = std::random_device{}();
    std::cerr << "[" << test << " seed " << seed << "] ";
    return std::mt19937(seed);
  }

  // Payments of every status and kind of currency, amounts of every size, in a few segments.
  static std::vector<Payment> somePayments(PaymentIndex& index, std::mt19937& random, int count) {
    constexpr const char* kCodes[] = {"EUR", "USD", "JPY", "BHD", "CLF"};
    constexpr const char* kWords[] = {"office", "rent", "coffee", "train", "january", "paper"};
    std::vector<Payment> all;
    for (int i = 0; i < count; ++i) {
      const auto bits = random() % 53;  // sums of 500 stay below 10^18
      const auto minor =
          static_cast<std::int64_t>((std::uint64_t(random()) << 32 | random()) & ((std::uint64_t(1) << bits) - 1)) + 1;
      Payment made =
          payment("p-" + std::to_string(i), "org-" + std::to_string(random() % 4), minor, kCodes[random() % 5]);
      made.status = static_cast<PaymentStatus>(random() % 4);
      if (made.status == PaymentStatus::kRefunded) {
        made.refunded_minor = 1 + static_cast<std::int64_t>(random()) % made.amount_minor;
        made.refunded_at = kStart;
      }
      made.processed_at =
          kStart + static_cast<std::int64_t>(random() % 5) * kDay + (random() % 2 == 0 ? 0 : random() % kDay);
      made.description = std::string(kWords[random() % 6]) + " " + kWords[random() % 6];
      index.put(made);
      all.push_back(made);
      if (random() % 100 == 0) index.refresh();
    }
    index.refresh();
    return all;
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(PaymentsOnEngineTest);

}  // namespace gyre::payments
