// What could not be delivered, and why? A document that the index refused, or an event of another domain that this one
// refused to react to.
//
// Letters are rows of the domain's primary store: they outlive the server, and stay until they are replayed or dropped.
//
// THREADS: a value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gyre::store {

struct DeadLetter {
  enum class Kind : std::uint8_t {
    kProjection = 0,  // of this domain's entity to its index; at most one an entity
    kReaction = 1,    // of another domain's event to this domain's commands
    kRecord = 2,      // of a stream: the index refuses it; `data` is the record
  };
  std::uint64_t id = 0;  // assigned by the store; never used again
  Kind kind = Kind::kProjection;
  std::string entity_id;       // a reaction's: in the domain the event came from
  std::uint64_t sequence = 0;  // of the event; a reaction's: in that domain's log
  std::string source;          // reactions: the domain the event came from
  std::string type;            // reactions: the event's
  std::string data;            // reactions: the event's, a JSON object
  std::string commands;  // reactions: {"organizationId","commands":[{"command","body"}]}; "" when there were none yet
  std::string code;      // of the refusal: "not_found"
  std::string cause;
  std::uint32_t attempts = 0;
  std::int64_t event_millis = 0;  // reactions: when the event happened
  std::int64_t time_millis = 0;   // when it failed first
  std::int64_t last_millis = 0;   // and last
};

constexpr std::string_view kindName(DeadLetter::Kind kind) {
  switch (kind) {
    case DeadLetter::Kind::kProjection: return "projection";
    case DeadLetter::Kind::kReaction: return "reaction";
    case DeadLetter::Kind::kRecord: return "record";
  }
  return "projection";
}

}  // namespace gyre::store
