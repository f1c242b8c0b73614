// Answers PromQL queries about samples in a text file, for tests and measurements that compare with Prometheus.
//
// usage: promql_answers SAMPLES < QUERIES
//   SAMPLES: a line "series up{job="a"}" begins a series, each line after it is "MILLISECONDS VALUE"
//   QUERIES: a line each: "START END STEP QUERY", in milliseconds; step 0 asks at START alone
//   answers: a line each: the data as JSON, or "!REASON MESSAGE". With --time the CPU seconds of each instead
#include <charconv>
#include <chrono>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iostream>
#include <string>

#include "engine/promql/parser.hpp"
#include "engine/promql/query.hpp"
#include "engine/series/memory_source.hpp"

namespace {

using gyre::engine::series::Labels;
using gyre::engine::series::MemorySource;

int fail(const std::string& message) {
  std::cerr << "promql_answers: " << message << '\n';
  return 2;
}

bool load(const char* path, MemorySource& source, std::string& message) {
  std::ifstream in(path);
  Labels labels;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("series ")) {
      const auto matchers = gyre::engine::promql::parseSelector(line.substr(7));
      if (!matchers.isOk()) {
        message.assign(matchers.status().message());
        return false;
      }
      labels.clear();
      for (const auto& matcher : *matchers) labels.push_back({matcher.name(), matcher.value()});
      continue;
    }
    std::int64_t time = 0;
    const auto at = std::from_chars(line.data(), line.data() + line.size(), time).ptr;
    source.add(labels, time, std::strtod(at, nullptr));
  }
  return true;
}

double cpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

}  // namespace

int main(int argc, char** argv) {
  const bool is_timing = argc == 3 && std::strcmp(argv[1], "--time") == 0;
  if (argc != 2 && !is_timing) return fail("usage: promql_answers [--time] SAMPLES < QUERIES");
  MemorySource source;
  std::string message;
  if (!load(argv[argc - 1], source, message)) return fail(message);
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    std::int64_t numbers[3] = {};
    const char* at = line.data();
    const char* const end = line.data() + line.size();
    for (std::int64_t& number : numbers) {
      at = std::from_chars(at, end, number).ptr;
      if (at != end) ++at;
    }
    const double before = cpuSeconds();
    const auto answer = gyre::engine::promql::answerQuery(
        source, std::string_view(at, static_cast<std::size_t>(end - at)), {numbers[0], numbers[1], numbers[2]}, {});
    if (is_timing) {
      std::cout << cpuSeconds() - before << ' ' << (answer.isOk() ? answer->size() : 0) << '\n';
    } else if (answer.isOk()) {
      std::cout << *answer << '\n';
    } else {
      std::cout << '!' << answer.status().reason() << ' ' << answer.status().message() << '\n';
    }
    std::cout.flush();
  }
  return 0;
}
