#include "server/projector/projector.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <map>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/server/projector/projector_rig.hpp"

namespace gyre::projector {
namespace {

using Ids = std::vector<std::string>;
using Calls = test::FakeSearchEngine::Calls;
using test::ProjectorRig;

std::string name(int i) { return "e" + std::to_string(1000 + i); }

}  // namespace

class ProjectorTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(ProjectorTest);
  CPPUNIT_TEST(eachEntityIsSentOnceWithItsLatestState);
  CPPUNIT_TEST(enoughEventsAreSentWithoutWaiting);
  CPPUNIT_TEST(aSmallBatchWaitsForItsAge);
  CPPUNIT_TEST(aBacklogIsCutByBytesAndNotByCount);
  CPPUNIT_TEST(aDocumentAboveTheLimitGoesAlone);
  CPPUNIT_TEST(everySequenceCoversWhatWasSent);
  CPPUNIT_TEST(aCrashLosesNothing);
  CPPUNIT_TEST(aCleanRestartSendsNothingAgain);
  CPPUNIT_TEST(anIndexThatGoesBackIsFollowed);
  CPPUNIT_TEST(aRestartInABacklogGoesOnWhereItWas);
  CPPUNIT_TEST(whatIsToBeRetriedIsSentAgainBeforeTheRest);
  CPPUNIT_TEST(aFailedCallIsSentAgainWhole);
  CPPUNIT_TEST(backOffKeepsTheEngineInPeace);
  CPPUNIT_TEST(aFailingStoreIsReadAgain);
  CPPUNIT_TEST(aRefusalIsADeadLetterAndTheRestGoesOn);
  CPPUNIT_TEST(aStateWithoutADocumentIsADeadLetter);
  CPPUNIT_TEST(aLetterGoesOnceTheIndexTakesTheEntity);
  CPPUNIT_TEST(theIndexDoesNotCommitPastALetterThatIsNotKept);
  CPPUNIT_TEST(stoppingDoesNotWaitForTheIndexToRecover);
  CPPUNIT_TEST_SUITE_END();

