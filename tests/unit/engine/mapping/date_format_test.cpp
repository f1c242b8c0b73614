#include "engine/mapping/date_format.hpp"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <limits>
#include <random>
#include <string>

#include "base/clock.hpp"
#include "engine/mapping/civil_time.hpp"

namespace gyre::engine {

namespace {

DateFormat format(std::string_view name) {
  auto parsed = DateFormat::parse(name);
  CPPUNIT_ASSERT_MESSAGE(std::string(parsed.status().message()), parsed.isOk());
  return std::move(parsed).value();
}

TimeZone zone(std::string_view name) {
  auto parsed = TimeZone::parse(name);
  CPPUNIT_ASSERT_MESSAGE(std::string(name), parsed.isOk());
  return parsed.value();
}

// Texts stand for instants here so that a failure can be read.
std::string instant(std::string_view text, std::string_view name = "", RoundUp round = RoundUp::kNo,
                    std::string_view zone_name = "UTC") {
  const auto millis = tryParseDate(text, format(name), round, zone(zone_name));
  return millis ? base::formatTime(*millis) : "refused";
}

std::string math(std::string_view text, RoundUp round = RoundUp::kNo, std::string_view zone_name = "UTC") {
  const std::int64_t now = *base::parseTime("2024-03-31T14:30:45.123Z");
  const auto millis = parseDateMath(text, DateFormat(), round, zone(zone_name), now);
  return millis.isOk() ? base::formatTime(*millis) : std::string(millis.status().message());
}

std::string written(std::string_view time, std::string_view name, std::string_view zone_name = "UTC") {
  return formatDate(*base::parseTime(time), format(name), zone(zone_name));
}

}  // namespace

class DateFormatTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(DateFormatTest);
  CPPUNIT_TEST(defaultTakesPartsFromTheLeft);
  CPPUNIT_TEST(defaultTakesYearsAndMillis);
  CPPUNIT_TEST(strictRefusesWhatIsNotExact);
  CPPUNIT_TEST(roundingUpFillsTheTimeOfDayOnly);
  CPPUNIT_TEST(zonesApplyToTextsWithoutOffset);
  CPPUNIT_TEST(epochsTakeSignsAndFractions);
  CPPUNIT_TEST(namedFormatsParse);
  CPPUNIT_TEST(patternsParse);
  CPPUNIT_TEST(alternativesAreTriedInOrder);
  CPPUNIT_TEST(unknownFormatsAreRefused);
  CPPUNIT_TEST(formatsWrite);
  CPPUNIT_TEST(zonesWriteTheirOffset);
  CPPUNIT_TEST(refusalShowsTextAndFormat);
  CPPUNIT_TEST(nanosecondsAreKept);
  CPPUNIT_TEST(nanosecondsEndIn2262);
  CPPUNIT_TEST(everyInstantReadsBack);
  CPPUNIT_TEST(mathAddsAndRounds);
  CPPUNIT_TEST(mathKeepsToTheEndOfTheMonth);
  CPPUNIT_TEST(mathRoundsUpOnlyWhatItRounds);
  CPPUNIT_TEST(mathFollowsTheZone);
  CPPUNIT_TEST(mathRefusesWhatIsNotMath);
  CPPUNIT_TEST(mathNeverOverflows);
  CPPUNIT_TEST_SUITE_END();

