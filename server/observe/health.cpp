#include "server/observe/health.hpp"

#include "gyre/json_writer.hpp"

namespace gyre::observe {

namespace {

std::string_view statusName(DomainStatus status) {
  switch (status) {
    case DomainStatus::kReady: return "ready";
    case DomainStatus::kStarting: return "starting";
    case DomainStatus::kFailed: return "failed";
    case DomainStatus::kDisabled: return "disabled";
  }
  return "failed";
}

void writeDomain(JsonWriter& writer, std::string_view name, const DomainHealth& health) {
  writer.key(name).beginObject().member("status", statusName(health.status)).member("lag", health.lag);
  for (const auto& [key, value] : health.values) writer.member(key, value);
  if (!health.detail.empty()) writer.member("detail", health.detail);
  writer.endObject();
}

}  // namespace

void Health::setDomain(std::string name, Probe probe) {
  const std::lock_guard lock(mutex_);
  probes_.insert_or_assign(std::move(name), std::move(probe));
}

void Health::setDomain(std::string name, DomainHealth health) {
  setDomain(std::move(name), Probe([health = std::move(health)] { return health; }));
}

void Health::removeDomain(std::string_view name) {
  const std::lock_guard lock(mutex_);
  if (const auto found = probes_.find(name); found != probes_.end()) probes_.erase(found);
}

void Health::setRoles(std::vector<std::string> roles) {
  const std::lock_guard lock(mutex_);
  roles_ = std::move(roles);
}

void Health::setServing() {
  const std::lock_guard lock(mutex_);
  if (phase_ == Phase::kStarting) phase_ = Phase::kServing;
}

void Health::setStopping() {
  const std::lock_guard lock(mutex_);
  phase_ = Phase::kStopping;
}

HealthAnswer Health::liveness() const { return {200, R"({"status":"alive"})"}; }

HealthAnswer Health::readiness() const {
  // Under the lock, so that a probe is never run after removeDomain() or setDomain() has replaced it.
  const std::lock_guard lock(mutex_);
  std::string domains;
  JsonWriter writer(domains);
  writer.beginObject();
  bool all_serve = true;
  for (const auto& [name, probe] : probes_) {
    const DomainHealth health = probe();
    if (health.status != DomainStatus::kReady && health.status != DomainStatus::kDisabled) all_serve = false;
    writeDomain(writer, name, health);
  }
  writer.endObject();

  const bool is_ready = phase_ == Phase::kServing && all_serve;
  HealthAnswer answer{is_ready ? 200 : 503, {}};
  JsonWriter body(answer.body);
  body.beginObject().member("status", phase_ == Phase::kStarting   ? "starting"
                                      : phase_ == Phase::kStopping ? "stopping"
                                      : all_serve                  ? "ready"
                                                                   : "not_ready");
  if (!roles_.empty()) {
    body.key("roles").beginArray();
    for (const std::string& role : roles_) body.string(role);
    body.endArray();
  }
  body.rawMember("domains", domains).endObject();
  return answer;
}

}  // namespace gyre::observe
