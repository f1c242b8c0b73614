#include "server/projector/backlog.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <memory>
#include <string>
#include <vector>

#include "server/projector/backlog_watch.hpp"
#include "tests/support/fake_primary_store.hpp"
#include "tests/support/fake_search_engine.hpp"
#include "tests/support/temp_folder.hpp"

namespace gyre::projector {

class BacklogTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(BacklogTest);
  CPPUNIT_TEST(whatTheIndexHasNotGotIsCounted);
  CPPUNIT_TEST(eachLimitIsNamedOnceItIsReached);
  CPPUNIT_TEST(whatWasOnceDurableIsNotCountedAgain);
  CPPUNIT_TEST(aStoreFromAnOlderCopyStartsAfresh);
  CPPUNIT_TEST(anUnreadableLogLeavesTheFigures);
  CPPUNIT_TEST(theWatchTakesALastLook);
  CPPUNIT_TEST_SUITE_END();

 public:
  static constexpr std::int64_t kNow = 5'000;
  static constexpr std::uint64_t kEventBytes = 1 + 7 + 2;  // of "e", "Written" and "{}"

  void setUp() override {
    folder_ = std::make_unique<test::TempFolder>();
    store_ = std::make_unique<test::FakePrimaryStore>();
    engine_ = std::make_unique<test::FakeSearchEngine>();
  }

 protected:
  std::string path() const { return (folder_->path() / "indexed").string(); }
  std::unique_ptr<Backlog> open(BacklogLimits limits = {}) {
    return std::make_unique<Backlog>(*store_, *engine_, limits, path(), clock_);
  }
  void write(int count) {
    for (int i = 0; i < count; ++i) store_->write("e", "{}");
  }
  void index(std::uint64_t sequence) { CPPUNIT_ASSERT(engine_->bulk({}, sequence).isOk()); }
  static std::string refusal(const Backlog& backlog) {
    const Status status = backlog.admit();
    return status.isOk() ? "" : std::string(status.reason()) + " " + std::string(status.message());
  }

  void whatTheIndexHasNotGotIsCounted() {
    const auto backlog = open();
    backlog->measure();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, backlog->figures().events + backlog->figures().bytes);
    write(3'000);
    index(500);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2'500}, backlog->figures().events);  // without a look
    backlog->measure();
    CPPUNIT_ASSERT_EQUAL(2'500 * kEventBytes, backlog->figures().bytes);
    CPPUNIT_ASSERT_EQUAL(kNow, backlog->figures().age_ms);  // the fake's events happened at 0
    index(2'999);
    backlog->measure();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, backlog->figures().events);
    CPPUNIT_ASSERT(backlog->figures().bytes <= 1'024 * kEventBytes);
    index(3'000);
    backlog->measure();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, backlog->figures().bytes);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, backlog->figures().age_ms);
  }

  void eachLimitIsNamedOnceItIsReached() {
    const auto events = open({10, 0, 0});
    const auto bytes = open({0, 10 * kEventBytes, 0});
    const auto age = open({0, 0, kNow});
    const auto none = open();
    for (const int more : {9, 1}) {
      write(more);
      for (Backlog* const backlog : {events.get(), bytes.get(), age.get(), none.get()}) backlog->measure();
      CPPUNIT_ASSERT_EQUAL(more == 1, refusal(*events).find("backlog_full") == 0);
      CPPUNIT_ASSERT_EQUAL(more == 1, refusal(*bytes).find("search.backlog_bytes") != std::string::npos);
      CPPUNIT_ASSERT(refusal(*age).find("search.backlog_age") != std::string::npos);
      CPPUNIT_ASSERT_EQUAL(std::string(), refusal(*none));
    }
    CPPUNIT_ASSERT(refusal(*events).find("behind by 10 events and the limit (search.backlog_events) is 10") !=
                   std::string::npos);
    index(1);
    CPPUNIT_ASSERT_EQUAL(std::string(), refusal(*events));
  }

  void whatWasOnceDurableIsNotCountedAgain() {
    write(100);
    {
      const auto backlog = open();
      index(90);
      CPPUNIT_ASSERT(engine_->commit().isOk());
      index(100);
      backlog->measure();
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, backlog->figures().events);
    }
    engine_ = std::make_unique<test::FakeSearchEngine>();  // it cannot be asked
    const auto backlog = open();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{10}, backlog->figures().events);
    backlog->measure();
    CPPUNIT_ASSERT_EQUAL(10 * kEventBytes, backlog->figures().bytes);
  }

  void aStoreFromAnOlderCopyStartsAfresh() {
    whatWasOnceDurableIsNotCountedAgain();
    store_ = std::make_unique<test::FakePrimaryStore>();
    write(20);
    const auto backlog = open();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, backlog->figures().events);
    write(5);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{5}, backlog->figures().events);
  }

  void anUnreadableLogLeavesTheFigures() {
    const auto backlog = open();
    write(10);
    backlog->measure();
    write(10);
    store_->failLogReads(1, unavailable("the disk is gone"));
    backlog->measure();
    CPPUNIT_ASSERT_EQUAL(10 * kEventBytes, backlog->figures().bytes);
    backlog->measure();
    CPPUNIT_ASSERT_EQUAL(20 * kEventBytes, backlog->figures().bytes);
  }

  void theWatchTakesALastLook() {
    const auto backlog = open();
    BacklogWatch watch;
    watch.add(*backlog);
    write(10);
    watch.stop();
    CPPUNIT_ASSERT_EQUAL(10 * kEventBytes, backlog->figures().bytes);
  }

 private:
  base::ManualClock clock_{kNow};
  std::unique_ptr<test::TempFolder> folder_;
  std::unique_ptr<test::FakePrimaryStore> store_;
  std::unique_ptr<test::FakeSearchEngine> engine_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(BacklogTest);

}  // namespace gyre::projector
