#include "engine/mapping/time_zone.hpp"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <limits>
#include <random>
#include <string>

#include "base/clock.hpp"
#include "engine/mapping/civil_time.hpp"
#include "engine/mapping/date_format.hpp"

namespace gyre::engine {

namespace {

TimeZone zone(std::string_view name) {
  auto parsed = TimeZone::parse(name);
  CPPUNIT_ASSERT_MESSAGE(std::string(name), parsed.isOk());
  return parsed.value();
}

std::int64_t at(std::string_view time) { return *base::parseTime(time); }

std::string started(CalendarUnit unit, std::string_view time, std::string_view zone_name) {
  return base::formatTime(startOfUnit(unit, at(time), zone(zone_name)));
}

}  // namespace

class TimeZoneTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(TimeZoneTest);
  CPPUNIT_TEST(offsetsAreRead);
  CPPUNIT_TEST(unknownNamesAreRefused);
  CPPUNIT_TEST(namedZonesFollowTheClockChanges);
  CPPUNIT_TEST(spansHoldOneOffset);
  CPPUNIT_TEST(skippedAndRepeatedTimes);
  CPPUNIT_TEST(localTimesReadBack);
  CPPUNIT_TEST(theEndsOfTimeSaturate);
  CPPUNIT_TEST(unitsStartOnTheLocalCalendar);
  CPPUNIT_TEST(changeDaysHaveTheirLength);
  CPPUNIT_TEST(unitsTileTime);
  CPPUNIT_TEST_SUITE_END();

