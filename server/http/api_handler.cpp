#include "server/http/api_handler.hpp"

#include <memory>
#include <optional>
#include <utility>

#include "server/http/activity_routes.hpp"
#include "server/http/admin_routes.hpp"
#include "server/http/command_routes.hpp"
#include "server/http/dead_letter_routes.hpp"
#include "server/http/key_routes.hpp"
#include "server/http/openapi.hpp"
#include "server/http/problem.hpp"
#include "server/http/query_routes.hpp"
#include "server/http/role_refusal.hpp"
#include "server/http/stream_routes.hpp"

namespace gyre::http {

namespace {

Response text(std::string content_type, std::string body, int status = 200) {
  Response response;
  response.status = status;
  response.content_type = std::move(content_type);
  response.body = std::move(body);
  return response;
}

Response unknownDomain(const bus::DomainCatalog& domains, std::string_view name, std::uint64_t request_id) {
  std::string detail = "there is no domain \"" + std::string(name) + "\"; served are:";
  for (const bus::DomainService& domain : domains.served)
    if (domain.gate.isOpen()) detail += " " + domain.name;
  return problem(404, "unknown_domain", detail, request_id);
}

// What a caller must be allowed; nothing for what anybody may see. Looking over all domains at once takes a role for
// all.
std::optional<Permission> permissionOf(Route::Kind kind) {
  switch (kind) {
    case Route::Kind::kNone:
    case Route::Kind::kMethodNotAllowed:
    case Route::Kind::kHealth:
    case Route::Kind::kReady: return std::nullopt;
    case Route::Kind::kMetrics:
    case Route::Kind::kOpenApi:
    case Route::Kind::kConsole: return Permission::kAny;
    case Route::Kind::kCommand:
    case Route::Kind::kBatch:
    case Route::Kind::kIngest:
    case Route::Kind::kRecords:
    case Route::Kind::kEvents: return Permission::kWrite;
    case Route::Kind::kQuery:
    case Route::Kind::kEndpoint:
    case Route::Kind::kActivity: return Permission::kRead;
    default: return Permission::kAdmin;
  }
}

// A page for who opens the address in a browser: what is served, and where to go on.
std::string consolePage(const bus::DomainCatalog& domains) {
  std::string page =
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Gyre</title>"
      "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:3rem auto;padding:0 1rem}"
      "code{background:#eee;padding:.1em .3em;border-radius:.2em}</style><h1>Gyre</h1>"
      "<p>Commands go in by <code>POST</code>, answers come out by <code>GET</code>. "
      "<a href=\"/openapi.json\">OpenAPI</a> · <a href=\"/readyz\">readiness</a> · <a href=\"/metrics\">metrics</a> · "
      "<a href=\"/admin/v1/plugins\">plugins</a> · <a href=\"/admin/v1/jobs\">jobs</a></p>";
  for (const bus::DomainService& domain : domains.served) {
    if (!domain.gate.isOpen()) continue;
    page += "<h2>" + domain.name + "</h2><p>Commands:";
    for (const auto& command : domain.handlers->commands()) page += " <code>" + std::string(command.name) + "</code>";
    page += "</p><p>Queries:";
    for (const auto& query : domain.handlers->queries()) page += " <code>" + std::string(query.name) + "</code>";
    page += "</p>";
  }
  return page;
}

}  // namespace

ApiHandler::ApiHandler(ApiContext context) : context_(std::move(context)) {}

void ApiHandler::handle(Request& request, Responder responder) {
  Route route = matchRoute(request.method, request.path);
  if (route.kind == Route::Kind::kNone)
    if (const auto intake = findIntakePath(context_.domains, request.path)) {
      route.kind = request.method == "POST" ? Route::Kind::kIngest : Route::Kind::kMethodNotAllowed;
      route.domain = intake->domain;
      route.name = intake->intake;
      route.allow = "POST";
    }
  std::optional<EndpointPath> endpoint;
  if (route.kind == Route::Kind::kNone && (endpoint = findEndpointPath(context_.domains, request.path))) {
    const bool is_allowed = request.method == "GET" || request.method == "HEAD" || request.method == "POST";
    route.kind = is_allowed ? Route::Kind::kEndpoint : Route::Kind::kMethodNotAllowed;
    route.domain = endpoint->domain;
    route.allow = "GET, POST";
  }
  if (const auto permission = permissionOf(route.kind)) {
    auto key = context_.keys.admit(request.header("authorization"), *permission, route.domain);
    if (!key.isOk()) {
      Response response = problem(key.status(), request.id);
      if (response.status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
      return responder.send(std::move(response));
    }
    request.organization_id = std::move(key->organization_id);
  }
  switch (route.kind) {
    case Route::Kind::kNone:
      return responder.send(
          problem(404, "unknown_path", "there is nothing at " + std::string(request.path), request.id));
    case Route::Kind::kMethodNotAllowed: {
      Response response =
          problem(405, "method_not_allowed",
                  "expected one of " + std::string(route.allow) + ", found " + std::string(request.method), request.id);
      response.headers.emplace_back("Allow", route.allow);
      return responder.send(std::move(response));
    }
    case Route::Kind::kHealth: return responder.send(text("application/json", R"({"status":"alive"})"));
    case Route::Kind::kReady: {
      auto [is_ready, body] = context_.readiness();
      return responder.send(text("application/json", std::move(body), is_ready ? 200 : 503));
    }
    case Route::Kind::kMetrics:
      return responder.send(text("text/plain; version=0.0.4; charset=utf-8", context_.metrics_text()));
    case Route::Kind::kOpenApi: return responder.send(text("application/json", openApiDocument(context_.domains)));
    case Route::Kind::kConsole: return responder.send(text("text/html; charset=utf-8", consolePage(context_.domains)));
    case Route::Kind::kPlugins: return responder.send(text("application/json", context_.plugins_json()));
    case Route::Kind::kKeys:
    case Route::Kind::kKey: return handleKeys(context_, route, request, std::move(responder));
    case Route::Kind::kEnablePlugin:
    case Route::Kind::kDisablePlugin:
    case Route::Kind::kReloadPlugin: return handlePlugin(route, request, std::move(responder));
    case Route::Kind::kActivity:
      if (const Status refusal = activityRefusedByRole(context_.server); !refusal.isOk())
        return responder.send(problem(refusal, request.id));
      return handleActivity(context_, request, std::move(responder));
    case Route::Kind::kJobs:
    case Route::Kind::kJob: return handleJobs(context_, route, request, std::move(responder));
    default: return handleDomain(route, endpoint ? &*endpoint : nullptr, request, std::move(responder));
  }
}

void ApiHandler::handleStream(const Route& route, const bus::DomainService& domain, Request& request,
                              Responder responder) {
  switch (route.kind) {
    case Route::Kind::kCommand: return handleStreamCommand(context_, domain, route.name, request, std::move(responder));
    case Route::Kind::kIngest: return handleIngest(context_, domain, route.name, request, std::move(responder));
    case Route::Kind::kRecords: return handleRecords(context_, domain, request, std::move(responder));
    case Route::Kind::kQuery:
      if (const auto tail = domain.stream->handlers().findTail(route.name))
        return handleTail(context_, domain, *tail, request, std::move(responder));
      return handleQuery(context_, domain, route.name, request, std::move(responder));
    case Route::Kind::kDeadLetters:
    case Route::Kind::kDeadLetter: return handleDeadLetters(context_, domain, route, request, std::move(responder));
    case Route::Kind::kBatch:
      return responder.send(problem(notForStreams(domain, "batch of commands: send lines to /records"), request.id));
    case Route::Kind::kEvents: return responder.send(problem(notForStreams(domain, "events"), request.id));
    case Route::Kind::kDeadLetterReplay:
      return responder.send(
          problem(notForStreams(domain, "replay: send the record again, then delete the letter"), request.id));
    default:
      return responder.send(
          problem(notForStreams(domain, "such job: there is no store beside its index to compare with"), request.id));
  }
}

void ApiHandler::handleDomain(const Route& route, const EndpointPath* endpoint, Request& request, Responder responder) {
  const bus::DomainService* const domain = context_.domains.find(route.domain);
  if (domain != nullptr)
    if (const Status refusal = refusedByRole(context_.server, route, *domain); !refusal.isOk())
      return responder.send(problem(refusal, request.id));
  bus::DomainGate::Pass pass = domain == nullptr ? nullptr : domain->gate.enter();
  if (pass == nullptr) {
    const bus::FailedDomain* const failed = context_.domains.findFailed(route.domain);
    if (failed != nullptr && (domain == nullptr || !domain->gate.wasOpened()))
      return responder.send(problem(503, "domain_unavailable",
                                    "domain " + failed->name + " could not be started: " + failed->reason, request.id));
    if (domain == nullptr) return responder.send(unknownDomain(context_.domains, route.domain, request.id));
    return responder.send(problem(503, "domain_disabled", "domain " + domain->name + " is disabled", request.id));
  }
  responder.keep(std::move(pass));
  if (endpoint != nullptr) return handleEndpoint(context_, *domain, *endpoint, request, std::move(responder));
  if (domain->stream != nullptr) return handleStream(route, *domain, request, std::move(responder));
  switch (route.kind) {
    case Route::Kind::kIngest:
    case Route::Kind::kRecords:
      return responder.send(problem(409, "entity_domain",
                                    domain->name + " is a domain of entities: it is written by commands", request.id));
    case Route::Kind::kCommand: return handleCommand(context_, *domain, route.name, request, std::move(responder));
    case Route::Kind::kBatch: return handleBatch(context_, *domain, request, std::move(responder));
    case Route::Kind::kEvents: return handleEvents(context_, *domain, request, std::move(responder));
    case Route::Kind::kQuery: return handleQuery(context_, *domain, route.name, request, std::move(responder));
    case Route::Kind::kSynchronize: return handleSynchronize(context_, *domain, request, std::move(responder));
    case Route::Kind::kVerify: return handleVerify(context_, *domain, request, std::move(responder));
    case Route::Kind::kReindex: return handleReindex(context_, *domain, request, std::move(responder));
    case Route::Kind::kDeadLetters:
    case Route::Kind::kDeadLetter:
    case Route::Kind::kDeadLetterReplay:
      return handleDeadLetters(context_, *domain, route, request, std::move(responder));
    default: return responder.send(problem(500, "internal", "a route without a handler", request.id));
  }
}

// Opening a domain reads its files, and a reload waits for requests: not on a loop's thread.
void ApiHandler::handlePlugin(const Route& route, const Request& request, Responder responder) const {
  const auto& change = route.kind == Route::Kind::kEnablePlugin    ? context_.enable_plugin
                       : route.kind == Route::Kind::kDisablePlugin ? context_.disable_plugin
                                                                   : context_.reload_plugin;
  auto shared_responder = std::make_shared<Responder>(std::move(responder));
  const bool is_queued = context_.readers.trySubmit(
      [this, &change, name = std::string(route.name), request_id = request.id, shared_responder] {
        if (const Status changed = change(name); !changed.isOk())
          return shared_responder->send(problem(changed, request_id));
        shared_responder->send(text("application/json", context_.plugins_json()));
      });
  if (!is_queued)
    shared_responder->send(problem(Status(Code::kResourceExhausted, "the queue of readers is full"), request.id));
}

Response ApiHandler::refusal(int status, std::string_view reason, std::string_view detail, std::uint64_t request_id) {
  return problem(status, reason, detail, request_id);
}

}  // namespace gyre::http
