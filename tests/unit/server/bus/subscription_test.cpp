// Events between domains: in order, once each, whatever stops, fails or is refused on the way.
#include "server/bus/subscription.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "gyre/json.hpp"
#include "tests/unit/server/store/store_fixture.hpp"

namespace gyre::bus {

// Sums up what "counters" adds. Its one command is Add {id, by}; by below 0 is refused. What a reaction or a decision
// shall meet on the way is set from outside.
class SumsDomain final : public DomainHandlers {
 public:
  std::string_view name() const override { return "sums"; }
  std::string_view version() const override { return "1"; }
  std::string_view help() const override { return ""; }
  std::string_view indexDefinition() const override { return "{}"; }
  const std::vector<CommandDescription>& commands() const override { return commands_; }
  const std::vector<EventDescription>& events() const override { return events_; }
  const std::vector<QueryDescription>& queries() const override { return queries_; }
  const std::vector<SubscriptionDescription>& subscriptions() const override { return subscriptions_; }

  // {"to":"a","by":1}, {"to":"a","by":1,"also":"b","alsoBy":-1}, {"broken":true}, {"refused":true}, {}
  Result<PlannedReaction> react(std::size_t, const ForeignEventCall& event) const override {
    GYRE_TRY_ASSIGN(const json::Document data, json::Document::parse(event.data));
    const json::Value root = data.root();
    if (root["broken"].boolean()) return internalError("broken");
    if (root["refused"].boolean()) return invalidArgument("cannot be understood").addFault("/x", "is odd");
    PlannedReaction reaction;
    reaction.organization_id = root["organization"].string();
    const auto add = [&](std::string_view to, std::string_view by) {
      if (root[to].isMissing()) return;
      reaction.commands.push_back({"Add", R"({"id":")" + std::string(root[to].string()) + R"(","by":)" +
                                              std::string(root[by].numberText()) + "}"});
    };
    add("to", "by");
    add("also", "alsoBy");
    return reaction;
  }
  Result<std::vector<DecidedEvent>> decideCommand(std::size_t, const DecideCall& call) const override {
    GYRE_TRY_ASSIGN(const json::Document body, json::Document::parse(call.body));
    if (unavailable_times_ > 0) {
      --unavailable_times_;
      return unavailable("later");
    }
    const std::int64_t by = *body.root()["by"].integer();
    if (by < 0) return Status(Code::kConflict, "negative", "by: below zero");
    return std::vector<DecidedEvent>{{"Added", R"({"by":)" + std::to_string(by) + "}"}};
  }
  Result<std::vector<DecidedEvent>> decideEvent(std::size_t, const DecideCall&) const override {
    return internalError("none is taken");
  }
  Result<Evolved> evolve(std::string_view, std::string_view state, std::string_view, std::string_view data,
                         std::int64_t) const override {
    GYRE_TRY_ASSIGN(const json::Document event, json::Document::parse(data));
    const std::int64_t by = *event.root()["by"].integer();
    return Evolved{std::to_string(by + (state.empty() ? 0 : std::stoll(std::string(state)))), "org-1"};
  }
  Result<std::string> project(std::string_view, std::string_view, std::uint64_t) const override {
    return std::string();
  }
  Result<PlannedQuery> plan(std::size_t, const QueryCall&) const override { return PlannedQuery(); }
  Result<std::string> present(std::size_t, const QueryCall&, std::string_view, std::uint64_t) const override {
    return std::string();
  }
  void beUnavailable(int times) { unavailable_times_ = times; }

