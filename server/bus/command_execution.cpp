#include "server/bus/command_execution.hpp"

#include <algorithm>
#include <utility>

namespace gyre::bus {

// What is ours, or passes, must be decided anew.
bool isLastingRefusal(Code code) {
  switch (code) {
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

bool isOurFault(Code code) {
  return !isLastingRefusal(code) && code != Code::kNotFound && code != Code::kResourceExhausted;
}

Result<CommandReceipt> CommandExecution::run(store::UnitOfWork& work) const {
  GYRE_TRY_ASSIGN(const store::EntityRecord* const found, work.load(request_.entity_id));
  const bool is_hidden =
      found != nullptr && !request_.organization_id.empty() && found->organization_id != request_.organization_id;
  const store::EntityRecord* const entity = is_hidden ? nullptr : found;
  GYRE_TRY(checkVersion(entity));
  const std::int64_t time_millis = request_.time_millis.value_or(clock_.nowMillis());
  GYRE_TRY_ASSIGN(auto events, decide(entity, time_millis));
  if (is_hidden) return notFound(request_.entity_id + ": not found");
  GYRE_TRY_ASSIGN(auto evolutions, evolve(entity, std::move(events), time_millis));
  GYRE_TRY(claimKeys(work, evolutions));
  return append(work, entity, std::move(evolutions), time_millis);
}

Status CommandExecution::checkVersion(const store::EntityRecord* entity) const {
  if (!request_.expected_version || (entity != nullptr && entity->version == *request_.expected_version)) return {};
  const std::string found = entity == nullptr ? "no entity" : "version " + std::to_string(entity->version);
  return {Code::kFailedPrecondition, "version_mismatch",
          request_.entity_id + ": expected version " + std::to_string(*request_.expected_version) + ", found " + found};
}

Result<std::vector<DecidedEvent>> CommandExecution::decide(const store::EntityRecord* entity,
                                                           std::int64_t time_millis) const {
  DecideCall call;
  call.entity_id = request_.entity_id;
  call.body = request_.body;
  call.time_millis = time_millis;
  call.organization_id = request_.organization_id;
  if (entity != nullptr) {
    call.state = entity->state;
    call.version = entity->version;
  }
  return request_.is_event ? handlers_.decideEvent(handler_, call) : handlers_.decideCommand(handler_, call);
}

Result<std::vector<CommandExecution::Evolution>> CommandExecution::evolve(const store::EntityRecord* entity,
                                                                          std::vector<DecidedEvent> events,
                                                                          std::int64_t time_millis) const {
  std::vector<Evolution> evolutions;
  evolutions.reserve(events.size());
  std::string_view state = entity == nullptr ? std::string_view() : std::string_view(entity->state);
  for (DecidedEvent& event : events) {
    GYRE_TRY_ASSIGN(Evolved after, handlers_.evolve(request_.entity_id, state, event.type, event.data, time_millis));
    if (!request_.organization_id.empty() && after.organization_id != request_.organization_id)
      return Status(Code::kPermissionDenied, request_.entity_id + ": expected organization \"" +
                                                 request_.organization_id + "\" (the key's), found \"" +
                                                 after.organization_id + "\"");
    state = evolutions.emplace_back(Evolution{std::move(event), std::move(after)}).after.state;
  }
  return evolutions;
}

// Nothing is claimed before every key is found to be free: a refusal must leave no trace.
Status CommandExecution::claimKeys(store::UnitOfWork& work, const std::vector<Evolution>& evolutions) const {
  std::vector<store::UniqueKey> wanted;
  for (const Evolution& evolution : evolutions)
    for (const auto& [pointer, value] : evolution.after.unique_keys) {
      store::UniqueKey key{pointer, evolution.after.organization_id, value};
      GYRE_TRY_ASSIGN(const auto owner, work.keyOwner(key));
      if (!owner) {
        if (std::find(wanted.begin(), wanted.end(), key) == wanted.end()) wanted.push_back(std::move(key));
      } else if (*owner != request_.entity_id) {
        const std::string found = "expected one that \"" + key.organization_id + "\" has not used, found \"" + value +
                                  "\", which \"" + *owner + "\" has";
        const std::string member = pointer.starts_with('/') ? pointer.substr(1) : pointer;
        return Status(Code::kConflict, "duplicate_key", member + ": " + found).addFault(pointer, found);
      }
    }
  for (store::UniqueKey& key : wanted) GYRE_TRY(work.claimKey(std::move(key), request_.entity_id));
  return {};
}

Result<CommandReceipt> CommandExecution::append(store::UnitOfWork& work, const store::EntityRecord* entity,
                                                std::vector<Evolution> evolutions, std::int64_t time_millis) const {
  CommandReceipt receipt;
  receipt.id = request_.entity_id;
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
