#include "server/dialect/shard_number.hpp"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <vector>

namespace gyre::dialect {

// The expected numbers are those that OpenSearch 2.19 gives in _search_shards.
class ShardNumberTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(ShardNumberTest);
  CPPUNIT_TEST(documentsLieWhereTheDialectPutsThem);
  CPPUNIT_TEST(anIdIsItsOwnRouting);
  CPPUNIT_TEST(oneShardHasEverything);
  CPPUNIT_TEST_SUITE_END();

  static ShardNumbers numbers(std::string_view shards, std::string_view routing_shards) {
    Settings settings;
    settings.set("index.number_of_shards", shards);
    if (!routing_shards.empty()) settings.set("index.number_of_routing_shards", routing_shards);
    return ShardNumbers(settings);
  }

  void documentsLieWhereTheDialectPutsThem() {
    struct Case {
      std::string shards, routing_shards;
      std::vector<std::uint32_t> expected;
    };
    const std::vector<std::string> routings{"1", "5", "4", "abc", "żółć", "payment-000123", "a😀b"};
    for (const Case& each : {Case{"5", "5", {3, 1, 2, 4, 0, 2, 2}}, Case{"3", "", {2, 0, 1, 0, 0, 0, 2}},
                             Case{"7", "", {0, 2, 4, 2, 0, 2, 1}}, Case{"2", "8", {0, 1, 0, 0, 0, 0, 1}}}) {
      const ShardNumbers shards = numbers(each.shards, each.routing_shards);
      for (std::size_t i = 0; i < routings.size(); ++i)
        CPPUNIT_ASSERT_EQUAL_MESSAGE(each.shards + " shards, " + routings[i], each.expected[i],
                                     shards.of("id", routings[i]));
    }
  }

  void anIdIsItsOwnRouting() {
    const ShardNumbers shards = numbers("5", "5");
    CPPUNIT_ASSERT_EQUAL(shards.of("x", "abc"), shards.of("abc", ""));
    CPPUNIT_ASSERT(shards.of("1", "") != shards.of("1", "5"));
  }

  void oneShardHasEverything() {
    const ShardNumbers shards = numbers("1", "");
    CPPUNIT_ASSERT(shards.isSingle());
    CPPUNIT_ASSERT_EQUAL(0u, shards.of("1", "x"));
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ShardNumberTest);

}  // namespace gyre::dialect
