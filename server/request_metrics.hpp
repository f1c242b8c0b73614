// How many requests came to what end, and how long did they take? Instruments by domain, name and outcome.
//
// THREADS: count from any; finding an instrument made before is a shared lock and a hash.
#pragma once

#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "server/observe/metrics.hpp"

namespace gyre {

class RequestMetrics {
 public:
  // `kind`: "command" or "query", giving gyre_commands_total and gyre_command_duration_seconds.
  RequestMetrics(observe::MetricsRegistry& registry, std::string_view kind);
  void count(std::string_view domain, std::string_view name, std::string_view outcome, double seconds);

 private:
  struct Instruments {
    observe::Counter* total = nullptr;
    observe::Histogram* duration = nullptr;
  };
  Instruments find(const std::string& key, std::string_view domain, std::string_view name, std::string_view outcome);

  observe::MetricsRegistry& registry_;
  const std::string kind_;
  const std::string total_name_;
  std::shared_mutex mutex_;
  std::unordered_map<std::string, Instruments> instruments_;
};

}  // namespace gyre
