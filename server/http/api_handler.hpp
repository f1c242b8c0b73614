// Who answers a request on the api listener? Routes to the buses, the jobs and the host's own pages.
//
// THREADS: handle() on any loop's thread; it never blocks. OWNS: nothing; everything in the context outlives the
// server.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "base/clock.hpp"
#include "server/bus/domain_service.hpp"
#include "server/bus/job_runner.hpp"
#include "server/config/config.hpp"
#include "server/http/api_keys.hpp"
#include "server/http/http_server.hpp"
#include "server/http/router.hpp"

namespace gyre::http {

struct ApiContext {
  const bus::DomainCatalog& domains;
  bus::JobRunner& jobs;
  base::ThreadPool& readers;  // for administration that reads much at once
  const base::Clock& clock;
  ApiKeys& keys;
  std::function<std::string()> metrics_text;                     // Prometheus text
  std::function<std::pair<bool, std::string>()> readiness;       // ready?, JSON
  std::function<std::string()> plugins_json;                     // of GET /admin/v1/plugins
  std::function<Status(std::string_view plugin)> enable_plugin;  // these three may block
  std::function<Status(std::string_view plugin)> disable_plugin;
  std::function<Status(std::string_view plugin)> reload_plugin;
  std::function<void(std::string_view domain, std::string_view command, std::string_view outcome, double seconds)>
      count_command;
  std::function<void(std::string_view domain, std::string_view query, std::string_view outcome, double seconds)>
      count_query;
  config::ServerConfig server;  // its roles
};

struct EndpointPath;

class ApiHandler final : public Handler {
 public:
  explicit ApiHandler(ApiContext context);
  void handle(Request& request, Responder responder) override;
  Response refusal(int status, std::string_view reason, std::string_view detail, std::uint64_t request_id) override;

 private:
  void handleDomain(const Route& route, const EndpointPath* endpoint, Request& request, Responder responder);
  void handleStream(const Route& route, const bus::DomainService& domain, Request& request, Responder responder);

  void handlePlugin(const Route& route, const Request& request, Responder responder) const;

  const ApiContext context_;
};

}  // namespace gyre::http
