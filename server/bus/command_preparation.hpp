// What can be said of a command before its entity is known? Which handler it is for, and what is wrong with its form.
//
// THREADS: free function.
#pragma once

#include <cstdint>

#include "gyre/status.hpp"
#include "server/bus/command_bus.hpp"
#include "server/bus/command_unit.hpp"
#include "server/bus/handlers.hpp"

namespace gyre::bus {

// A failure when it cannot be told what is asked for: an unknown name, a body that is no object. What is wrong with the
// id is the call's refusal, an answer that belongs to the body. The fingerprint is made when there is a key.
Result<CommandUnit::Call> prepareCommand(const DomainHandlers& handlers, CommandRequest request, std::int64_t now);

}  // namespace gyre::bus
