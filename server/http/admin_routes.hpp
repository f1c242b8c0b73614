// How does an operator look after a domain? Synchronise, verify, jobs.
//
// THREADS: called on a loop's thread; one-id verifications run on the readers' pool.
#pragma once

#include <string>

#include "server/bus/domain_service.hpp"
#include "server/http/api_handler.hpp"
#include "server/http/http_server.hpp"
#include "server/http/router.hpp"
#include "server/projector/verify.hpp"

namespace gyre::http {

// The contract's verify result: checked, missing, extra, different and their counts.
std::string verifyJson(const projector::VerifyResult& result);

void handleSynchronize(const ApiContext& context, const bus::DomainService& domain, Request& request,
                       Responder responder);
void handleReindex(const ApiContext& context, const bus::DomainService& domain, Request& request, Responder responder);
void handleVerify(const ApiContext& context, const bus::DomainService& domain, Request& request, Responder responder);
// GET /admin/v1/jobs, GET and DELETE /admin/v1/jobs/{id}
void handleJobs(const ApiContext& context, const Route& route, const Request& request, Responder responder);

}  // namespace gyre::http
