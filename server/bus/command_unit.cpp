#include "server/bus/command_unit.hpp"

#include <utility>

#include "server/bus/receipt_codec.hpp"

namespace gyre::bus {

namespace {

// A refusal that sending the same request again would meet again. What is ours, or passes, must be decided anew.
bool isKept(Code code) {
  switch (code) {
    case Code::kOk:
    case Code::kInvalidArgument:
    case Code::kUnauthenticated:
    case Code::kPermissionDenied:
    case Code::kConflict:
    case Code::kFailedPrecondition:
    case Code::kUnprocessable:
    case Code::kTooLarge: return true;
    default: return false;
  }
}

// Not a fault of the request: the unit fails, and with it everything it wrote.
bool isOurs(Code code) { return !isKept(code) && code != Code::kNotFound && code != Code::kResourceExhausted; }

}  // namespace

CommandUnit::CommandUnit(const DomainHandlers& handlers, const base::Clock& clock, Call call, CommandDone done)
    : handlers_(handlers), clock_(clock), call_(std::move(call)), done_(std::move(done)) {}

Status CommandUnit::run(store::UnitOfWork& work) {
  const CommandRequest& request = call_.request;
  if (hasKey()) {
    GYRE_TRY_ASSIGN(outcome_, replay(work));
    if (outcome_) return {};
  }
  auto result = call_.refusal.isOk() ? execute(work) : Result<CommandReceipt>(call_.refusal);
  if (!result.isOk() && isOurs(result.status().code())) return result.status();
  if (hasKey() && isKept(result.status().code()))
    GYRE_TRY(
        work.keepReceipt(request.idempotency_scope, request.idempotency_key, {call_.fingerprint, writeAnswer(result)}));
  outcome_ = CommandOutcome{std::move(result), false};
  return {};
}

void CommandUnit::done(const Status& outcome) {
  done_(outcome.isOk() && outcome_ ? *std::move(outcome_) : CommandOutcome{outcome, false});
}

Result<std::optional<CommandOutcome>> CommandUnit::replay(store::UnitOfWork& work) const {
  const CommandRequest& request = call_.request;
  GYRE_TRY_ASSIGN(const std::optional<store::Receipt> kept,
                  work.receipt(request.idempotency_scope, request.idempotency_key));
  if (!kept) return std::optional<CommandOutcome>();
  if (kept->fingerprint != call_.fingerprint) {
    const Status reused(Code::kUnprocessable, "idempotency_key_reused",
                        "idempotency key: expected the request that it was first used for, found another");
    return std::optional<CommandOutcome>(CommandOutcome{reused, false});
  }
  GYRE_TRY_ASSIGN(auto answer, parseAnswer(kept->answer));
  return std::optional<CommandOutcome>(CommandOutcome{std::move(answer), true});
}

Result<CommandReceipt> CommandUnit::execute(store::UnitOfWork& work) const {
  const CommandRequest& request = call_.request;
  GYRE_TRY_ASSIGN(const store::EntityRecord* const found, work.load(request.entity_id));
  // What belongs to another organisation is, for this caller, not there: the domain answers as it does for a missing
  // entity, word for word, so that the answer gives nothing away.
  const bool is_hidden =
      found != nullptr && !request.organization_id.empty() && found->organization_id != request.organization_id;
  const store::EntityRecord* const entity = is_hidden ? nullptr : found;
  GYRE_TRY(checkVersion(entity));
  const std::int64_t time_millis = request.time_millis.value_or(clock_.nowMillis());
  GYRE_TRY_ASSIGN(auto events, decide(entity, time_millis));
  if (is_hidden) return notFound(request.entity_id + ": not found");
  GYRE_TRY_ASSIGN(auto evolutions, evolve(entity, std::move(events), time_millis));
  return append(work, entity, std::move(evolutions), time_millis);
}

Status CommandUnit::checkVersion(const store::EntityRecord* entity) const {
  const CommandRequest& request = call_.request;
  if (!request.expected_version || (entity != nullptr && entity->version == *request.expected_version)) return {};
  const std::string found = entity == nullptr ? "no entity" : "version " + std::to_string(entity->version);
  return {Code::kFailedPrecondition, "version_mismatch",
          request.entity_id + ": expected version " + std::to_string(*request.expected_version) + ", found " + found};
}

Result<std::vector<DecidedEvent>> CommandUnit::decide(const store::EntityRecord* entity,
                                                      std::int64_t time_millis) const {
  const CommandRequest& request = call_.request;
  DecideCall call;
  call.entity_id = request.entity_id;
  call.body = request.body;
  call.time_millis = time_millis;
  call.organization_id = request.organization_id;
  if (entity != nullptr) {
    call.state = entity->state;
    call.version = entity->version;
  }
  return request.is_event ? handlers_.decideEvent(call_.handler, call) : handlers_.decideCommand(call_.handler, call);
}

Result<std::vector<CommandUnit::Evolution>> CommandUnit::evolve(const store::EntityRecord* entity,
                                                                std::vector<DecidedEvent> events,
                                                                std::int64_t time_millis) const {
  const CommandRequest& request = call_.request;
  std::vector<Evolution> evolutions;
  evolutions.reserve(events.size());
  std::string_view state = entity == nullptr ? std::string_view() : std::string_view(entity->state);
  for (DecidedEvent& event : events) {
    GYRE_TRY_ASSIGN(Evolved after, handlers_.evolve(request.entity_id, state, event.type, event.data, time_millis));
    if (!request.organization_id.empty() && after.organization_id != request.organization_id)
      return Status(Code::kPermissionDenied, request.entity_id + ": expected organization \"" +
                                                 request.organization_id + "\" (the key's), found \"" +
                                                 after.organization_id + "\"");
    state = evolutions.emplace_back(Evolution{std::move(event), std::move(after)}).after.state;
  }
  return evolutions;
}

Result<CommandReceipt> CommandUnit::append(store::UnitOfWork& work, const store::EntityRecord* entity,
                                           std::vector<Evolution> evolutions, std::int64_t time_millis) const {
  CommandReceipt receipt;
  receipt.id = call_.request.entity_id;
  receipt.is_created = entity == nullptr && !evolutions.empty();
  if (entity != nullptr) {
    receipt.version = entity->version;
    receipt.sequence = entity->sequence;
  }
  for (Evolution& evolution : evolutions) {
    store::EntityRecord after;
    after.id = receipt.id;
    after.organization_id = std::move(evolution.after.organization_id);
    after.state = std::move(evolution.after.state);
    GYRE_TRY_ASSIGN(const store::EntityRecord stored,
                    work.append(std::move(after), evolution.event.type, evolution.event.data, time_millis));
    receipt.version = stored.version;
    receipt.sequence = stored.sequence;
    receipt.events.emplace_back(std::move(evolution.event.type), stored.sequence);
  }
  return receipt;
}

}  // namespace gyre::bus
