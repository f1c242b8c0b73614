// What happens to one command on the writer thread? Receipt, load, precondition, decide, evolve, append, receipt.
//
// THREADS: as store::Unit. REQUIRES: the handlers and the clock outlive the store's queue.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "gyre/status.hpp"
#include "server/bus/command_bus.hpp"
#include "server/bus/handlers.hpp"
#include "server/store/primary_store.hpp"

namespace gyre::bus {

class CommandUnit final : public store::Unit {
 public:
  // `handler`: the position in commands() or events(). `refusal`: what the caller's thread found wrong already, to be
  // given and kept under the idempotency key; ok when nothing was. `fingerprint` is "" without a key.
  struct Call {
    CommandRequest request;
    std::size_t handler = 0;
    std::string fingerprint;
    Status refusal;
  };
  CommandUnit(const DomainHandlers& handlers, const base::Clock& clock, Call call, CommandDone done);

  Status run(store::UnitOfWork& work) override;
  void done(const Status& outcome) override;

 private:
  bool hasKey() const { return !call_.request.idempotency_key.empty(); }
  // The stored answer, or that the key stands for another request; nothing when it is new.
  Result<std::optional<CommandOutcome>> replay(store::UnitOfWork& work) const;

  const DomainHandlers& handlers_;
  const base::Clock& clock_;
  const Call call_;
  const CommandDone done_;
  std::optional<CommandOutcome> outcome_;
};

}  // namespace gyre::bus
