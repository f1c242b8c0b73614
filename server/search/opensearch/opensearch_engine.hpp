// How does a cluster of OpenSearch or Elasticsearch serve a domain? SearchEngine over HTTP: the same request bytes,
// forwarded.
//
// The cluster may be away at any time, at the start too: calls then fail with unavailable and its reason, progress()
// stays where it was, and the index is looked for again by the next call. When it was deleted, restored or replaced
// meanwhile, progress() goes back to what it covers, the next bulk() fails with "index_moved", and the caller sends
// from there on.
//
// What is acknowledged is durable in the cluster's own log (index.translog.durability: request); commit() therefore
// only notes how far that is.
//
// THREADS: as SearchEngine; bulk() also uses the cluster's writers.
#pragma once

#include <memory>

#include "base/clock.hpp"
#include "base/observer.hpp"
#include "gyre/status.hpp"
#include "server/search/opensearch/cluster.hpp"
#include "server/search/opensearch/cluster_index.hpp"
#include "server/search/search_engine.hpp"

namespace gyre::search {

// The cluster outlives the engine. invalid_argument when the definition is none; conflict ("index_taken") when another
// server fills the index; that the cluster is away is logged and no failure. Whose index is found later to be another's
// touches it no more: health() says so.
Result<std::unique_ptr<SearchEngine>> openOpenSearchEngine(ClusterIndexOptions options, Cluster& cluster,
                                                           const base::Clock& clock, base::Observer& observer);

}  // namespace gyre::search
