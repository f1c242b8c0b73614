#include "engine/writer/merge_budget.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "engine/segment/open_segment.hpp"

namespace {

using gyre::engine::MergeBudget;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kMegabyte = 1u << 20;
constexpr auto kLong = MergeBudget::Length::kLong;
constexpr auto kQuick = MergeBudget::Length::kQuick;

}  // namespace

class MergeBudgetTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(MergeBudgetTest);
  CPPUNIT_TEST(bytesAreSpreadOverTime);
  CPPUNIT_TEST(aPauseIsNotSavedUp);
  CPPUNIT_TEST(placesAreLimitedAndGivenBack);
  CPPUNIT_TEST(aLongMergeLeavesThePlacesOfQuickOnes);
  CPPUNIT_TEST(whoWaitsForAPlaceCanBeStopped);
  CPPUNIT_TEST(throttledBytesArriveAllTheSame);
  CPPUNIT_TEST_SUITE_END();

 public:
  void bytesAreSpreadOverTime() {
    MergeBudget budget({.merges = 1, .bytes_per_second = 10 * kMegabyte});
    std::int64_t now = 5 * kSecond;
    // However often it writes: a hundred megabytes take about ten seconds.
    for (int i = 0; i < 100; ++i) now += budget.delayAfter(kMegabyte, now);
    CPPUNIT_ASSERT_DOUBLES_EQUAL(15.0, static_cast<double>(now) / kSecond, 0.2);
    // Two merges share it.
    CPPUNIT_ASSERT(budget.delayAfter(5 * kMegabyte, now) <= kSecond / 2);
    CPPUNIT_ASSERT(budget.delayAfter(5 * kMegabyte, now) > kSecond * 4 / 5);
  }

  void aPauseIsNotSavedUp() {
    MergeBudget budget({.merges = 1, .bytes_per_second = kMegabyte});
    (void)budget.delayAfter(kMegabyte, kSecond);
    CPPUNIT_ASSERT(budget.delayAfter(kMegabyte, 1000 * kSecond) > kSecond / 2);
  }

  void placesAreLimitedAndGivenBack() {
    MergeBudget budget({.merges = 2, .bytes_per_second = 1});
    const std::atomic<bool> go{false}, stopped{true};
    auto first = budget.enter(kLong, go);
    CPPUNIT_ASSERT(first.isOk());
    {
      const auto second = budget.enter(kLong, go);
      CPPUNIT_ASSERT(second.isOk());
      CPPUNIT_ASSERT_EQUAL(int(gyre::Code::kUnavailable), int(budget.enter(kLong, stopped).status().code()));
    }
    CPPUNIT_ASSERT(budget.enter(kLong, stopped).isOk());
    // A place that moves is one place.
    MergeBudget::Place moved = std::move(first).value();
    CPPUNIT_ASSERT(budget.enter(kLong, stopped).isOk());
  }

  void aLongMergeLeavesThePlacesOfQuickOnes() {
    MergeBudget budget({.merges = 1, .bytes_per_second = 1});
    const std::atomic<bool> go{false}, stopped{true};
    const auto long_one = budget.enter(kLong, go);
    CPPUNIT_ASSERT(!budget.enter(kLong, stopped).isOk());
    {
      MergeBudget::Place quick_one = budget.enter(kQuick, stopped).value();
      CPPUNIT_ASSERT(!budget.enter(kQuick, stopped).isOk());
      // Moved into another, it is given back as what it is.
      MergeBudget::Place moved;
      moved = std::move(quick_one);
    }
    CPPUNIT_ASSERT(budget.enter(kQuick, stopped).isOk());
    CPPUNIT_ASSERT(!budget.enter(kLong, stopped).isOk());
  }

  void whoWaitsForAPlaceCanBeStopped() {
    MergeBudget budget({.merges = 1, .bytes_per_second = 1});
    std::atomic<bool> stop{false};
    const auto held = budget.enter(kLong, stop);
    CPPUNIT_ASSERT(held.isOk());
    std::optional<bool> has_entered;
    std::thread waiting([&] { has_entered = budget.enter(kLong, stop).isOk(); });
    stop = true;
    waiting.join();
    CPPUNIT_ASSERT(has_entered == false);
  }

  void throttledBytesArriveAllTheSame() {
    MergeBudget budget({.merges = 1, .bytes_per_second = 1000 * kMegabyte});
    const std::atomic<bool> stop{false};
    auto memory = std::make_unique<gyre::engine::MemoryFileWriter>();
    auto* const file = memory.get();
    const auto writer = gyre::engine::makeThrottledWriter(std::move(memory), budget, false, stop);
    std::string expected;
    for (int i = 0; i < 50; ++i) {
      const std::string part(100'000, static_cast<char>('a' + i % 26));
      CPPUNIT_ASSERT(writer->append(gyre::base::asBytes(part)).isOk());
      expected += part;
    }
    CPPUNIT_ASSERT(writer->finish().isOk());
    CPPUNIT_ASSERT(file->take() == expected);
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(MergeBudgetTest);
