#include "engine/search/multi_search.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <string_view>

using gyre::engine::MultiSearchResponse;
using gyre::engine::parseMultiSearch;

class MultiSearchTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(MultiSearchTest);
  CPPUNIT_TEST(headersNameIndicesAndParameters);
  CPPUNIT_TEST(anEmptyHeaderIsAllowed);
  CPPUNIT_TEST(otherShapesAreRefused);
  CPPUNIT_TEST(answersCarryTheirStatus);
  CPPUNIT_TEST_SUITE_END();

  static void refused(std::string_view request, std::string_view part) {
    const auto parsed = parseMultiSearch(request);
    CPPUNIT_ASSERT_MESSAGE(std::string(request), !parsed.isOk());
    CPPUNIT_ASSERT_MESSAGE(std::string(parsed.status().message()),
                           parsed.status().message().find(part) != std::string_view::npos);
  }

 public:
  void headersNameIndicesAndParameters() {
    const auto parsed = parseMultiSearch(
        "{\"index\":[\"a\",\"b-*\"],\"ignore_unavailable\":true,\"expand_wildcards\":[\"open\",\"closed\"]}\r\n"
        "{\"size\":1}\n{\"index\":\"c\"}\n{}\n");
    CPPUNIT_ASSERT(parsed.isOk());
    const auto& items = parsed.value();
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, items.size());
    CPPUNIT_ASSERT_EQUAL(std::string("b-*"), items[0].indices.at(1));
    CPPUNIT_ASSERT_EQUAL(std::string("true"), items[0].parameters.at(0).second);
    CPPUNIT_ASSERT_EQUAL(std::string("open,closed"), items[0].parameters.at(1).second);
    CPPUNIT_ASSERT_EQUAL(std::string_view("{\"size\":1}"), items[0].body);
    CPPUNIT_ASSERT(items[1].names_indices);
  }

  void anEmptyHeaderIsAllowed() {
    const auto parsed = parseMultiSearch("\n{\"size\":1}\n{}\n{}\n\n");
    CPPUNIT_ASSERT(parsed.isOk());
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, parsed.value().size());
    CPPUNIT_ASSERT(!parsed.value()[0].names_indices);
  }

  void otherShapesAreRefused() {
    refused("", "no requests added");
    refused("{}\n{}", "must be terminated by a newline");
    refused("{}\n", "no body");
    refused("{\"foo\":1}\n{}\n", "key [foo] is not supported in the metadata section");
    refused("[]\n{}\n", "START_OBJECT");
  }

  void answersCarryTheirStatus() {
    MultiSearchResponse response;
    response.add("{\"took\":1}");
    response.add("{\"error\":{\"type\":\"x\"}}", 404);
    CPPUNIT_ASSERT_EQUAL(std::string("{\"took\":3,\"responses\":[{\"took\":1,\"status\":200},"
                                     "{\"error\":{\"type\":\"x\"},\"status\":404}]}"),
                         response.finish(3));
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(MultiSearchTest);
