#include "engine/series/chunk.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "engine/series/integer_codec.hpp"
#include "engine/series/value_codec.hpp"

namespace gyre::engine::series {
namespace {

constexpr std::int64_t kStart = 1'725'148'800'000;

SampleColumns regular(std::size_t count, const std::function<double(std::size_t)>& value) {
  SampleColumns samples;
  for (std::size_t i = 0; i < count; ++i) samples.add(kStart + static_cast<std::int64_t>(i) * 15'000, value(i));
  return samples;
}

bool isSame(const SampleColumns& left, const SampleColumns& right) {
  if (left.times != right.times || left.values.size() != right.values.size()) return false;
  for (std::size_t i = 0; i < left.values.size(); ++i)
    if (std::bit_cast<std::uint64_t>(left.values[i]) != std::bit_cast<std::uint64_t>(right.values[i])) return false;
  return true;
}

SampleColumns roundTrip(const SampleColumns& samples, std::size_t* size = nullptr) {
  std::string bytes;
  appendChunks(bytes, samples);
  if (size != nullptr) *size = bytes.size();
  SampleColumns read;
  CPPUNIT_ASSERT(readChunks(base::asBytes(bytes), std::numeric_limits<std::int64_t>::min(),
                            std::numeric_limits<std::int64_t>::max(), read));
  return read;
}

}  // namespace

class ChunkTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(ChunkTest);
  CPPUNIT_TEST(everyBitComesBack);
  CPPUNIT_TEST(randomColumnsComeBack);
  CPPUNIT_TEST(integersOfAnySizeComeBack);
  CPPUNIT_TEST(regularSeriesAreSmall);
  CPPUNIT_TEST(aRangeGivesItsSamplesOnly);
  CPPUNIT_TEST(aTimeIsFoundAndOnlyCutChunksAreDecoded);
  CPPUNIT_TEST(rollUpsComeBack);
  CPPUNIT_TEST(damagedBytesNeverCrash);
  CPPUNIT_TEST_SUITE_END();

  void everyBitComesBack() {
    using Limits = std::numeric_limits<double>;
    const std::vector<double> odd = {0.0,
                                     -0.0,
                                     Limits::quiet_NaN(),
                                     staleMarker(),
                                     Limits::infinity(),
                                     -Limits::infinity(),
                                     Limits::denorm_min(),
                                     Limits::max(),
                                     Limits::lowest(),
                                     Limits::epsilon(),
                                     0.1,
                                     1.0 / 3,
                                     9007199254740993.0,
                                     -12.5,
                                     1e-300,
                                     std::bit_cast<double>(0x7ff8000000000001u),
                                     std::bit_cast<double>(0xfff0000000000002u)};
    for (const double value : odd) {
      const SampleColumns same = regular(20, [&](std::size_t) { return value; });
      CPPUNIT_ASSERT_MESSAGE(std::to_string(value), isSame(same, roundTrip(same)));
      const SampleColumns once =
          regular(30, [&](std::size_t i) { return i == 13 ? value : 0.25 * static_cast<double>(i); });
      CPPUNIT_ASSERT_MESSAGE(std::to_string(value), isSame(once, roundTrip(once)));
    }
    const SampleColumns all = regular(odd.size(), [&](std::size_t i) { return odd[i]; });
    CPPUNIT_ASSERT(isSame(all, roundTrip(all)));
  }

  void randomColumnsComeBack() {
    const std::uint32_t seed = std::random_device{}();
    std::mt19937_64 random(seed);
    for (int round = 0; round < 400; ++round) {
      SampleColumns samples;
      const std::size_t count = 1 + random() % (round % 10 == 0 ? 1500 : 100);
      std::int64_t time = static_cast<std::int64_t>(random() >> (random() % 60));
      const unsigned jitter = static_cast<unsigned>(random() % 40);
      const int kind = static_cast<int>(random() % 5);
      double value = 0;
      for (std::size_t i = 0; i < count; ++i) {
        switch (kind) {
          case 0: value = std::bit_cast<double>(random()); break;
          case 1: value = static_cast<double>(random() % 1000) / 1000; break;
          case 2: value += static_cast<double>(random() % 7); break;
          case 3: value = std::sin(static_cast<double>(i) / 10); break;
          default: value = random() % 9 == 0 ? staleMarker() : static_cast<double>(random() % 3); break;
        }
        samples.add(time, value);
        time += static_cast<std::int64_t>(1 + (random() & ((std::uint64_t{1} << jitter) - 1)));
      }
      CPPUNIT_ASSERT_MESSAGE("seed " + std::to_string(seed) + " round " + std::to_string(round),
                             isSame(samples, roundTrip(samples)));
    }
  }

