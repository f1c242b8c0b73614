#include "server/bus/query_cache.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.hpp"

namespace gyre::bus {
namespace {

using Answer = std::shared_ptr<const CachedAnswer>;
using Joined = QueryCache::Joined;

Answer makeAnswer(std::string body, std::uint64_t sequence = 1) {
  return std::make_shared<const CachedAnswer>(CachedAnswer{std::move(body), sequence, 0});
}

// Puts an answer in, as a leader would.
void put(QueryCache& cache, std::uint64_t generation, const std::string& key, std::string body) {
  CPPUNIT_ASSERT(cache.join(generation, key, [](const Result<Answer>&) {}) == Joined::kLeader);
  cache.complete(generation, key, makeAnswer(std::move(body)), generation);
}

}  // namespace

class QueryCacheTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(QueryCacheTest);
  CPPUNIT_TEST(whatWasStoredIsFound);
  CPPUNIT_TEST(anotherGenerationIsAnotherKey);
  CPPUNIT_TEST(anAnswerOfALaterGenerationIsNotStored);
  CPPUNIT_TEST(aFailureIsForgotten);
  CPPUNIT_TEST(theFirstLeadsAndTheOthersWait);
  CPPUNIT_TEST(joiningWhatIsThereIsAHit);
  CPPUNIT_TEST(aFlightIsOfItsGeneration);
  CPPUNIT_TEST(anAnswerEndsWithItsLifetime);
  CPPUNIT_TEST(bytesAreBounded);
  CPPUNIT_TEST(theLeastRecentlyUsedGoesFirst);
  CPPUNIT_TEST(whatIsTooLargeIsNotStored);
  CPPUNIT_TEST(anAnswerOutlivesItsEntry);
  CPPUNIT_TEST(aWaiterMayJoinAgain);
  CPPUNIT_TEST(oneLeaderAmongManyThreads);
  CPPUNIT_TEST_SUITE_END();

