#include "server/http/activity_routes.hpp"

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "gyre/faults.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/time.hpp"
#include "server/bus/activity_bus.hpp"
#include "server/http/problem.hpp"
#include "server/http/request_parameters.hpp"

namespace gyre::http {

namespace {

constexpr Member kActivityTable[] = {
    {"organizationId", Type::kId, true, "whose history"},
    {"from", Type::kTime, false, "at or after; a date alone is the start of its day in UTC"},
    {"to", Type::kTime, false, "at or before; a date alone is the end of its day in UTC"},
    {"size", Type::kInteger, false, "items a page", "10", 1, 1000},
    {.name = "cursor", .type = Type::kString, .help = "nextCursor of the page before", .max_bytes = 65'536},
};

std::optional<TimeSpan> readBound(Faults& faults, std::string_view member) {
  const json::Value value = faults.sound(member);
  if (value.isMissing()) return std::nullopt;
  const auto span = parseTimeSpan(value.string());
  if (!span) faults.add(jsonPointer(member), "expected an RFC 3339 time, found " + detail::shown(value));
  return span;
}

Result<bus::ActivityRequest> readRequest(const Request& request) {
  GYRE_TRY_ASSIGN(const auto timeout, wholeHeader(request, "gyre-timeout", kLongestWaitMillis));
  GYRE_TRY_ASSIGN(const std::string text, parametersOf(request.query));
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(text));
  Faults faults(document.root(), kActivityTable, {.is_lenient = true});
  bus::ActivityRequest asked;
  if (timeout) asked.timeout_ms = static_cast<std::int64_t>(*timeout);
  asked.organization_id = faults.sound("organizationId").string();
  const auto from = readBound(faults, "from");
  const auto to = readBound(faults, "to");
  if (from) asked.from_millis = from->first;
  if (to) asked.to_millis = to->last;
  if (from && to && from->first > to->last)
    faults.add("/from", "expected a time not after to, " + timeText(to->last) + ", found " + timeText(from->first));
  asked.size = static_cast<std::size_t>(detail::wholeNumber(faults.sound("size"), true).value_or(10));
  if (const json::Value cursor = faults.sound("cursor"); cursor.isString()) {
    asked.cursor = bus::ActivityCursor::parse(cursor.string());
    if (!asked.cursor)
      faults.add("/cursor", "expected the nextCursor of an answer, found " + detail::shown(cursor));
    else if (faults.isEmpty() && asked.cursor->fingerprint != asked.fingerprint())
      faults.add("/cursor", "this cursor belongs to another organizationId, from or to");
  }
  GYRE_TRY(faults.status());
  if (!request.organization_id.empty() && request.organization_id != asked.organization_id)
    return Status(Code::kPermissionDenied, "organizationId: the key is bound to \"" + request.organization_id +
                                               "\", found \"" + asked.organization_id + "\"");
  return asked;
}

std::string answerJson(const bus::ActivityAnswer& answer, std::size_t size, std::uint64_t request_id) {
  std::string text;
  JsonWriter writer(text);
  writer.beginObject().key("activities").beginArray();
  for (const bus::ActivityItem& item : answer.items) {
    writer.beginObject().member("time", timeText(item.place.time_millis)).member("domain", item.place.domain);
    writer.member("activity", item.place.activity).member("id", item.place.id).member("summary", item.summary);
    writer.rawMember("data", item.data).endObject();
  }
  writer.endArray().member("size", static_cast<std::uint64_t>(size)).key("nextCursor");
  if (answer.next)
    writer.string(answer.next->toText());
  else
    writer.null();
  writer.key("incomplete").beginArray();
  for (const bus::ActivityFailure& failure : answer.failures) {
    writer.beginObject().member("domain", failure.domain);
    if (!failure.activity.empty()) writer.member("activity", failure.activity);
    writer.key("problem");
    writeProblem(writer, failure.why, request_id);
    writer.endObject();
  }
  writer.endArray().endObject();
  return text;
}

}  // namespace

void handleActivity(const ApiContext& context, Request& request, Responder responder) {
  auto asked = readRequest(request);
  if (!asked.isOk()) return responder.send(problem(asked.status(), request.id));
  const std::size_t size = asked->size;
  auto shared_responder = std::make_shared<Responder>(std::move(responder));
  bus::ActivityBus(context.domains, context.readers, context.clock)
      .ask(std::move(asked).value(), [&context, size, request_id = request.id, started = request.received_nanos,
                                      shared_responder](const Result<bus::ActivityAnswer>& answer) {
        const double seconds = static_cast<double>(context.clock.monotonicNanos() - started) * 1e-9;
        context.count_query("all", "activity", answer.isOk() ? "miss" : codeName(answer.status().code()), seconds);
        if (!answer.isOk()) return shared_responder->send(problem(answer.status(), request_id));
        Response response;
        response.body = answerJson(*answer, size, request_id);
        char timing[48];
        std::snprintf(timing, sizeof timing, "total;dur=%.3f", seconds * 1000);
        response.headers.emplace_back("Server-Timing", timing);
        shared_responder->send(std::move(response));
      });
}

std::string activityOpenApi() {
  std::string text;
  JsonWriter writer(text);
  writer.beginObject().key("get").beginObject().member("operationId", "activity");
  writer.member("summary", "what happened in an organisation, over all domains, latest first")
      .key("parameters")
      .beginArray();
  for (const Member& member : kActivityTable) {
    writer.beginObject().member("name", member.name).member("in", "query").member("required", member.is_required);
    writer.member("description", member.help).key("schema").beginObject();
    writer.member("type", member.type == Type::kInteger ? "integer" : "string").endObject().endObject();
  }
  writer.endArray().key("responses").beginObject().key("200").beginObject();
  writer.member("description", "a page of it; `incomplete` names the domains that it does not cover");
  writer.endObject().endObject().endObject().endObject();
  return text;
}

}  // namespace gyre::http
