// Is this request one that the server's roles leave out? Told before anything is looked at that only the other role
// has.
//
// THREADS: free functions.
#pragma once

#include "gyre/status.hpp"
#include "server/bus/domain_service.hpp"
#include "server/config/config.hpp"
#include "server/http/router.hpp"

namespace gyre::http {

// Ok when it is not. Queries are the query bus's to refuse: which of them need a search is known once they are planned.
Status refusedByRole(const config::ServerConfig& server, const Route& route, const bus::DomainService& domain);

// The same for what asks all domains.
Status activityRefusedByRole(const config::ServerConfig& server);

}  // namespace gyre::http
