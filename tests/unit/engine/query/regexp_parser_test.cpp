// Do automata of patterns accept what the patterns say, and find the terms without missing one?
#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "engine/query/char_automaton.hpp"
#include "engine/query/regexp_parser.hpp"

namespace {

using gyre::engine::CharAutomaton;
using gyre::engine::parseRegexp;
using gyre::engine::RegexpOptions;
using gyre::engine::TermCursor;
using gyre::engine::TermDictionaryReader;
using gyre::engine::TermInfo;

// Sorted terms in memory; counts how many were looked at.
class ListDictionary final : public TermDictionaryReader {
 public:
  explicit ListDictionary(const std::set<std::string>& terms) : terms_(terms.begin(), terms.end()) {}

  class Cursor final : public TermCursor {
   public:
    explicit Cursor(const ListDictionary& list) : list_(list) {}
    bool seekCeil(std::string_view target) override {
      at_ = static_cast<std::size_t>(std::lower_bound(list_.terms_.begin(), list_.terms_.end(), target) -
                                     list_.terms_.begin());
      return visit();
    }
    bool seekOrdinal(std::uint32_t ordinal) override {
      at_ = ordinal;
      return visit();
    }
    bool next() override {
      at_ = is_open_ ? at_ + 1 : 0;
      return visit();
    }
    std::string_view term() const override { return list_.terms_[at_]; }
    std::uint32_t ordinal() const override { return static_cast<std::uint32_t>(at_); }
    TermInfo info() const override { return {}; }
    std::size_t sharedBytes() const override {
      if (at_ == 0) return 0;
      const std::string& before = list_.terms_[at_ - 1];
      const std::string& own = list_.terms_[at_];
      return static_cast<std::size_t>(
          std::mismatch(before.begin(), before.end(), own.begin(), own.end()).first - before.begin());
    }
    void ignoreOtherLengths(std::size_t, std::size_t) override {}

   private:
    bool visit() {
      is_open_ = true;
      ++list_.visits;
      return at_ < list_.terms_.size();
    }
    const ListDictionary& list_;
    std::size_t at_ = 0;
    bool is_open_ = false;
  };

  std::uint32_t size() const override { return static_cast<std::uint32_t>(terms_.size()); }
  std::unique_ptr<TermCursor> cursor() const override { return std::make_unique<Cursor>(*this); }
  std::optional<Found> find(std::string_view) const override { return std::nullopt; }

  mutable std::size_t visits = 0;

 private:
  std::vector<std::string> terms_;
};

std::set<std::string> acceptedTerms(const TermDictionaryReader& dictionary, const CharAutomaton& automaton) {
  std::set<std::string> found;
  forEachAcceptedTerm(dictionary, automaton, [&](const TermCursor& cursor) {
    found.emplace(cursor.term());
    return true;
  });
  return found;
}

}  // namespace

class RegexpParserTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(RegexpParserTest);
  CPPUNIT_TEST(patternsAcceptWhatTheySay);
  CPPUNIT_TEST(randomPatternsAgreeWithTheStandardLibrary);
  CPPUNIT_TEST(malformedPatternsAreRefused);
  CPPUNIT_TEST(explodingPatternsAreRefused);
  CPPUNIT_TEST(deadStretchesAreJumpedOver);
  CPPUNIT_TEST_SUITE_END();

 public:
  void patternsAcceptWhatTheySay() {
    struct Case {
      std::string pattern;
      std::vector<std::string> accepted;
      std::vector<std::string> refused;
    };
    const Case cases[] = {
        {"a|b", {"a", "b"}, {"", "ab"}},
        {"ab&(a.|.b)", {"ab"}, {"a", "b"}},
        {"~(a.*)", {"", "b"}, {"a", "ab"}},
        {"a{2,3}", {"aa", "aaa"}, {"a", "aaaa"}},
        {"a{2,}", {"aa", "aaaaa"}, {"a"}},
        {"<5-12>", {"5", "012", "9", "10"}, {"4", "13", ""}},
        {"<005-120>", {"005", "099", "120"}, {"5", "121"}},
        {"\"a.b\"", {"a.b"}, {"axb"}},
        {"#|x", {"x"}, {""}},
        {"x@", {"x", "xyz"}, {"", "y"}},
        {"[^a-c]", {"d", "ü"}, {"a", "c", ""}},
        {"\\.\\*", {".*"}, {"ab"}},
        {"ü?[à-é]", {"üá", "é"}, {"ü", "z"}},
        {"", {""}, {"a"}},
        {"()", {""}, {"a"}},
        {"*a", {"*a"}, {"a"}},
        {"\\d\\D\\s\\S\\w\\W", {"1a xy-"}, {"aa xy-"}},
    };
    for (const Case& each : cases) {
      const auto automaton = parseRegexp(each.pattern, {});
      CPPUNIT_ASSERT_MESSAGE(each.pattern, automaton.isOk());
      for (const std::string& text : each.accepted)
        CPPUNIT_ASSERT_MESSAGE(each.pattern + " accepts " + text, automaton.value().accepts(text));
      for (const std::string& text : each.refused)
        CPPUNIT_ASSERT_MESSAGE(each.pattern + " refuses " + text, !automaton.value().accepts(text));
    }
  }

  void randomPatternsAgreeWithTheStandardLibrary() {
    const unsigned seed = 20240611;
    std::mt19937 random(seed);
    const auto pick = [&](unsigned n) { return random() % n; };
    std::set<std::string> terms;
    for (int i = 0; i < 400; ++i) {
      std::string term;
      for (unsigned length = pick(7); term.size() < length;) term += static_cast<char>('a' + pick(3));
      terms.insert(term);
    }
    const ListDictionary dictionary(terms);
    for (int round = 0; round < 300; ++round) {
      std::string pattern;
      for (unsigned parts = 1 + pick(5); parts > 0; --parts) {
        const char* const kParts[] = {"a", "b", "c", ".", "[ab]", "[^b]", "(a|bc)", "(b|c|ab)*", "(ab)?"};
        pattern += kParts[pick(9)];
        const char* const kRepeats[] = {"", "", "", "*", "+", "?", "{1,2}", "{2}"};
        pattern += kRepeats[pick(8)];
      }
      const auto automaton = parseRegexp(pattern, {});
      CPPUNIT_ASSERT_MESSAGE(pattern, automaton.isOk());
      const std::regex reference(pattern);
      std::set<std::string> expected;
      for (const std::string& term : terms)
        if (std::regex_match(term, reference)) expected.insert(term);
      CPPUNIT_ASSERT_MESSAGE("seed " + std::to_string(seed) + ", pattern " + pattern,
                             expected == acceptedTerms(dictionary, automaton.value()));
    }
  }

  void malformedPatternsAreRefused() {
    for (const std::string pattern : {"(", "[", "a{2", "a{", "a{3,1}", "<1-", "<a-2>", "a|", "[z-a]", "\\q", "\"a"})
      CPPUNIT_ASSERT_MESSAGE(pattern, !parseRegexp(pattern, {}).isOk());
    CPPUNIT_ASSERT(!parseRegexp(std::string(100'000, '('), {}).isOk());
  }

  void explodingPatternsAreRefused() {
    for (const std::string pattern : {".*a.{20}", "((a{1000}){1000}){1000}", "(a|b)*a(a|b){30}"}) {
      const auto automaton = parseRegexp(pattern, {});
      CPPUNIT_ASSERT_MESSAGE(pattern, !automaton.isOk());
      CPPUNIT_ASSERT(automaton.status().message().find("10000") != std::string_view::npos);
    }
    CPPUNIT_ASSERT(!gyre::engine::wildcardAutomaton("*a????????????????????????", false).has_value());
  }

  void deadStretchesAreJumpedOver() {
    std::set<std::string> terms;
    for (int i = 0; i < 100'000; ++i) terms.insert(std::to_string(i));
    const ListDictionary dictionary(terms);
    const auto automaton = gyre::engine::wildcardAutomaton("777?7", false);
    CPPUNIT_ASSERT_EQUAL(std::size_t{10}, acceptedTerms(dictionary, *automaton).size());
    CPPUNIT_ASSERT(dictionary.visits < 300);
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(RegexpParserTest);
