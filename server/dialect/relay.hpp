// Who answers what no index of this process can?
//
// THREADS: any.
#pragma once

#include <optional>

#include "server/dialect/message.hpp"
#include "server/dialect/route_table.hpp"

namespace gyre::dialect {

class Relay {
 public:
  virtual ~Relay() = default;
  // False for a request that is this process's own in any case. Waits for nothing.
  virtual bool mayTake(const Request& request, const RouteMatch& match) const = 0;
  // The answer or a refusal; nothing for what is this process's own after all. Waits. REQUIRES: mayTake().
  virtual std::optional<Response> answer(const Request& request, const RouteMatch& match) = 0;
};

}  // namespace gyre::dialect
