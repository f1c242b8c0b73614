#include "engine/series/series_store.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "engine/directory/ram_directory.hpp"
#include "engine/series/check_store.hpp"
#include "tests/support/fault_directory.hpp"
#include "tests/support/series_model.hpp"

namespace gyre::engine::series {
namespace {

using test::LoggedBatch;
using test::matcher;
using test::requireOk;
using test::requireSame;

std::unique_ptr<SeriesStore> openStore(Directory& directory, const SeriesStoreOptions& options = {}) {
  auto store = SeriesStore::open(directory, options);
  requireOk(store.status());
  return std::move(store).value();
}

constexpr std::int64_t kStart = 1'725'148'800'000;  // a full day

// One series, a sample every `step_ms` from `from_ms` on.
LoggedBatch ramp(std::uint64_t first_sequence, std::int64_t from_ms, std::int64_t step_ms, std::size_t count,
                 std::string_view host = "a") {
  SampleBatchWriter writer;
  const std::uint32_t series = writer.series({{"__name__", "load"}, {"host", host}});
  for (std::size_t i = 0; i < count; ++i)
    writer.sample(series, from_ms + static_cast<std::int64_t>(i) * step_ms, static_cast<double>(i % 100) / 4);
  return {writer.finish(), first_sequence, count};
}

}  // namespace

class SeriesStoreTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(SeriesStoreTest);
  CPPUNIT_TEST(holdsWhatAMapHolds);
  CPPUNIT_TEST(matchersAndListingsAgreeWithAMap);
  CPPUNIT_TEST(listingsOfRollUpsAreThoseOfTheirSamples);
  CPPUNIT_TEST(aListingStopsAtItsLimitAndWhenItsTimeIsOver);
  CPPUNIT_TEST(descriptionsAloneAreKeptAndCounted);
  CPPUNIT_TEST(aSampleAppliedTwiceCountsOnce);
  CPPUNIT_TEST(replayAfterEveryPowerCutGivesTheSame);
  CPPUNIT_TEST(aFullDiskLosesNothing);
  CPPUNIT_TEST(smallBlocksBecomeLarge);
  CPPUNIT_TEST(rollUpsAnswerExactly);
  CPPUNIT_TEST(retentionDeletesSamplesAndKeepsRollUps);
  CPPUNIT_TEST(samplesOutsideTheWindowAreDropped);
  CPPUNIT_TEST(timesBeyondAnyClockAreDropped);
  CPPUNIT_TEST(aSelectionOrBatchTooLargeIsRefused);
  CPPUNIT_TEST(damageIsNamedAndContained);
  CPPUNIT_TEST(readersSeeWholeSeriesWhileSamplesAreWritten);
  CPPUNIT_TEST_SUITE_END();

  void holdsWhatAMapHolds() {
    const std::uint32_t seed = std::random_device{}();
    std::mt19937 random(seed);
    RamDirectory directory;
    SeriesStoreOptions options;
    options.head_bytes = 60'000;
    auto store = openStore(directory, options);
    MemorySource model;
    test::BatchMaker maker(seed);
    for (int round = 0; round < 300; ++round) {
      const std::string where = "seed " + std::to_string(seed) + " round " + std::to_string(round);
      const LoggedBatch logged = maker.next();
      requireOk(store->apply(logged.batch(), logged.first_sequence));
      applyTo(model, logged);
      if (random() % 20 == 0) requireOk(store->commit().status());
      if (random() % 20 == 0) requireOk(store->maintain(maker.nowMs()));
      if (random() % 40 == 0) {
        requireOk(store->commit().status());
        store.reset();
        store = openStore(directory, options);
      }
      if (round % 10 != 0) continue;
      requireSame(*store, model, where);
      const std::int64_t from_ms = maker.nowMs() - static_cast<std::int64_t>(random() % (20 * kHourMs));
      requireSame(*store, model, {}, from_ms, from_ms + static_cast<std::int64_t>(random() % kHourMs),
                  where + " range");
    }
    requireOk(store->commit().status());
    requireOk(store->maintain(maker.nowMs()));
    requireOk(store->check());
    requireSame(*store, model, "seed " + std::to_string(seed) + " at the end");
  }

