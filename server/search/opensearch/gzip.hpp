// How are bodies packed on the way to a node and back? gzip (RFC 1952).
//
// THREADS: free functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "gyre/status.hpp"

namespace gyre::search {

std::string packGzip(std::string_view plain);
// unavailable (reason "malformed_response") when it is damaged, cut short, or would be larger than `limit`.
Result<std::string> unpackGzip(std::string_view packed, std::size_t limit);

}  // namespace gyre::search
