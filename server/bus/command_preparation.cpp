#include "server/bus/command_preparation.hpp"

#include <algorithm>
#include <utility>

#include "gyre/json.hpp"
#include "gyre/schema.hpp"
#include "server/bus/fingerprint.hpp"

namespace gyre::bus {

namespace {

constexpr std::size_t kMaxIdBytes = 256;
constexpr std::string_view kExpectedId = "expected an id (1 to 256 bytes, no control characters)";

bool isId(std::string_view text) { return !text.empty() && text.size() <= kMaxIdBytes && isPrintable(text); }

std::string listed(const std::vector<std::string_view>& names) {
  std::string text;
  for (const std::string_view name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text.empty() ? "none" : text;
}

// The nearest of the known names, as the end of a sentence.
std::string suggestion(std::string_view name, const std::vector<std::string_view>& known) {
  const std::string_view nearest = nearestName(name, known, [](std::string_view known_name) { return known_name; });
  return nearest.empty() ? std::string() : "; did you mean " + std::string(nearest) + "?";
}

Status unknownCommand(const DomainHandlers& handlers, const std::string& name) {
  std::vector<std::string_view> known;
  for (const CommandDescription& command : handlers.commands()) known.push_back(command.name);
  return {Code::kNotFound, "unknown_command",
          "command: expected one of " + listed(known) + ", found \"" + name + "\"" + suggestion(name, known)};
}

Status unknownEvent(const DomainHandlers& handlers, const std::string& type) {
  std::vector<std::string_view> known;
  for (const EventDescription& event : handlers.events())
    if (event.is_accepted_from_outside) known.push_back(event.name);
  Status refusal(Code::kInvalidArgument, "unknown_event_type",
                 "type: expected one of " + listed(known) + ", found \"" + type + "\"" + suggestion(type, known));
  refusal.addFault("/type", "expected one of " + listed(known));
  return refusal;
}

// The position of the command or event that is asked for.
Result<std::size_t> findHandler(const DomainHandlers& handlers, const CommandRequest& request) {
  if (request.is_event) {
    const auto& events = handlers.events();
    const auto place = std::find_if(events.begin(), events.end(), [&](const EventDescription& event) {
      return event.name == request.name && event.is_accepted_from_outside;
    });
    if (place == events.end()) return unknownEvent(handlers, request.name);
    return static_cast<std::size_t>(place - events.begin());
  }
  const auto& commands = handlers.commands();
  const auto place = std::find_if(commands.begin(), commands.end(),
                                  [&](const CommandDescription& command) { return command.name == request.name; });
  if (place == commands.end()) return unknownCommand(handlers, request.name);
  return static_cast<std::size_t>(place - commands.begin());
}

Result<json::Document> parseBody(const CommandRequest& request) {
  GYRE_TRY_ASSIGN(json::Document document, json::Document::parse(request.body));
  if (document.root().isObject()) return document;
  const std::string detail = "expected an object, found " + std::string(json::kindName(document.root().kind()));
  return invalidArgument("body: " + detail).addFault("", detail);
}

Status badId(std::string_view member) {
  return invalidArgument(std::string(member) + ": " + std::string(kExpectedId))
      .addFault(jsonPointer(member), std::string(kExpectedId));
}

// A command without a usable id cannot be queued. The domain's table is asked all the same, so that every fault of the
// body is told at once and not only this one.
Status refuseWithoutId(const DomainHandlers& handlers, std::size_t command, const CommandRequest& request,
                       std::int64_t now) {
  DecideCall call;
  call.body = request.body;
  call.time_millis = now;
  call.organization_id = request.organization_id;
  const auto decided = handlers.decideCommand(command, call);
  if (!decided.isOk() && decided.status().code() == Code::kInvalidArgument) return decided.status();
  return badId(handlers.commands()[command].id_member);
}

// Settles request.entity_id; a failure is an answer that belongs to the body and may be kept with its key.
Status settleId(const DomainHandlers& handlers, std::size_t handler, json::Value body, std::int64_t now,
                CommandRequest& request) {
  if (request.is_event) return isId(request.entity_id) ? Status() : badId("subject");
  const json::Value id = body[handlers.commands()[handler].id_member];
  if (!isId(id.string())) return refuseWithoutId(handlers, handler, request, now);
  request.entity_id = id.string();
  return {};
}

}  // namespace

Result<CommandUnit::Call> prepareCommand(const DomainHandlers& handlers, CommandRequest request, std::int64_t now) {
  CommandUnit::Call call;
  GYRE_TRY_ASSIGN(call.handler, findHandler(handlers, request));
  if (request.is_event && request.body.empty()) request.body = "{}";  // CloudEvents: data is optional
  GYRE_TRY_ASSIGN(const json::Document body, parseBody(request));
  call.refusal = settleId(handlers, call.handler, body.root(), now, request);
  if (!request.idempotency_key.empty()) call.fingerprint = fingerprint(request.name, body.root());
  call.request = std::move(request);
  return call;
}

}  // namespace gyre::bus
