// How does a request of the dialect listener get to the dialect, and its answer back?
//
// Quick requests are answered on the loop's thread, the others by a bounded pool; a full pool is 429.
//
// THREADS: as Handler says. OWNS: borrows the service and the pool.
#pragma once

#include "base/thread_pool.hpp"
#include "server/dialect/service.hpp"
#include "server/http/http_server.hpp"

namespace gyre::http {

class DialectHandler final : public Handler {
 public:
  DialectHandler(dialect::Service& service, base::ThreadPool& pool) : service_(service), pool_(pool) {}
  void handle(Request& request, Responder responder) override;
  Response refusal(int status, std::string_view reason, std::string_view detail, std::uint64_t request_id) override;

 private:
  dialect::Service& service_;
  base::ThreadPool& pool_;
};

}  // namespace gyre::http
