#include "server/bus/reaction_unit.hpp"

#include <utility>

#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/schema.hpp"
#include "server/bus/command_execution.hpp"
#include "server/bus/command_preparation.hpp"

namespace gyre::bus {

std::string refusalText(const Status& refusal) {
  std::string text(refusal.message());
  for (const Fault& fault : refusal.faults()) text += "; " + fault.pointer + ": " + fault.detail;
  return text;
}

std::string cursorName(std::string_view domain) { return "events/" + std::string(domain); }

bool isPassing(Code code) {
  return code == Code::kUnavailable || code == Code::kResourceExhausted || code == Code::kDeadlineExceeded ||
         code == Code::kCorruption;
}

Status executeReaction(const DomainHandlers& handlers, const base::Clock& clock, const PlannedReaction& reaction,
                       std::int64_t time_millis, store::UnitOfWork& work) {
  for (const PlannedReaction::Command& command : reaction.commands) {
    CommandRequest request;
    request.name = command.name;
    request.body = command.body;
    request.organization_id = reaction.organization_id;
    request.time_millis = time_millis;
    GYRE_TRY_ASSIGN(const CommandUnit::Call call, prepareCommand(handlers, std::move(request), clock.nowMillis()));
    GYRE_TRY(Status(call.refusal));
    GYRE_TRY(CommandExecution(handlers, clock, call.request, call.handler).run(work).status());
  }
  return {};
}

std::string reactionJson(const PlannedReaction& reaction) {
  std::string text;
  JsonWriter writer(text);
  writer.beginObject().member("organizationId", reaction.organization_id).key("commands").beginArray();
  for (const PlannedReaction::Command& command : reaction.commands)
    writer.beginObject().member("command", command.name).rawMember("body", command.body).endObject();
  writer.endArray().endObject();
  return text;
}

Result<PlannedReaction> parseReaction(std::string_view text) {
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(text));
  const json::Value root = document.root();
  if (!root.isObject()) return invalidArgument("expected a JSON object");
  Status faults = invalidArgument("expected {\"organizationId\", \"commands\":[{\"command\",\"body\"}]}");
  PlannedReaction reaction;
  for (const json::Value member : root)
    if (member.key() != "organizationId" && member.key() != "commands")
      faults.addFault(jsonPointer(member.key()), "unknown member");
  if (const json::Value organization = root["organizationId"]; organization.isString())
    reaction.organization_id = organization.string();
  else if (!organization.isMissing() && !organization.isNull())
    faults.addFault("/organizationId", "expected a string");
  const json::Value commands = root["commands"];
  if (!commands.isArray() || commands.size() == 0) faults.addFault("/commands", "expected a list of commands");
  std::size_t place = 0;
  for (const json::Value command : commands) {
    const std::string pointer = "/commands/" + std::to_string(place++);
    if (!command["command"].isString()) faults.addFault(pointer + "/command", "expected the name of a command");
    if (!command["body"].isObject()) faults.addFault(pointer + "/body", "expected an object");
    reaction.commands.push_back({std::string(command["command"].string()), std::string(command["body"].raw())});
  }
  if (!faults.faults().empty()) return faults;
  return reaction;
}

ReactionUnit::ReactionUnit(const DomainHandlers& handlers, const base::Clock& clock, Delivery delivery, Done done)
    : handlers_(handlers), clock_(clock), delivery_(std::move(delivery)), done_(std::move(done)) {}

Status ReactionUnit::run(store::UnitOfWork& work) {
  const std::string cursor = cursorName(delivery_.source);
  const std::uint64_t sequence = delivery_.event.sequence;
  GYRE_TRY_ASSIGN(const std::uint64_t settled, work.cursor(cursor));
  if (settled >= sequence) {
    outcome_ = Outcome::kDelivered;
    return {};
  }
  if (settled < delivery_.after)
    return {Code::kUnavailable, "event_out_of_order",
            "the events before sequence " + std::to_string(sequence) + " of " + delivery_.source + " are not settled"};
  Status refusal = delivery_.reaction.isOk()
                       ? executeReaction(handlers_, clock_, *delivery_.reaction, delivery_.event.time_millis, work)
                       : delivery_.reaction.status();
  if (!refusal.isOk()) {
    if (isPassing(refusal.code()) || (isOurFault(refusal.code()) && !delivery_.is_last_attempt)) return refusal;
    GYRE_TRY(work.undo());
    GYRE_TRY(bury(work, refusal));
  }
  GYRE_TRY(work.setCursor(cursor, sequence));
  outcome_ = refusal.isOk() ? Outcome::kApplied : Outcome::kRefused;
  refusal_ = std::move(refusal);
  return {};
}

Status ReactionUnit::bury(store::UnitOfWork& work, const Status& why) const {
  store::DeadLetter letter;
  letter.kind = store::DeadLetter::Kind::kReaction;
  letter.entity_id = delivery_.event.entity_id;
  letter.sequence = delivery_.event.sequence;
  letter.source = delivery_.source;
  letter.type = delivery_.event.type;
  letter.data = delivery_.event.data;
  if (delivery_.reaction.isOk()) letter.commands = reactionJson(*delivery_.reaction);
  letter.code = why.reason();
  letter.cause = refusalText(why);
  letter.attempts = 1;
  letter.event_millis = delivery_.event.time_millis;
  letter.time_millis = letter.last_millis = clock_.nowMillis();
  return work.putDeadLetter(letter).status();
}

void ReactionUnit::done(const Status& outcome) {
  if (!outcome.isOk()) return done_(Outcome::kFailed, outcome);
  done_(outcome_, refusal_);
}

}  // namespace gyre::bus
