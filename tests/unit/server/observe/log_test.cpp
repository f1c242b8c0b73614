#include "server/observe/log.hpp"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "gyre/json.hpp"

namespace gyre::observe {

namespace {

using base::Level;

std::string lineOf(LineFormat format, std::string_view part, std::string_view message) {
  std::string line;
  appendLine(line, format, 1'709'208'000'123, Level::kWarning, part, message);
  return line;
}

}  // namespace

class LogTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(LogTest);
  CPPUNIT_TEST(textLinesLookLikeThis);
  CPPUNIT_TEST(jsonLinesLookLikeThis);
  CPPUNIT_TEST(aMessageCannotForgeALine);
  CPPUNIT_TEST(brokenUtf8IsReplaced);
  CPPUNIT_TEST(wellFormedUtf8StaysAsItIs);
  CPPUNIT_TEST(onlyListenedLevelsAreWritten);
  CPPUNIT_TEST(messagesAreBuiltOnlyWhenListenedTo);
  CPPUNIT_TEST(levelAndFormatChangeWhileRunning);
  CPPUNIT_TEST(severalLogsDoNotMeet);
  CPPUNIT_TEST(threadsDoNotInterleaveLines);
  CPPUNIT_TEST(aBrokenStreamIsSurvived);
  CPPUNIT_TEST_SUITE_END();

 public:
  void textLinesLookLikeThis() {
    CPPUNIT_ASSERT_EQUAL(std::string("2024-02-29T12:00:00.123Z warning projector/payments: 3 refused"),
                         lineOf(LineFormat::kText, "projector/payments", "3 refused"));
  }

