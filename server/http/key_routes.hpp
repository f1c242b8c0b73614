// How does an administrator give access? API keys: create, list, revoke.
//
// THREADS: called on a loop's thread; what writes the file runs on the readers' pool.
#pragma once

#include "server/http/api_handler.hpp"
#include "server/http/http_server.hpp"
#include "server/http/router.hpp"

namespace gyre::http {

// GET and POST /admin/v1/keys, DELETE /admin/v1/keys/{id}
void handleKeys(const ApiContext& context, const Route& route, Request& request, Responder responder);

}  // namespace gyre::http
