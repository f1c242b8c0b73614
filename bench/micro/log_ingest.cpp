// What does a record of a stream cost the engine, part by part?
//
//   bench_log_ingest LINES MAPPING [documents a refresh]
//   bench_log_ingest --merge FOLDER
//
// LINES: a document a line, as records are (the members of plugins/logs/mapping.json). They are appended 512 at a time,
// as server/stream does, with a refresh every so many (80,000) and a commit every 200,000; then what is due is merged.
// CPU is the thread's own.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/observer.hpp"
#include "engine/directory/mmap_directory.hpp"
#include "engine/index.hpp"

namespace {

using gyre::engine::Operation;

constexpr std::size_t kPortion = 512, kCommit = 200'000;

double cpuSeconds() {
  std::timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

bool report(const gyre::Status& status) {
  if (!status.isOk())
    std::fprintf(stderr, "%.*s\n", static_cast<int>(status.message().size()), status.message().data());
  return status.isOk();
}

std::string contentOf(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Spent {
  double apply = 0, refresh = 0, commit = 0, merge = 0;
};

bool ingest(gyre::engine::Index& index, const std::vector<std::string_view>& lines, std::size_t refresh, Spent& spent) {
  const auto timed = [](double& sum, auto&& work) {
    const double began = cpuSeconds();
    const bool is_good = report(work());
    sum += cpuSeconds() - began;
    return is_good;
  };
  std::string sources;
  for (std::size_t first = 0; first < lines.size(); first += kPortion) {
    const std::size_t end = std::min(lines.size(), first + kPortion);
    std::vector<Operation> operations(end - first);
    std::vector<std::size_t> ends;
    sources.clear();
    for (std::size_t i = first; i < end; ++i) {
      sources.append("{\"sequence\":").append(std::to_string(i + 1)).append(",").append(lines[i].substr(1));
      ends.push_back(sources.size());
    }
    for (std::size_t i = first, from = 0; i < end; from = ends[i++ - first]) {
      Operation& operation = operations[i - first];
      operation.source = std::string_view(sources).substr(from, ends[i - first] - from);
      operation.version = i + 1;
      operation.versioning = Operation::Versioning::kAppended;
      operation.id_number = static_cast<std::int64_t>(1'717'200'000'000 + i);
    }
    if (!timed(spent.apply, [&] { return index.apply(operations, end).status(); })) return false;
    if (end / refresh != first / refresh && !timed(spent.refresh, [&] { return index.refresh(); })) return false;
    if (end / kCommit != first / kCommit && !timed(spent.commit, [&] { return index.commit(); })) return false;
  }
  return timed(spent.commit, [&] { return index.commit(); }) && timed(spent.merge, [&] { return index.merge(); });
}

// Megabytes that are no file's.
std::size_t anonymousMb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("RssAnon:")) return std::strtoull(line.c_str() + 8, nullptr, 10) / 1024;
  return 0;
}

int mergeAll(const char* folder) {
  auto directory = gyre::engine::MmapDirectory::open(std::string(folder));
  if (!report(directory.status())) return 1;
  gyre::base::NullObserver observer;
  gyre::engine::IndexOptions options;
  options.merge_in_background = false;
  auto index = gyre::engine::Index::open(*directory.value(), "", options, observer);
  if (!report(index.status())) return 1;
  const auto before = index.value()->stats();
  const std::size_t opened = anonymousMb();
  std::atomic<bool> is_over{false};
  std::size_t most = 0;
  std::thread watch([&] {
    for (; !is_over; std::this_thread::sleep_for(std::chrono::milliseconds(20))) most = std::max(most, anonymousMb());
  });
  const double began = cpuSeconds();
  const bool is_good = report(index.value()->forceMerge(1));
  const double spent = cpuSeconds() - began;
  is_over = true;
  watch.join();
  const double lines = static_cast<double>(before.doc_count);
  std::printf("%.0f documents of %.1f bytes in %llu segments: CPU %.2f us each, %zu MB when opened, %zu MB at most\n",
              lines, static_cast<double>(before.size_bytes) / lines,
              static_cast<unsigned long long>(before.segment_count), spent / lines * 1e6, opened, most);
  return is_good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "--merge") return mergeAll(argv[2]);
  if (argc < 3) return 2;
  const std::string content = contentOf(argv[1]), mapping = contentOf(argv[2]);
  const std::size_t refresh = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 80'000;
  std::vector<std::string_view> lines;
  for (std::size_t at = 0; at < content.size();) {
    const std::size_t end = content.find('\n', at);
    lines.push_back(std::string_view(content).substr(at, end - at));
    at = end == std::string::npos ? content.size() : end + 1;
  }
  const auto folder = std::filesystem::temp_directory_path() / "gyre-bench-log-ingest";
  std::filesystem::remove_all(folder);
  auto directory = gyre::engine::MmapDirectory::open(folder.string());
  if (!report(directory.status())) return 1;
  gyre::base::NullObserver observer;
  gyre::engine::IndexOptions options;
  options.merge_in_background = false;
  auto index = gyre::engine::Index::open(*directory.value(), mapping, options, observer);
  Spent spent;
  if (!report(index.status()) || !ingest(*index.value(), lines, refresh, spent)) return 1;
  const double count = static_cast<double>(lines.size()) / 1e6;
  const auto stats = index.value()->stats();
  std::printf(
      "CPU us a line: apply %.2f, refresh %.2f, commit %.2f, merge %.2f, all %.2f; %llu segments, %.1f bytes a line\n",
      spent.apply / count, spent.refresh / count, spent.commit / count, spent.merge / count,
      (spent.apply + spent.refresh + spent.commit + spent.merge) / count,
      static_cast<unsigned long long>(stats.segment_count),
      static_cast<double>(stats.size_bytes) / static_cast<double>(lines.size()));
  index.value().reset();
  std::filesystem::remove_all(folder);
  return 0;
}