 public:
  void defaultTakesPartsFromTheLeft() {
    const std::pair<std::string_view, std::string> cases[] = {
        {"2024", "2024-01-01T00:00:00.000Z"},
        {"2024-02", "2024-02-01T00:00:00.000Z"},
        {"2024-02-29", "2024-02-29T00:00:00.000Z"},
        {"2024-02-29T", "2024-02-29T00:00:00.000Z"},
        {"2024-02-29T12", "2024-02-29T12:00:00.000Z"},
        {"2024-02-29T12Z", "2024-02-29T12:00:00.000Z"},
        {"2024-02-29T12:34", "2024-02-29T12:34:00.000Z"},
        {"2024-02-29T12:34:56", "2024-02-29T12:34:56.000Z"},
        {"2024-02-29T12:34:56Z", "2024-02-29T12:34:56.000Z"},
        {"2024-02-29T12:34:56.7", "2024-02-29T12:34:56.700Z"},
        {"2024-02-29T12:34:56,789Z", "2024-02-29T12:34:56.789Z"},
        {"2024-02-29T12:34:56.789Z", "2024-02-29T12:34:56.789Z"},
        {"2024-02-29T12:34:56.123456789Z", "2024-02-29T12:34:56.123Z"},
        {"2024-02-29T12:34:56.789+02:00", "2024-02-29T10:34:56.789Z"},
        {"2024-02-29T12:34-0530", "2024-02-29T18:04:00.000Z"},
        {"2024-02-29T12+01", "2024-02-29T11:00:00.000Z"},
        {"0000-01-01", "0000-01-01T00:00:00.000Z"},
        {"-0001-12-31", "-0001-12-31T00:00:00.000Z"},
        {"+10000-01-01", "+10000-01-01T00:00:00.000Z"},
    };
    for (const auto& [text, expected] : cases) CPPUNIT_ASSERT_EQUAL_MESSAGE(std::string(text), expected, instant(text));
  }

  void defaultTakesYearsAndMillis() {
    CPPUNIT_ASSERT_EQUAL(std::string("2024-01-01T00:00:00.000Z"), instant("2024"));
    CPPUNIT_ASSERT_EQUAL(std::string("1970-01-01T00:00:20.245Z"), instant("20245"));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-02-29T12:00:00.000Z"), instant("1709208000000"));
    CPPUNIT_ASSERT_EQUAL(std::string("1969-12-31T23:59:59.990Z"), instant("-10"));
  }

  void strictRefusesWhatIsNotExact() {
    for (const char* text : {"",
                             " ",
                             "2024-2-1",
                             "2024-02-30",
                             "2023-02-29",
                             "2024-13-01",
                             "2024-00-01",
                             "2024-01-00",
                             "2024-01-32",
                             "2024-01-01T24:00",
                             "2024-01-01T12:60",
                             "2024-01-01T12:00:60",
                             "2024-01-01 12:00",
                             "2024-01-01t12:00",
                             "2024-01-01T1",
                             "2024-01-01T12:00:00.",
                             "2024-01-01T12:00:00.1234567890",
                             "2024-01-01Z",
                             "2024-01-01T12:00:00+1",
                             "2024-01-01T12:00:00z",
                             "2024-01-01T12:00:00+19:00",
                             "2024-01-01T12:00:00+01:60",
                             "2024-01-01x",
                             "x2024-01-01",
                             "20240101x",
                             "2024/01/01",
                             "9223372036854775808",
                             "+12",
                             "1e3",
                             "now",
                             "2024-01-01T12:0a:00Z",
                             "2024-01-01T12:00:00.0a0Z"})
      CPPUNIT_ASSERT_EQUAL_MESSAGE(text, std::string("refused"), instant(text));
  }

  void roundingUpFillsTheTimeOfDayOnly() {
    const std::pair<std::string_view, std::string> cases[] = {
        {"2024", "2024-01-01T23:59:59.999Z"},
        {"2024-02", "2024-02-01T23:59:59.999Z"},
        {"2024-02-01", "2024-02-01T23:59:59.999Z"},
        {"2024-02-01T12", "2024-02-01T12:59:59.999Z"},
        {"2024-02-01T12:34", "2024-02-01T12:34:59.999Z"},
        {"2024-02-01T12:34:56", "2024-02-01T12:34:56.999Z"},
        {"2024-02-01T12:34:56Z", "2024-02-01T12:34:56.999Z"},
        {"2024-02-01T12:34:56.5Z", "2024-02-01T12:34:56.500Z"},
        {"2024-02-01T12:34:56.500Z", "2024-02-01T12:34:56.500Z"},
        {"12345", "1970-01-01T00:00:12.345Z"},
    };
    for (const auto& [text, expected] : cases)
      CPPUNIT_ASSERT_EQUAL_MESSAGE(std::string(text), expected, instant(text, "", RoundUp::kYes));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-02-01T23:59:59.999Z"), instant("2024/02/01", "yyyy/MM/dd", RoundUp::kYes));
    CPPUNIT_ASSERT_EQUAL(std::string("1970-01-01T00:00:01.999Z"), instant("1", "epoch_second", RoundUp::kYes));
  }

