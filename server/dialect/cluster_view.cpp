#include "server/dialect/cluster_view.hpp"

#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "server/dialect/resolve_options.hpp"

namespace gyre::dialect {

namespace {

// "VmRSS:    1234 kB" and the like, from a file of /proc.
std::int64_t procKilobytes(const char* file, std::string_view name) {
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    if (!std::string_view(line).starts_with(name)) continue;
    std::istringstream words(line.substr(name.size()));
    std::int64_t number = 0;
    words >> number;
    return number;
  }
  return 0;
}

}  // namespace

void ShardCounts::add(const IndexEntry& entry) {
  active += entry.shardCount();
  unassigned += entry.shardCount() * entry.replicaCount();
}

double ShardCounts::activePercent() const {
  const std::int64_t total = active + unassigned;
  return total == 0 ? 100.0 : 100.0 * static_cast<double>(active) / static_cast<double>(total);
}

void writeNodeIdentity(Service& service, JsonWriter& writer) {
  const std::string& host = service.identity().host;
  writer.member("name", service.identity().node_name)
      .member("transport_address", service.publishAddress())
      .member("host", host)
      .member("ip", host);
}

void writeNodesHeader(Service& service, std::size_t count, JsonWriter& writer) {
  writer.key("_nodes")
      .beginObject()
      .member("total", std::uint64_t{count})
      .member("successful", std::uint64_t{count})
      .member("failed", 0)
      .endObject()
      .member("cluster_name", service.identity().cluster_name);
}

bool namesNode(Service& service, std::string_view expression) {
  if (expression.empty()) return true;
  for (const std::string_view part : splitList(expression)) {
    if (part == "_all" || part == "_local" || part == "_master" || part == "_cluster_manager") return true;
    if (matchesWildcard(part, service.identity().node_name) || part == service.nodeId() ||
        matchesWildcard(part, service.identity().host))
      return true;
    // Roles: "data:true", and so on; this node has all of them.
    if (part.ends_with(":true")) return true;
  }
  return false;
}

ProcessFigures processFigures(const std::string& folder) {
  ProcessFigures figures;
  figures.resident_bytes = procKilobytes("/proc/self/status", "VmRSS:") * 1024;
  figures.virtual_bytes = procKilobytes("/proc/self/status", "VmSize:") * 1024;
  figures.threads = procKilobytes("/proc/self/status", "Threads:");
  figures.memory_total = procKilobytes("/proc/meminfo", "MemTotal:") * 1024;
  figures.memory_free = procKilobytes("/proc/meminfo", "MemAvailable:") * 1024;
  std::ifstream("/proc/loadavg") >> figures.load_1m >> figures.load_5m >> figures.load_15m;
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0)
    figures.cpu_millis = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
                         (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) figures.max_files = static_cast<std::int64_t>(files.rlim_cur);
  std::error_code error;
  for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd", error)) {
    (void)each;
    ++figures.open_files;
  }
  struct statvfs disk {};
  if (statvfs(folder.c_str(), &disk) == 0) {
    const auto block = static_cast<std::int64_t>(disk.f_frsize);
    figures.disk_total = static_cast<std::int64_t>(disk.f_blocks) * block;
    figures.disk_free = static_cast<std::int64_t>(disk.f_bfree) * block;
    figures.disk_available = static_cast<std::int64_t>(disk.f_bavail) * block;
  }
  figures.processors = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  figures.process_id = getpid();
  return figures;
}

}  // namespace gyre::dialect
