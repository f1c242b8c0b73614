// The log of a stream: batches get their sequences, are read after one, and go once they are not needed.
#include <cppunit/extensions/HelperMacros.h>
#include <sqlite3.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/server/store/store_fixture.hpp"

namespace gyre::store {

class BatchLogTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(BatchLogTest);
  CPPUNIT_TEST(recordsAreNumberedWithoutGaps);
  CPPUNIT_TEST(aRefusedUnitLeavesNothing);
  CPPUNIT_TEST(readsAfterASequenceWithinABudget);
  CPPUNIT_TEST(trimKeepsTheEndOfTheLog);
  CPPUNIT_TEST(trimmedPagesAreUsedAgain);
  CPPUNIT_TEST(aTrimmedLogIsGivenBackToTheDisk);
  CPPUNIT_TEST(aWalThatWasReadIsGivenBackLater);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override { open(); }

  void recordsAreNumberedWithoutGaps() {
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, append(3, "abc"));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{4}, append(1, std::string("\0x", 2)));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{4}, store_->lastSequence());
    open();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{4}, store_->lastSequence());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{5}, append(2, "de"));
    const auto batches = store_->batchesAfter(0, 1'000'000);
    CPPUNIT_ASSERT_EQUAL(std::size_t{3}, batches->size());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{4}, batches->at(1).first_sequence);
    CPPUNIT_ASSERT_EQUAL(std::string("\0x", 2), batches->at(1).data);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{77}, batches->at(1).time_millis);
  }

  void aRefusedUnitLeavesNothing() {
    append(2, "ab");
    const Status refused = run([](UnitOfWork& work) -> Status {
      GYRE_TRY(work.appendBatch({0, 5, 77, "gone!"}).status());
      return conflict("no");
    });
    CPPUNIT_ASSERT(refused.code() == Code::kConflict);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, append(1, "c"));
  }

  void readsAfterASequenceWithinABudget() {
    for (int i = 0; i < 10; ++i) append(10, std::string(100, 'x'));
    const auto some = store_->batchesAfter(25, 250);
    CPPUNIT_ASSERT_EQUAL(std::size_t{3}, some->size());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{21}, some->front().first_sequence);
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, store_->batchesAfter(0, 1)->size());
    CPPUNIT_ASSERT(store_->batchesAfter(100, 1)->empty());
    const auto backlog = store_->batchBacklog(30);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{7}, backlog->batches);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{700}, backlog->bytes);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{77}, backlog->oldest_millis);
  }

  void trimKeepsTheEndOfTheLog() {
    for (int i = 0; i < 3; ++i) append(10, "x");
    trim(15);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{11}, store_->batchesAfter(0, 100)->front().first_sequence);
    trim(1'000);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{21}, store_->batchesAfter(0, 100)->front().first_sequence);
    open();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{30}, store_->lastSequence());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{31}, append(1, "y"));
  }

  void trimmedPagesAreUsedAgain() {
    const auto round = [&] {
      for (int i = 0; i < 20; ++i) append(10, std::string(200'000, static_cast<char>('a' + i)));
      trim(store_->lastSequence());
    };
    round();
    round();
    store_.reset();
    const auto before = std::filesystem::file_size(folder_.file("stream.db"));
    open();
    for (int i = 0; i < 5; ++i) round();
    store_.reset();
    CPPUNIT_ASSERT(std::filesystem::file_size(folder_.file("stream.db")) <= before + before / 4);
  }

  void aTrimmedLogIsGivenBackToTheDisk() {
    for (int i = 0; i < 60; ++i) append(10, std::string(200'000, static_cast<char>('a' + i % 26)));
    const std::uint64_t last = store_->lastSequence();
    trim(last - 10);
    trim(last);
    CPPUNIT_ASSERT_EQUAL(last + 1, append(10, "y"));  // behind the file's last change
    CPPUNIT_ASSERT_MESSAGE(std::to_string(filesBytes()), shrinksBelow(1'500'000));
    open();
    CPPUNIT_ASSERT_EQUAL(last + 10, store_->lastSequence());
    CPPUNIT_ASSERT_EQUAL(last - 9, store_->batchesAfter(0, 1)->front().first_sequence);
  }

  // Whoever reads an earlier state holds the WAL; nothing is appended after they have ended.
  void aWalThatWasReadIsGivenBackLater() {
    for (int i = 0; i < 60; ++i) append(10, std::string(200'000, static_cast<char>('a' + i % 26)));
    sqlite3* reader = nullptr;
    CPPUNIT_ASSERT_EQUAL(SQLITE_OK, sqlite3_open(folder_.file("stream.db").c_str(), &reader));
    const auto execute = [&](const char* sql) { return sqlite3_exec(reader, sql, nullptr, nullptr, nullptr); };
    CPPUNIT_ASSERT_EQUAL(SQLITE_OK, execute("BEGIN; SELECT count(*) FROM sqlite_master"));
    trim(store_->lastSequence());
    append(10, "y");
    const auto wal = [&] { return std::filesystem::file_size(folder_.file("stream.db-wal")); };
    const auto held = wal();
    CPPUNIT_ASSERT_EQUAL(SQLITE_OK, execute("COMMIT"));
    CPPUNIT_ASSERT_EQUAL(SQLITE_OK, sqlite3_close(reader));
    CPPUNIT_ASSERT_MESSAGE(std::to_string(held), held > 1'500'000);
    CPPUNIT_ASSERT_MESSAGE(std::to_string(filesBytes()), shrinksBelow(1'500'000));
    CPPUNIT_ASSERT_EQUAL(std::uintmax_t{0}, wal());
  }

 private:
  std::uintmax_t filesBytes() const {
    std::uintmax_t bytes = 0;
    for (const auto& file :
         std::filesystem::directory_iterator(std::filesystem::path(folder_.file("stream.db")).parent_path()))
      bytes += file.file_size();
    return bytes;
  }
  // The store does so by itself, once it is quiet.
  bool shrinksBelow(std::uintmax_t limit) const {
    for (int i = 0; i < 2'000 && filesBytes() >= limit; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return filesBytes() < limit;
  }
  void open() {
    store_.reset();
    StoreOptions options;
    options.path = folder_.file("stream.db");
    auto opened = PrimaryStore::open(options, clock_, observer_);
    CPPUNIT_ASSERT_MESSAGE(std::string(opened.status().message()), opened.isOk());
    store_ = std::move(opened).value();
  }
  Status run(const LambdaUnit::Run& unit) { return runUnit(*store_, unit); }
  std::uint64_t append(std::uint64_t count, const std::string& data) {
    std::uint64_t first = 0;
    const Status status = run([&](UnitOfWork& work) -> Status {
      GYRE_TRY_ASSIGN(first, work.appendBatch({0, count, 77, data}));
      return {};
    });
    CPPUNIT_ASSERT_MESSAGE(std::string(status.message()), status.isOk());
    return first;
  }
  void trim(std::uint64_t sequence) {
    CPPUNIT_ASSERT(run([&](UnitOfWork& work) { return work.trimBatches(sequence); }).isOk());
  }

  TemporaryFolder folder_;
  base::SystemClock clock_;
  base::NullObserver observer_;
  std::unique_ptr<PrimaryStore> store_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(BatchLogTest);

}  // namespace gyre::store
