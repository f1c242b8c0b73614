// A batch reads back as it was written, and damaged bytes are refused.
#include "server/stream/record_batch.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <limits>
#include <random>
#include <string>

namespace gyre::stream {

class RecordBatchTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(RecordBatchTest);
  CPPUNIT_TEST(readsBackAsWritten);
  CPPUNIT_TEST(randomBatchesReadBack);
  CPPUNIT_TEST(everyDamageIsFound);
  CPPUNIT_TEST(linesTakeAFifth);
  CPPUNIT_TEST_SUITE_END();

 public:
  void readsBackAsWritten() {
    RecordBatch batch;
    batch.add(0, 1'000, R"({"a":1})");
    batch.add(7, std::numeric_limits<std::int64_t>::min(), "", 5);
    batch.add(8, std::numeric_limits<std::int64_t>::max(), std::string("\0x", 2), 1, "id");
    batch.setId(0, "given later");
    same(batch);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{7}, batch.sequenceCount());
    same(RecordBatch());
  }

  void randomBatchesReadBack() {
    const auto seed = std::random_device{}();
    std::mt19937_64 random(seed);
    for (int round = 0; round < 50; ++round) {
      RecordBatch batch;
      const std::uint64_t count = random() % 200;
      for (std::uint64_t i = 0; i < count; ++i)
        batch.add(i, static_cast<std::int64_t>(random()), std::string(random() % 300, static_cast<char>(random())),
                  random() % 3, random() % 4 == 0 ? std::to_string(random()) : std::string());
      same(batch);
    }
  }

  void everyDamageIsFound() {
    const std::string bytes = sample().encode();
    for (std::size_t size = 0; size < bytes.size(); ++size)
      CPPUNIT_ASSERT(RecordBatch::decode(std::string_view(bytes).substr(0, size)).status().code() == Code::kCorruption);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ 1);
      CPPUNIT_ASSERT(RecordBatch::decode(damaged).status().code() == Code::kCorruption);
    }
  }

  void linesTakeAFifth() {
    const RecordBatch batch = sample();
    CPPUNIT_ASSERT(batch.encode().size() * 5 < batch.bytes());
  }

 private:
  static RecordBatch sample() {
    RecordBatch batch;
    for (int i = 0; i < 200; ++i)
      batch.add(
          static_cast<std::uint64_t>(i), 1'700'000'000'000 + i * 13,
          R"({"level":"info","service":"checkout","message":"order )" + std::to_string(i * 7919) + R"( was paid"})");
    return batch;
  }
  static void same(const RecordBatch& batch) {
    const auto read = RecordBatch::decode(batch.encode());
    CPPUNIT_ASSERT_MESSAGE(std::string(read.status().message()), read.isOk());
    CPPUNIT_ASSERT_EQUAL(batch.size(), read->size());
    CPPUNIT_ASSERT_EQUAL(batch.sequenceCount(), read->sequenceCount());
    for (std::size_t i = 0; i < batch.size(); ++i) {
      CPPUNIT_ASSERT(batch.record(i) == read->record(i));
      CPPUNIT_ASSERT(batch.id(i) == read->id(i));
      CPPUNIT_ASSERT_EQUAL(batch.timeMillis(i), read->timeMillis(i));
      CPPUNIT_ASSERT_EQUAL(batch.sequences(i), read->sequences(i));
    }
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(RecordBatchTest);

}  // namespace gyre::stream
