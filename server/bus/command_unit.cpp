#include "server/bus/command_unit.hpp"

#include <utility>

#include "server/bus/command_execution.hpp"
#include "server/bus/receipt_codec.hpp"

namespace gyre::bus {

CommandUnit::CommandUnit(const DomainHandlers& handlers, const base::Clock& clock, Call call, CommandDone done)
    : handlers_(handlers), clock_(clock), call_(std::move(call)), done_(std::move(done)) {}

Status CommandUnit::run(store::UnitOfWork& work) {
  const CommandRequest& request = call_.request;
  if (hasKey()) {
    GYRE_TRY_ASSIGN(outcome_, replay(work));
    if (outcome_) return {};
  }
  auto result = call_.refusal.isOk() ? CommandExecution(handlers_, clock_, request, call_.handler).run(work)
                                     : Result<CommandReceipt>(call_.refusal);
  if (!result.isOk() && isOurFault(result.status().code())) return result.status();
  if (hasKey() && (result.isOk() || isLastingRefusal(result.status().code())))
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

}  // namespace gyre::bus
