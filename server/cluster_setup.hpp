// How is a search cluster reached? From the configuration's "search" to the client and a domain's index there.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/observer.hpp"
#include "gyre/status.hpp"
#include "server/config/config.hpp"
#include "server/projector/backlog.hpp"
#include "server/search/opensearch/cluster.hpp"
#include "server/search/opensearch/cluster_index.hpp"

namespace gyre {

// REQUIRES: config.engine is not kEmbedded. A cluster that is away is no failure; one that can never be reached with
// these options (files of certificates) is.
Result<std::unique_ptr<search::Cluster>> openCluster(const config::SearchConfig& config, const base::Clock& clock,
                                                     base::Observer& observer);

// Who fills indices from the store in this file, which has been opened.
Result<search::MarkOwner> markOwner(const config::SearchConfig& config, const std::string& store_file,
                                    std::int64_t now_millis);

// Who only reads gives neither of the last two.
search::ClusterIndexOptions clusterIndexOptions(const config::SearchConfig& config, const config::DomainConfig& domain,
                                                std::string definition,
                                                std::function<std::uint64_t()> last_sequence = {},
                                                search::MarkOwner owner = {});

projector::BacklogLimits backlogLimits(const config::SearchConfig& config);

}  // namespace gyre
