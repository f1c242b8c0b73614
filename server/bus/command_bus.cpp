#include "server/bus/command_bus.hpp"

#include <memory>
#include <utility>

#include "server/bus/command_preparation.hpp"
#include "server/bus/command_unit.hpp"

namespace gyre::bus {

CommandBus::CommandBus(const DomainHandlers& handlers, store::PrimaryStore& store, const base::Clock& clock,
                       const projector::Backlog* backlog)
    : handlers_(handlers), store_(store), clock_(clock), backlog_(backlog) {}

void CommandBus::dispatch(CommandRequest request, CommandDone done) {
  auto call = prepareCommand(handlers_, std::move(request), clock_.nowMillis());
  if (!call.isOk()) return done({call.status(), false});
  if (backlog_ != nullptr)
    if (const Status admitted = backlog_->admit(); !admitted.isOk()) return done({admitted, false});
  if (!call->refusal.isOk() && call->request.idempotency_key.empty()) return done({call->refusal, false});
  store_.submit(std::make_unique<CommandUnit>(handlers_, clock_, std::move(call).value(), std::move(done)));
}

}  // namespace gyre::bus
