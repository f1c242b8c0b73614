#include "server/http/role_refusal.hpp"

#include <string>

#include "server/config/server_roles.hpp"

namespace gyre::http {

Status refusedByRole(const config::ServerConfig& server, Route::Kind kind, const bus::DomainService& domain) {
  if (server.writes) return {};  // a stream's index lies beside its log, so it is whole there
  if (domain.handlers->stream() != nullptr)
    return config::lacksRole(server, config::kWriteRole,
                             domain.name + " is a stream, whose records and index lie on one machine; it is");
  switch (kind) {
    case Route::Kind::kQuery: return {};
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
