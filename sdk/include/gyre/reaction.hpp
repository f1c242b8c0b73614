// What does a domain do when something happened in another one? A function from that domain's event to its own
// commands.
//
//   Result<Reaction> paymentProcessed(const ForeignEvent& event) {
//     if (event.data["invoiceId"].isMissing()) return Reaction();
//     …
//     return Reaction::of("PayInvoice", std::move(body)).asOrganization(event.data["organizationId"].string());
//   }
//   domain.subscribe("payments", "PaymentProcessed", "its invoice is paid", &paymentProcessed);
//
// The host delivers each event once it is durable, in the order of the other domain's log and from its beginning. What
// the commands decide and how far the log was read become durable in one transaction of this domain, so a stop or crash
// on either side neither loses an event nor applies one twice. The commands carry the event's time. A command that is
// refused takes back the others of its event and is kept as a dead letter, and the events behind it go on; so does a
// reaction that is refused.
//
// THREADS: pure, as all of a plugin. The other domain need not be there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyre/json.hpp"

namespace gyre {

struct ForeignEvent {
  std::string_view domain;
  std::string_view type;
  std::string_view entity_id;  // in that domain
  json::Value data;
  std::uint64_t version = 0;   // of that entity, after the event
  std::uint64_t sequence = 0;  // in that domain's log
  std::int64_t time_millis = 0;
};

// Commands of this domain, decided in order; all of them take effect or none.
struct Reaction {
  struct Command {
    std::string name;
    std::string body;  // JSON object
    bool operator==(const Command&) const = default;
  };
  std::vector<Command> commands;
  // When not "": decided as if a key bound to this organisation had sent them, so that an event of one organisation
  // cannot touch what belongs to another.
  std::string organization_id;

  static Reaction of(std::string_view command, std::string body) {
    Reaction reaction;
    reaction.commands.push_back({std::string(command), std::move(body)});
    return reaction;
  }
  Reaction&& asOrganization(std::string_view organization) && {
    organization_id = organization;
    return std::move(*this);
  }
};

}  // namespace gyre
