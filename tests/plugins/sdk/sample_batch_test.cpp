// Sample batches: what was written is read, and damaged bytes are refused, never followed.
#include <cppunit/extensions/HelperMacros.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "gyre/sample_batch.hpp"

namespace gyre {
namespace {

std::string someBatch() {
  SampleBatchWriter writer;
  const auto up = writer.series({{"job", "api"}, {"__name__", "up"}, {"empty", ""}}, {MetricType::kGauge, "is it", ""});
  const auto down = writer.series({{"__name__", "down"}, {"job", "api"}});
  writer.sample(up, 1'000, 1.0);
  writer.sample(down, std::numeric_limits<std::int64_t>::min(), -0.0);
  writer.sample(up, 2'000, std::numeric_limits<double>::infinity());
  return writer.finish();
}

// Reads everything there is to read.
std::size_t readAll(const SampleBatch& batch) {
  std::size_t sum = 0;
  for (std::size_t i = 0; i < batch.seriesCount(); ++i) {
    for (const Label& label : batch.labels(i)) sum += label.name.size() + label.value.size();
    sum += batch.description(i).help.size() + batch.description(i).unit.size();
  }
  for (std::size_t i = 0; i < batch.sampleCount(); ++i) sum += batch.sample(i).series;
  return sum;
}

}  // namespace

class SampleBatchTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(SampleBatchTest);
  CPPUNIT_TEST(readsWhatWasWritten);
  CPPUNIT_TEST(sameLabelsAreOneSeries);
  CPPUNIT_TEST(everyBitOfAValueIsKept);
  CPPUNIT_TEST(everyCutIsRefused);
  CPPUNIT_TEST(damagedBytesAreRefusedOrSafe);
  CPPUNIT_TEST_SUITE_END();

  void readsWhatWasWritten() {
    const std::string bytes = someBatch();
    const auto batch = SampleBatch::read(bytes);
    CPPUNIT_ASSERT(batch.isOk());
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, batch->seriesCount());
    CPPUNIT_ASSERT(batch->labels(0) == (std::vector<Label>{{"__name__", "up"}, {"job", "api"}}));
    CPPUNIT_ASSERT(batch->labels(1) == (std::vector<Label>{{"__name__", "down"}, {"job", "api"}}));
    CPPUNIT_ASSERT(batch->description(0).type == MetricType::kGauge);
    CPPUNIT_ASSERT_EQUAL(std::string("is it"), std::string(batch->description(0).help));
    CPPUNIT_ASSERT(batch->description(1).type == MetricType::kUnknown);
    CPPUNIT_ASSERT_EQUAL(std::size_t{3}, batch->sampleCount());
    CPPUNIT_ASSERT_EQUAL(std::uint32_t{1}, batch->sample(1).series);
    CPPUNIT_ASSERT_EQUAL(std::numeric_limits<std::int64_t>::min(), batch->sample(1).time_millis);
    CPPUNIT_ASSERT(std::signbit(batch->sample(1).value));
    CPPUNIT_ASSERT(std::isinf(batch->sample(2).value));
  }

  void sameLabelsAreOneSeries() {
    SampleBatchWriter writer;
    const auto first = writer.series({{"a", "1"}, {"b", "2"}});
    CPPUNIT_ASSERT_EQUAL(first, writer.series({{"b", "2"}, {"a", "1"}}, {MetricType::kCounter, "late", ""}));
    CPPUNIT_ASSERT(first != writer.series({{"a", "2"}, {"b", "1"}}));
    CPPUNIT_ASSERT(writer.series({{"a", "1b"}}) != writer.series({{"a1", "b"}}));
    CPPUNIT_ASSERT_EQUAL(std::size_t{4}, writer.seriesCount());
  }

  void everyBitOfAValueIsKept() {
    const std::uint64_t stale = 0x7ff0000000000002;  // Prometheus' stale marker
    SampleBatchWriter writer;
    double value = 0;
    std::memcpy(&value, &stale, sizeof value);
    writer.sample(writer.series({{"a", "1"}}), 0, value);
    const std::string bytes = writer.finish();
    const double found = SampleBatch::read(bytes)->sample(0).value;
    std::uint64_t bits = 0;
    std::memcpy(&bits, &found, sizeof bits);
    CPPUNIT_ASSERT_EQUAL(stale, bits);
  }

  void everyCutIsRefused() {
    const std::string bytes = someBatch();
    for (std::size_t size = 0; size < bytes.size(); ++size)
      CPPUNIT_ASSERT(!SampleBatch::read(std::string_view(bytes).substr(0, size)).isOk());
    CPPUNIT_ASSERT(!SampleBatch::read(bytes + "x").isOk());
  }

  void damagedBytesAreRefusedOrSafe() {
    const auto seed = std::random_device{}();
    std::mt19937 random(seed);
    const std::string bytes = someBatch();
    std::size_t refused = 0;
    for (int round = 0; round < 20'000; ++round) {
      std::string damaged = bytes;
      for (unsigned i = 0; i <= random() % 3; ++i) damaged[random() % damaged.size()] = static_cast<char>(random());
      const auto batch = SampleBatch::read(damaged);
      if (batch.isOk())
        readAll(*batch);
      else
        ++refused;
    }
    CPPUNIT_ASSERT_MESSAGE("seed " + std::to_string(seed), refused > 1'000);
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SampleBatchTest);

}  // namespace gyre
