// How do queries enter the read bus?
//
// THREADS: called on a loop's thread; answers come from there or from a reader's thread.
#pragma once

#include "server/bus/domain_service.hpp"
#include "server/http/api_handler.hpp"
#include "server/http/http_server.hpp"

namespace gyre::http {

// GET and POST /v1/{domain}/queries/{name}
void handleQuery(const ApiContext& context, const bus::DomainService& domain, std::string_view name, Request& request, Responder responder);

}  // namespace gyre::http
