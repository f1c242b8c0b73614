#include "server/projector/back_off.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <random>
#include <string>

namespace gyre::projector {

class BackOffTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(BackOffTest);
  CPPUNIT_TEST(doublesUpToItsLimitWithJitter);
  CPPUNIT_TEST(resetBeginsAgain);
  CPPUNIT_TEST(twoSeedsDoNotBeatTogether);
  CPPUNIT_TEST_SUITE_END();

 public:
  void doublesUpToItsLimitWithJitter() {
    const auto seed = std::random_device{}();
    BackOff back_off(seed);
    std::int64_t full_ms = BackOff::kFirstMs;
    for (int i = 0; i < 100; ++i) {
      const std::int64_t nanos = back_off.nextNanos();
      CPPUNIT_ASSERT_MESSAGE("seed " + std::to_string(seed),
                             nanos >= full_ms * 500'000 && nanos <= full_ms * 1'000'000);
      full_ms = std::min(full_ms * 2, BackOff::kLongestMs);
    }
  }

  void resetBeginsAgain() {
    BackOff back_off(1);
    for (int i = 0; i < 10; ++i) back_off.nextNanos();
    back_off.reset();
    CPPUNIT_ASSERT(back_off.nextNanos() <= BackOff::kFirstMs * 1'000'000);
  }

  void twoSeedsDoNotBeatTogether() {
    BackOff one(1);
    BackOff two(2);
    CPPUNIT_ASSERT(one.nextNanos() != two.nextNanos());
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(BackOffTest);

}  // namespace gyre::projector
