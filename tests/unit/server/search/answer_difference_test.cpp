#include "server/search/answer_difference.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <string>

namespace gyre::search {

class AnswerDifferenceTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(AnswerDifferenceTest);
  CPPUNIT_TEST(whatNoClientSeesIsPassedOver);
  CPPUNIT_TEST(hitsThatSortAlikeStandInAnyOrder);
  CPPUNIT_TEST(differencesAreNamedByTheirPlace);
  CPPUNIT_TEST_SUITE_END();

 public:
  void whatNoClientSeesIsPassedOver() {
    assertAlike(R"({"took":1,"_shards":{"total":1},"hits":{"total":{"value":1},"hits":[{"_index":"a","_id":"x","_score":1.0000001,"_source":{"n":1,"t":"é"}}]}})",
                R"({"took":9,"_shards":{"total":5},"hits":{"hits":[{"_source":{"t":"\u00e9","n":1.0},"_id":"x","_index":"b","_score":1.0}],"total":{"value":1}}})");
    assertAlike("{}", R"({"timed_out":false})");
  }

  void hitsThatSortAlikeStandInAnyOrder() {
    const std::string a = R"({"_id":"a","_score":2.0})", b = R"({"_id":"b","_score":1.0})", c = R"({"_id":"c","_score":1.0})",
                      d = R"({"_id":"d","_score":1.0})";
    assertAlike(hits(a + "," + b + "," + c), hits(a + "," + c + "," + b));
    assertAlike(hits(a + "," + b), hits(a + "," + d));  // where the page was cut is nobody's promise
    CPPUNIT_ASSERT(answerDifference(hits(a + "," + b), hits(b + "," + a)));
    CPPUNIT_ASSERT(answerDifference(hits(a), hits(R"({"_id":"a","_score":2.1})")));
    CPPUNIT_ASSERT(answerDifference(hits(a + "," + b), hits(R"({"_id":"e","_score":2.0},)" + b)));
  }

  void differencesAreNamedByTheirPlace() {
    assertDiffers("/hits/total/value: 1, and 2", R"({"hits":{"total":{"value":1}}})", R"({"hits":{"total":{"value":2}}})");
    assertDiffers("/aggregations/s/value: 7, and nothing", R"({"aggregations":{"s":{"value":7}}})", R"({"aggregations":{"s":{}}})");
    assertDiffers("/a: nothing, and null", "{}", R"({"a":null})");
    assertDiffers("/l: [1,2], and [1]", R"({"l":[1,2]})", R"({"l":[1]})");
    CPPUNIT_ASSERT(answerDifference("{}", "no JSON"));
  }

 private:
  static std::string hits(const std::string& list) { return R"({"hits":{"hits":[)" + list + "]}}"; }
  static void assertAlike(const std::string& one, const std::string& other) {
    CPPUNIT_ASSERT_EQUAL(std::string(), answerDifference(one, other).value_or(""));
    CPPUNIT_ASSERT_EQUAL(std::string(), answerDifference(other, one).value_or(""));
  }
  static void assertDiffers(const std::string& what, const std::string& one, const std::string& other) {
    CPPUNIT_ASSERT_EQUAL(what, answerDifference(one, other).value_or(""));
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(AnswerDifferenceTest);

}  // namespace gyre::search
