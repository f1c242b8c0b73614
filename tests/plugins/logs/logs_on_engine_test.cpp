// The logs' mapping, records and requests on the embedded engine: is everything that an intake writes taken, and found
// again?
#include <cppunit/extensions/HelperMacros.h>

#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/observer.hpp"
#include "engine/directory/ram_directory.hpp"
#include "engine/index.hpp"
#include "gyre/stream_test.hpp"
#include "gyre/time.hpp"
#include "logs_mapping.hpp"
#include "plugins/logs/queries.hpp"

namespace gyre::logs {

namespace {

// An index of logs with the domain's own ways in and out; it does what the host does with records.
class LogIndex {
 public:
  LogIndex() : scenario_(describe) {
    auto index = engine::Index::open(directory_, kIndexDefinition, {.name = "logs"}, observer_);
    CPPUNIT_ASSERT_MESSAGE(std::string(index.status().message()), index.isOk());
    index_ = std::move(index).value();
  }

  test::StreamScenario& scenario() { return scenario_; }
  void send(std::string_view intake, const std::string& body) {
    scenario_.send(intake, body);
    CPPUNIT_ASSERT_MESSAGE(std::string(scenario_.status().message()), scenario_.status().isOk());
    for (const test::TakenRecord& record : scenario_.records()) {
      const std::string id = std::to_string(record.time_millis) + "-" + std::to_string(++sequence_);
      std::string document = record.record;
      document.insert(document.size() - 1, ",\"sequence\":" + std::to_string(sequence_));
      const engine::Operation operation{engine::Operation::Kind::kIndex, id, sequence_, document};
      const auto outcomes = index_->apply({&operation, 1}, sequence_);
      CPPUNIT_ASSERT(outcomes.isOk());
      CPPUNIT_ASSERT_MESSAGE(std::string(outcomes->front().refusal.message()) + document.substr(0, 500),
                             outcomes->front().verdict != engine::OperationOutcome::Verdict::kRefused);
    }
    CPPUNIT_ASSERT(index_->refresh().isOk());
  }
  std::string ask(std::string_view query, const std::string& parameters) {
    scenario_.ask(query, parameters);
    CPPUNIT_ASSERT_MESSAGE(parameters + std::string(scenario_.status().message()), scenario_.status().isOk());
    const std::string request(scenario_.text());
    const auto answer = index_->search(request);
    CPPUNIT_ASSERT_MESSAGE(request + std::string(answer.status().message()), answer.isOk());
    scenario_.answered(answer->body);
    CPPUNIT_ASSERT_MESSAGE(answer->body + std::string(scenario_.status().message()), scenario_.status().isOk());
    return std::string(scenario_.text());
  }
  std::int64_t total(const std::string& parameters) {
    return parse(ask("SearchLogs", parameters)).root()["total"].integer().value();
  }
  static json::Document parse(const std::string& text) {
    auto document = json::Document::parse(text);
    CPPUNIT_ASSERT_MESSAGE(text, document.isOk());
    return std::move(document).value();
  }
  std::uint64_t fieldCount() const { return sequence_; }

 private:
  test::StreamScenario scenario_;
  base::NullObserver observer_;
  engine::RamDirectory directory_;
  std::unique_ptr<engine::Index> index_;
  std::uint64_t sequence_ = 0;
};

std::vector<std::string> messagesOf(json::Value list) {
  std::vector<std::string> messages;
  for (const json::Value log : list) messages.emplace_back(log["message"].string());
  return messages;
}

}  // namespace

class LogsOnEngineTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(LogsOnEngineTest);
  CPPUNIT_TEST(messagesAreFoundByWordPhraseAndPart);
  CPPUNIT_TEST(anyAttributeIsFound);
  CPPUNIT_TEST(everyOddRecordIsTaken);
  CPPUNIT_TEST(manyNamesAreNoFields);
  CPPUNIT_TEST(cursorVisitsEveryRecordOnce);
  CPPUNIT_TEST(statisticsCountEveryRecord);
  CPPUNIT_TEST(contextIsOfOneServiceAndHost);
  CPPUNIT_TEST(fieldsAreThoseOfTheRecords);
  CPPUNIT_TEST_SUITE_END();

  void messagesAreFoundByWordPhraseAndPart() {
    LogIndex index;
    index.send("document", R"({"message":"OrderService.handleTimeout-42 gave up"})"
                           "\n"
                           R"({"message":"all well, user_id=u17 trace 9f86d081884c7d65"})");
    const struct {
      const char* text;
      std::int64_t total;
    } kTexts[] = {{"timeout", 1},
                  {"OrderService.handleTimeout-42", 1},
                  {"handleTimeout", 1},
                  {"service", 1},
                  {"42", 1},
                  {"gave up", 1},
                  {"\\\"up gave\\\"", 0},
                  {"TIMEOUT", 1},
                  {"ime", 0},
                  {"hand*", 1},
                  {"u17", 1},
                  {"user_id", 1},
                  {"id", 1},
                  {"9f86d081884c7d65", 1},
                  {"-timeout", 1},
                  {"well -u17", 0},
                  {"\\\"all well\\\"", 1}};
    for (const auto& text : kTexts)
      CPPUNIT_ASSERT_EQUAL_MESSAGE(text.text, text.total, index.total(std::string(R"({"text":")") + text.text + "\"}"));
  }