 public:
  void whatWasStoredIsFound() {
    QueryCache cache({}, clock_);
    CPPUNIT_ASSERT(cache.find(1, "a") == nullptr);
    put(cache, 1, "a", "answer");
    const Answer found = cache.find(1, "a");
    CPPUNIT_ASSERT(found != nullptr);
    CPPUNIT_ASSERT_EQUAL(std::string("answer"), found->body);
    CPPUNIT_ASSERT(cache.find(1, "b") == nullptr);
    const QueryCacheStats stats = cache.stats();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, stats.hits);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, stats.misses);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, stats.entries);
    CPPUNIT_ASSERT(stats.bytes > 6);
  }

  void anotherGenerationIsAnotherKey() {
    QueryCache cache({}, clock_);
    put(cache, 1, "a", "old");
    CPPUNIT_ASSERT(cache.find(2, "a") == nullptr);
    put(cache, 2, "a", "new");
    CPPUNIT_ASSERT_EQUAL(std::string("old"), cache.find(1, "a")->body);
    CPPUNIT_ASSERT_EQUAL(std::string("new"), cache.find(2, "a")->body);
  }

  void anAnswerOfALaterGenerationIsNotStored() {
    QueryCache cache({}, clock_);
    std::string got;
    cache.join(1, "a", [&](const Result<Answer>& answer) { got = (*answer)->body; });
    cache.complete(1, "a", makeAnswer("of generation 2"), 2);
    CPPUNIT_ASSERT_EQUAL(std::string("of generation 2"), got);
    CPPUNIT_ASSERT(cache.find(1, "a") == nullptr);
    CPPUNIT_ASSERT(cache.find(2, "a") == nullptr);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, cache.stats().bytes);
  }

  void aFailureIsForgotten() {
    QueryCache cache({}, clock_);
    int failures = 0;
    const auto waiter = [&](const Result<Answer>& answer) { failures += answer.isOk() ? 0 : 1; };
    CPPUNIT_ASSERT(cache.join(1, "a", waiter) == Joined::kLeader);
    CPPUNIT_ASSERT(cache.join(1, "a", waiter) == Joined::kWaiting);
    cache.complete(1, "a", unavailable("no node answers"), 1);
    CPPUNIT_ASSERT_EQUAL(2, failures);
    CPPUNIT_ASSERT(cache.find(1, "a") == nullptr);
    CPPUNIT_ASSERT(cache.join(1, "a", waiter) == Joined::kLeader);
    cache.complete(1, "a", makeAnswer("better"), 1);
    CPPUNIT_ASSERT(cache.find(1, "a") != nullptr);
  }

  void theFirstLeadsAndTheOthersWait() {
    QueryCache cache({}, clock_);
    std::vector<int> answered;
    const auto waiter = [&](int number) {
      return [&answered, number](const Result<Answer>& answer) {
        CPPUNIT_ASSERT_EQUAL(std::string("answer"), (*answer)->body);
        answered.push_back(number);
      };
    };
    CPPUNIT_ASSERT(cache.join(1, "a", waiter(1)) == Joined::kLeader);
    CPPUNIT_ASSERT(cache.join(1, "a", waiter(2)) == Joined::kWaiting);
    CPPUNIT_ASSERT(cache.join(1, "a", waiter(3)) == Joined::kWaiting);
    CPPUNIT_ASSERT(answered.empty());
    cache.complete(1, "a", makeAnswer("answer"), 1);
    CPPUNIT_ASSERT(answered == std::vector<int>({1, 2, 3}));
    const QueryCacheStats stats = cache.stats();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, stats.misses);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, stats.coalesced);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, stats.hits);
  }

  void joiningWhatIsThereIsAHit() {
    QueryCache cache({}, clock_);
    put(cache, 1, "a", "answer");
    bool is_answered = false;
    CPPUNIT_ASSERT(cache.join(1, "a", [&](const Result<Answer>&) { is_answered = true; }) == Joined::kHit);
    CPPUNIT_ASSERT(is_answered);
  }

  void aFlightIsOfItsGeneration() {
    QueryCache cache({}, clock_);
    std::string first;
    std::string second;
    CPPUNIT_ASSERT(cache.join(1, "a", [&](const Result<Answer>& answer) { first = (*answer)->body; }) ==
                   Joined::kLeader);
    CPPUNIT_ASSERT(cache.join(2, "a", [&](const Result<Answer>& answer) { second = (*answer)->body; }) ==
                   Joined::kLeader);
    cache.complete(2, "a", makeAnswer("two"), 2);
    CPPUNIT_ASSERT_EQUAL(std::string(), first);
    cache.complete(1, "a", makeAnswer("one"), 1);
    CPPUNIT_ASSERT_EQUAL(std::string("one"), first);
    CPPUNIT_ASSERT_EQUAL(std::string("two"), second);
  }

  void anAnswerEndsWithItsLifetime() {
    base::ManualClock clock(0);
    QueryCache cache({64u << 20, 300'000}, clock);
    put(cache, 1, "a", "answer");
    clock.advance(299'999);
    CPPUNIT_ASSERT(cache.find(1, "a") != nullptr);
    clock.advance(1);
    CPPUNIT_ASSERT(cache.find(1, "a") == nullptr);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, cache.stats().entries);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, cache.stats().bytes);
    put(cache, 1, "a", "again");
    CPPUNIT_ASSERT_EQUAL(std::string("again"), cache.find(1, "a")->body);
  }

  void bytesAreBounded() {
    constexpr std::size_t kBytes = 4u << 20;
    QueryCache cache({kBytes, 300'000}, clock_);
    for (int i = 0; i < 3'000; ++i) {
      put(cache, 1, "key " + std::to_string(i), std::string(10'000, 'x'));
      CPPUNIT_ASSERT(cache.stats().bytes <= kBytes);
    }
    const QueryCacheStats stats = cache.stats();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3'000}, stats.entries + stats.evictions);
    CPPUNIT_ASSERT(stats.bytes >= stats.entries * 10'000);
    CPPUNIT_ASSERT(stats.entries > 300);  // the bound is used, too
  }

  void theLeastRecentlyUsedGoesFirst() {
    QueryCache cache({10'000, 300'000}, clock_);  // one shard, three answers of 3,000
    for (const char* key : {"a", "b", "c"}) put(cache, 1, key, std::string(3'000, 'x'));
    CPPUNIT_ASSERT(cache.find(1, "a") != nullptr);
    put(cache, 1, "d", std::string(3'000, 'x'));
    CPPUNIT_ASSERT(cache.find(1, "b") == nullptr);
    for (const char* key : {"a", "c", "d"}) CPPUNIT_ASSERT(cache.find(1, key) != nullptr);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, cache.stats().evictions);
  }

  void whatIsTooLargeIsNotStored() {
    QueryCache cache({10'000, 300'000}, clock_);
    put(cache, 1, "small", "x");
    put(cache, 1, "large", std::string(10'000, 'x'));
    CPPUNIT_ASSERT(cache.find(1, "large") == nullptr);
    CPPUNIT_ASSERT(cache.find(1, "small") != nullptr);
    QueryCache none({0, 300'000}, clock_);
    put(none, 1, "a", "x");
    CPPUNIT_ASSERT(none.find(1, "a") == nullptr);
  }

  void anAnswerOutlivesItsEntry() {
    QueryCache cache({5'000, 300'000}, clock_);
    put(cache, 1, "a", std::string(3'000, 'a'));
    const Answer held = cache.find(1, "a");
    put(cache, 1, "b", std::string(3'000, 'b'));
    CPPUNIT_ASSERT(cache.find(1, "a") == nullptr);
    CPPUNIT_ASSERT_EQUAL(std::string(3'000, 'a'), held->body);
  }

  // Waiters are called outside the locks.
  void aWaiterMayJoinAgain() {
    QueryCache cache({}, clock_);
    Joined joined = Joined::kWaiting;
    cache.join(1, "a", [&](const Result<Answer>&) { joined = cache.join(1, "a", [](const Result<Answer>&) {}); });
    cache.complete(1, "a", makeAnswer("answer"), 1);
    CPPUNIT_ASSERT(joined == Joined::kHit);
  }

  void oneLeaderAmongManyThreads() {
    const base::SystemClock clock;
    QueryCache cache({64u << 20, 300'000}, clock);
    constexpr int kThreads = 8;
    constexpr int kKeys = 200;
    std::atomic<int> answered = 0;
    std::atomic<int> wrong = 0;
    std::vector<std::atomic<int>> leaders(kKeys);
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < kKeys; ++i) {
          const std::string key = std::to_string(i);
          const Joined joined = cache.join(1, key, [&answered, &wrong, key](const Result<Answer>& answer) {
            ++answered;
            if ((*answer)->body != key) ++wrong;
          });
          if (joined != Joined::kLeader) continue;
          ++leaders[static_cast<std::size_t>(i)];
          cache.complete(1, key, makeAnswer(key), 1);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    CPPUNIT_ASSERT_EQUAL(kThreads * kKeys, answered.load());
    CPPUNIT_ASSERT_EQUAL(0, wrong.load());
    for (const auto& count : leaders) CPPUNIT_ASSERT_EQUAL(1, count.load());
    const QueryCacheStats stats = cache.stats();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{kThreads * kKeys}, stats.hits + stats.misses + stats.coalesced);
  }

 private:
  base::ManualClock clock_{1'700'000'000'000};
};
CPPUNIT_TEST_SUITE_REGISTRATION(QueryCacheTest);

}  // namespace gyre::bus
