#include <cppunit/extensions/HelperMacros.h>

#include "tests/plugins/metrics/metrics_fixture.hpp"

namespace gyre::metrics {
namespace {
using gyre::test::StreamScenario;
}

class ExpositionTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(ExpositionTest);
  CPPUNIT_TEST(aScrapeIsTaken);
  CPPUNIT_TEST(openMetricsIsTaken);
  CPPUNIT_TEST(badLinesAreNamedAndTheRestKept);
  CPPUNIT_TEST(urlParametersAreLabels);
  CPPUNIT_TEST(documentsAreTaken);
  CPPUNIT_TEST(badDocumentsAreNamedAndTheRestKept);
  CPPUNIT_TEST(recordMetricsIsAllOrNothing);
  CPPUNIT_TEST_SUITE_END();

  // From the documentation of the format.
  void aScrapeIsTaken() {
    StreamScenario scenario(describe);
    scenario.send("prometheus", R"(# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000

# Escaping in label values:
msdos_file{path="C:\\DIR\\FILE.TXT",error="Cannot find file:\n\"FILE.TXT\""} 1.458255915e9
metric_without_timestamp_and_labels 12.47
something_weird{problem="division by zero"} +Inf -3982045
# TYPE http_seconds histogram
http_seconds_bucket{le="0.05"} 24054
http_seconds_bucket{le="+Inf"} 144320
http_seconds_sum 53423
http_seconds_count 144320
# TYPE rpc_seconds summary
rpc_seconds{quantile="0.01", } 3102
rpc_seconds_sum 1.7560473e+07
nan_value NaN
)");
    scenario.thenRejects({{7, "time -3982045: expected milliseconds since 1970"}});
    const std::string expected =
        "http_requests_total{code=\"200\",method=\"post\"} 1027 @" + std::to_string(1395066363000 - test::kNow) +
        "\nmsdos_file{error=\"Cannot find file:\n\"FILE.TXT\"\",path=\"C:\\DIR\\FILE.TXT\"} 1458255915 @0\n"
        "metric_without_timestamp_and_labels 12.47 @0\n"
        "http_seconds_bucket{le=\"0.05\"} 24054 @0\n"
        "http_seconds_bucket{le=\"+Inf\"} 144320 @0\n"
        "http_seconds_sum 53423 @0\nhttp_seconds_count 144320 @0\n"
        "rpc_seconds{quantile=\"0.01\"} 3102 @0\nrpc_seconds_sum 17560473 @0\nnan_value NaN @0\n";
    CPPUNIT_ASSERT_EQUAL(expected, test::joined(test::samplesOf(scenario)));
    const std::string descriptions = test::joined(test::descriptionsOf(scenario));
    CPPUNIT_ASSERT(descriptions.find("http_requests_total counter The total number of HTTP requests.\n") !=
                   std::string::npos);
    CPPUNIT_ASSERT(descriptions.find("http_seconds_bucket histogram") != std::string::npos);
    CPPUNIT_ASSERT(descriptions.find("rpc_seconds_sum summary") != std::string::npos);
  }

  void openMetricsIsTaken() {
    StreamScenario scenario(describe);
    scenario.mediaType("application/openmetrics-text").send("prometheus", R"(# TYPE foo counter
# UNIT foo seconds
foo_total{a="b"} 17.0 1704067200.5 # {trace_id="KOO5S4vxi0o"} 0.67
# EOF
after_the_end 1
)");
    scenario.thenRejects({});
    CPPUNIT_ASSERT_EQUAL(std::string("foo_total{a=\"b\"} 17 @500\n"), test::joined(test::samplesOf(scenario)));
  }

