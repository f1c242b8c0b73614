// What is the index asked about logs, and what does the client see of its answers; which records does a tail show?
#include <cppunit/extensions/HelperMacros.h>

#include <string>

#include "gyre/stream_test.hpp"
#include "plugins/logs/filter.hpp"
#include "plugins/logs/queries.hpp"

namespace gyre::logs {

namespace {

using Logs = test::StreamScenario;

constexpr const char* kSort = R"("sort":[{"@timestamp":{"order":"desc"}},{"sequence":{"order":"desc"}}])";

std::string filtered(const std::string& filters) {
  return R"({"query":{"bool":{"filter":[)" + filters + "]}}," + kSort + R"(,"size":51})";
}
std::string hit(int sequence) {
  return R"({"_id":"x","_source":{"@timestamp":"2024-01-01T00:00:00.000Z","message":"m","sequence":)" +
         std::to_string(sequence) + R"(},"sort":[1704067200000,)" + std::to_string(sequence) + "]}";
}
std::string hits(const std::string& list) {
  return R"({"hits":{"total":{"value":10000,"relation":"gte"},"hits":[)" + list + "]}}";
}
std::string shown(int sequence) {
  return R"({"id":"1704067200000-)" + std::to_string(sequence) +
         R"(","@timestamp":"2024-01-01T00:00:00.000Z","message":"m","sequence":)" + std::to_string(sequence) + "}";
}

}  // namespace

class LogsQueryTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(LogsQueryTest);
  CPPUNIT_TEST(searchFiltersByEverything);
  CPPUNIT_TEST(textIsWordsAndPhrases);
  CPPUNIT_TEST(attributesAreFoundWhereverTheyAre);
  CPPUNIT_TEST(cursorGoesOn);
  CPPUNIT_TEST(faultsAreToldTogether);
  CPPUNIT_TEST(organisationOfTheKeyBindsEveryQuery);
  CPPUNIT_TEST(statisticsAskForTheirPartsOnly);
  CPPUNIT_TEST(statisticsAreShown);
  CPPUNIT_TEST(contextKnowsItsRecord);
  CPPUNIT_TEST(fieldsAndAttributesAreCounted);
  CPPUNIT_TEST(tailShowsWhatASearchWouldFind);
  CPPUNIT_TEST_SUITE_END();

  void searchFiltersByEverything() {
    Logs logs(describe);
    logs.ask("SearchLogs", "{}").thenSearches(R"({"query":{"match_all":{}},)" + std::string(kSort) + R"(,"size":51})");
    logs.ask(
            "SearchLogs",
            R"({"level":["WARNING","error"],"service":["b","a","b"],"host":["h"],"logger":["l"],"traceId":"t","spanId":"s",
                               "pattern":"p","organizationId":"o","from":"2024-01-01","to":"2024-01-01T00:00:01Z"})")
        .thenSearches(
            filtered(R"({"range":{"@timestamp":{"gte":1704067200000,"lte":1704067201000,"format":"epoch_millis"}}},
          {"term":{"organizationId":"o"}},{"terms":{"level":["error","warn"]}},{"terms":{"service":["a","b"]}},{"term":{"host":"h"}},
          {"term":{"logger":"l"}},{"term":{"trace_id":"t"}},{"term":{"span_id":"s"}},{"term":{"pattern":"p"}})"));
    logs.askByUrl("SearchLogs", R"({"level":"fatal","size":"0"})")
        .thenSearches(R"({"query":{"bool":{"filter":[{"term":{"level":"fatal"}}]}},)" + std::string(kSort) +
                      R"(,"size":0,"track_total_hits":true})");
  }

  void textIsWordsAndPhrases() {
    Logs logs(describe);
    logs.ask("SearchLogs", R"({"text":"timeout \"lock wait\" Order* -retry -\"gave up\" - ***"})")
        .thenSearches(
            R"({"query":{"bool":{"filter":[{"match_phrase":{"message":"timeout"}},{"match_phrase":{"message":"lock wait"}},
          {"match_phrase_prefix":{"message":"Order"}}],"must_not":[{"match_phrase":{"message":"retry"}},{"match_phrase":{"message":"gave up"}}]}},)" +
            std::string(kSort) + R"(,"size":51})");
    logs.ask("SearchLogs", R"({"text":"***"})").thenRefused(Code::kInvalidArgument, "", "/text");
    CPPUNIT_ASSERT(unitsOf("\"never closed") == (std::vector<LogFilter::Unit>{{"never closed", false, false}}));
  }

  void attributesAreFoundWhereverTheyAre() {
    Logs logs(describe);
    logs.ask("SearchLogs", R"({"attribute":["user.id=7=x","resource.env=prod","service.name=api"]})")
        .thenSearches(filtered(R"({"term":{"resource.env":"prod"}},
          {"bool":{"should":[{"term":{"service":"api"}},{"term":{"attributes.service.name":"api"}},{"term":{"resource.service.name":"api"}}],"minimum_should_match":1}},
          {"bool":{"should":[{"term":{"attributes.user.id":"7=x"}},{"term":{"resource.user.id":"7=x"}}],"minimum_should_match":1}})"));
    logs.ask("SearchLogs", R"({"attribute":["attributes.k"]})")
        .thenSearches(filtered(R"({"exists":{"field":"attributes.k"}})"));
    logs.ask("SearchLogs", R"({"attribute":["=x"]})").thenRefused(Code::kInvalidArgument, "", "/attribute");
  }

  void cursorGoesOn() {
    Logs logs(describe);
    logs.ask("SearchLogs", R"({"size":1,"service":["a"]})").answered(hits(hit(7) + "," + hit(6)));
    const auto answer = json::Document::parse(logs.text());
    CPPUNIT_ASSERT(answer.isOk());
    const std::string cursor(answer->root()["nextCursor"].string());
    logs.thenAnswers(R"({"logs":[)" + shown(7) + R"(],"total":10000,"isTotalExact":false,"size":1,"nextCursor":")" +
                     cursor + "\"}");
    const std::string next = R"({"size":1,"service":["a"],"cursor":")" + cursor + "\"}";
    logs.ask("SearchLogs", next)
        .thenSearches(R"({"query":{"bool":{"filter":[{"term":{"service":"a"}}]}},)" + std::string(kSort) +
                      R"(,"size":2,"search_after":[1704067200000,7]})")
        .answered(hits(hit(6)))
        .thenAnswers(R"({"logs":[)" + shown(6) + R"(],"total":10000,"isTotalExact":false,"size":1,"nextCursor":null})");
    logs.ask("SearchLogs", R"({"service":["b"],"cursor":")" + cursor + "\"}")
        .thenRefused(Code::kInvalidArgument, "", "other parameters");
    logs.ask("SearchLogs", R"({"cursor":"x"})").thenRefused(Code::kInvalidArgument, "", "/cursor");
  }

  void faultsAreToldTogether() {
    Logs logs(describe);
    logs.ask("SearchLogs", R"({"level":["loud"],"from":"x","size":1001,"servise":"a"})")
        .thenRefused(Code::kInvalidArgument, "", "/level")
        .thenRefused(Code::kInvalidArgument, "", "/from")
        .thenRefused(Code::kInvalidArgument, "", "/size")
        .thenRefused(Code::kInvalidArgument, "", "did you mean \"service\"");
    logs.ask("GetLogContext", R"({"id":"7"})").thenRefused(Code::kInvalidArgument, "", "TIMEMILLIS-SEQUENCE");
    logs.ask("GetLogContext", "{}").thenRefused(Code::kInvalidArgument, "", "/id");
    for (const char* const interval : {"5", "m", "0m", "5x", "5mm", "-1h"})
      logs.ask("GetLogStatistics", R"({"interval":")" + std::string(interval) + "\"}")
          .thenRefused(Code::kInvalidArgument, "", "/interval");
    logs.ask("GetLogStatistics", R"({"interval":"1s","from":"2024-01-01","to":"2024-01-02"})")
        .thenRefused(Code::kInvalidArgument, "", "at most 5000");
  }

  void organisationOfTheKeyBindsEveryQuery() {
    Logs logs(describe);
    logs.as("org-1");
    for (const char* const query : {"SearchLogs", "GetLogStatistics", "GetLogFields", "GetLogContext"}) {
      const std::string id = std::string(query) == "GetLogContext" ? R"("id":"1-2",)" : "";
      logs.ask(query, "{" + id + R"("organizationId":"org-2"})").thenRefused(Code::kPermissionDenied);
      logs.ask(query, "{" + id + R"("organizationId":"org-1"})");
      CPPUNIT_ASSERT_MESSAGE(query, logs.text().find(R"({"term":{"organizationId":"org-1"}})") != std::string::npos);
      logs.ask(query, "{" + (id.empty() ? id : id.substr(0, id.size() - 1)) + "}");
      CPPUNIT_ASSERT_MESSAGE(query, logs.text().find(R"({"term":{"organizationId":"org-1"}})") != std::string::npos);
    }
  }

  void statisticsAskForTheirPartsOnly() {
    Logs logs(describe);
    logs.ask(
            "GetLogStatistics",
            R"({"parts":["time"],"service":["a"],"from":"2024-01-01T00:00:00Z","to":"2024-01-01T06:00:00Z","interval":"1m"})")
        .thenSearches(R"({"size":0,"track_total_hits":true,"query":{"bool":{"filter":[
          {"range":{"@timestamp":{"gte":1704067200000,"lte":1704088800000,"format":"epoch_millis"}}},{"term":{"service":"a"}}]}},
          "aggs":{"time":{"date_histogram":{"field":"@timestamp","fixed_interval":"60000ms","min_doc_count":1}}}})");
    logs.ask("GetLogStatistics", R"({"parts":["time_by_level"]})")
        .thenSearches(R"({"size":0,"track_total_hits":true,"query":{"match_all":{}},"aggs":{"time":{
          "auto_date_histogram":{"field":"@timestamp","buckets":60},"aggs":{"levels":{"terms":{"field":"level","size":6}}}}}})");
    // About 60 of them: ten minutes for six hours.
    logs.ask("GetLogStatistics", R"({"parts":["time"],"from":"2024-01-01T00:00:00Z","to":"2024-01-01T06:00:00Z"})");
    CPPUNIT_ASSERT_MESSAGE(std::string(logs.text()),
                           logs.text().find(R"("fixed_interval":"600000ms")") != std::string::npos);
    logs.ask("GetLogStatistics", R"({"parts":["levels","services","patterns"],"patterns":3})")
        .thenSearches(R"({"size":0,"track_total_hits":true,"query":{"match_all":{}},"aggs":{
          "levels":{"terms":{"field":"level","size":6}},
          "services":{"terms":{"field":"service","size":50},"aggs":{"errors":{"filter":{"terms":{"level":["error","fatal"]}}}}},
          "patterns":{"terms":{"field":"pattern","size":3},"aggs":{"example":{"top_hits":{"size":1,"_source":["message","level","service"]}}}}}})");
  }

  void statisticsAreShown() {
    Logs logs(describe);
    logs.ask("GetLogStatistics", R"({"interval":"1h"})")
        .answered(R"({"hits":{"total":{"value":4,"relation":"eq"},"hits":[]},"aggregations":{
          "levels":{"buckets":[{"key":"info","doc_count":2},{"key":"error","doc_count":1}]},
          "services":{"buckets":[{"key":"api","doc_count":4,"errors":{"doc_count":1}}]},
          "time":{"buckets":[{"key":1704067200000,"key_as_string":"x","doc_count":4,"levels":{"buckets":[{"key":"info","doc_count":2}]},
            "services":{"buckets":[{"key":"api","doc_count":4}]}}]},
          "patterns":{"buckets":[{"key":"abc","doc_count":3,"example":{"hits":{"hits":[{"_source":{"message":"user u1 in","level":"info"}}]}}}]}}})")
        .thenAnswers(
            R"({"total":4,"level_stats":[{"key":"info","doc_count":2},{"key":"error","doc_count":1}],"errors":1,"error_rate":0.25,
          "service_stats":[{"key":"api","doc_count":4,"errors":1,"error_rate":0.25}],"interval":3600000,
          "time_stats":[{"key":1704067200000,"key_as_string":"2024-01-01T00:00:00.000Z","doc_count":4,"levels":{"info":2},"services":{"api":4}}],
          "pattern_stats":[{"id":"abc","pattern":"user <*> in","doc_count":3,"example":"user u1 in","level":"info"}]})");
    logs.ask("GetLogStatistics", R"({"parts":["levels"]})")
        .answered(R"({"hits":{"total":{"value":0}},"aggregations":{"levels":{"buckets":[]}}})")
        .thenAnswers(R"({"total":0,"level_stats":[],"errors":0,"error_rate":0})");
    logs.ask("GetLogStatistics", R"({"parts":["levels"]})").answered(R"({"hits":{}})").thenRefused(Code::kInternal);
  }

  void contextKnowsItsRecord() {
    Logs logs(describe);
    const std::string lines = R"("lines":{"hits":{"hits":[)";
    const std::string around = R"("anchor":{)" + lines + hit(5) + R"(]}}},"before":{)" + lines + hit(4) + "," + hit(3) +
                               R"(]}}},"after":{)" + lines + hit(6) + "]}}}";
    const std::string answer =
        R"({"log":)" + shown(5) + R"(,"before":[)" + shown(3) + "," + shown(4) + R"(],"after":[)" + shown(6) + "]}";
    logs.ask("GetLogContext", R"({"id":"1704067200000-5","service":"api"})")
        .answered(R"({"aggregations":{)" + around + "}}")
        .thenAnswers(answer);
    logs.ask("GetLogContext", R"({"id":"1704067200000-5"})")
        .answered(R"({"aggregations":{"services":{"buckets":[{"key":"api","hosts":{"buckets":[{"key":"h",)" + around +
                  "}]}}]}}}")
        .thenAnswers(answer);
    logs.ask("GetLogContext", R"({"id":"1704067200000-5"})")
        .answered(R"({"aggregations":{"services":{"buckets":[]}}})")
        .thenRefused(Code::kNotFound, "not_found", "1704067200000-5");
  }

  void fieldsAndAttributesAreCounted() {
    Logs logs(describe);
    std::string aggregations;
    for (const char* const field :
         {"level", "service", "host", "logger", "organizationId", "client", "status", "severity_text"}) {
      const bool is_status = std::string(field) == "status";
      aggregations += (aggregations.empty() ? "\"" : ",\"") + std::string(field) + R"(":{"buckets":[)" +
                      (is_status ? R"({"key":404,"doc_count":2})" : "") + R"(]},")" + field +
                      R"(_distinct":{"value":1})";
    }
    logs.ask("GetLogFields", R"({"size":1})")
        .answered(R"({"hits":{"total":{"value":9},"hits":[{"_source":{"attributes":{"a":{"b":1},"l":["x","y","x"]}}},
          {"_source":{"attributes":{"a":{"b":1}},"resource":{"r":null}}}]},"aggregations":{)" +
                  aggregations + "}}")
        .thenAnswers(R"({"total":9,"fields":[{"name":"status","distinct":1,"values":[{"value":404,"count":2}]}],
          "attributes":[{"name":"attributes.l","count":3,"distinct":2,"values":[{"value":"x","count":2}]},
                        {"name":"attributes.a.b","count":2,"distinct":1,"values":[{"value":"1","count":2}]}],"sampled":2,"names":2})");
  }

  void tailShowsWhatASearchWouldFind() {
    const std::vector<std::string> records = {
        R"({"@timestamp":"2024-01-01T00:00:00.000Z","level":"error","message":"OrderService.handleTimeout-42 failed","service":"api",
            "organizationId":"org-1","trace_id":"AB","attributes":{"user":{"id":7},"tags":["x","y"],"a.b":true},"resource":{"env":"prod"}})",
        R"({"@timestamp":"2024-01-01T00:00:00.001Z","level":"info","message":"all well","service":"web","status":200})"};
    const struct {
      const char* parameters;
      bool is_first, is_second;
    } kCases[] = {
        {"{}", true, true},
        {R"({"text":"timeout"})", true, false},
        {R"({"text":"\"order service handle timeout 42\""})", true, false},
        {R"({"text":"OrderService.handleTimeout-42"})", true, false},
        {R"({"text":"time* -well"})", true, false},
        {R"({"text":"ime"})", false, false},
        {R"({"level":["info"]})", false, true},
        {R"({"service":["web","api"]})", true, true},
        {R"({"traceId":"ab"})", true, false},
        {R"({"attribute":["user.id=7","tags=y","a.b=true","env=prod"]})", true, false},
        {R"({"attribute":["tags=z"]})", false, false},
        {R"({"attribute":["user"]})", true, false},
        {R"({"attribute":["http.response.status_code=200"]})", false, true},
    };
    for (const auto& one : kCases) {
      std::vector<test::ShownRecord> expected;
      if (one.is_first) expected.push_back({0, R"({"id":"1704067200000-1",)" + records[0].substr(1)});
      if (one.is_second) expected.push_back({1, R"({"id":"1704067200001-2",)" + records[1].substr(1)});
      Logs([](StreamDomain& domain) { describe(domain); },
           [&](const std::string& failure) { CPPUNIT_FAIL(std::string(one.parameters) + failure); })
          .follow("TailLogs", one.parameters, records)
          .thenShows(expected);
    }
    Logs logs(describe);
    logs.as("org-1")
        .follow("TailLogs", "{}", records)
        .thenShows({{0, R"({"id":"1704067200000-1",)" + records[0].substr(1)}});
    logs.as("org-1").follow("TailLogs", R"({"organizationId":"org-2"})", {}).thenRefused(Code::kPermissionDenied);
    logs.as("").follow("TailLogs", R"({"level":"loud"})", {}, true).thenRefused(Code::kInvalidArgument, "", "/level");
    logs.follow("TailLogs", R"({"from":"2024-01-01"})", {}).thenRefused(Code::kInvalidArgument, "", "/from");
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(LogsQueryTest);

}  // namespace gyre::logs
