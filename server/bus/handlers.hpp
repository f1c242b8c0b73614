// What can a bus call? A domain's handlers, however they were loaded.
//
// server/plugin implements this over the C ABI; tests implement it in a few lines.
//
// THREADS: any method from any thread at once; pure. OWNS: views returned by the descriptions live as long as the object.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/status.hpp"
#include "server/projector/projection.hpp"

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
  virtual Result<std::string> present(std::size_t query, const QueryCall& call, std::string_view answer, std::uint64_t version) const = 0;
};

}  // namespace gyre::bus
