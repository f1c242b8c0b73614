#include "server/dialect/index_composition.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <string>

#include "server/dialect/template_definition.hpp"

namespace gyre::dialect {

class IndexCompositionTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(IndexCompositionTest);
  CPPUNIT_TEST(theHighestPriorityCounts);
  CPPUNIT_TEST(componentsLieBeneathTheTemplate);
  CPPUNIT_TEST(legacyTemplatesCountWithoutAComposableOne);
  CPPUNIT_TEST(aFieldIsReplacedOrMerged);
  CPPUNIT_TEST(patternsOverlap);
  CPPUNIT_TEST(rivalsOfTheSamePriorityAreRefused);
  CPPUNIT_TEST(aliasesMayNameTheIndex);
  CPPUNIT_TEST_SUITE_END();

 private:
  CatalogState state_;

  void put(std::string_view name, std::string_view body) {
    auto text = readIndexTemplate(state_, name, body);
    CPPUNIT_ASSERT_MESSAGE(std::string(text.status().message()), text.isOk());
    state_.index_templates.insert_or_assign(std::string(name), text.value());
  }
  void putComponent(std::string_view name, std::string_view body) {
    auto text = readComponentTemplate(name, body);
    CPPUNIT_ASSERT_MESSAGE(std::string(text.status().message()), text.isOk());
    state_.component_templates.insert_or_assign(std::string(name), text.value());
  }
  void putLegacy(std::string_view name, std::string_view body) {
    auto text = readLegacyTemplate(name, body);
    CPPUNIT_ASSERT_MESSAGE(std::string(text.status().message()), text.isOk());
    state_.templates.insert_or_assign(std::string(name), text.value());
  }
  IndexRequest compose(std::string_view name, std::string_view body = "") {
    auto own = readIndexRequest(body);
    CPPUNIT_ASSERT(own.isOk());
    auto composed = composeIndex(state_, name, std::move(own).value());
    CPPUNIT_ASSERT_MESSAGE(std::string(composed.status().message()), composed.isOk());
    return std::move(composed).value();
  }

  void theHighestPriorityCounts() {
    put("low", R"({"index_patterns":["l*"],"priority":1,"template":{"settings":{"number_of_shards":2}}})");
    put("high", R"({"index_patterns":["logs-*"],"priority":5,"template":{"settings":{"number_of_shards":3}}})");
    CPPUNIT_ASSERT(compose("logs-1").settings.text("index.number_of_shards") == "3");
    CPPUNIT_ASSERT(compose("lagoon").settings.text("index.number_of_shards") == "2");
    CPPUNIT_ASSERT(compose("other").settings.text("index.number_of_shards") == "1");
    CPPUNIT_ASSERT(
        compose("logs-1", R"({"settings":{"number_of_shards":7}})").settings.text("index.number_of_shards") == "7");
  }

  void componentsLieBeneathTheTemplate() {
    putComponent("a", R"({"template":{"settings":{"refresh_interval":"1s","number_of_shards":4},"aliases":{"x":{}}}})");
    putComponent("b", R"({"template":{"settings":{"refresh_interval":"2s"}}})");
    put("t", R"({"index_patterns":["t*"],"composed_of":["a","b"],"template":{"settings":{"number_of_replicas":0}}})");
    const IndexRequest composed = compose("t1");
    CPPUNIT_ASSERT(composed.settings.text("index.refresh_interval") == "2s");
    CPPUNIT_ASSERT(composed.settings.text("index.number_of_shards") == "4");
    CPPUNIT_ASSERT(composed.settings.text("index.number_of_replicas") == "0");
    CPPUNIT_ASSERT(composed.aliases.contains("x"));
    CPPUNIT_ASSERT(!readIndexTemplate(state_, "u", R"({"index_patterns":["u*"],"composed_of":["none"]})").isOk());
  }

  void legacyTemplatesCountWithoutAComposableOne() {
    putLegacy("one", R"({"index_patterns":["a*"],"order":1,"settings":{"refresh_interval":"1s","hidden":true}})");
    putLegacy("two", R"({"index_patterns":["ab*"],"order":2,"settings":{"refresh_interval":"2s"}})");
    CPPUNIT_ASSERT(compose("abc").settings.text("index.refresh_interval") == "2s");
    CPPUNIT_ASSERT(compose("abc").settings.text("index.hidden") == "true");
    put("new", R"({"index_patterns":["ab*"]})");
    CPPUNIT_ASSERT(!compose("abc").settings.text("index.refresh_interval"));
  }

  void aFieldIsReplacedOrMerged() {
    IndexRequest over, below;
    over.mappings = R"({"properties":{"a":{"type":"keyword"},"o":{"properties":{"x":{"type":"long"}}}}})";
    below.mappings =
        R"({"dynamic":false,"properties":{"a":{"type":"text","store":true},"o":{"properties":{"y":{"type":"date"}}}}})";
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"dynamic":false,"properties":{"a":{"type":"keyword"},)"
                                     R"("o":{"properties":{"y":{"type":"date"},"x":{"type":"long"}}}}})"),
                         layered(over, below, false).value().mappings);
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"dynamic":false,"properties":{"a":{"type":"keyword","store":true},)"
                                     R"("o":{"properties":{"y":{"type":"date"},"x":{"type":"long"}}}}})"),
                         layered(over, below, true).value().mappings);
  }

  void patternsOverlap() {
    CPPUNIT_ASSERT(overlap("a*", "ab*"));
    CPPUNIT_ASSERT(overlap("*a", "b*"));
    CPPUNIT_ASSERT(overlap("a*c", "abc"));
    CPPUNIT_ASSERT(overlap("*", ""));
    CPPUNIT_ASSERT(!overlap("a*", "b*"));
    CPPUNIT_ASSERT(!overlap("abc", "abd"));
    CPPUNIT_ASSERT(!overlap("a*c", "ab*d"));
    // Takes no longer for patterns that are made to.
    CPPUNIT_ASSERT(!overlap("a*a*a*a*a*a*a*a*a*a*a*a*a*b", "a*a*a*a*a*a*a*a*a*a*a*a*a*c"));
  }

  void rivalsOfTheSamePriorityAreRefused() {
    put("one", R"({"index_patterns":["a*"],"priority":3})");
    CPPUNIT_ASSERT(!readIndexTemplate(state_, "two", R"({"index_patterns":["ab*"],"priority":3})").isOk());
    CPPUNIT_ASSERT(readIndexTemplate(state_, "two", R"({"index_patterns":["ab*"],"priority":4})").isOk());
    CPPUNIT_ASSERT(readIndexTemplate(state_, "one", R"({"index_patterns":["ab*"],"priority":3})").isOk());
  }

  void aliasesMayNameTheIndex() {
    putLegacy("one", R"({"index_patterns":["a*"],"aliases":{"all-{index}":{}}})");
    CPPUNIT_ASSERT(compose("a1").aliases.contains("all-a1"));
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(IndexCompositionTest);

}  // namespace gyre::dialect
