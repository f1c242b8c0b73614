#include "plugins/metrics/otlp.hpp"

#include <cppunit/extensions/HelperMacros.h>
#include <protozero/pbf_writer.hpp>

#include <bit>
#include <iterator>
#include <utility>

#include "tests/plugins/metrics/metrics_fixture.hpp"

namespace gyre::metrics {
namespace {

using gyre::test::StreamScenario;

const std::string kTime = R"("timeUnixNano":"1704067200500000000")";
// A data point with one attribute; its own members and a closing brace follow.
const std::string kPoint = "{" + kTime + R"(,"attributes":[{"key":"m.t","value":{"stringValue":"x"}}],)";

// A request of one metric, of a resource with a name and an instance.
std::string request(const std::string& metric) {
  return R"({"resourceMetrics":[{"resource":{"attributes":[
    {"key":"service.name","value":{"stringValue":"shop"}},{"key":"service.namespace","value":{"stringValue":"eu"}},
    {"key":"service.instance.id","value":{"stringValue":"i-1"}},{"key":"host.cpus","value":{"intValue":"8"}}]},
    "scopeMetrics":[{"scope":{"name":"lib","version":"2"},"metrics":[)" +
         metric + "]}]}]}";
}

const std::string kScope = R"(otel_scope_name="lib",otel_scope_version="2")";
const std::string kTarget = "target_info{host_cpus=\"8\",instance=\"i-1\",job=\"eu/shop\"} 1 @500\n";

// `more`: labels between job and otel_….
std::string line(std::string_view name, std::string_view more, std::string_view value) {
  std::string out(name);
  out.append("{instance=\"i-1\",job=\"eu/shop\",").append(more).append(more.empty() ? "" : ",").append(kScope);
  return out.append("} ").append(value).append(" @500\n");
}

const std::string kExponential = R"({"name":"exp","exponentialHistogram":{"aggregationTemporality":2,"dataPoints":[{)" +
                                 kTime +
                                 R"(,"count":"3","sum":10,"scale":0,"zeroCount":"1",
                                 "positive":{"offset":1,"bucketCounts":["0","2"]}}]}})";

}  // namespace

class OtlpTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(OtlpTest);
  CPPUNIT_TEST(namesFollowPrometheusRules);
  CPPUNIT_TEST(everyKindBecomesSamples);
  CPPUNIT_TEST(deltaIsMarked);
  CPPUNIT_TEST(aPointWithoutValueIsAStaleMarker);
  CPPUNIT_TEST(wholeNumbersBeyondTheirFieldAreRejected);
  CPPUNIT_TEST(badPointsAreNamedAndTheRestKept);
  CPPUNIT_TEST(aNumberThatIsNoneIsNotZero);
  CPPUNIT_TEST(aPointIsRejectedOnce);
  CPPUNIT_TEST(protobufSaysTheSame);
  CPPUNIT_TEST(brokenBodiesAreRefused);
  CPPUNIT_TEST_SUITE_END();

  static std::string send(const std::string& metric) {
    StreamScenario scenario(describe);
    scenario.mediaType("application/json").send("otlp", request(metric)).thenRejects({}).thenResponds(200, "{}");
    return test::joined(test::samplesOf(scenario));
  }

  void namesFollowPrometheusRules() {
    using otlp::Kind;
    const struct {
      const char *name, *unit;
      Kind kind;
      bool is_monotonic;
      const char* expected;
    } cases[] = {{"system.memory.usage", "By", Kind::kGauge, false, "system_memory_usage_bytes"},
                 {"http.server.duration", "ms", Kind::kHistogram, false, "http_server_duration_milliseconds"},
                 {"requests", "1", Kind::kSum, true, "requests_total"},
                 {"requests_total", "", Kind::kSum, true, "requests_total"},
                 {"queue.size", "{messages}", Kind::kSum, false, "queue_size"},
                 {"cpu.utilization", "1", Kind::kGauge, false, "cpu_utilization_ratio"},
                 {"network.io", "By/s", Kind::kGauge, false, "network_io_bytes_per_second"},
                 {"uptime_seconds", "s", Kind::kSum, true, "uptime_seconds_total"},
                 {"3rd  party..calls", "", Kind::kGauge, false, "_3rd_party_calls"},
                 {"a:b", "%", Kind::kGauge, false, "a:b_percent"}};
    for (const auto& each : cases) {
      otlp::Metric metric;
      metric.name = each.name;
      metric.unit = each.unit;
      metric.kind = each.kind;
      metric.is_monotonic = each.is_monotonic;
      CPPUNIT_ASSERT_EQUAL(std::string(each.expected), otlp::metricName(metric));
    }
    CPPUNIT_ASSERT_EQUAL(std::string("http_method"), otlp::labelName("http.method"));
    CPPUNIT_ASSERT_EQUAL(std::string("key_0day"), otlp::labelName("0day"));
  }

  void everyKindBecomesSamples() {
    CPPUNIT_ASSERT_EQUAL(line("temp", "m_t=\"x\"", "21.5") + kTarget,
                         send(R"({"name":"temp","gauge":{"dataPoints":[)" + kPoint + R"("asDouble":21.5}]}})"));
    CPPUNIT_ASSERT_EQUAL(line("jobs_total", "m_t=\"x\"", "7") + kTarget,
                         send(R"({"name":"jobs","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[)" +
                              kPoint + R"("asInt":"7"}]}})"));
    CPPUNIT_ASSERT_EQUAL(
        line("open", "m_t=\"x\"", "-2") + kTarget,
        send(R"({"name":"open","sum":{"aggregationTemporality":"AGGREGATION_TEMPORALITY_CUMULATIVE","dataPoints":[)" +
             kPoint + R"("asInt":-2}]}})"));
    CPPUNIT_ASSERT_EQUAL(
        line("size_bytes_bucket", "le=\"1\",m_t=\"x\"", "2") + line("size_bytes_bucket", "le=\"10.5\",m_t=\"x\"", "5") +
            line("size_bytes_bucket", "le=\"+Inf\",m_t=\"x\"", "9") + line("size_bytes_sum", "m_t=\"x\"", "77.5") +
            line("size_bytes_count", "m_t=\"x\"", "9") + kTarget,
        send(R"({"name":"size","unit":"By","histogram":{"aggregationTemporality":2,"dataPoints":[)" + kPoint +
             R"("count":"9","sum":77.5,"bucketCounts":["2","3","4"],"explicitBounds":[1,10.5]}]}})"));
    // Scale 0: base 2; offset 1: buckets (2,4] and (4,8].
    CPPUNIT_ASSERT_EQUAL(line("exp_bucket", "le=\"0\"", "1") + line("exp_bucket", "le=\"2\"", "1") +
                             line("exp_bucket", "le=\"4\"", "1") + line("exp_bucket", "le=\"8\"", "3") +
                             line("exp_bucket", "le=\"+Inf\"", "3") + line("exp_sum", "", "10") +
                             line("exp_count", "", "3") + kTarget,
                         send(kExponential));
    const std::string summary =
        send(R"({"name":"rpc","summary":{"dataPoints":[)" + kPoint +
             R"("count":"4","sum":2,"quantileValues":[{"quantile":0.5,"value":0.25},{"quantile":1,"value":1}]}]}})");
    CPPUNIT_ASSERT(summary.find(R"(otel_scope_version="2",quantile="0.5"} 0.25 @500)") != std::string::npos);
    CPPUNIT_ASSERT(summary.find(line("rpc_count", "m_t=\"x\"", "4")) != std::string::npos);
  }

  void deltaIsMarked() {
    CPPUNIT_ASSERT_EQUAL(
        "d_total{__temporality__=\"delta\",instance=\"i-1\",job=\"eu/shop\"," + kScope + "} 5 @500\n" + kTarget,
        send(R"({"name":"d","sum":{"aggregationTemporality":1,"isMonotonic":true,"dataPoints":[{)" + kTime +
             R"(,"asDouble":5}]}})"));
  }

  void aPointWithoutValueIsAStaleMarker() {
    StreamScenario scenario(describe);
    scenario.mediaType("application/json")
        .send("otlp", request(R"({"name":"g","gauge":{"dataPoints":[{)" + kTime + R"(,"flags":1}]}})"));
    const auto records = scenario.records();
    const auto batch = SampleBatch::read(records[0].record).value();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0x7ff0000000000002}, std::bit_cast<std::uint64_t>(batch.sample(0).value));
  }

  // 2^32 + 1 is no flag of 32 bits, and nor is it the 1 that would make the point a stale marker.
  void wholeNumbersBeyondTheirFieldAreRejected() {
    for (const char* const member : {R"("flags":4294967297)", R"("flags":-1)", R"("flags":4294967296.0)"}) {
      StreamScenario scenario(describe);
      scenario.mediaType("application/json")
          .send("otlp",
                request(R"({"name":"g","gauge":{"dataPoints":[{)" + kTime + R"(,"asDouble":5,)" + member + "}]}}"));
      CPPUNIT_ASSERT_EQUAL_MESSAGE(member, std::size_t{0}, scenario.records().size());
    }
  }

  void badPointsAreNamedAndTheRestKept() {
    StreamScenario scenario(describe);
    const std::string point = "[{" + kTime;
    scenario.mediaType("application/json")
        .send(
            "otlp",
            request(
                R"({"name":"ok","gauge":{"dataPoints":)" + point + R"(,"asDouble":1},{"asDouble":1},{)" + kTime +
                R"(}]}},{"name":"ok","sum":{"aggregationTemporality":2,"dataPoints":)" + point +
                R"(,"asInt":1}]}},{"name":"ok","histogram":{"aggregationTemporality":2,"dataPoints":)" + point +
                R"(,"count":1,"bucketCounts":[1]}]}},{"name":"h","histogram":{"aggregationTemporality":2,"dataPoints":)" +
                point + R"(,"count":1,"bucketCounts":[1],"explicitBounds":[1,2]}]}},{"name":"t","sum":{"dataPoints":)" +
                point + R"(,"asInt":1}]}},{"name":"","gauge":{"dataPoints":)" + point + R"(,"asInt":1}]}})"));
    scenario.thenRejects({{1, "ok: the data point has no time"},
                          {2, "ok: the data point has no value"},
                          {4, "name clash: ok is a gauge already, found a histogram"},
                          {5, "h: histogram: expected one bucket more than bounds, found 1 and 2"},
                          {6, "t: expected delta or cumulative temporality"},
                          {7, "the metric has no name"}});
    scenario.thenResponds(
        200,
        R"({"partialSuccess":{"rejectedDataPoints":"6","errorMessage":"sample 1: ok: the data point has no time"}})");
  }

  void aNumberThatIsNoneIsNotZero() {
    StreamScenario scenario(describe);
    scenario.mediaType("application/json")
        .send("otlp",
              request(R"({"name":"g","gauge":{"dataPoints":[{)" + kTime + R"(,"asDouble":"x"},{)" + kTime +
                      R"(,"asInt":"9223372036854775808"},{)" + kTime +
                      R"(,"asInt":1.5},{"timeUnixNano":"soon","asInt":1},{)" + kTime +
                      R"(,"asInt":"7"}]}},{"name":"h","histogram":{"aggregationTemporality":2,"dataPoints":[{)" +
                      kTime + R"(,"count":-1},{)" + kTime + R"(,"count":1,"explicitBounds":{}}]}})"));
    scenario.thenRejects({{0, "g: asDouble: expected a number, found \"x\""},
                          {1, "g: asInt: expected a whole number of 64 bits, found \"9223372036854775808\""},
                          {2, "g: asInt: expected a whole number of 64 bits, found 1.5"},
                          {3, "g: timeUnixNano: expected a whole number from 0 of 64 bits, found \"soon\""},
                          {5, "h: count: expected a whole number from 0 of 64 bits, found -1"},
                          {6, "h: explicitBounds: expected an array, found {}"}});
    CPPUNIT_ASSERT(test::joined(test::samplesOf(scenario)).find(line("g", "", "7")) != std::string::npos);
  }

  // However many series it would have become.
  void aPointIsRejectedOnce() {
    StreamScenario scenario(describe);
    scenario.mediaType("application/json")
        .send("otlp", request(R"({"name":"h","histogram":{"aggregationTemporality":2,"dataPoints":[
          {"timeUnixNano":"18446744073709551615","count":3,"sum":1,"bucketCounts":[1,1,1],"explicitBounds":[1,2]}]}})"))
        .thenRejects(
            {{0, "time 18446744073709: expected at most 86400 seconds in the future, which is 1704153600000"}});
  }

  void protobufSaysTheSame() {
    std::string body;
    {
      protozero::pbf_writer request_writer(body);
      protozero::pbf_writer resource_metrics(request_writer, 1);
      {
        protozero::pbf_writer resource(resource_metrics, 1);
        for (const auto& [key, value] : {std::pair("service.name", "shop"), std::pair("service.namespace", "eu"),
                                         std::pair("service.instance.id", "i-1")}) {
          protozero::pbf_writer attribute(resource, 1);
          attribute.add_string(1, key);
          protozero::pbf_writer any(attribute, 2);
          any.add_string(1, value);
        }
        protozero::pbf_writer attribute(resource, 1);
        attribute.add_string(1, "host.cpus");
        protozero::pbf_writer any(attribute, 2);
        any.add_int64(3, 8);
      }
      protozero::pbf_writer scope_metrics(resource_metrics, 2);
      {
        protozero::pbf_writer scope(scope_metrics, 1);
        scope.add_string(1, "lib");
        scope.add_string(2, "2");
      }
      protozero::pbf_writer metric(scope_metrics, 2);
      metric.add_string(1, "exp");
      protozero::pbf_writer histogram(metric, 10);
      {
        protozero::pbf_writer point(histogram, 1);
        point.add_fixed64(3, 1704067200500000000u);
        point.add_fixed64(4, 3);
        point.add_double(5, 10);
        point.add_sint32(6, 0);
        point.add_fixed64(7, 1);
        protozero::pbf_writer buckets(point, 8);
        buckets.add_sint32(1, 1);
        const std::uint64_t counts[] = {0, 2};
        buckets.add_packed_uint64(2, std::begin(counts), std::end(counts));
      }
      histogram.add_enum(2, 2);
    }
    StreamScenario scenario(describe);
    scenario.mediaType("application/x-protobuf").send("otlp", body).thenRejects({}).thenResponds(200, "");
    CPPUNIT_ASSERT_EQUAL(send(kExponential), test::joined(test::samplesOf(scenario)));
    for (std::size_t size = 1; size < body.size(); ++size)
      scenario.send("otlp", body.substr(0, size))
          .thenRefused(Code::kInvalidArgument, {}, "damaged or cut off after data point ");
  }

  void brokenBodiesAreRefused() {
    StreamScenario scenario(describe);
    scenario.mediaType("application/json")
        .send("otlp", "{\"resourceMetrics\":[")
        .thenRefused(Code::kInvalidArgument, "malformed_json", "OTLP metrics");
    scenario.send("otlp", "[]").thenRefused(Code::kInvalidArgument, {}, "expected a JSON object");
    scenario.send("otlp", R"({"resourceMetrics":5})")
        .thenRefused(Code::kInvalidArgument, {}, "resourceMetrics: expected an array, found 5");
    scenario.send("otlp", R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[7]}]}]})")
        .thenRefused(Code::kInvalidArgument, {}, "metrics: expected objects, found 7");
    scenario.mediaType("text/plain")
        .send("otlp", "x")
        .thenRefused(Code::kInvalidArgument, {}, "expected application/x-protobuf");
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(OtlpTest);

}  // namespace gyre::metrics
