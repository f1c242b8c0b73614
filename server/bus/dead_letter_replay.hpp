// What becomes of a dead letter that is delivered again? It goes when its cause is gone, else it stays with the new
// one.
//
// In order for each entity: older letters about the same entity of the same source go first, and the first that is
// refused again ends the replay, so that no event overtakes an earlier one.
//
// THREADS: any that may block: these wait for the store and the index.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "gyre/status.hpp"
#include "server/bus/domain_service.hpp"
#include "server/store/dead_letter.hpp"

namespace gyre::bus {

struct LetterReplay {
  std::vector<std::uint64_t> delivered;      // letters that are gone now, in order
  std::optional<store::DeadLetter> refused;  // the one that was refused again, as it is now
};

// not_found when there is no letter of this id.
Result<LetterReplay> replayDeadLetter(const DomainService& domain, std::uint64_t id, const base::Clock& clock);

// The commands that a replay will send instead of those that were refused. failed_precondition for a letter of the
// projection: its document follows from the entity's state, which only commands change.
Status editDeadLetter(const DomainService& domain, std::uint64_t id, std::string_view reaction);

// not_found when there is none.
Status dropDeadLetter(const DomainService& domain, std::uint64_t id);

}  // namespace gyre::bus
