// How does an operator give access from the command line? Create, list and revoke API keys; a client of a running
// server.
#pragma once

#include <string>
#include <vector>

namespace gyre::cli {

struct KeysOptions {
  std::string action;  // "create", "list", "revoke"
  std::string name_or_id;
  std::string organization_id;
  std::vector<std::string> roles;
  std::string expires_at;
  std::string url;
  std::string key;
};

// An exit code. The answer goes to standard output as the server gave it: of create, the key, which is seen only there.
int runKeys(const KeysOptions& options);

}  // namespace gyre::cli