  void matchersAndListingsAgreeWithAMap() {
    const std::uint32_t seed = std::random_device{}();
    std::mt19937 random(seed);
    RamDirectory directory;
    const auto store = openStore(directory);
    MemorySource model;
    test::BatchMaker maker(seed);
    std::vector<std::int64_t> times;
    for (int round = 0; round < 30; ++round) {
      const LoggedBatch logged = maker.next();
      requireOk(store->apply(logged.batch(), logged.first_sequence));
      applyTo(model, logged);
      const SampleBatch batch = logged.batch();
      for (std::size_t i = 0; i < batch.sampleCount(); ++i) times.push_back(batch.sample(i).time_millis);
      if (round % 9 == 8) requireOk(store->commit().status());
    }
    using Kind = Matcher::Kind;
    const std::vector<Matcher> pool = {matcher("__name__", Kind::kEqual, "metric_1"),
                                       matcher("__name__", Kind::kRegex, "metric_(0|2)"),
                                       matcher("host", Kind::kRegex, "host-[0-3]"),
                                       matcher("host", Kind::kRegex, ".*"),
                                       matcher("host", Kind::kNotEqual, "host-1"),
                                       matcher("shard", Kind::kEqual, ""),
                                       matcher("shard", Kind::kNotEqual, ""),
                                       matcher("shard", Kind::kNotRegex, "1.*|2"),
                                       matcher("shard", Kind::kRegex, "|4|6"),
                                       matcher("absent", Kind::kEqual, ""),
                                       matcher("absent", Kind::kRegex, ".+"),
                                       matcher("host", Kind::kRegex, "host-1|host-2|host-1"),
                                       matcher("host", Kind::kNotRegex, "host-1|host-2")};
    for (int round = 0; round < 200; ++round) {
      Matchers matchers;
      std::string where = "seed " + std::to_string(seed);
      for (std::size_t i = 0, count = random() % 4; i < count; ++i) {
        matchers.push_back(pool[random() % pool.size()]);
        where += " " + matchers.back().text();
      }
      requireSame(*store, model, matchers, std::numeric_limits<std::int64_t>::min(), test::kEver, where);
      SeriesFilter filter;
      if (round % 5 != 0) filter.any_of.push_back(matchers);
      if (round % 3 == 0) filter.any_of.push_back({pool[random() % pool.size()]});
      CPPUNIT_ASSERT_MESSAGE(where, store->listSeries(filter).value() == model.listSeries(filter).value());
      CPPUNIT_ASSERT_MESSAGE(where, store->labelNames(filter).value() == model.labelNames(filter).value());
      CPPUNIT_ASSERT_MESSAGE(where,
                             store->labelValues("host", filter).value() == model.labelValues("host", filter).value());
      SeriesFilter ranged = filter;
      ranged.from_ms = times[random() % times.size()] + static_cast<std::int64_t>(random() % 3) - 1;
      ranged.to_ms = round % 2 == 0 ? ranged.from_ms : times[random() % times.size()];
      if (ranged.to_ms < ranged.from_ms) std::swap(ranged.from_ms, ranged.to_ms);
      CPPUNIT_ASSERT_MESSAGE(where + " from " + std::to_string(ranged.from_ms) + " to " + std::to_string(ranged.to_ms),
                             store->listSeries(ranged).value() == model.listSeries(ranged).value());
      filter.limit = 2;
      ranged.limit = 1 + random() % 4;
      CPPUNIT_ASSERT_MESSAGE(where, store->listSeries(ranged).value() == model.listSeries(ranged).value());
      CPPUNIT_ASSERT_MESSAGE(where,
                             store->labelValues("host", filter).value() == model.labelValues("host", filter).value());
    }
    const auto metadata = store->metadata("metric_1", 0).value();
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, metadata.size());
    CPPUNIT_ASSERT_EQUAL(std::string("gauge"), metadata[0].type);
    CPPUNIT_ASSERT_EQUAL(std::string("what metric_1 is"), metadata[0].help);
    requireOk(store->commit().status());
    CPPUNIT_ASSERT_EQUAL(std::size_t{3}, openStore(directory)->metadata("", 0).value().size());
  }

  // Of each minute the last sample is known, no other: what a selection gives, a listing tells of.
  void listingsOfRollUpsAreThoseOfTheirSamples() {
    const std::uint32_t seed = std::random_device{}();
    std::mt19937 random(seed);
    RamDirectory directory;
    SeriesStoreOptions options;
    options.sample_retention_ms = 24 * kHourMs;
    options.minute_retention_ms = 100 * 24 * kHourMs;
    const auto store = openStore(directory, options);
    const LoggedBatch logged = ramp(1, kStart + 1, 47'000, 200);
    requireOk(store->apply(logged.batch(), 1));
    requireOk(store->commit().status());
    requireOk(store->maintain(kStart + 3 * 24 * kHourMs));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, store->stats().samples);
    std::size_t full = 0;
    for (int round = 0; round < 1'000; ++round) {
      SelectRequest request;
      request.from_ms = kStart - kMinuteMs + static_cast<std::int64_t>(random() % (3 * kHourMs));
      request.to_ms = request.from_ms + static_cast<std::int64_t>(random() % (2 * kMinuteMs));
      SampleColumns samples;
      const auto set = store->select(request);
      requireOk(set.status());
      for (std::size_t i = 0; i < set.value()->size(); ++i) requireOk(set.value()->read(i, samples));
      SeriesFilter filter;
      filter.from_ms = request.from_ms;
      filter.to_ms = request.to_ms;
      const auto listed = store->listSeries(filter);
      requireOk(listed.status());
      CPPUNIT_ASSERT_EQUAL_MESSAGE("seed " + std::to_string(seed) + " from " + std::to_string(request.from_ms) +
                                       " to " + std::to_string(request.to_ms),
                                   std::size_t{samples.size() > 0}, listed.value().size());
      full += listed.value().size();
    }
    CPPUNIT_ASSERT(full > 100 && full < 900);
  }

  void aListingStopsAtItsLimitAndWhenItsTimeIsOver() {
    RamDirectory directory;
    const auto store = openStore(directory);
    constexpr std::size_t kSeries = 5'000;
    SampleBatchWriter writer;
    for (std::size_t i = 0; i < kSeries; ++i) {
      const std::string host = std::to_string(kSeries + i);
      const std::uint32_t series = writer.series({{"__name__", "load"}, {"host", host}});
      for (const std::int64_t time_ms : {kStart, kStart + 2}) writer.sample(series, time_ms, 1);
    }
    const std::string bytes = writer.finish();
    requireOk(store->apply(SampleBatch::read(bytes).value(), 1));
    requireOk(store->commit().status());
    std::size_t looks = 0;
    std::size_t allowed = 1'000'000;
    SeriesFilter filter;
    filter.check_time = [&] {
      return ++looks <= allowed ? Status() : Status(Code::kDeadlineExceeded, "timeout", "it took too long");
    };
    // A range that goes through every series, and one that holds all of each.
    for (const std::int64_t to_ms : {kStart + 1, kStart + 2}) {
      filter.to_ms = to_ms;
      filter.limit = 0;
      allowed = 1'000'000;
      looks = 0;
      CPPUNIT_ASSERT_EQUAL(kSeries, store->listSeries(filter).value().size());
      const std::size_t whole = looks;
      CPPUNIT_ASSERT(whole >= 10);
      allowed = whole / 2;
      looks = 0;
      CPPUNIT_ASSERT_EQUAL(std::string("timeout"), std::string(store->listSeries(filter).status().reason()));
      CPPUNIT_ASSERT_EQUAL(allowed + 1, looks);
      filter.limit = 3;
      looks = 0;
      const std::vector<Labels> first = store->listSeries(filter).value();
      CPPUNIT_ASSERT_EQUAL(std::size_t{3}, first.size());
      CPPUNIT_ASSERT_EQUAL(std::string("5002"), first[2][1].value);
      CPPUNIT_ASSERT(looks < whole / 4);
    }
    allowed = 0;
    CPPUNIT_ASSERT(store->labelNames(filter).status().code() == Code::kDeadlineExceeded);
    CPPUNIT_ASSERT(store->labelValues("host", filter).status().code() == Code::kDeadlineExceeded);
    filter.any_of.push_back({matcher("host", Matcher::Kind::kRegex, "5.*")});
    CPPUNIT_ASSERT(store->labelNames(filter).status().code() == Code::kDeadlineExceeded);
    CPPUNIT_ASSERT(store->labelValues("host", filter).status().code() == Code::kDeadlineExceeded);
  }

  void descriptionsAloneAreKeptAndCounted() {
    RamDirectory directory;
    {
      const auto store = openStore(directory);
      SampleBatchWriter writer;
      writer.series({{"__name__", "later"}}, {MetricType::kCounter, "what comes later", ""});
      const std::string bytes = writer.finish();
      requireOk(store->apply(SampleBatch::read(bytes).value(), 1));
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, store->appliedSequence());
      requireOk(store->commit().status());
    }
    const auto store = openStore(directory);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, store->durableSequence());
    const auto metadata = store->metadata("later", 0).value();
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, metadata.size());
    CPPUNIT_ASSERT_EQUAL(std::string("counter"), metadata[0].type);
    CPPUNIT_ASSERT(store->listSeries({}).value().empty());
  }

  void aSampleAppliedTwiceCountsOnce() {
    RamDirectory directory;
    const auto store = openStore(directory);
    MemorySource model;
    test::BatchMaker maker(5);
    std::vector<LoggedBatch> log;
    for (int i = 0; i < 10; ++i) {
      log.push_back(maker.next());
      applyTo(model, log.back());
      requireOk(store->apply(log.back().batch(), log.back().first_sequence));
    }
    const std::uint64_t samples = store->stats().head_samples;
    for (const LoggedBatch& logged : log) requireOk(store->apply(logged.batch(), logged.first_sequence));
    CPPUNIT_ASSERT_EQUAL(samples, store->stats().head_samples);
    CPPUNIT_ASSERT_EQUAL(log.back().first_sequence + log.back().count - 1, store->commit().value());
    requireSame(*store, model, "applied twice");
  }

  // The log is whole; the store dies at every step that changes the disk, in every way, and is filled again from where
  // it says it is.
  void replayAfterEveryPowerCutGivesTheSame() {
    const std::uint32_t seed = std::random_device{}();
    const std::string at = "seed " + std::to_string(seed);
    std::vector<LoggedBatch> log;
    MemorySource model;
    test::BatchMaker maker(seed);
    for (int i = 0; i < 24; ++i) {
      log.push_back(maker.next());
      applyTo(model, log.back());
    }
    const auto run = [&](SeriesStore& store) {
      for (std::size_t i = 0; i < log.size(); ++i) {
        GYRE_TRY(store.apply(log[i].batch(), log[i].first_sequence));
        if (i % 5 == 4) GYRE_TRY(store.commit().status());
        if (i % 7 == 6) GYRE_TRY(store.maintain(maker.nowMs()));
      }
      GYRE_TRY(store.commit().status());
      return store.maintain(maker.nowMs());
    };
    std::uint64_t operations = 0;
    {
      engine::test::FaultDirectory directory;
      requireOk(run(*openStore(directory)));
      operations = directory.operations();
    }
    CPPUNIT_ASSERT(operations > 30);
    for (std::uint64_t fault = 1; fault <= operations; ++fault) {
      engine::test::FaultDirectory directory;
      std::uint64_t promised = 0;
      directory.failAt(fault, engine::test::FaultDirectory::After::kDead, seed + static_cast<std::uint32_t>(fault));
      if (auto store = SeriesStore::open(directory, {}); store.isOk()) {
        (void)run(*store.value());
        promised = store.value()->durableSequence();
      }
      const auto found = directory.cutPower(seed ^ static_cast<std::uint32_t>(fault));
      const std::string where = at + " fault " + std::to_string(fault);
      const auto store = openStore(*found);
      CPPUNIT_ASSERT_MESSAGE(where, store->durableSequence() >= promised);
      CPPUNIT_ASSERT_MESSAGE(where, store->damage().empty());
      requireOk(store->check());
      // Exactly what the sequence says is there.
      MemorySource durable;
      for (const LoggedBatch& logged : log)
        if (logged.first_sequence <= store->durableSequence()) applyTo(durable, logged);
      requireSame(*store, durable, where + " before replay");
      requireOk(run(*store));
      requireSame(*store, model, where + " after replay");
    }
  }

  void aFullDiskLosesNothing() {
    const std::uint32_t seed = std::random_device{}();
    std::vector<LoggedBatch> log;
    MemorySource model;
    test::BatchMaker maker(seed);
    for (int i = 0; i < 12; ++i) {
      log.push_back(maker.next());
      applyTo(model, log.back());
    }
    for (std::uint64_t fault = 2; fault < 60; ++fault) {  // 1 is the commit of an empty store, when it is opened
      engine::test::FaultDirectory directory;
      directory.failAt(fault, engine::test::FaultDirectory::After::kAlive, seed);
      const auto store = openStore(directory);
      for (const LoggedBatch& logged : log) {
        requireOk(store->apply(logged.batch(), logged.first_sequence));
        (void)store->commit();
        (void)store->maintain(maker.nowMs());
      }
      const std::string where = "seed " + std::to_string(seed) + " fault " + std::to_string(fault);
      requireSame(*store, model, where);
      requireOk(store->commit().status());
      requireSame(*openStore(directory), model, where + " reopened");
    }
  }

  void smallBlocksBecomeLarge() {
    RamDirectory directory;
    const auto store = openStore(directory);
    std::uint64_t sequence = 1;
    for (int i = 0; i < 26 * 6; ++i) {  // 26 hours, a commit every ten minutes
      const LoggedBatch logged = ramp(sequence, kStart + 1 + i * 600'000, 15'000, 40);
      sequence += logged.count;
      requireOk(store->apply(logged.batch(), logged.first_sequence));
      requireOk(store->commit().status());
      requireOk(store->maintain(kStart + i * 600'000));
      CPPUNIT_ASSERT(store->stats().blocks < 60);
    }
    // A day, and what came after it, with a roll-up of a minute and of an hour each.
    CPPUNIT_ASSERT_MESSAGE(std::to_string(store->stats().blocks), store->stats().blocks <= 8);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{26 * 6 * 40}, store->stats().samples);
    CPPUNIT_ASSERT_EQUAL(store->stats().blocks + 1, std::uint64_t{directory.list().value().size()});
    requireOk(store->check());
  }

  // Buckets are compared with those reckoned from the samples, while some are stored, some late, some only in memory.
  void rollUpsAnswerExactly() {
    const std::uint32_t seed = std::random_device{}();
    std::mt19937 random(seed);
    RamDirectory directory;
    const auto store = openStore(directory);
    MemorySource model;
    std::uint64_t sequence = 1;
    const auto write = [&](const LoggedBatch& logged) {
      requireOk(store->apply(logged.batch(), logged.first_sequence));
      applyTo(model, logged);
      sequence += logged.count;
    };
    for (int i = 0; i < 30; ++i) {
      write(ramp(sequence, kStart + 1 + i * kHourMs, 5'000, 720, i % 2 == 0 ? "a" : "b"));
      if (i % 3 == 0) requireOk(store->commit().status());
      if (i % 6 == 0) requireOk(store->maintain(kStart + i * kHourMs));
      // Late, into what may be rolled up already.
      if (i == 25) write(ramp(sequence, kStart + 17 * kHourMs + 1, 7'000, 30, "a"));
    }
    bool was_stored = false;
    for (int round = 0; round < 60; ++round) {
      const std::int64_t resolution_ms = round % 2 == 0 ? kHourMs : kMinuteMs;
      SelectRequest request;
      request.from_ms = bucketEnd(kStart + static_cast<std::int64_t>(random() % (30 * kHourMs)), resolution_ms);
      request.to_ms = request.from_ms + static_cast<std::int64_t>(1 + random() % 8) * resolution_ms;
      request.hint = {"max_over_time", request.from_ms + resolution_ms, resolution_ms, resolution_ms, true};
      if (round % 2 == 1) request.hint.first_ms += kMinuteMs * (request.hint.first_ms % kHourMs == 0 ? 1 : 0);
      const auto set = store->select(request);
      requireOk(set.status());
      if (set.value()->resolutionMs() == 0) continue;
      was_stored = true;
      const std::string where = "seed " + std::to_string(seed) + " round " + std::to_string(round);
      SelectRequest all = request;
      all.from_ms = bucketEnd(request.from_ms, set.value()->resolutionMs()) - set.value()->resolutionMs() + 1;
      all.to_ms = bucketEnd(request.to_ms, set.value()->resolutionMs());
      const auto expected = model.select(all);
      for (std::size_t i = 0; i < set.value()->size(); ++i) {
        RollUps found, reckoned;
        SampleColumns samples;
        requireOk(set.value()->readRollUps(i, found));
        for (std::size_t k = 0; k < expected.value()->size(); ++k)
          if (expected.value()->labels(k) == set.value()->labels(i)) requireOk(expected.value()->read(k, samples));
        rollUp(samples, set.value()->resolutionMs(), reckoned);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(where, reckoned.size(), found.size());
        for (std::size_t k = 0; k < found.size(); ++k)
          CPPUNIT_ASSERT_MESSAGE(where, reckoned[k].end_ms == found[k].end_ms && reckoned[k].count == found[k].count &&
                                            reckoned[k].sum == found[k].sum && reckoned[k].min == found[k].min &&
                                            reckoned[k].max == found[k].max && reckoned[k].last == found[k].last &&
                                            reckoned[k].last_ms == found[k].last_ms);
      }
    }
    CPPUNIT_ASSERT(was_stored);
    // What cannot be answered exactly is answered from samples.
    SelectRequest request;
    request.hint = {"rate", kStart, kHourMs, kHourMs, true};
    CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, store->select(request).value()->resolutionMs());
    request.hint = {"max_over_time", kStart + 1, kHourMs, kHourMs, true};
    CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, store->select(request).value()->resolutionMs());
    request.hint = {"max_over_time", kStart, kHourMs, kHourMs, false};
    CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, store->select(request).value()->resolutionMs());
  }

  void retentionDeletesSamplesAndKeepsRollUps() {
    RamDirectory directory;
    SeriesStoreOptions options;
    options.sample_retention_ms = 24 * kHourMs;
    options.minute_retention_ms = 10 * 24 * kHourMs;
    options.hour_retention_ms = 100 * 24 * kHourMs;
    const auto store = openStore(directory, options);
    const LoggedBatch logged = ramp(1, kStart + 1, 10'000, 360 * 4);
    requireOk(store->apply(logged.batch(), 1));
    requireOk(store->commit().status());
    const auto count = [&](std::int64_t resolution_ms) {
      SelectRequest request;
      request.from_ms = kStart + 1;
      request.to_ms = kStart + 4 * kHourMs;
      if (resolution_ms != 0)
        request.hint = {"count_over_time", kStart + resolution_ms, resolution_ms, resolution_ms, true};
      const auto set = store->select(request);
      requireOk(set.status());
      SampleColumns samples;
      RollUps roll_ups;
      if (set.value()->size() == 0) return std::uint64_t{0};
      if (set.value()->resolutionMs() == 0) {
        requireOk(set.value()->read(0, samples));
        return std::uint64_t{samples.size()};
      }
      requireOk(set.value()->readRollUps(0, roll_ups));
      std::uint64_t total = 0;
      for (const RollUp& each : roll_ups) total += each.count;
      return total;
    };
    requireOk(store->maintain(kStart + 5 * kHourMs));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1440}, count(0));
    requireOk(store->maintain(kStart + 3 * 24 * kHourMs));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, store->stats().samples);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1440}, count(kHourMs));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1440}, count(kMinuteMs));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{240}, count(0));  // the last sample of each minute
    requireOk(store->maintain(kStart + 30 * 24 * kHourMs));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1440}, count(kHourMs));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{4}, count(0));
    // A sample older than what was deleted is dropped, and nothing else.
    const LoggedBatch late = ramp(1441, kStart + 3 * kHourMs, 10'000, 10);
    requireOk(store->apply(late.batch(), late.first_sequence));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{10}, store->stats().dropped);
    requireOk(store->maintain(kStart + 200 * 24 * kHourMs));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, store->stats().blocks);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1450}, store->commit().value());
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, directory.list().value().size());
  }

  void samplesOutsideTheWindowAreDropped() {
    RamDirectory directory;
    SeriesStoreOptions options;
    options.out_of_order_ms = kHourMs;
    const auto store = openStore(directory, options);
    const auto apply = [&](const LoggedBatch& logged) {
      requireOk(store->apply(logged.batch(), logged.first_sequence));
    };
    apply(ramp(1, kStart, 1'000, 1));
    apply(ramp(2, kStart - kHourMs, 1'000, 1));      // just inside
    apply(ramp(3, kStart - kHourMs - 1, 1'000, 1));  // just outside
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, store->stats().dropped);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, store->commit().value());
    // The window is known after a restart too.
    const auto again = openStore(directory, options);
    const LoggedBatch late = ramp(4, kStart - kHourMs - 1, 1'000, 1);
    requireOk(again->apply(late.batch(), late.first_sequence));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, again->stats().dropped);
  }

  void timesBeyondAnyClockAreDropped() {
    using Limits = std::numeric_limits<std::int64_t>;
    RamDirectory directory;
    const auto store = openStore(directory);
    SampleBatchWriter writer;
    const std::uint32_t series = writer.series({{"__name__", "load"}});
    for (const std::int64_t time_ms : {Limits::min(), Limits::max(), -62'135'596'800'001, 253'402'300'800'000})
      writer.sample(series, time_ms, 1);
    for (const std::int64_t time_ms : {std::int64_t{0}, std::int64_t{-1}, -62'135'596'800'000, 253'402'300'799'999})
      writer.sample(series, time_ms, 1);
    const std::string bytes = writer.finish();
    requireOk(store->apply(SampleBatch::read(bytes).value(), 1));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{4}, store->stats().dropped);
    requireOk(store->commit().status());
    requireOk(store->maintain(kStart));
    SelectRequest request;
    const auto set = store->select(request);
    SampleColumns samples;
    requireOk(set.value()->read(0, samples));
    CPPUNIT_ASSERT(samples.times == std::vector<std::int64_t>({-62'135'596'800'000, -1, 0, 253'402'300'799'999}));
  }

  void aSelectionOrBatchTooLargeIsRefused() {
    RamDirectory directory;
    SeriesStoreOptions options;
    options.max_series = 2;
    const auto store = openStore(directory, options);
    for (const std::string_view host : {"a", "b"}) {
      const LoggedBatch logged = ramp(host == "a" ? 1 : 2, kStart, 1, 1, host);
      requireOk(store->admits(logged.batch()));
      requireOk(store->apply(logged.batch(), logged.first_sequence));
    }
    const LoggedBatch third = ramp(3, kStart, 1, 1, "c");
    const Status refused = store->admits(third.batch());
    CPPUNIT_ASSERT(refused.code() == Code::kResourceExhausted);
    CPPUNIT_ASSERT(refused.message().find("allowed are 2") != std::string_view::npos);
    SelectRequest request;
    request.max_series = 1;
    CPPUNIT_ASSERT(store->select(request).status().code() == Code::kTooLarge);
  }

  void damageIsNamedAndContained() {
    engine::test::FaultDirectory directory;
    {
      const auto store = openStore(directory);
      for (int day = 0; day < 2; ++day) {
        const LoggedBatch logged = ramp(1 + day * 100, kStart + day * 24 * kHourMs, 10'000, 100);
        requireOk(store->apply(logged.batch(), logged.first_sequence));
        requireOk(store->commit().status());
      }
    }
    const std::string name = "blk_0000000001";
    const std::string whole = directory.read(name);
    const auto readDay = [&](const SeriesStore& store, int day) -> Status {
      SelectRequest request;
      request.from_ms = kStart + day * 24 * kHourMs;
      request.to_ms = request.from_ms + kHourMs;
      GYRE_TRY_ASSIGN(const auto set, store.select(request));
      SampleColumns samples;
      for (std::size_t i = 0; i < set->size(); ++i) GYRE_TRY(set->read(i, samples));
      return samples.size() == 100 ? Status() : internalError("a wrong answer");
    };
    for (std::size_t at = 0; at < whole.size(); ++at) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
      directory.write(name, damaged);
      const auto store = openStore(directory);
      const std::string where = "byte " + std::to_string(at);
      const Status first = readDay(*store, 0);
      CPPUNIT_ASSERT_MESSAGE(where + std::string(first.message()), first.code() == Code::kCorruption);
      CPPUNIT_ASSERT_MESSAGE(where, first.message().find(name + ": byte ") != std::string_view::npos);
      requireOk(readDay(*store, 1));
      CPPUNIT_ASSERT_MESSAGE(where, store->check().code() == Code::kCorruption);
      std::size_t findings = 0;
      const Status checked = checkStore(
          directory, [&](std::string_view finding) { findings += finding.starts_with(name + ": byte ") ? 1 : 100; });
      CPPUNIT_ASSERT_MESSAGE(where, checked.code() == Code::kCorruption && findings == 1);
      CPPUNIT_ASSERT_MESSAGE(where, store->maintain(kStart + 72 * kHourMs).isOk() || store->damage().empty());
    }
    directory.write(name, whole);
    const std::string commit = directory.read(kStoreCommitFile);
    for (std::size_t at = 0; at < commit.size(); ++at) {
      std::string damaged = commit;
      damaged[at] = static_cast<char>(damaged[at] ^ 1);
      directory.write(kStoreCommitFile, damaged);
      CPPUNIT_ASSERT(SeriesStore::open(directory, {}).status().code() == Code::kCorruption);
    }
  }

  void readersSeeWholeSeriesWhileSamplesAreWritten() {
    RamDirectory directory;
    SeriesStoreOptions options;
    options.head_bytes = 40'000;
    const auto store = openStore(directory, options);
    constexpr int kBatches = 400;
    std::atomic<bool> is_done = false;
    std::atomic<int> written = 0;
    std::string failure;
    std::thread reader([&] {
      while (!is_done && failure.empty()) {
        const int before = written;
        SelectRequest request;
        request.matchers.push_back(matcher("host", Matcher::Kind::kRegex, "[a-c]"));
        const auto set = store->select(request);
        std::size_t total = 0;
        SampleColumns samples;
        for (std::size_t i = 0; i < set.value()->size(); ++i) {
          if (!set.value()->read(i, samples).isOk()) failure = "read failed";
          if (!std::is_sorted(samples.times.begin(), samples.times.end())) failure = "times out of order";
          total += samples.size();
        }
        if (total < static_cast<std::size_t>(before) * 10) failure = "samples are missing";
        if (store->labelValues("host", {}).value().size() > 3) failure = "too many hosts";
      }
    });
    std::thread maintenance([&] {
      while (!is_done) (void)store->maintain(kStart);
    });
    for (int i = 0; i < kBatches; ++i) {
      const char host[] = {static_cast<char>('a' + i % 3), 0};
      const LoggedBatch logged = ramp(static_cast<std::uint64_t>(i) * 10 + 1, kStart + i * 60'000, 1'000, 10, host);
      requireOk(store->apply(logged.batch(), logged.first_sequence));
      written = i + 1;
    }
    is_done = true;
    reader.join();
    maintenance.join();
    CPPUNIT_ASSERT_EQUAL(std::string(), failure);
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(SeriesStoreTest);

}  // namespace gyre::engine::series
