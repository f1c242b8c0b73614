// How do requests come in and answers go out? The HTTP/1.1 front: one epoll loop a core, a strict parser, no thread a
// connection (docs/adr: HTTP front).
//
// A loop parses a request and calls the Handler on the loop's own thread. The Handler must not block: it either answers
// at once or keeps the Responder and answers later from any thread (the answer travels back over the loop's eventfd).
// Pipelined requests are answered in order whatever order they complete in.
//
// What the front settles by itself, before any Handler: malformed framing (400 and close), smuggling shapes, limits
// (413, 414, 431), timeouts (408 or close), Expect: 100-continue, chunked and gzip/deflate request bodies (bounded),
// HEAD, gzip of answers, Date, Connection, graceful stop.
//
// THREADS: start and stop from one thread; stats from any. OWNS: the Handler outlives the server.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/observer.hpp"
#include "gyre/status.hpp"

namespace gyre::http {

struct Limits {
  std::size_t request_line_bytes = 16u << 10;   // above: 414
  std::size_t header_bytes = 64u << 10;         // all fields together; above: 431
  std::size_t header_count = 128;               // above: 431
  std::size_t body_bytes = 8u << 20;            // as sent; above: 413
  std::size_t inflated_body_bytes = 64u << 20;  // after gzip; above: 413
  std::int64_t header_timeout_ms =
      10'000;                             // from a request's first byte to its last header byte; past it: 408 and close
  std::int64_t body_timeout_ms = 20'000;  // without a byte of progress in a body; past it: 408 and close
  std::int64_t idle_timeout_ms = 60'000;  // between requests; past it: close
  std::int64_t write_timeout_ms = 30'000;  // a peer that does not read; past it: close
  std::size_t output_bytes = 16u << 20;    // buffered for one connection; above: reading pauses
  std::size_t pipelined_requests = 64;     // waiting for answers on one connection; above: reading pauses
  std::size_t connections = 10'000;        // above: 503 and close
};

struct Options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free one; see HttpServer::port()
  unsigned loops = 0;      // 0: one a core
  Limits limits;
  const base::Clock* clock = nullptr;  // null: the system's; a test may hold time in its hand
};

struct HeaderField {
  std::string_view name;  // lower-cased
  std::string_view value;
};

// A complete request. Views are valid until the Handler returns; move `body` out to keep it.
struct Request {
  std::string_view method;  // as sent: "GET"
  std::string_view target;  // as sent: "/v1/x?y=z"
  std::string_view path;    // percent-decoded, no query; never empty, starts with '/'
  std::string_view query;   // as sent, without '?'
  std::vector<HeaderField> headers;
  std::string body;             // de-chunked and inflated
  std::string_view peer;        // "127.0.0.1"
  std::string organization_id;  // that the caller's key is bound to, "" for none; said by the Handler that admitted it
  std::uint64_t id = 0;         // unique in this process; the requestId of problems
  std::int64_t received_nanos = 0;  // steady clock, when the last byte of the request had arrived

  // "" when absent. Names are compared lower-cased.
  std::string_view header(std::string_view name) const {
    for (const HeaderField& field : headers)
      if (field.name == name) return field.value;
    return {};
  }
};

class BodyFeed;

struct Response {
  int status = 200;
  std::string content_type = "application/json";             // "" when there is no body
  std::vector<std::pair<std::string, std::string>> headers;  // without Content-Length, Content-Type, Date, Connection
  std::string body;
  bool close = false;                        // end the connection after this answer
  std::shared_ptr<BodyFeed> feed = nullptr;  // the body goes on; see body_feed.hpp
};

// The right to answer one request, once. Cheap to move, safe to keep longer than the connection or the server lives: an
// answer nobody waits for is dropped. A Responder destroyed unanswered answers 500, so no request hangs.
class Responder {
 public:
  class Target;
  Responder() = default;
  Responder(std::shared_ptr<Target> target, std::uint64_t connection, std::uint64_t request)
      : target_(std::move(target)), connection_(connection), request_(request) {}
  Responder(Responder&& other) noexcept
      : target_(std::move(other.target_)),
        connection_(other.connection_),
        request_(other.request_),
        kept_(std::move(other.kept_)) {
    other.target_.reset();
  }
  Responder& operator=(Responder&& other) noexcept;
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;
  ~Responder();

  // From any thread. On the loop's own thread the bytes are written when the Handler returns.
  void send(Response response);
  // Lets go of it once the request is answered.
  void keep(std::shared_ptr<const void> pass) { kept_ = std::move(pass); }
  // True once the peer has gone, so that long work may stop early.
  bool isAbandoned() const;

 private:
  std::shared_ptr<Target> target_;
  std::uint64_t connection_ = 0;
  std::uint64_t request_ = 0;
  std::shared_ptr<const void> kept_;
};

class Handler {
 public:
  virtual ~Handler() = default;
  // On a loop's thread; must not block or throw.
  virtual void handle(Request& request, Responder responder) = 0;
  // How the front words its own refusals (400, 408, 413, 414, 431, 503): the api listener answers problem+json, the
  // dialect listener in its dialect. `detail` says what was expected and found.
  virtual Response refusal(int status, std::string_view reason, std::string_view detail, std::uint64_t request_id) = 0;
};

struct Stats {
  std::uint64_t accepted = 0;
  std::uint64_t open = 0;
  std::uint64_t requests = 0;
  std::uint64_t refused = 0;  // answered by the front itself
  std::uint64_t timeouts = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
};

class HttpServer {
 public:
  HttpServer(Options options, Handler& handler, base::Observer& observer);
  ~HttpServer();  // stop()s at once
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // unavailable when the address cannot be bound; names it.
  Status start();
  // Stops accepting, lets requests in flight finish (answers then carry Connection: close), closes idle connections,
  // and returns when all are gone or `grace_ms` has passed.
  void stop(std::int64_t grace_ms);
  // The port in use; valid after start().
  std::uint16_t port() const;
  Stats stats() const;

 private:
  struct Shared;
  std::unique_ptr<Shared> shared_;
};

}  // namespace gyre::http
