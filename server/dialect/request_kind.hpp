// Does a request look, write documents, or manage?
//
// By its method and the words of its path, before a route is known.
//
// THREADS: free function.
#pragma once

#include <cstdint>

#include "server/dialect/message.hpp"

namespace gyre::dialect {

enum class RequestKind : std::uint8_t { kRead, kWrite, kAdmin };
RequestKind kindOf(const Request& request);

}  // namespace gyre::dialect
