// How is a value shown that does not fit its field?
//
// As the dialect's runtime writes maps and lists: {a=1, b=[x, y]}.
//
// THREADS: free function.
#pragma once

#include <string>

#include "gyre/json.hpp"

namespace gyre::engine {

std::string previewOf(json::Value value);

}  // namespace gyre::engine