  void jsonLinesLookLikeThis() {
    CPPUNIT_ASSERT_EQUAL(
        std::string(R"({"time":"2024-02-29T12:00:00.123Z","level":"warning","part":"http","message":"a \"b\"\n"})"),
        lineOf(LineFormat::kJson, "http", "a \"b\"\n"));
  }

  void aMessageCannotForgeALine() {
    const std::string message("a\nb\r\tc\x1b[31m\x7f\xc2\x85z\0!", 17);
    CPPUNIT_ASSERT_EQUAL(std::string("2024-02-29T12:00:00.123Z warning x: a\\nb\\r\\tc\\x1b[31m\\x7f\\x85z\\x00!"),
                         lineOf(LineFormat::kText, "x", message));
    const std::string json = lineOf(LineFormat::kJson, "x\n", message);
    CPPUNIT_ASSERT_EQUAL(std::string::npos, json.find('\n'));
    const auto document = json::Document::parse(json);
    CPPUNIT_ASSERT(document.isOk());
    CPPUNIT_ASSERT_EQUAL(message, std::string(document->root()["message"].string()));
  }

  void brokenUtf8IsReplaced() {
    const std::string_view broken[] = {"\xff",
                                       "\xc3",
                                       "\xe2\x82",
                                       "\xc0\x80",
                                       "\xed\xa0\x80",
                                       "\xf4\x90\x80\x80",
                                       "\xf0\x80\x80\x80",
                                       "\xe0\x80\x80",
                                       "\x80",
                                       "\xf8\x88\x80\x80\x80"};
    for (const std::string_view bytes : broken) {
      const std::string json = lineOf(LineFormat::kJson, "x", "a" + std::string(bytes) + "b");
      const auto document = json::Document::parse(json);
      CPPUNIT_ASSERT_MESSAGE(json, document.isOk());
      const std::string_view message = document->root()["message"].string();
      CPPUNIT_ASSERT(message.starts_with("a\xef\xbf\xbd") && message.ends_with("b"));
    }
  }

  void wellFormedUtf8StaysAsItIs() {
    const std::string text = "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xef\xbf\xbf \xf4\x8f\xbf\xbf \xed\x9f\xbf";
    CPPUNIT_ASSERT(lineOf(LineFormat::kText, "x", text).ends_with(": " + text));
  }

  void onlyListenedLevelsAreWritten() {
    std::ostringstream out;
    Log log(Level::kWarning, LineFormat::kText, out, clock_);
    for (const Level level : {Level::kDebug, Level::kInformation, Level::kWarning, Level::kError}) {
      CPPUNIT_ASSERT_EQUAL(level >= Level::kWarning, log.isLogged(level));
      log.log(level, "x", levelName(level));
    }
    CPPUNIT_ASSERT_EQUAL(
        std::string("1970-01-01T00:00:00.000Z warning x: warning\n1970-01-01T00:00:00.000Z error x: error\n"),
        out.str());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, log.lineCount(Level::kDebug));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, log.lineCount(Level::kError));
  }

  void messagesAreBuiltOnlyWhenListenedTo() {
    std::ostringstream out;
    Log log(Level::kInformation, LineFormat::kText, out, clock_);
    int built = 0;
    const auto build = [&] {
      ++built;
      return std::string("built");
    };
    logLazily(log, Level::kDebug, "x", build);
    CPPUNIT_ASSERT_EQUAL(0, built);
    logLazily(log, Level::kError, "x", build);
    CPPUNIT_ASSERT_EQUAL(1, built);
    CPPUNIT_ASSERT(out.str().ends_with("error x: built\n"));
  }

  void levelAndFormatChangeWhileRunning() {
    std::ostringstream out;
    Log log(Level::kError, LineFormat::kText, out, clock_);
    log.log(Level::kDebug, "x", "unheard");
    log.setLevel(Level::kDebug);
    log.setFormat(LineFormat::kJson);
    log.log(Level::kDebug, "x", "heard");
    CPPUNIT_ASSERT_EQUAL(
        std::string(R"({"time":"1970-01-01T00:00:00.000Z","level":"debug","part":"x","message":"heard"})") + "\n",
        out.str());
  }

  void severalLogsDoNotMeet() {
    std::ostringstream first_out, second_out;
    Log first(Level::kDebug, LineFormat::kText, first_out, clock_);
    Log second(Level::kError, LineFormat::kText, second_out, clock_);
    first.log(Level::kDebug, "x", "one");
    second.log(Level::kError, "x", "two");
    CPPUNIT_ASSERT(first_out.str().ends_with("one\n") && second_out.str().ends_with("two\n"));
  }

  void threadsDoNotInterleaveLines() {
    std::ostringstream out;
    Log log(Level::kInformation, LineFormat::kJson, out, clock_);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&log, t] {
        for (int i = 0; i < 200; ++i) {
          log.setLevel(i % 2 == 0 ? Level::kInformation : Level::kDebug);
          log.log(Level::kError, "thread/" + std::to_string(t), std::string(100, static_cast<char>('a' + t)));
        }
      });
    for (std::thread& thread : threads) thread.join();
    std::istringstream lines(out.str());
    int count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
      const auto document = json::Document::parse(line);
      CPPUNIT_ASSERT_MESSAGE(line, document.isOk());
      const std::string_view message = document->root()["message"].string();
      CPPUNIT_ASSERT_EQUAL(std::size_t{100}, message.size());
      CPPUNIT_ASSERT(std::all_of(message.begin(), message.end(), [&](char c) { return c == message.front(); }));
    }
    CPPUNIT_ASSERT_EQUAL(800, count);
  }

  void aBrokenStreamIsSurvived() {
    std::ostringstream out;
    out.exceptions(std::ios::badbit | std::ios::failbit);
    Log log(Level::kInformation, LineFormat::kText, out, clock_);
    try {
      out.setstate(std::ios::badbit);
    } catch (const std::ios_base::failure&) {
      // From now on every write throws.
    }
    log.log(Level::kError, "x", "lost");
  }

 private:
  base::ManualClock clock_{0};
};
CPPUNIT_TEST_SUITE_REGISTRATION(LogTest);

}  // namespace gyre::observe
