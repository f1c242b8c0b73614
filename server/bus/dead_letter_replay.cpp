#include "server/bus/dead_letter_replay.hpp"

#include <functional>
#include <future>
#include <memory>
#include <utility>

#include "server/bus/reaction_unit.hpp"

namespace gyre::bus {

namespace {

class CallUnit final : public store::Unit {
 public:
  using Call = std::function<Status(store::UnitOfWork&)>;
  CallUnit(Call call, std::promise<Status> outcome) : call_(std::move(call)), outcome_(std::move(outcome)) {}
  Status run(store::UnitOfWork& work) override { return call_(work); }
  void done(const Status& outcome) override { outcome_.set_value(outcome); }

 private:
  const Call call_;
  std::promise<Status> outcome_;
};

// Runs the call on the store's writer thread and waits until it is durable.
Status runUnit(store::PrimaryStore& store, CallUnit::Call call) {
  std::promise<Status> promise;
  std::future<Status> outcome = promise.get_future();
  store.submit(std::make_unique<CallUnit>(std::move(call), std::move(promise)));
  return outcome.get();
}

Status noLetter(std::uint64_t id) { return notFound("there is no dead letter " + std::to_string(id)); }

Result<PlannedReaction> reactionOf(const DomainHandlers& handlers, const store::DeadLetter& letter) {
  if (!letter.commands.empty()) return parseReaction(letter.commands);
  const std::vector<SubscriptionDescription>& subscriptions = handlers.subscriptions();
  for (std::size_t i = 0; i < subscriptions.size(); ++i)
    if (subscriptions[i].domain == letter.source && subscriptions[i].type == letter.type)
      return handlers.react(
          i, {letter.source, letter.type, letter.entity_id, letter.data, 0, letter.sequence, letter.event_millis});
  return Status(
      Code::kFailedPrecondition, "not_subscribed",
      std::string(handlers.name()) + " does not subscribe to " + letter.source + "." + letter.type + " any more");
}

// The letter as it is afterwards when it was refused again; nothing when it is gone.
Result<std::optional<store::DeadLetter>> replayReaction(const DomainService& domain, std::uint64_t id,
                                                        const base::Clock& clock) {
  std::optional<store::DeadLetter> refused;
  const Status done = runUnit(*domain.store, [&](store::UnitOfWork& work) -> Status {
    GYRE_TRY_ASSIGN(std::optional<store::DeadLetter> letter, work.deadLetter(id));
    if (!letter) return noLetter(id);
    const Result<PlannedReaction> reaction = reactionOf(*domain.handlers, *letter);
    Status outcome = reaction.isOk() ? executeReaction(*domain.handlers, clock, *reaction, letter->event_millis, work)
                                     : reaction.status();
    if (outcome.isOk()) return work.dropDeadLetter(id).status();
    if (isPassing(outcome.code())) return outcome;
    GYRE_TRY(work.undo());
    letter->code = outcome.reason();
    letter->cause = refusalText(outcome);
    letter->last_millis = clock.nowMillis();
    ++letter->attempts;
    refused = std::move(letter);
    return work.putDeadLetter(*refused).status();
  });
  GYRE_TRY(Status(done));
  return refused;
}

// The projector keeps and drops the letters of its entities; when it has answered, the letter says what came of it.
Result<std::optional<store::DeadLetter>> replayProjection(const DomainService& domain,
                                                          const store::DeadLetter& letter) {
  GYRE_TRY(domain.projector->synchronize({letter.entity_id}).status());
  return domain.store->deadLetter(letter.id);
}

}  // namespace

Result<LetterReplay> replayDeadLetter(const DomainService& domain, std::uint64_t id, const base::Clock& clock) {
  GYRE_TRY_ASSIGN(const std::optional<store::DeadLetter> wanted, domain.store->deadLetter(id));
  if (!wanted) return noLetter(id);
  LetterReplay replay;
  GYRE_TRY_ASSIGN(const std::vector<store::DeadLetter> letters, domain.store->deadLettersUpTo(*wanted));
  for (const store::DeadLetter& letter : letters) {
    GYRE_TRY_ASSIGN(replay.refused, letter.kind == store::DeadLetter::Kind::kReaction
                                        ? replayReaction(domain, letter.id, clock)
                                        : replayProjection(domain, letter));
    if (replay.refused) return replay;
    replay.delivered.push_back(letter.id);
  }
  return replay;
}

Status editDeadLetter(const DomainService& domain, std::uint64_t id, std::string_view reaction) {
  GYRE_TRY_ASSIGN(const PlannedReaction parsed, parseReaction(reaction));
  Status faults = invalidArgument("commands: expected commands of " + domain.name);
  std::size_t place = 0;
  for (const PlannedReaction::Command& command : parsed.commands) {
    bool is_known = false;
    for (const CommandDescription& known : domain.handlers->commands())
      is_known = is_known || known.name == command.name;
    if (!is_known)
      faults.addFault("/commands/" + std::to_string(place) + "/command",
                      domain.name + " has no command \"" + command.name + "\"");
    ++place;
  }
  if (!faults.faults().empty()) return faults;
  return runUnit(*domain.store, [&](store::UnitOfWork& work) -> Status {
    GYRE_TRY_ASSIGN(std::optional<store::DeadLetter> letter, work.deadLetter(id));
    if (!letter) return noLetter(id);
    if (letter->kind != store::DeadLetter::Kind::kReaction)
      return {Code::kConflict, "not_editable",
              "dead letter " + std::to_string(id) + " is about a document, which follows from the state of \"" +
                  letter->entity_id + "\": change that by a command, then replay"};
    letter->commands = reactionJson(parsed);
    return work.putDeadLetter(*letter).status();
  });
}

Status dropDeadLetter(const DomainService& domain, std::uint64_t id) {
  return runUnit(*domain.store, [id](store::UnitOfWork& work) -> Status {
    GYRE_TRY_ASSIGN(const bool is_dropped, work.dropDeadLetter(id));
    return is_dropped ? Status() : noLetter(id);
  });
}

}  // namespace gyre::bus
