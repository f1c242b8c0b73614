// How does one request travel? A keep-alive connection to a node.
//
// Head and body leave in one write each way they can: Poco's client session sends bodies in pieces of 4 KiB, which
// costs a bulk request seven times the CPU (docs/adr/0012-cluster-client.md).
//
// THREADS: one at a time. OWNS: its socket.
#pragma once

#include <Poco/Net/Context.h>
#include <Poco/Net/StreamSocket.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "gyre/status.hpp"
#include "server/search/opensearch/http_message.hpp"
#include "server/search/opensearch/node_address.hpp"

namespace gyre::search {

class Connection {
 public:
  // Resolves, connects and, for https, shakes hands. unavailable with the reason "connect_failed" and, when the peer's
  // certificate or ours is not accepted, "tls_failed". `context` is null for http.
  static Result<std::unique_ptr<Connection>> open(const NodeAddress& address, Poco::Net::Context::Ptr context,
                                                  std::int64_t timeout_ms, const base::Clock& clock);

  // Sends and reads one response until `deadline_nanos`. On failure the connection is of no more use:
  // deadline_exceeded ("node_timeout"); unavailable "connection_lost" when it broke, "connection_stale" when it broke
  // before the first byte of the response (a kept connection that the peer had closed: send again on another),
  // "malformed_response".
  Result<HttpResponse> exchange(std::string_view head, std::string_view body, std::int64_t deadline_nanos,
                                std::size_t body_limit);

  // When it last answered.
  std::int64_t idleSinceNanos() const { return idle_since_; }

 private:
  Connection(Poco::Net::StreamSocket socket, const base::Clock& clock) : socket_(std::move(socket)), clock_(clock) {}
  Status send(std::string_view bytes, std::int64_t deadline_nanos);
  Result<HttpResponse> receive(std::int64_t deadline_nanos, std::size_t body_limit);

  Poco::Net::StreamSocket socket_;
  const base::Clock& clock_;
  std::int64_t idle_since_ = 0;
};

}  // namespace gyre::search
