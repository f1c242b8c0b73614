// gyre synchronize|verify DOMAIN: how does an operator start a job and see it through?
//
// THREADS: one.
#pragma once

#include <string>

namespace gyre::cli {

struct AdminOptions {
  std::string kind;    // "synchronize" or "verify"
  std::string domain;
  std::string id;               // one entity, or
  std::string organization_id;  // an organisation's
  bool is_repair = false;
  std::string url, key;
};

// Prints the result as JSON. 0 when the job completed; for verify 1 when it found a difference.
int runAdmin(const AdminOptions& options);

}  // namespace gyre::cli
