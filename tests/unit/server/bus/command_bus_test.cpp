#include "server/bus/command_bus.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "server/bus/fingerprint.hpp"
#include "server/bus/receipt_codec.hpp"
#include "tests/unit/server/store/store_fixture.hpp"

namespace gyre::bus {

// A counter domain: Open makes a counter at 0; Add adds (two events when asked to double); Noop does nothing. Its state
// is
// {"total":N,"organization":"…"}; a label that Open may give is unique in its organisation. Broken says that the domain
// itself is at fault.
class CounterDomain final : public DomainHandlers {
 public:
  std::string_view name() const override { return "counters"; }
  std::string_view version() const override { return "1"; }
  std::string_view help() const override { return ""; }
  std::string_view indexDefinition() const override { return "{}"; }
  const std::vector<CommandDescription>& commands() const override { return commands_; }
  const std::vector<EventDescription>& events() const override { return events_; }
  const std::vector<QueryDescription>& queries() const override { return queries_; }

  Result<std::vector<DecidedEvent>> decideCommand(std::size_t command, const DecideCall& call) const override {
    ++decided_;
    last_time_ = call.time_millis;
    GYRE_TRY_ASSIGN(const json::Document body, json::Document::parse(call.body));
    Status faults;
    const auto fault = [&](std::string pointer) {
      if (faults.isOk()) faults = invalidArgument("faults");
      faults.addFault(std::move(pointer), "wrong");
    };
    if (!body.root()["id"].isString() || call.entity_id.empty()) fault("/id");
    if (command == kAdd && !body.root()["by"].integer()) fault("/by");
    if (!faults.isOk() && command != kAccepts) return faults;
    if (command == kBroken) return internalError("broken");
    if (command == kOpen) {
      if (!call.state.empty()) return conflict("exists");
      const json::Value organization = body.root()["organization"];
      return std::vector<DecidedEvent>{{"Opened", R"({"organization":")" + std::string(organization.string()) +
                                                      R"(","label":")" + std::string(body.root()["label"].string()) +
                                                      "\"}"}};
    }
    if (command == kAccepts) return std::vector<DecidedEvent>();
    if (call.state.empty()) return notFound("no such counter");
    if (command == kNoop) return std::vector<DecidedEvent>();
    const std::int64_t by = *body.root()["by"].integer();
    if (by < 0) return Status(Code::kConflict, "negative", "by: below zero").addFault("/by", "below zero");
    const DecidedEvent added{"Added", R"({"by":)" + std::to_string(by) + "}"};
    std::vector<DecidedEvent> events{added};
    if (body.root()["twice"].boolean()) events.push_back(added);
    return events;
  }
  Result<std::vector<DecidedEvent>> decideEvent(std::size_t, const DecideCall& call) const override {
    last_time_ = call.time_millis;
    if (call.state.empty()) return notFound("no such counter");
    return std::vector<DecidedEvent>{{"Added", R"({"by":100})"}};
  }
  Result<Evolved> evolve(std::string_view, std::string_view state, std::string_view type, std::string_view data,
                         std::int64_t) const override {
    GYRE_TRY_ASSIGN(const json::Document event, json::Document::parse(data));
    if (type == "Opened") {
      Evolved opened = written(0, event.root()["organization"].string());
      if (const std::string_view label = event.root()["label"].string(); !label.empty())
        opened.unique_keys.emplace_back("/label", label);
      return opened;
    }
    GYRE_TRY_ASSIGN(const json::Document before, json::Document::parse(state));
    return written(*before.root()["total"].integer() + *event.root()["by"].integer(),
                   before.root()["organization"].string());
  }
  Result<std::string> project(std::string_view, std::string_view, std::uint64_t) const override {
    return std::string();
  }
  Result<PlannedQuery> plan(std::size_t, const QueryCall&) const override { return PlannedQuery(); }
  Result<std::string> present(std::size_t, const QueryCall&, std::string_view, std::uint64_t) const override {
    return std::string();
  }

  int decided() const { return decided_; }
  std::int64_t lastTime() const { return last_time_; }

 private:
  enum : std::size_t { kOpen, kAdd, kNoop, kBroken, kAccepts };
  static Evolved written(std::int64_t total, std::string_view organization) {
    return {R"({"total":)" + std::to_string(total) + R"(,"organization":")" + std::string(organization) + "\"}",
            std::string(organization)};
  }

  std::vector<CommandDescription> commands_{{"Open", "", "{}", "id"},
                                            {"Add", "", "{}", "id"},
                                            {"Noop", "", "{}", "id"},
                                            {"Broken", "", "{}", "id"},
                                            {"Accepts", "", "{}", "a/b"}};
  std::vector<EventDescription> events_{{"Opened", "", "{}", false}, {"Added", "", "{}", true}};
  std::vector<QueryDescription> queries_;
  mutable std::atomic<int> decided_{0};
  mutable std::atomic<std::int64_t> last_time_{0};
};

