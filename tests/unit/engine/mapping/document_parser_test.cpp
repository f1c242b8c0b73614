#include "engine/mapping/document_parser.hpp"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <iterator>
#include <random>
#include <string>

#include "engine/mapping/numeric_value.hpp"
#include "gyre/json.hpp"

namespace gyre::engine {

namespace {

std::shared_ptr<const Mapping> mappingOf(std::string_view text) {
  const auto document = json::Document::parse(text);
  CPPUNIT_ASSERT_MESSAGE(std::string(text), document.isOk());
  auto mapping = Mapping::parse(document->root());
  CPPUNIT_ASSERT_MESSAGE(std::string(mapping.status().message()), mapping.isOk());
  return mapping.value();
}

// Everything that it is told, as text: "path=value" and so on, a space between.
class Recorder final : public DocumentSink {
 public:
  void term(const Field& field, std::string_view term, std::uint32_t position) override {
    add(field, std::string(term) + "@" + std::to_string(position));
  }
  void keyword(const Field& field, std::string_view value) override { add(field, "'" + std::string(value) + "'"); }
  void number(const Field& field, std::int64_t encoded) override { add(field, std::to_string(encoded)); }
  void completion(const Field& field, std::string_view input, std::string_view analysed, std::uint32_t weight,
                  std::string_view contexts) override {
    std::string all = std::string(input) + "/" + std::string(analysed) + "/" + std::to_string(weight);
    if (!contexts.empty()) all += "/" + std::string(contexts);
    for (char& c : all) c = c == '\0' ? '=' : c == '\x1d' ? ';' : c == '\x1f' ? '+' : c;
    add(field, all);
  }
  std::string text;

 private:
  void add(const Field& field, const std::string& value) {
    text += (text.empty() ? "" : " ") + field.path + "=" + value;
  }
};

constexpr std::string_view kMapping = R"({"dynamic":"strict","properties":{
  "k":{"type":"keyword","ignore_above":5},"t":{"type":"text"},"l":{"type":"long"},"b":{"type":"byte"},"d":{"type":"double"},
  "f":{"type":"float"},"s":{"type":"scaled_float","scaling_factor":100},"flag":{"type":"boolean"},
  "at":{"type":"date"},"day":{"type":"date","format":"yyyy/MM/dd||epoch_second"},
  "o":{"properties":{"k":{"type":"keyword"},"p":{"properties":{"l":{"type":"long"}}}}},
  "free":{"type":"object","dynamic":false,"properties":{"k":{"type":"keyword"}}},
  "off":{"type":"object","enabled":false},
  "multi":{"type":"text","fields":{"raw":{"type":"keyword"},"n":{"type":"completion"}}},
  "c":{"type":"completion","max_input_length":10,"contexts":[{"name":"org","type":"category","path":"o.k"},
      {"name":"kind","type":"category"},{"name":"rg","type":"category"}]},
  "cc":{"type":"completion","max_input_length":10},
  "w":{"type":"text","analyzer":"keyword"},"hidden":{"type":"text","index":false}}})";

}  // namespace

class DocumentParserTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(DocumentParserTest);
  CPPUNIT_TEST(scalarsBecomeTheirTypes);
  CPPUNIT_TEST(keywordsTakeAnyScalarAsWritten);
  CPPUNIT_TEST(keywordsHaveTwoLimits);
  CPPUNIT_TEST(textValuesAreAGapApart);
  CPPUNIT_TEST(nullsAndEmptyArraysAreNothing);
  CPPUNIT_TEST(booleansAreChecked);
  CPPUNIT_TEST(numbersAreChecked);
  CPPUNIT_TEST(datesFollowTheirFormat);
  CPPUNIT_TEST(objectsAndArraysFlatten);
  CPPUNIT_TEST(dottedNamesArePaths);
  CPPUNIT_TEST(unmappedMembersAreRefusedOrSkipped);
  CPPUNIT_TEST(shapesMustFit);
  CPPUNIT_TEST(multiFieldsTakeTheSameValue);
  CPPUNIT_TEST(completionsTakeStringsAndObjects);
  CPPUNIT_TEST(completionsTakeCategoriesFromAnywhere);
  CPPUNIT_TEST(completionInputsAreCutAndChecked);
  CPPUNIT_TEST(malformedJsonIsRefusedWherever);
  CPPUNIT_TEST(duplicateNamesAreRefused);
  CPPUNIT_TEST(nestingIsBounded);
  CPPUNIT_TEST(aFailureLeavesNothingBehind);
  CPPUNIT_TEST(largeDocumentsParse);
  CPPUNIT_TEST(damagedDocumentsNeverCrash);
  CPPUNIT_TEST(flatDocumentsReadAsAnyOther);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override { parser_ = std::make_unique<DocumentParser>(mappingOf(kMapping)); }

  void scalarsBecomeTheirTypes() {
    assertValues(R"({"k":"abc","l":42,"at":"2024-02-29T12:00:00Z","flag":true,"s":1.239,"t":"Two Words"})",
                 "k='abc' l=42 at=1709208000000 flag=1 s=124 t=two@0 t=words@1");
    assertValues(R"({"d":1.5})", "d=" + std::to_string(encodeDouble(1.5)));
    assertValues(R"({"f":0.1})", "f=" + std::to_string(encodeFloat(0.1f)));
    assertValues("{}", "");
    assertValues(" \n{ \"l\" :\t7 } \n", "l=7");
  }

  void keywordsTakeAnyScalarAsWritten() {
    assertValues(R"({"k":[1.10,true,"",1e2,"é\u00e9"]})", "k='1.10' k='true' k='' k='1e2' k='éé'");
    assertValues(R"({"o":{"k":123456789012345678901234567890}})", "o.k='123456789012345678901234567890'");
  }

  void keywordsHaveTwoLimits() {
    assertValues(R"({"k":["12345","123456","ééééé","éééééé","😀😀","😀😀😀"]})", "k='12345' k='ééééé' k='😀😀'");
    const std::string longest(32'766, 'x');
    assertValues(R"({"o":{"k":")" + longest + "\"}}", "o.k='" + longest + "'");
    assertRefused(R"({"o":{"k":")" + longest + "x\"}}", "immense term in field=\"o.k\"", "illegal_argument_exception");
    assertRefused(R"({"w":")" + longest + "x\"}", "immense term in field=\"w\"", "illegal_argument_exception");
    assertValues(R"({"k":")" + longest + "x\"}", "");
  }

  void textValuesAreAGapApart() {
    assertValues(R"({"t":["one two","three",[],"","four"]})", "t=one@0 t=two@1 t=three@102 t=four@303");
    assertValues(R"({"t":"again"})", "t=again@0");
    assertValues(R"({"t":[12,true]})", "t=12@0 t=true@101");
    assertValues(R"({"hidden":"not indexed"})", "");
  }

  void nullsAndEmptyArraysAreNothing() {
    assertValues(R"({"k":null,"l":[null,1,[]],"o":[null,{}],"at":null,"c":[null],"flag":[]})", "l=1");
    assertValues(R"({"l":"","d":"","s":"","flag":""})", "flag=0");
  }

  void booleansAreChecked() {
    assertValues(R"({"flag":[true,false,"true","false",""]})", "flag=1 flag=0 flag=1 flag=0 flag=0");
    for (const char* value : {"1", "0", "\"yes\"", "\"True\"", "\"1\"", "1.0"})
      assertRefused(std::string("{\"flag\":") + value + "}", "[flag] of type [boolean]");
  }

  void numbersAreChecked() {
    assertValues(R"({"l":["12",1.9,"1.9",-0.5,1e3,9223372036854775807]})",
                 "l=12 l=1 l=1 l=0 l=1000 l=9223372036854775807");
    assertRefused(R"({"l":true})", "[l] of type [long]. Preview of field's value: 'true'");
    assertRefused(R"({"l":9223372036854775808})", "value: '9223372036854775808'");
    assertRefused(R"({"l":"abc"})", "For input string: \"abc\"");
    assertRefused(R"({"b":128})", "Value [128] is out of range for a byte");
    assertRefused(R"({"d":1e309})", "[double] supports only finite values");
    assertRefused(R"({"d":"NaN"})", "[double] supports only finite values, but got [NaN]");
    assertRefused(R"({"s":1e300})", "[scaled_float] only supports finite values");
  }

  void datesFollowTheirFormat() {
    assertValues(R"({"at":["2024",2024,20245,"1709208000000",1709208000000,"2024-02-29"]})",
                 "at=1704067200000 at=1704067200000 at=20245 at=1709208000000 at=1709208000000 at=1709164800000");
    assertValues(R"({"day":["2024/02/29",1,"1.5"]})", "day=1709164800000 day=1000 day=1500");
    assertRefused(R"({"at":"2024-02-30"})",
                  "failed to parse date field [2024-02-30] with format [strict_date_optional_time||epoch_millis]");
    assertRefused(R"({"day":"2024-02-29"})", "[yyyy/MM/dd||epoch_second]");
    assertRefused(R"({"at":""})", "[at] of type [date]");
    assertRefused(R"({"at":true})", "[at] of type [date]");
    assertRefused(R"({"at":1e3})", "[at] of type [date]");
  }

  void objectsAndArraysFlatten() {
    assertValues(R"({"o":[{"k":"a"},[{"k":["b","c"]}],{"p":{"l":[[1],[2,[3]]]}}]})",
                 "o.k='a' o.k='b' o.k='c' o.p.l=1 o.p.l=2 o.p.l=3");
  }

  void dottedNamesArePaths() {
    assertValues(R"({"o.k":"a","o.p.l":1,"o.p":{"l":2}})", "o.k='a' o.p.l=1 o.p.l=2");
    assertValues(R"({"free.k":"a","free.x.y":1,"off.x":{"y":[]}})", "free.k='a'");
    assertRefused(R"({"o.x":1})", "dynamic introduction of [x] within [o]", "strict_dynamic_mapping_exception");
    assertRefused(R"({"o..k":1})", "object resolution ambiguous: [o..k]");
    assertRefused(R"({"":1})", "field name cannot be an empty string");
    assertRefused(R"({"_id":1})", "Field [_id] is a metadata field");
    assertRefused(R"({"k.x":1})", "Existing mapping for [k] must be of type object but found [keyword].");
    assertRefused(R"({"multi.raw":"x"})", "Existing mapping for [multi] must be of type object");
  }

  void unmappedMembersAreRefusedOrSkipped() {
    assertRefused(R"({"x":1})", "dynamic introduction of [x] within [_doc] is not allowed",
                  "strict_dynamic_mapping_exception");
    assertRefused(R"({"o":{"p":{"x":null}}})", "[x] within [o.p]", "strict_dynamic_mapping_exception");
    assertValues(R"({"free":{"x":{"k":"no"},"k":"yes","y":[1,"2",{"z":null}]},"off":{"k":[{"a":1}]}})", "free.k='yes'");
    assertValues(R"({"off":7})", "");
  }

  void shapesMustFit() {
    assertRefused(R"({"l":{"a":1}})", "Current token (START_OBJECT) not numeric");
    assertRefused(R"({"k":[{"a":1}]})", "START_OBJECT");
    assertRefused(R"({"o":1})",
                  "object mapping for [o] tried to parse field [o] as object, but found a concrete value");
    assertRefused(R"({"o":[{"k":"a"},"b"]})", "found a concrete value");
    for (const char* text : {"[]", "1", "\"a\"", "null", "true"}) assertRefused(text, "must be an object");
  }

  void multiFieldsTakeTheSameValue() {
    assertValues(R"({"multi":["Big Rent","7"]})",
                 "multi=big@0 multi=rent@1 multi.raw='Big Rent' multi=7@102 multi.raw='7' multi.n=Big Rent/big+rent/1 "
                 "multi.n=7//1");
  }

  void completionsTakeStringsAndObjects() {
    assertValues(R"({"cc":["Rent due",{"input":["A b","C"],"weight":7},{"weight":"3","input":"D"}]})",
                 "cc=Rent due/rent+due/1 cc=A b/a+b/7 cc=C/c/7 cc=D/d/3");
    // The same text twice counts once, with its greatest weight.
    assertValues(R"({"cc":["A","B",{"input":["A","a"],"weight":7},{"input":"A","weight":3}]})",
                 "cc=B/b/1 cc=A/a/7 cc=a/a/7");
    assertRefused(R"({"cc":{"input":"a","weight":1.5}})", "weight must be a whole number");
    assertRefused(R"({"cc":{"input":"a","weight":-1}})", "weight must be a whole number");
    assertRefused(R"({"cc":{"input":"a","weight":2147483648}})", "weight must be a whole number");
    assertRefused(R"({"cc":{"input":"a","weight":{}}})", "weight must be a whole number");
    assertRefused(R"({"cc":{"input":7}})", "input must be a string");
    assertRefused(R"({"cc":{"input":["a",[]]}})", "input must be a string");
    assertRefused(R"({"cc":{"inputs":"a"}})", "unknown member [inputs]");
    assertRefused(R"({"cc":{"input":"a","input":"b"}})", "duplicate member \"input\"");
    assertRefused(R"({"multi":{"input":"a"}})", "[multi] of type [text]");
  }

  void completionsTakeCategoriesFromAnywhere() {
    assertValues(R"({"c":"Rent","o":[{"k":"x"},{"k":"y"},{"k":"x"}]})",
                 "o.k='x' o.k='y' o.k='x' c=Rent/rent/1/org=x;org=y;");
    assertValues(R"({"c":{"input":"Rent","contexts":{"kind":["a","b"],"org":"z"}},"o.k":"x"})",
                 "o.k='x' c=Rent/rent/1/org=z;org=x;kind=a;kind=b;");
    // One pair may end like another without being it.
    assertValues(R"({"c":{"input":"Rent","contexts":{"org":"z","rg":"z"}}})", "c=Rent/rent/1/org=z;rg=z;");
    assertRefused(R"({"c":{"input":"Rent","contexts":{"colour":"a"}}})", "Unknown context name [colour]");
    assertValues(R"({"c":{"input":"Rent","contexts":{"kind":[1,true]}}})", "c=Rent/rent/1/kind=1;kind=true;");
    assertRefused(R"({"c":{"input":"Rent","contexts":{"kind":{}}}})", "but was [START_OBJECT]");
    assertRefused(R"({"c":{"input":"Rent","contexts":[]}})", "contexts must be an object");
    assertRefused(R"({"c":"Rent","o":{"k":"a\u001db"}})", "reserved character 29");
    // Nothing is left of the documents before.
    assertRefused(R"({"c":"Rent"})", "Contexts are mandatory in context enabled completion field [c]",
                  "illegal_argument_exception");
  }

  void completionInputsAreCutAndChecked() {
    assertValues(R"({"cc":["0123456789ab","012345678😀","  ",""]})", "cc=0123456789//1 cc=012345678//1");
    assertRefused(R"({"cc":"a\u001fb"})", "reserved character 31");
    assertRefused(R"({"cc":"a\u0000b"})", "reserved character 0");
  }

  void malformedJsonIsRefusedWherever() {
    for (const char* text : {"",
                             " ",
                             "{",
                             "}",
                             "{\"k\"}",
                             "{\"k\":}",
                             "{\"k\":\"a\",}",
                             "{\"k\":\"a\"}}",
                             "{\"k\":\"a\"} x",
                             "{\"k\":\"a\"}{}",
                             "{\"k\":\"a\"",
                             "{k:1}",
                             "{\"k\":'a'}",
                             "{\"k\":\"a}",
                             "{\"k\":\"a\" \"l\":1}",
                             "{\"l\":01}",
                             "{\"l\":1.}",
                             "{\"l\":+1}",
                             "{\"l\":-}",
                             "{\"k\":tru}",
                             "{\"k\":nul}",
                             "{\"k\":\"\\q\"}",
                             "{\"k\":\"\\ud800\"}",
                             "{\"k\":\"\xff\"}",
                             "{\"k\":\"\xc3\"}",
                             "{\"k\":\"a\nb\"}",
                             "{\"k\":[1,]}",
                             "{\"k\":[1 2]}",
                             "{\"k\":[1}",
                             "{\"off\":{\"a\":tru}}",
                             "{\"off\":{\"a\":[1,]}}",
                             "{\"off\":{\"a\":\"\\ud800\"}}",
                             "{\"off\":{\"a\" 1}}",
                             "{\"free\":{\"a\":01}}",
                             "{\"free\":{\"a\":1,}}",
                             "{\"free\":{\"\\q\":1}}",
                             "{\"l\":1,,\"b\":1}",
                             "{\"l\":1]",
                             "{\"free\":{\"a\":nan}}",
                             "{\"off\":\"a\":1}",
                             "{\"off\":[\"a\":1]}",
                             "{\"off\":{\"a\":\"b\":[1]},\"k\":\"c\"}",
                             "{\"off\":1:2}"})
      assertRefused(text, "failed to parse");
  }

  void duplicateNamesAreRefused() {
    assertRefused(R"({"k":"a","k":"b"})", "duplicate member \"k\"");
    assertRefused(R"({"k":"a","\u006b":"b"})", "duplicate member \"k\"");
    assertRefused(R"({"off":{"a":1,"b":{},"a":2}})", "duplicate member \"a\"");
    assertValues(R"({"o":[{"k":"a"},{"k":"b"}],"free":{"o":{"k":1}}})", "o.k='a' o.k='b'");
    std::string many;
    for (int i = 0; i < 500; ++i) many += ",\"m" + std::to_string(i) + "\":1";
    assertValues("{\"off\":{\"a\":1" + many + "}}", "");
    assertRefused("{\"off\":{\"m77\":1" + many + "}}", "duplicate member \"m77\"");
    for (int count = 2; count <= 70; ++count) {
      std::string names;
      for (int i = 0; i < count; ++i) names += ",\"name" + std::to_string(i * 7) + "\":1";
      assertValues("{\"off\":{\"a\":1" + names + "}}", "");
      for (int i = 0; i < count; i += 3)
        assertRefused("{\"off\":{\"a\":1" + names + ",\"name" + std::to_string(i * 7) + "\":1}}", "duplicate member");
    }
    assertValues(R"({"off":{"ab":1,"ba":2,"":3,"a":4,"b":5}})", "");
  }

  void nestingIsBounded() {
    const auto nested = [](std::size_t depth, const char* open, const char* close) {
      std::string text = "{\"off\":";
      for (std::size_t i = 0; i < depth; ++i) text += open;
      text += "1";
      for (std::size_t i = 0; i < depth; ++i) text += close;
      return text + "}";
    };
    assertValues(nested(99, "[", "]"), "");
    assertRefused(nested(100, "[", "]"), "more than 100 levels");
    assertValues(nested(99, "{\"a\":", "}"), "");
    assertRefused(nested(100, "{\"a\":", "}"), "more than 100 levels");
    assertRefused(nested(1'000'000, "[", "]"), "failed to parse");
    assertRefused(nested(300'000, "{\"a\":", "}"), "failed to parse");
    assertRefused("{\"off\":" + std::string(1'000'000, '['), "failed to parse");
  }

  void aFailureLeavesNothingBehind() {
    for (int i = 0; i < 3; ++i) {
      assertRefused(R"({"off":{"k":1},"c":"Lost","t":"one two","o":{"k":"x","p":{"l":true}}})", "[o.p.l]");
      assertValues(R"({"t":"three","off":{"k":1},"o":{"k":"y"}})", "t=three@0 o.k='y'");
    }
  }

  void largeDocumentsParse() {
    std::string text = "{\"l\":[0";
    for (int i = 1; i < 1'000'000; ++i) text += "," + std::to_string(i);
    struct Counter final : DocumentSink {
      void term(const Field&, std::string_view, std::uint32_t) override {}
      void keyword(const Field&, std::string_view) override {}
      void number(const Field&, std::int64_t encoded) override { sum += encoded; }
      void completion(const Field&, std::string_view, std::string_view, std::uint32_t, std::string_view) override {}
      std::int64_t sum = 0;
    } counter;
    CPPUNIT_ASSERT(parser_->parse(text + "]}", counter).isOk());
    CPPUNIT_ASSERT_EQUAL(std::int64_t{499'999'500'000}, counter.sum);
    assertValues(R"({"l":1})", "l=1");  // after its buffers were given back
  }

  // Whatever is accepted is well-formed JSON by the strict reader, and so is no document that it refuses.
  void damagedDocumentsNeverCrash() {
    const unsigned seed = std::random_device{}();
    std::mt19937 random(seed);
    const std::string whole =
        R"({"k":"ab","t":["one \u00e9","two"],"l":-12.5e1,"at":"2024-02-29","o":{"k":"x","p.l":3},"off":{"a":[true,{"b":null}]},"cc":{"input":"i","weight":2}})";
    for (int i = 0; i < 20'000; ++i) {
      std::string text = whole;
      for (unsigned edits = 1 + random() % 3; edits > 0; --edits) {
        const std::size_t at = random() % text.size();
        constexpr std::string_view kBytes = "{}[]\",:\\0truenl .-\x80\xc3";
        if (random() % 3 == 0)
          text.erase(at, 1 + random() % 4);
        else if (random() % 2 == 0)
          text.insert(at, 1, kBytes[random() % kBytes.size()]);
        else
          text[at] = kBytes[random() % kBytes.size()];
        if (text.empty()) text = "{";
      }
      Recorder recorder;
      const bool is_taken = parser_->parse(text, recorder).isOk();
      if (is_taken)
        CPPUNIT_ASSERT_MESSAGE(text + " seed " + std::to_string(seed), json::Document::parse(text, {200}).isOk());
    }
  }

  // A member that holds an object, which nothing is made of, sends a document of scalars the long way.
  void flatDocumentsReadAsAnyOther() {
    const unsigned seed = std::random_device{}();
    std::mt19937 random(seed);
    constexpr std::string_view kNames[] = {"k",      "t",     "l",      "b",   "d",   "f", "s",   "flag",
                                           "at",     "day",   "multi",  "cc",  "w",   "o", "o.k", "o.p.l",
                                           "free.x", "off.y", "hidden", "new", "_id", "c", ".k"};
    constexpr std::string_view kValues[] = {"12",
                                            "-3.5",
                                            "1e2",
                                            "true",
                                            "false",
                                            "null",
                                            R"("two words")",
                                            R"("é")",
                                            R"("")",
                                            R"("2024-02-29")",
                                            R"("2024/02/29")",
                                            R"("12")",
                                            "\"\xff\"",
                                            "\"a\tb\"",
                                            R"("a\"b")",
                                            R"("a\u00e9")",
                                            "01",
                                            "nul",
                                            "\"open"};
    std::size_t taken = 0;
    for (int i = 0; i < 20'000; ++i) {
      std::string members;
      for (unsigned count = 1 + random() % 4; count > 0; --count) {
        const bool is_sound = random() % 4 != 0;
        members.append(members.empty() ? "\"" : ", \"").append(kNames[random() % std::size(kNames)]).append("\":");
        members += kValues[random() % (is_sound ? 12 : std::size(kValues))];
      }
      Recorder flat, whole;
      const Status one = parser_->parse("{" + members + "}", flat);
      const bool must_grow = parser_->mustGrow();
      const Status other = parser_->parse("{\"off\":{}," + members + "}", whole);
      const std::string what = members + " seed " + std::to_string(seed) + " " + std::string(other.message());
      CPPUNIT_ASSERT_EQUAL_MESSAGE(what, std::string(other.message()), std::string(one.message()));
      CPPUNIT_ASSERT_EQUAL_MESSAGE(what, parser_->mustGrow(), must_grow);
      if (one.isOk()) CPPUNIT_ASSERT_EQUAL_MESSAGE(what, whole.text, flat.text);
      taken += one.isOk();
    }
    CPPUNIT_ASSERT(taken > 1'000);
  }

 private:
  void assertValues(const std::string& document, const std::string& expected) {
    Recorder recorder;
    const Status status = parser_->parse(document, recorder);
    CPPUNIT_ASSERT_EQUAL_MESSAGE(document.substr(0, 200), std::string(), std::string(status.message()));
    CPPUNIT_ASSERT_EQUAL_MESSAGE(document.substr(0, 200), expected, recorder.text);
  }
  void assertRefused(const std::string& document, const std::string& part,
                     const std::string& reason = "mapper_parsing_exception") {
    Recorder recorder;
    const Status status = parser_->parse(document, recorder);
    CPPUNIT_ASSERT_MESSAGE("taken: " + document.substr(0, 200), !status.isOk());
    std::string whole(status.message());
    for (const Fault& fault : status.faults()) whole += " / " + fault.detail;
    CPPUNIT_ASSERT_MESSAGE(whole + " lacks " + part, whole.find(part) != std::string::npos);
    CPPUNIT_ASSERT_EQUAL(reason, std::string(status.reason()));
    CPPUNIT_ASSERT(status.code() == Code::kInvalidArgument);
  }

  std::unique_ptr<DocumentParser> parser_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(DocumentParserTest);

}  // namespace gyre::engine
