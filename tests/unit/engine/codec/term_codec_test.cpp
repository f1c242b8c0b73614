#include "engine/codec/term_codec.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/support/seeded_random.hpp"

namespace {

using gyre::engine::TermDetail;
using gyre::engine::TermInfo;
using Model = std::map<std::string, TermInfo>;

std::string write(TermDetail detail, const Model& model) {
  gyre::engine::TermDictionaryWriter writer(detail);
  for (const auto& [term, info] : model) writer.add(term, info);
  std::string bytes;
  writer.finish(bytes);
  return bytes;
}

// As dictionaries were written before their blocks were split: what is known of a term stands right behind it.
std::string writeUnsplit(TermDetail detail, const Model& model) {
  using gyre::base::appendLittle;
  using gyre::base::appendVarint;
  std::vector<std::uint64_t> starts;
  std::string blocks, last;
  std::uint64_t last_offset = 0;
  std::size_t count = 0;
  for (const auto& [term, info] : model) {
    std::size_t shared = 0;
    if (count++ % 16 == 0) {
      starts.push_back(blocks.size());
      last_offset = 0;
    } else {
      while (shared < std::min(last.size(), term.size()) && last[shared] == term[shared]) ++shared;
      appendVarint(blocks, shared);
    }
    appendVarint(blocks, term.size() - shared);
    blocks += term.substr(shared);
    last = term;
    if (detail == TermDetail::kBare) continue;
    appendVarint(blocks, info.doc_freq);
    if (detail == TermDetail::kPositions) appendVarint(blocks, info.total_term_freq - info.doc_freq);
    if (gyre::engine::isInlineTerm(info)) {
      appendVarint(blocks, info.postings_offset & 0xffff'ffff);
      if (detail == TermDetail::kPositions) appendVarint(blocks, info.postings_offset >> 32);
    } else {
      appendVarint(blocks, info.postings_offset - last_offset);
      last_offset = info.postings_offset;
    }
  }
  std::string bytes;
  appendLittle(bytes, static_cast<std::uint32_t>(model.size()));
  appendLittle(bytes, static_cast<std::uint32_t>(detail));
  const std::uint64_t data_start = 8 + (starts.size() + 1) * 8;
  for (const std::uint64_t start : starts) appendLittle(bytes, data_start + start);
  appendLittle<std::uint64_t>(bytes, data_start + blocks.size());
  return bytes + blocks;
}

std::size_t countCharacters(std::string_view term) {
  return static_cast<std::size_t>(
      std::count_if(term.begin(), term.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

bool isSame(const TermInfo& a, const TermInfo& b) {
  return a.doc_freq == b.doc_freq && a.total_term_freq == b.total_term_freq && a.postings_offset == b.postings_offset;
}

Model randomModel(std::mt19937& random, std::size_t count, TermDetail detail) {
  Model model;
  while (model.size() < count) {
    std::string term(random() % 12, 'a');
    for (char& c : term) c = static_cast<char>(random() % 4 == 0 ? random() % 256 : 'a' + random() % 3);
    model[term];
  }
  std::uint64_t offset = 0;
  for (auto& [term, info] : model) {
    if (detail == TermDetail::kBare) continue;
    info.doc_freq = random() % 3 == 0 ? 1 : 2 + static_cast<std::uint32_t>(random() % 1000);
    info.total_term_freq = info.doc_freq;
    if (detail == TermDetail::kPositions) info.total_term_freq += random() % 4;
    if (gyre::engine::isInlineTerm(info)) {
      info.postings_offset = gyre::engine::inlinePosting(static_cast<std::uint32_t>(random()),
                                                         detail == TermDetail::kPositions ? random() % 1000 : 0);
    } else {
      info.postings_offset = offset += random() % 100'000;
    }
  }
  return model;
}

}  // namespace

class TermCodecTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(TermCodecTest);
  CPPUNIT_TEST(everyTermIsFoundByAllWays);
  CPPUNIT_TEST(seekCeilGoesToTheNextTerm);
  CPPUNIT_TEST(sharedBytesAreWhatTermsHaveInCommon);
  CPPUNIT_TEST(noTermOfAWantedLengthIsPassedOver);
  CPPUNIT_TEST(skipGoesBeyondWhatBeginsAlike);
  CPPUNIT_TEST(emptyDictionaryHasNothing);
  CPPUNIT_TEST(damageIsRefusedOrHarmless);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override { random_ = gyre::test::seededRandom(); }

  void everyTermIsFoundByAllWays() {
    for (const TermDetail detail : {TermDetail::kBare, TermDetail::kDocuments, TermDetail::kPositions})
      for (const std::size_t count : {1u, 15u, 16u, 17u, 16u, 17u, 500u, 500u}) {
        const Model model = randomModel(random_, count, detail);
        // Both forms are read for ever.
        const std::string bytes = random_() % 2 == 0 ? write(detail, model) : writeUnsplit(detail, model);
        const auto terms = open(bytes);
        CPPUNIT_ASSERT_EQUAL(static_cast<std::uint32_t>(count), terms->size());
        const auto walk = terms->cursor(), jump = terms->cursor();
        std::uint32_t ordinal = 0;
        for (const auto& [term, info] : model) {
          CPPUNIT_ASSERT(walk->next());
          CPPUNIT_ASSERT_EQUAL(term, std::string(walk->term()));
          CPPUNIT_ASSERT_EQUAL(ordinal, walk->ordinal());
          CPPUNIT_ASSERT(isSame(info, walk->info()));
          const auto found = terms->find(term);
          CPPUNIT_ASSERT(found && found->ordinal == ordinal && isSame(info, found->info));
          // Forwards within a block, and then back to it from elsewhere.
          CPPUNIT_ASSERT(jump->seekOrdinal(ordinal));
          CPPUNIT_ASSERT_EQUAL(term, std::string(jump->term()));
          CPPUNIT_ASSERT(jump->seekOrdinal(random_() % static_cast<std::uint32_t>(count)));
          CPPUNIT_ASSERT(jump->seekOrdinal(ordinal));
          CPPUNIT_ASSERT_EQUAL(term, std::string(jump->term()));
          ++ordinal;
        }
        CPPUNIT_ASSERT(!walk->next());
        CPPUNIT_ASSERT(!jump->seekOrdinal(ordinal));
      }
  }

  void seekCeilGoesToTheNextTerm() {
    const Model model = randomModel(random_, 300, TermDetail::kDocuments);
    const std::string bytes = write(TermDetail::kDocuments, model);
    const auto terms = open(bytes);
    const auto cursor = terms->cursor();
    for (int i = 0; i < 2000; ++i) {
      const std::string target = std::next(randomModel(random_, 2, TermDetail::kBare).begin())->first;
      const auto expected = model.lower_bound(target);
      CPPUNIT_ASSERT_EQUAL(expected != model.end(), cursor->seekCeil(target));
      if (expected != model.end()) CPPUNIT_ASSERT_EQUAL(expected->first, std::string(cursor->term()));
      CPPUNIT_ASSERT_EQUAL(model.contains(target), terms->find(target).has_value());
    }
  }

  void sharedBytesAreWhatTermsHaveInCommon() {
    const Model model = randomModel(random_, 200, TermDetail::kDocuments);
    const std::string bytes = write(TermDetail::kDocuments, model);
    const auto terms = open(bytes);
    const auto cursor = terms->cursor();
    std::string before;
    for (int step = 0; step < 5'000; ++step) {
      if (!before.empty() && random_() % 5 == 0) cursor->seekOrdinal(static_cast<std::uint32_t>(random_() % 200));
      if (step > 0 && cursor->ordinal() < 200) before = cursor->term();
      if (!cursor->next()) {
        CPPUNIT_ASSERT(cursor->seekOrdinal(0));
        continue;
      }
      std::size_t common = 0;
      while (common < std::min(before.size(), cursor->term().size()) && before[common] == cursor->term()[common])
        ++common;
      if (step > 0) CPPUNIT_ASSERT_EQUAL(common, cursor->sharedBytes());
    }
  }

  void noTermOfAWantedLengthIsPassedOver() {
    // Runs of one length, so that whole blocks are passed over, and some beyond what a byte counts.
    Model model;
    for (int i = 0; i < 1'000; ++i) {
      const std::size_t length =
          i / 100 == 7 ? 250 + static_cast<std::size_t>(i) % 20 : 4 + static_cast<std::size_t>(i) / 100;
      std::string term = std::to_string(10'000 + i);
      while (countCharacters(term) < length) term += random_() % 3 == 0 ? "ü" : "u";
      model[term] = {1, 1, 0};
    }
    const std::string bytes = write(TermDetail::kDocuments, model);
    const auto terms = open(bytes);
    for (const std::size_t wanted : {4u, 5u, 8u, 13u, 14u, 251u, 254u, 255u, 256u, 269u, 270u}) {
      const std::size_t longest = wanted + random_() % 3;
      std::vector<std::string> expected, found;
      for (const auto& [term, info] : model)
        if (countCharacters(term) >= wanted && countCharacters(term) <= longest) expected.push_back(term);
      const auto cursor = terms->cursor();
      cursor->ignoreOtherLengths(wanted, longest);
      std::size_t steps = 0;
      for (bool has_term = cursor->seekCeil(""); has_term; has_term = cursor->next(), ++steps)
        if (countCharacters(cursor->term()) >= wanted && countCharacters(cursor->term()) <= longest)
          found.emplace_back(cursor->term());
      CPPUNIT_ASSERT(expected == found);
      CPPUNIT_ASSERT(steps < 600);
    }
  }

  void skipGoesBeyondWhatBeginsAlike() {
    for (int round = 0; round < 60; ++round) {
      const std::size_t count = 1 + random_() % (round % 2 == 0 ? 40 : 900);
      const Model model = randomModel(random_, count, TermDetail::kPositions);
      const bool is_old = round % 5 == 0;
      const std::string bytes =
          is_old ? writeUnsplit(TermDetail::kPositions, model) : write(TermDetail::kPositions, model);
      const auto terms = open(bytes);
      const auto cursor = terms->cursor();
      const std::size_t shortest = random_() % 6, longest = shortest + random_() % 6;
      const bool ignores = round % 3 == 0;
      if (ignores) cursor->ignoreOtherLengths(shortest, longest);
      const auto isWanted = [&](const std::string& term) {
        return !ignores || (countCharacters(term) >= shortest && countCharacters(term) <= longest);
      };
      bool has_term = cursor->seekCeil("");
      for (int step = 0; step < 400; ++step) {
        if (!has_term) {
          has_term = cursor->seekCeil(std::next(model.begin(), static_cast<long>(random_() % count))->first);
          continue;
        }
        const std::string before(cursor->term());
        if (before.empty() || random_() % 4 == 0) {
          has_term = cursor->next();
          continue;
        }
        const std::string beginning = before.substr(0, 1 + random_() % before.size());
        auto expected = model.upper_bound(before);
        while (expected != model.end() && expected->first.starts_with(beginning)) ++expected;
        has_term = cursor->skip(beginning.size());
        const auto found = has_term ? model.find(std::string(cursor->term())) : model.end();
        CPPUNIT_ASSERT(has_term == (found != model.end()));
        if (!ignores) CPPUNIT_ASSERT(found == expected);
        for (; expected != found; ++expected) CPPUNIT_ASSERT(expected != model.end() && !isWanted(expected->first));
        if (!has_term) continue;
        CPPUNIT_ASSERT_EQUAL(static_cast<std::uint32_t>(std::distance(model.begin(), found)), cursor->ordinal());
        CPPUNIT_ASSERT(isSame(found->second, cursor->info()));
        const auto [end, ignored] =
            std::mismatch(before.begin(), before.end(), found->first.begin(), found->first.end());
        CPPUNIT_ASSERT_EQUAL(static_cast<std::size_t>(end - before.begin()), cursor->sharedBytes());
      }
    }
  }

  void emptyDictionaryHasNothing() {
    const std::string bytes = write(TermDetail::kDocuments, {});
    const auto terms = open(bytes);
    CPPUNIT_ASSERT_EQUAL(0u, terms->size());
    CPPUNIT_ASSERT(!terms->cursor()->next());
    CPPUNIT_ASSERT(!terms->cursor()->seekCeil(""));
    CPPUNIT_ASSERT(!terms->find("a"));
  }

  void damageIsRefusedOrHarmless() {
    const Model model = randomModel(random_, 100, TermDetail::kPositions);
    const std::string bytes = write(TermDetail::kPositions, model);
    for (std::size_t size = 0; size < bytes.size(); ++size)
      CPPUNIT_ASSERT(!gyre::engine::openTerms(gyre::base::asBytes(std::string_view(bytes).substr(0, size))).isOk());
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(random_());
      const auto opened = gyre::engine::openTerms(gyre::base::asBytes(damaged));
      if (!opened.isOk()) continue;
      const auto cursor = opened.value()->cursor();
      std::size_t steps = 0;
      while (cursor->next()) ++steps;
      CPPUNIT_ASSERT(steps <= opened.value()->size());
      opened.value()->find("abc");
      cursor->seekOrdinal(50);
    }
  }

 private:
  std::unique_ptr<gyre::engine::TermDictionaryReader> open(const std::string& bytes) {
    auto opened = gyre::engine::openTerms(gyre::base::asBytes(bytes));
    CPPUNIT_ASSERT_MESSAGE(std::string(opened.status().message()), opened.isOk());
    return std::move(opened).value();
  }
  std::mt19937 random_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(TermCodecTest);
