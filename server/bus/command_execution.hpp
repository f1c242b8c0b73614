// What comes of one command on the writer thread? Load, precondition, decide, evolve, append; for whoever runs a unit.
//
// What belongs to another organisation is, for this caller, not there: the domain answers as it does for a missing
// entity, word for word, so that the answer gives nothing away.
//
// THREADS: the writer thread, as store::Unit. REQUIRES: handlers, clock and request outlive it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/clock.hpp"
#include "gyre/status.hpp"
#include "server/bus/command_bus.hpp"
#include "server/bus/handlers.hpp"
#include "server/store/primary_store.hpp"

namespace gyre::bus {

// Not a fault of the request, and nothing that decides the same when it is asked again.
bool isOurFault(Code code);
// A refusal that sending the same request again would meet again.
bool isLastingRefusal(Code code);

class CommandExecution {
 public:
  // `handler`: the position in commands() or events().
  CommandExecution(const DomainHandlers& handlers, const base::Clock& clock, const CommandRequest& request,
                   std::size_t handler)
      : handlers_(handlers), clock_(clock), request_(request), handler_(handler) {}

  Result<CommandReceipt> run(store::UnitOfWork& work) const;

 private:
  struct Evolution {
    DecidedEvent event;
    Evolved after;
  };
  Status checkVersion(const store::EntityRecord* entity) const;
  Result<std::vector<DecidedEvent>> decide(const store::EntityRecord* entity, std::int64_t time_millis) const;
  Result<std::vector<Evolution>> evolve(const store::EntityRecord* entity, std::vector<DecidedEvent> events,
                                        std::int64_t time_millis) const;
  Status claimKeys(store::UnitOfWork& work, const std::vector<Evolution>& evolutions) const;
  Result<CommandReceipt> append(store::UnitOfWork& work, const store::EntityRecord* entity,
                                std::vector<Evolution> evolutions, std::int64_t time_millis) const;

  const DomainHandlers& handlers_;
  const base::Clock& clock_;
  const CommandRequest& request_;
  const std::size_t handler_;
};

}  // namespace gyre::bus
