// Who can tell when a sequence is searchable? Whoever fills a domain's index from its log.
//
// THREADS: any.
#pragma once

#include <cstdint>
#include <functional>

#include "gyre/status.hpp"

namespace gyre::projector {

class Searchability {
 public:
  virtual ~Searchability() = default;
  // Asks for `sequence` to be searchable soon and calls `ready` once it is, or with deadline_exceeded (reason
  // "index_behind", naming both sequences) after `timeout_ms`, or unavailable at stop. A sequence beyond the log's last
  // is invalid_argument at once. `ready` runs on the caller's thread when it is already searchable, else on the one
  // that fills the index; must not block.
  virtual void requireSequence(std::uint64_t sequence, std::int64_t timeout_ms,
                               std::function<void(const Status&)> ready) = 0;
};

}  // namespace gyre::projector
