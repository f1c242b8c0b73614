// What does it take to serve the dialect? Its catalog, its pool and its HTTP listener.
//
// THREADS: start and stop from one thread. OWNS: all of it; borrows what start() is given.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/observer.hpp"
#include "base/thread_pool.hpp"
#include "server/bus/domain_service.hpp"
#include "server/cluster_relay.hpp"
#include "server/config/config.hpp"
#include "server/dialect/catalog.hpp"
#include "server/dialect/service.hpp"
#include "server/http/dialect_handler.hpp"
#include "server/http/http_server.hpp"
#include "server/observe/metrics.hpp"

namespace gyre::stream {
class DocumentIndex;
}

namespace gyre {

class DialectListener {
 public:
  // `folder` is the data folder's. `cluster`: where free indices live, when the engine is on one; else null.
  Status start(const config::Config& config, const http::Limits& limits, const std::string& folder,
               const bus::DomainCatalog& domains, search::Cluster* cluster, const http::ApiKeys& keys,
               const base::Clock& clock, base::Observer& observer);
  // One that was opened later. REQUIRES: started. One thread at a time.
  void addDomain(const bus::DomainService& domain);
  // Answers what is in flight, then commits and closes the free indices. Harmless when repeated, or never started.
  void stop(std::int64_t grace_ms);
  // What is to be watched of the free indices. Nothing before start().
  void collect(observe::Samples& samples) const;
  // Nothing before start().
  const http::HttpServer* server() const { return server_.get(); }

 private:
  void addStream(const bus::DomainService& domain);

  std::unique_ptr<dialect::Catalog> catalog_;
  std::unique_ptr<dialect::Service> service_;
  std::unique_ptr<base::ThreadPool> pool_;
  std::unique_ptr<ClusterRelay> relay_;
  std::unique_ptr<http::DialectHandler> handler_;
  std::unique_ptr<http::HttpServer> server_;
  std::vector<stream::DocumentIndex*> streams_;  // that tell of their generations
};

}  // namespace gyre