  void integersOfAnySizeComeBack() {
    using Limits = std::numeric_limits<std::int64_t>;
    const std::vector<std::vector<std::int64_t>> columns = {{Limits::min()},
                                                            {Limits::max(), Limits::min()},
                                                            {Limits::min(), Limits::max(), 0, -1, 1},
                                                            {5, 5, 5, 5},
                                                            {0, 10, 20, 30, 1'000'000'000'000, 40, 50, 60, 70},
                                                            {7, 7, 7, -7, 7, 7, 7}};
    for (const auto& column : columns) {
      std::string bytes;
      appendIntegers(bytes, column);
      std::vector<std::int64_t> read(column.size());
      base::ByteReader reader(base::asBytes(bytes));
      CPPUNIT_ASSERT(readIntegers(reader, read));
      CPPUNIT_ASSERT_EQUAL(std::size_t{0}, reader.remaining());
      CPPUNIT_ASSERT(column == read);
    }
  }

  void regularSeriesAreSmall() {
    std::mt19937 random(7);
    std::normal_distribution<double> noise(0, 3);
    const struct {
      const char* what;
      std::function<double(std::size_t)> value;
      double bytes;
    } cases[] = {
        {"constant", [](std::size_t) { return 1.0; }, 0.1},
        {"counter", [](std::size_t i) { return static_cast<double>(i) * 37; }, 0.1},
        {"gauge of three decimals, noise of 3,000 steps",
         [&](std::size_t i) {
           return std::round((50 + 40 * std::sin(static_cast<double>(i) / 40) + noise(random)) * 1000) / 1000;
         },
         2.0},
        {"counter that stands still and leaps", [](std::size_t i) { return static_cast<double>(i / 60 * 1000); }, 0.2},
    };
    for (const auto& each : cases) {
      std::size_t size = 0;
      const SampleColumns samples = regular(480, each.value);
      CPPUNIT_ASSERT(isSame(samples, roundTrip(samples, &size)));
      const double bytes = static_cast<double>(size) / 480;
      CPPUNIT_ASSERT_MESSAGE(std::string(each.what) + ": " + std::to_string(bytes) + " bytes a sample",
                             bytes <= each.bytes);
    }
  }

  void aRangeGivesItsSamplesOnly() {
    const SampleColumns samples = regular(1200, [](std::size_t i) { return static_cast<double>(i); });
    std::string bytes;
    appendChunks(bytes, samples);
    SampleColumns read;
    CPPUNIT_ASSERT(readChunks(base::asBytes(bytes), kStart + 510 * 15'000, kStart + 514 * 15'000 - 1, read));
    CPPUNIT_ASSERT(read.values == std::vector<double>({510, 511, 512, 513}));
  }

