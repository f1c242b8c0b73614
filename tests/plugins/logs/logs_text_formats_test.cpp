// Syslog and lines of files: what do they say, however loosely they are written?
#include <cppunit/extensions/HelperMacros.h>

#include <string>

#include "gyre/stream_test.hpp"
#include "gyre/time.hpp"
#include "plugins/logs/queries.hpp"

namespace gyre::logs {

namespace {

using Logs = test::StreamScenario;

std::string withoutPattern(std::string record) {
  if (const std::size_t at = record.find(",\"pattern\":\""); at != std::string::npos) record.erase(at, 25);
  return test::canonicalJson(record);
}

// One syslog message, and the record without its pattern.
void expect(const std::string& message, const std::string& record) {
  Logs logs(describe);
  logs.send("syslog", message).thenRecordCount(1).thenRejects({});
  CPPUNIT_ASSERT_EQUAL_MESSAGE(message, test::canonicalJson(record), withoutPattern(logs.records().front().record));
}

}  // namespace

class LogsTextFormatsTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(LogsTextFormatsTest);
  CPPUNIT_TEST(modernSyslog);
  CPPUNIT_TEST(looseSyslog);
  CPPUNIT_TEST(yearsAreInferred);
  CPPUNIT_TEST(anythingElseIsAMessage);
  CPPUNIT_TEST(accessLogs);
  CPPUNIT_TEST(log4jLines);
  CPPUNIT_TEST(linesThatGoOn);
  CPPUNIT_TEST_SUITE_END();