 public:
  void offsetsAreRead() {
    const std::pair<std::string_view, std::int64_t> cases[] = {
        {"Z", 0},      {"UTC", 0},    {"GMT", 0},      {"+02:00", 120},  {"-0530", -330}, {"+2", 120},
        {"-08", -480}, {"UTC+1", 60}, {"GMT-3", -180}, {"+18:00", 1080}, {"+00:00", 0},   {"-00:30", -30},
    };
    for (const auto& [name, minutes] : cases) {
      CPPUNIT_ASSERT_EQUAL_MESSAGE(std::string(name), minutes * kMinuteMillis, zone(name).offsetAt(0));
      CPPUNIT_ASSERT(zone(name).isFixed());
      CPPUNIT_ASSERT_EQUAL(std::string(name), zone(name).name());
    }
    CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, TimeZone().offsetAt(12345));
    CPPUNIT_ASSERT(!zone("Europe/Paris").isFixed());
  }

  void unknownNamesAreRefused() {
    for (const char* name : {"", "Mars/Olympus", "+19:00", "+18:01", "+1:00", "02:00", "+02:60", "+abc", "+020", "Z+1",
                             "europe/paris", "../etc/passwd"})
      CPPUNIT_ASSERT_MESSAGE(name, !TimeZone::parse(name).isOk());
    CPPUNIT_ASSERT(TimeZone::parse("Mars/Olympus").status().message() == "unknown time zone [Mars/Olympus]");
  }

  void namedZonesFollowTheClockChanges() {
    const TimeZone paris = zone("Europe/Paris");
    CPPUNIT_ASSERT_EQUAL(1 * kHourMillis, paris.offsetAt(at("2024-03-31T00:59:59.999Z")));
    CPPUNIT_ASSERT_EQUAL(2 * kHourMillis, paris.offsetAt(at("2024-03-31T01:00:00Z")));
    CPPUNIT_ASSERT_EQUAL(2 * kHourMillis, paris.offsetAt(at("2024-10-27T00:59:59.999Z")));
    CPPUNIT_ASSERT_EQUAL(1 * kHourMillis, paris.offsetAt(at("2024-10-27T01:00:00Z")));
  }

  void spansHoldOneOffset() {
    const TimeZone::Span span = zone("Europe/Paris").spanAt(at("2024-07-01T00:00:00Z"));
    CPPUNIT_ASSERT_EQUAL(at("2024-03-31T01:00:00Z"), span.begin);
    CPPUNIT_ASSERT_EQUAL(at("2024-10-27T01:00:00Z"), span.end);
    CPPUNIT_ASSERT_EQUAL(2 * kHourMillis, span.offset);
    const TimeZone::Span fixed = zone("+01:00").spanAt(0);
    CPPUNIT_ASSERT(fixed.begin < at("0001-01-01") && fixed.end > at("9999-12-31"));
  }

  void skippedAndRepeatedTimes() {
    const TimeZone paris = zone("Europe/Paris");
    CPPUNIT_ASSERT_EQUAL(at("2024-03-31T01:30:00Z"),
                         paris.toUtc(at("2024-03-31T02:30:00Z")));  // 02:30 is skipped: 03:30
    CPPUNIT_ASSERT_EQUAL(at("2024-10-27T00:30:00Z"),
                         paris.toUtc(at("2024-10-27T02:30:00Z")));  // comes twice: the first
    CPPUNIT_ASSERT_EQUAL(at("2024-10-27T02:00:00Z"), paris.toUtc(at("2024-10-27T03:00:00Z")));
    const TimeZone new_york = zone("America/New_York");
    CPPUNIT_ASSERT_EQUAL(at("2024-03-10T07:30:00Z"), new_york.toUtc(at("2024-03-10T02:30:00Z")));
    CPPUNIT_ASSERT_EQUAL(at("2024-11-03T05:30:00Z"), new_york.toUtc(at("2024-11-03T01:30:00Z")));
  }

  void localTimesReadBack() {
    const unsigned seed = std::random_device{}();
    std::mt19937_64 random(seed);
    for (const char* name : {"Europe/Paris", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "+05:45"}) {
      const TimeZone in = zone(name);
      for (int i = 0; i < 3'000; ++i) {
        const auto utc = static_cast<std::int64_t>(random() % 4'000'000'000'000) - 1'000'000'000'000;
        const std::int64_t back = in.toUtc(in.toLocal(utc));
        // A repeated local time means its first occurrence, at most an hour earlier.
        const bool is_first =
            back == utc || (back < utc && utc - back <= kHourMillis && in.toLocal(back) == in.toLocal(utc));
        CPPUNIT_ASSERT_MESSAGE(std::string(name) + " " + base::formatTime(utc) + " seed " + std::to_string(seed),
                               is_first);
      }
    }
  }

  void theEndsOfTimeSaturate() {
    constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min();
    constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();
    CPPUNIT_ASSERT_EQUAL(kLast, zone("+02:00").toLocal(kLast));
    CPPUNIT_ASSERT_EQUAL(kFirst, zone("+02:00").toUtc(kFirst));
    CPPUNIT_ASSERT_EQUAL(kFirst, zone("America/New_York").toLocal(kFirst));
    CPPUNIT_ASSERT_EQUAL(kLast, zone("America/New_York").toUtc(kLast));
  }

  void unitsStartOnTheLocalCalendar() {
    const std::string_view time = "2024-05-15T22:30:15.123Z";  // a Thursday already in Paris
    CPPUNIT_ASSERT_EQUAL(std::string("2024-05-15T22:30:15.000Z"), started(CalendarUnit::kSecond, time, "Europe/Paris"));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-05-15T22:30:00.000Z"), started(CalendarUnit::kMinute, time, "Europe/Paris"));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-05-15T22:00:00.000Z"), started(CalendarUnit::kHour, time, "Europe/Paris"));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-05-15T22:00:00.000Z"), started(CalendarUnit::kDay, time, "Europe/Paris"));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-05-12T22:00:00.000Z"), started(CalendarUnit::kWeek, time, "Europe/Paris"));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-04-30T22:00:00.000Z"), started(CalendarUnit::kMonth, time, "Europe/Paris"));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-03-31T22:00:00.000Z"),
                         started(CalendarUnit::kQuarter, time, "Europe/Paris"));
    CPPUNIT_ASSERT_EQUAL(std::string("2023-12-31T23:00:00.000Z"), started(CalendarUnit::kYear, time, "Europe/Paris"));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-05-15T21:30:00.000Z"),
                         started(CalendarUnit::kHour, "2024-05-15T22:29:00Z", "+05:30"));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-05-13T00:00:00.000Z"),
                         started(CalendarUnit::kWeek, "2024-05-19T23:59:59Z", "UTC"));
  }

  void changeDaysHaveTheirLength() {
    const TimeZone paris = zone("Europe/Paris");
    const std::int64_t spring = startOfUnit(CalendarUnit::kDay, at("2024-03-31T12:00:00Z"), paris);
    CPPUNIT_ASSERT_EQUAL(23 * kHourMillis, *addUnits(CalendarUnit::kDay, 1, spring, paris) - spring);
    const std::int64_t autumn = startOfUnit(CalendarUnit::kDay, at("2024-10-27T12:00:00Z"), paris);
    CPPUNIT_ASSERT_EQUAL(25 * kHourMillis, *addUnits(CalendarUnit::kDay, 1, autumn, paris) - autumn);
    // The repeated hour begins twice.
    CPPUNIT_ASSERT_EQUAL(at("2024-10-27T00:00:00Z"),
                         startOfUnit(CalendarUnit::kHour, at("2024-10-27T00:30:00Z"), paris));
    CPPUNIT_ASSERT_EQUAL(at("2024-10-27T01:00:00Z"),
                         startOfUnit(CalendarUnit::kHour, at("2024-10-27T01:30:00Z"), paris));
    // Midnight itself was skipped in São Paulo on 2018-11-04.
    CPPUNIT_ASSERT_EQUAL(at("2018-11-04T03:00:00Z"),
                         startOfUnit(CalendarUnit::kDay, at("2018-11-04T12:00:00Z"), zone("America/Sao_Paulo")));
  }

  // Whatever the instant: its unit holds it, starts where it starts, and ends where the next one starts.
  void unitsTileTime() {
    const unsigned seed = std::random_device{}();
    std::mt19937_64 random(seed);
    for (const char* name : {"UTC", "+05:30", "Europe/Paris", "America/New_York", "America/Sao_Paulo"}) {
      const TimeZone in = zone(name);
      for (int i = 0; i < 2'000; ++i) {
        const auto utc = static_cast<std::int64_t>(random() % 3'000'000'000'000);
        for (const CalendarUnit unit : {CalendarUnit::kDay, CalendarUnit::kWeek, CalendarUnit::kMonth,
                                        CalendarUnit::kQuarter, CalendarUnit::kYear}) {
          const std::string note = std::string(name) + " " + base::formatTime(utc) + " seed " + std::to_string(seed);
          const std::int64_t start = startOfUnit(unit, utc, in);
          CPPUNIT_ASSERT_MESSAGE(note, start <= utc);
          CPPUNIT_ASSERT_EQUAL_MESSAGE(note, start, startOfUnit(unit, start, in));
          const std::int64_t next = startOfUnit(unit, *addUnits(unit, 1, start, in), in);
          CPPUNIT_ASSERT_MESSAGE(note, next > utc);
          CPPUNIT_ASSERT_EQUAL_MESSAGE(note, start, startOfUnit(unit, next - 1, in));
        }
      }
    }
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(TimeZoneTest);

}  // namespace gyre::engine
