#include "server/http/role_refusal.hpp"

#include <string>

#include "server/config/server_roles.hpp"

namespace gyre::http {

Status refusedByRole(const config::ServerConfig& server, const Route& route, const bus::DomainService& domain) {
  if (server.writes) return {};  // a stream is whole where it is written
  if (const stream::StreamHandlers* const handlers = domain.handlers->stream()) {
    if (handlers->kind() == stream::Kind::kSeries)
      return config::lacksRole(server, config::kWriteRole, domain.name + " is a stream of samples; it is");
    if (route.kind == Route::Kind::kQuery && handlers->findTail(route.name))
      return config::lacksRole(server, config::kWriteRole, "followers of " + domain.name + " are");
    if (route.kind == Route::Kind::kIngest || route.kind == Route::Kind::kRecords)
      return config::lacksRole(server, config::kWriteRole, "records of " + domain.name + " are");
  }
  switch (route.kind) {
    case Route::Kind::kQuery:
    case Route::Kind::kEndpoint: return {};
    case Route::Kind::kCommand:
    case Route::Kind::kBatch:
      return config::lacksRole(server, config::kWriteRole, "commands of " + domain.name + " are");
    case Route::Kind::kEvents:
      return config::lacksRole(server, config::kWriteRole, "events of " + domain.name + " are");
    default:
      return config::lacksRole(server, config::kWriteRole, "what needs the primary store of " + domain.name + " is");
  }
}

Status activityRefusedByRole(const config::ServerConfig& server) {
  return server.reads ? Status() : config::lacksRole(server, config::kReadRole, "activities are");
}

}  // namespace gyre::http