  void modernSyslog() {
    // The examples of RFC 5424, 6.5.
    expect(
        "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \xef\xbb\xbf'su root' failed for lonvick on "
        "/dev/pts/8",
        R"({"@timestamp":"2003-10-11T22:14:15.003Z","severity":18,"level":"error","severity_text":"crit",
               "message":"'su root' failed for lonvick on /dev/pts/8","service":"su","host":"mymachine.example.com",
               "attributes":{"msgid":"ID47","facility":"auth"}})");
    expect(
        "<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time to make the do-nuts.",
        R"({"@timestamp":"2003-08-24T12:14:15.000Z","nanoseconds":3000,"severity":10,"level":"info","severity_text":"notice",
               "message":"%% It's time to make the do-nuts.","service":"myproc","host":"192.0.2.1",
               "attributes":{"procid":"8710","facility":"local4"}})");
    expect(
        R"(<165>1 2003-10-11T22:14:15.003Z h evntslog - ID47 [exampleSDID@32473 iut="3" eventID="10\"11\]"][x@1] An event)",
        R"({"@timestamp":"2003-10-11T22:14:15.003Z","severity":10,"level":"info","severity_text":"notice","message":"An event",
               "service":"evntslog","host":"h","attributes":{"exampleSDID@32473.iut":"3","exampleSDID@32473.eventID":"10\"11]",
               "x@1":"","msgid":"ID47","facility":"local4"}})");
    // All nil: the host is the sender, the time that of arrival.
    expect(
        "<14>1 - - - - - -",
        R"({"@timestamp":"2024-01-01T00:00:00.000Z","severity":9,"level":"info","host":"127.0.0.1","attributes":{"facility":"user"}})");
  }

  void looseSyslog() {
    expect(
        "<34>Dec 31 22:14:15 mymachine su[42]: 'su root' failed",
        R"({"@timestamp":"2023-12-31T22:14:15.000Z","severity":18,"level":"error","severity_text":"crit","message":"'su root' failed",
               "service":"su","host":"mymachine","attributes":{"procid":"42","facility":"auth"}})");
    expect(
        "<13>Dec  1 01:02:03 logger: no host",
        R"({"@timestamp":"2023-12-01T01:02:03.000Z","severity":10,"level":"info","severity_text":"notice","message":"no host",
               "service":"logger","host":"127.0.0.1","attributes":{"facility":"user"}})");
    expect(
        "<30>2023-12-31T22:14:15.5+01:00 h systemd[1]: Started x.",
        R"({"@timestamp":"2023-12-31T21:14:15.500Z","severity":9,"level":"info","message":"Started x.","service":"systemd","host":"h",
               "attributes":{"procid":"1","facility":"daemon"}})");
    // Cisco: a clock that is not set, with a year.
    expect(
        "<189>*Dec 30 2023 10:00:00.123: %SYS-5-CONFIG_I: Configured",
        R"({"@timestamp":"2023-12-30T10:00:00.123Z","severity":10,"level":"info","severity_text":"notice","message":"%SYS-5-CONFIG_I: Configured",
               "host":"127.0.0.1","attributes":{"facility":"local7"}})");
    // Without a priority, as in files.
    expect("Dec 31 22:14:15 h kernel: up",
           R"({"@timestamp":"2023-12-31T22:14:15.000Z","message":"up","service":"kernel","host":"h"})");
  }

  void yearsAreInferred() {
    const struct {
      const char* time;
      const char* now;
      const char* read;
    } kTimes[] = {{"Dec 31 23:59:59", "2024-01-01T00:00:00Z", "2023-12-31T23:59:59.000Z"},
                  {"Jan  1 00:00:01", "2023-12-31T23:59:59Z", "2024-01-01T00:00:01.000Z"},
                  {"Jan  3 00:00:00", "2024-01-01T00:00:00Z", "2023-01-03T00:00:00.000Z"},
                  {"Feb 29 12:00:00", "2024-01-01T00:00:00Z", "2020-02-29T12:00:00.000Z"},
                  {"Feb 29 12:00:00", "2024-03-01T00:00:00Z", "2024-02-29T12:00:00.000Z"}};
    for (const auto& time : kTimes) {
      Logs logs(describe);
      logs.at(*parseTime(time.now)).send("syslog", std::string("<13>") + time.time + " h a: m").thenRecordCount(1);
      CPPUNIT_ASSERT_EQUAL_MESSAGE(std::string(time.time) + " at " + time.now, *parseTime(time.read),
                                   logs.records().front().time_millis);
    }
  }

  void anythingElseIsAMessage() {
    for (const char* const text :
         {"plain words", "<999>x", "<", "<34>", "<34>1 ", "<34>1 yesterday h a - - - m", "<34>1 - h a - - [x m",
          "<34>Foo 99 99:99:99 h m", "\x01\x02", "<34>1 2003-10-11T22:14:15.003Z h a - - [x y=z] m"}) {
      Logs logs(describe);
      logs.send("syslog", text).thenRecordCount(1).thenRejects({});
    }
    expect("caf\xe9", R"({"@timestamp":"2024-01-01T00:00:00.000Z","message":"caf\\xE9","host":"127.0.0.1"})");
  }

  void accessLogs() {
    Logs logs(describe);
    const std::string line =
        R"x(83.149.9.216 - frank [17/May/2015:10:05:03 +0000] "GET /a\"b HTTP/1.1" 404 - "http://x/" "Mozilla/5.0 (X11)")x";
    logs.send("access", line +
                            "\nnonsense\n"
                            R"(::1 - - [17/May/2015:12:05:03 +0200] "GET / HTTP/1.0" 200 42)"
                            "\n")
        .thenRejects({{1, "access log"}})
        .thenRecordCount(2);
    std::string quoted;
    JsonWriter(quoted).string(line);
    CPPUNIT_ASSERT_EQUAL(
        test::canonicalJson(R"({"@timestamp":"2015-05-17T10:05:03.000Z","severity":13,"level":"warn","message":)" +
                            quoted +
                            R"x(,"client":"83.149.9.216","request":"GET /a\"b HTTP/1.1","status":404,
        "attributes":{"user":"frank","referrer":"http://x/","user_agent":"Mozilla/5.0 (X11)"}})x"),
        withoutPattern(logs.records()[0].record));
    CPPUNIT_ASSERT_EQUAL(*parseTime("2015-05-17T10:05:03Z"), logs.records()[1].time_millis);
    CPPUNIT_ASSERT(logs.records()[1].record.find(R"("status":200,"bytes":42)") != std::string::npos);
  }

  void log4jLines() {
    const struct {
      const char* line;
      const char* record;
    } kLines[] = {
        {"[2016-12-20 00:00:36,888] INFO Deleting segment 912806 from log test-1. (kafka.log.Log)",
         R"("severity":9,"level":"info","message":"Deleting segment 912806 from log test-1.","logger":"kafka.log.Log"})"},
        {"2016-12-20 00:00:36.888  WARN 17 --- [main] c.e.App   : it is (late)",
         R"x("severity":13,"level":"warn","message":"it is (late)","logger":"c.e.App","attributes":{"thread":"main","procid":"17"}})x"},
        {"2016-12-20 00:00:36,888 [pool-1] ERROR c.e.App - broke: badly",
         R"("severity":17,"level":"error","message":"broke: badly","logger":"c.e.App","attributes":{"thread":"pool-1"}})"},
        {"2016-12-20T00:00:36.888Z DEBUG plain", R"("severity":5,"level":"debug","message":"plain"})"},
    };
    for (const auto& line : kLines) {
      Logs logs(describe);
      logs.send("log4j", line.line).thenRejects({}).thenRecordCount(1);
      CPPUNIT_ASSERT_EQUAL_MESSAGE(
          line.line, test::canonicalJson(R"({"@timestamp":"2016-12-20T00:00:36.888Z",)" + std::string(line.record)),
          withoutPattern(logs.records().front().record));
    }
  }

  void linesThatGoOn() {
    Logs logs(describe);
    logs.send("log4j",
              "\tat nowhere\n[2016-12-20 00:00:36,888] ERROR broke (k.A)\njava.lang.Error: x\n\tat k.A.b(A.java:1)\n\n"
              "[2016-12-20 00:00:37,000] TRACE on\r\n")
        .thenRejects({{0, "no record began before"}})
        .thenRecordCount(2);
    CPPUNIT_ASSERT_EQUAL(test::canonicalJson(R"x({"@timestamp":"2016-12-20T00:00:36.888Z","severity":17,"level":"error",
        "message":"broke\njava.lang.Error: x\n\tat k.A.b(A.java:1)","logger":"k.A"})x"),
                         withoutPattern(logs.records()[0].record));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, logs.records()[0].position);
    // A record that never ends is cut.
    std::string endless = "[2016-12-20 00:00:36,888] ERROR broke (k.A)\n";
    for (int i = 0; i < 30; ++i) endless += std::string(100'000, 'x') + "\n";
    logs.send("log4j", endless).thenRecordCount(3);
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(LogsTextFormatsTest);

}  // namespace gyre::logs
