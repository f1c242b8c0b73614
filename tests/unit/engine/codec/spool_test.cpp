#include "engine/codec/spool.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <cstdio>
#include <filesystem>
#include <random>
#include <string>

#include "engine/codec/column_codec.hpp"
#include "engine/codec/term_codec.hpp"
#include "tests/support/seeded_random.hpp"

namespace gyre::engine {

class SpoolTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(SpoolTest);
  CPPUNIT_TEST(bytesComeBackAsTheyCame);
  CPPUNIT_TEST(sectionsAreTheSameThroughAFile);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override { random_ = test::seededRandom(); }

  void bytesComeBackAsTheyCame() {
    for (const std::string& folder : {std::string(), folder_, std::string("/nowhere/at all")}) {
      Spool spool(folder);
      std::string expected;
      while (expected.size() < (5u << 20)) {
        const std::string piece(random_() % 70'000, static_cast<char>(random_()));
        spool.append(base::asBytes(piece));
        expected += piece;
      }
      std::string found;
      StringSink sink(found);
      spool.copyTo(sink);
      CPPUNIT_ASSERT_MESSAGE(std::string(spool.status().message()), spool.status().isOk());
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{expected.size()}, spool.size());
      CPPUNIT_ASSERT(expected == found);
    }
  }

  // As long as they are in memory alone they are what the readers' tests read.
  void sectionsAreTheSameThroughAFile() {
    TermDictionaryWriter kept(TermDetail::kPositions), spooled(TermDetail::kPositions, folder_);
    ColumnWriter kept_column(ColumnContent::kWhole), spooled_column(ColumnContent::kWhole, folder_);
    for (std::uint32_t i = 0; i < 300'000; ++i) {
      char term[16];
      std::snprintf(term, sizeof term, "term%09u", i);
      const TermInfo info{1 + i % 7, 1 + i % 7 + random_() % 3, std::uint64_t{i} * 12};
      kept.add(term, info);
      spooled.add(term, info);
      const auto value = static_cast<std::int64_t>(std::uint64_t{random_()} << 32 | random_());
      kept_column.add(i, value);
      spooled_column.add(i, value);
    }
    std::string expected, found, expected_column, found_column;
    kept.finish(expected);
    kept_column.finish(300'000, expected_column);
    StringSink sink(found), column_sink(found_column);
    CPPUNIT_ASSERT(spooled.finish(sink).isOk());
    CPPUNIT_ASSERT(spooled_column.finish(300'000, column_sink).isOk());
    CPPUNIT_ASSERT(expected == found);
    CPPUNIT_ASSERT(expected_column == found_column);
    CPPUNIT_ASSERT(expected.size() > (2u << 20) && expected_column.size() > (2u << 20));
    CPPUNIT_ASSERT(openTerms(base::asBytes(found)).isOk());
    CPPUNIT_ASSERT(openColumn(base::asBytes(found_column), 300'000).isOk());
  }

 private:
  const std::string folder_ = std::filesystem::temp_directory_path().string();
  std::mt19937 random_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(SpoolTest);

}  // namespace gyre::engine
