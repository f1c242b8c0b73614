#include "base/clock.hpp"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <chrono>
#include <limits>
#include <random>
#include <string>

namespace gyre::base {

class ClockTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(ClockTest);
  CPPUNIT_TEST(knownTimesAreWritten);
  CPPUNIT_TEST(knownTimesAreRead);
  CPPUNIT_TEST(otherTextIsRefused);
  CPPUNIT_TEST(everyTimeReadsBack);
  CPPUNIT_TEST(everyDayHasTheLibrarysDate);
  CPPUNIT_TEST(theEndsOfTimeAreWritten);
  CPPUNIT_TEST(manualClockStandsStill);
  CPPUNIT_TEST(systemClockRuns);
  CPPUNIT_TEST_SUITE_END();

 public:
  void knownTimesAreWritten() {
    const std::pair<std::int64_t, std::string> cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {1'709'208'000'123, "2024-02-29T12:00:00.123Z"},
        {951'782'400'000, "2000-02-29T00:00:00.000Z"},
        {-2'203'891'200'000, "1900-03-01T00:00:00.000Z"},
        {253'402'300'799'999, "9999-12-31T23:59:59.999Z"},
        {253'402'300'800'000, "+10000-01-01T00:00:00.000Z"},
        {-62'167'219'200'000, "0000-01-01T00:00:00.000Z"},
        {-62'167'219'200'001, "-0001-12-31T23:59:59.999Z"},
    };
    for (const auto& [millis, expected] : cases) CPPUNIT_ASSERT_EQUAL(expected, formatTime(millis));
  }

  void knownTimesAreRead() {
    const std::pair<std::string_view, std::int64_t> cases[] = {
        {"1970-01-01", 0},
        {"1970-01-01T00:00:00Z", 0},
        {"2024-02-29T12:00:00.123Z", 1'709'208'000'123},
        {"2024-02-29t12:00:00.123z", 1'709'208'000'123},
        {"2024-02-29 12:00:00.123Z", 1'709'208'000'123},
        {"2024-02-29T14:00:00.123+02:00", 1'709'208'000'123},
        {"2024-02-29T06:30:00.123-05:30", 1'709'208'000'123},
        {"2024-02-29T12:00:00.123456789Z", 1'709'208'000'123},
        {"2024-02-29T12:00:00.1Z", 1'709'208'000'100},
        {"2024-02-29T12:00:00.0009Z", 1'709'208'000'000},
        {"2016-12-31T23:59:60Z", 1'483'228'799'999},
        {"1969-12-31T23:59:59.999Z", -1},
    };
    for (const auto& [text, expected] : cases) {
      const auto millis = parseTime(text);
      CPPUNIT_ASSERT_MESSAGE(std::string(text), millis.has_value());
      CPPUNIT_ASSERT_EQUAL_MESSAGE(std::string(text), expected, *millis);
    }
  }

  void otherTextIsRefused() {
    for (const char* text : {"",
                             "2024",
                             "2024-02",
                             "2024-2-1",
                             "2024-02-30",
                             "2023-02-29",
                             "1900-02-29",
                             "2024-13-01",
                             "2024-00-01",
                             "2024-01-00",
                             "2024-01-32",
                             "2024-01-01T",
                             "2024-01-01T12:00",
                             "2024-01-01T12:00Z",
                             "2024-01-01T12:00:00",
                             "2024-01-01T24:00:00Z",
                             "2024-01-01T12:60:00Z",
                             "2024-01-01T12:00:61Z",
                             "2024-01-01T12:00:00.Z",
                             "2024-01-01T12:00:00.1",
                             "2024-01-01X12:00:00Z",
                             "2024-01-01T12:00:00+02",
                             "2024-01-01T12:00:00+0200",
                             "2024-01-01T12:00:00+24:00",
                             "2024-01-01T12:00:00+02:60",
                             "2024-01-01T12:00:00Zx",
                             "2024-01-01x",
                             " 2024-01-01",
                             "2024/01/01",
                             "2O24-01-01",
                             "1709208000123",
                             "-001-01-01",
                             "2024-01-01T1 :00:00Z",
                             "2024-01-01T12:00:00 Z"})
      CPPUNIT_ASSERT_MESSAGE(text, !parseTime(text).has_value());
  }

  void everyTimeReadsBack() {
    const unsigned seed = std::random_device{}();
    std::mt19937_64 random(seed);
    for (int i = 0; i < 50'000; ++i) {
      const auto millis =
          static_cast<std::int64_t>(random() % 315'569'520'000'000) - 62'167'219'200'000;  // years 0 to 9999
      const auto back = parseTime(formatTime(millis));
      CPPUNIT_ASSERT_MESSAGE(formatTime(millis) + " seed " + std::to_string(seed), back && *back == millis);
    }
  }

  void everyDayHasTheLibrarysDate() {
    using namespace std::chrono;
    for (int day = -800'000; day < 3'000'000; day += 97) {
      const year_month_day date{sys_days{days{day}}};
      const std::string text = formatTime(std::int64_t{day} * 86'400'000);
      const bool is_negative = int{date.year()} < 0;
      const std::string_view digits = std::string_view(text).substr(is_negative ? 1 : 0);
      if (int{date.year()} > 9999) continue;
      CPPUNIT_ASSERT_EQUAL(std::abs(int{date.year()}), std::stoi(std::string(digits.substr(0, 4))));
      CPPUNIT_ASSERT_EQUAL(static_cast<int>(unsigned{date.month()}), std::stoi(std::string(digits.substr(5, 2))));
      CPPUNIT_ASSERT_EQUAL(static_cast<int>(unsigned{date.day()}), std::stoi(std::string(digits.substr(8, 2))));
    }
  }

  void theEndsOfTimeAreWritten() {
    CPPUNIT_ASSERT_EQUAL(std::string("+292278994-08-17T07:12:55.807Z"),
                         formatTime(std::numeric_limits<std::int64_t>::max()));
    CPPUNIT_ASSERT_EQUAL(std::string("-292275055-05-16T16:47:04.192Z"),
                         formatTime(std::numeric_limits<std::int64_t>::min()));
  }

  void manualClockStandsStill() {
    ManualClock clock(1000);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{1000}, clock.nowMillis());
    CPPUNIT_ASSERT_EQUAL(std::int64_t{1000}, clock.nowMillis());
    const std::int64_t before = clock.monotonicNanos();
    clock.advance(5);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{1005}, clock.nowMillis());
    CPPUNIT_ASSERT_EQUAL(std::int64_t{5'000'000}, clock.monotonicNanos() - before);
  }

  void systemClockRuns() {
    SystemClock clock;
    CPPUNIT_ASSERT(clock.nowMillis() > 1'700'000'000'000);  // after 2023
    std::int64_t last = clock.monotonicNanos();
    for (int i = 0; i < 1000; ++i) {
      const std::int64_t next = clock.monotonicNanos();
      CPPUNIT_ASSERT(next >= last);
      last = next;
    }
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ClockTest);

}  // namespace gyre::base
