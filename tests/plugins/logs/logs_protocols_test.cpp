// OTLP and Loki: are their bodies, as JSON and as protobuf, the same records; and what is said of broken ones?
#include <cppunit/extensions/HelperMacros.h>

#include <protozero/pbf_writer.hpp>

#include <string>

#include "gyre/stream_test.hpp"
#include "plugins/logs/loki.hpp"
#include "plugins/logs/queries.hpp"

namespace gyre::logs {

namespace {

using Logs = test::StreamScenario;
using protozero::pbf_writer;
constexpr std::int64_t kArrival = Logs::kStart;
constexpr std::uint64_t kNanos = 1'703'000'000'000'123'456u;

void addAttribute(pbf_writer& to, protozero::pbf_tag_type tag, const std::string& key, const std::string& value) {
  pbf_writer pair(to, tag);
  pair.add_string(1, key);
  pbf_writer any(pair, 2);
  any.add_string(1, value);
}

// What the JSON of `otlpJson` says, with the scope logs before the resource.
std::string otlpProtobuf() {
  std::string bytes;
  pbf_writer request(bytes);
  {
    pbf_writer of_resource(request, 1);
    {
      pbf_writer of_scope(of_resource, 2);
      {
        pbf_writer record(of_scope, 2);
        record.add_fixed64(1, kNanos);
        record.add_enum(2, 17);
        record.add_string(3, "ERROR");
        {
          pbf_writer body(record, 5);
          body.add_string(1, "it broke");
        }
        addAttribute(record, 6, "user", "u1");
        {
          pbf_writer pair(record, 6);
          pair.add_string(1, "n");
          pbf_writer any(pair, 2);
          any.add_int64(3, 10);
        }
        {
          pbf_writer pair(record, 6);
          pair.add_string(1, "list");
          pbf_writer any(pair, 2);
          pbf_writer list(any, 5);
          {
            pbf_writer element(list, 1);
            element.add_bool(2, true);
          }
          pbf_writer element(list, 1);
          element.add_double(4, 1.5);
        }
        record.add_bytes(9, std::string("\x5b\x8e\xff\xf7\x98\x03\x81\x03\xd2\x69\xb6\x33\x81\x3f\xc6\x0c", 16));
        record.add_bytes(10, std::string("\xee\xe1\x9b\x7e\xc3\xc1\xb1\x74", 8));
        record.add_fixed64(11, kNanos + 1'000'000'000);
      }
      pbf_writer scope(of_scope, 1);
      scope.add_string(1, "my.library");
      scope.add_string(2, "1.0");
    }
    pbf_writer resource(of_resource, 1);
    addAttribute(resource, 1, "service.name", "api");
    addAttribute(resource, 1, "deployment", "prod");
  }
  return bytes;
}

constexpr const char* kOtlpJson = R"({"resourceLogs":[{"resource":{"attributes":[
  {"key":"service.name","value":{"stringValue":"api"}},{"key":"deployment","value":{"stringValue":"prod"}}]},
  "scopeLogs":[{"scope":{"name":"my.library","version":"1.0"},"logRecords":[{"timeUnixNano":"1703000000000123456",
  "observedTimeUnixNano":"1703000001000123456","severityNumber":17,"severityText":"ERROR","body":{"stringValue":"it broke"},
  "traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174","attributes":[
  {"key":"user","value":{"stringValue":"u1"}},{"key":"n","value":{"intValue":"10"}},
  {"key":"list","value":{"arrayValue":{"values":[{"boolValue":true},{"doubleValue":1.5}]}}}]}]}]}]})";

std::string lokiProtobuf() {
  std::string bytes;
  pbf_writer request(bytes);
  pbf_writer stream(request, 1);
  {
    pbf_writer entry(stream, 2);
    {
      pbf_writer stamp(entry, 1);
      stamp.add_int64(1, 1'703'000'000);
      stamp.add_int32(2, 5'000'000);
    }
    entry.add_string(2, "a line");
    pbf_writer pair(entry, 3);
    pair.add_string(1, "trace_id");
    pair.add_string(2, "abc");
  }
  stream.add_string(1, R"({app="api", level="error", path="C:\\logs \"x\""})");
  return bytes;
}

// A block of Snappy that holds literals only.
std::string packed(const std::string& plain) {
  std::string block;
  for (std::size_t rest = plain.size();; rest >>= 7) {
    block += static_cast<char>(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest <= 127) break;
  }
  for (std::size_t at = 0; at < plain.size(); at += 60) {
    const std::string piece = plain.substr(at, 60);
    block.append(1, static_cast<char>((piece.size() - 1) << 2)).append(piece);
  }
  return block;
}

}  // namespace

class LogsProtocolsTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(LogsProtocolsTest);
  CPPUNIT_TEST(otlpIsOneRecordInBothForms);
  CPPUNIT_TEST(otlpBodiesThatAreNoTexts);
  CPPUNIT_TEST(otlpWithoutATimeHasThatOfObservation);
  CPPUNIT_TEST(otlpKeepsWhatMakesNoSense);
  CPPUNIT_TEST(otlpTellsWhatItRejected);
  CPPUNIT_TEST(otlpThatIsCutOffIsRefused);
  CPPUNIT_TEST(lokiIsOneRecordInBothForms);
  CPPUNIT_TEST(lokiRejectsALineAlone);
  CPPUNIT_TEST(lokiThatIsNoneIsRefused);
  CPPUNIT_TEST(labelsAreRead);
  CPPUNIT_TEST_SUITE_END();

  void otlpIsOneRecordInBothForms() {
    Logs as_json(describe), as_protobuf(describe);
    as_json.mediaType("application/json").send("otlp", kOtlpJson).thenResponds(200, "{}").thenRecordCount(1);
    as_protobuf.mediaType("application/x-protobuf")
        .send("otlp", otlpProtobuf())
        .thenResponds(200, "")
        .thenRecordCount(1);
    const auto record = as_json.records().front();
    CPPUNIT_ASSERT_EQUAL(std::int64_t{1'703'000'000'000}, record.time_millis);
    CPPUNIT_ASSERT_EQUAL(test::canonicalJson(record.record), test::canonicalJson(as_protobuf.records().front().record));
    std::string rest = record.record;
    rest.erase(rest.find(",\"pattern\":\""), 25);
    CPPUNIT_ASSERT_EQUAL(
        test::canonicalJson(
            R"({"@timestamp":"2023-12-19T15:33:20.000Z","nanoseconds":123456,"observed":"2023-12-19T15:33:21.000Z","severity":17,
                "level":"error","message":"it broke","service":"api","logger":"my.library","trace_id":"5b8efff798038103d269b633813fc60c",
                "span_id":"eee19b7ec3c1b174","resource":{"deployment":"prod"},
                "attributes":{"user":"u1","n":10,"list":[true,1.5],"scope.version":"1.0"}})"),
        test::canonicalJson(rest));
  }

  void otlpBodiesThatAreNoTexts() {
    Logs logs(describe);
    logs.mediaType("application/json")
        .send("otlp", R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[
      {"body":{"kvlistValue":{"values":[{"key":"a","value":{"intValue":"1"}},{"key":"a","value":{"stringValue":"x"}}]}},"eventName":"e","severityNumber":"SEVERITY_NUMBER_WARN2"},
      {"body":{"intValue":7}},{"body":{}},{}]}]}]})")
        .thenRecordCount(4);
    const auto records = logs.records();
    CPPUNIT_ASSERT_MESSAGE(records[0].record,
                           records[0].record.find(R"("message":"{\"a\":1,\"a#2\":\"x\"}")") != std::string::npos);
    CPPUNIT_ASSERT_MESSAGE(
        records[0].record,
        records[0].record.find(R"("attributes":{"body":{"a":1,"a#2":"x"},"event.name":"e"})") != std::string::npos);
    CPPUNIT_ASSERT_MESSAGE(records[0].record,
                           records[0].record.find(R"("severity":14,"level":"warn")") != std::string::npos);
    CPPUNIT_ASSERT_MESSAGE(records[1].record, records[1].record.find(R"("message":"7")") != std::string::npos);
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"@timestamp":"2024-01-01T00:00:00.000Z"})"), records[3].record);
  }

  void otlpWithoutATimeHasThatOfObservation() {
    Logs logs(describe);
    logs.mediaType("application/json")
        .send("otlp",
              R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"observedTimeUnixNano":"1703000000000000000"}]}]}]})")
        .thenRecords({{0, 1'703'000'000'000, R"({"@timestamp":"2023-12-19T15:33:20.000Z"})"}});
    // The year 2262, and then some.
    logs.send("otlp", R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"18446744073709551615"}]}]}]})")
        .thenRecords(
            {{0, kArrival,
              R"({"@timestamp":"2024-01-01T00:00:00.000Z","attributes":{"@timestamp":18446744073709,"timestamp_fault":"out_of_range"}})"}});
  }

  void otlpKeepsWhatMakesNoSense() {
    Logs logs(describe);
    logs.mediaType("application/json")
        .send("otlp", R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[
      {"timeUnixNano":"yesterday"},{"timeUnixNano":883612800000000000000},{"timeUnixNano":"-5"},{"timeUnixNano":null},
      {"severityNumber":99},{"body":"no AnyValue"}]}]}]})")
        .thenRecordCount(5)
        .thenRejects({{5, "body: expected an AnyValue"}});
    const auto records = logs.records();
    const auto attributes = [&](std::size_t i) {
      const std::size_t at = records[i].record.find("\"attributes\":");
      return at == std::string::npos ? std::string() : records[i].record.substr(at + 13);
    };
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"timeUnixNano":"yesterday","timestamp_fault":"unreadable"}})"), attributes(0));
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"timeUnixNano":"883612800000000000000","timestamp_fault":"unreadable"}})"),
                         attributes(1));
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"timeUnixNano":"-5","timestamp_fault":"unreadable"}})"), attributes(2));
    CPPUNIT_ASSERT_EQUAL(std::string(), attributes(3));
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"severityNumber":"99"}})"), attributes(4));
  }

  void otlpTellsWhatItRejected() {
    Logs logs(describe);
    logs.as("org-1").mediaType("application/json").send("otlp", R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[
      {"attributes":[{"key":"organizationId","value":{"stringValue":"org-2"}}]},{"body":{"stringValue":"kept"}}]}]}]})");
    logs.thenRecordCount(1)
        .thenRejects({{0, "bound to"}})
        .thenResponds(
            200,
            R"({"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"log record 0: organizationId: the key is bound to \"org-1\", found \"org-2\""}})");
    std::string nested;
    for (int i = 0; i < 30; ++i) nested += R"({"arrayValue":{"values":[)";
    for (int i = 0; i < 30; ++i) nested += "]}}";
    Logs(describe)
        .mediaType("application/json")
        .send("otlp", R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":)" + nested + R"(},{}]}]}]})")
        .thenRecordCount(1)
        .thenRejects({{0, "24 levels"}});
  }

  void otlpThatIsCutOffIsRefused() {
    const std::string whole = otlpProtobuf();
    for (std::size_t size = 1; size < whole.size(); ++size) {
      Logs logs(describe);
      logs.mediaType("application/x-protobuf").send("otlp", whole.substr(0, size));
      if (!logs.status().isOk())
        logs.thenRefused(Code::kInvalidArgument, "malformed_protobuf", "ExportLogsServiceRequest");
    }
    Logs(describe)
        .mediaType("application/json")
        .send("otlp", R"({"resourceLogs":[{)")
        .thenRefused(Code::kInvalidArgument, "malformed_json");
    Logs(describe)
        .mediaType("application/json")
        .send("otlp", R"({"resourceLogs":7})")
        .thenRefused(Code::kInvalidArgument, "", "resourceLogs");
    Logs(describe)
        .mediaType("text/plain")
        .send("otlp", "{}")
        .thenRefused(Code::kInvalidArgument, "", "found \"text/plain\"");
    Logs(describe).mediaType("application/json").send("otlp", "{}").thenRecordCount(0).thenResponds(200, "{}");
  }

  void lokiIsOneRecordInBothForms() {
    Logs as_json(describe), as_protobuf(describe);
    as_json.mediaType("application/json")
        .send("loki", R"({"streams":[{"stream":{"app":"api","level":"error","path":"C:\\logs \"x\""},
                          "values":[["1703000000005000000","a line",{"trace_id":"abc"}]]}]})")
        .thenResponds(204, "")
        .thenRecordCount(1);
    as_protobuf.mediaType("application/x-protobuf")
        .send("loki", lokiProtobuf())
        .thenResponds(204, "")
        .thenRecordCount(1);
    CPPUNIT_ASSERT_EQUAL(as_json.records().front().record, as_protobuf.records().front().record);
    as_protobuf.send("loki", packed(lokiProtobuf())).thenResponds(204, "").thenRecordCount(1);
    CPPUNIT_ASSERT_EQUAL(as_json.records().front().record, as_protobuf.records().front().record);
    std::string rest = as_json.records().front().record;
    rest.erase(rest.find(",\"pattern\":\""), 25);
    CPPUNIT_ASSERT_EQUAL(
        test::canonicalJson(
            R"({"@timestamp":"2023-12-19T15:33:20.005Z","severity":17,"level":"error","message":"a line","service":"api",
          "trace_id":"abc","resource":{"path":"C:\\logs \"x\""}})"),
        test::canonicalJson(rest));
  }

  void lokiRejectsALineAlone() {
    Logs(describe)
        .mediaType("application/json")
        .send(
            "loki",
            R"({"streams":[{"stream":{},"values":[["1703000000000000000","a"],["1703000000000000000"],[1,"b"],["x","c"]]}]})")
        .thenRecordCount(2)
        .thenRejects({{1, "expected [\"nanoseconds\", \"line\"]"}, {2, "found [1,\"b\"]"}});
  }

  void lokiThatIsNoneIsRefused() {
    const std::string whole = lokiProtobuf();
    for (std::size_t size = 1; size < whole.size(); ++size) {
      Logs logs(describe);
      logs.mediaType("application/x-protobuf").send("loki", whole.substr(0, size));
      if (!logs.status().isOk()) logs.thenRefused(Code::kInvalidArgument);
    }
    Logs(describe)
        .mediaType("application/json")
        .send("loki", R"({"streams":{}})")
        .thenRefused(Code::kInvalidArgument, "", "streams");
  }

  void labelsAreRead() {
    const auto labels = parseLabels(R"({a="b", c = "d\"\\\n" ,e=""})");
    CPPUNIT_ASSERT(labels.isOk());
    CPPUNIT_ASSERT(*labels == (Labels{{"a", "b"}, {"c", "d\"\\\n"}, {"e", ""}}));
    CPPUNIT_ASSERT(parseLabels("{}").isOk());
    for (const char* const text :
         {"", "{", "a=\"b\"", "{a=b}", "{a=\"b}", "{a=\"b\"} x", "{a=\"b\" c=\"d\"}", "{=\"b\"}"})
      CPPUNIT_ASSERT_MESSAGE(text, !parseLabels(text).isOk());
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(LogsProtocolsTest);

}  // namespace gyre::logs
