#include "plugins/metrics/queries.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include "tests/plugins/metrics/metrics_fixture.hpp"

namespace gyre::metrics {
namespace {
using gyre::test::StreamScenario;
}

class QueriesTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(QueriesTest);
  CPPUNIT_TEST(questionsBecomePromql);
  CPPUNIT_TEST(timesAndSteps);
  CPPUNIT_TEST(badQuestionsAreRefusedWithEveryFault);
  CPPUNIT_TEST(listingsAreAsked);
  CPPUNIT_TEST(aKeysOrganisationIsAMatcher);
  CPPUNIT_TEST(answersAreRows);
  CPPUNIT_TEST_SUITE_END();

  void questionsBecomePromql() {
    const std::pair<const char*, const char*> cases[] = {
        {R"("name":"up")", R"({__name__=\"up\"})"},
        {R"("name":"up","match":["host=~web.*","job!=\"a b\""])", R"({__name__=\"up\",host=~\"web.*\",job!=\"a b\"})"},
        {R"("match":["host=a\"b"])", R"({host=\"a\\\"b\"})"},
        {R"("name":"up","function":"avg")", R"(avg_over_time({__name__=\"up\"}[300s]))"},
        {R"("name":"up","function":"last","range":"1h30m")", R"(last_over_time({__name__=\"up\"}[5400s]))"},
        {R"("name":"r","function":"rate","groupBy":["host","job"])",
         R"(sum by (host,job) (rate({__name__=\"r\"}[300s])))"},
        {R"("name":"r","function":"p95","range":"500ms")", R"(quantile_over_time(0.95,{__name__=\"r\"}[500ms]))"},
        {R"("name":"r","aggregate":"max","top":3)", R"(topk(3,max by () ({__name__=\"r\"})))"},
        {R"("name":"h","function":"p99","histogram":true,"groupBy":["job"])",
         R"(histogram_quantile(0.99,sum by (le,job) (rate({__name__=\"h_bucket\"}[300s]))))"},
        {R"("promql":"1 + 1")", "1 + 1"}};
    for (const auto& [asked, expected] : cases) {
      StreamScenario scenario(describe);
      scenario.ask("QueryMetrics", "{" + std::string(asked) + "}")
          .thenSearches("{\"promql\":\"" + std::string(expected) + "\",\"time\":" + std::to_string(test::kNow) + "}");
    }
  }

  void timesAndSteps() {
    StreamScenario scenario(describe);
    scenario
        .ask("QueryMetrics",
             R"({"name":"up","from":"2024-01-01T00:00:00Z","to":"2024-01-01T10:00:00Z","function":"max"})")
        .thenSearches(
            R"x({"promql":"max_over_time({__name__=\"up\"}[180s])","start":1704067200000,"end":1704103200000,"step":180000})x");
    scenario
        .askByUrl("QueryMetrics",
                  R"({"name":"up","from":"2024-01-01T00:00:00Z","to":"2024-01-01T00:01:00Z","step":"5s"})")
        .thenSearches(R"({"promql":"{__name__=\"up\"}","start":1704067200000,"end":1704067260000,"step":5000})");
    scenario.ask("QueryMetrics", R"({"name":"up","time":"2024-01-01T00:00:01Z"})")
        .thenSearches(R"({"promql":"{__name__=\"up\"}","time":1704067201000})");
  }

  void badQuestionsAreRefusedWithEveryFault() {
    const std::pair<const char*, const char*> cases[] = {
        {R"({})", "at /name: expected a name, match or promql"},
        {R"({"name":"a","match":["nonsense"]})", "at /match: expected label=value"},
        {R"({"name":"a","function":"median"})", "at /function: expected one of"},
        {R"({"name":"a","step":"soon"})", "at /step: expected a duration"},
        {R"({"name":"a","range":"0s"})", "at /range: expected a duration above 0"},
        {R"({"name":"a","from":"2024-01-01"})", "at /to: expected both from and to"},
        {R"({"name":"a","histogram":true})", "at /histogram: expected a function p50"},
        {R"({"name":"a","groupBy":["no-label"]})", "at /groupBy: expected names of labels"},
        {R"({"promql":"up","top":3})", "at /top: expected promql without it"},
        {R"({"name":"a","top":0})", "at /top:"}};
    for (const auto& [asked, expected] : cases) {
      StreamScenario scenario(describe);
      scenario.ask("QueryMetrics", asked).thenRefused(Code::kInvalidArgument, {}, expected);
    }
  }

  void listingsAreAsked() {
    StreamScenario scenario(describe);
    scenario.ask("ListMetricNames", R"({"match":["job=api"],"limit":5})")
        .thenSearches(R"({"label_values":{"label":"__name__","match":["{job=\"api\"}"],"limit":5}})")
        .answered(R"(["a","b"])")
        .thenAnswers(R"({"names":["a","b"]})");
    scenario.ask("GetMetricLabels", R"({"name":"up"})")
        .thenSearches(R"({"labels":{"match":["{__name__=\"up\"}"],"limit":1000}})")
        .answered(R"(["__name__"])")
        .thenAnswers(R"({"labels":["__name__"]})");
    scenario.ask("GetMetricLabels", R"({"label":"host","from":"2024-01-01T00:00:00Z"})")
        .thenSearches(R"({"label_values":{"label":"host","start":1704067200000,"limit":1000}})")
        .answered(R"(["a"])")
        .thenAnswers(R"({"values":["a"]})");
    scenario.ask("GetSeries", R"({"limit":0})")
        .thenSearches(R"({"series":{"match":["{__name__!=\"\"}"],"limit":0}})")
        .answered(R"([{"__name__":"up"}])")
        .thenAnswers(R"({"series":[{"__name__":"up"}]})");
  }

  void aKeysOrganisationIsAMatcher() {
    StreamScenario scenario(describe);
    scenario.as("org-1")
        .ask("GetSeries", R"({"name":"up"})")
        .thenSearches(R"({"series":{"match":["{__name__=\"up\",organization_id=\"org-1\"}"],"limit":1000}})");
    scenario.ask("QueryMetrics", R"({"promql":"up"})").thenRefused(Code::kPermissionDenied);
  }

  void answersAreRows() {
    StreamScenario scenario(describe);
    scenario.ask("QueryMetrics", R"({"name":"up","from":"2024-01-01T00:00:00Z","to":"2024-01-01T00:01:00Z"})")
        .answered(
            R"({"resultType":"matrix","result":[{"metric":{"__name__":"up","job":"api"},"values":[[1704067200,"1"],[1704067215.5,"NaN"]]}]})")
        .thenAnswers(
            R"({"resultType":"matrix","series":[{"name":"up","labels":{"job":"api"},"points":[[1704067200000,1],[1704067215500,"NaN"]]}]})");
    scenario.ask("QueryMetrics", R"({"promql":"1"})")
        .answered(R"({"resultType":"scalar","result":[1704067200,"1.5"]})")
        .thenAnswers(R"({"resultType":"scalar","series":[{"labels":{},"points":[[1704067200000,1.5]]}]})");
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(QueriesTest);

}  // namespace gyre::metrics
