// Is this the same request as before? A fingerprint of what it asks for, whatever the order and spacing of its body.
#pragma once

#include <string>
#include <string_view>

#include "gyre/json.hpp"

namespace gyre::bus {

// XXH3-128 of the name and the canonical body; 16 bytes. Not against forgery: a key's owner can only fool himself.
std::string fingerprint(std::string_view name, json::Value body);

}  // namespace gyre::bus
