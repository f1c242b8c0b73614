// What happens to one event of another domain on the writer thread? Its commands are decided, and the cursor moves past
// it, in one unit: both are durable or neither.
//
// A reaction or a command that is refused takes back what the event's other commands wrote; the event becomes a dead
// letter and the cursor moves on. What is nobody's refusal (the store is full, the disk is) fails the unit: the event
// is delivered again.
//
// THREADS: as store::Unit. REQUIRES: handlers and clock outlive the store's queue.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "gyre/status.hpp"
#include "server/bus/handlers.hpp"
#include "server/store/primary_store.hpp"

namespace gyre::bus {

// The name of the cursor over the log of `domain`.
std::string cursorName(std::string_view domain);

// Decides all commands in order. After a failure the caller takes back what was written (UnitOfWork::undo, or by
// failing).
Status executeReaction(const DomainHandlers& handlers, const base::Clock& clock, const PlannedReaction& reaction,
                       std::int64_t time_millis, store::UnitOfWork& work);

// {"organizationId":…,"commands":[{"command":…,"body":{…}}]}, as dead letters keep it.
std::string reactionJson(const PlannedReaction& reaction);
// invalid_argument for anything else, all faults at once.
Result<PlannedReaction> parseReaction(std::string_view text);

// The message with every fault, so that a dead letter tells all there is to mend.
std::string refusalText(const Status& refusal);

// Whether a failure may pass by itself, so that the same is tried again. A fault of ours (internal) is tried a few
// times.
bool isPassing(Code code);

class ReactionUnit final : public store::Unit {
 public:
  enum class Outcome : std::uint8_t {
    kFailed,     // nothing was written; the status says why
    kApplied,    // its commands took effect
    kDelivered,  // it had been before
    kRefused,    // it is a dead letter; the status says why
  };
  using Done = std::function<void(Outcome, const Status&)>;
  struct Delivery {
    std::string source;  // the domain
    store::EventRecord event;
    std::uint64_t after =
        0;  // the sequence at which the cursor must stand, at least: events before this one are settled
    Result<PlannedReaction> reaction = PlannedReaction();
    bool is_last_attempt = false;  // a fault of ours makes a dead letter, too
  };
  ReactionUnit(const DomainHandlers& handlers, const base::Clock& clock, Delivery delivery, Done done);

  Status run(store::UnitOfWork& work) override;
  void done(const Status& outcome) override;

 private:
  Status bury(store::UnitOfWork& work, const Status& why) const;

  const DomainHandlers& handlers_;
  const base::Clock& clock_;
  const Delivery delivery_;
  const Done done_;
  Outcome outcome_ = Outcome::kFailed;
  Status refusal_;
};

}  // namespace gyre::bus
