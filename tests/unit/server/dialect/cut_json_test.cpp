// Texts that end too early, and texts that are wrong before their end, as the dialect tells them apart.
#include "server/dialect/cut_json.hpp"

#include <cppunit/extensions/HelperMacros.h>

namespace gyre::dialect {

class CutJsonTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(CutJsonTest);
  CPPUNIT_TEST(textsThatEndTooEarly);
  CPPUNIT_TEST(textsThatAreWrong);
  CPPUNIT_TEST_SUITE_END();

  void textsThatEndTooEarly() {
    for (const char* const text : {R"({)", R"({"a)", R"({"a")", R"({"a":)", R"({"a":1)", R"({"a":1,)", R"({"a":[)",
                                   R"({"a":[1,)", R"({"a":{"b":"c\)", R"({"a":-)", R"(["a")", "", "  ",
                                   R"({"query": {"match_all": {})"})
      CPPUNIT_ASSERT_MESSAGE(text, isCutShort(text));
  }

  void textsThatAreWrong() {
    for (const char* const text :
         {R"({"query": })", R"({"a":tr)", R"({"a":nul)", "tr", R"({"a":1,})", R"({"query":{}}})", R"({"query":{}} x)",
          R"({a:1)", R"({'a':1)", R"({"a" 1)", R"({"a":1 "b":2)", R"({"a":1])", R"([1}, )", R"({"a":1})"})
      CPPUNIT_ASSERT_MESSAGE(text, !isCutShort(text));
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(CutJsonTest);

}  // namespace gyre::dialect
