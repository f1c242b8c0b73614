#include "server/bus/query_bus.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/observer.hpp"
#include "gyre/json.hpp"
#include "server/projector/projector.hpp"
#include "server/store/absent_store.hpp"
#include "tests/support/fake_primary_store.hpp"
#include "tests/support/fake_search_engine.hpp"

namespace gyre::bus {
namespace {

// GetThing reads {"id":…}; SearchThings searches with its parameters; FreshThings does, and is never cached.
class Things final : public DomainHandlers {
 public:
  std::string_view name() const override { return "things"; }
  std::string_view version() const override { return "1"; }
  std::string_view help() const override { return ""; }
  std::string_view indexDefinition() const override { return "{}"; }
  const std::vector<CommandDescription>& commands() const override { return commands_; }
  const std::vector<EventDescription>& events() const override { return events_; }
  const std::vector<QueryDescription>& queries() const override { return queries_; }
  Result<std::vector<DecidedEvent>> decideCommand(std::size_t, const DecideCall&) const override {
    return std::vector<DecidedEvent>();
  }
  Result<std::vector<DecidedEvent>> decideEvent(std::size_t, const DecideCall&) const override {
    return std::vector<DecidedEvent>();
  }
  Result<Evolved> evolve(std::string_view, std::string_view, std::string_view, std::string_view,
                         std::int64_t) const override {
    return Evolved();
  }
  Result<std::string> project(std::string_view, std::string_view state, std::uint64_t) const override {
    return std::string(state);
  }
  Result<PlannedQuery> plan(std::size_t query, const QueryCall& call) const override {
    ++plans;
    GYRE_TRY_ASSIGN(const json::Document parameters, json::Document::parse(call.parameters));
    if (!parameters.root()["bad"].isMissing()) return Status{Code::kInvalidArgument, "bad_parameter", "bad: not known"};
    PlannedQuery planned;
    if (query == 0) {
      planned.get = std::string(parameters.root()["id"].string());
    } else {
      planned.search = std::string(call.parameters);
      planned.is_cacheable = query == 1;
    }
    return planned;
  }
  Result<std::string> present(std::size_t, const QueryCall& call, std::string_view answer,
                              std::uint64_t version) const override {
    if (answer == "unpresentable") return internalError("cannot present");
    return std::string(call.organization_id) + "|" + std::string(answer) + "|" + std::to_string(version);
  }

  mutable std::atomic<int> plans = 0;

 private:
  std::vector<CommandDescription> commands_;
  std::vector<EventDescription> events_;
  std::vector<QueryDescription> queries_{{"GetThing", "", ""}, {"SearchThings", "", ""}, {"FreshThings", "", ""}};
};

// Holds searches until it is opened.
class Barrier {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return is_open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_open_ = false;
};

struct Rig {
  explicit Rig(std::size_t threads = 2, std::size_t queue = 100) : readers(threads, queue) { projector.start(); }
  ~Rig() {
    readers.stop();
    projector.stop();
  }

  std::future<Result<QueryAnswer>> ask(QueryRequest request) {
    const auto promise = std::make_shared<std::promise<Result<QueryAnswer>>>();
    bus.ask(std::move(request), [promise](Result<QueryAnswer> answer) { promise->set_value(std::move(answer)); });
    return promise->get_future();
  }
  Result<QueryAnswer> answer(QueryRequest request) {
    std::future<Result<QueryAnswer>> asked = ask(std::move(request));
    CPPUNIT_ASSERT(asked.wait_for(std::chrono::seconds(20)) == std::future_status::ready);
    return asked.get();
  }
  // The body and what the cache did.
  std::pair<std::string, CacheOutcome> body(QueryRequest request) {
    const Result<QueryAnswer> answered = answer(std::move(request));
    CPPUNIT_ASSERT_MESSAGE(std::string(answered.status().message()), answered.isOk());
    return {answered->answer->body, answered->cache};
  }