 private:
  std::vector<CommandDescription> commands_{{"Add", "", "{}", "id"}};
  std::vector<EventDescription> events_{{"Added", "", "{}", false}};
  std::vector<QueryDescription> queries_;
  std::vector<SubscriptionDescription> subscriptions_{{"other", "Added", ""}, {"counters", "Added", ""}};
  mutable std::atomic<int> unavailable_times_{0};
};

class SubscriptionTest : public store::StoreFixture {
  CPPUNIT_TEST_SUITE(SubscriptionTest);
  CPPUNIT_TEST(eventsAreAppliedInTheirOrder);
  CPPUNIT_TEST(commandsCarryTheEventsTime);
  CPPUNIT_TEST(aRestartGoesOnWhereTheLastRunEnded);
  CPPUNIT_TEST(stopsAtAnyMomentLoseAndRepeatNothing);
  CPPUNIT_TEST(aRefusedCommandIsADeadLetterAndTheRestGoesOn);
  CPPUNIT_TEST(aRefusedReactionIsADeadLetterToo);
  CPPUNIT_TEST(theCommandsOfOneEventTakeEffectWholeOrNotAtAll);
  CPPUNIT_TEST(whatPassesIsTriedAgain);
  CPPUNIT_TEST(aFaultOfOursEndsAsADeadLetter);
  CPPUNIT_TEST(theSourceNeverWaits);
  CPPUNIT_TEST(anotherOrganizationsEntityIsOutOfReach);
  CPPUNIT_TEST(theCursorMovesOverWhatIsNotOurs);
  CPPUNIT_TEST(aSourceFromAnOlderCopyIsSaidAndHeld);
  CPPUNIT_TEST(reactionsReadBackFromTheirText);
  CPPUNIT_TEST_SUITE_END();

