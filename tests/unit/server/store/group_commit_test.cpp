// One writer, many units: undo, what a batch sees of itself, refusals, failing commits, closing.
#include "server/store/group_commit.hpp"

#include <cppunit/extensions/HelperMacros.h>
#include <sqlite3.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include <sys/resource.h>

#include "tests/unit/server/store/store_fixture.hpp"

namespace gyre::store {

class GroupCommitTest : public StoreFixture {
  CPPUNIT_TEST_SUITE(GroupCommitTest);
  CPPUNIT_TEST(queuedUnitsShareOneCommit);
  CPPUNIT_TEST(aUnitSeesTheUnitsBeforeIt);
  CPPUNIT_TEST(aFailedUnitLeavesNothingBehind);
  CPPUNIT_TEST(aFullQueueRefusesAtOnce);
  CPPUNIT_TEST(aClosedStoreRefuses);
  CPPUNIT_TEST(closingFinishesWhatIsQueued);
  CPPUNIT_TEST(largeBatchesAreCut);
  CPPUNIT_TEST(aFailedCommitFailsItsUnitsOnly);
  CPPUNIT_TEST(anIdleUnitCommitsNothing);
  CPPUNIT_TEST(doneMaySubmitTheNext);
  CPPUNIT_TEST(manyThreadsGetEverySequenceOnce);
  CPPUNIT_TEST(theWalStaysBounded_slow);
  CPPUNIT_TEST_SUITE_END();