  test::FakePrimaryStore store;
  test::FakeSearchEngine engine;
  Things handlers;
  base::ManualClock clock{1'700'000'000'000};
  base::NullObserver observer;
  projector::Projector projector{
      {"things", 100, 8u << 20, 1'000'000, -1, 1'000'000'000, 1'000'000}, store, engine, handlers, clock, observer};
  QueryCache cache{{}, clock};
  base::ThreadPool readers;
  QueryBus bus{handlers, store, engine, projector, cache, readers, clock};
};

QueryRequest search(std::string parameters = "{}") {
  QueryRequest request;
  request.name = "SearchThings";
  request.parameters = std::move(parameters);
  return request;
}

QueryRequest get(const std::string& id) {
  QueryRequest request;
  request.name = "GetThing";
  request.parameters = "{\"id\":\"" + id + "\"}";
  return request;
}

using Body = std::pair<std::string, CacheOutcome>;

}  // namespace

class QueryBusTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(QueryBusTest);
  CPPUNIT_TEST(theSecondAskIsAHit);
  CPPUNIT_TEST(neverStaleAfterARefresh);
  CPPUNIT_TEST(anAnswerOfALaterGenerationIsNotKept);
  CPPUNIT_TEST(theKeyTellsEverythingApart);
  CPPUNIT_TEST(concurrentMissesRunOnce);
  CPPUNIT_TEST(bypassNeitherReadsNorWrites);
  CPPUNIT_TEST(anUncacheableSearchRunsEveryTime);
  CPPUNIT_TEST(aGetSeesItsOwnWrites);
  CPPUNIT_TEST(aGetOfAnotherOrganizationIsNotFound);
  CPPUNIT_TEST(minSequenceWaitsForTheIndex);
  CPPUNIT_TEST(minSequenceThatIsCoveredMayBeAHit);
  CPPUNIT_TEST(minSequenceBehindNamesBoth);
  CPPUNIT_TEST(minSequenceUnknownNamesBoth);
  CPPUNIT_TEST(unknownQueriesListTheKnown);
  CPPUNIT_TEST(whatPlanRefusesIsRefused);
  CPPUNIT_TEST(whatAServerDoesNotAnswerIsRefused);
  CPPUNIT_TEST(withoutAStoreNoSequenceIsUnknown);
  CPPUNIT_TEST(failuresAreNotKept);
  CPPUNIT_TEST(aPartialAnswerIsAFailure);
  CPPUNIT_TEST(aFullPoolRefusesAtOnce);
  CPPUNIT_TEST(manyThreadsNeverReadBehindTheirWrites);
  CPPUNIT_TEST_SUITE_END();

 public:
  void theSecondAskIsAHit() {
    Rig rig;
    CPPUNIT_ASSERT(rig.body(search()) == Body("|{\"found\":0}|0", CacheOutcome::kMiss));
    CPPUNIT_ASSERT(rig.body(search()) == Body("|{\"found\":0}|0", CacheOutcome::kHit));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, rig.engine.calls().searches);
    CPPUNIT_ASSERT_EQUAL(1, rig.handlers.plans.load());  // a hit is not even planned
  }

  void neverStaleAfterARefresh() {
    Rig rig;
    rig.body(search());
    for (int i = 1; i <= 5; ++i) {
      rig.store.write("e" + std::to_string(i), "{}");
      QueryRequest request = search();
      request.min_sequence = static_cast<std::uint64_t>(i);
      CPPUNIT_ASSERT(rig.body(request) == Body("|{\"found\":" + std::to_string(i) + "}|0", CacheOutcome::kMiss));
      const Result<QueryAnswer> again = rig.answer(search());
      CPPUNIT_ASSERT(again->cache == CacheOutcome::kHit);
      CPPUNIT_ASSERT_EQUAL(static_cast<std::uint64_t>(i), again->answer->sequence);
    }
  }

  void anAnswerOfALaterGenerationIsNotKept() {
    Rig rig;
    rig.engine.onSearch([&rig](std::string_view) -> Result<std::string> {
      rig.engine.bumpGeneration();  // a refresh between the look into the cache and the search
      return std::string("late");
    });
    CPPUNIT_ASSERT(rig.body(search()) == Body("|late|0", CacheOutcome::kMiss));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, rig.cache.stats().entries);
    CPPUNIT_ASSERT(rig.body(search()).second == CacheOutcome::kMiss);
  }

