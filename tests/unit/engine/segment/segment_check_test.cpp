// Segments that were written once and must open for ever (tests/fuzz/corpus/segment), and what becomes of them when a
// bit of any section changes.
#include "engine/segment/segment_check.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/segment/open_segment.hpp"
#include "engine/segment/segment_file.hpp"

namespace {

using gyre::engine::MemoryFile;
using gyre::engine::OpenSegment;
using gyre::engine::SectionKind;

struct Kept {
  std::string name;
  std::string bytes;
};

std::vector<Kept> keptSegments() {
  std::vector<Kept> kept;
  for (const auto& entry : std::filesystem::directory_iterator(GYRE_SOURCE_DIR "/tests/fuzz/corpus/segment")) {
    // The others are files that were made to deceive.
    if (!entry.path().filename().string().starts_with("segment")) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    kept.push_back({entry.path().filename().string(), {std::istreambuf_iterator<char>(file), {}}});
  }
  return kept;
}

auto open(const Kept& kept, std::string bytes) {
  return OpenSegment::open(kept.name, std::make_unique<MemoryFile>(std::move(bytes)), true);
}

}  // namespace

class SegmentCheckTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(SegmentCheckTest);
  CPPUNIT_TEST(keptSegmentsOpenAndAreSound);
  CPPUNIT_TEST(aFlippedBitOfAnySectionIsNamed);
  CPPUNIT_TEST_SUITE_END();

 public:
  void keptSegmentsOpenAndAreSound() {
    const std::vector<Kept> kept = keptSegments();
    CPPUNIT_ASSERT(kept.size() >= 3);
    for (const Kept& each : kept) {
      const auto opened = open(each, each.bytes);
      CPPUNIT_ASSERT_MESSAGE(std::string(opened.status().message()), opened.isOk());
      std::string findings;
      const bool is_sound = gyre::engine::checkSegment(
          *opened.value(), [&](std::string_view finding) { findings += std::string(finding) + "\n"; });
      CPPUNIT_ASSERT_MESSAGE(findings, is_sound);
    }
  }

  void aFlippedBitOfAnySectionIsNamed() {
    const unsigned seed = std::random_device{}();
    std::mt19937 random(seed);
    std::set<SectionKind> seen;
    for (const Kept& each : keptSegments()) {
      const auto directory = gyre::engine::readSegmentDirectory(each.name, gyre::base::asBytes(each.bytes), true);
      CPPUNIT_ASSERT(directory.isOk());
      for (const auto& section : directory.value().sections) {
        if (section.size == 0) continue;
        seen.insert(section.kind);
        std::string damaged = each.bytes;
        char& byte = damaged[section.offset + random() % section.size];
        byte = static_cast<char>(byte ^ (1 << random() % 8));
        const auto opened = open(each, std::move(damaged));
        const std::string where = "seed " + std::to_string(seed) + " kind " +
                                  std::to_string(static_cast<int>(section.kind)) + " of " + each.name + ": " +
                                  std::string(opened.status().message());
        CPPUNIT_ASSERT_EQUAL_MESSAGE(where, int(gyre::Code::kCorruption), int(opened.status().code()));
        CPPUNIT_ASSERT_MESSAGE(where, opened.status().message().find(each.name) != std::string_view::npos);
        CPPUNIT_ASSERT_MESSAGE(
            where, opened.status().message().find("byte " + std::to_string(section.offset)) != std::string_view::npos);
      }
    }
    for (const SectionKind kind :
         {SectionKind::kStoredData, SectionKind::kStoredIndex, SectionKind::kIdBytes, SectionKind::kIdEnds,
          SectionKind::kIdTable, SectionKind::kVersions, SectionKind::kSeqNos, SectionKind::kRoutings,
          SectionKind::kNested, SectionKind::kTerms, SectionKind::kPostings, SectionKind::kColumn, SectionKind::kNorms,
          SectionKind::kPresence, SectionKind::kCompletion})
      CPPUNIT_ASSERT_MESSAGE("kind " + std::to_string(static_cast<int>(kind)), seen.contains(kind));
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SegmentCheckTest);
