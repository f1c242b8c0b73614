// The test kit itself: what holds passes, what does not is reported once, where it was said.
#include <cppunit/extensions/HelperMacros.h>

#include <functional>
#include <string>
#include <vector>

#include "gyre/test.hpp"

namespace gyre {

namespace {

// Counts up to three, and forgets its text on every read: a state that does not round-trip.
struct Counter {
  std::int64_t count = 0;
  bool is_forgetful = false;
  static Result<Counter> read(json::Value state) {
    if (state["count"].integer() == 99) return internalError("cannot read");
    return Counter{state["count"].integer().value_or(0), false};
  }
  void write(JsonWriter& out) const {
    out.beginObject().member("count", count);
    if (is_forgetful) out.member("forgotten", true);
    out.endObject();
  }
  std::string_view organizationId() const { return {}; }
};

constexpr Member kBody[] = {{"id", Type::kId, true, ""}};

Result<Events> count(const Command& command, const Counter* counter) {
  GYRE_TRY_ASSIGN(const Arguments body, Arguments::read(command.body, kBody));
  if (body.text("id") == "forget") return Events{{"Forgot", "{}"}};
  if (body.text("id") == "undeclared") return Events{{"Undeclared", "{}"}};
  if (body.text("id") == "text") return Events{{"Counted", "text"}};
  if (counter != nullptr && counter->count == 3) return Status(Code::kConflict, "full", "three is enough");
  return Events{{"Counted", R"({"by":1.0})"}};
}

Counter evolve(const Counter* before, const RecordedEvent& event) {
  return {(before == nullptr ? 0 : before->count) + (event.data["by"].isMissing() ? 99 : 1), event.type == "Forgot"};
}

void document(const Counter& counter, JsonWriter& out) { out.beginObject().member("n", counter.count).endObject(); }
Result<Plan> planGet(const Query&) { return Plan::get("a"); }
Status presentGet(const Query&, json::Value state, std::uint64_t version, JsonWriter& out) {
  out.beginObject().rawMember("n", state["count"].raw()).member("version", version).endObject();
  return {};
}

// Counts its own "a" for each and, when told so, one that is full as well.
Result<Reaction> counted(const ForeignEvent& event) {
  if (event.data["bad"].boolean()) return Status(Code::kInvalidArgument, "bad_event", "cannot be counted");
  Reaction reaction = Reaction::of("Count", R"({"id":"a"})").asOrganization(event.data["organizationId"].string());
  if (event.data["full"].boolean()) reaction.commands.push_back({"Count", R"({"id":"full"})"});
  return reaction;
}
Result<ActivityItem> counterActivity(json::Value document) {
  return ActivityItem{"counted to " + std::string(document["n"].numberText()), std::string(document.raw())};
}

void describe(Domain<Counter>& domain) {
  domain.name("counter", "1.0.0", "").evolve(&evolve).project(&document);
  domain.command("Count", "id", kBody, "", &count).event("Counted", kBody, "", &count).event("Forgot", kBody, "");
  domain.query("Get", kBody, "", &planGet, &presentGet);
  domain.subscribe("other", "Happened", "counts", &counted);
  domain.activity({.name = "Counted", .help = "", .time_field = "at", .id_field = "id"}, &counterActivity);
}

}  // namespace

class ScenarioTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(ScenarioTest);
  CPPUNIT_TEST(whatHoldsPasses);
  CPPUNIT_TEST(whatDoesNotHoldIsReported);
  CPPUNIT_TEST(aFailureNamesFileAndLine);
  CPPUNIT_TEST(withoutAReportItThrows);
  CPPUNIT_TEST(reactionsTakeEffectWholeOrNotAtAll);
  CPPUNIT_TEST(statesMustReadBack);
  CPPUNIT_TEST_SUITE_END();

  using Steps = std::function<void(test::Scenario<Counter>&)>;

  static std::vector<std::string> failuresOf(const Steps& steps) {
    std::vector<std::string> failures;
    test::Scenario<Counter> scenario(describe, [&](const std::string& failure) { failures.push_back(failure); });
    steps(scenario);
    return failures;
  }

  void whatHoldsPasses() {
    const auto failures = failuresOf([](auto& scenario) {
      scenario.given("Count", R"({"id":"a"})").givenEvent("Counted", "a", R"({"by":1})");
      scenario.when("Count", R"({"id":"a"})")
          .thenEvents({{"Counted", R"({ "by" : 1.0 })"}})
          .thenState(R"({"count":3})");
      scenario.thenDocument(R"({"n":3})").thenVersion(3);
      scenario.when("Count", R"({"id":"a"})").thenRefused(Code::kConflict, "full").thenSays("enough").thenVersion(3);
      scenario.when("Count", R"({})").thenRefused(Code::kInvalidArgument, "", "/id").thenFaultsAt({"/id"});
      scenario.when("Count", R"({)").thenRefused(Code::kInvalidArgument, "malformed_json");
      scenario.whenEvent("Counted", "b", R"({"id":"b"})").thenVersion(1);
      scenario.ask("Get", "{}").thenGets("a").thenAnswers(R"({"n":3,"version":3})");
    });
    CPPUNIT_ASSERT_EQUAL_MESSAGE(failures.empty() ? "" : failures.front(), std::size_t(0), failures.size());
  }

