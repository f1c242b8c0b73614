#include "engine/mapping/geohash.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace gyre::engine {

namespace {

class GeohashTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(GeohashTest);
  CPPUNIT_TEST(pointsHaveKnownNames);
  CPPUNIT_TEST(namesAreCellsWithinCells);
  CPPUNIT_TEST(neighboursSurroundACell);
  CPPUNIT_TEST(distancesChooseALength);
  CPPUNIT_TEST_SUITE_END();

 public:
  void pointsHaveKnownNames() {
    CPPUNIT_ASSERT_EQUAL(std::string("u171p"), geohashOf({52.22, 4.53}, 5));
    CPPUNIT_ASSERT_EQUAL(std::string("ezs42"), geohashOf({42.605, -5.603}, 5));
    CPPUNIT_ASSERT_EQUAL(std::string("u4pruydqqvj8"), geohashOf({57.64911, 10.40744}, 12));
    CPPUNIT_ASSERT_EQUAL(std::string("zzzz"), geohashOf({90, 180}, 4));
    CPPUNIT_ASSERT_EQUAL(std::string("0000"), geohashOf({-90, -180}, 4));
    CPPUNIT_ASSERT(!pointOfGeohash("").has_value());
    CPPUNIT_ASSERT(!pointOfGeohash("a").has_value());
    CPPUNIT_ASSERT(!pointOfGeohash("0123456789bcd").has_value());
  }

  void namesAreCellsWithinCells() {
    const std::string whole = geohashOf({-33.86, 151.21}, kMaxGeohash);
    for (std::uint32_t length = 1; length <= kMaxGeohash; ++length) {
      const std::string name = geohashOf({-33.86, 151.21}, length);
      CPPUNIT_ASSERT_EQUAL(whole.substr(0, length), name);
      const auto corner = pointOfGeohash(name);
      CPPUNIT_ASSERT(corner.has_value());
      CPPUNIT_ASSERT_EQUAL(name, geohashOf(*corner, length));
      if (length < 9) {
        CPPUNIT_ASSERT_EQUAL(name + "000", geohashOf(*corner, length + 3));
      }
    }
  }

  void neighboursSurroundACell() {
    auto around = geohashNeighbours("ezs42");
    std::sort(around.begin(), around.end());
    const std::vector<std::string> expected{"ezefp", "ezefr", "ezefx", "ezs40", "ezs41", "ezs43", "ezs48", "ezs49"};
    CPPUNIT_ASSERT(expected == around);
    // The grid goes round the earth, and ends at the poles.
    const auto at_pole = geohashNeighbours(geohashOf({90, 180}, 3));
    CPPUNIT_ASSERT_EQUAL(std::size_t{5}, at_pole.size());
    const std::string across = geohashOf({89.9, -179.9}, 3);
    CPPUNIT_ASSERT(std::find(at_pole.begin(), at_pole.end(), across) != at_pole.end());
  }

  void distancesChooseALength() {
    for (const auto& [text, length] : std::vector<std::pair<std::string, std::uint32_t>>{
             {"10000km", 1}, {"20km", 4}, {"5mi", 4}, {"5km", 5}, {"1km", 6}, {"100m", 7}, {"3", 9}, {"1m", 10}}) {
      const auto meters = parseDistance(text);
      CPPUNIT_ASSERT_MESSAGE(text, meters.has_value());
      CPPUNIT_ASSERT_EQUAL_MESSAGE(text, length, geohashLengthFor(*meters));
    }
    for (const std::string text : {"", "km", "5 parsecs", "-1km"}) CPPUNIT_ASSERT_MESSAGE(text, !parseDistance(text));
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(GeohashTest);

}  // namespace

}  // namespace gyre::engine