  void aTimeIsFoundAndOnlyCutChunksAreDecoded() {
    const std::uint32_t seed = std::random_device{}();
    std::mt19937_64 random(seed);
    SampleColumns samples;
    std::int64_t time_ms = kStart;
    for (std::size_t i = 0; i < 2 * kMaxChunkSamples; ++i) {
      time_ms += 1 + static_cast<std::int64_t>(random() % 100'000);
      samples.add(time_ms, 1);
    }
    std::string bytes;
    appendChunks(bytes, samples);
    for (int round = 0; round < 1'000; ++round) {
      const std::int64_t from_ms = kStart + static_cast<std::int64_t>(random() % (kMaxChunkSamples * 100'000));
      const std::int64_t to_ms = from_ms + static_cast<std::int64_t>(random() % 100'000);
      SampleColumns found;
      CPPUNIT_ASSERT(readChunks(base::asBytes(bytes), from_ms, to_ms, found));
      CPPUNIT_ASSERT_MESSAGE("seed " + std::to_string(seed),
                             hasTime(base::asBytes(bytes), from_ms, to_ms) == (found.size() > 0));
    }
    // One whose content makes no sense, though its head does.
    std::string chunk;
    appendChunk(chunk, std::span(samples.times).first(100), std::span(samples.values).first(100));
    const std::int64_t first_ms = samples.times[0];
    const std::int64_t last_ms = samples.times[99];
    std::fill(chunk.begin() + 40, chunk.end(), '\xff');
    SampleColumns found;
    CPPUNIT_ASSERT(!readChunks(base::asBytes(chunk), first_ms, last_ms, found));
    CPPUNIT_ASSERT(hasTime(base::asBytes(chunk), first_ms, last_ms - 1) == true);
    CPPUNIT_ASSERT(hasTime(base::asBytes(chunk), first_ms + 1, last_ms) == true);
    CPPUNIT_ASSERT(hasTime(base::asBytes(chunk), last_ms + 1, last_ms + 2) == false);
    CPPUNIT_ASSERT(!hasTime(base::asBytes(chunk), first_ms + 1, last_ms - 1).has_value());
    CPPUNIT_ASSERT(!hasTime(base::asBytes(chunk).first(20), first_ms, last_ms).has_value());
  }

  void rollUpsComeBack() {
    RollUps roll_ups;
    for (int i = 0; i < 700; ++i)
      roll_ups.push_back({kStart + i * 60'000, 4, i * 4.5, static_cast<double>(i), i + 2.0, i + 1.5,
                          kStart + i * 60'000 - 7, i % 9 == 0});
    roll_ups[3] = {kStart + 3 * 60'000, 0, 0, 0, 0, 0, kStart + 3 * 60'000, true};
    std::string bytes;
    appendRollUpChunks(bytes, roll_ups);
    RollUps read;
    CPPUNIT_ASSERT(readRollUpChunks(base::asBytes(bytes), 0, std::numeric_limits<std::int64_t>::max(), read));
    CPPUNIT_ASSERT_EQUAL(roll_ups.size(), read.size());
    for (std::size_t i = 0; i < read.size(); ++i) {
      const RollUp& left = roll_ups[i];
      const RollUp& right = read[i];
      CPPUNIT_ASSERT(left.end_ms == right.end_ms && left.count == right.count && left.sum == right.sum &&
                     left.min == right.min && left.max == right.max && left.last == right.last &&
                     left.last_ms == right.last_ms && left.is_stale == right.is_stale);
    }
  }

  void damagedBytesNeverCrash() {
    const std::uint32_t seed = std::random_device{}();
    std::mt19937 random(seed);
    std::string samples;
    appendChunks(samples, regular(300, [&](std::size_t i) {
                   return i % 50 == 0 ? 1.0 / 3 : static_cast<double>(random() % 100);
                 }));
    appendChunks(samples, regular(50, [](std::size_t i) { return std::sin(static_cast<double>(i)); }));
    std::string roll_ups;
    appendRollUpChunks(roll_ups, {{60'000, 1, 1, 1, 1, 1, 59'000, false}, {120'000, 2, 3, 1, 2, 2, 119'000, true}});
    for (int round = 0; round < 5000; ++round) {
      std::string damaged = round % 2 == 0 ? samples : roll_ups;
      for (int i = 0; i < 3; ++i) damaged[random() % damaged.size()] = static_cast<char>(random());
      if (round % 3 == 0) damaged.resize(random() % damaged.size());
      SampleColumns read;
      RollUps read_roll_ups;
      (void)readChunks(base::asBytes(damaged), 0, kStart * 2, read);
      (void)readRollUpChunks(base::asBytes(damaged), 0, kStart * 2, read_roll_ups);
      CPPUNIT_ASSERT(read.times.size() == read.values.size());
    }
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ChunkTest);

}  // namespace gyre::engine::series