  store::StoreOptions optionsOf(const char* file) const {
    store::StoreOptions options;
    options.path = folder_.file(file);
    return options;
  }
  void openStores() {
    source_ = open(optionsOf("counters.db"));
    sums_ = open(optionsOf("sums.db"));
  }
  std::uint64_t happens(const std::string& data, const std::string& type = "Added", std::int64_t time = 1000) {
    std::uint64_t sequence = 0;
    GYRE_ASSERT_OK(store::runUnit(*source_, [&](store::UnitOfWork& work) -> Status {
      GYRE_TRY_ASSIGN(const store::EntityRecord record,
                      work.append(store::entity("c1", "org-1", "{}"), type, data, time));
      sequence = record.sequence;
      return {};
    }));
    return sequence;
  }
  // Many in one unit.
  void happensOften(std::size_t count, const std::function<std::string(std::size_t)>& data,
                    const char* type = "Added") {
    GYRE_ASSERT_OK(store::runUnit(*source_, [&](store::UnitOfWork& work) -> Status {
      for (std::size_t i = 0; i < count; ++i)
        GYRE_TRY(work.append(store::entity("c1", "org-1", "{}"), type, data(i), 1000).status());
      return {};
    }));
  }
  std::unique_ptr<Subscription> subscribe() {
    auto subscription = std::make_unique<Subscription>(domain_, *sums_, "counters", *source_, clock_, observer_);
    subscription->start();
    return subscription;
  }
  // A condition of another thread's doing, looked at until it holds.
  static void waitUntil(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!holds()) {
      CPPUNIT_ASSERT_MESSAGE("it takes unreasonably long", std::chrono::steady_clock::now() < deadline);
      std::this_thread::yield();
    }
  }
  void settle(const Subscription& subscription) const {
    waitUntil([&] { return subscription.stats().position == source_->lastSequence(); });
  }
  void runThrough() { settle(*subscribe()); }
  std::string sumOf(const std::string& id) {
    const auto found = sums_->load(id);
    GYRE_ASSERT_OK(found.status());
    return found->has_value() ? (*found)->state : "none";
  }
  store::DeadLetter onlyLetter() {
    const auto letters = sums_->deadLetters(0, 10);
    GYRE_ASSERT_OK(letters.status());
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, letters->size());
    return letters->front();
  }
  static std::string adding(std::int64_t by) { return R"({"to":"a","by":)" + std::to_string(by) + "}"; }

 public:
  void setUp() override { openStores(); }
  void tearDown() override {
    source_.reset();
    sums_.reset();
  }

  void eventsAreAppliedInTheirOrder() {
    happensOften(2'000, [](std::size_t i) { return adding(static_cast<std::int64_t>(i)); });
    const auto subscription = subscribe();
    settle(*subscription);
    happens(adding(2'000));  // while it runs
    settle(*subscription);
    const auto events = sums_->readAfter(0, 3'000);
    CPPUNIT_ASSERT_EQUAL(std::size_t{2'001}, events->size());
    for (std::size_t i = 0; i < events->size(); ++i)
      CPPUNIT_ASSERT_EQUAL(R"({"by":)" + std::to_string(i) + "}", events->at(i).data);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2'001}, subscription->stats().applied);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, subscription->stats().lag);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2'001}, sums_->cursor(cursorName("counters")).value());
  }

  void commandsCarryTheEventsTime() {
    happens(adding(1), "Added", 123'456);
    runThrough();
    CPPUNIT_ASSERT_EQUAL(std::int64_t{123'456}, sums_->readAfter(0, 1)->at(0).time_millis);
  }

  void aRestartGoesOnWhereTheLastRunEnded() {
    happens(adding(1));
    runThrough();
    happens(adding(2));
    tearDown();
    openStores();
    runThrough();
    runThrough();
    CPPUNIT_ASSERT_EQUAL(std::string("3"), sumOf("a"));
  }

  // A stop cuts a run anywhere between two events; the store is opened anew each time.
  void stopsAtAnyMomentLoseAndRepeatNothing() {
    const auto seed = static_cast<unsigned>(std::chrono::steady_clock::now().time_since_epoch().count());
    std::cout << "[stopsAtAnyMomentLoseAndRepeatNothing seed " << seed << "]" << std::flush;
    std::mt19937 random(seed);
    std::uint64_t total = 0;
    for (int round = 0; round < 10; ++round) {
      happensOften(700, [](std::size_t) { return adding(1); });
      total += 700;
      const auto subscription = subscribe();
      const std::uint64_t enough = sums_->lastSequence() + random() % 900;
      waitUntil([&] { return sums_->lastSequence() >= std::min(enough, total); });
      subscription->stop();
      sums_.reset();
      sums_ = open(optionsOf("sums.db"));
    }
    runThrough();
    CPPUNIT_ASSERT_EQUAL(std::to_string(total), sumOf("a"));
    CPPUNIT_ASSERT_EQUAL(total, sums_->lastSequence());
  }

  void aRefusedCommandIsADeadLetterAndTheRestGoesOn() {
    happens(adding(1));
    const std::uint64_t refused = happens(adding(-1), "Added", 77);
    happens(adding(2));
    const auto subscription = subscribe();
    settle(*subscription);
    CPPUNIT_ASSERT_EQUAL(std::string("3"), sumOf("a"));
    const store::DeadLetter letter = onlyLetter();
    CPPUNIT_ASSERT_EQUAL(refused, letter.sequence);
    CPPUNIT_ASSERT_EQUAL(
        std::string("counters Added c1 negative by: below zero"),
        letter.source + " " + letter.type + " " + letter.entity_id + " " + letter.code + " " + letter.cause);
    CPPUNIT_ASSERT_EQUAL(
        std::string(R"({"organizationId":"","commands":[{"command":"Add","body":{"id":"a","by":-1}}]})"),
        letter.commands);
    CPPUNIT_ASSERT_EQUAL(adding(-1), letter.data);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{77}, letter.event_millis);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, subscription->stats().refused);
    runThrough();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, sums_->deadLetterCount().value());
  }

  void aRefusedReactionIsADeadLetterToo() {
    happens(R"({"refused":true})");
    happens(adding(2));
    runThrough();
    CPPUNIT_ASSERT_EQUAL(std::string("2"), sumOf("a"));
    CPPUNIT_ASSERT_EQUAL(std::string("cannot be understood; /x: is odd"), onlyLetter().cause);
    CPPUNIT_ASSERT_EQUAL(std::string(), onlyLetter().commands);
  }

  void theCommandsOfOneEventTakeEffectWholeOrNotAtAll() {
    happens(R"({"to":"a","by":1,"also":"b","alsoBy":-1})");
    happens(R"({"to":"a","by":2,"also":"b","alsoBy":5})");
    runThrough();
    CPPUNIT_ASSERT_EQUAL(std::string("2"), sumOf("a"));
    CPPUNIT_ASSERT_EQUAL(std::string("5"), sumOf("b"));
    CPPUNIT_ASSERT_EQUAL(std::string("negative"), onlyLetter().code);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, sums_->lastSequence());
  }

  void whatPassesIsTriedAgain() {
    domain_.beUnavailable(7);  // more often than a fault of ours would be tried
    for (int i = 1; i <= 3; ++i) happens(adding(i));
    const auto subscription = subscribe();
    settle(*subscription);
    CPPUNIT_ASSERT_EQUAL(std::string("6"), sumOf("a"));
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"by":1})"), sums_->readAfter(0, 1)->at(0).data);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, sums_->deadLetterCount().value());
    CPPUNIT_ASSERT(subscription->stats().retries > 0);
  }

  void aFaultOfOursEndsAsADeadLetter() {
    happens(adding(1));
    happens(R"({"broken":true})");
    happens(adding(2));
    const auto subscription = subscribe();
    settle(*subscription);
    CPPUNIT_ASSERT_EQUAL(std::string("3"), sumOf("a"));
    CPPUNIT_ASSERT_EQUAL(std::string("internal"), onlyLetter().code);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{Subscription::kAttempts - 1}, subscription->stats().retries);
  }

  void theSourceNeverWaits() {
    const auto subscription = subscribe();
    store::Gate gate(*sums_);
    for (int i = 1; i <= 3; ++i) happens(adding(i));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, source_->lastSequence());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, sums_->lastSequence());
    gate.open();
    settle(*subscription);
    CPPUNIT_ASSERT_EQUAL(std::string("6"), sumOf("a"));
  }

  void anotherOrganizationsEntityIsOutOfReach() {
    happens(R"({"to":"a","by":1,"organization":"org-1"})");
    happens(R"({"to":"a","by":2,"organization":"org-2"})");
    runThrough();
    CPPUNIT_ASSERT_EQUAL(std::string("1"), sumOf("a"));
    CPPUNIT_ASSERT_EQUAL(std::string("not_found"), onlyLetter().code);
  }

  void theCursorMovesOverWhatIsNotOurs() {
    happensOften(
        20'000, [](std::size_t) { return std::string("{}"); }, "SomethingElse");
    {
      const auto subscription = subscribe();
      settle(*subscription);
      CPPUNIT_ASSERT(sums_->cursor(cursorName("counters")).value() >= 10'000);
    }
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{20'000}, sums_->cursor(cursorName("counters")).value());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, sums_->lastSequence());
  }

  void aSourceFromAnOlderCopyIsSaidAndHeld() {
    GYRE_ASSERT_OK(
        store::runUnit(*sums_, [](store::UnitOfWork& work) { return work.setCursor(cursorName("counters"), 5); }));
    happens(adding(1));
    const auto subscription = subscribe();
    waitUntil([&] { return !subscription->stats().last_error.empty(); });
    CPPUNIT_ASSERT(subscription->stats().last_error.find("up to sequence 5, but its log ends at 1") !=
                   std::string::npos);
    subscription->stop();
    CPPUNIT_ASSERT_EQUAL(std::string("none"), sumOf("a"));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{5}, sums_->cursor(cursorName("counters")).value());
  }

  void reactionsReadBackFromTheirText() {
    const PlannedReaction reaction{{{"Add", R"({"id":"a"})"}, {"Add", "{}"}}, "org-1"};
    const auto read = parseReaction(reactionJson(reaction));
    GYRE_ASSERT_OK(read.status());
    CPPUNIT_ASSERT_EQUAL(reactionJson(reaction), reactionJson(*read));
    const auto faulty = parseReaction(R"({"organizationId":5,"commands":[{"command":1},{"body":{}}],"more":1})");
    CPPUNIT_ASSERT_EQUAL(std::size_t{5}, faulty.status().faults().size());
    GYRE_ASSERT_CODE(Code::kInvalidArgument, parseReaction(R"({"commands":[]})").status());
    GYRE_ASSERT_CODE(Code::kInvalidArgument, parseReaction("[]").status());
  }

 private:
  SumsDomain domain_;
  std::unique_ptr<store::PrimaryStore> source_;
  std::unique_ptr<store::PrimaryStore> sums_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(SubscriptionTest);

}  // namespace gyre::bus
