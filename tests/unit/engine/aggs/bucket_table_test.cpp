#include "engine/aggs/bucket_table.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <random>
#include <utility>
#include <vector>

namespace {
using gyre::engine::BucketTable;
}

class BucketTableTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(BucketTableTest);
  CPPUNIT_TEST(everyPairHasItsBucketAndCount);
  CPPUNIT_TEST(fewIdsOfOneParentAreTheirOwnNumbers);
  CPPUNIT_TEST_SUITE_END();

 public:
  // Ids and parents grow while documents come, past every limit at which the table changes its ways.
  void everyPairHasItsBucketAndCount() {
    const auto seed = std::random_device()();
    std::cerr << " seed " << seed << ' ';
    std::mt19937_64 random(seed);
    for (int round = 0; round < 200; ++round) {
      BucketTable table(round % 2 == 0 ? BucketTable::Numbering::kAhead : BucketTable::Numbering::kAsMet);
      std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> expected;
      std::uint32_t ids = static_cast<std::uint32_t>(1 + random() % 20);
      std::uint32_t parents = 1;
      const bool knows_ids = round % 5 != 0;
      for (int block = 0; block < 10; ++block) {
        if (random() % 3 == 0) ids *= static_cast<std::uint32_t>(1 + random() % 6);
        if (random() % 4 == 0) parents *= static_cast<std::uint32_t>(1 + random() % 50);
        ids = std::min(ids, 100'000u);
        parents = std::min(parents, 5'000u);
        if (knows_ids) table.setIds(ids);
        std::vector<std::uint32_t> block_parents(1 + random() % 300), block_ids(block_parents.size());
        for (std::size_t i = 0; i < block_ids.size(); ++i) {
          block_parents[i] = static_cast<std::uint32_t>(random() % parents);
          block_ids[i] = static_cast<std::uint32_t>(random() % ids);
          ++expected[{block_parents[i], block_ids[i]}];
        }
        const auto size = static_cast<std::uint32_t>(block_ids.size());
        const std::uint32_t* const buckets =
            table.collect(parents == 1 ? nullptr : block_parents.data(), parents, block_ids.data(), size);
        for (std::uint32_t i = 0; i < size; ++i) {
          CPPUNIT_ASSERT(buckets[i] < table.size());
          CPPUNIT_ASSERT_EQUAL(block_parents[i], table.parent(buckets[i]));
          CPPUNIT_ASSERT_EQUAL(block_ids[i], table.id(buckets[i]));
        }
      }
      std::size_t listed = 0;
      for (std::uint32_t parent = 0; parent < parents; ++parent)
        for (const std::uint32_t bucket : table.bucketsOf(parent)) {
          const auto known = expected.find({parent, table.id(bucket)});
          CPPUNIT_ASSERT(known != expected.end());
          CPPUNIT_ASSERT_EQUAL(known->second, table.count(bucket));
          ++listed;
        }
      CPPUNIT_ASSERT_EQUAL(expected.size(), listed);
    }
  }

  void fewIdsOfOneParentAreTheirOwnNumbers() {
    BucketTable table(BucketTable::Numbering::kAhead);
    table.setIds(7);
    const std::vector<std::uint32_t> ids = {5, 2, 5};
    CPPUNIT_ASSERT_EQUAL(ids.data(), table.collect(nullptr, 1, ids.data(), 3));
    CPPUNIT_ASSERT_EQUAL(7u, table.size());
    // Those no document reached are not listed.
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, table.bucketsOf(0).size());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, table.count(5));
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(BucketTableTest);
