// How is the history of an organisation asked for? GET /v1/activity.
//
// THREADS: called on a loop's thread; the answer comes from there or from a reader's.
#pragma once

#include "server/http/api_handler.hpp"
#include "server/http/http_server.hpp"

namespace gyre::http {

void handleActivity(const ApiContext& context, Request& request, Responder responder);

// Its entry in /openapi.json's paths: the value of "/v1/activity".
std::string activityOpenApi();

}  // namespace gyre::http