class CommandBusTest : public store::StoreFixture {
  CPPUNIT_TEST_SUITE(CommandBusTest);
  CPPUNIT_TEST(aCommandMakesAnEntity);
  CPPUNIT_TEST(severalEventsAreOneAnswer);
  CPPUNIT_TEST(nothingHappenedIsAnAnswerToo);
  CPPUNIT_TEST(refusalsComeFromTheDomain);
  CPPUNIT_TEST(unknownNamesListTheKnown);
  CPPUNIT_TEST(badBodiesAreRefusedAtOnce);
  CPPUNIT_TEST(aBadIdTellsAllFaults);
  CPPUNIT_TEST(sameKeySameBodyIsAReplay);
  CPPUNIT_TEST(sameKeyOtherBodyIsRefused);
  CPPUNIT_TEST(refusalsAreReplayedExceptNotFound);
  CPPUNIT_TEST(ourOwnFaultsAreNotKept);
  CPPUNIT_TEST(aKeyExpires);
  CPPUNIT_TEST(aRepeatedKeyInOneBatchIsDecidedOnce);
  CPPUNIT_TEST(versionsMustMatch);
  CPPUNIT_TEST(anotherOrganizationsEntityIsNotThere);
  CPPUNIT_TEST(aKeyCannotWriteForAnotherOrganization);
  CPPUNIT_TEST(aUniqueKeyIsTakenOnce);
  CPPUNIT_TEST(eventsFromOutside);
  CPPUNIT_TEST(aFullQueueIsResourceExhausted);
  CPPUNIT_TEST(concurrentAddsAllCount);
  CPPUNIT_TEST(answersSurviveTheirBytes);
  CPPUNIT_TEST(damagedAnswersAreCorruption);
  CPPUNIT_TEST(fingerprintsSeeMeaningNotSpelling);
  CPPUNIT_TEST_SUITE_END();

  static CommandRequest request(std::string name, std::string body, std::string key = "") {
    CommandRequest request;
    request.name = std::move(name);
    request.body = std::move(body);
    request.idempotency_key = std::move(key);
    request.idempotency_scope = "scope";
    return request;
  }
  std::future<CommandOutcome> send(CommandRequest request) {
    auto promise = std::make_shared<std::promise<CommandOutcome>>();
    auto outcome = promise->get_future();
    bus_.dispatch(std::move(request), [promise](CommandOutcome done) { promise->set_value(std::move(done)); });
    return outcome;
  }
  CommandOutcome ask(CommandRequest request) { return send(std::move(request)).get(); }
  CommandReceipt accepted(CommandRequest request) {
    const CommandOutcome outcome = ask(std::move(request));
    GYRE_ASSERT_OK(outcome.result.status());
    return *outcome.result;
  }
  Status refused(CommandRequest request) {
    const CommandOutcome outcome = ask(std::move(request));
    CPPUNIT_ASSERT(!outcome.result.isOk());
    return outcome.result.status();
  }
  std::string stateOf(const std::string& id) { return store_->load(id)->value().state; }
  static void assertText(std::string_view expected, std::string_view found) {
    CPPUNIT_ASSERT_EQUAL(std::string(expected), std::string(found));
  }