  void theKeyTellsEverythingApart() {
    Rig rig;
    std::vector<QueryRequest> requests(6, search());
    requests[1].organization_id = "org";
    requests[2].parameters = "{ }";
    requests[3].is_lenient = true;
    requests[4].name = "FreshThings";
    requests[5].organization_id = "org2";
    for (const QueryRequest& request : requests) CPPUNIT_ASSERT(rig.body(request).second != CacheOutcome::kHit);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{6}, rig.engine.calls().searches);
    CPPUNIT_ASSERT_EQUAL(std::string("org|{\"found\":0}|0"), rig.body(requests[1]).first);
    CPPUNIT_ASSERT_EQUAL(std::string("org2|{\"found\":0}|0"), rig.body(requests[5]).first);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{6}, rig.engine.calls().searches);
  }

  void concurrentMissesRunOnce() {
    Rig rig;
    Barrier barrier;
    rig.engine.onSearch([&barrier](std::string_view) -> Result<std::string> {
      barrier.pass();
      return std::string();
    });
    std::vector<std::future<Result<QueryAnswer>>> asked;
    for (int i = 0; i < 200; ++i) asked.push_back(rig.ask(search()));  // twice as many as the pool can queue
    barrier.open();
    int misses = 0;
    int coalesced = 0;
    for (auto& future : asked) {
      const Result<QueryAnswer> answer = future.get();
      CPPUNIT_ASSERT(answer.isOk());
      misses += answer->cache == CacheOutcome::kMiss ? 1 : 0;
      coalesced += answer->cache == CacheOutcome::kCoalesced ? 1 : 0;
    }
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, rig.engine.calls().searches);
    CPPUNIT_ASSERT_EQUAL(1, misses);
    CPPUNIT_ASSERT_EQUAL(199, coalesced);
  }

  void bypassNeitherReadsNorWrites() {
    Rig rig;
    QueryRequest bypass = search();
    bypass.is_cache_bypassed = true;
    CPPUNIT_ASSERT(rig.body(bypass).second == CacheOutcome::kBypass);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, rig.cache.stats().entries);
    rig.body(search());
    CPPUNIT_ASSERT(rig.body(bypass).second == CacheOutcome::kBypass);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, rig.engine.calls().searches);
  }

  void anUncacheableSearchRunsEveryTime() {
    Rig rig;
    QueryRequest request = search();
    request.name = "FreshThings";
    CPPUNIT_ASSERT(rig.body(request).second == CacheOutcome::kBypass);
    CPPUNIT_ASSERT(rig.body(request).second == CacheOutcome::kBypass);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, rig.engine.calls().searches);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, rig.cache.stats().entries);
  }

  void aGetSeesItsOwnWrites() {
    Rig rig;
    for (int i = 1; i <= 3; ++i) {
      rig.store.write("a", "state " + std::to_string(i));
      QueryRequest request = get("a");
      request.min_sequence = static_cast<std::uint64_t>(i);  // the index has not seen it, and is not asked
      std::future<Result<QueryAnswer>> asked = rig.ask(request);
      CPPUNIT_ASSERT(asked.wait_for(std::chrono::seconds(0)) == std::future_status::ready);
      const Result<QueryAnswer> answer = asked.get();
      CPPUNIT_ASSERT_EQUAL("|state " + std::to_string(i) + "|" + std::to_string(i), answer->answer->body);
      CPPUNIT_ASSERT_EQUAL(static_cast<std::uint64_t>(i), answer->answer->version);
      CPPUNIT_ASSERT_EQUAL(static_cast<std::uint64_t>(i), answer->answer->sequence);
    }
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, rig.engine.calls().searches);
    CPPUNIT_ASSERT(rig.engine.calls().bulks.empty());
    rig.store.failLoads(1, unavailable("disk is busy"));
    CPPUNIT_ASSERT(rig.answer(get("a")).status().code() == Code::kUnavailable);
  }

  void aGetOfAnotherOrganizationIsNotFound() {
    Rig rig;
    rig.store.write("a", "state", "org");
    QueryRequest request = get("a");
    CPPUNIT_ASSERT(rig.answer(request).isOk());
    request.organization_id = "org";
    CPPUNIT_ASSERT(rig.answer(request).isOk());
    request.organization_id = "other";
    const Status foreign = rig.answer(request).status();
    CPPUNIT_ASSERT(foreign.code() == Code::kNotFound);
    // Nothing tells an entity of somebody else from one that is not there.
    request.parameters = "{\"id\":\"b\"}";
    const Status absent = rig.answer(request).status();
    CPPUNIT_ASSERT_EQUAL(std::string("things: there is no \"a\""), std::string(foreign.message()));
    CPPUNIT_ASSERT_EQUAL(std::string("things: there is no \"b\""), std::string(absent.message()));
    CPPUNIT_ASSERT_EQUAL(std::string(absent.reason()), std::string(foreign.reason()));
  }

  void minSequenceWaitsForTheIndex() {
    Rig rig;
    rig.body(search());
    rig.store.write("a", "{}");
    CPPUNIT_ASSERT(rig.body(search()) == Body("|{\"found\":0}|0", CacheOutcome::kHit));
    QueryRequest request = search();
    request.min_sequence = 1;
    const Result<QueryAnswer> answer = rig.answer(request);
    CPPUNIT_ASSERT_EQUAL(std::string("|{\"found\":1}|0"), answer->answer->body);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, answer->answer->sequence);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, rig.engine.calls().refreshes);
  }

  void minSequenceThatIsCoveredMayBeAHit() {
    Rig rig;
    rig.store.write("a", "{}");
    QueryRequest request = search();
    request.min_sequence = 1;
    CPPUNIT_ASSERT(rig.body(request).second == CacheOutcome::kMiss);
    CPPUNIT_ASSERT(rig.body(request).second == CacheOutcome::kHit);
    request.is_cache_bypassed = true;
    CPPUNIT_ASSERT(rig.body(request).second == CacheOutcome::kBypass);
  }

  void minSequenceBehindNamesBoth() {
    Rig rig;
    rig.engine.failBulks(1'000'000, unavailable("no node answers"));
    rig.store.write("a", "{}");
    QueryRequest request = search();
    request.min_sequence = 1;
    request.timeout_ms = 700;
    std::future<Result<QueryAnswer>> asked = rig.ask(request);
    rig.clock.advance(700);
    rig.store.wakeWaiters();
    CPPUNIT_ASSERT(asked.wait_for(std::chrono::seconds(20)) == std::future_status::ready);
    const Status status = asked.get().status();
    CPPUNIT_ASSERT(status.code() == Code::kDeadlineExceeded);
    CPPUNIT_ASSERT_EQUAL(std::string("index_behind"), std::string(status.reason()));
    CPPUNIT_ASSERT_EQUAL(std::string("sequence 1 was not searchable within 700 ms: the index has reached sequence 0"),
                         std::string(status.message()));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, rig.engine.calls().searches);
  }

  void minSequenceUnknownNamesBoth() {
    Rig rig;
    rig.store.write("a", "{}");
    for (QueryRequest request : {search(), get("a")}) {
      request.min_sequence = 9;
      const Status status = rig.answer(request).status();
      CPPUNIT_ASSERT(status.code() == Code::kInvalidArgument);
      CPPUNIT_ASSERT_EQUAL(std::string("unknown_sequence"), std::string(status.reason()));
      CPPUNIT_ASSERT_EQUAL(std::string("sequence 9 does not exist: the last one is 1"), std::string(status.message()));
    }
  }

  void unknownQueriesListTheKnown() {
    Rig rig;
    QueryRequest request = search();
    request.name = "LoseThings";
    const Status status = rig.answer(request).status();
    CPPUNIT_ASSERT(status.code() == Code::kNotFound);
    CPPUNIT_ASSERT_EQUAL(std::string("unknown_query"), std::string(status.reason()));
    CPPUNIT_ASSERT_EQUAL(std::string("things has no query \"LoseThings\"; it has GetThing, SearchThings, FreshThings"),
                         std::string(status.message()));
  }

  void whatAServerDoesNotAnswerIsRefused() {
    Rig rig;
    const Status no_search(Code::kUnavailable, "role_not_served", "no searches");
    const Status no_read(Code::kUnavailable, "role_not_served", "no reads");
    QueryBus writer{rig.handlers, rig.store,   rig.engine, rig.projector,
                    rig.cache,    rig.readers, rig.clock,  {no_search, {}}};
    QueryBus reader{rig.handlers, rig.store,   rig.engine, rig.projector,
                    rig.cache,    rig.readers, rig.clock,  {{}, no_read}};
    const auto outcomeOf = [](QueryBus& bus, QueryRequest request) {
      std::promise<Status> outcome;
      bus.ask(std::move(request), [&outcome](const Result<QueryAnswer>& answer) {
        outcome.set_value(answer.isOk() ? Status() : answer.status());
      });
      return std::string(outcome.get_future().get().message());
    };
    CPPUNIT_ASSERT_EQUAL(std::string("no searches"), outcomeOf(writer, search()));
    CPPUNIT_ASSERT_EQUAL(std::string("no reads"), outcomeOf(reader, get("a")));
    CPPUNIT_ASSERT_EQUAL(std::string(), outcomeOf(reader, search()));
    CPPUNIT_ASSERT(outcomeOf(writer, get("a")).find("there is no") != std::string::npos);
  }

  void withoutAStoreNoSequenceIsUnknown() {
    Rig rig;
    const store::AbsentStore absent(Status(Code::kUnavailable, "role_not_served", "no store"));
    QueryBus reader{rig.handlers, absent, rig.engine, rig.projector, rig.cache, rig.readers, rig.clock};
    QueryRequest request = get("a");
    request.min_sequence = std::uint64_t{1} << 60;
    std::promise<Status> outcome;
    reader.ask(std::move(request),
               [&outcome](const Result<QueryAnswer>& answer) { outcome.set_value(answer.status()); });
    CPPUNIT_ASSERT_EQUAL(std::string("no store"), std::string(outcome.get_future().get().message()));
  }

  void whatPlanRefusesIsRefused() {
    Rig rig;
    CPPUNIT_ASSERT_EQUAL(std::string("bad_parameter"),
                         std::string(rig.answer(search("{\"bad\":1}")).status().reason()));
    CPPUNIT_ASSERT_EQUAL(std::string("malformed_json"), std::string(rig.answer(search("{")).status().reason()));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, rig.engine.calls().searches);
  }

  void failuresAreNotKept() {
    Rig rig;
    rig.engine.onSearch([](std::string_view) -> Result<std::string> { return unavailable("no node answers"); });
    CPPUNIT_ASSERT(rig.answer(search()).status().code() == Code::kUnavailable);
    rig.engine.onSearch([](std::string_view) -> Result<std::string> { return std::string("unpresentable"); });
    CPPUNIT_ASSERT(rig.answer(search()).status().code() == Code::kInternal);
    rig.engine.onSearch(nullptr);
    CPPUNIT_ASSERT(rig.body(search()).second == CacheOutcome::kMiss);
  }

  void aPartialAnswerIsAFailure() {
    Rig rig;
    rig.engine.onSearch([](std::string_view) -> Result<std::string> {
      return std::string("{\"took\":30001,\"timed_out\":true,\"hits\":{}}");
    });
    const Status status = rig.answer(search()).status();
    CPPUNIT_ASSERT(status.code() == Code::kDeadlineExceeded);
    CPPUNIT_ASSERT_EQUAL(std::string("search_timed_out"), std::string(status.reason()));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, rig.cache.stats().entries);
  }

  void aFullPoolRefusesAtOnce() {
    Rig rig(1, 1);
    Barrier barrier;
    rig.engine.onSearch([&barrier](std::string_view) -> Result<std::string> {
      barrier.pass();
      return std::string();
    });
    std::future<Result<QueryAnswer>> running = rig.ask(search("{\"a\":1}"));
    CPPUNIT_ASSERT(rig.engine.waitUntil([](const auto& calls) { return calls.searches == 1; }));
    std::future<Result<QueryAnswer>> queued = rig.ask(search("{\"a\":2}"));
    for (bool is_bypassed : {false, true}) {
      QueryRequest request = search("{\"a\":3}");
      request.is_cache_bypassed = is_bypassed;
      std::future<Result<QueryAnswer>> refused = rig.ask(request);
      CPPUNIT_ASSERT(refused.wait_for(std::chrono::seconds(0)) == std::future_status::ready);
      CPPUNIT_ASSERT(refused.get().status().code() == Code::kResourceExhausted);
    }
    barrier.open();
    CPPUNIT_ASSERT(running.get().isOk());
    CPPUNIT_ASSERT(queued.get().isOk());
    CPPUNIT_ASSERT(rig.body(search("{\"a\":3}")).second == CacheOutcome::kMiss);
  }

  void manyThreadsNeverReadBehindTheirWrites() {
    Rig rig;
    std::atomic<int> failures = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&rig, &failures, t] {
        for (int i = 0; i < 50; ++i) {
          const std::uint64_t sequence = rig.store.write("e" + std::to_string(t), std::to_string(i));
          QueryRequest request = search();
          request.min_sequence = sequence;
          const Result<QueryAnswer> answer = rig.ask(request).get();
          if (!answer.isOk() || (*answer).answer->sequence < sequence) ++failures;
          if (!rig.ask(get("e" + std::to_string(t))).get().isOk()) ++failures;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    CPPUNIT_ASSERT_EQUAL(0, failures.load());
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(QueryBusTest);

}  // namespace gyre::bus
