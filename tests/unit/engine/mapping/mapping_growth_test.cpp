#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <memory>
#include <string>
#include <string_view>

#include "engine/mapping/mapping.hpp"
#include "gyre/json.hpp"

namespace gyre::engine {

namespace {

using MappingPtr = std::shared_ptr<const Mapping>;

MappingPtr mappingOf(std::string_view text, const MappingOptions& options = {}) {
  const auto document = json::Document::parse(text);
  CPPUNIT_ASSERT_MESSAGE(std::string(text), document.isOk());
  auto mapping = Mapping::parse(document->root(), options);
  CPPUNIT_ASSERT_MESSAGE(std::string(mapping.status().message()), mapping.isOk());
  return mapping.value();
}

Result<MappingPtr> update(const MappingPtr& mapping, std::string_view text) {
  const auto document = json::Document::parse(text);
  CPPUNIT_ASSERT_MESSAGE(std::string(text), document.isOk());
  return mapping->updated(document->root());
}

void assertUpdateRefused(std::string_view first, std::string_view then, std::string_view message,
                         std::string_view reason = "illegal_argument_exception") {
  const auto refused = update(mappingOf(first), then);
  CPPUNIT_ASSERT_MESSAGE("taken: " + std::string(then), !refused.isOk());
  CPPUNIT_ASSERT_EQUAL(std::string(message), std::string(refused.status().message()));
  CPPUNIT_ASSERT_EQUAL(std::string(reason), std::string(refused.status().reason()));
}

void assertUpdated(std::string_view first, std::string_view then, std::string_view json) {
  const auto updated = update(mappingOf(first), then);
  CPPUNIT_ASSERT_MESSAGE(std::string(updated.status().message()), updated.isOk());
  CPPUNIT_ASSERT_EQUAL(std::string(json), updated.value()->json());
}

// What a document makes of a mapping.
void assertGrows(std::string_view mapping, std::string_view document, std::string_view json) {
  const auto grown = mappingOf(mapping)->grownFor(document);
  CPPUNIT_ASSERT_MESSAGE(std::string(grown.status().message()), grown.isOk());
  CPPUNIT_ASSERT_MESSAGE(std::string(document), grown.value() != nullptr);
  CPPUNIT_ASSERT_EQUAL(std::string(json), grown.value()->json());
}

void assertGrowthRefused(std::string_view mapping, std::string_view document, std::string_view message,
                         std::string_view reason) {
  const auto grown = mappingOf(mapping)->grownFor(document);
  CPPUNIT_ASSERT_MESSAGE("taken: " + std::string(document), !grown.isOk());
  CPPUNIT_ASSERT_EQUAL(std::string(message), std::string(grown.status().message()));
  CPPUNIT_ASSERT_EQUAL(std::string(reason), std::string(grown.status().reason()));
}

constexpr std::string_view kText = R"({"type":"text","fields":{"keyword":{"type":"keyword","ignore_above":256}}})";

}  // namespace

class MappingGrowthTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(MappingGrowthTest);
  CPPUNIT_TEST(updatesAddFieldsAtTheEnd);
  CPPUNIT_TEST(updatesChangeWhatMayChange);
  CPPUNIT_TEST(contradictionsAreRefused);
  CPPUNIT_TEST(theRootIsPrintedInOrder);
  CPPUNIT_TEST(parametersArePrintedUnlessDefault);
  CPPUNIT_TEST(valuesFoundFields);
  CPPUNIT_TEST(datesAreDetected);
  CPPUNIT_TEST(objectsAreFounded);
  CPPUNIT_TEST(dynamicIsPerObject);
  CPPUNIT_TEST(templatesDecide);
  CPPUNIT_TEST(contradictingDocumentsAreRefused);
  CPPUNIT_TEST(copiesFoundFieldsToo);
  CPPUNIT_TEST(limitsHold);
  CPPUNIT_TEST(settingsAreRead);
  CPPUNIT_TEST(aliasesAreOtherNames);
  CPPUNIT_TEST_SUITE_END();

