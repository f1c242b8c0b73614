// Answers PromQL queries about samples in a text file, for tests and measurements that compare with Prometheus.
//
// usage: promql_answers [--time] FOLDER SAMPLES < QUERIES
//   FOLDER: where the series store is; an empty one is filled from SAMPLES, another is used as it is
//   SAMPLES: a line "series up{job="a"}" begins a series, each line after it is "MILLISECONDS VALUE"
//   QUERIES: a line each: "START END STEP QUERY", in milliseconds; step 0 asks at START alone
//   answers: a line each: the data as JSON, or "!REASON MESSAGE". With --time the CPU seconds of each instead
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "engine/directory/mmap_directory.hpp"
#include "engine/promql/parser.hpp"
#include "engine/promql/query.hpp"
#include "engine/series/series_store.hpp"
#include "gyre/sample_batch.hpp"

namespace {

using gyre::Status;
using gyre::engine::series::SeriesStore;

int fail(std::string_view message) {
  std::cerr << "promql_answers: " << message << '\n';
  return 2;
}

// Applies the file's samples in batches of this many, as senders would.
constexpr std::size_t kBatch = 20'000;

Status load(const char* path, SeriesStore& store) {
  std::ifstream in(path);
  std::vector<gyre::Label> labels;
  std::vector<std::string> texts;
  gyre::SampleBatchWriter writer;
  std::uint32_t series = 0;
  std::size_t waiting = 0;
  std::uint64_t sequence = 1;
  std::int64_t newest = 0;
  const auto flush = [&]() -> Status {
    const std::string bytes = writer.finish();
    GYRE_TRY_ASSIGN(const gyre::SampleBatch batch, gyre::SampleBatch::read(bytes));
    GYRE_TRY(store.apply(batch, sequence));
    sequence += waiting;
    waiting = 0;
    writer = gyre::SampleBatchWriter();
    return {};
  };
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("series ")) {
      if (waiting > kBatch) GYRE_TRY(flush());
      GYRE_TRY_ASSIGN(const auto matchers, gyre::engine::promql::parseSelector(std::string_view(line).substr(7)));
      texts.clear();
      labels.clear();
      for (const auto& matcher : matchers) {
        texts.push_back(matcher.name());
        texts.push_back(matcher.value());
      }
      for (std::size_t i = 0; i < texts.size(); i += 2) labels.push_back({texts[i], texts[i + 1]});
      series = writer.series(labels);
      continue;
    }
    std::int64_t time = 0;
    const auto at = std::from_chars(line.data(), line.data() + line.size(), time).ptr;
    writer.sample(series, time, std::strtod(at, nullptr));
    newest = std::max(newest, time);
    ++waiting;
  }
  if (waiting > 0) GYRE_TRY(flush());
  GYRE_TRY_ASSIGN(const std::uint64_t durable, store.commit());
  (void)durable;
  // Late enough for every block to be merged and rolled up.
  return store.maintain(newest + 7 * 86'400'000LL);
}

double cpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

}  // namespace

int main(int argc, char** argv) {
  const bool is_timing = argc == 4 && std::strcmp(argv[1], "--time") == 0;
  if (argc != 3 && !is_timing) return fail("usage: promql_answers [--time] FOLDER SAMPLES < QUERIES");
  auto directory = gyre::engine::MmapDirectory::open(std::string(argv[argc - 2]));
  if (!directory.isOk()) return fail(directory.status().message());
  auto store = SeriesStore::open(**directory, {});
  if (!store.isOk()) return fail(store.status().message());
  if ((*store)->durableSequence() == 0)
    if (const Status loaded = load(argv[argc - 1], **store); !loaded.isOk()) return fail(loaded.message());
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    std::int64_t numbers[3] = {};
    const char* at = line.data();
    const char* const end = line.data() + line.size();
    for (std::int64_t& number : numbers) {
      at = std::from_chars(at, end, number).ptr;
      if (at != end) ++at;
    }
    const std::string_view query(at, static_cast<std::size_t>(end - at));
    const double before = cpuSeconds();
    const auto answer = gyre::engine::promql::answerQuery(**store, query, {numbers[0], numbers[1], numbers[2]}, {});
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