 public:
  void eachEntityIsSentOnceWithItsLatestState() {
    ProjectorRig rig;
    rig.store.write("a", "a1");
    rig.store.write("b", "b1");
    rig.store.write("a", "a2");
    rig.store.write("a", "a3");
    rig.projector->start();
    CPPUNIT_ASSERT(rig.requireNow(4).isOk());
    const Calls calls = rig.engine.calls();
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, calls.bulks.size());
    CPPUNIT_ASSERT(calls.bulks[0].ids == Ids({"a", "b"}));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{4}, calls.bulks[0].sequence);
    CPPUNIT_ASSERT(rig.engine.searchableSources() == (std::map<std::string, std::string>{{"a", "a3"}, {"b", "b1"}}));
    // The version is the entity's last sequence.
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{4}, rig.engine.get("a").value()->version);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, rig.engine.get("b").value()->version);
    const ProjectorStats stats = rig.projector->stats();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{4}, stats.last_sequence);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{4}, stats.applied);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{4}, stats.searchable);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, stats.lag);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, stats.documents);
    CPPUNIT_ASSERT_EQUAL(std::string(), stats.last_error);
  }

  void enoughEventsAreSentWithoutWaiting() {
    ProjectorRig rig;
    rig.projector->start();
    for (int i = 0; i < 4; ++i) rig.store.write(name(i), "{}");
    CPPUNIT_ASSERT(rig.engine.waitUntil([](const Calls& calls) { return calls.progress.applied == 4; }));
  }

  void aSmallBatchWaitsForItsAge() {
    ProjectorRig rig;
    rig.projector->start();
    rig.store.write("a", "{}");
    rig.store.wakeWaiters();
    CPPUNIT_ASSERT(rig.store.waitUntilWaitedFor(2));
    CPPUNIT_ASSERT(rig.engine.calls().bulks.empty());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, rig.projector->stats().lag);
    rig.clock.advance(49);
    rig.store.wakeWaiters();
    CPPUNIT_ASSERT(rig.store.waitUntilWaitedFor(2));
    CPPUNIT_ASSERT(rig.engine.calls().bulks.empty());
    rig.clock.advance(1);
    rig.store.wakeWaiters();
    CPPUNIT_ASSERT(rig.engine.waitUntil([](const Calls& calls) { return calls.progress.applied == 1; }));
  }

  void aBacklogIsCutByBytesAndNotByCount() {
    ProjectorRig rig;
    rig.options.bulk_bytes = 1'000;
    rig.restart();
    for (int i = 0; i < 100; ++i) rig.store.write(name(i), std::string(95, 'x'));  // 100 bytes with the id
    rig.projector->start();
    CPPUNIT_ASSERT(rig.requireNow(100).isOk());
    const Calls calls = rig.engine.calls();
    CPPUNIT_ASSERT_EQUAL(std::size_t{10}, calls.bulks.size());
    Ids sent;
    for (const auto& bulk : calls.bulks) {
      CPPUNIT_ASSERT_EQUAL(std::size_t{1'000}, bulk.bytes);
      sent.insert(sent.end(), bulk.ids.begin(), bulk.ids.end());
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{sent.size()}, bulk.sequence);
    }
    for (int i = 0; i < 100; ++i) CPPUNIT_ASSERT_EQUAL(name(i), sent[static_cast<std::size_t>(i)]);
  }

  void aDocumentAboveTheLimitGoesAlone() {
    ProjectorRig rig;
    rig.options.bulk_bytes = 100;
    rig.restart();
    rig.store.write("a", "small");
    rig.store.write("b", std::string(500, 'x'));
    rig.store.write("c", "small");
    rig.projector->start();
    CPPUNIT_ASSERT(rig.requireNow(3).isOk());
    const Calls calls = rig.engine.calls();
    CPPUNIT_ASSERT_EQUAL(std::size_t{3}, calls.bulks.size());
    CPPUNIT_ASSERT(calls.bulks[1].ids == Ids({"b"}));
  }

  // However the log is cut: an event that a batch's sequence covers has its entity in that batch or one before.
  void everySequenceCoversWhatWasSent() {
    const auto seed = std::random_device{}();
    std::mt19937 random(seed);
    ProjectorRig rig;
    rig.options.bulk_bytes = 300;
    rig.restart();
    std::vector<std::string> log;
    for (int i = 0; i < 20'000; ++i) {
      log.push_back(name(static_cast<int>(random() % 3'000)));
      rig.store.write(log.back(), std::string(random() % 60, 'x'));
    }
    rig.projector->start();
    CPPUNIT_ASSERT(rig.requireNow(log.size()).isOk());
    std::set<std::string> sent;
    std::uint64_t covered = 0;
    for (const auto& bulk : rig.engine.calls().bulks) {
      sent.insert(bulk.ids.begin(), bulk.ids.end());
      CPPUNIT_ASSERT_EQUAL(bulk.ids.size(), std::set<std::string>(bulk.ids.begin(), bulk.ids.end()).size());
      for (; covered < bulk.sequence; ++covered)
        CPPUNIT_ASSERT_MESSAGE("seed " + std::to_string(seed), sent.contains(log[covered]));
    }
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{log.size()}, covered);
  }

  void aCrashLosesNothing() {
    ProjectorRig rig;
    rig.options.commit_operations = 4;
    rig.restart();
    rig.projector->start();
    for (int i = 0; i < 4; ++i) rig.store.write(name(i), "first");
    CPPUNIT_ASSERT(rig.engine.waitUntil([](const Calls& calls) { return calls.progress.durable == 4; }));
    rig.store.write(name(2), "second");
    rig.store.write(name(9), "first");
    CPPUNIT_ASSERT(rig.requireNow(6).isOk());
    rig.engine.failCommits(1, unavailable("the power went"));  // that of stop()
    rig.projector.reset();
    rig.engine.crash();
    const std::size_t bulks = rig.engine.calls().bulks.size();
    CPPUNIT_ASSERT_EQUAL(std::size_t{4}, rig.engine.searchableSources().size());

    rig.store.write(name(10), "first");
    rig.restart();
    rig.projector->start();
    CPPUNIT_ASSERT(rig.requireNow(7).isOk());
    const Calls calls = rig.engine.calls();
    CPPUNIT_ASSERT_EQUAL(bulks + 1, calls.bulks.size());
    CPPUNIT_ASSERT(calls.bulks.back().ids == Ids({name(2), name(9), name(10)}));  // from the durable mark on, no more
    const auto sources = rig.engine.searchableSources();
    CPPUNIT_ASSERT_EQUAL(std::size_t{6}, sources.size());
    CPPUNIT_ASSERT_EQUAL(std::string("second"), sources.at(name(2)));
  }

  void aCleanRestartSendsNothingAgain() {
    ProjectorRig rig;
    rig.projector->start();
    for (int i = 0; i < 10; ++i) rig.store.write(name(i), "{}");
    CPPUNIT_ASSERT(rig.requireNow(10).isOk());
    rig.projector->stop();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{10}, rig.engine.progress().durable);
    rig.engine.crash();
    const std::uint64_t changes = rig.engine.calls().changes;
    rig.restart();
    rig.projector->start();
    rig.store.write("new", "{}");
    CPPUNIT_ASSERT(rig.requireNow(11).isOk());
    CPPUNIT_ASSERT(rig.engine.calls().bulks.back().ids == Ids({"new"}));
    CPPUNIT_ASSERT_EQUAL(changes + 1, rig.engine.calls().changes);
  }

  // As one in another process does that was deleted, or lost its node.
  void anIndexThatGoesBackIsFollowed() {
    ProjectorRig rig;
    rig.projector->start();
    for (int i = 0; i < 4; ++i) rig.store.write(name(i), "{}");
    CPPUNIT_ASSERT(rig.requireNow(4).isOk());
    rig.engine.crash();
    CPPUNIT_ASSERT_EQUAL(std::size_t{0}, rig.engine.searchableSources().size());
    rig.store.write("new", "{}");
    CPPUNIT_ASSERT(rig.requireNow(5).isOk());
    CPPUNIT_ASSERT_EQUAL(std::size_t{5}, rig.engine.searchableSources().size());
  }

  // Stopped between the batches of one portion of the log, where an entity has events on both sides.
  void aRestartInABacklogGoesOnWhereItWas() {
    ProjectorRig rig;
    rig.options.bulk_bytes = 20;
    rig.restart();
    rig.store.write("a", std::string(18, 'a'));
    rig.store.write("b", std::string(18, 'b'));
    rig.store.write("a", std::string(18, 'A'));
    rig.store.write("c", std::string(18, 'c'));
    rig.engine.retry("b", 1'000'000);
    rig.projector->start();
    CPPUNIT_ASSERT(rig.engine.waitUntil([](const Calls& calls) { return calls.bulks.size() >= 2; }));
    rig.projector->stop();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, rig.engine.progress().durable);
    rig.engine.retry("b", 0);
    rig.engine.crash();
    rig.restart();
    rig.projector->start();
    CPPUNIT_ASSERT(rig.requireNow(4).isOk());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, rig.engine.calls().changes);  // "a" was sent again and was not newer
    CPPUNIT_ASSERT_EQUAL(std::string(18, 'A'), rig.engine.searchableSources().at("a"));
    CPPUNIT_ASSERT_EQUAL(std::size_t{3}, rig.engine.searchableSources().size());
  }

  void whatIsToBeRetriedIsSentAgainBeforeTheRest() {
    ProjectorRig rig;
    rig.engine.retry("b", 2);
    for (const char* id : {"a", "b", "c", "d"}) rig.store.write(id, "{}");
    rig.projector->start();
    CPPUNIT_ASSERT(rig.engine.waitUntil([](const Calls& calls) { return calls.bulks.size() == 1; }));
    for (int i = 0; i < 4; ++i) rig.store.write("later", "{}");
    rig.driveUntil([](const Calls& calls) { return calls.progress.applied == 8; });
    CPPUNIT_ASSERT(rig.requireNow(8).isOk());
    const Calls calls = rig.engine.calls();
    CPPUNIT_ASSERT_EQUAL(std::size_t{4}, calls.bulks.size());
    CPPUNIT_ASSERT(calls.bulks[0].ids == Ids({"a", "b", "c", "d"}));
    CPPUNIT_ASSERT(calls.bulks[1].ids == Ids({"b"}));
    CPPUNIT_ASSERT(calls.bulks[2].ids == Ids({"b"}));
    CPPUNIT_ASSERT(calls.bulks[3].ids == Ids({"later"}));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{4}, calls.bulks[2].sequence);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, rig.projector->stats().retries);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{5}, rig.projector->stats().documents);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, rig.projector->stats().dead_letters);
  }

  void aFailedCallIsSentAgainWhole() {
    ProjectorRig rig;
    rig.engine.failBulks(3, unavailable("no node answers"));
    for (const char* id : {"a", "b", "c", "d"}) rig.store.write(id, "{}");
    rig.projector->start();
    CPPUNIT_ASSERT(rig.engine.waitUntil([](const Calls& calls) { return calls.bulks.size() == 1; }));
    CPPUNIT_ASSERT(rig.store.waitUntilWaitedFor(1));
    CPPUNIT_ASSERT_EQUAL(std::string("no node answers"), rig.projector->stats().last_error);
    rig.driveUntil([](const Calls& calls) { return calls.progress.applied == 4; });
    const Calls calls = rig.engine.calls();
    CPPUNIT_ASSERT_EQUAL(std::size_t{4}, calls.bulks.size());
    for (const auto& bulk : calls.bulks) CPPUNIT_ASSERT(bulk.ids == Ids({"a", "b", "c", "d"}));
    CPPUNIT_ASSERT(rig.requireNow(4).isOk());
    CPPUNIT_ASSERT_EQUAL(std::string(), rig.projector->stats().last_error);
  }

  void backOffKeepsTheEngineInPeace() {
    ProjectorRig rig;
    rig.engine.failBulks(1, unavailable("no node answers"));
    for (int i = 0; i < 4; ++i) rig.store.write(name(i), "{}");
    rig.projector->start();
    CPPUNIT_ASSERT(rig.engine.waitUntil([](const Calls& calls) { return calls.bulks.size() == 1; }));
    CPPUNIT_ASSERT(rig.store.waitUntilWaitedFor(1));
    // Neither events nor wake-ups cut the wait short while time stands still.
    for (int i = 0; i < 10; ++i) rig.store.write(name(i), "{}");
    rig.store.wakeWaiters();
    CPPUNIT_ASSERT(rig.store.waitUntilWaitedFor(2));
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, rig.engine.calls().bulks.size());
    rig.clock.advance(50);  // the first wait is at most this
    rig.store.wakeWaiters();
    CPPUNIT_ASSERT(rig.engine.waitUntil([](const Calls& calls) { return calls.progress.applied >= 4; }));
  }

  void aFailingStoreIsReadAgain() {
    ProjectorRig rig;
    rig.store.failLogReads(2, unavailable("disk is busy"));
    for (int i = 0; i < 4; ++i) rig.store.write(name(i), "{}");
    rig.projector->start();
    rig.driveUntil([](const Calls& calls) { return calls.progress.applied == 4; });
    rig.store.failLoads(2, unavailable("disk is busy"));
    for (int i = 4; i < 8; ++i) rig.store.write(name(i), "{}");
    rig.driveUntil([](const Calls& calls) { return calls.progress.applied == 8; });
    CPPUNIT_ASSERT(rig.requireNow(8).isOk());
    CPPUNIT_ASSERT_EQUAL(std::size_t{8}, rig.engine.searchableSources().size());
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, rig.engine.calls().bulks.size());
  }

  void aRefusalIsADeadLetterAndTheRestGoesOn() {
    ProjectorRig rig;
    rig.engine.refuse("b");
    for (const char* id : {"a", "b", "c", "b"}) rig.store.write(id, "{}");
    rig.projector->start();
    CPPUNIT_ASSERT(rig.requireNow(4).isOk());
    const std::vector<store::DeadLetter> letters = rig.store.deadLetters(0, 10).value();
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, letters.size());
    CPPUNIT_ASSERT_EQUAL(std::string("b"), letters[0].entity_id);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{4}, letters[0].sequence);
    CPPUNIT_ASSERT_EQUAL(std::string("mapper_parsing_exception"), letters[0].cause);
    CPPUNIT_ASSERT_EQUAL(1u, letters[0].attempts);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{1'700'000'000'000}, letters[0].time_millis);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, rig.projector->stats().dead_letters);
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, rig.engine.searchableSources().size());
    CPPUNIT_ASSERT(letters[0].kind == store::DeadLetter::Kind::kProjection);
    rig.store.write("z", "{}");
    CPPUNIT_ASSERT(rig.requireNow(5).isOk());
  }

  void aLetterGoesOnceTheIndexTakesTheEntity() {
    ProjectorRig rig;
    rig.store.write("a", "!");
    rig.store.write("b", "!");
    rig.projector->start();
    CPPUNIT_ASSERT(rig.requireNow(2).isOk());
    rig.store.write("a", "! again");
    CPPUNIT_ASSERT(rig.requireNow(3).isOk());
    std::vector<store::DeadLetter> letters = rig.store.deadLetters(0, 10).value();
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, letters.size());
    CPPUNIT_ASSERT_EQUAL(2u, letters[1].attempts);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, letters[1].sequence);
    rig.restart();  // letters are the store's, and a new projector knows them
    rig.projector->start();
    rig.store.write("a", "{}");
    CPPUNIT_ASSERT(rig.requireNow(4).isOk());
    rig.store.corrupt("b", "{}");
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, rig.projector->synchronize({"b"}).value());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, rig.store.deadLetterCount().value());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, rig.projector->stats().dead_letters);
  }

  void theIndexDoesNotCommitPastALetterThatIsNotKept() {
    ProjectorRig rig;
    rig.options.commit_interval_ms = 1;
    rig.restart();
    rig.store.failUnits(1'000'000, unavailable("the disk is full"));
    rig.store.write("a", "!");
    rig.store.write("b", "{}");
    rig.projector->start();
    CPPUNIT_ASSERT(rig.requireNow(2).isOk());
    for (int i = 0; i < 5; ++i) {
      rig.clock.advance(1'000);
      CPPUNIT_ASSERT(rig.store.waitUntilWaitedFor(2));
    }
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, rig.projector->stats().commits);
    rig.store.failUnits(0, Status());
    rig.driveUntil([](const Calls& calls) { return calls.commits > 0; });
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, rig.store.deadLetterCount().value());
  }

  void aStateWithoutADocumentIsADeadLetter() {
    ProjectorRig rig;
    rig.store.write("a", "!");
    rig.projector->start();
    // Nothing is left to send, but the mark moves.
    CPPUNIT_ASSERT(rig.requireNow(1).isOk());
    const std::vector<store::DeadLetter> letters = rig.store.deadLetters(0, 10).value();
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, letters.size());
    CPPUNIT_ASSERT_EQUAL(std::string("projection: no document for a"), letters[0].cause);
  }

  void stoppingDoesNotWaitForTheIndexToRecover() {
    ProjectorRig rig;
    rig.engine.failBulks(1'000'000, unavailable("no node answers"));
    for (int i = 0; i < 4; ++i) rig.store.write(name(i), "{}");
    rig.projector->start();
    CPPUNIT_ASSERT(rig.engine.waitUntil([](const Calls& calls) { return !calls.bulks.empty(); }));
    rig.projector->stop();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, rig.engine.progress().durable);
    rig.projector->stop();
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ProjectorTest);

class ProjectorWaitersTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(ProjectorWaitersTest);
  CPPUNIT_TEST(manyWaitersCauseOneRefresh);
  CPPUNIT_TEST(whatIsSearchableIsAnsweredAtOnce);
  CPPUNIT_TEST(anUnknownSequenceIsRefused);
  CPPUNIT_TEST(aLateIndexNamesBothSequences);
  CPPUNIT_TEST(noPatienceIsAnsweredAtOnce);
  CPPUNIT_TEST(aFailedRefreshIsTriedAgain);
  CPPUNIT_TEST(stopAnswersEveryone);
  CPPUNIT_TEST(withoutReadersRefreshFollowsItsInterval);
  CPPUNIT_TEST(aNegativeIntervalRefreshesForReadersOnly);
  CPPUNIT_TEST(commitFollowsItsInterval);
  CPPUNIT_TEST(commitFollowsTheOperations);
  CPPUNIT_TEST(aFailedCommitIsTriedAgain);
  CPPUNIT_TEST(synchronizeWritesWhateverTheIndexHolds);
  CPPUNIT_TEST(synchronizeRemovesWhatHasNoEntity);
  CPPUNIT_TEST(synchronizeTakesTurnsWithTheLog);
  CPPUNIT_TEST(synchronizeNeedsARunningProjector);
  CPPUNIT_TEST(stopEndsASynchronizeThatCannotEnd);
  CPPUNIT_TEST(anIndexAheadOfTheStoreIsLeftAlone);
  CPPUNIT_TEST(writersAndReadersAtOnce);
  CPPUNIT_TEST_SUITE_END();

 public:
  void manyWaitersCauseOneRefresh() {
    ProjectorRig rig;
    for (int i = 0; i < 10; ++i) rig.store.write(name(i), "{}");
    std::vector<std::future<Status>> waiting;
    for (int i = 0; i < 50; ++i) waiting.push_back(rig.require(1 + static_cast<std::uint64_t>(i) % 10));
    rig.projector->start();
    for (auto& future : waiting) CPPUNIT_ASSERT(ProjectorRig::answer(future).isOk());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, rig.engine.calls().refreshes);
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, rig.engine.calls().bulks.size());
  }

  void whatIsSearchableIsAnsweredAtOnce() {
    ProjectorRig rig;
    rig.projector->start();
    rig.store.write("a", "{}");
    CPPUNIT_ASSERT(rig.requireNow(1).isOk());
    const std::future<Status> again = rig.require(1, 0);
    CPPUNIT_ASSERT(ProjectorRig::isReady(again));
    CPPUNIT_ASSERT(ProjectorRig::isReady(rig.require(0)));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, rig.engine.calls().refreshes);
  }

  void anUnknownSequenceIsRefused() {
    ProjectorRig rig;
    rig.projector->start();
    rig.store.write("a", "{}");
    std::future<Status> waiting = rig.require(7);
    CPPUNIT_ASSERT(ProjectorRig::isReady(waiting));
    const Status status = waiting.get();
    CPPUNIT_ASSERT(status.code() == Code::kInvalidArgument);
    CPPUNIT_ASSERT_EQUAL(std::string("unknown_sequence"), std::string(status.reason()));
    CPPUNIT_ASSERT_EQUAL(std::string("sequence 7 does not exist: the last one is 1"), std::string(status.message()));
  }

  void aLateIndexNamesBothSequences() {
    ProjectorRig rig;
    rig.store.write("a", "{}");
    rig.projector->start();
    CPPUNIT_ASSERT(rig.requireNow(1).isOk());
    rig.engine.failBulks(1'000'000, unavailable("no node answers"));
    for (int i = 0; i < 4; ++i) rig.store.write("a", "{}");
    std::future<Status> patient = rig.require(4, 5'000);
    std::future<Status> hasty = rig.require(5, 1'000);
    CPPUNIT_ASSERT(rig.store.waitUntilWaitedFor(1));
    CPPUNIT_ASSERT(!ProjectorRig::isReady(hasty));
    rig.clock.advance(1'000);
    rig.store.wakeWaiters();
    const Status status = ProjectorRig::answer(hasty);
    CPPUNIT_ASSERT(!ProjectorRig::isReady(patient));
    CPPUNIT_ASSERT(status.code() == Code::kDeadlineExceeded);
    CPPUNIT_ASSERT_EQUAL(std::string("index_behind"), std::string(status.reason()));
    CPPUNIT_ASSERT_EQUAL(std::string("sequence 5 was not searchable within 1000 ms: the index has reached sequence 1"),
                         std::string(status.message()));
    rig.clock.advance(4'000);
    rig.store.wakeWaiters();
    CPPUNIT_ASSERT(ProjectorRig::answer(patient).code() == Code::kDeadlineExceeded);
  }

  void noPatienceIsAnsweredAtOnce() {
    ProjectorRig rig;
    rig.store.write("a", "{}");
    std::future<Status> waiting = rig.require(1, 0);
    CPPUNIT_ASSERT(ProjectorRig::isReady(waiting));
    CPPUNIT_ASSERT_EQUAL(std::string("index_behind"), std::string(waiting.get().reason()));
  }

  void aFailedRefreshIsTriedAgain() {
    ProjectorRig rig;
    rig.engine.failRefreshes(3, unavailable("no node answers"));
    rig.store.write("a", "{}");
    rig.projector->start();
    std::future<Status> waiting = rig.require(1, 100'000'000);
    rig.driveUntil([](const Calls& calls) { return calls.refreshes == 1; });
    CPPUNIT_ASSERT(ProjectorRig::answer(waiting).isOk());
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, rig.engine.calls().bulks.size());
  }

  void stopAnswersEveryone() {
    ProjectorRig rig;
    rig.engine.failBulks(1'000'000, unavailable("no node answers"));
    rig.store.write("a", "{}");
    rig.projector->start();
    std::future<Status> waiting = rig.require(1);
    rig.projector->stop();
    CPPUNIT_ASSERT(ProjectorRig::answer(waiting).code() == Code::kUnavailable);
    std::future<Status> late = rig.require(1);
    CPPUNIT_ASSERT(ProjectorRig::isReady(late));
    CPPUNIT_ASSERT(late.get().code() == Code::kUnavailable);
    // Never started, never answered otherwise.
    ProjectorRig idle;
    idle.store.write("a", "{}");
    std::future<Status> unstarted = idle.require(1);
    idle.projector.reset();
    CPPUNIT_ASSERT(ProjectorRig::answer(unstarted).code() == Code::kUnavailable);
  }

  void withoutReadersRefreshFollowsItsInterval() {
    ProjectorRig rig;
    rig.projector->start();
    for (int i = 0; i < 4; ++i) rig.store.write(name(i), "{}");
    CPPUNIT_ASSERT(rig.engine.waitUntil([](const Calls& calls) { return calls.progress.applied == 4; }));
    rig.clock.advance(29'000);
    rig.store.wakeWaiters();
    CPPUNIT_ASSERT(rig.store.waitUntilWaitedFor(2));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, rig.engine.calls().refreshes);
    rig.clock.advance(1'000);
    rig.store.wakeWaiters();
    CPPUNIT_ASSERT(rig.engine.waitUntil([](const Calls& calls) { return calls.progress.searchable == 4; }));
    // Nothing new, nothing to refresh.
    rig.clock.advance(100'000);
    rig.store.wakeWaiters();
    CPPUNIT_ASSERT(rig.store.waitUntilWaitedFor(2));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, rig.engine.calls().refreshes);
  }

  void aNegativeIntervalRefreshesForReadersOnly() {
    ProjectorRig rig;
    rig.options.refresh_interval_ms = -1;
    rig.restart();
    rig.projector->start();
    for (int i = 0; i < 4; ++i) rig.store.write(name(i), "{}");
    CPPUNIT_ASSERT(rig.engine.waitUntil([](const Calls& calls) { return calls.progress.applied == 4; }));
    rig.clock.advance(1'000'000);
    rig.store.wakeWaiters();
    CPPUNIT_ASSERT(rig.store.waitUntilWaitedFor(2));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, rig.engine.calls().refreshes);
    CPPUNIT_ASSERT(rig.requireNow(4).isOk());
  }

  void commitFollowsItsInterval() {
    ProjectorRig rig;
    rig.options.commit_interval_ms = 10'000;
    rig.restart();
    rig.projector->start();
    for (int i = 0; i < 4; ++i) rig.store.write(name(i), "{}");
    CPPUNIT_ASSERT(rig.engine.waitUntil([](const Calls& calls) { return calls.progress.applied == 4; }));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, rig.engine.calls().commits);
    rig.clock.advance(10'000);
    rig.store.wakeWaiters();
    CPPUNIT_ASSERT(rig.engine.waitUntil([](const Calls& calls) { return calls.progress.durable == 4; }));
    rig.clock.advance(100'000);
    rig.store.wakeWaiters();
    CPPUNIT_ASSERT(rig.store.waitUntilWaitedFor(2));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, rig.engine.calls().commits);
  }

  void commitFollowsTheOperations() {
    ProjectorRig rig;
    rig.options.commit_operations = 8;
    rig.restart();
    rig.projector->start();
    for (int i = 0; i < 4; ++i) rig.store.write(name(i), "{}");
    CPPUNIT_ASSERT(rig.requireNow(4).isOk());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, rig.engine.calls().commits);
    for (int i = 0; i < 4; ++i) rig.store.write(name(i), "{}");
    CPPUNIT_ASSERT(rig.engine.waitUntil([](const Calls& calls) { return calls.progress.durable == 8; }));
  }

  void aFailedCommitIsTriedAgain() {
    ProjectorRig rig;
    rig.options.commit_operations = 1;
    rig.restart();
    rig.engine.failCommits(2, unavailable("disk is full"));
    rig.projector->start();
    for (int i = 0; i < 4; ++i) rig.store.write(name(i), "{}");
    rig.driveUntil([](const Calls& calls) { return calls.progress.durable == 4; });
  }

  void synchronizeWritesWhateverTheIndexHolds() {
    ProjectorRig rig;
    rig.projector->start();
    for (int i = 0; i < 4; ++i) rig.store.write(name(i), "right");
    CPPUNIT_ASSERT(rig.requireNow(4).isOk());
    rig.engine.corrupt(name(1), "wrong", 2);
    rig.engine.corrupt(name(2), "", 0);
    const Result<std::uint64_t> sent = rig.projector->synchronize({name(1), name(2), name(3)});
    CPPUNIT_ASSERT(sent.isOk());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, *sent);
    for (int i = 0; i < 4; ++i) CPPUNIT_ASSERT_EQUAL(std::string("right"), rig.engine.searchableSources().at(name(i)));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{4}, rig.engine.progress().applied);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, *rig.projector->synchronize({}));
  }

  void synchronizeRemovesWhatHasNoEntity() {
    ProjectorRig rig;
    rig.projector->start();
    rig.store.write("a", "{}");
    CPPUNIT_ASSERT(rig.requireNow(1).isOk());
    rig.engine.corrupt("ghost", "{}", 1);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, *rig.projector->synchronize({"ghost", "nobody"}));
    CPPUNIT_ASSERT(!rig.engine.searchableSources().contains("ghost"));
  }

  void synchronizeTakesTurnsWithTheLog() {
    ProjectorRig rig;
    rig.options.bulk_bytes = 1;  // every document is a batch
    rig.restart();
    std::vector<std::string> ids;
    for (int i = 0; i < 20; ++i) {
      ids.push_back(name(i));
      rig.store.write(name(i), "{}");
    }
    rig.projector->start();
    CPPUNIT_ASSERT(rig.requireNow(20).isOk());
    std::future<std::uint64_t> caller =
        std::async(std::launch::async, [&] { return rig.projector->synchronize(ids).value(); });
    for (int i = 0; i < 20; ++i) rig.store.write("log", std::to_string(i));
    CPPUNIT_ASSERT(rig.requireNow(40).isOk());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{20}, caller.get());
    CPPUNIT_ASSERT_EQUAL(std::string("19"), rig.engine.searchableSources().at("log"));
  }

  void synchronizeNeedsARunningProjector() {
    ProjectorRig rig;
    CPPUNIT_ASSERT(rig.projector->synchronize({"a"}).status().code() == Code::kUnavailable);
    rig.projector->start();
    rig.projector->stop();
    CPPUNIT_ASSERT(rig.projector->synchronize({"a"}).status().code() == Code::kUnavailable);
  }

  void stopEndsASynchronizeThatCannotEnd() {
    ProjectorRig rig;
    rig.store.write("a", "{}");
    rig.projector->start();
    CPPUNIT_ASSERT(rig.requireNow(1).isOk());
    rig.engine.failBulks(1'000'000, unavailable("no node answers"));
    const std::size_t bulks = rig.engine.calls().bulks.size();
    std::future<Code> caller =
        std::async(std::launch::async, [&] { return rig.projector->synchronize({"a"}).status().code(); });
    CPPUNIT_ASSERT(rig.engine.waitUntil([&](const Calls& calls) { return calls.bulks.size() > bulks; }));
    rig.projector->stop();
    CPPUNIT_ASSERT(caller.get() == Code::kUnavailable);
  }

  void anIndexAheadOfTheStoreIsLeftAlone() {
    ProjectorRig rig;
    rig.store.write("a", "{}");
    CPPUNIT_ASSERT(rig.engine.bulk({}, 5).isOk());
    rig.restart();
    rig.projector->start();
    std::future<Status> waiting = rig.require(1);
    CPPUNIT_ASSERT(ProjectorRig::isReady(waiting));
    CPPUNIT_ASSERT_EQUAL(std::string("index_ahead"), std::string(waiting.get().reason()));
    CPPUNIT_ASSERT_EQUAL(std::string("index_ahead"), std::string(rig.projector->synchronize({"a"}).status().reason()));
    CPPUNIT_ASSERT(rig.projector->stats().last_error.find("covers sequence 5 but the event log ends at 1") !=
                   std::string::npos);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, rig.projector->stats().lag);
  }

  void writersAndReadersAtOnce() {
    const base::SystemClock clock;
    ProjectorRig rig;
    rig.options.commit_operations = 50;
    rig.projector =
        std::make_unique<Projector>(rig.options, rig.store, rig.engine, rig.projection, clock, rig.observer);
    rig.projector->start();
    std::atomic<int> failures = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 100; ++i) {
          const std::string id = name(t * 10 + i % 7);
          const std::string state = std::to_string(i);
          const std::uint64_t sequence = rig.store.write(id, state);
          if (i % 3 == 0) {
            // Nobody else writes this entity, so what was written is what must be found.
            if (!rig.requireNow(sequence).isOk() || rig.engine.searchableSources().at(id) != state) ++failures;
          }
          if (i % 50 == 0 && !rig.projector->synchronize({id, "nobody"}).isOk()) ++failures;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    CPPUNIT_ASSERT_EQUAL(0, failures.load());
    rig.projector->stop();
    CPPUNIT_ASSERT(rig.engine.progress().durable > 0);
    rig.projector.reset();
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ProjectorWaitersTest);

}  // namespace gyre::projector
