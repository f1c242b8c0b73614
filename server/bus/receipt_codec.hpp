// How is the first answer to a request kept, so that it can be given again?
//
// FORMAT: a version byte, a kind byte, then for an accepted command: id, version, sequence, is_created, the number of
// events and for each its type and sequence; for a refusal: code, reason, message, the number of faults and for each
// its pointer and detail. Numbers are varints, texts a varint length and their bytes (base/bytes.hpp).
//
// THREADS: free functions.
#pragma once

#include <string>
#include <string_view>

#include "gyre/status.hpp"
#include "server/bus/command_bus.hpp"

namespace gyre::bus {

std::string writeAnswer(const Result<CommandReceipt>& answer);

// The answer written; the outer Result is corruption when the bytes are not what writeAnswer() makes.
Result<Result<CommandReceipt>> parseAnswer(std::string_view bytes);

}  // namespace gyre::bus
