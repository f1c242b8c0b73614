#include "engine/query/fuzzy_terms.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "engine/analysis/utf8.hpp"
#include "engine/codec/term_codec.hpp"

namespace {

using gyre::engine::FuzzyMatch;
using gyre::engine::FuzzyPattern;

// The plainest dictionary: a sorted list.
class ListCursor final : public gyre::engine::TermCursor {
 public:
  explicit ListCursor(const std::vector<std::string>& terms) : terms_(terms) {}
  bool seekCeil(std::string_view target) override {
    at_ = static_cast<std::size_t>(std::lower_bound(terms_.begin(), terms_.end(), target) - terms_.begin());
    return at_ < terms_.size();
  }
  bool seekOrdinal(std::uint32_t ordinal) override { return (at_ = ordinal) < terms_.size(); }
  bool next() override { return ++at_ < terms_.size(); }
  std::string_view term() const override { return terms_[at_]; }
  std::uint32_t ordinal() const override { return static_cast<std::uint32_t>(at_); }
  gyre::engine::TermInfo info() const override { return {1, 1, 0}; }
  std::size_t sharedBytes() const override {
    const std::string& before = terms_[at_ - 1];
    CPPUNIT_ASSERT(at_ < terms_.size());  // as the interface requires
    const auto [end, ignored] = std::mismatch(before.begin(), before.end(), terms_[at_].begin(), terms_[at_].end());
    return static_cast<std::size_t>(end - before.begin());
  }
  void ignoreOtherLengths(std::size_t, std::size_t) override {}

 private:
  const std::vector<std::string>& terms_;
  std::size_t at_ = static_cast<std::size_t>(-1);
};

class ListDictionary final : public gyre::engine::TermDictionaryReader {
 public:
  explicit ListDictionary(std::vector<std::string> terms) : terms_(std::move(terms)) {}
  std::uint32_t size() const override { return static_cast<std::uint32_t>(terms_.size()); }
  std::unique_ptr<gyre::engine::TermCursor> cursor() const override { return std::make_unique<ListCursor>(terms_); }
  std::optional<Found> find(std::string_view) const override { return std::nullopt; }

 private:
  std::vector<std::string> terms_;
};

std::vector<std::uint32_t> characters(std::string_view text) {
  std::vector<std::uint32_t> result;
  for (std::size_t at = 0; at < text.size();) {
    const auto c = gyre::engine::decodeUtf8(text, at);
    result.push_back(c.value);
    at += c.size;
  }
  return result;
}

std::uint32_t distance(std::string_view x, std::string_view y, bool has_transpositions) {
  const auto a = characters(x);
  const auto b = characters(y);
  std::vector<std::vector<std::uint32_t>> cells(a.size() + 1, std::vector<std::uint32_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i)
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cells[i][j] = static_cast<std::uint32_t>(i + j);
        continue;
      }
      cells[i][j] =
          std::min({cells[i - 1][j] + 1, cells[i][j - 1] + 1, cells[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (has_transpositions && i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cells[i][j] = std::min(cells[i][j], cells[i - 2][j - 2] + 1);
    }
  return cells[a.size()][b.size()];
}

}  // namespace

class FuzzyTermsTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(FuzzyTermsTest);
  CPPUNIT_TEST(findsWhatBruteForceFinds);
  CPPUNIT_TEST(autoDependsOnTheLength);
  CPPUNIT_TEST(badFuzzinessIsRefused);
  CPPUNIT_TEST_SUITE_END();

 public:
  void findsWhatBruteForceFinds() {
    const unsigned seed = std::random_device{}();
    std::cout << " seed " << seed << std::flush;
    std::mt19937 random(seed);
    const std::vector<std::string> letters = {"a", "b", "c", "é", "ü", "漢", "😀"};
    const auto word = [&] {
      std::string text;
      for (auto n = random() % 9; n > 0; --n) text += letters[random() % letters.size()];
      return text;
    };
    std::set<std::string> terms;
    while (terms.size() < 3000) terms.insert(word());
    const ListDictionary list(std::vector<std::string>(terms.begin(), terms.end()));
    gyre::engine::TermDictionaryWriter writer(gyre::engine::TermDetail::kBare);
    for (const std::string& term : terms) writer.add(term, {});
    std::string section;
    writer.finish(section);
    const auto packed = gyre::engine::openTerms(gyre::base::asBytes(section));
    CPPUNIT_ASSERT(packed.isOk());
    for (int i = 0; i < 300; ++i) {
      const FuzzyPattern pattern{word(), static_cast<std::uint32_t>(random() % 3),
                                 static_cast<std::uint32_t>(random() % 4), random() % 2 == 0};
      std::map<std::string, std::uint32_t> expected;
      const auto all = characters(pattern.word);
      for (const std::string& term : terms) {
        const auto other = characters(term);
        const std::size_t shared = std::min<std::size_t>(pattern.prefix_length, all.size());
        if (other.size() < shared ||
            !std::equal(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(shared), other.begin()))
          continue;
        std::size_t bytes = 0;
        for (std::size_t c = 0; c < shared; ++c) bytes += gyre::engine::decodeUtf8(term, bytes).size;
        const std::uint32_t edits = distance(std::string_view(pattern.word).substr(bytes),
                                             std::string_view(term).substr(bytes), pattern.has_transpositions);
        if (edits <= pattern.max_edits) expected[term] = edits;
      }
      const gyre::engine::TermDictionaryReader* const dictionaries[] = {&list, packed.value().get()};
      for (const auto* const dictionary : dictionaries) {
        std::map<std::string, std::uint32_t> found;
        gyre::engine::forEachFuzzyTerm(
            *dictionary, pattern, [&](const FuzzyMatch& match, const gyre::engine::TermCursor&) {
              found[std::string(match.term)] = match.edits;
              CPPUNIT_ASSERT_EQUAL(static_cast<std::uint32_t>(characters(match.term).size()), match.length);
              return true;
            });
        CPPUNIT_ASSERT_MESSAGE("seed " + std::to_string(seed) + ", word " + pattern.word, expected == found);
      }
    }
  }
  void autoDependsOnTheLength() {
    const auto fuzziness = gyre::engine::Fuzziness::parse("AUTO");
    for (const auto& [length, edits] :
         std::map<std::uint32_t, std::uint32_t>{{0, 0}, {2, 0}, {3, 1}, {5, 1}, {6, 2}, {60, 2}})
      CPPUNIT_ASSERT_EQUAL(edits, fuzziness.value().editsFor(length));
    CPPUNIT_ASSERT_EQUAL(2u, gyre::engine::Fuzziness::parse("AUTO:1,2").value().editsFor(2));
    CPPUNIT_ASSERT_EQUAL(1u, gyre::engine::Fuzziness::parse("1").value().editsFor(100));
    CPPUNIT_ASSERT_EQUAL(4u, gyre::engine::countCharacters("aé漢😀"));
  }
  void badFuzzinessIsRefused() {
    for (const std::string text : {"", "AUTO:", "AUTO:5,2", "AUTO:a,b", "auto3", "1.5"})
      CPPUNIT_ASSERT_MESSAGE(text, !gyre::engine::Fuzziness::parse(text).isOk());
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(FuzzyTermsTest);
