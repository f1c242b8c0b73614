// Which node takes this request? The nodes of one cluster: kept connections, health, turns.
//
// A node is used once a check has found the product that is expected there; a checking thread looks at each every few
// seconds, and at one that failed after a growing pause. Requests go round the nodes that are up. One that cannot be
// reached or breaks off is marked down and the request goes to the next: our own requests are harmless when repeated
// (writes carry versions); one that is not says so. A request that times out is not sent again; its node is looked at
// at once.
//
// THREADS: any. OWNS: connections, the checking thread and the threads of parallel writes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/observer.hpp"
#include "base/thread_pool.hpp"
#include "gyre/status.hpp"
#include "server/search/opensearch/http_message.hpp"
#include "server/search/opensearch/node_address.hpp"
#include "server/search/opensearch/product.hpp"
#include "server/search/opensearch/tls.hpp"

namespace gyre::search {

struct ClusterOptions {
  Product product = Product::kOpenSearch;
  std::vector<NodeAddress> nodes;  // at least one
  TlsOptions tls;                  // of https addresses
  std::string username, password;  // basic authentication, when there is a user
  std::string api_key;             // else this, when there is one: as the cluster gave it, base64
  bool packs_bodies = false;       // gzip, both ways
  std::int64_t connect_timeout_ms = 5'000;
  std::int64_t request_timeout_ms = 30'000;
  std::int64_t check_interval_ms = 5'000;  // of a node that is up
  std::size_t response_bytes = 1u << 30;   // a larger one is a failure
  std::size_t parallel_writes = 4;
};

struct NodeFigures {
  std::string address;
  bool is_up = false;
  std::string why;  // it is not; "" when it is
  std::uint64_t requests = 0;
  std::uint64_t failures = 0;  // connections lost or refused, time-outs, malformed responses
};

class Cluster {
 public:
  // invalid_argument for options that cannot work (files of certificates). Waits for the first look at the nodes, at
  // most `patience_ms`; that none is up is no failure: they may come.
  static Result<std::unique_ptr<Cluster>> open(ClusterOptions options, const base::Clock& clock,
                                               base::Observer& observer, std::int64_t patience_ms = 3'000);
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  // The response, whatever its status; its body is unpacked. At most `deadline_nanos` (0: none) and the request
  // timeout. unavailable ("search_engine_away") when no node is up, naming why each is not, or none could be reached;
  // deadline_exceeded ("search_engine_timeout"). Of a request that is not repeatable also "search_engine_lost", when
  // the connection broke and it may have been carried out.
  Result<HttpResponse> send(const HttpRequest& request, std::int64_t deadline_nanos = 0);

  // Ok when a node is up; else "search_engine_away" as above.
  Status health() const;
  // Until health() is ok, at most so long; whether it is.
  bool awaitUp(std::int64_t patience_ms) const;
  std::vector<NodeFigures> figures() const;
  const ClusterOptions& options() const;
  base::ThreadPool& writers();

 private:
  class Nodes;
  explicit Cluster(std::unique_ptr<Nodes> nodes);
  std::unique_ptr<Nodes> nodes_;
};

}  // namespace gyre::search
