#include "server/observe/metrics.hpp"

#include <dirent.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

namespace gyre::observe {

namespace {

// What the kernel says about this process in /proc/self/stat, past the program's name (which may hold spaces).
struct ProcessState {
  double threads = 0, start_ticks = 0, resident_pages = 0, virtual_bytes = 0;
  bool is_known = false;
};

ProcessState readProcessState() {
  std::ifstream file("/proc/self/stat");
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream fields(text.substr(name_end + 1));
  std::string field;
  ProcessState state;
  // proc(5) numbers the fields from 1; the one after the name is 3.
  for (int number = 3; number <= 24 && fields >> field; ++number) {
    if (number == 20) state.threads = std::atof(field.c_str());
    if (number == 22) state.start_ticks = std::atof(field.c_str());
    if (number == 23) state.virtual_bytes = std::atof(field.c_str());
    if (number == 24) {
      state.resident_pages = std::atof(field.c_str());
      state.is_known = true;
    }
  }
  return state;
}

double countOpenFiles() {
  DIR* const folder = opendir("/proc/self/fd");
  if (folder == nullptr) return 0;
  double count = 0;
  while (const dirent* const entry = readdir(folder))
    if (entry->d_name[0] != '.') ++count;
  closedir(folder);
  return count - 1;  // without the one that lists them
}

double cpuSeconds() {
  timespec spent{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) / 1e9;
}

double bootSeconds() {
  timespec wall{}, since_boot{};
  clock_gettime(CLOCK_REALTIME, &wall);
  clock_gettime(CLOCK_BOOTTIME, &since_boot);
  return static_cast<double>(wall.tv_sec - since_boot.tv_sec) +
         static_cast<double>(wall.tv_nsec - since_boot.tv_nsec) / 1e9;
}

void collectProcess(Samples& samples, double start_seconds) {
  samples.counter("gyre_process_cpu_seconds_total", "user and system CPU time spent", {}, cpuSeconds());
  samples.gauge("gyre_process_open_fds", "open file descriptors", {}, countOpenFiles());
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
    samples.gauge("gyre_process_max_fds", "file descriptors that may be open", {}, static_cast<double>(limit.rlim_cur));
  samples.gauge("gyre_process_start_time_seconds", "when the process started, seconds since 1970 UTC", {},
                start_seconds);
  const ProcessState state = readProcessState();
  if (!state.is_known) return;
  samples.gauge("gyre_process_resident_memory_bytes", "resident memory", {},
                state.resident_pages * static_cast<double>(sysconf(_SC_PAGESIZE)));
  samples.gauge("gyre_process_virtual_memory_bytes", "virtual memory", {}, state.virtual_bytes);
  samples.gauge("gyre_process_threads", "threads", {}, state.threads);
}

}  // namespace

MetricsRegistry::CollectorHandle addProcessMetrics(MetricsRegistry& registry, std::string version) {
  registry.gauge("gyre_build_info", "always 1; the version is a label", {{"version", std::move(version)}}).set(1);
  // Once: computed anew it would wander with every step of the wall clock.
  const double start_seconds =
      bootSeconds() + readProcessState().start_ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
  return registry.addCollector([start_seconds](Samples& samples) { collectProcess(samples, start_seconds); });
}

}  // namespace gyre::observe
