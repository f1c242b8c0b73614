#include "server/projector/index_follower.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "tests/support/fake_search_engine.hpp"

namespace gyre::projector {

// The engine is fed here as by another server; whether it is refreshed is the follower's to decide.
class IndexFollowerTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(IndexFollowerTest);
  CPPUNIT_TEST(whatIsSearchableIsAnsweredAtOnce);
  CPPUNIT_TEST(whatHasArrivedIsRefreshedForWhoWaits);
  CPPUNIT_TEST(whatHasNotArrivedIsWaitedFor);
  CPPUNIT_TEST(theDeadlineNamesBothSequencesAndWhy);
  CPPUNIT_TEST(nobodyIsLeftWaitingAtStop);
  CPPUNIT_TEST_SUITE_END();

 public:
  struct Rig {
    explicit Rig(Status looked = {}) : outcome(std::move(looked)) { follower.start(); }
    void apply(std::uint64_t sequence) {
      const search::BulkOperation operation{search::BulkOperation::Kind::kIndex, "a", sequence, "{}", false};
      CPPUNIT_ASSERT(engine.bulk(std::vector{operation}, sequence).isOk());
    }
    std::future<Status> require(std::uint64_t sequence, std::int64_t timeout_ms = 60'000) {
      const auto promise = std::make_shared<std::promise<Status>>();
      follower.requireSequence(sequence, timeout_ms, [promise](const Status& status) { promise->set_value(status); });
      return promise->get_future();
    }

    base::SystemClock clock;
    test::FakeSearchEngine engine;
    Status outcome;  // of each look
    std::atomic<int> looks = 0;
    IndexFollower follower{engine,
                           [this] {
                             ++looks;
                             return outcome;
                           },
                           clock};
  };

  void whatIsSearchableIsAnsweredAtOnce() {
    Rig rig;
    rig.apply(3);
    CPPUNIT_ASSERT(rig.engine.refresh().isOk());
    std::future<Status> answer = rig.require(3);
    CPPUNIT_ASSERT(answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready);
    CPPUNIT_ASSERT(answer.get().isOk());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, rig.follower.refreshes());
  }

  void whatHasArrivedIsRefreshedForWhoWaits() {
    Rig rig;
    rig.apply(3);
    CPPUNIT_ASSERT(rig.require(2).get().isOk());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, rig.engine.progress().searchable);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, rig.follower.refreshes());
  }

  void whatHasNotArrivedIsWaitedFor() {
    Rig rig;
    rig.apply(1);
    std::future<Status> late = rig.require(5);
    std::future<Status> early = rig.require(1);
    CPPUNIT_ASSERT(early.get().isOk());
    CPPUNIT_ASSERT(late.wait_for(std::chrono::seconds(0)) != std::future_status::ready);
    rig.apply(5);
    CPPUNIT_ASSERT(late.get().isOk());
    CPPUNIT_ASSERT(rig.looks > 0);
  }

  void theDeadlineNamesBothSequencesAndWhy() {
    Rig rig(Status(Code::kUnavailable, "search_engine_away", "nobody is there"));
    const Status behind = rig.require(7, 30).get();
    CPPUNIT_ASSERT_EQUAL(std::string("index_behind"), std::string(behind.reason()));
    const std::string text(behind.message());
    CPPUNIT_ASSERT_MESSAGE(text, text.find("sequence 7 was not searchable within 30 ms") != std::string::npos);
    CPPUNIT_ASSERT_MESSAGE(text, text.find("has reached sequence 0; nobody is there") != std::string::npos);
    CPPUNIT_ASSERT_EQUAL(std::string("nobody is there"), rig.follower.lastError());
  }

  void nobodyIsLeftWaitingAtStop() {
    Rig rig;
    std::future<Status> waiting = rig.require(9);
    rig.follower.stop();
    CPPUNIT_ASSERT(waiting.get().code() == Code::kUnavailable);
    CPPUNIT_ASSERT(rig.require(9).get().code() == Code::kUnavailable);
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(IndexFollowerTest);

}  // namespace gyre::projector