  void zonesApplyToTextsWithoutOffset() {
    CPPUNIT_ASSERT_EQUAL(std::string("2024-02-28T23:00:00.000Z"),
                         instant("2024-02-29", "", RoundUp::kNo, "Europe/Paris"));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-07-01T21:59:59.999Z"), instant("2024-07-01", "", RoundUp::kYes, "+02:00"));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-02-29T00:00:00.000Z"),
                         instant("2024-02-29T00:00:00Z", "", RoundUp::kNo, "Europe/Paris"));
    CPPUNIT_ASSERT_EQUAL(std::string("1969-12-31T23:00:12.345Z"), instant("12345", "", RoundUp::kNo, "Europe/Paris"));
  }

  void epochsTakeSignsAndFractions() {
    CPPUNIT_ASSERT_EQUAL(std::string("1970-01-01T00:00:01.500Z"), instant("1.5", "epoch_second"));
    CPPUNIT_ASSERT_EQUAL(std::string("1969-12-31T23:59:58.500Z"), instant("-1.5", "epoch_second"));
    CPPUNIT_ASSERT_EQUAL(std::string("1970-01-01T00:00:00.012Z"), instant("12.75", "epoch_millis"));
    CPPUNIT_ASSERT_EQUAL(std::string("refused"), instant("1.", "epoch_second"));
    CPPUNIT_ASSERT_EQUAL(std::string("refused"), instant("9223372036854776", "epoch_second"));
    CPPUNIT_ASSERT_EQUAL(std::int64_t{-9223372036854775807}, *tryParseDate("-9223372036854775807", DateFormat()));
  }

  void namedFormatsParse() {
    const std::string noon = "2024-02-29T12:34:56.000Z";
    CPPUNIT_ASSERT_EQUAL(noon, instant("2024-02-29T12:34:56Z", "strict_date_time_no_millis"));
    CPPUNIT_ASSERT_EQUAL(std::string("refused"), instant("2024-02-29T12:34:56", "strict_date_time_no_millis"));
    CPPUNIT_ASSERT_EQUAL(noon, instant("2024-02-29T12:34:56.000Z", "strict_date_time"));
    CPPUNIT_ASSERT_EQUAL(std::string("refused"), instant("2024-02-29T12:34:56Z", "strict_date_time"));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-02-29T00:00:00.000Z"), instant("20240229", "basic_date"));
    CPPUNIT_ASSERT_EQUAL(std::string("refused"), instant("202402291", "basic_date"));
    CPPUNIT_ASSERT_EQUAL(noon, instant("20240229T123456Z", "basic_date_time_no_millis"));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-02-01T00:00:00.000Z"), instant("2024-2-1", "date_optional_time"));
    CPPUNIT_ASSERT_EQUAL(std::string("refused"), instant("2024-02-29T12", "strict_date"));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-02-01T00:00:00.000Z"), instant("2024-02", "strict_year_month"));
  }

  void patternsParse() {
    CPPUNIT_ASSERT_EQUAL(std::string("2024-02-29T12:34:56.000Z"),
                         instant("2024/02/29 12:34:56", "yyyy/MM/dd HH:mm:ss"));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-02-29T00:00:00.000Z"), instant("29/02/2024", "dd/MM/yyyy"));
    CPPUNIT_ASSERT_EQUAL(std::string("refused"), instant("9/02/2024", "dd/MM/yyyy"));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-02-09T00:00:00.000Z"), instant("9/2/24", "d/M/yy"));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-02-29T12:00:00.250Z"), instant("20240229120000250", "yyyyMMddHHmmssSSS"));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-02-29T00:05:00.000Z"),
                         instant("29 Feb 2024 12:05 AM", "dd MMM yyyy hh:mm a"));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-02-29T12:05:00.000Z"),
                         instant("29 February 2024 12:05 PM", "dd MMMM yyyy hh:mm a"));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-02-29T10:00:00.000Z"),
                         instant("2024-02-29 at 12 +0200", "yyyy-MM-dd 'at' HH Z"));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-02-29T10:00:00.000Z"),
                         instant("2024-02-29 12+02:00", "yyyy-MM-dd[ HH[:mm]]XXX"));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-02-29T00:00:00.000Z"), instant("Thu 2024-02-29", "E yyyy-MM-dd"));
    CPPUNIT_ASSERT_EQUAL(std::string("refused"), instant("Fri 2024-02-29", "E yyyy-MM-dd"));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-02-29T00:00:00.000Z"), instant("2024'02'29", "yyyy''MM''dd"));
    CPPUNIT_ASSERT_EQUAL(std::string("1970-01-01T08:15:00.000Z"), instant("08:15", "HH:mm"));
  }

  void alternativesAreTriedInOrder() {
    const std::string_view name = "yyyy/MM/dd HH:mm:ss||yyyy-MM-dd||epoch_millis";
    CPPUNIT_ASSERT_EQUAL(std::string("2024-02-29T01:02:03.000Z"), instant("2024/02/29 01:02:03", name));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-02-29T00:00:00.000Z"), instant("2024-02-29", name));
    CPPUNIT_ASSERT_EQUAL(std::string("1970-01-01T00:00:02.024Z"), instant("2024", name));
    CPPUNIT_ASSERT_EQUAL(std::string("refused"), instant("2024-02-29T00:00:00Z", name));
  }

  void unknownFormatsAreRefused() {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"strict_date_optinal_time", "did you mean [strict_date_optional_time]?"},
        {"epoch_nanos", "unknown date format [epoch_nanos]"},
        {"strict_date||", "it is empty"},
        {"||strict_date", "it is empty"},
        {"yyyy-MM-dd'T", "quote is not closed"},
        {"yyyy[-MM", "optional part is not closed"},
        {"yyyy]", "closed that was not opened"},
        {"yyyy-UU", "letter: U"},
        {"yyy", "a year is"},
        {"MMMMM", "too many"},
        {"ddd", "too many"},
        {"SSSSSSSSSS", "too many"},
        {"{yyyy}", "reserved"},
        {"#", "reserved"},
        {"f", "letter: f"},
    };
    for (const auto& [name, part] : cases) {
      const auto parsed = DateFormat::parse(name);
      CPPUNIT_ASSERT_MESSAGE(std::string(name), !parsed.isOk());
      CPPUNIT_ASSERT_MESSAGE(std::string(parsed.status().message()),
                             parsed.status().message().find(part) != std::string_view::npos);
    }
    CPPUNIT_ASSERT(!DateFormat::parse(std::string(1000, '[')).isOk());
  }

  void formatsWrite() {
    const std::string_view time = "2024-02-09T03:04:05.060Z";
    const std::pair<std::string_view, std::string> cases[] = {
        {"", "2024-02-09T03:04:05.060Z"},
        {"epoch_millis", "1707447845060"},
        {"epoch_second", "1707447845.06"},
        {"strict_date||epoch_millis", "2024-02-09"},
        {"basic_date", "20240209"},
        {"date_optional_time", "2024-02-09T03:04:05.060Z"},
        {"date_time_no_millis", "2024-02-09T03:04:05Z"},
        {"year_month", "2024-02"},
        {"hour_minute", "03:04"},
        {"strict_date_time_no_millis", "2024-02-09T03:04:05Z"},
        {"yyyy/MM/dd HH:mm:ss", "2024/02/09 03:04:05"},
        {"d.M.yy h:mm a", "9.2.24 3:04 AM"},
        {"EEEE, MMM d", "Friday, Feb 9"},
        {"HH 'o''clock'", "03 o'clock"},
        {"ss.S", "05.0"},
        {"ss.SSSSSS", "05.060000"},
        {"HH:mm XX", "03:04 Z"},
        {"HH:mm xxx", "03:04 +00:00"},
    };
    for (const auto& [name, expected] : cases)
      CPPUNIT_ASSERT_EQUAL_MESSAGE(std::string(name), expected, written(time, name));
    CPPUNIT_ASSERT_EQUAL(std::string("-0.5"), formatDate(-500, format("epoch_second")));
    CPPUNIT_ASSERT_EQUAL(std::string("-1.5"), formatDate(-1500, format("epoch_second")));
  }

  void zonesWriteTheirOffset() {
    CPPUNIT_ASSERT_EQUAL(std::string("2024-07-01T02:00:00.000+02:00"),
                         written("2024-07-01T00:00:00Z", "", "Europe/Paris"));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-06-30T18:30:00.000-05:30"), written("2024-07-01T00:00:00Z", "", "-05:30"));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-01-01T00:00:00.000Z"), written("2024-01-01T00:00:00Z", "", "Europe/London"));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-06-30"), written("2024-07-01T00:00:00Z", "yyyy-MM-dd", "America/New_York"));
  }

  void refusalShowsTextAndFormat() {
    const auto refused = parseDate("yesterday", format("strict_date"));
    CPPUNIT_ASSERT_EQUAL(std::string("failed to parse date [yesterday] with format [strict_date]"),
                         std::string(refused.status().message()));
    CPPUNIT_ASSERT_EQUAL(std::string("parse_exception"), std::string(refused.status().reason()));
  }

  void nanosecondsAreKept() {
    const DateFormat nanos = format("strict_date_optional_time_nanos");
    const auto at = [&](const std::string& text, const std::string& pattern, RoundUp round) {
      const auto parsed = tryParseInstant(text, format(pattern), round);
      return parsed ? formatInstant(*parsed, nanos) : std::string("unread");
    };
    CPPUNIT_ASSERT_EQUAL(std::string("2018-10-29T12:12:12.123456789Z"),
                         at("2018-10-29T12:12:12.123456789Z", "", RoundUp::kNo));
    CPPUNIT_ASSERT_EQUAL(std::string("2018-10-29T12:12:12.1235Z"), at("2018-10-29T12:12:12.1235Z", "", RoundUp::kYes));
    CPPUNIT_ASSERT_EQUAL(std::string("2018-10-29T23:59:59.999999999Z"), at("2018-10-29", "", RoundUp::kYes));
    CPPUNIT_ASSERT_EQUAL(std::string("2018-10-29T12:12:12.123456789Z"),
                         at("1540815132123.456789", "epoch_millis", RoundUp::kNo));
    CPPUNIT_ASSERT_EQUAL(std::string("2018-10-29T12:12:12.123999999Z"),
                         at("1540815132123", "epoch_millis", RoundUp::kYes));
    CPPUNIT_ASSERT_EQUAL(std::string("2018-10-29T12:12:12.123456789Z"),
                         at("1540815132.123456789", "epoch_second", RoundUp::kNo));
    CPPUNIT_ASSERT_EQUAL(std::string("1969-12-31T23:59:59.9945Z"), at("-5.5", "epoch_millis", RoundUp::kNo));
    CPPUNIT_ASSERT_EQUAL(std::string("1969-12-31T23:59:59.995Z"), at("-5", "epoch_millis", RoundUp::kYes));
    const Instant before{-6, 500'000};
    CPPUNIT_ASSERT_EQUAL(std::string("-5.5"), formatInstant(before, format("epoch_millis")));
    CPPUNIT_ASSERT_EQUAL(std::string("-0.0055"), formatInstant(before, format("epoch_second")));
    const auto rounded = parseInstantMath("2018-10-29T12:12:12.123456789Z||/s", DateFormat(), RoundUp::kYes, {}, 0);
    CPPUNIT_ASSERT_EQUAL(std::string("2018-10-29T12:12:12.999999999Z"), formatInstant(*rounded, nanos));
    const auto moved = parseInstantMath("2018-10-29T12:12:12.123456789Z||+1d", DateFormat(), RoundUp::kNo, {}, 0);
    CPPUNIT_ASSERT_EQUAL(std::string("2018-10-30T12:12:12.123456789Z"), formatInstant(*moved, nanos));
  }

  void nanosecondsEndIn2262() {
    CPPUNIT_ASSERT_EQUAL(INT64_MAX, toNanos({9'223'372'036'854, 775'807}).value());
    CPPUNIT_ASSERT(!toNanos({9'223'372'036'854, 775'808}).isOk());
    CPPUNIT_ASSERT(!toNanos({-1, 999'999}).isOk());
    CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, toNanos({0, 0}).value());
    CPPUNIT_ASSERT(fromNanos(1'540'815'132'123'456'789) == (Instant{1'540'815'132'123, 456'789}));
    CPPUNIT_ASSERT_EQUAL(std::string("date[1969-12-31T23:59:59.999999Z] is before the epoch in 1970 and cannot be "
                                     "stored in nanosecond resolution"),
                         std::string(toNanos({-1, 999'000}).status().message()));
  }

  void everyInstantReadsBack() {
    const unsigned seed = std::random_device{}();
    std::mt19937_64 random(seed);
    const TimeZone zones[] = {zone("UTC"), zone("+05:30"), zone("Europe/Paris"), zone("America/New_York")};
    const DateFormat formats[] = {format(""), format("epoch_millis"), format("epoch_second"),
                                  format("yyyyMMdd HHmmss.SSSXX")};
    for (int i = 0; i < 20'000; ++i) {
      const auto millis =
          static_cast<std::int64_t>(random() % 250'000'000'000'000) - 60'000'000'000'000;  // years 68 to 7991
      const TimeZone& in = zones[random() % 4];
      for (const DateFormat& f : formats) {
        const std::string text = formatDate(millis, f, in);
        const auto back = tryParseDate(text, f, RoundUp::kNo, in);
        // Local mean time has seconds, which an offset of minutes cannot say.
        if (in.offsetAt(millis) % kMinuteMillis != 0) continue;
        // An epoch is written as it is, and read as what a clock in the zone would show.
        if (f.name().starts_with("epoch") && in.offsetAt(millis) != 0) continue;
        CPPUNIT_ASSERT_MESSAGE(text + " seed " + std::to_string(seed), back && *back == millis);
      }
      CPPUNIT_ASSERT_EQUAL(base::formatTime(millis), formatDate(millis, DateFormat()));
      CPPUNIT_ASSERT_EQUAL(millis, millisFromCivil(civilFromMillis(millis)));
    }
    for (const std::int64_t millis :
         {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()})
      CPPUNIT_ASSERT_EQUAL(base::formatTime(millis), formatDate(millis, DateFormat()));
  }

  void mathAddsAndRounds() {
    const std::pair<std::string_view, std::string> cases[] = {
        {"now", "2024-03-31T14:30:45.123Z"},
        {"now-1d", "2024-03-30T14:30:45.123Z"},
        {"now-d", "2024-03-30T14:30:45.123Z"},
        {"now/d", "2024-03-31T00:00:00.000Z"},
        {"now-1d/d", "2024-03-30T00:00:00.000Z"},
        {"now/w", "2024-03-25T00:00:00.000Z"},
        {"now/M", "2024-03-01T00:00:00.000Z"},
        {"now/y", "2024-01-01T00:00:00.000Z"},
        {"now/h", "2024-03-31T14:00:00.000Z"},
        {"now/H", "2024-03-31T14:00:00.000Z"},
        {"now/m", "2024-03-31T14:30:00.000Z"},
        {"now/s", "2024-03-31T14:30:45.000Z"},
        {"now+1h-30m+15s", "2024-03-31T15:01:00.123Z"},
        {"now+2w", "2024-04-14T14:30:45.123Z"},
        {"2024-01-01||+1M/d", "2024-02-01T00:00:00.000Z"},
        {"2024||/M+2y", "2026-01-01T00:00:00.000Z"},
        {"1709208000000||/d", "2024-02-29T00:00:00.000Z"},
        {"2024-02-29", "2024-02-29T00:00:00.000Z"},
        {"1960-05-17T12:00:00||/w", "1960-05-16T00:00:00.000Z"},
    };
    for (const auto& [text, expected] : cases) CPPUNIT_ASSERT_EQUAL_MESSAGE(std::string(text), expected, math(text));
  }

  void mathKeepsToTheEndOfTheMonth() {
    CPPUNIT_ASSERT_EQUAL(std::string("2024-02-29T00:00:00.000Z"), math("2024-01-31||+1M"));
    CPPUNIT_ASSERT_EQUAL(std::string("2023-02-28T00:00:00.000Z"), math("2023-01-31||+1M"));
    CPPUNIT_ASSERT_EQUAL(std::string("2023-02-28T00:00:00.000Z"), math("2024-02-29||-1y"));
    CPPUNIT_ASSERT_EQUAL(std::string("2023-11-30T00:00:00.000Z"), math("2024-03-31||-4M"));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-03-29T00:00:00.000Z"), math("2024-01-31||+1M+1M"));
  }

  void mathRoundsUpOnlyWhatItRounds() {
    CPPUNIT_ASSERT_EQUAL(std::string("2024-03-31T23:59:59.999Z"), math("now/d", RoundUp::kYes));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-03-31T23:59:59.999Z"), math("now/w", RoundUp::kYes));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-02-29T23:59:59.999Z"), math("2024-02-10||/M", RoundUp::kYes));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-12-31T23:59:59.999Z"), math("2024-02-10||/y", RoundUp::kYes));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-02-11T00:00:00.000Z"), math("2024-02-10||+1d", RoundUp::kYes));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-02-10T23:59:59.999Z"), math("2024-02-10", RoundUp::kYes));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-03-31T14:30:45.123Z"), math("now", RoundUp::kYes));
  }

  // Paris went to summer time on 2024-03-31 at 01:00 UTC.
  void mathFollowsTheZone() {
    CPPUNIT_ASSERT_EQUAL(std::string("2024-03-30T23:00:00.000Z"), math("now/d", RoundUp::kNo, "Europe/Paris"));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-03-31T21:59:59.999Z"), math("now/d", RoundUp::kYes, "Europe/Paris"));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-03-31T22:00:00.000Z"),
                         math("2024-03-31||+1d", RoundUp::kNo, "Europe/Paris"));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-03-31T23:00:00.000Z"),
                         math("2024-03-31||+24h", RoundUp::kNo, "Europe/Paris"));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-02-29T23:00:00.000Z"), math("now/M", RoundUp::kNo, "Europe/Paris"));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-03-31T14:30:00.000Z"), math("now/h", RoundUp::kNo, "+05:30"));
  }

  void mathRefusesWhatIsNotMath() {
    for (const char* text : {"now-", "now+1", "now/2d", "now*1d", "now+1x", "now d", "nowadays", "||+1d",
                             "2024-01-01||1d", "yesterday||/d", "now+99999999999d", "now/d||/M"})
      CPPUNIT_ASSERT_MESSAGE(text, math(text).starts_with("failed to parse date"));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-03-31T00:00:00.000Z"), math("now/1d"));
  }

  void mathNeverOverflows() {
    const std::int64_t ends[] = {
        std::numeric_limits<std::int64_t>::min(),     std::numeric_limits<std::int64_t>::min() + 1, -1, 0,
        std::numeric_limits<std::int64_t>::max() - 1, std::numeric_limits<std::int64_t>::max()};
    for (const char* in : {"UTC", "+18:00", "-18:00", "Asia/Tokyo", "America/New_York"})
      for (const std::int64_t millis : ends)
        for (const char* text :
             {"now/y", "now/M", "now/w", "now/d", "now/h", "now/m", "now/s", "now+2147483647y", "now-2147483647y",
              "now+2147483647M", "now-2147483647w", "now+2147483647d", "now-2147483647h"})
          for (const RoundUp round : {RoundUp::kNo, RoundUp::kYes}) {
            const auto result = parseDateMath(text, DateFormat(), round, zone(in), millis);
            CPPUNIT_ASSERT(result.isOk() || result.status().code() == Code::kInvalidArgument);
          }
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(DateFormatTest);

}  // namespace gyre::engine