  void anyAttributeIsFound() {
    LogIndex index;
    index.send(
        "document",
        R"({"message":"m","user":{"id":7,"name":"Ada"},"tags":["a","b"],"ok":true,"x.y":1.5,"service":{"name":"api"},"http":{"response":{"status_code":404}}})");
    for (const char* const attribute :
         {"user.id=7", "user.name=Ada", "tags=b", "ok=true", "x.y=1.5", "service.name=api", "service=api",
          "http.response.status_code=404", "status=404", "attributes.user.id=7", "user.id", "user"})
      CPPUNIT_ASSERT_EQUAL_MESSAGE(attribute, std::int64_t{1},
                                   index.total(std::string(R"({"attribute":[")") + attribute + "\"]}"));
    for (const char* const attribute : {"user.id=8", "user.name=ada", "tags=c", "id=7", "nothing"})
      CPPUNIT_ASSERT_EQUAL_MESSAGE(attribute, std::int64_t{0},
                                   index.total(std::string(R"({"attribute":[")") + attribute + "\"]}"));
  }

  void everyOddRecordIsTaken() {
    LogIndex index;
    std::string deep;
    for (int i = 0; i < 60; ++i) deep += "{\"a\":";
    const std::vector<std::string> odd = {
        "{}",
        R"({"":1,".":2,"..":{"":3},"a.":4})",
        R"({"message":null,"level":null})",
        R"({"attributes":{},"resource":{}})",
        R"({"message":"\u0000\u0001\ud83d\ude00"})",
        R"({"k":"\u0000"})",
        deep.substr(5) + "1" + std::string(59, '}'),
        R"({"message":")" + std::string(1'000'000, 'y') + "\"}",
        R"({"request":")" + std::string(40'000, 'z') + "\"}",
        R"({"large":")" + std::string(40'000, 'x') + R"(","service":")" + std::string(40'000, 's') + "\"}",
        R"({"n":1e400,"m":-0,"o":123456789012345678901234567890})",
        R"({"status":"404","bytes":"12"})",
        R"({"a":[[1,[2,{"b":[]}]],{}]})",
        R"({"unindexed":{"x":1},"y":")" + std::string(9000, 'y') + "\"}",
        "{\"message\":\"\xff\xfe\",\"\xff\":1}",
        R"({"@timestamp":"30000-01-01T00:00:00Z"})",
        R"({"@timestamp":{"a":1}})",
        R"({"level":["a"],"host":{"name":{"x":1}}})"};
    for (const std::string& document : odd) index.send("document", document);
    CPPUNIT_ASSERT_EQUAL(static_cast<std::int64_t>(odd.size()), index.total("{\"size\":1000}"));
  }

  void manyNamesAreNoFields() {
    LogIndex index;
    std::string body;
    for (int i = 0; i < 100'000; ++i) {
      body += "{\"message\":\"m\",\"key" + std::to_string(i) + "\":" + std::to_string(i) + "}\n";
      if (i % 5000 == 4999) {
        index.send("document", body);
        body.clear();
      }
    }
    CPPUNIT_ASSERT_EQUAL(std::int64_t{100'000}, index.total("{\"size\":0}"));
    for (const int i : {0, 4999, 77'777, 99'999})
      CPPUNIT_ASSERT_EQUAL(std::int64_t{1},
                           index.total(R"({"attribute":["key)" + std::to_string(i) + "=" + std::to_string(i) + "\"]}"));
    const auto fields = LogIndex::parse(index.ask("GetLogFields", "{}"));
    CPPUNIT_ASSERT_EQUAL(200u, fields.root()["attributes"].size());
    CPPUNIT_ASSERT_EQUAL(std::int64_t{500}, fields.root()["names"].integer().value());
  }

  void cursorVisitsEveryRecordOnce() {
    LogIndex index;
    std::string body;
    for (int i = 0; i < 100; ++i)
      body += R"({"@timestamp":170406720000)" + std::to_string(i % 7) + R"(,"n":)" + std::to_string(i) + "}\n";
    index.send("document", body);
    std::set<std::string> seen;
    std::string cursor;
    std::string last = "9999999999999-9";
    for (int pages = 0; pages < 20; ++pages) {
      const auto answer = LogIndex::parse(
          index.ask("SearchLogs", R"({"size":9)" + (cursor.empty() ? "" : ",\"cursor\":\"" + cursor + "\"") + "}"));
      for (const json::Value log : answer.root()["logs"])
        CPPUNIT_ASSERT(seen.insert(std::string(log["id"].string())).second);
      cursor = answer.root()["nextCursor"].string();
      if (cursor.empty()) break;
    }
    CPPUNIT_ASSERT_EQUAL(std::size_t{100}, seen.size());
  }

  void statisticsCountEveryRecord() {
    LogIndex index;
    std::string body;
    for (int i = 0; i < 60; ++i)
      body += R"({"@timestamp":)" + std::to_string(1'704'067'200'000 + i * 60'000) + R"(,"level":")" +
              (i % 4 == 0 ? "ERROR" : "info") + R"(","service":")" + (i % 3 == 0 ? "a" : "b") +
              R"(","message":"user u)" + std::to_string(i) + (i % 2 == 0 ? " in" : " out") + "\"}\n";
    index.send("document", body);
    const auto whole = LogIndex::parse(index.ask("GetLogStatistics", R"({"interval":"10m"})"));
    const json::Value root = whole.root();
    CPPUNIT_ASSERT_EQUAL(std::int64_t{60}, root["total"].integer().value());
    CPPUNIT_ASSERT_EQUAL(std::int64_t{15}, root["errors"].integer().value());
    CPPUNIT_ASSERT_EQUAL(0.25, root["error_rate"].real().value());
    CPPUNIT_ASSERT_EQUAL(6u, root["time_stats"].size());
    for (const json::Value bucket : root["time_stats"]) {
      CPPUNIT_ASSERT_EQUAL(std::int64_t{10}, bucket["doc_count"].integer().value());
      CPPUNIT_ASSERT_EQUAL(std::int64_t{10},
                           bucket["levels"]["info"].integer().value() + bucket["levels"]["error"].integer().value());
      CPPUNIT_ASSERT_EQUAL(std::int64_t{10},
                           bucket["services"]["a"].integer().value() + bucket["services"]["b"].integer().value());
    }
    CPPUNIT_ASSERT_EQUAL(2u, root["service_stats"].size());
    CPPUNIT_ASSERT_EQUAL(2u, root["pattern_stats"].size());
    for (const json::Value pattern : root["pattern_stats"]) {
      CPPUNIT_ASSERT_EQUAL(std::int64_t{30}, pattern["doc_count"].integer().value());
      CPPUNIT_ASSERT(pattern["pattern"].string() == "user <*> in" || pattern["pattern"].string() == "user <*> out");
      CPPUNIT_ASSERT_EQUAL(std::int64_t{30},
                           index.total(R"({"pattern":")" + std::string(pattern["id"].string()) + "\"}"));
    }
    CPPUNIT_ASSERT(LogIndex::parse(index.ask("GetLogStatistics", R"({"parts":["time"]})")).root()["time_stats"].size() >
                   1);
  }

  void contextIsOfOneServiceAndHost() {
    LogIndex index;
    std::string body;
    for (int i = 0; i < 90; ++i)
      body += R"({"@timestamp":)" + std::to_string(1'704'067'200'000 + i / 2) + R"(,"message":"m)" + std::to_string(i) +
              "\"" +
              (i % 3 == 0   ? R"(,"service":"a","host":"h")"
               : i % 3 == 1 ? R"(,"service":"a","host":"i")"
                            : "") +
              "}\n";
    index.send("document", body);
    const auto search = LogIndex::parse(index.ask("SearchLogs", R"({"text":"m45"})"));
    std::string id;
    for (const json::Value log : search.root()["logs"]) id = log["id"].string();
    CPPUNIT_ASSERT_EQUAL(std::string("1704067200022-46"), id);
    for (const std::string& more : {std::string(), std::string(R"(,"service":"a","host":"h")")}) {
      const auto around =
          LogIndex::parse(index.ask("GetLogContext", R"({"id":")" + id + R"(","before":2,"after":3)" + more + "}"));
      CPPUNIT_ASSERT_EQUAL(std::string_view("m45"), around.root()["log"]["message"].string());
      CPPUNIT_ASSERT((messagesOf(around.root()["before"]) == std::vector<std::string>{"m39", "m42"}));
      CPPUNIT_ASSERT((messagesOf(around.root()["after"]) == std::vector<std::string>{"m48", "m51", "m54"}));
    }
    // Of those that say no service or host.
    const auto nobody =
        LogIndex::parse(index.ask("GetLogContext", R"({"id":"1704067200022-45","before":1,"after":1})"));
    CPPUNIT_ASSERT_EQUAL(std::string_view("m44"), nobody.root()["log"]["message"].string());
    CPPUNIT_ASSERT((messagesOf(nobody.root()["before"]) == std::vector<std::string>{"m41"}));
    CPPUNIT_ASSERT((messagesOf(nobody.root()["after"]) == std::vector<std::string>{"m47"}));
  }

  void fieldsAreThoseOfTheRecords() {
    LogIndex index;
    index.send("access", R"(1.1.1.1 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 404 1 "-" "x")"
                         "\n"
                         R"(2.2.2.2 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1 "-" "x")"
                         "\n");
    const auto fields = LogIndex::parse(index.ask("GetLogFields", "{}"));
    std::string names;
    for (const json::Value field : fields.root()["fields"]) {
      names.append(field["name"].string()).append(" ");
      if (field["name"].string() == "client")
        CPPUNIT_ASSERT_EQUAL(std::int64_t{2}, field["distinct"].integer().value());
    }
    CPPUNIT_ASSERT_EQUAL(std::string("level client status "), names);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, index.total(R"({"attribute":["status=404"]})"));
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(LogsOnEngineTest);

}  // namespace gyre::logs
