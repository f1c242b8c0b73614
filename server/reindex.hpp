// How is an index built anew while its domain goes on? Beside the one in use, from the event log; checked against the
// store; then taken into use between two batches of the projector.
//
// The new index says how much of the log it covers, so a build that a stop interrupted goes on where its last commit
// was. The index that was in use stays, on disk or on the cluster, until the next build. Searches under way end on it.
//
// THREADS: a job's; everything else goes on meanwhile. REQUIRES: what it is given outlives it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/observer.hpp"
#include "gyre/status.hpp"
#include "server/bus/job_runner.hpp"
#include "server/index_slots.hpp"
#include "server/projector/projection.hpp"
#include "server/projector/projector.hpp"
#include "server/search/embedded_engine.hpp"
#include "server/search/opensearch/cluster.hpp"
#include "server/search/opensearch/cluster_index.hpp"
#include "server/search/search_engine.hpp"
#include "server/search/switched_engine.hpp"
#include "server/store/primary_store.hpp"

namespace gyre {

// Where the next index is built and how it comes into use, which differs by engine.
struct NextIndex {
  // Opens it: a new one, or a build that was begun and not ended.
  std::function<Result<std::unique_ptr<search::SearchEngine>>()> open;
  // It is the domain's from now on, also after a crash. The engine that uses it, which may be the one that built it.
  // REQUIRES: it is committed; on the projector's thread, between its calls.
  std::function<Result<std::unique_ptr<search::SearchEngine>>(std::unique_ptr<search::SearchEngine> built)> take;
};

NextIndex nextEmbeddedIndex(IndexSlots slots, search::EmbeddedOptions options,
                            std::function<std::uint64_t()> last_sequence, base::Observer& observer);
// `former`: in use until then. The last three outlive what is returned.
NextIndex nextClusterIndex(search::ClusterIndexOptions options, search::SwitchedEngine& former,
                           search::Cluster& cluster, const base::Clock& clock, base::Observer& observer);

struct ReindexParts {
  std::string domain;
  store::PrimaryStore& store;
  search::SwitchedEngine& engine;  // gets the new index
  projector::Projector& projector;
  const projector::Projection& projection;
  NextIndex next;
};

// {"documents","checked","refused","sequence"} once the new index is in use. unavailable "cancelled" when progress
// ended it; internal "verification_failed" when the new index does not hold what the store says: it is not taken into
// use.
Result<std::string> reindex(const ReindexParts& parts, const bus::JobRunner::Progress& progress,
                            base::Observer& observer);

}  // namespace gyre
