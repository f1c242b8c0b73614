// Does this server live, and does every domain serve? What /healthz and /readyz answer.
//
// Ready means: started, not stopping, and every enabled domain says so. A disabled domain is shown and does not count.
//
// THREADS: everything from any thread; probes run on the asker's thread and must not block.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gyre::observe {

enum class DomainStatus : std::uint8_t {
  kReady,     // serves
  kStarting,  // not yet
  kFailed,    // cannot; `detail` says why
  kDisabled,  // by configuration or administration
};

struct DomainHealth {
  DomainStatus status = DomainStatus::kStarting;
  std::uint64_t lag = 0;                                      // events not in the index yet
  std::string detail;                                         // left out when ""
  std::vector<std::pair<std::string, std::uint64_t>> values;  // shown after lag: "sequence", "generation", …
};

struct HealthAnswer {
  int http_status = 200;
  std::string body;  // JSON
};

class Health {
 public:
  using Probe = std::function<DomainHealth()>;

  // Replaces the domain's former probe.
  void setDomain(std::string name, Probe probe);
  // A domain that says the same until it is set again.
  void setDomain(std::string name, DomainHealth health);
  void removeDomain(std::string_view name);

  // Shown when there are any.
  void setRoles(std::vector<std::string> roles);

  // starting (as made) → serving → stopping.
  void setServing();
  void setStopping();

  // {"status":"alive"}, always 200: whoever can answer lives.
  HealthAnswer liveness() const;
  // {"status":"ready","roles":["read"],"domains":{"payments":{"status":"ready","lag":0}}}: 200, or 503 with "status"
  // starting, stopping or not_ready.
  HealthAnswer readiness() const;

 private:
  enum class Phase : std::uint8_t { kStarting, kServing, kStopping };
  mutable std::mutex mutex_;
  Phase phase_ = Phase::kStarting;
  std::vector<std::string> roles_;
  std::map<std::string, Probe, std::less<>> probes_;
};

}  // namespace gyre::observe
