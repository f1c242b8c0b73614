// Is a JSON object, by whatever names its sender uses, the record that it means; and is nothing of it lost?
#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <string>

#include "gyre/stream_test.hpp"
#include "plugins/logs/names.hpp"
#include "plugins/logs/queries.hpp"
#include "plugins/logs/severity.hpp"
#include "plugins/logs/text.hpp"

namespace gyre::logs {

namespace {

using Logs = test::StreamScenario;
constexpr std::int64_t kArrival = Logs::kStart;  // 2024-01-01T00:00:00Z

// The record that one document becomes, with its pattern left out: that is another test's.
std::string recordOf(Logs& logs, std::string document) {
  std::replace(document.begin(), document.end(), '\n', ' ');  // one line, however it stands here
  logs.send("document", document);
  logs.thenRecordCount(1);
  std::string record = logs.records().front().record;
  if (const std::size_t at = record.find(",\"pattern\":\""); at != std::string::npos)
    if (record[at + 24] == '"') record.erase(at, 25);
  return test::canonicalJson(record);
}

void expect(const std::string& document, const std::string& record) {
  Logs logs(describe);
  CPPUNIT_ASSERT_EQUAL_MESSAGE(document, test::canonicalJson(record), recordOf(logs, document));
}

}  // namespace

class LogsDocumentTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(LogsDocumentTest);
  CPPUNIT_TEST(plainRecordIsKeptAsItIs);
  CPPUNIT_TEST(sendersNamesAreKnown);
  CPPUNIT_TEST(flatAndParsedDocumentsAreOneRecord);
  CPPUNIT_TEST(everyOtherMemberIsAnAttribute);
  CPPUNIT_TEST(levelsOfEverySenderAreNormalised);
  CPPUNIT_TEST(timesOfEverySenderAreRead);
  CPPUNIT_TEST(impossibleTimesAreThoseOfArrival);
  CPPUNIT_TEST(whatIsTooMuchToIndexIsKept);
  CPPUNIT_TEST(invalidUtf8IsShown);
  CPPUNIT_TEST(badLinesAreRejectedAlone);
  CPPUNIT_TEST(organisationOfTheKeyCounts);
  CPPUNIT_TEST(ownRecordsComeBackAsTheyWere);
  CPPUNIT_TEST(patternsMaskWhatChanges);
  CPPUNIT_TEST(appendTakesAllOrNone);
  CPPUNIT_TEST_SUITE_END();

