// How does a request of the dialect listener get to the dialect, and its answer back?
//
// Quick requests are answered on the loop's thread, the others by a bounded pool; a full pool is 429.
//
// Once there are API keys, searching takes the role reader, writing documents writer, and all else admin; of one index
// or of all. A key that is bound to an organisation is refused: what it may see cannot be told apart here.
//
// THREADS: as Handler says. OWNS: borrows the service and the pool.
#pragma once

#include "base/thread_pool.hpp"
#include "server/dialect/relay.hpp"
#include "server/dialect/service.hpp"
#include "server/http/api_keys.hpp"
#include "server/http/http_server.hpp"

namespace gyre::http {

class DialectHandler final : public Handler {
 public:
  // `relay`: takes what it wants before the service does; may be null.
  DialectHandler(dialect::Service& service, base::ThreadPool& pool, const ApiKeys& keys, dialect::Relay* relay)
      : service_(service), pool_(pool), keys_(keys), relay_(relay) {}
  void handle(Request& request, Responder responder) override;
  Response refusal(int status, std::string_view reason, std::string_view detail, std::uint64_t request_id) override;

 private:
  Status admit(std::string_view authorization, const dialect::Request& request) const;

  dialect::Service& service_;
  base::ThreadPool& pool_;
  const ApiKeys& keys_;
  dialect::Relay* const relay_;
};

}  // namespace gyre::http
