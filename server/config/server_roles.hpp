// What does a server say to a request that its roles leave out? Which role it has, which one is wanted, and where.
//
// THREADS: free functions.
#pragma once

#include <string>
#include <string_view>

#include "gyre/status.hpp"
#include "server/config/config.hpp"

namespace gyre::config {

inline constexpr std::string_view kWriteRole = "write";
inline constexpr std::string_view kReadRole = "read";

// unavailable (reason "role_not_served"). `what`: "commands of payments are".
inline Status lacksRole(const ServerConfig& server, std::string_view wanted, std::string_view what) {
  std::string text = "this server has the role ";
  text.append(server.writes ? kWriteRole : kReadRole).append(" alone: ").append(what);
  text.append(" served by one with the role ").append(wanted);
  if (!server.elsewhere.empty()) text.append(", at ").append(server.elsewhere);
  return {Code::kUnavailable, "role_not_served", std::move(text)};
}

}  // namespace gyre::config
