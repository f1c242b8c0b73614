#include "server/request_metrics.hpp"

#include <mutex>

namespace gyre {

RequestMetrics::RequestMetrics(observe::MetricsRegistry& registry, std::string_view kind)
    : registry_(registry), kind_(kind), total_name_(kind_ == "query" ? "gyre_queries_total" : "gyre_commands_total") {}

void RequestMetrics::count(std::string_view domain, std::string_view name, std::string_view outcome, double seconds) {
  std::string key(domain);
  key.append(1, '\0').append(name).append(1, '\0').append(outcome);
  const Instruments instruments = find(key, domain, name, outcome);
  instruments.total->add();
  instruments.duration->observe(seconds);
}

RequestMetrics::Instruments RequestMetrics::find(const std::string& key, std::string_view domain, std::string_view name,
                                                 std::string_view outcome) {
  {
    const std::shared_lock lock(mutex_);
    if (const auto found = instruments_.find(key); found != instruments_.end()) return found->second;
  }
  const observe::Labels names = {{"domain", std::string(domain)}, {kind_, std::string(name)}};
  observe::Labels all = names;
  all.emplace_back("outcome", outcome);
  Instruments made;
  made.total = &registry_.counter(total_name_, "requests answered, by outcome", all);
  made.duration = &registry_.histogram("gyre_" + kind_ + "_duration_seconds", "from the request's last byte to its answer",
                                       observe::durationBounds(), names);
  const std::unique_lock lock(mutex_);
  return instruments_.emplace(key, made).first->second;
}

}  // namespace gyre