  void plainRecordIsKeptAsItIs() {
    Logs(describe)
        .send(
            "document",
            R"({"@timestamp":"2024-01-01T00:00:00.123Z","level":"INFO","message":"hello","service":"api","host":"h1"})"
            "\n\n"
            R"({"message":"later"})")
        .thenRecords(
            {{0, kArrival + 123,
              R"({"@timestamp":"2024-01-01T00:00:00.123Z","severity":9,"level":"info","message":"hello",
                           "pattern":")" +
                  patternOfHello() + R"(","service":"api","host":"h1"})"},
             {2, kArrival,
              R"({"@timestamp":"2024-01-01T00:00:00.000Z","message":"later","pattern":")" + idOf("later") + "\"}"}})
        .thenRejects({});
  }

  void sendersNamesAreKnown() {
    const std::string time = R"("@timestamp":"2024-01-01T00:00:00.000Z")";
    // ECS
    expect(
        R"({"@timestamp":"2024-01-01T00:00:00Z","log":{"level":"error","logger":"c.e.A","file":{"path":"/x"}},"message":"m",
             "service":{"name":"api","version":"1"},"host":{"name":"h","ip":["::1"]},"trace":{"id":"t"},"span":{"id":"s"}})",
        "{" + time +
            R"(,"severity":17,"level":"error","message":"m","service":"api","host":"h","logger":"c.e.A","trace_id":"t",
             "span_id":"s","attributes":{"log":{"file":{"path":"/x"}},"service":{"version":"1"},"host":{"ip":["::1"]}}})");
    // The same with dots.
    expect(
        R"({"@timestamp":"2024-01-01T00:00:00Z","log.level":"error","host.name":"h","service.name":"api","http.response.status_code":404})",
        "{" + time + R"(,"severity":17,"level":"error","service":"api","host":"h","status":404})");
    // rsyslog
    expect(
        R"({"timereported":"2024-01-01T00:00:00+00:00","msg":"m","hostname":"h","syslogseverity":"3","syslogtag":"sshd[42]:","facility":"auth"})",
        "{" + time + R"(,"severity":17,"level":"error","message":"m","service":"sshd","host":"h",
             "attributes":{"syslogtag":"sshd[42]:","facility":"auth"}})");
    // syslog-ng
    expect(R"({"PROGRAM":"cron","PRIORITY":"err","MESSAGE":"m","HOST":"h","ISODATE":"2024-01-01T00:00:00+00:00"})",
           "{" + time +
               R"(,"severity":17,"level":"error","severity_text":"err","message":"m","service":"cron","host":"h"})");
    // journald by Fluent Bit
    expect(R"({"PRIORITY":"4","MESSAGE":"m","SYSLOG_IDENTIFIER":"sshd","_HOSTNAME":"h"})",
           "{" + time + R"(,"severity":13,"level":"warn","message":"m","service":"sshd","host":"h"})");
    // Docker by Fluent Bit
    expect(R"({"log":"line\n","stream":"stderr","time":"2024-01-01T00:00:00.5Z"})",
           R"({"@timestamp":"2024-01-01T00:00:00.500Z","message":"line","attributes":{"stream":"stderr"}})");
    // Serilog
    expect(
        R"({"@t":"2024-01-01T00:00:00Z","@m":"m","@l":"Warning","SourceContext":"A.B","@tr":"t"})",
        "{" + time +
            R"(,"severity":13,"level":"warn","severity_text":"Warning","message":"m","logger":"A.B","trace_id":"t"})");
    // pino and GELF
    expect(R"({"level":30,"time":1704067200000,"msg":"m","hostname":"h"})",
           "{" + time + R"(,"severity":9,"level":"info","severity_text":"30","message":"m","host":"h"})");
    expect(R"({"level":3,"timestamp":1704067200.0,"short_message":"m"})",
           "{" + time + R"(,"severity":17,"level":"error","severity_text":"3","message":"m"})");
    // Telegraf: the fields under the measurement's name, tags beside them
    expect(
        R"({"@timestamp":"2024-01-01T00:00:00Z","measurement_name":"tail","tag":{"host":"h","path":"/x"},"tail":{"value":"m"}})",
        "{" + time + R"(,"message":"m","host":"h","attributes":{"measurement_name":"tail","tag":{"path":"/x"}}})");
    expect(
        R"({"@timestamp":"2024-01-01T00:00:00Z","measurement_name":"syslog","tag":{"appname":"sshd","host":"relay","hostname":"h",
             "severity":"err","facility":"auth"},"syslog":{"message":"m","severity_code":3,"procid":"7"}})",
        "{" + time + R"(,"severity":17,"level":"error","severity_text":"err","message":"m","service":"sshd","host":"h",
             "attributes":{"measurement_name":"syslog","tag":{"host":"relay","facility":"auth"},"syslog":{"procid":"7"}}})");
    // OpenTelemetry's own names
    expect(
        R"({"Timestamp":"1704067200000000000","SeverityNumber":10,"SeverityText":"Notice","Body":"m","TraceId":"T","Attributes":{"a":1},"Resource":{"service.name":"x"}})",
        "{" + time +
            R"(,"severity":10,"level":"info","severity_text":"Notice","message":"m","trace_id":"T","resource":{"service.name":"x"},"attributes":{"a":1}})");
  }

  // Escapes, nested members and names that come twice take the slow way; what they mean is the same.
  void flatAndParsedDocumentsAreOneRecord() {
    for (
        const std::string& document :
        {std::string(
             R"({"@timestamp":"2024-01-01T00:00:00Z","level":"WARN","message":"a \"b\" c","n":1,"x":"y","t":true,"z":null})"),
         std::string(R"({"severity":"6","message":"tab\there","status":"200","bytes":"-","response":"x"})"),
         std::string(R"( { "msg" : "spaces" , "host" : "h" } )"), std::string("{}")}) {
      Logs flat(describe), parsed(describe);
      const std::size_t brace = document.rfind('}');
      const std::string comma = document == "{}" ? "" : ",";
      const std::string nested = document.substr(0, brace) + comma + R"("nested":{}})";
      std::string expected = recordOf(flat, document);
      const std::string found = recordOf(parsed, nested);
      CPPUNIT_ASSERT_MESSAGE(found, found.find(R"("nested":{})") != std::string::npos);
      std::string without = found;
      for (const char* const text :
           {R"(,"nested":{})", R"("nested":{},)", R"("attributes":{"nested":{}},)", R"(,"attributes":{"nested":{}})"})
        if (const std::size_t at = without.find(text); at != std::string::npos)
          without.erase(at, std::string(text).size());
      CPPUNIT_ASSERT_EQUAL_MESSAGE(document, expected, without);
    }
  }

  void everyOtherMemberIsAnAttribute() {
    expect(
        R"({"message":"m","user":{"id":7,"tags":["a","b"]},"attributes":{"user":"x","k":1},"k":2,"status":"ok","bytes":-1,"host":["a"]})",
        R"({"@timestamp":"2024-01-01T00:00:00.000Z","message":"m",
             "attributes":{"user":"x","k":1,"user#2":{"id":7,"tags":["a","b"]},"k#2":2,"status":"ok","bytes":-1,"host":["a"]}})");
    // Two names of one field: the better known one counts.
    expect(R"({"msg":"second","message":"first"})",
           R"({"@timestamp":"2024-01-01T00:00:00.000Z","message":"first","attributes":{"msg":"second"}})");
    // Names that we write ourselves are the sender's when it is no record of ours.
    expect(R"({"sequence":7,"pattern":"a.*"})",
           R"({"@timestamp":"2024-01-01T00:00:00.000Z","attributes":{"sequence":7,"pattern":"a.*"}})");
    CPPUNIT_ASSERT(fieldOf("log.level").field == Field::kLevel);
    CPPUNIT_ASSERT(fieldOf("nothing").field == Field::kNone);
    CPPUNIT_ASSERT(fieldOf("").field == Field::kNone);
  }

  void levelsOfEverySenderAreNormalised() {
    const struct {
      const char* text;
      int severity;
    } kWords[] = {{"WARNING", 13}, {"err", 17},   {"I", 9},       {"Information", 9}, {"SEVERE", 17}, {"emerg", 21},
                  {"debug3", 7},   {"[INFO]", 9}, {"notice", 10}, {"Verbose", 1},     {"loud", 0},    {"", 0}};
    for (const auto& word : kWords) CPPUNIT_ASSERT_EQUAL_MESSAGE(word.text, word.severity, severityOfText(word.text));
    for (int severity = 1; severity <= 24; ++severity)
      CPPUNIT_ASSERT_EQUAL((severity - 1) / 4, (severityOfText(levelOf(severity)) - 1) / 4);
    CPPUNIT_ASSERT_EQUAL(0, severityOfSyslog(8));
    CPPUNIT_ASSERT_EQUAL(0, severityOfLevelNumber(35));
    // An unknown word is kept.
    expect(R"({"level":"loud"})", R"({"@timestamp":"2024-01-01T00:00:00.000Z","severity_text":"loud"})");
  }

  void timesOfEverySenderAreRead() {
    const struct {
      const char* text;
      std::int64_t millis;
    } kTimes[] = {
        {R"("2024-01-01T01:00:00+01:00")", kArrival},
        {R"("2024-01-01 00:00:00,250")", kArrival + 250},
        {R"("2024-01-01T00:00:00.25Z")", kArrival + 250},
        {R"("2024/01/01 00:00:00")", kArrival},
        {R"("01/Jan/2024:01:00:00 +0100")", kArrival},
        {R"("2023-12-31T20:00:00-0400")", kArrival},
        {R"("2024-01-01")", kArrival},
        {R"("2024-01-01T00:00:00 UTC")", kArrival},
        {"1704067200", kArrival},
        {"1704067200.5", kArrival + 500},
        {"1704067200250", kArrival + 250},
        {"1704067200250000", kArrival + 250},
        {R"("1704067200250000000")", kArrival + 250},
        {"1.7040672E9", kArrival},
    };
    for (const auto& time : kTimes) {
      Logs logs(describe);
      logs.send("document", std::string(R"({"@timestamp":)") + time.text + "}").thenRecordCount(1);
      CPPUNIT_ASSERT_EQUAL_MESSAGE(time.text, time.millis, logs.records().front().time_millis);
      CPPUNIT_ASSERT_MESSAGE(time.text, logs.records().front().record.find("fault") == std::string::npos);
    }
    expect(R"({"@timestamp":"2024-01-01T00:00:00.000123456Z"})",
           R"({"@timestamp":"2024-01-01T00:00:00.000Z","nanoseconds":123456})");
  }

  void impossibleTimesAreThoseOfArrival() {
    const struct {
      const char* text;
      const char* fault;
    } kTimes[] = {{R"("0000-01-01T00:00:00Z")", "out_of_range"},
                  {R"("30000-01-01T00:00:00Z")", "out_of_range"},
                  {R"("2024-01-09T00:00:00Z")", "out_of_range"},
                  {R"("9999-12-31T23:59:59Z")", "out_of_range"},
                  {R"("1969-12-31T00:00:00Z")", "out_of_range"},
                  {R"("yesterday")", "unreadable"},
                  {R"("2024-02-30T00:00:00Z")", "unreadable"},
                  {R"("")", "unreadable"},
                  {"-62167219200", "unreadable"},
                  {"0", "unreadable"},
                  {"1e300", "unreadable"}};
    for (const auto& time : kTimes)
      expect(std::string(R"({"@timestamp":)") + time.text + "}",
             std::string(R"({"@timestamp":"2024-01-01T00:00:00.000Z","attributes":{"@timestamp":)") + time.text +
                 R"(,"timestamp_fault":")" + time.fault + "\"}}");
    Logs logs(describe);
    logs.configured(R"({"future_days":30})");
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"@timestamp":"2024-01-09T00:00:00.000Z"})"),
                         recordOf(logs, R"({"@timestamp":"2024-01-09T00:00:00Z"})"));
    logs.configured(R"({"future_days":7})");
  }

  void whatIsTooMuchToIndexIsKept() {
    const std::string large(9000, 'x');
    expect(
        R"({"message":"m","large":")" + large + R"(","small":1})",
        R"({"@timestamp":"2024-01-01T00:00:00.000Z","message":"m","attributes":{"small":1},"unindexed":{"attributes":{"large":")" +
            large + "\"}}}");
    // A megabyte of message is a message.
    Logs logs(describe);
    logs.send("document", R"({"message":")" + std::string(1'000'000, 'y') + "\"}").thenRecordCount(1).thenRejects({});
    // The thousandth name is indexed, the others are kept.
    std::string many = "{\"message\":\"m\"";
    for (int i = 0; i < 1200; ++i) many += ",\"k" + std::to_string(i) + "\":" + std::to_string(i);
    logs.send("document", many + "}").thenRecordCount(1);
    const auto document = json::Document::parse(logs.records().front().record);
    CPPUNIT_ASSERT(document.isOk());
    CPPUNIT_ASSERT_EQUAL(1000u, document->root()["attributes"].size());
    CPPUNIT_ASSERT_EQUAL(200u, document->root()["unindexed"]["attributes"].size());
    // Deeper than an index reads.
    std::string deep;
    for (int i = 0; i < 61; ++i) deep += "{\"a\":";
    logs.send("document", deep + "1" + std::string(61, '}')).thenRejects({{0, "more than 60 levels"}});
  }

  void invalidUtf8IsShown() {
    expect("{\"message\":\"a\xff\xc3(b\xe2\x82\",\"k\":\"\xc3\xa9\"}",
           R"({"@timestamp":"2024-01-01T00:00:00.000Z","message":"a\\xFF\\xC3(b\\xE2\\x82","attributes":{"k":"é"}})");
  }

  void badLinesAreRejectedAlone() {
    Logs(describe)
        .send("document",
              "{\"message\":\"one\"}\nno json\n[1]\n{\"a\":1,\"a\":2}\n{\"message\":\"two\"}\n{\"message\":\"cut o")
        .thenRecordCount(2)
        .thenRejects({{1, "malformed JSON"},
                      {2, "expected a JSON object, found an array"},
                      {3, "duplicate member"},
                      {5, "malformed JSON"}});
    Logs(describe).send("document", "").thenRecordCount(0).thenRejects({});
  }

  void organisationOfTheKeyCounts() {
    Logs logs(describe);
    logs.as("org-1").send("document",
                          "{\"organizationId\":\"org-2\"}\n{\"organizationId\":\"org-1\"}\n{\"message\":\"m\"}");
    logs.thenRecordCount(2).thenRejects({{0, "the key is bound to \"org-1\", found \"org-2\""}});
    CPPUNIT_ASSERT(logs.records()[1].record.find(R"("organizationId":"org-1")") != std::string::npos);
  }

  void ownRecordsComeBackAsTheyWere() {
    Logs logs(describe);
    logs.send("document",
              R"({"@timestamp":"2024-01-01T00:00:00.000123Z","level":"Warning","message":"m 1","foo":{"a.b":[1,"x"]},
      "bar":null,"status":500,"observed":"2024-01-01T00:00:01Z","resource":{"r":1}})"
              "\n");
    logs.send(
        "document",
        R"({"@timestamp":"2024-01-01T00:00:00.000123Z","level":"Warning","message":"m 1","foo":{"a.b":[1,"x"]},"bar":null,"status":500,"observed":"2024-01-01T00:00:01Z","resource":{"r":1}})");
    logs.thenRecordCount(1);
    std::string first = logs.records().front().record;
    const std::string stored = first.substr(0, first.size() - 1) + ",\"sequence\":17}";
    Logs again(describe);
    again.send("document", stored).thenRecordCount(1);
    CPPUNIT_ASSERT_EQUAL(test::canonicalJson(first), test::canonicalJson(again.records().front().record));
  }

  void patternsMaskWhatChanges() {
    const struct {
      const char* message;
      const char* pattern;
    } kPatterns[] = {
        {"user u17 took 12.5 ms from 10.0.0.1:80", "user <*> took <*> ms from <*>"},
        {"trace 9f86d081884c7d65 done", "trace <*> done"},
        {"id 550e8400-e29b-41d4-a716-446655440000 gone", "id <*> gone"},
        {"file \"a b.txt\" isn't 'here'", "file \"<*>\" isn't '<*>'"},
        {"2024-01-01T00:00:00.000Z start", "<*> start"},
        {"first line 1\nsecond line", "first line <*>"},
        {"no change at all", "no change at all"},
        {"", ""},
        {"GET /api/v1/orders/42?x=1", "GET /api/<*>/orders/<*>?x=<*>"},
    };
    for (const auto& pattern : kPatterns)
      CPPUNIT_ASSERT_EQUAL_MESSAGE(pattern.message, std::string(pattern.pattern), patternOf(pattern.message));
    CPPUNIT_ASSERT_EQUAL(idOf("user u1 took 7 ms"), idOf("user u99999 took 1234 ms"));
    CPPUNIT_ASSERT(idOf("user u1 took 7 ms") != idOf("user u1 lost 7 ms"));
    // However the text came.
    Logs logs(describe);
    logs.send("document", R"({"message":"say \"x1\" twice"})"
                          "\n"
                          R"({"message":"say \u0022x2\u0022 twice"})"
                          "\n"
                          R"({"message":"say \"x\" twice","o":{}})");
    const auto records = logs.records();
    CPPUNIT_ASSERT_EQUAL(std::size_t{3}, records.size());
  }

  void appendTakesAllOrNone() {
    Logs(describe)
        .when("AppendLogs",
              R"({"organizationId":"org-1","records":[{"message":"a"},{"message":"b","organizationId":"org-2"}]})")
        .thenRecords({{0, kArrival,
                       R"({"@timestamp":"2024-01-01T00:00:00.000Z","message":"a","pattern":")" + idOf("a") +
                           R"(","organizationId":"org-1"})"},
                      {1, kArrival,
                       R"({"@timestamp":"2024-01-01T00:00:00.000Z","message":"b","pattern":")" + idOf("b") +
                           R"(","organizationId":"org-2"})"}});
    Logs(describe)
        .when("AppendLogs", R"({"records":[{"message":"a"},7]})")
        .thenRefused(Code::kInvalidArgument, "invalid_argument", "/records/1");
    Logs(describe)
        .when("AppendLogs", R"({"recrods":[]})")
        .thenRefused(Code::kInvalidArgument, "invalid_argument", "did you mean \"records\"");
    Logs(describe)
        .as("org-1")
        .when("AppendLogs", R"({"records":[{"organizationId":"org-2"}]})")
        .thenRefused(Code::kPermissionDenied);
  }

 private:
  static std::string idOf(std::string_view message) {
    char id[kPatternIdSize];
    writePatternId(message, id);
    return {id, kPatternIdSize};
  }
  static std::string patternOfHello() { return idOf("hello"); }
};

CPPUNIT_TEST_SUITE_REGISTRATION(LogsDocumentTest);

}  // namespace gyre::logs
