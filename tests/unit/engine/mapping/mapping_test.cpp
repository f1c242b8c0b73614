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
  return Mapping::parse(document->root(), {.default_dynamic = Dynamic::kStrict});
}

std::shared_ptr<const Mapping> parsed(std::string_view text) {
  auto mapping = parse(text);
  CPPUNIT_ASSERT_MESSAGE(std::string(mapping.status().message()), mapping.isOk());
  return mapping.value();
}

void assertRefused(std::string_view text, std::string_view part, std::string_view reason = "mapper_parsing_exception") {
  const auto mapping = parse(text);
  CPPUNIT_ASSERT_MESSAGE(std::string(text), !mapping.isOk());
  const std::string message(mapping.status().message());
  CPPUNIT_ASSERT_MESSAGE(message + " lacks " + std::string(part), message.find(part) != std::string::npos);
  CPPUNIT_ASSERT_EQUAL(std::string(reason), std::string(mapping.status().reason()));
}

void assertLimit(std::string_view text, std::string_view part) {
  const auto mapping = parse(text);
  CPPUNIT_ASSERT(!mapping.isOk());
  CPPUNIT_ASSERT_MESSAGE(std::string(mapping.status().message()),
                         mapping.status().message().find(part) != std::string_view::npos);
  CPPUNIT_ASSERT_EQUAL(std::string("illegal_argument_exception"), std::string(mapping.status().reason()));
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
  CPPUNIT_TEST(emptyMappingIsAsTheOwnerSays);
  CPPUNIT_TEST(unknownTypeIsRefusedWithTheNearest);
  CPPUNIT_TEST(unknownParameterIsRefusedWithTheNearest);
  CPPUNIT_TEST(wrongParameterValuesAreRefused);
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
    assertRefused(R"({"properties":{"t":{"type":"text","fields":{"o":{"type":"object"}}}}})",
                  "Type [object] cannot be used in multi field");
    assertRefused(R"({"properties":{"t":{"type":"text","fields":3}}})", "expected map");
    assertRefused(R"({"properties":{"o":{"type":"object","fields":{}}}})", "[fields : {}]");
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

  void emptyMappingIsAsTheOwnerSays() {
    CPPUNIT_ASSERT(parsed("{}")->dynamic() == Dynamic::kStrict);
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"dynamic":"strict"})"), parsed(R"({"properties":{}})")->json());
    CPPUNIT_ASSERT_EQUAL(std::string("{}"), Mapping::parse(json::Value()).value()->json());
    CPPUNIT_ASSERT(Mapping::parse(json::Value()).value()->dynamic() == Dynamic::kTrue);
    assertRefused("[]", "must be an object");
    assertRefused(R"({"properties":[1]})", "must be a map");
    CPPUNIT_ASSERT(parse(R"({"properties":[]})").isOk());
  }

  void unknownTypeIsRefusedWithTheNearest() {
    assertRefused(R"({"properties":{"a":{"type":"keywrod"}}})",
                  "No handler for type [keywrod] declared on field [a], did you mean [keyword]?");
    assertRefused(R"({"properties":{"o":{"properties":{"a":{"type":"geo_shape"}}}}})",
                  "field type [geo_shape] declared on field [a] is not offered");
    assertRefused(R"({"properties":{"a":{"type":7}}})", "No handler for type [7]");
    assertRefused(R"({"properties":{"a":{}}})", "No type specified for field [a]");
    assertRefused(R"({"properties":{"a":"keyword"}})", "Expected map");
  }

  void unknownParameterIsRefusedWithTheNearest() {
    assertRefused(R"({"properties":{"a":{"type":"keyword","ignore_abov":3}}})", "did you mean [ignore_above]?");
    assertRefused(R"({"properties":{"a":{"type":"long","ignore_above":3}}})",
                  "[ignore_above] on mapper [a] of type [long]");
    assertRefused(R"({"properties":{"a":{"type":"text","null_value":"x"}}})", "[null_value]");
    assertRefused(R"({"properties":{"o":{"properties":{},"index":true}}})",
                  "[o] has unsupported parameters:  [index : true]");
    assertRefused(R"({"propertys":{}})", "did you mean [properties]?");
  }

  void wrongParameterValuesAreRefused() {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {R"("type":"scaled_float")", "Field [scaling_factor] is required"},
        {R"("type":"scaled_float","scaling_factor":0)", "must be a positive number, got [0]"},
        {R"("type":"scaled_float","scaling_factor":-1)", "must be a positive number"},
        {R"("type":"keyword","ignore_above":1.5)", "a whole number"},
        {R"("type":"keyword","index":"yes")", "Failed to parse value [yes] as only [true] or [false] are allowed."},
        {R"("type":"text","analyzer":"klingon")", "analyzer [klingon] has not been configured"},
        {R"("type":"date","format":"strict_date_optional_tim")", "did you mean [strict_date_optional_time]?"},
        {R"("type":"date","format":"yyyy-UU")", "letter: U"},
        {R"("type":"date","format":"")", "No date pattern provided"},
        {R"("type":"completion","max_input_length":0)", "must be > 0 but was [0]"},
        {R"("type":"object","enabled":1)", "Could not convert [enabled.enabled] to boolean"},
        {R"("type":"object","dynamic":"sometimes")", "Could not convert [dynamic.dynamic] to boolean"},
    };
    for (const auto& [definition, part] : cases)
      assertRefused(R"({"properties":{"a":{)" + std::string(definition) + "}}}", part);
  }

  void contextsAreChecked() {
    const auto with = [](std::string_view contexts) {
      return R"({"properties":{"k":{"type":"keyword"},"n":{"type":"long"},"c":{"type":"completion","contexts":)" +
             std::string(contexts) + "}}}";
    };
    CPPUNIT_ASSERT(parse(with(R"([{"name":"x","type":"CATEGORY"}])")).isOk());
    CPPUNIT_ASSERT(parse(with(R"({"name":"x","type":"category","path":"k"})")).isOk());
    CPPUNIT_ASSERT(parse(with(R"([{"name":"x","type":"geo","precision":"5km"}])")).isOk());
    CPPUNIT_ASSERT(parse(with(R"([{"name":"x","type":"category","path":"later"}])")).isOk());
    assertRefused(with(R"([{"name":"x","type":"geo","path":"n"}])"), "must be mapped to geo_point", "parse_exception");
    assertRefused(with(R"([{"name":"x","type":"other"}])"), "No context type for [other]");
    assertRefused(with(R"([{"name":"x","type":"geo","precision":0}])"), "[precision]");
    assertRefused(with(R"([{"name":"x","type":"category","precision":1}])"), "unsupported parameters");
    assertRefused(with(R"([{"type":"category"}])"), "missing [name]");
    assertRefused(with(R"([{"name":"x\u0000","type":"category"}])"), "[name");
    assertRefused(with(R"([{"name":"x","type":"category"},{"name":"x","type":"category"}])"), "twice");
    assertRefused(with("3"), "an array");
  }

  void namesAreChecked() {
    assertRefused(R"({"properties":{"":{"type":"long"}}})", "name cannot be empty");
    assertRefused(R"({"properties":{"a..b":{"type":"long"}}})", "name cannot be empty");
    assertRefused(R"({"properties":{"a\n":{"type":"long"}}})", "printable");
    CPPUNIT_ASSERT(parsed(R"({"properties":{"größe":{"type":"long"}}})")->find("größe") != nullptr);
  }

  void sizeIsBounded() {
    std::string wide = R"({"properties":{)";
    for (int i = 0; i < 1001; ++i) wide += (i == 0 ? "\"f" : ",\"f") + std::to_string(i) + R"(":{"type":"long"})";
    assertLimit(wide + "}}", "Limit of total fields [1000] has been exceeded");
    std::string deep;
    for (int i = 0; i < 30; ++i) deep += R"({"properties":{"o":)";
    deep += R"({"type":"long"})";
    for (int i = 0; i < 30; ++i) deep += "}}";
    assertLimit(deep, "Limit of mapping depth [20] has been exceeded due to object field [o.");
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(MappingTest);

}  // namespace gyre::engine
