// May this happen, and did it? The write bus of one domain: every command name has exactly one handler.
//
// dispatch() checks what can be checked without the state, then queues a unit of work on the primary store; there, in
// order: receipt (a repeated key gets its first answer), load, precondition, decide, evolve, append, receipt. The
// answer comes after the commit is on disk.
//
// Idempotency: the fingerprint covers command name and canonical body. Same key and fingerprint: the stored answer,
// with is_replay. Same key, other fingerprint: unprocessable "idempotency_key_reused". Refusals are stored too, except
// not_found, resource_exhausted and anything of ours (internal, unavailable, …).
//
// THREADS: dispatch from any; `done` is called exactly once, on the caller's thread for what is refused at once, else
// on the store's writer thread, and must not block.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "gyre/status.hpp"
#include "server/bus/handlers.hpp"
#include "server/projector/backlog.hpp"
#include "server/store/primary_store.hpp"

namespace gyre::bus {

struct CommandRequest {
  std::string name;                               // "CreatePayment", or an event's type
  bool is_event = false;                          // a domain event from outside
  std::string entity_id;                          // events: the CloudEvents subject; commands: taken from the body
  std::string body;                               // JSON text as received
  std::string organization_id;                    // bound by the caller's key; "" when none
  std::string idempotency_scope;                  // with the key: separates key spaces
  std::string idempotency_key;                    // "" for none
  std::optional<std::uint64_t> expected_version;  // If-Match
  std::optional<std::int64_t> time_millis;        // the event's own time; none: now
};

struct CommandReceipt {
  std::string id;
  std::uint64_t version = 0;
  std::uint64_t sequence = 0;  // of the last event; of the entity's last one when nothing happened
  bool is_created = false;     // the entity is new
  std::vector<std::pair<std::string, std::uint64_t>> events;  // type, sequence
};

struct CommandOutcome {
  Result<CommandReceipt> result;
  bool is_replay = false;  // a stored answer, success or refusal, given again
};
using CommandDone = std::function<void(CommandOutcome)>;

class CommandBus {
 public:
  // `backlog`: asked before anything is taken; null when nothing bounds it. Outlives the bus.
  CommandBus(const DomainHandlers& handlers, store::PrimaryStore& store, const base::Clock& clock,
             const projector::Backlog* backlog = nullptr);

  // invalid_argument for malformed JSON or a bad id; not_found for an unknown command ("unknown_command", lists the
  // known ones); invalid_argument "unknown_event_type" for an unknown event type, listing the known ones;
  // failed_precondition "version_mismatch" naming both versions; what decide refuses; resource_exhausted when the queue
  // is full; unavailable "backlog_full" while a search cluster is too far behind.
  void dispatch(CommandRequest request, CommandDone done);

 private:
  const DomainHandlers& handlers_;
  store::PrimaryStore& store_;
  const base::Clock& clock_;
  const projector::Backlog* const backlog_;
};

}  // namespace gyre::bus
