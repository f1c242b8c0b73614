// How does an operator deal with what could not be delivered? List, show, edit, replay and drop dead letters.
//
// THREADS: called on a loop's thread; the work is done on the readers' pool.
#pragma once

#include "server/bus/domain_service.hpp"
#include "server/http/api_handler.hpp"
#include "server/http/http_server.hpp"
#include "server/http/router.hpp"

namespace gyre::http {

// GET /admin/v1/{domain}/dead-letters; GET, PUT and DELETE …/{id}; POST …/{id}/replay
void handleDeadLetters(const ApiContext& context, const bus::DomainService& domain, const Route& route,
                       Request& request, Responder responder);

}  // namespace gyre::http
