#include "server/projector/log_feed.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "tests/unit/server/projector/projector_rig.hpp"

namespace gyre::projector {

using test::EchoProjection;
using test::FakePrimaryStore;
using test::FakeSearchEngine;
using test::ProjectorRig;
using Ids = std::vector<std::string>;

namespace {

// Says which entities' documents were made.
class WatchedProjection final : public Projection {
 public:
  Result<std::string> project(std::string_view entity_id, std::string_view state, std::uint64_t) const override {
    const std::lock_guard lock(mutex_);
    made_.emplace_back(entity_id);
    changed_.notify_all();
    return std::string(state);
  }
  bool awaitMade(const std::string& id) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20),
                             [&] { return std::find(made_.begin(), made_.end(), id) != made_.end(); });
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  mutable Ids made_;
};

Ids idsOf(const Batch& batch) {
  Ids ids;
  for (const search::BulkOperation& operation : batch.operations) ids.push_back(operation.id);
  return ids;
}

}  // namespace

class LogFeedTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(LogFeedTest);
  CPPUNIT_TEST(whatIsReadAheadComesInItsTurn);
  CPPUNIT_TEST(aFewEventsAreNotReadAhead);
  CPPUNIT_TEST(whatOnlyTheIndexKnowsIsNotReadAhead);
  CPPUNIT_TEST(whatIsForgottenMeanwhileIsStillDeleted);
  CPPUNIT_TEST(aFailureIsMetInItsTurn);
  CPPUNIT_TEST(clearedItIsReadAgain);
  CPPUNIT_TEST(theProjectorReadsWhileTheIndexIsBusy);
  CPPUNIT_TEST(whatIsReadAheadWaitsForWhatIsSentAgain);
  CPPUNIT_TEST_SUITE_END();

 public:
  // Batches of two documents of ten bytes.
  void whatIsReadAheadComesInItsTurn() {
    fill(5);
    CPPUNIT_ASSERT(idsOf(next(0)) == Ids({"a", "b"}));
    CPPUNIT_ASSERT(feed.isWorthReading(2));
    feed.readAhead(2);
    CPPUNIT_ASSERT(!feed.isWorthReading(2));
    store.write("c", "changed__");  // what was read is sent; the change follows
    const Batch ahead = next(2);
    CPPUNIT_ASSERT(idsOf(ahead) == Ids({"c", "d"}));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{4}, ahead.sequence);
    CPPUNIT_ASSERT_EQUAL(std::string("state____"), ahead.operations[0].source);
    CPPUNIT_ASSERT(idsOf(next(4)) == Ids({"e"}));
    const Batch last = next(5);
    CPPUNIT_ASSERT(idsOf(last) == Ids({"c"}));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{6}, last.sequence);
    CPPUNIT_ASSERT_EQUAL(std::string("changed__"), last.operations[0].source);
    CPPUNIT_ASSERT(feed.isEmpty());
  }

  void aFewEventsAreNotReadAhead() {
    fill(3);
    CPPUNIT_ASSERT(feed.isWorthReading(0));
    CPPUNIT_ASSERT(!feed.isWorthReading(1));
  }

  void whatOnlyTheIndexKnowsIsNotReadAhead() {
    engine.corrupt("c", "held", 7);
    fill(2);
    CPPUNIT_ASSERT(idsOf(next(0)) == Ids({"a", "b"}));
    for (const char* id : {"c", "d"}) store.write(id, "state____");
    store.forget("c");
    feed.readAhead(2);
    const Batch batch = next(2);
    CPPUNIT_ASSERT(idsOf(batch) == Ids({"c", "d"}));
    CPPUNIT_ASSERT(batch.operations[0].kind == search::BulkOperation::Kind::kDelete);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{7}, batch.operations[0].version);
  }

  // It stands in the batch on its way, which the index does not hold yet.
  void whatIsForgottenMeanwhileIsStillDeleted() {
    fill(2);
    (void)next(0);
    store.write("b", "another__");
    store.forget("b");
    feed.readAhead(2);
    engine.corrupt("b", "state____", 2);
    const Batch batch = next(2);
    CPPUNIT_ASSERT(idsOf(batch) == Ids({"b"}));
    CPPUNIT_ASSERT(batch.operations[0].kind == search::BulkOperation::Kind::kDelete);
  }

  void aFailureIsMetInItsTurn() {
    fill(3);
    store.failLogReads(2, unavailable("the disk is gone"));
    feed.readAhead(0);
    CPPUNIT_ASSERT(feed.isEmpty());
    CPPUNIT_ASSERT_EQUAL(std::string("the disk is gone"), std::string(feed.next(0).status().message()));
    CPPUNIT_ASSERT(idsOf(next(0)) == Ids({"a", "b"}));
  }

  void clearedItIsReadAgain() {
    fill(5);
    (void)next(0);
    feed.readAhead(2);
    feed.clear();
    CPPUNIT_ASSERT(feed.isEmpty());
    CPPUNIT_ASSERT(idsOf(next(1)) == Ids({"b", "c"}));
  }

  void theProjectorReadsWhileTheIndexIsBusy() {
    ProjectorRig rig;
    WatchedProjection watched;
    rig.options.bulk_bytes = 20;
    rig.options.bulk_count = 3;
    bool is_first = true, was_read = false;
    rig.engine.onBulk([&] {
      if (std::exchange(is_first, false)) was_read = watched.awaitMade("c");
    });
    rig.projector = std::make_unique<Projector>(rig.options, rig.store, rig.engine, watched, rig.clock, rig.observer);
    for (const char* id : {"a", "b", "c", "d", "e"}) rig.store.write(id, "state____");
    rig.projector->start();
    CPPUNIT_ASSERT(rig.requireNow(5).isOk());
    CPPUNIT_ASSERT(was_read);
    const FakeSearchEngine::Calls calls = rig.engine.calls();
    CPPUNIT_ASSERT_EQUAL(std::size_t{3}, calls.bulks.size());
    CPPUNIT_ASSERT(calls.bulks[1].ids == Ids({"c", "d"}));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{4}, calls.bulks[1].sequence);
  }

  void whatIsReadAheadWaitsForWhatIsSentAgain() {
    ProjectorRig rig;
    rig.options.bulk_bytes = 20;
    rig.options.bulk_count = 3;
    rig.restart();
    rig.engine.retry("b", 1);
    for (const char* id : {"a", "b", "c", "d", "e"}) rig.store.write(id, "state____");
    rig.projector->start();
    rig.driveUntil([](const FakeSearchEngine::Calls& calls) { return calls.progress.applied == 5; });
    const FakeSearchEngine::Calls calls = rig.engine.calls();
    CPPUNIT_ASSERT_EQUAL(std::size_t{4}, calls.bulks.size());
    CPPUNIT_ASSERT(calls.bulks[1].ids == Ids({"b"}));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, calls.bulks[1].sequence);
    CPPUNIT_ASSERT(calls.bulks[2].ids == Ids({"c", "d"}));
    CPPUNIT_ASSERT(calls.bulks[3].ids == Ids({"e"}));
  }

 private:
  void fill(int entities) {
    for (int i = 0; i < entities; ++i) store.write(std::string(1, static_cast<char>('a' + i)), "state____");
  }
  Batch next(std::uint64_t position) {
    Result<Batch> batch = feed.next(position);
    CPPUNIT_ASSERT_MESSAGE(std::string(batch.status().message()), batch.isOk());
    return std::move(batch).value();
  }

  FakePrimaryStore store;
  FakeSearchEngine engine;
  EchoProjection projection;
  LogFeed feed{store, engine, projection, 20, 3};
};

CPPUNIT_TEST_SUITE_REGISTRATION(LogFeedTest);

}  // namespace gyre::projector
