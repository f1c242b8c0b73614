// Streams on a real store and a real index: sequences, exactly once over restarts, limits, generations, retention.
#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <filesystem>
#include <string>

#include "tests/unit/server/stream/stream_rig.hpp"

namespace gyre::stream {

class StreamServiceTest : public StreamRig {
  CPPUNIT_TEST_SUITE(StreamServiceTest);
  CPPUNIT_TEST(recordsGetSequencesAndIds);
  CPPUNIT_TEST(eachRecordCountsOnceOverRestarts);
  CPPUNIT_TEST(aKeyCountsOnce);
  CPPUNIT_TEST(theLogIsTrimmedOnceTheIndexIsDurable);
  CPPUNIT_TEST(limitsRefuseBeforeAnythingIsKept);
  CPPUNIT_TEST(bodiesThatComeAtOnceAreHeldApart);
  CPPUNIT_TEST(refusedRecordsBecomeDeadLetters);
  CPPUNIT_TEST(aSearchAsksTheGenerationsOfItsTimes);
  CPPUNIT_TEST(anotherMappingBeginsAnotherGeneration);
  CPPUNIT_TEST(aLostIndexBeginsWhereTheLogDoes);
  CPPUNIT_TEST(aDamagedGenerationIsSetAside);
  CPPUNIT_TEST(aDamagedNewestGenerationIsFollowedByAnother);
  CPPUNIT_TEST(retentionOverFourHundredDays);
  CPPUNIT_TEST(aFutureTimeDoesNotKeepAGeneration);
  CPPUNIT_TEST(manyThreadsLoseNothing);
  CPPUNIT_TEST_SUITE_END();

 public:
  void recordsGetSequencesAndIds() {
    open();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, appended(batchOf(2, 5'000)));
    RecordBatch mine = batchOf(1, -7);
    mine.setId(0, "mine");
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, appended(std::move(mine)));
    waitSearchable(3);
    const auto answer = index_->search(R"({"sort":[{"sequence":"asc"}]})", 0);
    const auto document = taken(json::Document::parse(answer->body));
    std::vector<std::string> ids;
    for (const json::Value hit : document.root()["hits"]["hits"]) ids.emplace_back(hit["_id"].string());
    CPPUNIT_ASSERT((ids == std::vector<std::string>{"5000-1", "5000-2", "mine"}));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, answer->sequence);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, taken(append(RecordBatch())).count);
  }

