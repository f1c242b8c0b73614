// One index used from many threads at once; run it under the thread sanitizer.
#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "engine/directory/ram_directory.hpp"
#include "engine/index.hpp"
#include "tests/support/index_model.hpp"

namespace {

using gyre::engine::Index;
using gyre::engine::Operation;

constexpr std::uint64_t kSequences = 400;
constexpr std::uint64_t kIds = 50;

}  // namespace

class ConcurrencyTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(ConcurrencyTest);
  CPPUNIT_TEST(readersSeeWholeBatchesWhileWritersAndMergesRun);
  CPPUNIT_TEST(readersOfASortedIndexDoSoToo);
  CPPUNIT_TEST(closeEndsARunningMerge);
  CPPUNIT_TEST_SUITE_END();

 public:
  void readersSeeWholeBatchesWhileWritersAndMergesRun() { useFromManyThreads(gyre::engine::test::kDefinition); }
  // Its buffer is put in order before it is frozen.
  void readersOfASortedIndexDoSoToo() {
    useFromManyThreads(R"({"settings":{"index":{"sort":{"field":"units","order":"desc"}}},"mappings":{"properties":{
"units":{"type":"long"}}}})");
  }

  void useFromManyThreads(std::string_view definition) {
    gyre::engine::RamDirectory directory;
    auto index = open(directory, definition);
    std::atomic<bool> is_done{false};
    std::atomic<int> faults{0};
    std::vector<std::thread> threads;
    // Every batch writes every id with the batch's number as version: a snapshot holds each id once, all of one batch.
    threads.emplace_back([&] {
      for (std::uint64_t sequence = 1; sequence <= kSequences; ++sequence) {
        std::vector<std::string> ids, sources;
        for (std::uint64_t id = 0; id < kIds; ++id) {
          ids.push_back("id" + std::to_string(id));
          sources.push_back(R"({"units":)" + std::to_string(sequence + id) + "}");
        }
        std::vector<Operation> operations;
        for (std::uint64_t id = 0; id < kIds; ++id)
          operations.push_back({Operation::Kind::kIndex, ids[id], sequence, sources[id]});
        if (!index->apply(operations, sequence).isOk() || !index->refresh().isOk()) ++faults;
      }
      is_done = true;
    });
    threads.emplace_back([&] {
      while (!is_done)
        if (!index->commit().isOk()) ++faults;
    });
    threads.emplace_back([&] {
      while (!is_done)
        if (!index->merge().isOk()) ++faults;
    });
    threads.emplace_back([&] {
      std::uint64_t last = 0;
      while (!is_done) {
        const auto got = index->get("id7");
        if (!got.isOk()) ++faults;
        if (!got.isOk() || !got.value()) continue;
        if (got.value()->version < last) ++faults;
        last = got.value()->version;
        index->stats();
        index->checkpoint();
      }
    });
    threads.emplace_back([&] {
      while (!is_done) faults += countFaults(*index);
    });
    for (std::thread& thread : threads) thread.join();
    CPPUNIT_ASSERT_EQUAL(0, faults.load());
    CPPUNIT_ASSERT_EQUAL(kIds, index->stats().doc_count);
    CPPUNIT_ASSERT(index->close().isOk());
    CPPUNIT_ASSERT(gyre::engine::checkIndex(directory, [](std::string_view) {}).isOk());
  }

  void closeEndsARunningMerge() {
    gyre::engine::RamDirectory directory;
    for (int round = 0; round < 20; ++round) {
      auto index = open(directory, gyre::engine::test::kDefinition);
      for (std::uint64_t i = 0; i < 30; ++i) {
        const std::string id = std::to_string(i);
        const Operation operation{Operation::Kind::kIndex, id, static_cast<std::uint64_t>(round) * 100 + i + 1, "{}"};
        CPPUNIT_ASSERT(index->apply({&operation, 1}, 1).isOk());
        CPPUNIT_ASSERT(index->refresh().isOk());
      }
      CPPUNIT_ASSERT(index->close().isOk());
    }
    CPPUNIT_ASSERT(gyre::engine::checkIndex(directory, [](std::string_view) {}).isOk());
  }

 private:
  static std::unique_ptr<Index> open(gyre::engine::Directory& directory, std::string_view definition) {
    static gyre::base::NullObserver observer;
    auto opened = Index::open(directory, definition, {.name = "", .buffer_bytes = 50'000}, observer);
    CPPUNIT_ASSERT_MESSAGE(std::string(opened.status().message()), opened.isOk());
    return std::move(opened).value();
  }

  static int countFaults(const Index& index) {
    const auto snapshot = index.snapshot();
    std::uint64_t count = 0, batch = 0;
    int faults = 0;
    for (const auto& view : snapshot->segments)
      for (gyre::engine::DocId doc = 0; doc < view.segment->docCount(); ++doc) {
        if (!gyre::engine::isLive(view.live.get(), doc)) continue;
        ++count;
        if (batch == 0) batch = view.segment->version(doc);
        if (view.segment->version(doc) != batch) ++faults;
      }
    if (count != 0 && count != kIds) ++faults;
    if (count != 0 && batch != snapshot->sequence) ++faults;
    return faults;
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ConcurrencyTest);
