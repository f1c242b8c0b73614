// What must a series store hold after these batches? A map of vectors, asked the same questions.
//
// THREADS: one thread.
#pragma once

#include <cppunit/extensions/HelperMacros.h>

#include <bit>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "engine/series/memory_source.hpp"
#include "engine/series/series_store.hpp"
#include "gyre/sample_batch.hpp"

namespace gyre::engine::series::test {

// A batch as it would lie in a log.
struct LoggedBatch {
  std::string bytes;
  std::uint64_t first_sequence = 0;
  std::size_t count = 0;
  SampleBatch batch() const { return SampleBatch::read(bytes).value(); }
};

inline void requireOk(const Status& status) { CPPUNIT_ASSERT_MESSAGE(std::string(status.message()), status.isOk()); }

inline void applyTo(MemorySource& model, const LoggedBatch& logged) {
  const SampleBatch batch = logged.batch();
  for (std::size_t i = 0; i < batch.sampleCount(); ++i) {
    const gyre::Sample sample = batch.sample(i);
    Labels labels;
    for (const gyre::Label& label : batch.labels(sample.series))
      labels.push_back({std::string(label.name), std::string(label.value)});
    model.add(std::move(labels), sample.time_millis, sample.value);
  }
}

// Random batches: series with labels that overlap, times that mostly advance, now and then late or the same again,
// values of all kinds.
class BatchMaker {
 public:
  explicit BatchMaker(std::uint32_t seed) : random_(seed) {}

  LoggedBatch next() {
    SampleBatchWriter writer;
    const std::size_t count = 1 + random_() % 60;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t number = random_() % 40;
      const std::string host = "host-" + std::to_string(number % 7);
      const std::string name = "metric_" + std::to_string(number % 3);
      const std::string shard = std::to_string(number);
      std::vector<gyre::Label> labels = {{"__name__", name}, {"host", host}};
      if (number % 2 == 0) labels.push_back({"shard", shard});
      if (random_() % 50 == 0) now_ms_ += static_cast<std::int64_t>(random_() % (3 * kHourMs));
      now_ms_ += static_cast<std::int64_t>(random_() % 20'000);
      std::int64_t time_ms = now_ms_;
      if (random_() % 10 == 0) time_ms -= static_cast<std::int64_t>(random_() % (30 * kHourMs));
      if (random_() % 10 == 0) time_ms = last_ms_;
      last_ms_ = time_ms;
      writer.sample(writer.series(labels, {MetricType::kGauge, "what " + name + " is", ""}), time_ms, value());
    }
    LoggedBatch logged{writer.finish(), sequence_ + 1, count};
    sequence_ += count;
    return logged;
  }
  std::int64_t nowMs() const { return now_ms_; }

 private:
  double value() {
    switch (random_() % 6) {
      case 0: return staleMarker();
      case 1: return std::bit_cast<double>(random_());
      case 2: return static_cast<double>(random_() % 1000);
      default: return static_cast<double>(random_() % 100'000) / 1000;
    }
  }
  std::mt19937_64 random_;
  std::uint64_t sequence_ = 0;
  std::int64_t now_ms_ = 1'725'148'800'000;
  std::int64_t last_ms_ = 1'725'148'800'000;
};

inline Matcher matcher(std::string name, Matcher::Kind kind, std::string value) {
  return Matcher::make(std::move(name), kind, std::move(value)).value();
}

// Asks both for every sample in the range; series without any are left out.
inline void requireSame(const SeriesSource& store, const SeriesSource& model, const Matchers& matchers,
                        std::int64_t from_ms, std::int64_t to_ms, const std::string& where) {
  const auto ask = [&](const SeriesSource& source) {
    SelectRequest request;
    request.matchers = matchers;
    request.from_ms = from_ms;
    request.to_ms = to_ms;
    auto set = source.select(request);
    requireOk(set.status());
    std::vector<std::pair<Labels, SampleColumns>> found;
    for (std::size_t i = 0; i < set.value()->size(); ++i) {
      SampleColumns samples;
      requireOk(set.value()->read(i, samples));
      if (samples.size() > 0) found.emplace_back(set.value()->labels(i), std::move(samples));
    }
    return found;
  };
  const auto expected = ask(model);
  const auto found = ask(store);
  CPPUNIT_ASSERT_EQUAL_MESSAGE(where, expected.size(), found.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CPPUNIT_ASSERT_MESSAGE(where, expected[i].first == found[i].first);
    CPPUNIT_ASSERT_MESSAGE(where + ": times of series " + std::to_string(i),
                           expected[i].second.times == found[i].second.times);
    for (std::size_t k = 0; k < found[i].second.size(); ++k)
      CPPUNIT_ASSERT_MESSAGE(where + ": values of series " + std::to_string(i),
                             std::bit_cast<std::uint64_t>(expected[i].second.values[k]) ==
                                 std::bit_cast<std::uint64_t>(found[i].second.values[k]));
  }
}

inline constexpr std::int64_t kEver = std::numeric_limits<std::int64_t>::max();
inline void requireSame(const SeriesSource& store, const SeriesSource& model, const std::string& where) {
  requireSame(store, model, {}, std::numeric_limits<std::int64_t>::min(), kEver, where);
}

}  // namespace gyre::engine::series::test
