#include "server/http/query_string.hpp"

#include <cppunit/extensions/HelperMacros.h>

namespace gyre::http {

class QueryStringTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(QueryStringTest);
  CPPUNIT_TEST(namesAndValuesAreDecodedInOrder);
  CPPUNIT_TEST(faultsNameTheirPosition);
  CPPUNIT_TEST(theCountIsBounded);
  CPPUNIT_TEST_SUITE_END();

 public:
  void namesAndValuesAreDecodedInOrder() {
    const Result<QueryParameters> parsed = parseQueryString("a=1&b=2&b=3&c+d=%C3%BC+%2B&e&=f&&g=h=i&");
    CPPUNIT_ASSERT(parsed.isOk());
    const QueryParameters expected = {{"a", "1"}, {"b", "2"}, {"b", "3"},  {"c d", "\xC3\xBC +"},
                                      {"e", ""},  {"", "f"},  {"g", "h=i"}};
    CPPUNIT_ASSERT(expected == *parsed);
    CPPUNIT_ASSERT(parseQueryString("").value().empty());
  }

  void faultsNameTheirPosition() {
    struct Case {
      std::string_view query;
      std::string_view where;
    };
    for (const Case& one :
         {Case{"a=1&b=%4", "from byte 6: expected two hex digits after '%' at byte 0"}, Case{"%zz=1", "from byte 0"},
          Case{"a=x%00", "from byte 2: expected no NUL, found \"%00\" at byte 1"}, Case{"a=%FF", "expected UTF-8"},
          Case{"a=\xC3", "expected UTF-8"}}) {
      const Result<QueryParameters> parsed = parseQueryString(one.query);
      CPPUNIT_ASSERT_MESSAGE(std::string(one.query), !parsed.isOk());
      CPPUNIT_ASSERT(parsed.status().code() == Code::kInvalidArgument);
      const Status status = parsed.status();
      CPPUNIT_ASSERT_MESSAGE(std::string(status.message()), status.message().find(one.where) != std::string_view::npos);
    }
  }

  void theCountIsBounded() {
    std::string query;
    for (std::size_t i = 0; i < kMaximumQueryParameters; ++i) query += "a=b&";
    CPPUNIT_ASSERT_EQUAL(kMaximumQueryParameters, parseQueryString(query).value().size());
    CPPUNIT_ASSERT(parseQueryString(query + "a").status().code() == Code::kTooLarge);
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(QueryStringTest);

}  // namespace gyre::http
