// How is an index built anew while its domain goes on? Beside the one in use, from the event log; checked against the
// store; then taken into use between two batches of the projector.
//
// The new index says how much of the log it covers, so a build that a stop interrupted goes on where its last commit
// was. The index that was in use stays on disk until the next build.
//
// THREADS: a job's; everything else goes on meanwhile. REQUIRES: what it is given outlives it.
#pragma once

#include <functional>
#include <string>

#include "base/observer.hpp"
#include "gyre/status.hpp"
#include "server/bus/job_runner.hpp"
#include "server/index_slots.hpp"
#include "server/projector/projection.hpp"
#include "server/projector/projector.hpp"
#include "server/search/search_engine.hpp"
#include "server/search/switched_engine.hpp"
#include "server/store/primary_store.hpp"

namespace gyre {

struct ReindexParts {
  std::string domain;
  store::PrimaryStore& store;
  search::SwitchedEngine& engine;  // gets the new index
  projector::Projector& projector;
  const projector::Projection& projection;
  IndexSlots slots;
  // Opens the index in this folder.
  std::function<Result<std::unique_ptr<search::SearchEngine>>(const std::string& folder)> open;
};

// {"documents","checked","refused","sequence"} once the new index is in use. unavailable "cancelled" when progress
// ended it; internal "verification_failed" when the new index does not hold what the store says: it is not taken into
// use.
Result<std::string> reindex(const ReindexParts& parts, const bus::JobRunner::Progress& progress,
                            base::Observer& observer);

}  // namespace gyre
