// How do commands, batches of them and events from outside enter the write bus?
//
// THREADS: called on a loop's thread; answers come from the store's writer thread.
#pragma once

#include "server/bus/domain_service.hpp"
#include "server/http/api_handler.hpp"
#include "server/http/http_server.hpp"

namespace gyre::http {

// POST /v1/{domain}/commands/{name}
void handleCommand(const ApiContext& context, const bus::DomainService& domain, std::string_view name, Request& request, Responder responder);
// POST /v1/{domain}/commands, NDJSON
void handleBatch(const ApiContext& context, const bus::DomainService& domain, Request& request, Responder responder);
// POST /v1/{domain}/events, CloudEvents 1.0 in structured or batch JSON
void handleEvents(const ApiContext& context, const bus::DomainService& domain, Request& request, Responder responder);

}  // namespace gyre::http
