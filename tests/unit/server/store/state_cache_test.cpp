#include "server/store/state_cache.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <string>

#include "tests/unit/server/store/store_fixture.hpp"

namespace gyre::store {

class StateCacheTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(StateCacheTest);
  CPPUNIT_TEST(keepsTheNewest);
  CPPUNIT_TEST(staysWithinItsBytes);
  CPPUNIT_TEST(theLeastUsedGoesFirst);
  CPPUNIT_TEST(aStateTooLargeDropsTheOldOne);
  CPPUNIT_TEST(anOlderReadIsNotKept);
  CPPUNIT_TEST_SUITE_END();

  static EntityRecord version(const std::string& id, std::uint64_t number, std::size_t bytes = 10) {
    EntityRecord record = entity(id, "acme", std::string(bytes, 's'));
    record.version = number;
    return record;
  }

 public:
  void keepsTheNewest() {
    StateCache cache(1 << 20);
    EntityRecord found;
    CPPUNIT_ASSERT(!cache.find("p", found));
    cache.put(version("p", 1));
    cache.put(version("p", 2, 500));
    CPPUNIT_ASSERT(cache.find("p", found));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, found.version);
    CPPUNIT_ASSERT_EQUAL(std::size_t{500}, found.state.size());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, cache.hits());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, cache.misses());
  }

  void staysWithinItsBytes() {
    StateCache cache(100'000);
    for (int i = 0; i < 5000; ++i) cache.put(version("p" + std::to_string(i), 1, static_cast<std::size_t>(i % 700)));
    CPPUNIT_ASSERT(cache.bytes() <= 100'000);
    CPPUNIT_ASSERT(cache.bytes() > 50'000);
    StateCache none(0);
    none.put(version("p", 1));
    CPPUNIT_ASSERT_EQUAL(std::size_t{0}, none.bytes());
  }

  void theLeastUsedGoesFirst() {
    StateCache cache(16 * 2000);
    EntityRecord found;
    cache.put(version("kept", 1));
    for (int i = 0; i < 1000; ++i) {
      cache.put(version("p" + std::to_string(i), 1));
      CPPUNIT_ASSERT(cache.find("kept", found));
    }
    CPPUNIT_ASSERT(!cache.find("p0", found));
    CPPUNIT_ASSERT(cache.find("p999", found));
  }

  void aStateTooLargeDropsTheOldOne() {
    StateCache cache(16 * 1000);
    EntityRecord found;
    cache.put(version("p", 1));
    cache.put(version("p", 2, 5000));
    CPPUNIT_ASSERT(!cache.find("p", found));
    CPPUNIT_ASSERT_EQUAL(std::size_t{0}, cache.bytes());
  }

  void anOlderReadIsNotKept() {
    StateCache cache(1 << 20);
    EntityRecord found;
    const std::uint64_t stamp = cache.stamp("p");
    cache.put(version("p", 2));
    cache.putRead(version("p", 1), stamp);
    CPPUNIT_ASSERT(cache.find("p", found));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, found.version);
    cache.putRead(version("p", 2, 77), cache.stamp("p"));
    CPPUNIT_ASSERT(cache.find("p", found));
    CPPUNIT_ASSERT_EQUAL(std::size_t{77}, found.state.size());
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(StateCacheTest);

}  // namespace gyre::store
