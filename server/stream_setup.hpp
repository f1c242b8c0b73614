// Which parts make a stream? Its index and its options, from the configuration.
//
// THREADS: free functions, at start.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/observer.hpp"
#include "gyre/status.hpp"
#include "server/bus/domain_service.hpp"
#include "server/bus/handlers.hpp"
#include "server/config/config.hpp"
#include "server/http/scraper.hpp"
#include "server/http/syslog_listener.hpp"
#include "server/observe/health.hpp"
#include "server/observe/metrics.hpp"
#include "server/search/index_reader.hpp"
#include "server/search/opensearch/cluster.hpp"
#include "server/stream/stream_index.hpp"
#include "server/stream/stream_service.hpp"

namespace gyre::engine::series {
struct SeriesStoreOptions;
}
namespace gyre::stream {
class ClusterSeriesIndex;
}

namespace gyre {

struct StreamPlace {
  std::string folder;  // of the domain's data
  store::PrimaryStore& store;
  search::Cluster* cluster;  // null for none, where records go else
  // All records are brought there from another index, those too that have left the log.
  bool is_moved_to = false;
};
// What the place names outlives it. REQUIRES: the handlers have a stream.
Result<std::unique_ptr<stream::StreamIndex>> openStreamIndex(const config::Config& config,
                                                             const config::DomainConfig& domain,
                                                             const bus::DomainHandlers& handlers,
                                                             const StreamPlace& place, const base::Clock& clock,
                                                             base::Observer& observer);
// The two of samples: what they are in there. REQUIRES: the stream is of samples, and the place has a cluster or none.
engine::series::SeriesStoreOptions seriesStoreOptions(const config::DomainConfig& domain);
Result<std::unique_ptr<stream::ClusterSeriesIndex>> openClusterSeries(
    const config::Config& config, const config::DomainConfig& domain, const bus::DomainHandlers& handlers,
    const StreamPlace& place, const base::Clock& clock, base::Observer& observer);
// Of a stream that another server writes. REQUIRES: it is one of documents.
Result<std::unique_ptr<search::IndexReader>> openStreamReader(const config::Config& config,
                                                              const config::DomainConfig& domain,
                                                              const bus::DomainHandlers& handlers,
                                                              search::Cluster& cluster, const base::Clock& clock,
                                                              base::Observer& observer);
// `folder`: of the domain's data. `is_on_cluster`: the index is.
stream::StreamOptions streamOptions(const config::DomainConfig& domain, const std::string& folder, bool is_on_cluster);

// What is to be watched of a stream, and how it is. REQUIRES: the domain is one, and was opened.
void collectStream(const bus::DomainService& domain, observe::Samples& samples);
void collectSyslog(const std::string& domain, const http::SyslogStats& stats, observe::Samples& samples);
void collectScraper(const std::string& domain, const http::ScraperStats& stats, observe::Samples& samples);
observe::DomainHealth streamHealth(const bus::DomainService& domain);

}  // namespace gyre
