#include "server/dialect/response_shape.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <string>

namespace gyre::dialect {

class ResponseShapeTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(ResponseShapeTest);
  CPPUNIT_TEST(pathsKeepWhatTheyName);
  CPPUNIT_TEST(aMinusTakesOut);
  CPPUNIT_TEST(prettyIsReadableAndEqual);
  CPPUNIT_TEST(textStaysAsItIs);
  CPPUNIT_TEST_SUITE_END();

  static std::string shaped(std::string body, std::string name, std::string value) {
    Request request;
    request.parameters.emplace_back(std::move(name), std::move(value));
    Response response;
    response.body = std::move(body);
    const Status status = shapeResponse(request, response);
    CPPUNIT_ASSERT_MESSAGE(std::string(status.message()), status.isOk());
    return response.body;
  }
  static std::string filtered(std::string_view paths) {
    return shaped(
        R"({"took":1,"hits":{"total":2,"hits":[{"_id":"1","_source":{"a":{"b":1,"c":2}}},{"_id":"2","x":null}]}})",
        "filter_path", std::string(paths));
  }

  void pathsKeepWhatTheyName() {
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"took":1})"), filtered("took"));
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"took":1,"hits":{"total":2}})"), filtered("took,hits.total"));
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"hits":{"hits":[{"_id":"1"},{"_id":"2"}]}})"), filtered("hits.hits._id"));
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"hits":{"hits":[{"_source":{"a":{"b":1}}}]}})"), filtered("**.b"));
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"hits":{"hits":[{"_source":{"a":{"b":1,"c":2}}}]}})"), filtered("h*.*.*.a"));
    CPPUNIT_ASSERT_EQUAL(std::string("{}"), filtered("nothing.here"));
  }

  void aMinusTakesOut() {
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"took":1})"), filtered("-hits"));
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"hits":{"hits":[{"_id":"1"},{"_id":"2","x":null}]}})"),
                         filtered("hits.hits,-**._source"));
  }

  void prettyIsReadableAndEqual() {
    CPPUNIT_ASSERT_EQUAL(std::string("{\n  \"a\" : 1,\n  \"b\" : [\n    \"x\",\n    { }\n  ],\n  \"c\" : [ ]\n}\n"),
                         shaped(R"({"a":1,"b":["x",{}],"c":[]})", "pretty", ""));
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"a":1})"), shaped(R"({"a":1})", "pretty", "false"));
  }

  void textStaysAsItIs() {
    Request request;
    request.parameters.emplace_back("pretty", "");
    Response response;
    response.body = "a b\n";
    response.content_type = "text/plain; charset=UTF-8";
    CPPUNIT_ASSERT(shapeResponse(request, response).isOk());
    CPPUNIT_ASSERT_EQUAL(std::string("a b\n"), response.body);
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ResponseShapeTest);

}  // namespace gyre::dialect
