#include "server/dialect/bulk_request.hpp"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <string>

namespace gyre::dialect {

class BulkRequestTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(BulkRequestTest);
  CPPUNIT_TEST(readsEveryActionAndParameter);
  CPPUNIT_TEST(theUrlSaysWhatAnItemDoesNot);
  CPPUNIT_TEST(isAsLenientAsTheDialect);
  CPPUNIT_TEST(whatIsNoStringIsReadAsOne);
  CPPUNIT_TEST(refusesTheWholeRequest);
  CPPUNIT_TEST_SUITE_END();

  static BulkRequest parsed(std::string_view body, const BulkDefaults& defaults = {}) {
    auto request = BulkRequest::parse(body, defaults);
    CPPUNIT_ASSERT_MESSAGE(std::string(request.status().message()), request.isOk());
    return std::move(request).value();
  }

  void readsEveryActionAndParameter() {
    constexpr std::string_view kBody =
        "{\"index\":{\"_index\":\"i\",\"_id\":\"1\",\"routing\":\"r\",\"version\":3,\"version_type\":\"external\"}}\n"
        "{\"a\":1}\n"
        "{\"index\":{\"_index\":\"i\",\"op_type\":\"create\",\"pipeline\":\"p\",\"require_alias\":true}}\n"
        "{\"a\":2}\n"
        "{ \"delete\" : { \"_index\" : \"i\", \"_id\" : \"2\", \"if_seq_no\" : 4, \"if_primary_term\" : 1 } }\n"
        "{\"update\":{\"_index\":\"i\",\"_id\":\"3\",\"retry_on_conflict\":2,\"_source\":{\"includes\":[\"}\"]}}}\n"
        "{\"doc\":{\"a\":1}}\n";
    const BulkRequest request = parsed(kBody);
    CPPUNIT_ASSERT_EQUAL(std::size_t{4}, request.items.size());
    const WriteItem& index = request.items[0];
    CPPUNIT_ASSERT(index.action == WriteAction::kIndex && index.index == "i" && index.id == "1");
    CPPUNIT_ASSERT(index.routing == "r" && index.version == 3 && index.version_type == VersionType::kExternal);
    CPPUNIT_ASSERT_EQUAL(std::string_view("{\"a\":1}"), index.source);
    const WriteItem& create = request.items[1];
    CPPUNIT_ASSERT(create.action == WriteAction::kCreate && !create.id && create.pipeline == "p");
    CPPUNIT_ASSERT(create.must_be_alias);
    CPPUNIT_ASSERT(request.items[2].action == WriteAction::kDelete);
    CPPUNIT_ASSERT(request.items[2].if_seq_no == 4 && request.items[2].if_term == 1);
    const WriteItem& update = request.items[3];
    CPPUNIT_ASSERT(update.action == WriteAction::kUpdate && update.retries == 2 && update.update != nullptr);
    CPPUNIT_ASSERT(update.update->shows && !update.update->shows->isWhole());
  }

  void theUrlSaysWhatAnItemDoesNot() {
    BulkDefaults defaults;
    defaults.index = "d";
    defaults.routing = "r";
    defaults.must_be_alias = true;
    const BulkRequest request = parsed(
        "{\"index\":{}}\n{}\n{\"index\":{\"_index\":\"i\",\"routing\":\"q\",\"require_alias\":false}}\n{}\n", defaults);
    CPPUNIT_ASSERT(request.items[0].index == "d" && request.items[0].routing == "r");
    CPPUNIT_ASSERT(request.items[0].must_be_alias);
    CPPUNIT_ASSERT(request.items[1].index == "i" && request.items[1].routing == "q");
    CPPUNIT_ASSERT(!request.items[1].must_be_alias);
  }

  void isAsLenientAsTheDialect() {
    CPPUNIT_ASSERT_EQUAL(std::size_t{2},
                         parsed("\n\r\n{\"index\":{}}\r\n{\"a\":1}\r\n \n{\"index\":{}}\n{}\n").items.size());
    CPPUNIT_ASSERT_EQUAL(std::string_view("{\"a\":1}"), parsed("{\"index\":{}}\r\n{\"a\":1}\r\n").items[0].source);
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, parsed("{\"index\":{\"_id\":\"x\"}\n{}\n").items.size());
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, parsed("{\"index\":{},\"x\":1}\n{}\n").items.size());
    CPPUNIT_ASSERT_EQUAL(std::size_t{0}, parsed("{\"index\":{}}\n").items.size());
    CPPUNIT_ASSERT_EQUAL(std::string_view(""), parsed("{\"index\":{}}\n\n{\"index\":{}}\n{}\n").items[0].source);
    CPPUNIT_ASSERT_EQUAL(std::string_view("{ bad"), parsed("{\"index\":{}}\n{ bad\n").items[0].source);
  }

  void whatIsNoStringIsReadAsOne() {
    const BulkRequest request = parsed(
        "{\"index\":{\"_id\":12,\"routing\":true,\"pipeline\":null,\"version\":\"5\"}}\n{}\n"
        "{\"index\":{\"_id\":\"\\u00e9\\\"\xc3\xa9\"}}\n{}\n");
    CPPUNIT_ASSERT(request.items[0].id == "12" && request.items[0].routing == "true");
    CPPUNIT_ASSERT(request.items[0].pipeline.empty() && request.items[0].version == 5);
    CPPUNIT_ASSERT_EQUAL(std::string_view("\xc3\xa9\"\xc3\xa9"), *request.items[1].id);
  }

  void refusesTheWholeRequest() {
    struct Case {
      std::string_view body, message;
    };
    constexpr std::string_view kLine = "Malformed action/metadata line [1], ";
    for (const Case& each :
         {Case{"{\"foo\":{}}\n{}\n", "expected one of [create, delete, index, update] but found [foo]"},
          Case{"{}\n", "expected FIELD_NAME but found [END_OBJECT]"},
          Case{"[1]\n", "expected START_OBJECT but found [START_ARRAY]"},
          Case{"{\"index\":[]}\n{}\n", "expected START_OBJECT or END_OBJECT but found [START_ARRAY]"},
          Case{"{\"index\":\"x\"}\n{}\n", "expected START_OBJECT or END_OBJECT but found [VALUE_STRING]"},
          Case{"{\"index\":{\"_id\":[1]}}\n{}\n", "expected a simple value for field [_id] but found [START_ARRAY]"}}) {
      const auto request = BulkRequest::parse(each.body, {});
      CPPUNIT_ASSERT(!request.isOk());
      CPPUNIT_ASSERT_EQUAL(std::string(kLine) + std::string(each.message), std::string(request.status().message()));
    }
    for (const std::string_view body :
         {"{\"index\":{}}\n{}", "{\"index\":{\"foo\":1}}\n{}\n", "{\"index\":{\"_id\":\"x}}\n{}\n",
          "{\"index\":{\"_id\":nul}}\n{}\n", "{\"index\" {}}\n{}\n", "{\"index\":{\"version\":\"x\"}}\n{}\n",
          "{\"update\":{\"_id\":\"1\",\"version\":1}}\n{\"doc\":{}}\n", "{\"update\":{\"_id\":\"1\"}}\n{\"foo\":{}}\n",
          "{\"update\":{\"_source\":{\"a\":\"}\n{\"doc\":{}}\n", "{\"index\":{\"_id\":\"\xff\"}}\n{}\n"})
      CPPUNIT_ASSERT_MESSAGE(std::string(body), !BulkRequest::parse(body, {}).isOk());
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(BulkRequestTest);

}  // namespace gyre::dialect
