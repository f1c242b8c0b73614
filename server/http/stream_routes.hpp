// How do records of a stream come in and go out over HTTP? Commands, bodies of others' protocols, NDJSON; and
// server-sent events for who follows.
//
// Bodies are read on the readers' pool, never on a loop's thread; the answer comes after the batch is on disk.
//
// THREADS: on a loop's thread; they do not block. REQUIRES: the domain is a stream.
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "server/bus/domain_service.hpp"
#include "server/http/api_handler.hpp"
#include "server/http/http_server.hpp"

namespace gyre::http {

void handleStreamCommand(const ApiContext& context, const bus::DomainService& domain, std::string_view name,
                         Request& request, Responder responder);
// POST /v1/{domain}/ingest/{name}, or the intake's own path.
void handleIngest(const ApiContext& context, const bus::DomainService& domain, std::string_view name, Request& request,
                  Responder responder);
// POST /v1/{domain}/records
void handleRecords(const ApiContext& context, const bus::DomainService& domain, Request& request, Responder responder);
// GET /v1/{domain}/queries/{name} of a tail.
void handleTail(const ApiContext& context, const bus::DomainService& domain, std::size_t tail, Request& request,
                Responder responder);

// The domain and the intake that are reached at this path.
struct IntakePath {
  std::string_view domain;
  std::string_view intake;
};
std::optional<IntakePath> findIntakePath(const bus::DomainCatalog& domains, std::string_view path);

// A path of another system's read API: GET, and POST with a form.
struct EndpointPath {
  std::string_view domain;
  std::size_t endpoint = 0;
  std::vector<std::pair<std::string_view, std::string_view>> variables = {};  // of the path; borrowed
};
std::optional<EndpointPath> findEndpointPath(const bus::DomainCatalog& domains, std::string_view path);
void handleEndpoint(const ApiContext& context, const bus::DomainService& domain, const EndpointPath& found,
                    Request& request, Responder responder);

// For requests that a stream has no meaning for: events, batches of commands, synchronise, verify, reindex.
Status notForStreams(const bus::DomainService& domain, std::string_view what);

}  // namespace gyre::http