  void eachRecordCountsOnceOverRestarts() {
    for (int round = 0; round < 5; ++round) {
      open();
      appended(batchOf(10, 1));
      if (round % 2 == 0) waitSearchable(store_->lastSequence());
    }
    open();
    waitSearchable(50);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{50}, count());
  }

  void aKeyCountsOnce() {
    open();
    const IdempotencyKey key{"scope", "key", std::string(16, 'f')};
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, taken(append(batchOf(2, 1), key)).last_sequence);
    appended(batchOf(5, 1));
    const Appended again = taken(append(batchOf(2, 1), key));
    CPPUNIT_ASSERT(again.is_replay);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, again.last_sequence);
    const auto other = append(batchOf(2, 1), IdempotencyKey{"scope", "key", std::string(16, 'g')});
    CPPUNIT_ASSERT_EQUAL(std::string("idempotency_key_reused"), std::string(other.status().reason()));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{7}, store_->lastSequence());
  }

  void theLogIsTrimmedOnceTheIndexIsDurable() {
    open();
    for (int i = 0; i < 10; ++i) appended(batchOf(10, 1));
    CPPUNIT_ASSERT(stream_->stats().backlog_bytes > 0);
    waitSearchable(100);  // else the one commit that this clock brings about may come before the last of them
    clock_.advance(options_.applier.commit_interval_ms);
    waitUntil([&] { return stream_->stats().backlog_bytes == 0; });
    waitUntil([&] { return store_->batchesAfter(0, 1u << 20)->size() == 1; });
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{100}, index_->progress().durable);
    open();
    CPPUNIT_ASSERT_EQUAL(std::int64_t{100}, count());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{101}, appended(batchOf(1, 1)));
  }

  void limitsRefuseBeforeAnythingIsKept() {
    options_.max_backlog_bytes = 1'000;
    open();
    std::string text;
    for (int i = 0; i < 3'000; ++i) text += static_cast<char>('a' + i * i % 26);
    Status refused;
    std::uint64_t last = 0;
    for (int i = 0; i < 100 && refused.isOk(); ++i) {
      const auto result = append(batchOf(1, 1, text + std::to_string(i)));
      refused = result.status();
      if (result.isOk()) last = result->last_sequence;
    }
    CPPUNIT_ASSERT_EQUAL(std::string("backlog_full"), std::string(refused.reason()));
    CPPUNIT_ASSERT(refused.code() == Code::kResourceExhausted);
    CPPUNIT_ASSERT_EQUAL(last, store_->lastSequence());
    waitSearchable(last);
    clock_.advance(options_.applier.commit_interval_ms);
    waitUntil([&] { return stream_->admit(1).isOk(); });
    close();

    options_ = StreamOptions();
    options_.min_free_bytes = ~std::uint64_t{0};
    open();
    options_.min_free_bytes = 0;
    close();
    options_ = StreamOptions();
    options_.max_inflight_bytes = 10;
    open();
    CPPUNIT_ASSERT(append(batchOf(100, 1)).isOk());  // one is let through, however large
  }

  void bodiesThatComeAtOnceAreHeldApart() {
    options_.max_inflight_bytes = 1'000;
    open();
    auto first = taken(stream_->hold(10'000));  // alone any is taken
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{20'000}, stream_->stats().inflight_bytes);
    const auto refused = stream_->hold(1);
    CPPUNIT_ASSERT_EQUAL(std::string("too_much_in_flight"), std::string(refused.status().reason()));
    first.reset();
    const auto second = taken(stream_->hold(300));
    first = taken(stream_->hold(200));
    CPPUNIT_ASSERT(!stream_->hold(1).isOk());
    { const auto moved = std::move(first); }
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{600}, stream_->stats().inflight_bytes);
    CPPUNIT_ASSERT(stream_->hold(200).isOk());
  }

  void refusedRecordsBecomeDeadLetters() {
    open();
    RecordBatch batch = batchOf(1, 1);
    batch.add(1, 1, R"({"at":"no time at all"})");
    batch.add(2, 1, R"({"unknown":1})");
    batch.add(3, 1, R"({"at":1,"text":"fine"})");
    appended(std::move(batch));
    waitSearchable(4);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{2}, count());
    const auto letters = taken(store_->deadLetters(0, 10));
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, letters.size());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, letters[1].sequence);
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"unknown":1})"), letters[0].data);
    open();
    waitSearchable(4);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, taken(store_->deadLetterCount()));
  }

  void aSearchAsksTheGenerationsOfItsTimes() {
    open();
    for (int day = 0; day < 5; ++day) {
      waitSearchable(appended(batchOf(10, clock_.nowMillis())));
      clock_.advance(kDay);
    }
    CPPUNIT_ASSERT_EQUAL(std::size_t{5}, index_->generations()->size());
    const std::int64_t second = clock_.nowMillis() - 4 * kDay;
    const std::string range =
        R"({"range":{"at":{"gte":)" + std::to_string(second - 1) + R"(,"lte":)" + std::to_string(second + 1) + "}}}";
    CPPUNIT_ASSERT_EQUAL(std::int64_t{10}, count(range));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, index_->lastSearched());  // that day's, and the newest
    CPPUNIT_ASSERT_EQUAL(std::int64_t{50}, count());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{5}, index_->lastSearched());
    open();
    CPPUNIT_ASSERT_EQUAL(std::int64_t{10}, count(range));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, index_->lastSearched());
  }

  void anotherMappingBeginsAnotherGeneration() {
    open();
    waitSearchable(appended(batchOf(3, 1)));
    close();
    index_options_.definition =
        R"({"mappings":{"properties":{"sequence":{"type":"long"},"at":{"type":"date"},"text":{"type":"keyword"}}}})";
    open();
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, index_->generations()->size());
    waitSearchable(appended(batchOf(2, 1)));
    CPPUNIT_ASSERT_EQUAL(std::int64_t{5}, count());
    open();
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, index_->generations()->size());
    CPPUNIT_ASSERT_EQUAL(std::int64_t{5}, count());
  }

  void aLostIndexBeginsWhereTheLogDoes() {
    open();
    for (int i = 0; i < 3; ++i) appended(batchOf(10, 1));
    waitSearchable(30);
    clock_.advance(options_.applier.commit_interval_ms);
    waitUntil([&] { return store_->batchesAfter(0, 1u << 20)->size() == 1; });
    appended(batchOf(5, 1));
    close();
    std::filesystem::remove_all(index_options_.folder);
    open();
    waitSearchable(35);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{15}, count());  // the last batch of each state of the log
  }

  void damage(const std::string& number) {
    for (const auto& file : std::filesystem::directory_iterator(index_options_.folder + "/" + number))
      if (file.is_regular_file() && file.file_size() > 0) std::filesystem::resize_file(file, file.file_size() / 2);
  }

  void aDamagedGenerationIsSetAside() {
    open();
    for (int day = 0; day < 5; ++day) {
      waitSearchable(appended(batchOf(10, clock_.nowMillis())));
      clock_.advance(kDay);
    }
    close();
    damage("2");
    options_.applier.retain_interval_ms = 3'600'000;
    for (int start = 0; start < 2; ++start) {
      open();
      CPPUNIT_ASSERT_EQUAL(std::size_t{1}, index_->damaged().size());
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, index_->damaged().front().entry.number);
      CPPUNIT_ASSERT_EQUAL(std::int64_t{40 + start}, count());
      waitSearchable(appended(batchOf(1, clock_.nowMillis())));
      CPPUNIT_ASSERT_EQUAL(std::int64_t{41 + start}, count());
      close();
    }
    options_.applier.retention_ms = 3 * kDay + kDay / 2;
    open();
    waitUntil([&] { return stream_->stats().applier.deleted_generations == 2; });
    CPPUNIT_ASSERT(index_->damaged().empty());
    CPPUNIT_ASSERT(!std::filesystem::exists(index_options_.folder + "/2"));
    CPPUNIT_ASSERT_EQUAL(std::int64_t{32}, count());
  }

  void aDamagedNewestGenerationIsFollowedByAnother() {
    open();
    waitSearchable(appended(batchOf(10, clock_.nowMillis())));
    clock_.advance(kDay);
    waitSearchable(appended(batchOf(10, clock_.nowMillis())));
    const std::uint64_t last = appended(batchOf(3, clock_.nowMillis()));
    waitSearchable(last);
    clock_.advance(options_.applier.commit_interval_ms);
    waitUntil([&] { return store_->batchesAfter(0, 1u << 20)->size() == 1; });
    close();
    damage("2");
    open();
    const std::uint64_t next = appended(batchOf(1, clock_.nowMillis()));
    CPPUNIT_ASSERT_EQUAL(last + 1, next);
    waitSearchable(next);
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, index_->damaged().size());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, index_->generations()->back()->number());
    // The first generation, the last batch (the log keeps it), and what came since.
    CPPUNIT_ASSERT_EQUAL(std::int64_t{10 + 3 + 1}, count());
  }

  void retentionOverFourHundredDays() {
    options_.applier.retention_ms = 30 * kDay;
    options_.applier.retain_interval_ms = kDay;
    open();
    const std::int64_t began = clock_.nowMillis();
    std::uint64_t deleted_before = 0;
    for (int day = 0; day < 400; ++day) {
      waitSearchable(appended(batchOf(4, clock_.nowMillis())));
      clock_.advance(kDay);
      waitUntil([&] { return stream_->stats().applier.next_retain_millis > clock_.nowMillis(); });
      const ApplierStats stats = stream_->stats().applier;
      CPPUNIT_ASSERT(!stats.is_retain_overdue);
      CPPUNIT_ASSERT(stats.deleted_records >= deleted_before);
      deleted_before = stats.deleted_records;
      // Nothing younger than thirty days is gone, nothing older than thirty days and a generation is there.
      const std::int64_t held = count();
      const std::int64_t whole_days = std::min<std::int64_t>(day + 1, 30);
      CPPUNIT_ASSERT_MESSAGE(std::to_string(held), held >= 4 * whole_days && held <= 4 * (whole_days + 2));
      if (day == 200) {
        open();
        deleted_before = 0;  // counted since the start
      }
    }
    CPPUNIT_ASSERT(index_->generations()->size() <= 33);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{0},
                         count(R"({"range":{"at":{"lt":)" + std::to_string(began + 360 * kDay) + "}}}"));
    std::size_t folders = 0;
    for (const auto& entry : std::filesystem::directory_iterator(index_options_.folder))
      folders += entry.is_directory() ? 1 : 0;
    CPPUNIT_ASSERT_EQUAL(index_->generations()->size(), folders);
  }

  void aFutureTimeDoesNotKeepAGeneration() {
    options_.applier.retention_ms = kDay;
    options_.applier.retain_interval_ms = kDay;
    open();
    waitSearchable(appended(batchOf(3, 884'541'427'200'000)));  // the year 30000
    waitSearchable(appended(batchOf(3, -62'167'219'200'000)));  // the year 0
    CPPUNIT_ASSERT_EQUAL(std::int64_t{6}, count());
    clock_.advance(3 * kDay);
    waitUntil([&] { return stream_->stats().applier.deleted_records == 6; });
    CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, count());
  }

  void manyThreadsLoseNothing() {
    options_.window_bytes = 4'096;  // most is read back from the log
    open();
    std::vector<std::thread> writers;
    std::atomic<int> failures{0};
    for (int w = 0; w < 4; ++w)
      writers.emplace_back([&, w] {
        for (int i = 0; i < 50; ++i)
          if (!append(batchOf(7, w)).isOk()) ++failures;
      });
    for (std::thread& writer : writers) writer.join();
    CPPUNIT_ASSERT_EQUAL(0, failures.load());
    waitSearchable(1'400);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{1'400}, count());
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(StreamServiceTest);

}  // namespace gyre::stream