 public:
  void updatesAddFieldsAtTheEnd() {
    const auto before = mappingOf(R"({"properties":{"m":{"type":"text"},"z":{"type":"long"}}})");
    const auto after = update(before, R"({"properties":{"a":{"type":"long"},"o.p":{"type":"keyword"},
        "m":{"type":"text","fields":{"raw":{"type":"keyword"}}}}})");
    CPPUNIT_ASSERT(after.isOk());
    for (const Field& field : before->fields())
      CPPUNIT_ASSERT_EQUAL(field.path, after.value()->fields()[field.ordinal].path);
    CPPUNIT_ASSERT_EQUAL(
        std::string(R"({"properties":{"a":{"type":"long"},"m":{"type":"text","fields":{"raw":{"type":"keyword"}}},)"
                    R"("o":{"properties":{"p":{"type":"keyword"}}},"z":{"type":"long"}}})"),
        after.value()->json());
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, before->fields().size());
    CPPUNIT_ASSERT(after.value()->find("m.raw")->type == FieldType::kKeyword);
  }

  void updatesChangeWhatMayChange() {
    assertUpdated(R"({"properties":{"k":{"type":"keyword","ignore_above":5,"meta":{"a":"b"}}}})",
                  R"({"properties":{"k":{"type":"keyword","ignore_above":7}}})",
                  R"({"properties":{"k":{"type":"keyword","ignore_above":7}}})");
    assertUpdated(R"({"properties":{"t":{"type":"text"}}})", R"({"properties":{"t":{"type":"text","norms":false}}})",
                  R"({"properties":{"t":{"type":"text","norms":false}}})");
    assertUpdated(R"({"properties":{"t":{"type":"text","copy_to":"a"}}})", R"({"properties":{"t":{"type":"text"}},
        "dynamic":"strict","date_detection":false})",
                  R"({"dynamic":"strict","date_detection":false,"properties":{"t":{"type":"text"}}})");
    // Objects that do not say inherit anew.
    const auto updated = update(mappingOf(R"({"properties":{"o":{"properties":{"p":{"type":"object"}}}}})"),
                                R"({"properties":{"o":{"type":"object","dynamic":"strict"}}})");
    CPPUNIT_ASSERT(updated.value()->find("o.p")->dynamic == Dynamic::kStrict);
  }

  void contradictionsAreRefused() {
    constexpr std::string_view kLong = R"({"properties":{"z":{"type":"long"}}})";
    assertUpdateRefused(kLong, R"({"properties":{"z":{"type":"keyword"}}})",
                        "mapper [z] cannot be changed from type [long] to [keyword]");
    assertUpdateRefused(kLong, R"({"properties":{"z":{"type":"long","index":false,"doc_values":false}}})",
                        "Mapper for [z] conflicts with existing mapper:\n\tCannot update parameter [index] from [true] "
                        "to [false]\n\tCannot update parameter [doc_values] from [true] to [false]");
    assertUpdateRefused(kLong, R"({"properties":{"z":{"properties":{}}}})",
                        "can't merge a non object mapping [z] with an object mapping");
    assertUpdateRefused(kLong, R"({"properties":{"z.y":{"type":"long"}}})",
                        "can't merge a non object mapping [z] with an object mapping");
    assertUpdateRefused(R"({"properties":{"o":{"properties":{"x":{"type":"long"}}}}})",
                        R"({"properties":{"o":{"type":"long"}}})",
                        "can't merge a non object mapping [o] with an object mapping");
    assertUpdateRefused(R"({"properties":{"o":{"enabled":false}}})", R"({"properties":{"o":{"enabled":true}}})",
                        "the [enabled] parameter can't be updated for the object mapping [o]", "mapper_exception");
    assertUpdateRefused(
        R"({"properties":{"t":{"type":"text","norms":false}}})", R"({"properties":{"t":{"type":"text"}}})",
        "Mapper for [t] conflicts with existing mapper:\n\tCannot update parameter [norms] from [false] "
        "to [true]");
    assertUpdateRefused(R"({"properties":{"t":{"type":"text"}}})",
                        R"({"properties":{"t":{"type":"text","analyzer":"simple"}}})",
                        "Mapper for [t] conflicts with existing mapper:\n\tCannot update parameter [analyzer] from "
                        "[default] to [simple]");
    assertUpdateRefused(kLong, R"({"_doc":{"properties":{}}})", "Types cannot be provided in put mapping requests");
    assertUpdateRefused(kLong, R"({"_routing":{"required":true}})",
                        "Mapper for [_routing] conflicts with existing mapper:\n\tCannot update parameter [required] "
                        "from [false] to [true]");
    assertUpdateRefused(kLong, R"({"_size":{"enabled":true}})",
                        "Root mapping definition has unsupported parameters:  [_size : {\"enabled\":true}]",
                        "mapper_parsing_exception");
  }

  void theRootIsPrintedInOrder() {
    constexpr std::string_view kJson =
        R"({"dynamic":"false","_meta":{"a":[1],"b":1},"_routing":{"required":true},"_source":{"enabled":false},)"
        R"("dynamic_date_formats":["yyyy"],"dynamic_templates":[{"x":{"match":"a*","mapping":{"type":"keyword"}}},)"
        R"({"y":{"match":"^a$","match_mapping_type":"string","match_pattern":"regex","mapping":{"norms":false,)"
        R"("type":"text"}}}],"date_detection":false,"numeric_detection":true,"properties":{"z":{"type":"long"}}})";
    const auto mapping = mappingOf(
        R"({"properties":{"z":{"type":"long"}},"numeric_detection":true,"_meta":{"b":1,"a":[1]},"_routing":{"required":true},
        "_source":{"enabled":false},"date_detection":false,"dynamic_date_formats":["yyyy"],"dynamic":"false",
        "dynamic_templates":[{"x":{"mapping":{"type":"keyword"},"match":"a*"}},{"y":{"match_mapping_type":"string",
        "match_pattern":"regex","match":"^a$","mapping":{"type":"text","norms":false}}}]})");
    CPPUNIT_ASSERT_EQUAL(std::string(kJson), mapping->json());
    CPPUNIT_ASSERT_EQUAL(std::string(kJson), mappingOf(kJson)->json());
  }

  void parametersArePrintedUnlessDefault() {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {R"({"type":"keyword","index":true,"doc_values":"true","ignore_above":2147483647,"boost":1})",
         R"({"type":"keyword"})"},
        {R"({"type":"long","coerce":true,"ignore_malformed":false,"null_value":7,"meta":{"b":"x","a":"y"}})",
         R"({"type":"long","ignore_malformed":false,"coerce":true,"null_value":7,"meta":{"a":"y","b":"x"}})"},
        {R"({"type":"text","index_prefixes":{},"index_phrases":true,"search_analyzer":"simple","search_quote_analyzer":"keyword"})",
         R"({"type":"text","analyzer":"default","search_analyzer":"simple","search_quote_analyzer":"keyword","index_prefixes":{"min_chars":2,"max_chars":5},"index_phrases":true})"},
        {R"({"type":"date","format":"yyyy","ignore_malformed":true,"null_value":"2020","locale":"de","print_format":"yyyy"})",
         R"({"type":"date","format":"yyyy","print_format":"yyyy","locale":"de","null_value":"2020","ignore_malformed":true})"},
        {R"({"type":"boolean","null_value":"true"})", R"({"type":"boolean","null_value":true})"},
        {R"({"type":"wildcard"})", R"({"type":"wildcard","doc_values":false})"},
        {R"({"type":"token_count","analyzer":"standard"})", R"({"type":"token_count","analyzer":"standard"})"},
        {R"({"type":"constant_keyword","value":"v"})", R"({"type":"constant_keyword","value":"v"})"},
        {R"({"type":"keyword","copy_to":"g","fields":{"z":{"type":"long"},"a":{"type":"text"}}})",
         R"({"type":"keyword","fields":{"a":{"type":"text"},"z":{"type":"long"}},"copy_to":["g"]})"},
        {R"({"type":"half_float","coerce":false})", R"({"type":"half_float","coerce":false})"},
        {R"({"type":"object","enabled":false,"dynamic":"strict"})",
         R"({"type":"object","dynamic":"strict","enabled":false})"},
    };
    for (const auto& [definition, printed] : cases) {
      const auto mapping = mappingOf(R"({"properties":{"f":)" + std::string(definition) + "}}");
      CPPUNIT_ASSERT_EQUAL(R"({"properties":{"f":)" + std::string(printed) + "}}", mapping->json());
      CPPUNIT_ASSERT_EQUAL(mapping->json(), mappingOf(mapping->json())->json());
    }
    const auto mapping = mappingOf(R"({"properties":{"k":{"type":"keyword","ignore_above":3}}})");
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"k":{"type":"keyword","ignore_above":3}})"),
                         mapping->fieldJson(*mapping->find("k"), false));
    CPPUNIT_ASSERT_EQUAL(
        std::string(
            R"({"k":{"type":"keyword","index":true,"doc_values":true,"store":false,"null_value":null,"eager_global_ordinals":false,)"
            R"("ignore_above":3,"index_options":"docs","norms":false,"similarity":null,"normalizer":"default",)"
            R"("split_queries_on_whitespace":false,"boost":1.0,"meta":{}}})"),
        mapping->fieldJson(*mapping->find("k"), true));
  }

  void valuesFoundFields() {
    assertGrows("{}", R"({"a":1,"b":1.5,"c":"x","d":true,"i":null,"j":[],"n":[null],"o":[[1]],"g":"12"})",
                R"({"properties":{"a":{"type":"long"},"b":{"type":"float"},"c":)" + std::string(kText) +
                    R"(,"d":{"type":"boolean"},"g":)" + std::string(kText) + R"(,"o":{"type":"long"}}})");
    assertGrows(
        R"({"numeric_detection":true})", R"({"c":"12","d":"1.5","e":"2020-01-01"})",
        R"({"numeric_detection":true,"properties":{"c":{"type":"long"},"d":{"type":"float"},"e":{"type":"date"}}})");
    assertGrows("{}", R"({"x":1e3,"y":123456789012345678901234567890})",
                R"({"properties":{"x":{"type":"float"},"y":{"type":"long"}}})");
    CPPUNIT_ASSERT(mappingOf("{}")->grownFor(R"({"a":null,"b":[],"c":[null,[]]})").value() == nullptr);
  }

  void datesAreDetected() {
    constexpr std::string_view kSlashed =
        R"({"type":"date","format":"yyyy/MM/dd HH:mm:ss||yyyy/MM/dd||epoch_millis","print_format":"yyyy/MM/dd HH:mm:ss"})";
    for (const char* text : {"2020-01-01", "2020-01-01T10:00:00Z", "2020-01"})
      assertGrows("{}", R"({"e":")" + std::string(text) + "\"}", R"({"properties":{"e":{"type":"date"}}})");
    for (const char* text : {"2020/01/01", "2020/01/01 10:00:00"})
      assertGrows("{}", R"({"e":")" + std::string(text) + "\"}",
                  R"({"properties":{"e":)" + std::string(kSlashed) + "}}");
    for (const char* text : {"10:00", "2020", "-123", "-12.5", "1e-3", "2020/1/1", "2020/01/01 10:00", "a-b"})
      assertGrows("{}", R"({"e":")" + std::string(text) + "\"}", R"({"properties":{"e":)" + std::string(kText) + "}}");
    assertGrows(R"({"dynamic_date_formats":["MM-yyyy"]})", R"({"x":"12-2020","y":"2020-01-01"})",
                R"({"dynamic_date_formats":["MM-yyyy"],"properties":{"x":{"type":"date","format":"MM-yyyy",)"
                R"("print_format":"MM-yyyy"},"y":)" +
                    std::string(kText) + "}}");
  }

  void objectsAreFounded() {
    assertGrows(
        "{}", R"({"k":{},"l":[{}],"m":{"x":{}}})",
        R"({"properties":{"k":{"type":"object"},"l":{"type":"object"},"m":{"properties":{"x":{"type":"object"}}}}})");
    assertGrows("{}", R"({"a.b.c":1,"a.d":true,"a":{"b":{"e":2},"f.g":3}})",
                R"({"properties":{"a":{"properties":{"b":{"properties":{"c":{"type":"long"},"e":{"type":"long"}}},)"
                R"("d":{"type":"boolean"},"f":{"properties":{"g":{"type":"long"}}}}}}})");
  }

  void dynamicIsPerObject() {
    constexpr std::string_view kMapping =
        R"({"properties":{"o":{"dynamic":"false","properties":{"i":{"dynamic":"true","type":"object"}}},"s":{"type":"object","dynamic":"strict"},"x":{"enabled":false}}})";
    const auto grown = mappingOf(kMapping)->grownFor(R"({"o":{"x":1,"i":{"y":2},"z":{"w":1}},"x":{"a":1}})");
    CPPUNIT_ASSERT(grown.value()->find("o.i.y")->type == FieldType::kLong);
    for (const char* path : {"o.x", "o.z", "x.a"}) CPPUNIT_ASSERT(grown.value()->find(path) == nullptr);
    assertGrowthRefused(kMapping, R"({"n":1,"s":{"t.u":1}})",
                        "mapping set to strict, dynamic introduction of [t] within [s] is not allowed",
                        "strict_dynamic_mapping_exception");
  }

  void templatesDecide() {
    assertGrows(
        R"({"dynamic_templates":[{"s":{"match":"str*","match_mapping_type":"string","mapping":{"type":"{dynamic_type}","fields":{"{name}_x":{"type":"keyword"}}}}},)"
        R"({"l":{"match":"long*","unmatch":"*x","mapping":{"type":"long"}}},)"
        R"({"p":{"path_match":"obj.*","path_unmatch":"*.no*","mapping":{"type":"keyword"}}},)"
        R"({"b":{"match_mapping_type":"boolean","mapping":{"index":false}}},)"
        R"({"re":{"match_pattern":"regex","match":"^r.$","match_mapping_type":"string","mapping":{"type":"keyword"}}}]})",
        R"({"strA":"v","longB":"12","longx":"12","obj":{"c":"q","no":1},"h":true,"rr":"k","rrr":"k"})",
        R"({"dynamic_templates":[{"s":{"match":"str*","match_mapping_type":"string","mapping":{"fields":{"{name}_x":{"type":"keyword"}},"type":"{dynamic_type}"}}},)"
        R"({"l":{"match":"long*","unmatch":"*x","mapping":{"type":"long"}}},)"
        R"({"p":{"path_match":"obj.*","path_unmatch":"*.no*","mapping":{"type":"keyword"}}},)"
        R"({"b":{"match_mapping_type":"boolean","mapping":{"index":false}}},)"
        R"({"re":{"match":"^r.$","match_mapping_type":"string","match_pattern":"regex","mapping":{"type":"keyword"}}}],)"
        R"("properties":{"h":{"type":"boolean","index":false},"longB":{"type":"long"},"longx":)" +
            std::string(kText) +
            R"(,"obj":{"properties":{"c":{"type":"keyword"},"no":{"type":"long"}}},"rr":{"type":"keyword"},"rrr":)" +
            std::string(kText) + R"(,"strA":{"type":"text","fields":{"strA_x":{"type":"keyword"}}}}})");
    constexpr std::string_view kStrict =
        R"({"dynamic":"strict_allow_templates","dynamic_templates":[{"s":{"match":"a*","mapping":{"type":"long"}}}]})";
    CPPUNIT_ASSERT(mappingOf(kStrict)->grownFor(R"({"a1":1,"a2":[2]})").value()->find("a2") != nullptr);
    assertGrowthRefused(
        kStrict, R"({"a1":1,"o":{"b":2}})",
        "mapping set to strict_allow_templates, dynamic introduction of [o] within [_doc] is not allowed",
        "strict_dynamic_mapping_exception");
  }

  void contradictingDocumentsAreRefused() {
    const std::string reason = "illegal_argument_exception";
    assertGrowthRefused("{}", R"({"a":[1,2.5]})", "mapper [a] cannot be changed from type [long] to [float]", reason);
    assertGrowthRefused("{}", R"({"a":["x",1]})", "mapper [a] cannot be changed from type [text] to [long]", reason);
    assertGrowthRefused("{}", R"({"a":[1,{"b":1.5}]})", "can't merge a non object mapping [a] with an object mapping",
                        reason);
  }

  void copiesFoundFieldsToo() {
    assertGrows(R"({"properties":{"k":{"type":"keyword","copy_to":["g","o.h"]}}})", R"({"k":"a"})",
                R"({"properties":{"g":)" + std::string(kText) +
                    R"(,"k":{"type":"keyword","copy_to":["g","o.h"]},"o":{"properties":{"h":)" + std::string(kText) +
                    "}}}}");
  }

  void limitsHold() {
    const auto small = mappingOf("{}", {.total_fields_limit = 2, .depth_limit = 2});
    CPPUNIT_ASSERT(small->grownFor(R"({"a":1,"b":2})").isOk());
    CPPUNIT_ASSERT_EQUAL(std::string("Limit of total fields [2] has been exceeded"),
                         std::string(small->grownFor(R"({"a":1,"b":"x"})").status().message()));
    const auto deep = small->grownFor(R"({"a":{"b":{"c":1}}})");
    CPPUNIT_ASSERT_EQUAL(std::string("failed to parse"), std::string(deep.status().message()));
    const Status refused = deep.status();
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, refused.faults().size());
    CPPUNIT_ASSERT(refused.faults()[0].detail.starts_with("parse_exception: The depth of the field"));
    CPPUNIT_ASSERT_EQUAL(
        std::string("Field name [abcdef] is longer than the limit of [5] characters"),
        std::string(mappingOf("{}", {.name_length_limit = 5})->grownFor(R"({"abcdef":1})").status().message()));
  }

  void settingsAreRead() {
    const auto read = [](std::string_view text) {
      const auto document = json::Document::parse(text);
      return MappingOptions::parse(document->root(), Dynamic::kTrue);
    };
    CPPUNIT_ASSERT_EQUAL(std::size_t{7}, read(R"({"index.mapping.total_fields.limit":7})")->total_fields_limit);
    CPPUNIT_ASSERT_EQUAL(std::size_t{7},
                         read(R"({"index":{"mapping":{"total_fields":{"limit":"7"}}}})")->total_fields_limit);
    CPPUNIT_ASSERT_EQUAL(std::size_t{3}, read(R"({"mapping.depth":{"limit":3}})")->depth_limit);
    CPPUNIT_ASSERT(!read(R"({"index.mapping.coerce":"false"})")->coerces);
    CPPUNIT_ASSERT(read(R"({"number_of_shards":1})").isOk());
    CPPUNIT_ASSERT(!read(R"({"index.mapping.depth.limit":0})").isOk());
    CPPUNIT_ASSERT(!read(R"({"index.mapping.total_fields.limit":"many"})").isOk());
  }

  void aliasesAreOtherNames() {
    const auto mapping =
        mappingOf(R"({"properties":{"a":{"type":"alias","path":"o.k"},"o":{"properties":{"k":{"type":"keyword"}}}}})");
    CPPUNIT_ASSERT_EQUAL(std::string("o.k"), mapping->find("a")->path);
    CPPUNIT_ASSERT(mapping->declared("a")->type == FieldType::kAlias);
    assertUpdateRefused("{}", R"({"properties":{"a":{"type":"alias","path":"b"}}})",
                        "Invalid [path] value [b] for field alias [a]: an alias must refer to an existing field in the "
                        "mappings.",
                        "mapper_parsing_exception");
    assertUpdateRefused("{}", R"({"properties":{"a":{"type":"alias","path":"a"}}})",
                        "Invalid [path] value [a] for field alias [a]: an alias cannot refer to itself.",
                        "mapper_parsing_exception");
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(MappingGrowthTest);

}  // namespace gyre::engine