  void reactionsTakeEffectWholeOrNotAtAll() {
    const auto failures = failuresOf([](auto& scenario) {
      for (int i = 0; i < 3; ++i) scenario.given("Count", R"({"id":"full"})");
      scenario.whenHappens("other", "Happened", "x", R"({"organizationId":"org-1"})")
          .thenCommands({{"Count", R"({"id":"a"})"}})
          .thenEvents({{"Counted", R"({"by":1.0})"}})
          .thenVersion(1)
          .thenActivity("Counted", "counted to 1", R"({"n":1})");
      scenario.whenHappens("other", "Happened", "x", R"({"full":true})").thenRefused(Code::kConflict, "full");
      scenario.when("Count", R"({"id":"a"})").thenVersion(2);
      scenario.whenHappens("other", "Happened", "x", R"({"bad":true})")
          .thenRefused(Code::kInvalidArgument, "bad_event")
          .thenCommands({});
    });
    CPPUNIT_ASSERT_EQUAL_MESSAGE(failures.empty() ? "" : failures.front(), std::size_t(0), failures.size());
  }

  void whatDoesNotHoldIsReported() {
    const Steps kWrong[] = {
        [](auto& s) { s.when("Count", R"({"id":"a"})").thenEvents({}); },
        [](auto& s) {
          s.when("Count", R"({"id":"a"})").thenEvents({{"Counted", R"({"by":1})"}});
        },
        [](auto& s) { s.when("Count", R"({"id":"a"})").thenRefused(Code::kConflict); },
        [](auto& s) { s.when("Count", R"({"id":"a"})").thenState(R"({"count":2})"); },
        [](auto& s) { s.when("Count", R"({"id":"a"})").thenDocument(R"({"n":1,"more":true})"); },
        [](auto& s) { s.when("Count", R"({"id":"a"})").thenVersion(2); },
        [](auto& s) { s.when("Count", R"({})").thenRefused(Code::kConflict); },
        [](auto& s) { s.when("Count", R"({})").thenRefused(Code::kInvalidArgument, "other"); },
        [](auto& s) { s.when("Count", R"({})").thenRefused(Code::kInvalidArgument, "", "/other"); },
        [](auto& s) { s.when("Count", R"({})").thenSays("nonsense"); },
        [](auto& s) {
          s.when("Count", R"({})").thenFaultsAt({"/id", "/other"});
        },
        [](auto& s) { s.given("Count", R"({})"); },
        [](auto& s) { s.whenHappens("other", "Nothing", "x", R"({})"); },
        [](auto& s) { s.whenHappens("other", "Happened", "x", R"({})").thenCommands({}); },
        [](auto& s) {
          s.whenHappens("other", "Happened", "x", R"({})").thenCommands({{"Count", R"({"id":"b"})"}});
        },
        [](auto& s) { s.given("Count", R"({"id":"a"})").thenActivity("Counted", "counted to 2", R"({"n":1})"); },
        [](auto& s) { s.given("Count", R"({"id":"a"})").thenActivity("Nothing", "", "{}"); },
        [](auto& s) { s.when("Nothing", R"({})"); },
        [](auto& s) { s.whenEvent("Forgot", "a", R"({})"); },
        [](auto& s) { s.when("Count", R"({"id":"undeclared"})"); },
        [](auto& s) { s.when("Count", R"({"id":"text"})"); },
        [](auto& s) { s.ask("Nothing", R"({})"); },
        [](auto& s) { s.ask("Get", R"({})").thenGets("b"); },
        [](auto& s) { s.ask("Get", R"({})").thenSearches(R"({})"); },
        [](auto& s) { s.ask("Get", R"({})").thenAnswers(R"({})"); },
        [](auto& s) { s.answered(R"({})"); },
    };
    int number = 0;
    for (const Steps& steps : kWrong) {
      const auto failures = failuresOf(steps);
      CPPUNIT_ASSERT_MESSAGE("nothing was reported for case " + std::to_string(number), !failures.empty());
      ++number;
    }
  }

  void aFailureNamesFileAndLine() {
    const auto failures = failuresOf([](auto& s) { s.when("Nothing", "{}"); });
    CPPUNIT_ASSERT_EQUAL(std::size_t(1), failures.size());
    CPPUNIT_ASSERT(failures[0].find("scenario_test.cpp:") != std::string::npos);
    CPPUNIT_ASSERT(failures[0].ends_with("no command is called Nothing"));
  }

  void withoutAReportItThrows() {
    CPPUNIT_ASSERT_THROW(test::Scenario<Counter>(describe).when("Nothing", "{}"), test::Failure);
  }

  void statesMustReadBack() {
    const auto forgotten = failuresOf([](auto& s) { s.when("Count", R"({"id":"forget"})"); });
    CPPUNIT_ASSERT(!forgotten.empty());
    const auto unreadable =
        failuresOf([](auto& s) { s.givenEvent("Counted", "a", "{}").when("Count", R"({"id":"a"})"); });
    CPPUNIT_ASSERT(!unreadable.empty());
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ScenarioTest);

}  // namespace gyre
