// How does the projector turn a state into a document? The one call it makes into a domain.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gyre/status.hpp"

namespace gyre::projector {

class Projection {
 public:
  virtual ~Projection() = default;
  // THREADS: any. The document's JSON for a state; pure.
  virtual Result<std::string> project(std::string_view entity_id, std::string_view state, std::uint64_t version) const = 0;
};

}  // namespace gyre::projector
