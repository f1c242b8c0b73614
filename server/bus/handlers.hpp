// What can a bus call? A domain's handlers, however they were loaded.
//
// server/plugin implements this over the C ABI; tests implement it in a few lines.
//
// THREADS: any method from any thread at once; pure. OWNS: views returned by the descriptions live as long as the
// object.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyre/status.hpp"
#include "server/bus/endpoint_handlers.hpp"
#include "server/projector/projection.hpp"
#include "server/stream/stream_handlers.hpp"

namespace gyre::bus {

struct CommandDescription {
  std::string_view name, help, schema, id_member;
};
struct EventDescription {
  std::string_view name, help, schema;
  bool is_accepted_from_outside = false;
};
struct QueryDescription {
  std::string_view name, help, schema;
};

// An event type of another domain that this one reacts to.
struct SubscriptionDescription {
  std::string_view domain, type, help;
};
// Documents of the domain's index that tell what happened; the host makes the search.
struct ActivityDescription {
  std::string_view name, help;
  std::string_view time_field, id_field, organization_field;
  std::string_view filter;  // a query clause; "" for none
};

struct DecideCall {
  std::string_view entity_id;
  std::string_view body;   // JSON object
  std::string_view state;  // "" when there is no entity
  std::uint64_t version = 0;
  std::int64_t time_millis = 0;
  std::string_view organization_id;
};
struct DecidedEvent {
  std::string type;
  std::string data;
};
struct Evolved {
  std::string state;
  std::string organization_id;
  std::vector<std::pair<std::string, std::string>> unique_keys = {};  // new ones: JSON pointer of the member, value
};
struct PlannedQuery {
  std::optional<std::string> get;  // the id of an entity to read
  std::string search;              // else a dialect request
  bool is_cacheable = true;
};
struct QueryCall {
  std::string_view parameters;  // JSON object
  bool is_lenient = false;      // came from a query string
  std::string_view organization_id;
  std::int64_t time_millis = 0;
};

struct ForeignEventCall {
  std::string_view domain, type, entity_id;
  std::string_view data;  // JSON object
  std::uint64_t version = 0;
  std::uint64_t sequence = 0;
  std::int64_t time_millis = 0;
};
// Commands of the reacting domain; all of them take effect or none.
struct PlannedReaction {
  struct Command {
    std::string name;
    std::string body;
  };
  std::vector<Command> commands;
  std::string organization_id;  // decided as if bound to it; "" for none
};
struct PresentedActivity {
  std::string summary;
  std::string data;  // JSON object
};

class DomainHandlers : public projector::Projection {
 public:
  virtual std::string_view name() const = 0;
  virtual std::string_view version() const = 0;
  virtual std::string_view help() const = 0;
  virtual std::string_view indexDefinition() const = 0;  // {"settings":{…},"mappings":{…}}
  virtual const std::vector<CommandDescription>& commands() const = 0;
  virtual const std::vector<EventDescription>& events() const = 0;
  virtual const std::vector<QueryDescription>& queries() const = 0;

  // `command`, `event`, `query`: positions in the lists above.
  virtual Result<std::vector<DecidedEvent>> decideCommand(std::size_t command, const DecideCall& call) const = 0;
  virtual Result<std::vector<DecidedEvent>> decideEvent(std::size_t event, const DecideCall& call) const = 0;
  virtual Result<Evolved> evolve(std::string_view entity_id, std::string_view state, std::string_view type,
                                 std::string_view data, std::int64_t time_millis) const = 0;
  virtual Result<PlannedQuery> plan(std::size_t query, const QueryCall& call) const = 0;
  // `answer`: the search response, or the entity's state with its version.
  virtual Result<std::string> present(std::size_t query, const QueryCall& call, std::string_view answer,
                                      std::uint64_t version) const = 0;

  // What ties a domain to others; most have none of it. `subscription`, `activity`: positions in these lists.
  virtual const std::vector<SubscriptionDescription>& subscriptions() const {
    static const std::vector<SubscriptionDescription> none;
    return none;
  }
  virtual const std::vector<ActivityDescription>& activities() const {
    static const std::vector<ActivityDescription> none;
    return none;
  }
  // Null for a domain of entities. A stream decides, takes and matches through this, and has no events.
  virtual const stream::StreamHandlers* stream() const { return nullptr; }
  // Null when there are none.
  virtual const EndpointHandlers* endpoints() const { return nullptr; }
  virtual Result<PlannedReaction> react(std::size_t /*subscription*/, const ForeignEventCall& /*event*/) const {
    return internalError("this domain reacts to nothing");
  }
  virtual Result<PresentedActivity> presentActivity(std::size_t /*activity*/, std::string_view /*document*/) const {
    return internalError("this domain tells of no activity");
  }
};

}  // namespace gyre::bus
