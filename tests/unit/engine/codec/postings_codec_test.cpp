#include "engine/codec/postings_codec.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/support/seeded_random.hpp"
#include "tests/support/temp_folder.hpp"

namespace {

using gyre::engine::DocId;
using gyre::engine::kNoMoreDocs;
using gyre::engine::kPostingsBlock;
using gyre::engine::PostingsCursor;
using gyre::engine::TermInfo;
using List = std::map<DocId, std::vector<std::uint32_t>>;  // positions of each document

constexpr std::uint32_t kDocs = 20'000;

List randomList(std::mt19937& random, std::size_t count) {
  std::set<DocId> docs;
  const std::uint32_t range =
      random() % 2 == 0 ? kDocs : static_cast<std::uint32_t>(std::min<std::size_t>(kDocs, count * 2));
  while (docs.size() < count) docs.insert(static_cast<DocId>(random() % range));
  List list;
  for (const DocId doc : docs) {
    std::set<std::uint32_t> positions;
    const std::size_t wanted = random() % 10 == 0 ? 1 + random() % 40 : 1;
    while (positions.size() < wanted) positions.insert(static_cast<std::uint32_t>(random() % 500));
    list[doc].assign(positions.begin(), positions.end());
  }
  return list;
}

}  // namespace

class PostingsCodecTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(PostingsCodecTest);
  CPPUNIT_TEST(readsBackWhatWasWritten);
  CPPUNIT_TEST(advancingFindsTheRightBlock);
  CPPUNIT_TEST(boundsHoldWithoutDecoding);
  CPPUNIT_TEST(singleDocumentsAreInline);
  CPPUNIT_TEST(everyDocumentCostsNearlyNothing);
  CPPUNIT_TEST(aTermOfMegabytesReadsBack);
  CPPUNIT_TEST(damageIsHarmless);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override {
    random_ = gyre::test::seededRandom();
    norms_.resize(kDocs);
    for (auto& norm : norms_) norm = static_cast<std::uint8_t>(1 + random_() % 60);
    lists_.clear();
    for (const std::size_t count : {1u, 2u, 127u, 128u, 129u, 256u, 1000u, 9000u, 1u, 3u})
      lists_.push_back(randomList(random_, count));
  }

  void tearDown() override {
    lists_.clear();
    reader_.reset();
  }

  void readsBackWhatWasWritten() {
    for (const bool has_positions : {true, false}) {
      write(has_positions);
      for (std::size_t i = 0; i < lists_.size(); ++i) {
        const auto cursor = reader_->cursor(infos_[i]);
        auto expected = lists_[i].begin();
        DocId next = 0;
        while (cursor->advanceBlock(next)) {
          for (std::uint32_t at = 0; at < cursor->docs().size(); ++at, ++expected) {
            CPPUNIT_ASSERT(expected != lists_[i].end());
            CPPUNIT_ASSERT_EQUAL(expected->first, cursor->docs()[at]);
            const std::size_t freq = has_positions ? expected->second.size() : 1;
            CPPUNIT_ASSERT_EQUAL(freq, std::size_t{cursor->freqs()[at]});
            const auto positions = cursor->positions(at);
            if (has_positions)
              CPPUNIT_ASSERT(
                  std::equal(positions.begin(), positions.end(), expected->second.begin(), expected->second.end()));
            else
              CPPUNIT_ASSERT(positions.empty());
          }
          next = cursor->docs().back() + 1;
        }
        CPPUNIT_ASSERT(expected == lists_[i].end());
        CPPUNIT_ASSERT_EQUAL(lists_[i].size(), std::size_t{infos_[i].doc_freq});
      }
    }
  }

  void advancingFindsTheRightBlock() {
    write(true);
    for (std::size_t i = 0; i < lists_.size(); ++i)
      for (int round = 0; round < 50; ++round) {
        const auto cursor = reader_->cursor(infos_[i]);
        DocId target = 0;
        while (true) {
          const auto expected = lists_[i].lower_bound(target);
          CPPUNIT_ASSERT_EQUAL(expected != lists_[i].end(), cursor->advanceBlock(target));
          if (expected == lists_[i].end()) break;
          const auto docs = cursor->docs();
          CPPUNIT_ASSERT(docs.back() >= target);
          const auto at = std::lower_bound(docs.begin(), docs.end(), target);
          CPPUNIT_ASSERT_EQUAL(expected->first, *at);
          CPPUNIT_ASSERT_EQUAL(expected->second.size(),
                               std::size_t{cursor->freqs()[static_cast<std::size_t>(at - docs.begin())]});
          target = expected->first + 1 + static_cast<DocId>(random_() % (round < 25 ? 50 : 5000));
        }
      }
  }

  void boundsHoldWithoutDecoding() {
    write(true);
    for (std::size_t i = 0; i < lists_.size(); ++i) {
      const auto cursor = reader_->cursor(infos_[i]);
      for (DocId target = 0; target < kDocs; target += 1 + static_cast<DocId>(random_() % 100)) {
        const auto bound = cursor->boundAt(target);
        const auto first = lists_[i].lower_bound(target);
        if (first == lists_[i].end()) {
          CPPUNIT_ASSERT_EQUAL(kNoMoreDocs, bound.last_doc);
          break;
        }
        CPPUNIT_ASSERT(bound.last_doc >= first->first && lists_[i].contains(bound.last_doc));
        for (auto each = first; each != lists_[i].end() && each->first <= bound.last_doc; ++each) {
          CPPUNIT_ASSERT(each->second.size() <= bound.max_freq);
          CPPUNIT_ASSERT(norms_[each->first] >= bound.min_norm);
        }
      }
    }
  }

  void singleDocumentsAreInline() {
    lists_ = {{{17, {5}}}, {{19'999, {0}}}};
    write(true);
    // Nothing but the slack that every section ends with.
    CPPUNIT_ASSERT_EQUAL(std::size_t{16}, bytes_.size());
    const auto cursor = reader_->cursor(infos_[0]);
    CPPUNIT_ASSERT_EQUAL(17u, cursor->boundAt(3).last_doc);
    CPPUNIT_ASSERT_EQUAL(norms_[17], cursor->boundAt(3).min_norm);
    CPPUNIT_ASSERT(cursor->advanceBlock(17));
    CPPUNIT_ASSERT_EQUAL(5u, cursor->positions(0)[0]);
    CPPUNIT_ASSERT(!cursor->advanceBlock(18));
  }

  void everyDocumentCostsNearlyNothing() {
    lists_ = {{}};
    for (DocId doc = 0; doc < kDocs; ++doc) lists_[0][doc] = {0};
    write(false);
    // A width byte and a skip entry for 128 documents.
    CPPUNIT_ASSERT(bytes_.size() < kDocs / kPostingsBlock * 14 + 64);
  }

  // Its blocks wait in a file, in memory where there is no folder for it, and the section is the same.
  void aTermOfMegabytesReadsBack() {
    constexpr DocId kMany = 600'000;
    const gyre::test::TempFolder folder;
    std::vector<std::uint32_t> positions(kMany);
    for (std::uint32_t& position : positions) position = static_cast<std::uint32_t>(random_() % 4'000'000'000u);
    std::string sections[2];
    std::vector<TermInfo> infos[2];
    for (int round = 0; round < 2; ++round) {
      gyre::engine::StringSink sink(sections[round]);
      gyre::engine::PostingsWriter writer(sink, true, nullptr, round == 0 ? folder.path().string() : std::string());
      for (const DocId docs : {DocId{3}, kMany, DocId{5}, kMany, DocId{300}}) {
        for (DocId doc = 0; doc < docs; ++doc) writer.add(doc, {&positions[doc], 1});
        infos[round].push_back(writer.finishTerm());
      }
      writer.finish();
      CPPUNIT_ASSERT(writer.status().isOk());
    }
    CPPUNIT_ASSERT(sections[0].size() > 4u << 20);
    CPPUNIT_ASSERT(sections[0] == sections[1]);
    const auto reader = gyre::engine::openPostings(gyre::base::asBytes(sections[0]), true, nullptr, kMany);
    for (const TermInfo& info : infos[0]) {
      const auto cursor = reader->cursor(info);
      DocId next = 0;
      while (cursor->advanceBlock(next))
        for (std::uint32_t at = 0; at < cursor->docs().size(); ++at, ++next) {
          CPPUNIT_ASSERT_EQUAL(next, cursor->docs()[at]);
          CPPUNIT_ASSERT_EQUAL(positions[next], cursor->positions(at)[0]);
        }
      CPPUNIT_ASSERT_EQUAL(info.doc_freq, next);
    }
    const DocId far = kMany - 2;
    const auto cursor = reader->cursor(infos[0][3]);
    CPPUNIT_ASSERT(cursor->advanceBlock(far));
    CPPUNIT_ASSERT(cursor->docs().front() <= far && cursor->docs().back() >= far);
  }

  void damageIsHarmless() {
    lists_ = {randomList(random_, 400), randomList(random_, 60)};
    write(true);
    const std::string sound = bytes_;
    for (std::size_t at = 0; at < sound.size(); ++at) {
      bytes_ = sound;
      bytes_[at] = static_cast<char>(random_());
      const auto reader = gyre::engine::openPostings(gyre::base::asBytes(bytes_), true, norms_.data(), kDocs);
      for (const TermInfo& info : infos_) {
        const auto cursor = reader->cursor(info);
        std::uint64_t next = 0;
        while (next < kDocs && cursor->advanceBlock(static_cast<DocId>(next))) {
          cursor->boundAt(static_cast<DocId>(next));
          for (std::uint32_t i = 0; i < cursor->docs().size(); ++i) cursor->positions(i);
          next = std::max<std::uint64_t>(next, cursor->docs().back()) + 1;
        }
      }
    }
  }

 private:
  void write(bool has_positions) {
    bytes_.clear();
    infos_.clear();
    gyre::engine::StringSink sink(bytes_);
    gyre::engine::PostingsWriter writer(sink, has_positions, norms_.data());
    CPPUNIT_ASSERT_EQUAL(0u, writer.finishTerm().doc_freq);
    for (const List& list : lists_) {
      for (const auto& [doc, positions] : list)
        writer.add(doc, has_positions ? std::span<const std::uint32_t>(positions) : std::span<const std::uint32_t>());
      infos_.push_back(writer.finishTerm());
    }
    writer.finish();
    reader_ = gyre::engine::openPostings(gyre::base::asBytes(bytes_), has_positions, norms_.data(), kDocs);
  }

  std::mt19937 random_;
  std::vector<std::uint8_t> norms_;
  std::vector<List> lists_;
  std::vector<TermInfo> infos_;
  std::string bytes_;
  std::unique_ptr<gyre::engine::PostingsReader> reader_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(PostingsCodecTest);