 public:
  void queuedUnitsShareOneCommit() {
    const auto store = open();
    Gate gate(*store);
    std::vector<std::future<Status>> outcomes;
    for (int i = 0; i < 100; ++i) outcomes.push_back(submit(*store, appending("p" + std::to_string(i), "acme", "{}")));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{100}, store->stats().queued);
    gate.open();
    for (auto& outcome : outcomes) GYRE_ASSERT_OK(outcome.get());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, store->stats().commits);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{101}, store->stats().units);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{100}, store->lastSequence());
  }

  void aUnitSeesTheUnitsBeforeIt() {
    const auto store = open();
    Gate gate(*store);
    auto first = submit(*store, [](UnitOfWork& work) -> Status {
      GYRE_TRY(work.append(entity("p1", "acme", "one"), "T", "{}", 1).status());
      return work.keepReceipt("acme", "key", {"f", "answer"});
    });
    auto second = submit(*store, [&store](UnitOfWork& work) -> Status {
      CPPUNIT_ASSERT(!store->load("p1")->has_value());  // readers do not see it yet
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, store->lastSequence());
      GYRE_TRY_ASSIGN(const EntityRecord* const found, work.load("p1"));
      CPPUNIT_ASSERT(found != nullptr);
      CPPUNIT_ASSERT_EQUAL(std::string("one"), found->state);
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, found->version);
      GYRE_TRY_ASSIGN(const auto receipt, work.receipt("acme", "key"));
      CPPUNIT_ASSERT(receipt.has_value() && receipt->answer == "answer");
      GYRE_TRY_ASSIGN(const auto other_scope, work.receipt("other", "key"));
      CPPUNIT_ASSERT(!other_scope.has_value());
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, work.nextSequence());
      GYRE_TRY_ASSIGN(const EntityRecord after, work.append(entity("p1", "acme", "two"), "T", "{}", 1));
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, after.version);
      return {};
    });
    gate.open();
    GYRE_ASSERT_OK(first.get());
    GYRE_ASSERT_OK(second.get());
    CPPUNIT_ASSERT_EQUAL(std::string("two"), store->load("p1")->value().state);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, store->load("p1")->value().version);
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, store->readAfter(0, 10)->size());
  }

  void aFailedUnitLeavesNothingBehind() {
    const auto store = open();
    GYRE_ASSERT_OK(runUnit(*store, [](UnitOfWork& work) -> Status {
      GYRE_TRY(work.append(entity("old", "acme", "before"), "T", "{}", 1).status());
      return work.keepReceipt("acme", "old", {"f", "before"});
    }));
    Gate gate(*store);
    auto failing = submit(*store, [](UnitOfWork& work) -> Status {
      GYRE_TRY(work.append(entity("old", "acme", "wrong"), "T", "{}", 1).status());
      GYRE_TRY(work.append(entity("old", "acme", "wronger"), "T", "{}", 1).status());
      GYRE_TRY(work.append(entity("new", "acme", "wrong"), "T", "{}", 1).status());
      GYRE_TRY(work.keepReceipt("acme", "old", {"f", "wrong"}));
      GYRE_TRY(work.keepReceipt("acme", "new", {"f", "wrong"}));
      return Status(Code::kConflict, "as_asked", "no");
    });
    auto after = submit(*store, [](UnitOfWork& work) -> Status {
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, work.nextSequence());
      GYRE_TRY_ASSIGN(const EntityRecord* const old, work.load("old"));
      CPPUNIT_ASSERT_EQUAL(std::string("before"), old->state);
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, old->version);
      GYRE_TRY_ASSIGN(const EntityRecord* const fresh, work.load("new"));
      CPPUNIT_ASSERT(fresh == nullptr);
      GYRE_TRY_ASSIGN(const auto receipt, work.receipt("acme", "old"));
      CPPUNIT_ASSERT_EQUAL(std::string("before"), receipt->answer);
      GYRE_TRY_ASSIGN(const auto none, work.receipt("acme", "new"));
      CPPUNIT_ASSERT(!none.has_value());
      return work.append(entity("next", "acme", "{}"), "T", "{}", 1).status();
    });
    gate.open();
    const Status refused = failing.get();
    GYRE_ASSERT_CODE(Code::kConflict, refused);
    CPPUNIT_ASSERT_EQUAL(std::string("as_asked"), std::string(refused.reason()));
    GYRE_ASSERT_OK(after.get());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, store->lastSequence());
    CPPUNIT_ASSERT_EQUAL(std::string("before"), store->load("old")->value().state);
    CPPUNIT_ASSERT(!store->load("new")->has_value());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, *store->count(""));
  }

  void aFullQueueRefusesAtOnce() {
    StoreOptions small = options();
    small.queue_units = 3;
    const auto store = open(small);
    Gate gate(*store);
    std::vector<std::future<Status>> queued;
    for (int i = 0; i < 3; ++i) queued.push_back(submit(*store, appending("p" + std::to_string(i), "acme", "{}")));
    const auto here = std::this_thread::get_id();
    bool is_refused = false;
    store->submit(std::make_unique<LambdaUnit>([](UnitOfWork&) { return Status(); },
                                               [&](const Status& outcome) {
                                                 GYRE_ASSERT_CODE(Code::kResourceExhausted, outcome);
                                                 CPPUNIT_ASSERT(std::this_thread::get_id() == here);
                                                 is_refused = true;
                                               }));
    CPPUNIT_ASSERT(is_refused);
    gate.open();
    for (auto& outcome : queued) GYRE_ASSERT_OK(outcome.get());
    GYRE_ASSERT_OK(runUnit(*store, appending("later", "acme", "{}")));
  }

  void aClosedStoreRefuses() {
    const auto store = open();
    GYRE_ASSERT_OK(runUnit(*store, appending("p1", "acme", "{}")));
    store->close();
    store->close();
    GYRE_ASSERT_CODE(Code::kUnavailable, runUnit(*store, appending("p2", "acme", "{}")));
    CPPUNIT_ASSERT(store->load("p1")->has_value());
  }

  void closingFinishesWhatIsQueued() {
    auto store = open();
    std::vector<std::future<Status>> outcomes;
    for (int i = 0; i < 500; ++i) outcomes.push_back(submit(*store, appending("p" + std::to_string(i), "acme", "{}")));
    store.reset();
    for (auto& outcome : outcomes) GYRE_ASSERT_OK(outcome.get());
    store = open();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{500}, store->lastSequence());
  }

  void largeBatchesAreCut() {
    StoreOptions small = options();
    small.batch_units = 10;
    const auto store = open(small);
    Gate gate(*store);
    std::vector<std::future<Status>> outcomes;
    for (int i = 0; i < 35; ++i) outcomes.push_back(submit(*store, appending("same", "acme", std::to_string(i))));
    gate.open();
    for (auto& outcome : outcomes) GYRE_ASSERT_OK(outcome.get());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{5}, store->stats().commits);
    CPPUNIT_ASSERT_EQUAL(std::string("34"), store->load("same")->value().state);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{35}, store->load("same")->value().version);
  }

  // A disk that is full, played by a limit on the size of files.
  void aFailedCommitFailsItsUnitsOnly() {
    const auto store = open();
    GYRE_ASSERT_OK(runUnit(*store, appending("p1", "acme", "before")));
    CPPUNIT_ASSERT(store->load("p1")->has_value());
    rlimit before{};
    CPPUNIT_ASSERT_EQUAL(0, getrlimit(RLIMIT_FSIZE, &before));
    const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit tight{std::filesystem::file_size(options().path + "-wal") + 20'000, before.rlim_max};
    CPPUNIT_ASSERT_EQUAL(0, setrlimit(RLIMIT_FSIZE, &tight));
    Gate gate(*store);
    std::vector<std::future<Status>> outcomes;
    outcomes.push_back(submit(*store, appending("p1", "acme", "lost")));
    outcomes.push_back(submit(*store, appending("p2", "acme", std::string(200'000, 'x'))));
    outcomes.push_back(submit(*store, [](UnitOfWork&) { return conflict("its own reason"); }));
    gate.open();
    std::vector<Status> failures;
    for (auto& outcome : outcomes) failures.push_back(outcome.get());
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, ignored);

    for (const Status& failure : failures) {
      GYRE_ASSERT_CODE(Code::kUnavailable, failure);
      CPPUNIT_ASSERT_MESSAGE(textOf(failure), failure.message().find("sqlite code") != std::string_view::npos);
      CPPUNIT_ASSERT_MESSAGE(textOf(failure), failure.message().starts_with(options().path));
    }
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, store->lastSequence());
    CPPUNIT_ASSERT_EQUAL(std::string("before"), store->load("p1")->value().state);
    GYRE_ASSERT_OK(runUnit(*store, appending("p1", "acme", "after")));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, store->lastSequence());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, store->load("p1")->value().version);
    CPPUNIT_ASSERT(!store->load("p2")->has_value());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, *store->count(""));
  }

  void anIdleUnitCommitsNothing() {
    const auto store = open();
    GYRE_ASSERT_OK(runUnit(*store, appending("p1", "acme", "{}")));
    const auto size = std::filesystem::file_size(options().path + "-wal");
    GYRE_ASSERT_OK(runUnit(*store, [](UnitOfWork& work) { return work.load("p1").status(); }));
    CPPUNIT_ASSERT_EQUAL(size, std::filesystem::file_size(options().path + "-wal"));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, store->lastSequence());
  }

  void doneMaySubmitTheNext() {
    const auto store = open();
    std::promise<void> over;
    std::function<void(int)> send = [&](int left) {
      if (left == 0) return over.set_value();
      store->submit(std::make_unique<LambdaUnit>(appending("p1", "acme", std::to_string(left)),
                                                 [&send, left](const Status&) { send(left - 1); }));
    };
    send(30);
    over.get_future().wait();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{30}, store->lastSequence());
  }

  void manyThreadsGetEverySequenceOnce() {
    const auto store = open();
    constexpr int kThreads = 8;
    constexpr int kUnits = 200;
    std::vector<std::vector<std::uint64_t>> sequences(kThreads);
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread)
      threads.emplace_back([&, thread] {
        for (int i = 0; i < kUnits; ++i) {
          std::uint64_t sequence = 0;
          const bool is_failing = i % 5 == 0;
          const Status outcome = runUnit(*store, [&](UnitOfWork& work) -> Status {
            GYRE_TRY_ASSIGN(const EntityRecord after,
                            work.append(entity("p" + std::to_string(i), "acme", "{}"), "T", "{}", 1));
            sequence = after.sequence;
            return is_failing ? conflict("as asked") : Status();
          });
          if (outcome.isOk()) sequences[static_cast<std::size_t>(thread)].push_back(sequence);
        }
      });
    for (std::thread& thread : threads) thread.join();
    std::vector<bool> seen(kThreads * kUnits + 1);
    std::size_t count = 0;
    for (const auto& of_thread : sequences)
      for (const std::uint64_t sequence : of_thread) {
        CPPUNIT_ASSERT(!seen.at(sequence));
        seen[sequence] = true;
        ++count;
      }
    CPPUNIT_ASSERT_EQUAL(std::size_t{kThreads * kUnits * 4 / 5}, count);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{count}, store->lastSequence());
  }

  // Far more is written than a WAL may hold, without a pause and with readers about.
  void theWalStaysBounded_slow() {
    const auto store = open();
    std::atomic<bool> is_over = false;
    std::thread reader([&] {
      while (!is_over) static_cast<void>(store->scan("", "", 50));
    });
    std::uintmax_t largest = 0;
    const std::string state(30'000, 's');
    for (int round = 0; round < 60; ++round) {
      Gate gate(*store);
      std::vector<std::future<Status>> outcomes;
      for (int i = 0; i < 200; ++i)
        outcomes.push_back(submit(*store, appending("p" + std::to_string(i), "acme", state)));
      gate.open();
      for (auto& outcome : outcomes) GYRE_ASSERT_OK(outcome.get());
      largest = std::max(largest, std::filesystem::file_size(options().path + "-wal"));
    }
    is_over = true;
    reader.join();
    // 60 rounds write 60 times 200 times 30 kB twice: 720 MB.
    CPPUNIT_ASSERT_MESSAGE(std::to_string(largest), largest < 256u << 20);
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(GroupCommitTest);

}  // namespace gyre::store