 public:
  void aCommandMakesAnEntity() {
    const CommandReceipt made = accepted(request("Open", R"({"id":"c1","organization":"acme"})"));
    assertText("c1", made.id);
    CPPUNIT_ASSERT(made.is_created);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, made.version);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, made.sequence);
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, made.events.size());
    assertText("Opened", made.events[0].first);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, made.events[0].second);
    assertText("acme", store_->load("c1")->value().organization_id);
    CPPUNIT_ASSERT_EQUAL(clock_.nowMillis(), store_->readAfter(0, 1)->at(0).time_millis);
    CPPUNIT_ASSERT_EQUAL(clock_.nowMillis(), domain_.lastTime());
  }

  void severalEventsAreOneAnswer() {
    accepted(request("Open", R"({"id":"c1","organization":"acme"})"));
    const CommandReceipt added = accepted(request("Add", R"({"id":"c1","by":5,"twice":true})"));
    CPPUNIT_ASSERT(!added.is_created);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, added.version);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, added.sequence);
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, added.events.size());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, added.events[0].second);
    assertText(R"({"total":10,"organization":"acme"})", stateOf("c1"));
  }

  void nothingHappenedIsAnAnswerToo() {
    accepted(request("Open", R"({"id":"c1","organization":"acme"})"));
    const CommandReceipt nothing = accepted(request("Noop", R"({"id":"c1"})"));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, nothing.version);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, nothing.sequence);
    CPPUNIT_ASSERT(nothing.events.empty() && !nothing.is_created);
  }

  void refusalsComeFromTheDomain() {
    accepted(request("Open", R"({"id":"c1","organization":"acme"})"));
    GYRE_ASSERT_CODE(Code::kConflict, refused(request("Open", R"({"id":"c1","organization":"acme"})")));
    GYRE_ASSERT_CODE(Code::kNotFound, refused(request("Add", R"({"id":"c2","by":1})")));
    const Status negative = refused(request("Add", R"({"id":"c1","by":-1})"));
    assertText("negative", negative.reason());
    assertText("/by", negative.faults().front().pointer);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, store_->lastSequence());
  }

  void unknownNamesListTheKnown() {
    const Status command = refused(request("Opne", R"({"id":"c1"})"));
    GYRE_ASSERT_CODE(Code::kNotFound, command);
    assertText("unknown_command", command.reason());
    assertText(R"(command: expected one of Open, Add, Noop, Broken, Accepts, found "Opne"; did you mean Open?)",
               command.message());
    CommandRequest event = request("Opened", "{}");  // known, but not from outside
    event.is_event = true;
    event.entity_id = "c1";
    const Status unknown = refused(event);
    GYRE_ASSERT_CODE(Code::kInvalidArgument, unknown);
    assertText("unknown_event_type", unknown.reason());
    CPPUNIT_ASSERT(unknown.message().find("Added") != std::string_view::npos);
  }

  void badBodiesAreRefusedAtOnce() {
    for (const char* const body : {"", "{", "{\"id\":\"a\",\"id\":\"b\"}", "{} {}", "{\"id\":\"\xff\"}"}) {
      const Status refusal = refused(request("Open", body));
      GYRE_ASSERT_CODE(Code::kInvalidArgument, refusal);
      assertText("malformed_json", refusal.reason());
    }
    const Status array = refused(request("Open", "[]"));
    GYRE_ASSERT_CODE(Code::kInvalidArgument, array);
    assertText("body: expected an object, found an array", array.message());
    CPPUNIT_ASSERT_EQUAL(0, domain_.decided());
  }

  void aBadIdTellsAllFaults() {
    const std::string long_id(257, 'x');
    for (const std::string& body : {std::string(R"({})"), std::string(R"({"id":7})"), std::string(R"({"id":""})"),
                                    R"({"id":")" + long_id + "\"}", std::string(R"({"id":"a\u0007b"})")}) {
      const Status refusal = refused(request("Add", body));
      GYRE_ASSERT_CODE(Code::kInvalidArgument, refusal);
      CPPUNIT_ASSERT_EQUAL(std::size_t{2}, refusal.faults().size());
      assertText("/id", refusal.faults()[0].pointer);
      assertText("/by", refusal.faults()[1].pointer);
    }
    // A domain that does not mind is overruled.
    const Status overruled = refused(request("Accepts", R"({"id":"x"})"));
    GYRE_ASSERT_CODE(Code::kInvalidArgument, overruled);
    assertText("/a~1b", overruled.faults().front().pointer);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, store_->stats().units);
    accepted(request("Open", R"({"id":")" + long_id.substr(1) + R"(","organization":"acme"})"));
  }

  void sameKeySameBodyIsAReplay() {
    const CommandReceipt first = accepted(request("Open", R"({"id":"c1","organization":"acme"})", "k1"));
    accepted(request("Add", R"({"id":"c1","by":1})"));
    const CommandOutcome again = ask(request("Open", " {\"organization\" : \"acme\", \"id\" : \"c1\"}", "k1"));
    GYRE_ASSERT_OK(again.result.status());
    CPPUNIT_ASSERT(again.is_replay);
    CPPUNIT_ASSERT_EQUAL(first.version, again.result->version);
    CPPUNIT_ASSERT_EQUAL(first.sequence, again.result->sequence);
    CPPUNIT_ASSERT(again.result->is_created);
    CPPUNIT_ASSERT(first.events == again.result->events);
    // Another key space does not know the key.
    CommandRequest elsewhere = request("Open", R"({"id":"c1","organization":"acme"})", "k1");
    elsewhere.idempotency_scope = "other";
    GYRE_ASSERT_CODE(Code::kConflict, refused(elsewhere));
  }

  void sameKeyOtherBodyIsRefused() {
    accepted(request("Open", R"({"id":"c1","organization":"acme"})", "k1"));
    for (const CommandRequest& other : {request("Open", R"({"id":"c2","organization":"acme"})", "k1"),
                                        request("Noop", R"({"id":"c1","organization":"acme"})", "k1")}) {
      const CommandOutcome outcome = ask(other);
      GYRE_ASSERT_CODE(Code::kUnprocessable, outcome.result.status());
      assertText("idempotency_key_reused", outcome.result.status().reason());
      CPPUNIT_ASSERT(!outcome.is_replay);
    }
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, store_->lastSequence());
    CPPUNIT_ASSERT(ask(request("Open", R"({"id":"c1","organization":"acme"})", "k1")).is_replay);
  }

  void refusalsAreReplayedExceptNotFound() {
    GYRE_ASSERT_CODE(Code::kNotFound, refused(request("Add", R"({"id":"c1","by":1})", "early")));
    accepted(request("Open", R"({"id":"c1","organization":"acme"})"));
    const CommandOutcome retried = ask(request("Add", R"({"id":"c1","by":1})", "early"));
    GYRE_ASSERT_OK(retried.result.status());
    CPPUNIT_ASSERT(!retried.is_replay);

    const Status first = refused(request("Add", R"({"id":"c1","by":-1})", "negative"));
    const int decided = domain_.decided();
    const CommandOutcome again = ask(request("Add", R"({"by":-1,"id":"c1"})", "negative"));
    CPPUNIT_ASSERT(again.is_replay);
    CPPUNIT_ASSERT_EQUAL(decided, domain_.decided());
    GYRE_ASSERT_CODE(Code::kConflict, again.result.status());
    assertText(first.reason(), again.result.status().reason());
    assertText(first.message(), again.result.status().message());
    CPPUNIT_ASSERT(first.faults().front() == again.result.status().faults().front());

    CPPUNIT_ASSERT(!ask(request("Add", R"({"by":1})", "no id")).is_replay);
    const CommandOutcome no_id = ask(request("Add", R"({"by":1})", "no id"));
    CPPUNIT_ASSERT(no_id.is_replay);
    assertText("/id", no_id.result.status().faults().front().pointer);
    assertText("idempotency_key_reused", refused(request("Add", R"({"by":2,"id":"c1"})", "no id")).reason());
  }

  void ourOwnFaultsAreNotKept() {
    accepted(request("Open", R"({"id":"c1","organization":"acme"})"));
    GYRE_ASSERT_CODE(Code::kInternal, refused(request("Broken", R"({"id":"c1"})", "k")));
    const CommandOutcome other = ask(request("Noop", R"({"id":"c1"})", "k"));
    GYRE_ASSERT_OK(other.result.status());
    CPPUNIT_ASSERT(!other.is_replay);
  }

  void aKeyExpires() {
    accepted(request("Open", R"({"id":"c1","organization":"acme"})", "k"));
    clock_.advance(store::StoreOptions().receipt_lifetime_ms);
    CPPUNIT_ASSERT(ask(request("Open", R"({"id":"c1","organization":"acme"})", "k")).is_replay);
    clock_.advance(1);
    GYRE_ASSERT_CODE(Code::kConflict, refused(request("Open", R"({"id":"c1","organization":"acme"})", "k")));
  }

  void aRepeatedKeyInOneBatchIsDecidedOnce() {
    accepted(request("Open", R"({"id":"c1","organization":"acme"})"));
    store::Gate gate(*store_);
    std::vector<std::future<CommandOutcome>> outcomes;
    for (int i = 0; i < 10; ++i) outcomes.push_back(send(request("Add", R"({"id":"c1","by":1})", "k")));
    gate.open();
    int replays = 0;
    for (auto& outcome : outcomes) {
      const CommandOutcome got = outcome.get();
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, got.result->version);
      replays += got.is_replay ? 1 : 0;
    }
    CPPUNIT_ASSERT_EQUAL(9, replays);
    assertText(R"({"total":1,"organization":"acme"})", stateOf("c1"));
  }

  void versionsMustMatch() {
    CommandRequest missing = request("Open", R"({"id":"c1","organization":"acme"})");
    missing.expected_version = 1;
    const Status no_entity = refused(missing);
    GYRE_ASSERT_CODE(Code::kFailedPrecondition, no_entity);
    assertText("version_mismatch", no_entity.reason());
    accepted(request("Open", R"({"id":"c1","organization":"acme"})"));
    CommandRequest add = request("Add", R"({"id":"c1","by":1})");
    add.expected_version = 2;
    const Status mismatch = refused(add);
    GYRE_ASSERT_CODE(Code::kFailedPrecondition, mismatch);
    assertText("c1: expected version 2, found version 1", mismatch.message());
    add.expected_version = 1;
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, accepted(add).version);
    GYRE_ASSERT_CODE(Code::kFailedPrecondition, refused(add));
  }

  void anotherOrganizationsEntityIsNotThere() {
    accepted(request("Open", R"({"id":"c1","organization":"acme"})"));
    const auto as = [](CommandRequest asked, const char* organization) {
      asked.organization_id = organization;
      return asked;
    };
    const Status hidden = refused(as(request("Add", R"({"id":"c1","by":1})"), "other"));
    const Status absent = refused(as(request("Add", R"({"id":"c2","by":1})"), "other"));
    GYRE_ASSERT_CODE(Code::kNotFound, hidden);
    assertText(absent.message(), hidden.message());
    GYRE_ASSERT_CODE(Code::kNotFound, refused(as(request("Open", R"({"id":"c1","organization":"other"})"), "other")));
    CommandRequest conditional = as(request("Add", R"({"id":"c1","by":1})"), "other");
    conditional.expected_version = 7;
    CPPUNIT_ASSERT(refused(conditional).message().find("version 1") == std::string_view::npos);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, accepted(as(request("Add", R"({"id":"c1","by":1})"), "acme")).version);
  }

  void aKeyCannotWriteForAnotherOrganization() {
    CommandRequest foreign = request("Open", R"({"id":"c1","organization":"acme"})");
    foreign.organization_id = "other";
    GYRE_ASSERT_CODE(Code::kPermissionDenied, refused(foreign));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, store_->lastSequence());
  }

  void aUniqueKeyIsTakenOnce() {
    accepted(request("Open", R"({"id":"c1","organization":"acme","label":"red"})"));
    const Status taken = refused(request("Open", R"({"id":"c2","organization":"acme","label":"red"})"));
    GYRE_ASSERT_CODE(Code::kConflict, taken);
    assertText("duplicate_key", taken.reason());
    assertText("label: expected one that \"acme\" has not used, found \"red\", which \"c1\" has", taken.message());
    assertText("/label", taken.faults().front().pointer);
    CPPUNIT_ASSERT(!store_->load("c2")->has_value());
    accepted(request("Open", R"({"id":"c2","organization":"acme","label":"blue"})"));
    accepted(request("Open", R"({"id":"c3","organization":"other","label":"red"})"));
    accepted(request("Add", R"({"id":"c1","by":1})"));
  }

  void eventsFromOutside() {
    accepted(request("Open", R"({"id":"c1","organization":"acme"})"));
    CommandRequest event = request("Added", "", "event-1");
    event.is_event = true;
    event.idempotency_scope = "urn:source";
    event.entity_id = "c1";
    event.time_millis = 12'345;
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, accepted(event).sequence);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{12'345}, store_->readAfter(1, 1)->at(0).time_millis);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{12'345}, domain_.lastTime());
    const CommandOutcome again = ask(event);
    CPPUNIT_ASSERT(again.is_replay);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, again.result->sequence);
    event.entity_id = "";
    event.idempotency_key = "";
    const Status no_subject = refused(event);
    GYRE_ASSERT_CODE(Code::kInvalidArgument, no_subject);
    assertText("/subject", no_subject.faults().front().pointer);
  }

  void aFullQueueIsResourceExhausted() {
    store_.reset();
    store::StoreOptions small = options();
    small.queue_units = 1;
    store_ = open(small);
    CommandBus bus(domain_, *store_, clock_);
    store::Gate gate(*store_);
    std::promise<CommandOutcome> queued;
    bus.dispatch(request("Open", R"({"id":"c1","organization":"acme"})"),
                 [&](CommandOutcome outcome) { queued.set_value(std::move(outcome)); });
    bool is_refused = false;
    bus.dispatch(request("Open", R"({"id":"c2","organization":"acme"})"), [&](CommandOutcome outcome) {
      GYRE_ASSERT_CODE(Code::kResourceExhausted, outcome.result.status());
      is_refused = true;
    });
    CPPUNIT_ASSERT(is_refused);
    gate.open();
    GYRE_ASSERT_OK(queued.get_future().get().result.status());
  }

  void concurrentAddsAllCount() {
    accepted(request("Open", R"({"id":"c1","organization":"acme"})"));
    constexpr int kThreads = 6;
    constexpr int kAdds = 100;
    std::atomic<int> failures = 0;
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread)
      threads.emplace_back([&, thread] {
        for (int i = 0; i < kAdds; ++i) {
          const std::string key = std::to_string(thread) + "-" + std::to_string(i / 2);  // every command twice
          if (!ask(request("Add", R"({"id":"c1","by":1})", key)).result.isOk()) ++failures;
        }
      });
    for (std::thread& thread : threads) thread.join();
    CPPUNIT_ASSERT_EQUAL(0, failures.load());
    assertText(R"({"total":300,"organization":"acme"})", stateOf("c1"));
  }

  void answersSurviveTheirBytes() {
    CommandReceipt receipt{"id\0x", ~std::uint64_t{0}, 300, true, {{"A", 299}, {"", 300}}};
    const auto read = parseAnswer(writeAnswer(receipt));
    GYRE_ASSERT_OK(read.status());
    GYRE_ASSERT_OK(read->status());
    const CommandReceipt& same = **read;
    CPPUNIT_ASSERT(same.id == receipt.id && same.version == receipt.version && same.sequence == receipt.sequence);
    CPPUNIT_ASSERT(same.is_created && same.events == receipt.events);
    Status refusal(Code::kConflict, "reason", "message");
    refusal.addFault("/a", "b").addFault("", std::string(1000, 'c'));
    const auto refused = parseAnswer(writeAnswer(refusal));
    GYRE_ASSERT_OK(refused.status());
    const Status& back = refused->status();
    GYRE_ASSERT_CODE(Code::kConflict, back);
    assertText("reason", back.reason());
    assertText("message", back.message());
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, back.faults().size());
    CPPUNIT_ASSERT(back.faults()[1] == refusal.faults()[1]);
  }

  void damagedAnswersAreCorruption() {
    Status refusal(Code::kConflict, "reason", "message");
    refusal.addFault("/a", "b");
    for (const std::string& whole :
         {writeAnswer(CommandReceipt{"c1", 1, 2, false, {{"Added", 2}}}), writeAnswer(refusal)}) {
      for (std::size_t size = 0; size < whole.size(); ++size)
        GYRE_ASSERT_CODE(Code::kCorruption, parseAnswer(whole.substr(0, size)).status());
      GYRE_ASSERT_CODE(Code::kCorruption, parseAnswer(whole + "x").status());
      for (std::size_t at = 0; at < whole.size(); ++at) {  // any byte changed: an answer or corruption, never worse
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x80);
        const auto read = parseAnswer(damaged);
        CPPUNIT_ASSERT(read.isOk() || read.status().code() == Code::kCorruption);
      }
    }
  }

  void fingerprintsSeeMeaningNotSpelling() {
    const auto print = [](std::string_view name, std::string_view text) {
      const auto document = json::Document::parse(text);
      GYRE_ASSERT_OK(document.status());
      return fingerprint(name, document->root());
    };
    const std::string one = print("Add", R"({"a":1,"b":{"x":[1,2],"y":"é"}})");
    CPPUNIT_ASSERT_EQUAL(std::size_t{16}, one.size());
    CPPUNIT_ASSERT(one == print("Add", "{ \"b\" : {\"y\":\"\\u00e9\", \"x\":[1, 2]},\n\"a\":1}"));
    CPPUNIT_ASSERT(one != print("Adds", R"({"a":1,"b":{"x":[1,2],"y":"é"}})"));
    CPPUNIT_ASSERT(one != print("Add", R"({"a":1.0,"b":{"x":[1,2],"y":"é"}})"));
    CPPUNIT_ASSERT(one != print("Add", R"({"a":1,"b":{"x":[2,1],"y":"é"}})"));
    CPPUNIT_ASSERT(one != print("Add", R"({"a":"1","b":{"x":[1,2],"y":"é"}})"));
  }

 private:
  CounterDomain domain_;
  std::unique_ptr<store::PrimaryStore> store_ = open();
  CommandBus bus_{domain_, *store_, clock_};
};
CPPUNIT_TEST_SUITE_REGISTRATION(CommandBusTest);

}  // namespace gyre::bus
