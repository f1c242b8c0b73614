// How is a domain's index opened when it lies on this machine?
//
// THREADS: free functions.
#pragma once

#include <cstdint>
#include <memory>

#include "base/observer.hpp"
#include "gyre/status.hpp"
#include "server/search/embedded_engine.hpp"

namespace gyre {

// An index that covers more than the log, which ends at `last_sequence`, belongs to another history: the store was put
// back from an older copy. It is set aside, which is logged, and a new one opened, to be filled from the store.
Result<std::unique_ptr<search::SearchEngine>> openEmbeddedIndex(const search::EmbeddedOptions& options,
                                                                std::uint64_t last_sequence, base::Observer& observer);

}  // namespace gyre
