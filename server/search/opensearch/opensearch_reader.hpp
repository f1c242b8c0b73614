// How does a server read an index that another one writes? As SearchEngine, over the cluster alone.
//
// What the index covers is what its writer has said there (cluster_index.hpp), so it is known as of the last look():
// the index may hold more than progress() says, never less. Searches go to the very index that was looked at, not to
// its alias, so an answer never comes from another than the one whose coverage it names; when that one is gone or was
// replaced, the next look finds out, and searches fail until then.
//
// THREADS: as IndexReader.
#pragma once

#include <memory>

#include "base/clock.hpp"
#include "base/observer.hpp"
#include "gyre/status.hpp"
#include "server/search/index_reader.hpp"
#include "server/search/opensearch/cluster.hpp"
#include "server/search/opensearch/cluster_index.hpp"

namespace gyre::search {

// The cluster outlives it. invalid_argument when the definition is none. Looks once; that the cluster is away, or the
// index not there, is told by health() and is no failure.
Result<std::unique_ptr<IndexReader>> openOpenSearchReader(ClusterIndexOptions options, Cluster& cluster,
                                                          const base::Clock& clock, base::Observer& observer);

}  // namespace gyre::search
