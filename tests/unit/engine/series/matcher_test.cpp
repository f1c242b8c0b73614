#include "engine/series/matcher.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <string>

namespace gyre::engine::series {

class MatcherTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(MatcherTest);
  CPPUNIT_TEST(valuesMatchAsPromQlSays);
  CPPUNIT_TEST(literalsAreKnown);
  CPPUNIT_TEST(badExpressionsAreRefusedByLabel);
  CPPUNIT_TEST_SUITE_END();

  static Matcher make(Matcher::Kind kind, std::string value) {
    auto made = Matcher::make("host", kind, std::move(value));
    CPPUNIT_ASSERT_MESSAGE(std::string(made.status().message()), made.isOk());
    return made.value();
  }

  void valuesMatchAsPromQlSays() {
    using Kind = Matcher::Kind;
    const struct {
      Kind kind;
      std::string value, against;
      bool matches;
    } cases[] = {
        {Kind::kEqual, "a", "a", true},         {Kind::kEqual, "a", "ab", false},
        {Kind::kEqual, "", "", true},           {Kind::kNotEqual, "a", "a", false},
        {Kind::kNotEqual, "a", "", true},       {Kind::kRegex, "a", "ab", false},
        {Kind::kRegex, "a.*", "ab", true},      {Kind::kRegex, "a.*", "ba", false},
        {Kind::kRegex, "a|b", "b", true},       {Kind::kRegex, "a|b", "ab", false},
        {Kind::kRegex, "a|", "", true},         {Kind::kRegex, ".*", "", true},
        {Kind::kRegex, ".+", "", false},        {Kind::kRegex, ".*", "a\nb", false},
        {Kind::kRegex, "(?s).*", "a\nb", true}, {Kind::kRegex, "a|b.", "bc", true},
        {Kind::kNotRegex, "a|b", "b", false},   {Kind::kNotRegex, "a|b", "c", true},
        {Kind::kNotRegex, "a.*", "", true},     {Kind::kNotRegex, ".+", "x", false},
        {Kind::kNotRegex, "", "", false},       {Kind::kNotRegex, "", "x", true},
    };
    for (const auto& each : cases) {
      const Matcher matcher = make(each.kind, each.value);
      CPPUNIT_ASSERT_EQUAL_MESSAGE(matcher.text() + " against " + each.against, each.matches,
                                   matcher.matches(each.against));
      CPPUNIT_ASSERT_EQUAL_MESSAGE(matcher.text(), matcher.matches(""), matcher.matchesAbsent());
    }
  }

  void literalsAreKnown() {
    CPPUNIT_ASSERT(make(Matcher::Kind::kRegex, "a|b").literals() == std::vector<std::string>({"a", "b"}));
    CPPUNIT_ASSERT(make(Matcher::Kind::kRegex, "a.").literals().empty());
    CPPUNIT_ASSERT(make(Matcher::Kind::kNotRegex, "a|b").literals().empty());
  }

  void badExpressionsAreRefusedByLabel() {
    for (const std::string pattern : {"(", "a{2,1}", "((a{100}){100}){100}", "\\p{Nonsense}"}) {
      const auto made = Matcher::make("host", Matcher::Kind::kRegex, pattern);
      CPPUNIT_ASSERT_MESSAGE(pattern, made.status().code() == Code::kInvalidArgument);
      CPPUNIT_ASSERT(made.status().message().find("label host") != std::string_view::npos);
    }
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(MatcherTest);

}  // namespace gyre::engine::series
