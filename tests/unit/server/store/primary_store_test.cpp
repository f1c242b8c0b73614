#include "server/store/primary_store.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "tests/unit/server/store/store_fixture.hpp"

namespace gyre::store {

class PrimaryStoreTest : public StoreFixture {
  CPPUNIT_TEST_SUITE(PrimaryStoreTest);
  CPPUNIT_TEST(anAppendedEventIsReadBackEverywhere);
  CPPUNIT_TEST(everythingIsThereAfterReopening);
  CPPUNIT_TEST(absentIdsAreNothing);
  CPPUNIT_TEST(bytesComeBackAsTheyWere);
  CPPUNIT_TEST(scanPagesInIdOrder);
  CPPUNIT_TEST(anEntityMayChangeItsOrganization);
  CPPUNIT_TEST(countsFollowEveryBatch);
  CPPUNIT_TEST(theLogIsReadInPieces);
  CPPUNIT_TEST(loadManyKeepsTheOrderAskedFor);
  CPPUNIT_TEST(aSmallCacheOnlyCostsLookUps);
  CPPUNIT_TEST(waitersSeeTheNextSequence);
  CPPUNIT_TEST(wakingEndsAWait);
  CPPUNIT_TEST(aUniqueKeyHasOneOwnerForGood);
  CPPUNIT_TEST(modelAgreesAfterRandomUnits);
  CPPUNIT_TEST(readersSeeOnlyWholeCommits);
  CPPUNIT_TEST_SUITE_END();

