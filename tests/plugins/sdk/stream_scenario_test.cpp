// The C++ face of streams and its test kit: what a plugin's functions give crosses the C tables whole.
#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <vector>

#include "gyre/stream_test.hpp"

namespace gyre {
namespace {

// A line is a record; one that begins with '!' cannot be taken, and a body of "refuse" is refused whole.
Status takeLines(const IntakeCall& call, Records& records) {
  if (call.body == "refuse") return invalidArgument("expected lines, found a refusal");
  if (call.body == "throw") throw std::runtime_error("broken");
  std::uint64_t line = 0;
  for (std::string_view rest = call.body; !rest.empty(); ++line) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view text = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (text.starts_with('!')) {
      records.reject(line, "begins with !");
      continue;
    }
    std::string json;
    JsonWriter(json).beginObject().member("organizationId", call.organization_id).member("text", text).endObject();
    records.add(line, call.time_millis - 1, json);
  }
  records.respond("took " + std::to_string(records.count()), "text/plain", 202);
  return {};
}

constexpr Member kAppendBody[] = {{.name = "text", .type = Type::kString, .is_required = true, .help = "what it says"}};

Status append(const Command& command, Records& records) {
  GYRE_TRY(Arguments::read(command.body, kAppendBody).status());
  std::string json;
  JsonWriter(json).beginObject().member("text", command.body["text"].string()).endObject();
  records.add(0, command.time_millis, json);
  return {};
}

Result<Plan> planAll(const Query&) { return Plan::search(R"({"query":{"match_all":{}}})"); }
Status presentAll(const Query&, json::Value answer, std::uint64_t, JsonWriter& out) {
  out.beginObject().member("total", answer["hits"]["total"]["value"].integer().value_or(-1)).endObject();
  return {};
}
Status matchText(const TailCall& call, TailMatches& matches) {
  const std::string_view wanted = call.parameters["text"].string();
  if (wanted == "bad") return invalidArgument("text: expected something else");
  for (std::uint64_t i = 0; i < call.record_count; ++i)
    if (call.record(i).find(wanted) != std::string_view::npos)
      matches.show(i, "{\"sequence\":" + std::to_string(call.sequence(i)) + "}");
  return {};
}

void describe(StreamDomain& domain) {
  domain.name("lines", "1.0.0", "lines of text")
      .index(R"({"mappings":{"properties":{"sequence":{"type":"long"}}}})")
      .documents("at")
      .command("AppendLine", kAppendBody, "appends a line", &append)
      .intake("lines", "/lines", "a line a record", &takeLines)
      .query("SearchLines", {}, "all", &planAll, &presentAll)
      .tail("TailLines", {}, "those with a text", &matchText);
}

}  // namespace

class StreamScenarioTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(StreamScenarioTest);
  CPPUNIT_TEST(intakeGivesRecordsRejectionsAndItsAnswer);
  CPPUNIT_TEST(refusalsAndExceptionsCross);
  CPPUNIT_TEST(commandsQueriesAndTailsCross);
  CPPUNIT_TEST(expectationsThatDoNotHoldAreReported);
  CPPUNIT_TEST_SUITE_END();

  void intakeGivesRecordsRejectionsAndItsAnswer() {
    test::StreamScenario(describe)
        .as("org-1")
        .send("lines", "one\n!two\nthree")
        .thenRecords({{0, test::StreamScenario::kStart - 1, R"({"organizationId":"org-1","text":"one"})"},
                      {2, test::StreamScenario::kStart - 1, R"({"text":"three","organizationId":"org-1"})"}})
        .thenRejects({{1, "begins with"}})
        .thenResponds(202, "took 2");
  }

  void refusalsAndExceptionsCross() {
    test::StreamScenario(describe)
        .send("lines", "refuse")
        .thenRefused(Code::kInvalidArgument, "invalid_argument", "expected lines")
        .send("lines", "throw")
        .thenRefused(Code::kInternal, "internal", "broken")
        .when("AppendLine", R"({"txt":1})")
        .thenRefused(Code::kInvalidArgument, {}, "/text");
  }

  void commandsQueriesAndTailsCross() {
    test::StreamScenario(describe)
        .when("AppendLine", R"({"text":"hello"})")
        .thenRecords({{0, test::StreamScenario::kStart, R"({"text":"hello"})"}})
        .ask("SearchLines", "{}")
        .thenSearches(R"({"query":{"match_all":{}}})")
        .answered(R"({"hits":{"total":{"value":7}}})")
        .thenAnswers(R"({"total":7})")
        .follow("TailLines", R"({"text":"b"})", {R"({"text":"a"})", R"({"text":"b"})", R"({"text":"ab"})"})
        .thenShows({{1, R"({"sequence":2})"}, {2, R"({"sequence":3})"}})
        .follow("TailLines", R"({"text":"bad"})", {})
        .thenRefused(Code::kInvalidArgument, {}, "something else");
  }

  void expectationsThatDoNotHoldAreReported() {
    std::vector<std::string> failures;
    test::StreamScenario scenario(describe, [&](const std::string& failure) { failures.push_back(failure); });
    scenario.send("lines", "one").thenRecordCount(2).thenRejects({{0, "x"}}).thenResponds(204, "");
    scenario.send("nothing", "");
    CPPUNIT_ASSERT_EQUAL(std::size_t{4}, failures.size());
    CPPUNIT_ASSERT(failures[0].find("stream_scenario_test.cpp") != std::string::npos);
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(StreamScenarioTest);

}  // namespace gyre
