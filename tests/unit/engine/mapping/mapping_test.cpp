#include "engine/mapping/mapping.hpp"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <string>

#include "gyre/json.hpp"

namespace gyre::engine {

namespace {

Result<std::shared_ptr<const Mapping>> parse(std::string_view text) {
  const auto document = json::Document::parse(text, {200});
  CPPUNIT_ASSERT_MESSAGE(std::string(text), document.isOk());
  return Mapping::parse(document->root());
}

std::shared_ptr<const Mapping> parsed(std::string_view text) {
  auto mapping = parse(text);
  CPPUNIT_ASSERT_MESSAGE(std::string(mapping.status().message()), mapping.isOk());
  return mapping.value();
}

void assertRefused(std::string_view text, std::string_view part) {
  const auto mapping = parse(text);
  CPPUNIT_ASSERT_MESSAGE(std::string(text), !mapping.isOk());
  const std::string message(mapping.status().message());
  CPPUNIT_ASSERT_MESSAGE(message + " lacks " + std::string(part), message.find(part) != std::string::npos);
  CPPUNIT_ASSERT_EQUAL(std::string("mapper_parsing_exception"), std::string(mapping.status().reason()));
}

constexpr std::string_view kPayments = R"({"dynamic":"strict","properties":{
  "paymentId":{"type":"keyword","ignore_above":256},"organizationId":{"type":"keyword"},
  "description":{"type":"text","fields":{"suggest":{"type":"completion"},"suggest_by_organization":{"type":"completion",
    "contexts":[{"name":"organization","type":"category","path":"organizationId"}]}}},
  "amount":{"type":"double"},"amountMinor":{"type":"long"},"fee":{"type":"scaled_float","scaling_factor":100},
  "metadata":{"type":"object","dynamic":false,"properties":{"tags":{"type":"keyword"},"raw":{"enabled":false}}},
  "processedAt":{"type":"date","format":"strict_date||epoch_second"},"isPaid":{"type":"boolean","index":false}}})";

}  // namespace

class MappingTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(MappingTest);
  CPPUNIT_TEST(findsFieldsByPath);
  CPPUNIT_TEST(keepsParameters);
  CPPUNIT_TEST(textHasNoColumn);
  CPPUNIT_TEST(multiFieldsHangUnderTheirParent);
  CPPUNIT_TEST(objectsInheritDynamic);
  CPPUNIT_TEST(jsonIsSortedAndParsesToItself);
  CPPUNIT_TEST(equalMappingsHaveEqualOrdinals);
  CPPUNIT_TEST(emptyMappingIsStrict);
  CPPUNIT_TEST(unknownTypeIsRefusedWithTheNearest);
  CPPUNIT_TEST(unknownParameterIsRefusedWithTheNearest);
  CPPUNIT_TEST(wrongParameterValuesAreRefused);
  CPPUNIT_TEST(dynamicMappingIsNotOffered);
  CPPUNIT_TEST(contextsAreChecked);
  CPPUNIT_TEST(namesAreChecked);
  CPPUNIT_TEST(sizeIsBounded);
  CPPUNIT_TEST_SUITE_END();

 public:
  void findsFieldsByPath() {
    const auto mapping = parsed(kPayments);
    CPPUNIT_ASSERT(mapping->find("metadata.tags")->type == FieldType::kKeyword);
    CPPUNIT_ASSERT_EQUAL(std::string("tags"), mapping->find("metadata.tags")->name);
    CPPUNIT_ASSERT(mapping->find("metadata")->type == FieldType::kObject);
    for (const char* path : {"tags", "metadata.", "metadata.tags.x", "", "zzz", "Amount"})
      CPPUNIT_ASSERT_MESSAGE(path, mapping->find(path) == nullptr);
    for (const Field& field : mapping->fields()) {
      CPPUNIT_ASSERT(mapping->find(field.path) == &field);
      CPPUNIT_ASSERT(&mapping->fields()[field.ordinal] == &field);
    }
    CPPUNIT_ASSERT_EQUAL(std::size_t{9}, mapping->roots().size());
  }

  void keepsParameters() {
    const auto mapping = parsed(kPayments);
    CPPUNIT_ASSERT_EQUAL(std::uint32_t{256}, mapping->find("paymentId")->ignore_above);
    CPPUNIT_ASSERT_EQUAL(100.0, mapping->find("fee")->scaling_factor);
    CPPUNIT_ASSERT_EQUAL(std::string("strict_date||epoch_second"), mapping->find("processedAt")->format);
    CPPUNIT_ASSERT(!mapping->find("isPaid")->is_indexed);
    CPPUNIT_ASSERT(mapping->find("isPaid")->has_doc_values);
    CPPUNIT_ASSERT_EQUAL(std::string("standard"), mapping->find("description")->analyzer);
    CPPUNIT_ASSERT_EQUAL(std::string("simple"), mapping->find("description.suggest")->analyzer);
    CPPUNIT_ASSERT_EQUAL(std::uint32_t{50}, mapping->find("description.suggest")->max_input_length);
    const auto& contexts = mapping->find("description.suggest_by_organization")->contexts;
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, contexts.size());
    CPPUNIT_ASSERT_EQUAL(std::string("organization"), contexts[0].name);
    CPPUNIT_ASSERT_EQUAL(std::string("organizationId"), contexts[0].path);
  }

  void textHasNoColumn() {
    const auto mapping = parsed(kPayments);
    CPPUNIT_ASSERT(!mapping->find("description")->has_doc_values);
    CPPUNIT_ASSERT(!mapping->find("description.suggest")->has_doc_values);
    CPPUNIT_ASSERT(mapping->find("amount")->has_doc_values);
    assertRefused(R"({"properties":{"t":{"type":"text","doc_values":true}}})", "doc_values");
  }

  void multiFieldsHangUnderTheirParent() {
    const auto mapping = parsed(kPayments);
    const Field* const text = mapping->find("description");
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, text->multi_fields.size());
    CPPUNIT_ASSERT(text->children.empty());
    CPPUNIT_ASSERT_EQUAL(std::string("description.suggest"), mapping->fields()[text->multi_fields[0]].path);
    assertRefused(R"({"properties":{"t":{"type":"text","fields":{"o":{"type":"object"}}}}})", "[t.o]");
    assertRefused(R"({"properties":{"t":{"type":"text","fields":{"o":{"type":"text","fields":{}}}}}})", "[t.o]");
    assertRefused(R"({"properties":{"t":{"type":"text","fields":[]}}})", "must be an object");
    assertRefused(R"({"properties":{"o":{"type":"object","fields":{}}}})", "[fields]");
  }

  void objectsInheritDynamic() {
    const auto mapping = parsed(R"({"dynamic":false,"properties":{"a":{"properties":{"b":{"dynamic":"strict",
        "properties":{"c":{"type":"object"}}}}},"off":{"type":"object","enabled":false}}})");
    CPPUNIT_ASSERT(mapping->dynamic() == Dynamic::kFalse);
    CPPUNIT_ASSERT(mapping->find("a")->dynamic == Dynamic::kFalse);
    CPPUNIT_ASSERT(mapping->find("a.b")->dynamic == Dynamic::kStrict);
    CPPUNIT_ASSERT(mapping->find("a.b.c")->dynamic == Dynamic::kStrict);
    CPPUNIT_ASSERT(!mapping->find("off")->is_enabled);
    CPPUNIT_ASSERT(mapping->find("a")->is_enabled);
  }

  void jsonIsSortedAndParsesToItself() {
    const auto mapping =
        parsed(R"({"properties":{"z":{"scaling_factor":100,"type":"scaled_float"},"k":{"type":"keyword",
        "fields":{"s":{"type":"completion"}},"doc_values":"false"},"o":{"properties":{}}},"dynamic":"false"})");
    CPPUNIT_ASSERT_EQUAL(
        std::string(
            R"({"dynamic":"false","properties":{"k":{"type":"keyword","doc_values":false,"fields":{"s":{"type":"completion",)"
            R"("analyzer":"simple","preserve_separators":true,"preserve_position_increments":true,"max_input_length":50}}},)"
            R"("o":{"type":"object"},"z":{"type":"scaled_float","scaling_factor":100.0}}})"),
        mapping->json());
    for (const std::string& json : {mapping->json(), parsed(kPayments)->json()})
      CPPUNIT_ASSERT_EQUAL(json, parsed(json)->json());
  }

  void equalMappingsHaveEqualOrdinals() {
    const auto first = parsed(kPayments);
    const auto again = parsed(first->json());
    CPPUNIT_ASSERT_EQUAL(first->fields().size(), again->fields().size());
    for (std::size_t i = 0; i < first->fields().size(); ++i)
      CPPUNIT_ASSERT_EQUAL(first->fields()[i].path, again->fields()[i].path);
  }

  void emptyMappingIsStrict() {
    CPPUNIT_ASSERT(parsed("{}")->dynamic() == Dynamic::kStrict);
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"dynamic":"strict"})"), parsed(R"({"properties":{}})")->json());
    CPPUNIT_ASSERT(Mapping::parse(json::Value()).isOk());
    assertRefused("[]", "must be an object");
    assertRefused(R"({"properties":[]})", "must be an object");
  }

  void unknownTypeIsRefusedWithTheNearest() {
    assertRefused(R"({"properties":{"a":{"type":"keywrod"}}})", "unknown type [keywrod], did you mean [keyword]?");
    assertRefused(R"({"properties":{"o":{"properties":{"a":{"type":"geo_point"}}}}})",
                  "field [o.a]: unknown type [geo_point]");
    assertRefused(R"({"properties":{"a":{"type":7}}})", "unknown type 7");
    assertRefused(R"({"properties":{"a":{}}})", "no type");
    assertRefused(R"({"properties":{"a":"keyword"}})", "expected an object");
  }

  void unknownParameterIsRefusedWithTheNearest() {
    assertRefused(R"({"properties":{"a":{"type":"keyword","ignore_abov":3}}})", "did you mean [ignore_above]?");
    assertRefused(R"({"properties":{"a":{"type":"long","ignore_above":3}}})",
                  "[ignore_above] on field [a] of type [long]");
    assertRefused(R"({"properties":{"a":{"type":"keyword","null_value":"x"}}})", "[null_value]");
    assertRefused(R"({"properties":{"o":{"properties":{},"index":true}}})", "[index] on object [o]");
    assertRefused(R"({"propertys":{}})", "did you mean [properties]?");
  }

  void wrongParameterValuesAreRefused() {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {R"("type":"scaled_float")", "misses the required parameter [scaling_factor]"},
        {R"("type":"scaled_float","scaling_factor":0)", "a number above 0"},
        {R"("type":"scaled_float","scaling_factor":-1)", "a number above 0"},
        {R"("type":"scaled_float","scaling_factor":"100")", "a number above 0"},
        {R"("type":"keyword","ignore_above":0)", "above 0"},
        {R"("type":"keyword","ignore_above":1.5)", "above 0"},
        {R"("type":"keyword","index":"yes")", "true or false"},
        {R"("type":"text","analyzer":"klingon")", "analyzer [klingon] has not been configured in mappings"},
        {R"("type":"date","format":"strict_date_optional_tim")", "did you mean [strict_date_optional_time]?"},
        {R"("type":"date","format":"yyyy-QQ")", "letter: Q"},
        {R"("type":"date","format":"")", "a date format"},
        {R"("type":"completion","max_input_length":0)", "above 0"},
        {R"("type":"completion","preserve_separators":false)", "the only value offered"},
        {R"("type":"object","enabled":1)", "[enabled]"},
        {R"("type":"object","dynamic":"sometimes")", "expected \"strict\" or false"},
    };
    for (const auto& [definition, part] : cases)
      assertRefused(R"({"properties":{"a":{)" + std::string(definition) + "}}}", part);
  }

  void dynamicMappingIsNotOffered() {
    for (const char* text :
         {R"({"dynamic":true})", R"({"dynamic":"true"})", R"({"properties":{"o":{"dynamic":true}}})"}) {
      const auto mapping = parse(text);
      CPPUNIT_ASSERT(mapping.status().code() == Code::kUnimplemented);
      CPPUNIT_ASSERT(mapping.status().message().find("[dynamic]") != std::string_view::npos);
    }
  }

  void contextsAreChecked() {
    const auto with = [](std::string_view contexts) {
      return R"({"properties":{"k":{"type":"keyword"},"n":{"type":"long"},"c":{"type":"completion","contexts":)" +
             std::string(contexts) + "}}}";
    };
    CPPUNIT_ASSERT(parse(with(R"([{"name":"x","type":"CATEGORY"}])")).isOk());
    CPPUNIT_ASSERT(parse(with(R"({"name":"x","type":"category","path":"k"})")).isOk());
    assertRefused(with(R"([{"name":"x","type":"geo"}])"), "[type]");
    assertRefused(with(R"([{"type":"category"}])"), "required");
    assertRefused(with(R"([{"name":"x","type":"category","path":"nosuch"}])"), "[nosuch]");
    assertRefused(with(R"([{"name":"x","type":"category","path":"n"}])"), "[n]");
    assertRefused(with(R"([{"name":"x\u0000","type":"category"}])"), "[name]");
    assertRefused(with(R"([{"name":"x","type":"category"},{"name":"x","type":"category"}])"), "twice");
    assertRefused(with("3"), "an array");
  }

  void namesAreChecked() {
    assertRefused(R"({"properties":{"":{"type":"long"}}})", "not empty");
    assertRefused(R"({"properties":{"a.b":{"type":"long"}}})", "without dots");
    assertRefused(R"({"properties":{"a\n":{"type":"long"}}})", "printable");
    CPPUNIT_ASSERT(parsed(R"({"properties":{"größe":{"type":"long"}}})")->find("größe") != nullptr);
  }

  void sizeIsBounded() {
    std::string wide = R"({"properties":{)";
    for (int i = 0; i < 1001; ++i) wide += (i == 0 ? "\"f" : ",\"f") + std::to_string(i) + R"(":{"type":"long"})";
    assertRefused(wide + "}}", "more than 1000 fields");
    std::string deep;
    for (int i = 0; i < 30; ++i) deep += R"({"properties":{"o":)";
    deep += R"({"type":"long"})";
    for (int i = 0; i < 30; ++i) deep += "}}";
    assertRefused(deep, "20 objects deep");
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(MappingTest);

}  // namespace gyre::engine
