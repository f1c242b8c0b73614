// What do `filter_path` and `pretty` leave of an answer, and how is it laid out?
//
// THREADS: free functions.
#pragma once

#include "gyre/status.hpp"
#include "server/dialect/message.hpp"

namespace gyre::dialect {

// Applies the parameters that every JSON answer takes. Answers of other types stay as they are.
Status shapeResponse(const Request& request, Response& response);

}  // namespace gyre::dialect
