// Does a phrase with slop count what stands near enough, and weigh it by its distance?
#include <cppunit/extensions/HelperMacros.h>

#include <cstdint>
#include <string>
#include <vector>

#include "engine/query/phrase_matcher.hpp"

namespace {

using gyre::engine::PhrasePlace;
using gyre::engine::SloppyPhraseMatcher;

// The phrase's words against the document's, both as letters.
float frequency(const std::string& phrase, const std::string& document, std::uint32_t slop) {
  std::vector<PhrasePlace> places;
  for (std::uint32_t i = 0; i < phrase.size(); ++i) places.push_back({{std::string(1, phrase[i])}, i});
  SloppyPhraseMatcher matcher(places, slop);
  for (std::size_t place = 0; place < phrase.size(); ++place) {
    std::vector<std::uint32_t> positions;
    for (std::uint32_t at = 0; at < document.size(); ++at)
      if (document[at] == phrase[place]) positions.push_back(at);
    matcher.setPositions(place, positions);
  }
  return matcher.frequency();
}

}  // namespace

class PhraseMatcherTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(PhraseMatcherTest);
  CPPUNIT_TEST(distanceWeighs);
  CPPUNIT_TEST(repeatedWordsStandApart);
  CPPUNIT_TEST_SUITE_END();

 public:
  void distanceWeighs() {
    CPPUNIT_ASSERT_EQUAL(1.0f, frequency("ab", "xaby", 1));
    CPPUNIT_ASSERT_EQUAL(0.5f, frequency("ab", "axb", 1));
    CPPUNIT_ASSERT_EQUAL(0.0f, frequency("ab", "axxb", 1));
    // A swap is two moves.
    CPPUNIT_ASSERT_EQUAL(0.0f, frequency("ab", "ba", 1));
    CPPUNIT_ASSERT_EQUAL(1.0f / 3, frequency("ab", "ba", 2));
    CPPUNIT_ASSERT_EQUAL(0.0f, frequency("ab", "aa", 9));
    CPPUNIT_ASSERT_EQUAL(2.0f, frequency("ab", "abxxxab", 1));
  }

  void repeatedWordsStandApart() {
    CPPUNIT_ASSERT_EQUAL(0.0f, frequency("aa", "a", 9));
    CPPUNIT_ASSERT_EQUAL(1.0f, frequency("aa", "aa", 1));
    CPPUNIT_ASSERT_EQUAL(0.0f, frequency("aaa", "aab", 9));
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(PhraseMatcherTest);
