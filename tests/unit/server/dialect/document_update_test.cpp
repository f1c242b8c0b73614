#include "server/dialect/document_update.hpp"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <string>

namespace gyre::dialect {

class DocumentUpdateTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(DocumentUpdateTest);
  CPPUNIT_TEST(objectsAreMergedAndTheRestReplaced);
  CPPUNIT_TEST(whatIsThereAlreadyChangesNothing);
  CPPUNIT_TEST(withoutDetectionEverythingIsWritten);
  CPPUNIT_TEST(readsEveryMember);
  CPPUNIT_TEST(saysWhatItDoesNotUnderstandAndWhere);
  CPPUNIT_TEST_SUITE_END();

  static std::string merged(std::string_view held, std::string_view doc, bool detects_noop = true) {
    const auto parsed = json::Document::parse(doc);
    CPPUNIT_ASSERT(parsed.isOk());
    const auto result = mergeSource(held, parsed.value().root(), detects_noop);
    CPPUNIT_ASSERT(result.isOk());
    return result.value().value_or("noop");
  }

  void objectsAreMergedAndTheRestReplaced() {
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"a":{"b":1,"c":2},"l":[3],"n":null})"),
                         merged(R"({"a":{"b":1},"l":[1,2]})", R"({"a":{"c":2},"l":[3],"n":null})"));
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"a":5})"), merged(R"({"a":{"b":1}})", R"({"a":5})"));
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"a":{"x":1}})"), merged(R"({"a":5})", R"({"a":{"x":1}})"));
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"a.b":1,"a":{"b":2}})"), merged(R"({"a.b":1})", R"({"a":{"b":2}})"));
  }

  void whatIsThereAlreadyChangesNothing() {
    constexpr std::string_view kHeld = R"({"a":{"b":[1,{"c":"x"}]},"d":2.0,"e":null,"s":"\u0041"})";
    for (const std::string_view same :
         {R"({})", R"({"d":2.00})", R"({"a":{}})", R"({"a":{"b":[1,{"c":"x"}]}})", R"({"e":null})", R"({"s":"A"})"})
      CPPUNIT_ASSERT_EQUAL_MESSAGE(std::string(same), std::string("noop"), merged(kHeld, same));
    for (const std::string_view other : {R"({"d":2})", R"({"a":{"b":[1]}})", R"({"f":null})", R"({"s":"a"})"})
      CPPUNIT_ASSERT_MESSAGE(std::string(other), merged(kHeld, other) != "noop");
  }

  void withoutDetectionEverythingIsWritten() {
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"a":1})"), merged(R"({"a":1})", R"({"a":1})", false));
  }

  void readsEveryMember() {
    const auto update = DocumentUpdate::parse(
        R"({"doc":{"a":1},"upsert":{"b":2},"doc_as_upsert":"true","detect_noop":false,"_source":["a"],"if_seq_no":3,)"
        R"("if_primary_term":1,"scripted_upsert":false})");
    CPPUNIT_ASSERT(update.isOk());
    CPPUNIT_ASSERT_EQUAL(std::string_view(R"({"a":1})"), update.value().doc.raw());
    CPPUNIT_ASSERT_EQUAL(std::string_view(R"({"b":2})"), update.value().upsert.raw());
    CPPUNIT_ASSERT(update.value().is_doc_upsert && !update.value().detects_noop && !update.value().has_script);
    CPPUNIT_ASSERT(update.value().shows && !update.value().shows->isWhole());
    CPPUNIT_ASSERT_EQUAL(std::int64_t{3}, update.value().if_seq_no.value_or(0));
    CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, update.value().if_term.value_or(0));
  }

  void saysWhatItDoesNotUnderstandAndWhere() {
    struct Case {
      std::string_view body, message;
    };
    for (const Case& each :
         {Case{R"({"foo":1})", "[1:2] [UpdateRequest] unknown field [foo]"},
          Case{R"({"doc":{},"lang":"x:y"})", "[1:11] [UpdateRequest] unknown field [lang]"},
          Case{"{\n \"foo\" : {\"a\":1}}", "[2:2] [UpdateRequest] unknown field [foo]"},
          Case{R"({"doc":1})", "[1:8] [UpdateRequest] doc doesn't support values of type: VALUE_NUMBER"},
          Case{"[1]", "[1:1] [UpdateRequest] Expected START_OBJECT but was: START_ARRAY"}}) {
      const auto update = DocumentUpdate::parse(each.body);
      CPPUNIT_ASSERT(!update.isOk());
      CPPUNIT_ASSERT_EQUAL(std::string_view("x_content_parse_exception"), update.status().reason());
      CPPUNIT_ASSERT_EQUAL(each.message, update.status().message());
    }
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(DocumentUpdateTest);

}  // namespace gyre::dialect
