#include "engine/writer/merge_policy.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <random>
#include <vector>

#include "engine/writer/commit_point.hpp"
#include "engine/writer/version_map.hpp"

namespace {

using gyre::engine::chooseForcedMerge;
using gyre::engine::chooseMerge;
using gyre::engine::MergeCandidate;
using gyre::engine::MergePolicy;

constexpr std::uint64_t kMegabyte = 1u << 20;
using Chosen = std::vector<std::size_t>;

MergeCandidate segment(std::uint64_t bytes, double live_share = 1.0) {
  return {bytes, 1000, static_cast<std::uint32_t>(1000 * live_share), false};
}

}  // namespace

class MergePolicyTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(MergePolicyTest);
  CPPUNIT_TEST(nothingIsDueBelowAFullTier);
  CPPUNIT_TEST(tinySegmentsAreOneTier);
  CPPUNIT_TEST(similarSizesAreMergedAndOthersLeftAlone);
  CPPUNIT_TEST(hugeAndTakenSegmentsAreLeftAlone);
  CPPUNIT_TEST(manyDeletesAreAReasonAlone);
  CPPUNIT_TEST(segmentsStayFewAndRewritesRare);
  CPPUNIT_TEST(forcedMergeTakesTheSmallest);
  CPPUNIT_TEST(commitPointSurvives);
  CPPUNIT_TEST(tombstonesLastUntilTheSecondCommit);
  CPPUNIT_TEST_SUITE_END();

 public:
  void nothingIsDueBelowAFullTier() {
    CPPUNIT_ASSERT(chooseMerge({}, {}).empty());
    CPPUNIT_ASSERT(chooseMerge({}, std::vector<MergeCandidate>(9, segment(1000))).empty());
  }

  void tinySegmentsAreOneTier() {
    std::vector<MergeCandidate> segments(9, segment(300));
    segments.push_back(segment(kMegabyte));
    CPPUNIT_ASSERT_EQUAL(std::size_t{10}, chooseMerge({}, segments).size());
    segments.assign(100, segment(300));
    CPPUNIT_ASSERT_EQUAL(std::size_t{20}, chooseMerge({}, segments).size());
  }

  void similarSizesAreMergedAndOthersLeftAlone() {
    std::vector<MergeCandidate> segments(10, segment(20 * kMegabyte));
    segments.insert(segments.begin(), segment(2000 * kMegabyte));
    segments.push_back(segment(1));
    CPPUNIT_ASSERT((chooseMerge({}, segments) == Chosen{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
  }

  void hugeAndTakenSegmentsAreLeftAlone() {
    CPPUNIT_ASSERT(chooseMerge({}, std::vector<MergeCandidate>(20, segment(6000 * kMegabyte))).empty());
    std::vector<MergeCandidate> segments(10, segment(1000));
    segments[3].is_taken = true;
    CPPUNIT_ASSERT(chooseMerge({}, segments).empty());
    // Together no more than the ceiling.
    const Chosen chosen = chooseMerge({}, std::vector<MergeCandidate>(10, segment(2000 * kMegabyte)));
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, chosen.size());
  }

  void manyDeletesAreAReasonAlone() {
    CPPUNIT_ASSERT((chooseMerge({}, std::vector{segment(9 * kMegabyte), segment(9 * kMegabyte, 0.5)}) == Chosen{1}));
    CPPUNIT_ASSERT(chooseMerge({}, std::vector{segment(9 * kMegabyte, 0.7)}).empty());
  }

  void segmentsStayFewAndRewritesRare() {
    std::vector<MergeCandidate> segments;
    std::mt19937 random(1);
    std::uint64_t written = 0, rewritten = 0;
    std::size_t most = 0;
    for (int refresh = 0; refresh < 20'000; ++refresh) {
      segments.push_back(segment(kMegabyte / 2 + random() % kMegabyte));
      written += segments.back().bytes;
      for (Chosen chosen; !(chosen = chooseMerge({}, segments)).empty();) {
        std::uint64_t bytes = 0;
        for (auto each = chosen.rbegin(); each != chosen.rend(); ++each) {
          bytes += segments[*each].bytes;
          segments.erase(segments.begin() + static_cast<std::ptrdiff_t>(*each));
        }
        rewritten += bytes;
        segments.push_back(segment(bytes));
      }
      most = std::max(most, segments.size());
    }
    CPPUNIT_ASSERT(most < 50);
    CPPUNIT_ASSERT(rewritten < 6 * written);
  }

  void forcedMergeTakesTheSmallest() {
    const std::vector<MergeCandidate> segments = {segment(50), segment(10), segment(30), segment(20)};
    CPPUNIT_ASSERT((chooseForcedMerge(segments, 1) == Chosen{0, 1, 2, 3}));
    CPPUNIT_ASSERT((chooseForcedMerge(segments, 3) == Chosen{1, 3}));
    CPPUNIT_ASSERT(chooseForcedMerge(segments, 4).empty());
    CPPUNIT_ASSERT((chooseForcedMerge(std::vector{segment(50, 0.9)}, 1) == Chosen{0}));
    CPPUNIT_ASSERT(chooseForcedMerge(std::vector{segment(50)}, 1).empty());
  }

  void commitPointSurvives() {
    gyre::engine::CommitPoint commit{7, 9, 12, R"({"mappings":{}})", {{"seg_0000000003", 100, 5, 10, "live"}, {}}};
    const std::string bytes = encodeCommit(commit);
    const auto back = gyre::engine::decodeCommit(gyre::base::asBytes(bytes));
    CPPUNIT_ASSERT(back.isOk());
    CPPUNIT_ASSERT_EQUAL(bytes, encodeCommit(back.value()));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{9}, back.value().generation);
    CPPUNIT_ASSERT_EQUAL(std::string("live"), back.value().segments[0].live);
    for (std::size_t at = 0; at < bytes.size(); ++at)
      for (int bit = 0; bit < 8; ++bit) {
        std::string damaged = bytes;
        damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
        CPPUNIT_ASSERT(!gyre::engine::decodeCommit(gyre::base::asBytes(damaged)).isOk());
      }
  }

  void tombstonesLastUntilTheSecondCommit() {
    gyre::engine::VersionMap versions;
    versions.add("a", {5, 0});
    versions.age();
    CPPUNIT_ASSERT(versions.find("a")->version == 5);
    versions.add("b", {6, 0});
    versions.age();
    CPPUNIT_ASSERT(!versions.find("a"));
    CPPUNIT_ASSERT(versions.find("b")->version == 6);
    versions.add("b", {8, 0});
    CPPUNIT_ASSERT(versions.find("b")->version == 8);
    versions.remove("b");
    CPPUNIT_ASSERT(!versions.find("b"));
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(MergePolicyTest);
