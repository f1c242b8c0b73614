#include "engine/highlight/text_marks.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <tuple>
#include <vector>

namespace gyre::engine {
namespace {

// Tells of phrases of single terms, each from the first of its words on.
class Phrases final : public Query {
 public:
  Phrases(std::vector<std::vector<std::string>> phrases, bool are_prefixes)
      : phrases_(std::move(phrases)), are_prefixes_(are_prefixes) {}
  void visitTerms(TermVisitor& visitor) const override {
    for (const std::vector<std::string>& words : phrases_) {
      std::vector<VisitedPlace> places;
      for (std::uint32_t i = 0; i < words.size(); ++i) places.push_back({i, {words[i]}});
      visitor.phrase("text", std::move(places), 0, are_prefixes_);
    }
  }
  Result<std::unique_ptr<Weight>> weight(const Snapshot&, float, bool) const override {
    return internalError("nobody searches here");
  }

 private:
  std::vector<std::vector<std::string>> phrases_;
  bool are_prefixes_;
};

std::vector<std::tuple<std::string, std::uint32_t, std::uint32_t>> marksOf(
    std::vector<std::vector<std::string>> phrases, PhraseMarks kind, bool are_prefixes = false,
    std::vector<std::uint32_t> value_starts = {0}) {
  const Phrases query(std::move(phrases), are_prefixes);
  const WantedTerms wanted(query, [](std::string_view) { return true; });
  AnalyzedText text;
  text.text = u"x y z";
  text.value_starts = std::move(value_starts);
  text.value_positions = {0};
  text.tokens = {{"x", 0, 0, 1}, {"y", 1, 2, 3}, {"z", 2, 4, 5}};
  std::vector<std::tuple<std::string, std::uint32_t, std::uint32_t>> found;
  for (const TextMark& mark : wanted.find(text, kind))
    found.emplace_back(mark.term, mark.first_position, mark.last_position);
  return found;
}

}  // namespace

class TextMarksTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(TextMarksTest);
  CPPUNIT_TEST(aPhraseToldAgainAfterAnotherMarksItsWordsOnce);
  CPPUNIT_TEST(aPlainHighlightMarksThePhraseBeforeAWordThatIsNotBegun);
  CPPUNIT_TEST_SUITE_END();

  void aPhraseToldAgainAfterAnotherMarksItsWordsOnce() {
    const std::vector<std::vector<std::string>> phrases = {
        {"x", "y"}, {"x", "y", "z"}, {"x", "y"}, {"y", "z"}, {"x", "y", "z"}};
    const std::vector<std::tuple<std::string, std::uint32_t, std::uint32_t>> spans = {
        {"x", 0, 1}, {"x", 0, 2}, {"y", 0, 1}, {"y", 0, 2}, {"y", 1, 2}, {"z", 0, 2}, {"z", 1, 2}};
    CPPUNIT_ASSERT(marksOf(phrases, PhraseMarks::kSpans) == spans);
    // Otherwise it does not matter which phrase a word is of.
    const std::vector<std::tuple<std::string, std::uint32_t, std::uint32_t>> words = {
        {"x", 0, 1}, {"y", 0, 1}, {"z", 0, 2}};
    CPPUNIT_ASSERT(marksOf(phrases, PhraseMarks::kWords) == words);
  }

  void aPlainHighlightMarksThePhraseBeforeAWordThatIsNotBegun() {
    using Marks = std::vector<std::tuple<std::string, std::uint32_t, std::uint32_t>>;
    CPPUNIT_ASSERT((marksOf({{"x", "y", "w"}}, PhraseMarks::kSpans, true) == Marks{{"x", 0, 1}, {"y", 0, 1}}));
    CPPUNIT_ASSERT(marksOf({{"w"}}, PhraseMarks::kSpans, true).empty());
    CPPUNIT_ASSERT(marksOf({{"y", "x", "w"}}, PhraseMarks::kSpans, true).empty());
    // Each value is a text of its own, here "x y" and "z". A word may be begun, and not stand there.
    CPPUNIT_ASSERT((marksOf({{"x", "z"}}, PhraseMarks::kSpans, true, {0, 4}) == Marks{{"x", 0, 0}}));
    CPPUNIT_ASSERT(marksOf({{"x", "z"}}, PhraseMarks::kSpans, true).empty());
    // A whole phrase is no prefix; other highlighters look for the whole.
    CPPUNIT_ASSERT(marksOf({{"x", "y", "w"}}, PhraseMarks::kSpans, false).empty());
    CPPUNIT_ASSERT(marksOf({{"x", "y", "w"}}, PhraseMarks::kWhole, true).empty());
    CPPUNIT_ASSERT(marksOf({{"x", "y", "w"}}, PhraseMarks::kWords, true).empty());
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(TextMarksTest);

}  // namespace gyre::engine