  void badLinesAreNamedAndTheRestKept() {
    StreamScenario scenario(describe);
    scenario.send("prometheus",
                  "good 1\n"
                  "no_value\n"
                  "9name 1\n"
                  "open{a=\"b 1\n"
                  "noquote{a=b} 1\n"
                  "word abc\n"
                  "late 1 99999999999999\n"
                  "# TYPE clash gauge\n"
                  "# TYPE clash counter\n"
                  "# TYPE odd nonsense\n"
                  "trailing 1 2 3\n"
                  "dup{a=\"1\",a=\"2\"} 1\n"
                  "also_good 2");
    scenario.thenRejects({{1, "no_value: expected a number"},
                          {2, "expected the name of a metric, found \"9name 1\""},
                          {3, "label a: expected a value between quotes"},
                          {4, "label a: expected a value between quotes"},
                          {5, "word: expected a number, found \"abc\""},
                          {6, "seconds in the future"},
                          {8, "name clash: clash is a gauge already, found a counter"},
                          {9, "TYPE odd: expected counter"},
                          {10, "trailing: expected the end of the line"},
                          {11, "label a is there twice"}});
    CPPUNIT_ASSERT_EQUAL(std::string("good 1 @0\nalso_good 2 @0\n"), test::joined(test::samplesOf(scenario)));
  }

  void urlParametersAreLabels() {
    StreamScenario scenario(describe);
    scenario.urlParameters(R"({"job":"api","instance":"a:1"})").send("prometheus", "up 1\nother{job=\"own\"} 1\n");
    CPPUNIT_ASSERT_EQUAL(
        std::string("up{instance=\"a:1\",job=\"api\"} 1 @0\nother{instance=\"a:1\",job=\"own\"} 1 @0\n"),
        test::joined(test::samplesOf(scenario)));
  }

  void documentsAreTaken() {
    StreamScenario scenario(describe);
    scenario.send("document",
                  "{\"name\":\"app\",\"labels\":{\"host\":\"a\"},\"value\":1.5,\"timestamp\":1704067200001,"
                  "\"type\":\"gauge\",\"help\":\"x\"}\n"
                  "\n"
                  "{\"name\":\"app\",\"value\":\"-Inf\",\"timestamp\":\"2024-01-01T00:00:02Z\"}\n"
                  "{\"name\":\"app\",\"value\":3}");
    scenario.thenRejects({});
    CPPUNIT_ASSERT_EQUAL(std::string("app{host=\"a\"} 1.5 @1\napp -Inf @2000\napp 3 @0\n"),
                         test::joined(test::samplesOf(scenario)));
  }

  void badDocumentsAreNamedAndTheRestKept() {
    StreamScenario scenario(describe);
    scenario.send("document",
                  "{\"name\":\"good\",\"value\":1}\n"
                  "{\"name\":\"cut\n"
                  "{\"value\":1}\n"
                  "{\"name\":\"a\",\"value\":true}\n"
                  "{\"name\":\"a\",\"value\":1,\"labels\":{\"b\":2}}\n"
                  "{\"name\":\"a\",\"value\":1,\"timestamp\":\"yesterday\"}\n"
                  "{\"name\":\"a\",\"value\":1,\"lables\":{}}\n"
                  "[1]\n");
    scenario.thenRejects({{1, ""},
                          {2, "name: expected the name of a metric, found nothing"},
                          {3, "value: expected a number"},
                          {4, "labels/b: expected a string, found 2"},
                          {5, "timestamp: expected milliseconds since 1970"},
                          {6, "lables: unknown member"},
                          {7, "expected an object"}});
    CPPUNIT_ASSERT_EQUAL(std::string("good 1 @0\n"), test::joined(test::samplesOf(scenario)));
  }

  void recordMetricsIsAllOrNothing() {
    StreamScenario scenario(describe);
    scenario.when("RecordMetrics", R"({"metrics":[{"name":"a","value":1},{"name":"b","value":2,"labels":{"x":"y"}}]})")
        .thenRecordCount(1);
    CPPUNIT_ASSERT_EQUAL(std::string("a 1 @0\nb{x=\"y\"} 2 @0\n"), test::joined(test::samplesOf(scenario)));
    scenario.when("RecordMetrics", R"({"metrics":[{"name":"a","value":1},{"name":"b"}]})")
        .thenRefused(Code::kInvalidArgument, "invalid_metrics", "at /metrics/1: value: expected a number");
    scenario.when("RecordMetrics", R"({"metrics":[]})").thenRefused(Code::kInvalidArgument, {}, "at least one sample");
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ExpositionTest);

}  // namespace gyre::metrics