 public:
  void anAppendedEventIsReadBackEverywhere() {
    const auto store = open();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, store->lastSequence());
    GYRE_ASSERT_OK(runUnit(*store, [](UnitOfWork& work) -> Status {
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, work.nextSequence());
      GYRE_TRY_ASSIGN(const EntityRecord after,
                      work.append(entity("p1", "acme", "{\"n\":1}"), "Made", "{\"x\":1}", 77));
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, after.version);
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, after.sequence);
      return {};
    }));
    const auto found = store->load("p1");
    GYRE_ASSERT_OK(found.status());
    CPPUNIT_ASSERT(found->has_value());
    CPPUNIT_ASSERT_EQUAL(std::string("acme"), (*found)->organization_id);
    CPPUNIT_ASSERT_EQUAL(std::string("{\"n\":1}"), (*found)->state);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, (*found)->version);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, (*found)->sequence);
    const auto events = store->readAfter(0, 10);
    GYRE_ASSERT_OK(events.status());
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, events->size());
    CPPUNIT_ASSERT_EQUAL(std::string("Made"), events->front().type);
    CPPUNIT_ASSERT_EQUAL(std::string("{\"x\":1}"), events->front().data);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{77}, events->front().time_millis);
    CPPUNIT_ASSERT_EQUAL(std::string("p1"), events->front().entity_id);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, events->front().version);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, store->lastSequence());
  }

  void everythingIsThereAfterReopening() {
    {
      const auto store = open();
      for (int i = 0; i < 50; ++i) {
        const std::string id = "p" + std::to_string(i % 10);
        GYRE_ASSERT_OK(runUnit(*store, [&](UnitOfWork& work) -> Status {
          GYRE_TRY(work.append(entity(id, "acme", std::to_string(i)), "Changed", "{}", i).status());
          return work.keepReceipt("acme", "key" + std::to_string(i), {"fingerprint-16-by", "answer"});
        }));
      }
    }
    const auto store = open();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{50}, store->lastSequence());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{10}, store->stats().entities);
    const auto found = store->load("p3");
    GYRE_ASSERT_OK(found.status());
    CPPUNIT_ASSERT_EQUAL(std::string("43"), found->value().state);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{5}, found->value().version);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{44}, found->value().sequence);
    GYRE_ASSERT_OK(runUnit(*store, [](UnitOfWork& work) -> Status {
      GYRE_TRY_ASSIGN(const auto receipt, work.receipt("acme", "key7"));
      CPPUNIT_ASSERT(receipt.has_value());
      CPPUNIT_ASSERT_EQUAL(std::string("answer"), receipt->answer);
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{51}, work.nextSequence());
      return work.append(entity("p3", "acme", "last"), "Changed", "{}", 1).status();
    }));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{6}, store->load("p3")->value().version);
  }

  void absentIdsAreNothing() {
    const auto store = open();
    CPPUNIT_ASSERT(!store->load("nobody")->has_value());
    CPPUNIT_ASSERT(!store->load("")->has_value());
    CPPUNIT_ASSERT(store->loadMany({"a", "b"})->empty());
    CPPUNIT_ASSERT(store->scan("", "", 10)->empty());
    CPPUNIT_ASSERT(store->readAfter(0, 10)->empty());
    CPPUNIT_ASSERT(store->changedAfter(0, 10)->empty());
    GYRE_ASSERT_OK(runUnit(*store, [](UnitOfWork& work) -> Status {
      GYRE_TRY_ASSIGN(const EntityRecord* const nobody, work.load("nobody"));
      CPPUNIT_ASSERT(nobody == nullptr);
      GYRE_TRY_ASSIGN(const auto receipt, work.receipt("scope", "key"));
      CPPUNIT_ASSERT(!receipt.has_value());
      return {};
    }));
  }

  // Zero bytes, quotes, bytes that are no UTF-8, and a state of many pages.
  void bytesComeBackAsTheyWere() {
    const std::string id("a\0'b\"\xff%_", 8);
    const std::string state = std::string("{\"\0", 3) + std::string(300'000, 'x');
    const std::string answer("\0\1\2\xff", 4);
    {
      const auto store = open();
      GYRE_ASSERT_OK(runUnit(*store, [&](UnitOfWork& work) -> Status {
        GYRE_TRY(work.append(entity(id, id, state), id, state, -5).status());
        return work.keepReceipt(id, id, {answer, answer});
      }));
    }
    const auto store = open();
    CPPUNIT_ASSERT(store->load(id)->value().state == state);
    CPPUNIT_ASSERT(store->load(id)->value().organization_id == id);
    CPPUNIT_ASSERT(store->scan("", id, 10)->at(0).id == id);
    const EventRecord event = store->readAfter(0, 1)->at(0);
    CPPUNIT_ASSERT(event.data == state && event.type == id && event.time_millis == -5);
    GYRE_ASSERT_OK(runUnit(*store, [&](UnitOfWork& work) -> Status {
      GYRE_TRY_ASSIGN(const auto receipt, work.receipt(id, id));
      CPPUNIT_ASSERT(receipt->fingerprint == answer && receipt->answer == answer);
      return {};
    }));
  }

  void scanPagesInIdOrder() {
    const auto store = open();
    for (int i = 0; i < 25; ++i)
      GYRE_ASSERT_OK(runUnit(*store, appending("p" + std::to_string(10 + i), i % 2 == 0 ? "even" : "odd", "{}")));
    std::vector<std::string> ids;
    std::string after;
    for (;;) {
      const auto page = store->scan(after, "", 7);
      GYRE_ASSERT_OK(page.status());
      if (page->empty()) break;
      CPPUNIT_ASSERT(page->size() <= 7);
      for (const EntityRecord& record : *page) ids.push_back(record.id);
      after = ids.back();
    }
    CPPUNIT_ASSERT_EQUAL(std::size_t{25}, ids.size());
    CPPUNIT_ASSERT(std::is_sorted(ids.begin(), ids.end()));
    const auto odd = store->scan("p11", "odd", 3);
    CPPUNIT_ASSERT_EQUAL(std::size_t{3}, odd->size());
    CPPUNIT_ASSERT_EQUAL(std::string("p13"), odd->front().id);
    CPPUNIT_ASSERT_EQUAL(std::string("p17"), odd->back().id);
  }

  void anEntityMayChangeItsOrganization() {
    const auto store = open();
    GYRE_ASSERT_OK(runUnit(*store, appending("p1", "old", "1")));
    GYRE_ASSERT_OK(runUnit(*store, appending("p1", "new", "2")));
    CPPUNIT_ASSERT(store->scan("", "old", 10)->empty());
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, store->scan("", "new", 10)->size());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, *store->count("old"));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, *store->count("new"));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, *store->count(""));
  }

  void countsFollowEveryBatch() {
    const auto store = open();
    for (int i = 0; i < 6; ++i) GYRE_ASSERT_OK(runUnit(*store, appending("p" + std::to_string(i % 4), "acme", "{}")));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{4}, *store->count(""));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{4}, *store->count("acme"));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, *store->count("other"));
    const StoreStats stats = store->stats();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{4}, stats.entities);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{6}, stats.units);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{6}, stats.commits);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{6}, stats.last_sequence);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, stats.queued);
  }

  void theLogIsReadInPieces() {
    const auto store = open();
    for (int i = 1; i <= 20; ++i) GYRE_ASSERT_OK(runUnit(*store, appending("p" + std::to_string(i), "acme", "{}")));
    std::uint64_t sequence = 0;
    while (sequence < 20) {
      const auto piece = store->changedAfter(sequence, 6);
      GYRE_ASSERT_OK(piece.status());
      CPPUNIT_ASSERT(!piece->empty() && piece->size() <= 6);
      for (const auto& [changed, id] : *piece) {
        CPPUNIT_ASSERT_EQUAL(++sequence, changed);
        CPPUNIT_ASSERT_EQUAL("p" + std::to_string(sequence), id);
      }
    }
    CPPUNIT_ASSERT(store->readAfter(20, 5)->empty());
    CPPUNIT_ASSERT(store->readAfter(~std::uint64_t{0}, 5)->empty());
    CPPUNIT_ASSERT_EQUAL(std::size_t{20}, store->readAfter(0, ~std::size_t{0})->size());
  }

  void loadManyKeepsTheOrderAskedFor() {
    StoreOptions small = options();
    small.cache_bytes = 0;
    const auto store = open(small);
    for (const char* const id : {"a", "b", "c"}) GYRE_ASSERT_OK(runUnit(*store, appending(id, "acme", id)));
    const auto records = store->loadMany({"c", "nobody", "a", "c"});
    GYRE_ASSERT_OK(records.status());
    CPPUNIT_ASSERT_EQUAL(std::size_t{3}, records->size());
    CPPUNIT_ASSERT_EQUAL(std::string("c"), records->at(0).id);
    CPPUNIT_ASSERT_EQUAL(std::string("a"), records->at(1).id);
    CPPUNIT_ASSERT_EQUAL(std::string("c"), records->at(2).state);
  }

  void aSmallCacheOnlyCostsLookUps() {
    StoreOptions small = options();
    small.cache_bytes = 16 * 600;  // two states a shard
    const auto store = open(small);
    for (int round = 0; round < 3; ++round)
      for (int i = 0; i < 100; ++i)
        GYRE_ASSERT_OK(runUnit(*store, appending("p" + std::to_string(i), "acme", std::to_string(round))));
    for (int i = 0; i < 100; ++i) {
      const auto found = store->load("p" + std::to_string(i));
      CPPUNIT_ASSERT_EQUAL(std::string("2"), found->value().state);
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, found->value().version);
    }
    CPPUNIT_ASSERT(store->stats().cache_misses > 0);
    const std::uint64_t hits = store->stats().cache_hits;
    CPPUNIT_ASSERT(store->load("p99")->has_value());
    CPPUNIT_ASSERT_EQUAL(hits + 1, store->stats().cache_hits);
  }

  void waitersSeeTheNextSequence() {
    const auto store = open();
    std::uint64_t seen = 0;
    std::thread waiter([&] { seen = store->waitForSequenceAbove(0, 60'000); });
    GYRE_ASSERT_OK(runUnit(*store, appending("p1", "acme", "{}")));
    waiter.join();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, seen);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, store->waitForSequenceAbove(0, 60'000));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, store->waitForSequenceAbove(1, 1));
  }

  void wakingEndsAWait() {
    const auto store = open();
    std::atomic<bool> is_over = false;
    std::thread waiter([&] {
      store->waitForSequenceAbove(0, 60'000);
      is_over = true;
    });
    while (!is_over) {
      store->wakeWaiters();
      std::this_thread::yield();
    }
    waiter.join();
  }

  void aUniqueKeyHasOneOwnerForGood() {
    const UniqueKey key{"/number", "org-1", "INV-1"};
    const UniqueKey other_organization{"/number", "org-2", "INV-1"};
    const auto claiming = [&](std::string owner, bool fails) -> LambdaUnit::Run {
      return [=](UnitOfWork& work) -> Status {
        GYRE_TRY_ASSIGN(const auto found, work.keyOwner(key));
        if (found) return conflict(*found);
        GYRE_TRY(work.claimKey(key, owner));
        return fails ? conflict("changed its mind") : Status();
      };
    };
    auto store = open();
    {
      Gate gate(*store);  // all in one batch: the failed one leaves nothing, the last one sees the one before
      auto failed = submit(*store, claiming("a", true));
      auto claimed = submit(*store, claiming("b", false));
      auto late = submit(*store, claiming("c", false));
      gate.open();
      CPPUNIT_ASSERT_EQUAL(std::string_view("changed its mind"), failed.get().message());
      GYRE_ASSERT_OK(claimed.get());
      CPPUNIT_ASSERT_EQUAL(std::string_view("b"), late.get().message());
    }
    store.reset();
    store = open();
    CPPUNIT_ASSERT_EQUAL(std::string_view("b"), runUnit(*store, claiming("d", false)).message());
    GYRE_ASSERT_OK(runUnit(*store, [&](UnitOfWork& work) -> Status {
      GYRE_TRY_ASSIGN(const auto found, work.keyOwner(other_organization));
      return found ? conflict(*found) : Status();
    }));
  }

  // Batches of random units, some failing, some replacing receipts, against a map; with reopening in between.
  void modelAgreesAfterRandomUnits() {
    const auto seed = static_cast<std::uint32_t>(std::random_device()());
    std::cout << "seed " << seed << ' ' << std::flush;
    std::mt19937 random(seed);
    const auto below = [&](std::uint32_t bound) { return random() % bound; };
    struct Expected {
      std::uint64_t version = 0, sequence = 0;
      std::string organization, state;
    };
    std::map<std::string, Expected> entities;
    std::map<std::string, std::string> receipts;
    std::vector<std::string> log;  // entity ids by sequence
    StoreOptions small = options();
    small.cache_bytes = 16 * 1000;
    small.batch_units = 1 + below(20);
    for (int round = 0; round < 6; ++round) {
      const auto store = open(small);
      for (int batch = 0; batch < 12; ++batch) {
        Gate gate(*store);
        std::vector<std::future<Status>> outcomes;
        std::vector<bool> fails;
        for (std::uint32_t unit = below(30); unit > 0; --unit) {
          const bool is_failing = below(4) == 0;
          std::vector<EntityRecord> changes;
          for (std::uint32_t change = below(4); change > 0; --change)
            changes.push_back(entity("p" + std::to_string(below(60)), "o" + std::to_string(below(3)),
                                     std::string(below(400), 's') + std::to_string(random())));
          const std::string key = "k" + std::to_string(below(40));
          const std::string answer = std::to_string(random());
          fails.push_back(is_failing);
          outcomes.push_back(submit(*store, [=](UnitOfWork& work) -> Status {
            for (const EntityRecord& change : changes) GYRE_TRY(work.append(change, "T", "{}", 1).status());
            GYRE_TRY(work.keepReceipt("s", key, {"f", answer}));
            return is_failing ? conflict("as asked") : Status();
          }));
          if (is_failing) continue;
          receipts[key] = answer;
          for (const EntityRecord& change : changes) {
            log.push_back(change.id);
            Expected& expected = entities[change.id];
            expected = {expected.version + 1, log.size(), change.organization_id, change.state};
          }
        }
        gate.open();
        for (std::size_t i = 0; i < outcomes.size(); ++i)
          GYRE_ASSERT_CODE(fails[i] ? Code::kConflict : Code::kOk, outcomes[i].get());
      }
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{log.size()}, store->lastSequence());
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{entities.size()}, *store->count(""));
      for (const auto& [id, expected] : entities) {
        const EntityRecord found = store->load(id)->value();
        CPPUNIT_ASSERT_EQUAL(expected.version, found.version);
        CPPUNIT_ASSERT_EQUAL(expected.sequence, found.sequence);
        CPPUNIT_ASSERT_EQUAL(expected.organization, found.organization_id);
        CPPUNIT_ASSERT_EQUAL(expected.state, found.state);
      }
      const auto changed = store->changedAfter(0, log.size() + 1);
      CPPUNIT_ASSERT_EQUAL(log.size(), changed->size());
      for (std::size_t i = 0; i < log.size(); ++i) CPPUNIT_ASSERT_EQUAL(log[i], changed->at(i).second);
      GYRE_ASSERT_OK(runUnit(*store, [&](UnitOfWork& work) -> Status {
        for (const auto& [key, answer] : receipts) {
          GYRE_TRY_ASSIGN(const auto receipt, work.receipt("s", key));
          CPPUNIT_ASSERT(receipt.has_value());
          CPPUNIT_ASSERT_EQUAL(answer, receipt->answer);
        }
        return {};
      }));
    }
  }

  // Writers move a pair of entities together; readers check what was promised: states not behind the sequence they saw,
  // the log without gaps, versions that never go back.
  void readersSeeOnlyWholeCommits() {
    StoreOptions small = options();
    small.cache_bytes = 16 * 500;  // so that readers go to the file, and race with the cache
    const auto store = open(small);
    constexpr int kWriters = 4;
    constexpr int kUnits = 120;
    std::atomic<int> writing = kWriters;
    std::atomic<int> faults = 0;
    std::vector<std::thread> threads;
    for (int writer = 0; writer < kWriters; ++writer)
      threads.emplace_back([&, writer] {
        for (int i = 0; i < kUnits; ++i) {
          const std::string id = "p" + std::to_string((writer * 7 + i) % 30);
          if (!runUnit(*store, appending(id, "acme", std::to_string(i))).isOk()) ++faults;
        }
        --writing;
      });
    for (int reader = 0; reader < 3; ++reader)
      threads.emplace_back([&] {
        std::uint64_t sequence = 0;
        std::map<std::string, std::uint64_t> versions;
        while (writing > 0 || sequence < store->lastSequence()) {
          const auto changed = store->changedAfter(sequence, 50);
          if (!changed.isOk()) ++faults;
          for (const auto& [next, id] : *changed) {
            if (next != ++sequence) ++faults;
            const auto found = store->load(id);
            if (!found.isOk() || !found->has_value() || found->value().sequence < next) ++faults;
            std::uint64_t& version = versions[id];
            if (found->value().version < version) ++faults;
            version = found->value().version;
          }
        }
      });
    for (std::thread& thread : threads) thread.join();
    CPPUNIT_ASSERT_EQUAL(0, faults.load());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{kWriters * kUnits}, store->lastSequence());
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(PrimaryStoreTest);

}  // namespace gyre::store
