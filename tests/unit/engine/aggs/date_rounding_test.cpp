#include "engine/aggs/date_rounding.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <iostream>
#include <random>
#include <string>
#include <vector>

namespace {
using gyre::engine::CalendarUnit;
using gyre::engine::DateRounding;
using gyre::engine::DateSlots;
using gyre::engine::TimeZone;
}  // namespace

class DateRoundingTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(DateRoundingTest);
  CPPUNIT_TEST(slotsAreTheStretchesOfTheirInstants);
  CPPUNIT_TEST_SUITE_END();

 public:
  // Whichever way a layout finds a slot, its start is what rounding says.
  void slotsAreTheStretchesOfTheirInstants() {
    const auto seed = std::random_device()();
    std::cerr << " seed " << seed << ' ';
    std::mt19937_64 random(seed);
    const std::vector<std::string> zones = {"UTC", "+05:30", "Europe/Berlin", "America/New_York"};
    const std::vector<std::int64_t> lengths = {1, 7, 1'000, 1'024, 60'000, 90'061, 3'600'000, 86'400'000, 604'800'001};
    for (int round = 0; round < 400; ++round) {
      const std::string zone_name = zones[random() % zones.size()];
      const TimeZone zone = TimeZone::parse(zone_name).value();
      const std::int64_t offset = random() % 2 == 0 ? 0 : static_cast<std::int64_t>(random() % 7'200'000) - 3'600'000;
      const auto unit = static_cast<CalendarUnit>(random() % 8);
      const std::int64_t length = random() % 3 == 0 ? 1 + static_cast<std::int64_t>(random() % 100'000'000)
                                                    : lengths[random() % lengths.size()];
      const DateRounding rounding =
          round % 3 == 0 ? DateRounding::calendar(unit, zone, offset) : DateRounding::fixed(length, zone, offset);
      const std::int64_t begin = static_cast<std::int64_t>(random() % 4'000'000'000'000) - 2'000'000'000'000;
      const auto span = static_cast<std::int64_t>(random() >> (random() % 44 + 20));
      std::vector<std::int64_t> values = {begin, begin + span};
      for (int i = 0; i < 300; ++i)
        values.push_back(begin + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(span + 1)));
      // And the instants on both sides of where a stretch begins.
      for (int i = 0; i < 20; ++i) {
        const std::int64_t start = rounding.floor(values[static_cast<std::size_t>(i)]);
        for (const std::int64_t value : {start - 1, start, start + 1})
          if (value >= begin && value <= begin + span) values.push_back(value);
      }
      const std::string where = "seed " + std::to_string(seed) + ", round " + std::to_string(round) + ", from " +
                                std::to_string(begin) + " for " + std::to_string(span);
      DateSlots slots(rounding);
      if (round % 5 != 0) slots.layOut(begin, begin + span);
      std::vector<std::uint32_t> found(values.size());
      slots.map(values.data(), static_cast<std::uint32_t>(values.size()), found.data());
      for (std::size_t i = 0; i < values.size(); ++i) {
        CPPUNIT_ASSERT(slots.limit() == 0 || found[i] < slots.limit());
        CPPUNIT_ASSERT_EQUAL_MESSAGE(where + ", instant " + std::to_string(values[i]), rounding.floor(values[i]),
                                     slots.start(found[i]));
      }
    }
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(DateRoundingTest);
