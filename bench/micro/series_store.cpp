// What does a sample cost the series store: CPU to apply, commit and merge, bytes on disk, time to scan; and a series,
// in memory?
//
// bench_series_store FOLDER [STEPS] [NAB_CSV...]
// The corpus is the shared bench's: 10,000 series (200 names by 50 hosts), a sample each 15 s, three decimals of a sine
// with noise. FOLDER must not exist; it is left for looking at.
#include <malloc.h>
#include <time.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "engine/directory/mmap_directory.hpp"
#include "engine/directory/ram_directory.hpp"
#include "engine/series/series_store.hpp"
#include "gyre/time.hpp"

namespace {

using namespace gyre::engine;
using namespace gyre::engine::series;

double cpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

void require(const gyre::Status& status) {
  if (status.isOk()) return;
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  std::exit(1);
}

constexpr std::uint32_t kSeries = 10'000;
constexpr std::int64_t kStart = 1'725'148'800'000;

std::string padded(std::string_view prefix, std::uint32_t number, std::size_t digits) {
  std::string text = std::to_string(number);
  text.insert(0, digits - std::min(digits, text.size()), '0');
  return std::string(prefix) + text;
}

std::string batchOf(std::uint32_t first, std::uint32_t count, std::int64_t step, std::mt19937_64& random) {
  static constexpr const char* kRegions[] = {"eu-west", "eu-north", "us-east", "us-west", "ap-south"};
  std::normal_distribution<double> noise(0, 3);
  gyre::SampleBatchWriter writer;
  for (std::uint32_t s = first; s < first + count; ++s) {
    const std::uint32_t host = s % 50;
    const std::string name = padded("app_metric_", s / 50, 3), host_name = padded("host-", host, 2);
    const std::string instance = "10.0.0." + std::to_string(host) + ":" + std::to_string(9000 + s / 50 % 7);
    const double value = 50 + 40 * std::sin(static_cast<double>(step) / 40 + s) + noise(random);
    const std::uint32_t number = writer.series(
        {{"__name__", name}, {"host", host_name}, {"region", kRegions[host % 5]}, {"instance", instance}});
    writer.sample(number, kStart + step * 15'000, std::round(value * 1000) / 1000);
  }
  return writer.finish();
}

void printBytes(const char* what, const SeriesStore& store) {
  const SeriesStoreStats stats = store.stats();
  std::printf("%s: %llu samples in %llu blocks, %.3f bytes a sample with index and roll-ups\n", what,
              static_cast<unsigned long long>(stats.samples), static_cast<unsigned long long>(stats.blocks),
              static_cast<double>(stats.block_bytes) / static_cast<double>(stats.samples));
}

void scan(const SeriesStore& store, const char* what, gyre::engine::series::Matchers matchers) {
  const double before = cpuSeconds();
  SelectRequest request;
  request.matchers = std::move(matchers);
  const auto set = store.select(request);
  require(set.status());
  const double selected = cpuSeconds();
  SampleColumns samples;
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < set.value()->size(); ++i) {
    require(set.value()->read(i, samples));
    count += samples.size();
  }
  const double read = cpuSeconds();
  std::printf("scan %s: %zu series selected in %.2f ms, %.1f million samples a second of CPU\n", what,
              set.value()->size(), (selected - before) * 1e3, static_cast<double>(count) / (read - selected) / 1e6);
}

void corpus(Directory& directory, std::int64_t steps) {
  auto opened = SeriesStore::open(directory, {});
  require(opened.status());
  SeriesStore& store = *opened.value();
  std::mt19937_64 random(1);
  std::uint64_t sequence = 1;
  double apply = 0, commit = 0, maintain = 0;
  for (std::int64_t step = 0; step < steps; ++step) {
    for (std::uint32_t first = 0; first < kSeries; first += 2000) {
      const std::string bytes = batchOf(first, 2000, step, random);
      const double before = cpuSeconds();
      const auto batch = gyre::SampleBatch::read(bytes);
      require(batch.status());
      require(store.apply(batch.value(), sequence));
      apply += cpuSeconds() - before;
      sequence += 2000;
    }
    if (step % 40 != 39 && step + 1 != steps) continue;  // a commit every ten minutes
    const double before = cpuSeconds();
    require(store.commit().status());
    const double committed = cpuSeconds();
    require(store.maintain(kStart + step * 15'000));
    commit += committed - before;
    maintain += cpuSeconds() - committed;
  }
  const double millions = static_cast<double>(steps) * kSeries / 1e6;
  std::printf("corpus: CPU seconds a million samples: apply %.3f, commit %.3f, merges and roll-ups %.3f\n",
              apply / millions, commit / millions, maintain / millions);
  printBytes("corpus", store);
  std::uint64_t raw = 0, samples = 0;
  const auto names = directory.list();
  require(names.status());
  for (const auto& name : names.value()) {
    if (!isBlockName(name)) continue;
    const auto block = Block::open(directory, name);
    require(block.status());
    if (block.value()->summary().resolution_ms != 0) continue;
    raw += block.value()->sizeBytes();
    samples += block.value()->summary().samples;
  }
  std::printf("corpus: %.3f bytes a sample without roll-ups\n",
              static_cast<double>(raw) / static_cast<double>(samples));
  using Kind = Matcher::Kind;
  scan(store, "one name", {Matcher::make("__name__", Kind::kEqual, "app_metric_007").value()});
  scan(store, "1,000 series", {Matcher::make("__name__", Kind::kRegex, "app_metric_0[01].").value()});
  scan(store, "all", {});
}

// A million series, each with a few samples: what one costs in memory.
void churn() {
  RamDirectory directory;
  SeriesStoreOptions options;
  options.head_bytes = std::size_t{4} << 30;
  auto store = SeriesStore::open(directory, options);
  require(store.status());
  const auto before = mallinfo2().uordblks;
  const double began = cpuSeconds();
  std::uint64_t sequence = 1;
  for (std::uint32_t first = 0; first < 1'000'000; first += 5000) {
    gyre::SampleBatchWriter writer;
    for (std::uint32_t s = first; s < first + 5000; ++s) {
      const std::string pod = "pod-" + std::to_string(s), node = "node-" + std::to_string(s % 500);
      const std::string name = "container_metric_" + std::to_string(s % 50);
      const std::uint32_t series =
          writer.series({{"__name__", name}, {"namespace", "shop"}, {"node", node}, {"pod", pod}});
      for (int i = 0; i < 4; ++i) writer.sample(series, kStart + i * 15'000, i);
    }
    const std::string bytes = writer.finish();
    require(store.value()->apply(gyre::SampleBatch::read(bytes).value(), sequence));
    sequence += 20'000;
  }
  std::printf(
      "churn: 1,000,000 new series with 4 samples each: %.0f bytes a series in memory (%.0f by its own reckoning), "
      "%.2f s of CPU with making the batches\n",
      static_cast<double>(mallinfo2().uordblks - before) / 1e6,
      static_cast<double>(store.value()->stats().head_bytes) / 1e6, cpuSeconds() - began);
  const double writing = cpuSeconds();
  require(store.value()->commit().status());
  std::printf("churn: written out in %.2f s of CPU, %.1f bytes a series on disk\n", cpuSeconds() - writing,
              static_cast<double>(store.value()->stats().block_bytes) / 1e6);
}

// Each file is a series: a header, then "2014-02-14 14:30:00,0.132" a line.
void nab(int count, char** files) {
  RamDirectory directory;
  auto store = SeriesStore::open(directory, {});
  require(store.status());
  std::uint64_t sequence = 1;
  for (int i = 0; i < count; ++i) {
    std::ifstream file(files[i]);
    std::string line;
    std::getline(file, line);
    gyre::SampleBatchWriter writer;
    const std::uint32_t series = writer.series({{"__name__", "nab"}, {"file", files[i]}});
    while (std::getline(file, line)) {
      const std::size_t comma = line.find(',');
      std::string time = line.substr(0, comma);
      time.append(1, 'Z');
      const auto millis = gyre::parseTime(time);
      double value = 0;
      std::from_chars(line.data() + comma + 1, line.data() + line.size(), value);
      if (millis) writer.sample(series, *millis, value);
    }
    const std::string bytes = writer.finish();
    const auto batch = gyre::SampleBatch::read(bytes).value();
    require(store.value()->apply(batch, sequence));
    sequence += batch.sampleCount();
  }
  require(store.value()->commit().status());
  printBytes("NAB, before merges", *store.value());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: bench_series_store FOLDER [STEPS] [NAB_CSV...]\n");
    return 2;
  }
  auto directory = MmapDirectory::open(std::string(argv[1]));
  require(directory.status());
  corpus(*directory.value(), argc > 2 ? std::strtoll(argv[2], nullptr, 10) : 720);
  churn();
  if (argc > 3) nab(argc - 3, argv + 3);
  return 0;
}
