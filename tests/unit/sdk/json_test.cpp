#include "gyre/json.hpp"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <random>
#include <string>
#include <utility>

namespace gyre::json {

namespace {

Document parsed(std::string_view text, Limits limits = {}) {
  auto document = Document::parse(text, limits);
  CPPUNIT_ASSERT_MESSAGE(std::string(text) + ": " + std::string(document.status().message()), document.isOk());
  return std::move(document).value();
}

std::string canonical(std::string_view text) {
  const Document document = parsed(text);
  std::string out;
  JsonWriter writer(out);
  writeCanonical(document.root(), writer);
  return out;
}

}  // namespace

class JsonTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(JsonTest);
  CPPUNIT_TEST(kindsAreTold);
  CPPUNIT_TEST(rootMayBeAScalar);
  CPPUNIT_TEST(numbersKeepTheirText);
  CPPUNIT_TEST(wholeNumbersAreExactOrNothing);
  CPPUNIT_TEST(stringsAreDecoded);
  CPPUNIT_TEST(membersAndElementsIterate);
  CPPUNIT_TEST(missingChains);
  CPPUNIT_TEST(rawIsTheSource);
  CPPUNIT_TEST(valuesSurviveAMoveAndTheNextParse);
  CPPUNIT_TEST(malformedTextIsRefused);
  CPPUNIT_TEST(refusalNamesTheByte);
  CPPUNIT_TEST(refusalIsTextWhereverItIsCut);
  CPPUNIT_TEST(duplicateMembersAreRefused);
  CPPUNIT_TEST(nestingIsBounded);
  CPPUNIT_TEST(canonicalFormSortsAndKeepsNumbers);
  CPPUNIT_TEST(damagedTextNeverCrashes);
  CPPUNIT_TEST_SUITE_END();

 public:
  void kindsAreTold() {
    const Document document = parsed(R"({"n":null,"b":true,"i":1,"s":"x","a":[],"o":{}})");
    const Value root = document.root();
    CPPUNIT_ASSERT(root.isObject());
    CPPUNIT_ASSERT(root["n"].isNull());
    CPPUNIT_ASSERT(root["b"].isBoolean() && root["b"].boolean());
    CPPUNIT_ASSERT(root["i"].isNumber());
    CPPUNIT_ASSERT(root["s"].isString());
    CPPUNIT_ASSERT(root["a"].isArray() && root["a"].size() == 0);
    CPPUNIT_ASSERT(root["o"].isObject() && root["o"].size() == 0);
    CPPUNIT_ASSERT(root["x"].isMissing());
    CPPUNIT_ASSERT_EQUAL(std::uint32_t{6}, root.size());
    CPPUNIT_ASSERT(kindName(Kind::kArray) == "an array");
  }

  void rootMayBeAScalar() {
    CPPUNIT_ASSERT(parsed(" \"a\\nb\" ").root().string() == "a\nb");
    CPPUNIT_ASSERT_EQUAL(std::int64_t{-12}, *parsed("-12\n").root().integer());
    CPPUNIT_ASSERT(parsed("true").root().boolean());
    CPPUNIT_ASSERT(parsed("null").root().isNull());
    CPPUNIT_ASSERT(parsed("\"\"").root().isString());
  }

  void numbersKeepTheirText() {
    const Document document = parsed("[100.10, 1e400, 123456789012345678901234567890, -0.0, 1E+2]");
    std::string all;
    for (const Value value : document.root()) all += std::string(value.numberText()) + " ";
    CPPUNIT_ASSERT_EQUAL(std::string("100.10 1e400 123456789012345678901234567890 -0.0 1E+2 "), all);
    CPPUNIT_ASSERT(!parsed("1e400").root().real().has_value());
    CPPUNIT_ASSERT_EQUAL(100.1, *parsed("100.10").root().real());
    CPPUNIT_ASSERT(parsed("\"1\"").root().numberText().empty());
    CPPUNIT_ASSERT(!parsed("\"1\"").root().real().has_value());
  }

  void wholeNumbersAreExactOrNothing() {
    CPPUNIT_ASSERT_EQUAL(std::int64_t{9223372036854775807}, *parsed("9223372036854775807").root().integer());
    CPPUNIT_ASSERT(!parsed("9223372036854775808").root().integer().has_value());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{18446744073709551615u},
                         *parsed("18446744073709551615").root().unsignedInteger());
    CPPUNIT_ASSERT(!parsed("-1").root().unsignedInteger().has_value());
    for (const char* text : {"1.0", "1e2", "\"1\"", "true", "null", "[]"})
      CPPUNIT_ASSERT_MESSAGE(text, !parsed(text).root().integer().has_value());
  }

  void stringsAreDecoded() {
    const Document document = parsed(R"(["a\"b\\c\/\b\f\n\r\t","\u00e9\ud83d\ude00","é😀","","\u0000x"])");
    const std::string expected[] = {"a\"b\\c/\b\f\n\r\t", "é😀", "é😀", "", std::string("\0x", 2)};
    std::size_t i = 0;
    for (const Value value : document.root()) CPPUNIT_ASSERT_EQUAL(expected[i++], std::string(value.string()));
    CPPUNIT_ASSERT_EQUAL(std::size_t{5}, i);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, *parsed(R"({"\u0061":1})").root()["a"].integer());
  }

  void membersAndElementsIterate() {
    const Document document = parsed(R"({"a":[1,[2,3],{"x":4}],"b":{"c":{"d":5}},"e":6})");
    std::string keys;
    for (const Value member : document.root()) keys += std::string(member.key());
    CPPUNIT_ASSERT_EQUAL(std::string("abe"), keys);
    std::string elements;
    for (const Value element : document.root()["a"]) elements += std::string(element.raw()) + ";";
    CPPUNIT_ASSERT_EQUAL(std::string("1;[2,3];{\"x\":4};"), elements);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{5}, *document.root()["b"]["c"]["d"].integer());
    for (const Value none : document.root()["e"]) CPPUNIT_ASSERT_MESSAGE(std::string(none.raw()), false);
  }

  void missingChains() {
    const Document document = parsed(R"({"a":1})");
    const Value missing = document.root()["x"]["y"]["z"];
    CPPUNIT_ASSERT(missing.isMissing());
    CPPUNIT_ASSERT(missing.string().empty() && missing.raw().empty() && missing.key().empty());
    CPPUNIT_ASSERT(!missing.boolean() && missing.boolean(true));
    CPPUNIT_ASSERT(Value().isMissing());
    CPPUNIT_ASSERT(document.root()["a"]["b"].isMissing());
  }

  void rawIsTheSource() {
    const Document document = parsed(" { \"a\" : [ 1 , 2 ] , \"s\" : \"x\\ty\" , \"o\" : { } } ");
    CPPUNIT_ASSERT(document.root()["a"].raw() == "[ 1 , 2 ]");
    CPPUNIT_ASSERT(document.root()["s"].raw() == "\"x\\ty\"");
    CPPUNIT_ASSERT(document.root()["o"].raw() == "{ }");
    CPPUNIT_ASSERT(document.root().raw() == "{ \"a\" : [ 1 , 2 ] , \"s\" : \"x\\ty\" , \"o\" : { } }");
  }

  void valuesSurviveAMoveAndTheNextParse() {
    Document first = parsed(R"({"plain":"text","escaped":"a\nb","n":1.50})");
    const Value root = first.root();
    const Document moved = std::move(first);
    const Document other = parsed(R"({"plain":"XXXX","escaped":"Y\nY","n":9.99})");
    CPPUNIT_ASSERT(root["plain"].string() == "text");
    CPPUNIT_ASSERT(root["escaped"].string() == "a\nb");
    CPPUNIT_ASSERT(root["n"].numberText() == "1.50");
    CPPUNIT_ASSERT(other.root()["escaped"].string() == "Y\nY");
  }

  void malformedTextIsRefused() {
    for (const char* text : {"",
                             " ",
                             "{",
                             "}",
                             "[",
                             "]",
                             "[1",
                             "[1,]",
                             "[,1]",
                             "[1 2]",
                             "{\"a\"}",
                             "{\"a\":}",
                             "{\"a\":1,}",
                             "{a:1}",
                             "{'a':1}",
                             "{\"a\" 1}",
                             "{\"a\":1 \"b\":2}",
                             "{\"a\":1}}",
                             "[1]]",
                             "[1][2]",
                             "1 2",
                             "\"a\" \"b\"",
                             "tru",
                             "truex",
                             "nul",
                             "nan",
                             "Infinity",
                             "01",
                             "-",
                             "+1",
                             "1.",
                             ".5",
                             "1e",
                             "1e+",
                             "--1",
                             "0x1",
                             "1_0",
                             "\"a",
                             "\"a\nb\"",
                             "\"\\q\"",
                             "\"\\u12\"",
                             "\"\\ud800\"",
                             "\"\\udc00\"",
                             "\"\xff\"",
                             "\"\xc0\x80\"",
                             "\"\xed\xa0\x80\"",
                             "[\"a\\\"]",
                             "/* c */ 1",
                             "[1]x",
                             "{\"a\":1}x",
                             "[tru]",
                             "[01]",
                             "{\"a\":[}",
                             "{\"\\q\":1}",
                             "\xef\xbb\xbf"}) {
      const auto document = Document::parse(text);
      CPPUNIT_ASSERT_MESSAGE(text, !document.isOk());
      CPPUNIT_ASSERT(document.status().reason() == "malformed_json");
      CPPUNIT_ASSERT(document.status().code() == Code::kInvalidArgument);
    }
  }

  void refusalIsTextWhereverItIsCut() {
    for (const char* const character : {"é", "€", "𝄞"})
      for (std::size_t before = 0; before < 24; ++before) {
        std::string word(before, 'x');
        for (int i = 0; i < 8; ++i) word += character;
        for (const std::string& text : {word, "[" + word + "]"}) {
          const auto document = Document::parse(text);
          CPPUNIT_ASSERT(!document.isOk());
          const std::string message(document.status().message());
          CPPUNIT_ASSERT_MESSAGE(message, simdjson::validate_utf8(message.data(), message.size()));
        }
      }
  }

  void refusalNamesTheByte() {
    const auto document = Document::parse(R"({"a": 1, "b": tru})");
    CPPUNIT_ASSERT_MESSAGE(std::string(document.status().message()),
                           document.status().message().find("at byte 14") != std::string_view::npos);
  }

  void duplicateMembersAreRefused() {
    for (const char* text :
         {R"({"a":1,"a":2})", R"({"x":{"a":1,"b":2,"a":3}})", R"({"a":1,"\u0061":2})", R"([{"":1,"":2}])"})
      CPPUNIT_ASSERT_MESSAGE(text, !Document::parse(text).isOk());
    std::string many = "{\"m0\":0";
    for (int i = 1; i < 100; ++i) many += ",\"m" + std::to_string(i) + "\":{\"m0\":1}";
    CPPUNIT_ASSERT(Document::parse(many + "}").isOk());
    CPPUNIT_ASSERT(!Document::parse(many + ",\"m50\":1}").isOk());
  }

  void nestingIsBounded() {
    CPPUNIT_ASSERT(Document::parse(std::string(64, '[') + std::string(64, ']')).isOk());
    CPPUNIT_ASSERT(!Document::parse(std::string(65, '[') + std::string(65, ']')).isOk());
    CPPUNIT_ASSERT(!Document::parse(std::string(1'000'000, '[')).isOk());
    CPPUNIT_ASSERT(!Document::parse("[[1]]", {1}).isOk());
    CPPUNIT_ASSERT(Document::parse("[1]", {1}).isOk());
  }

  void canonicalFormSortsAndKeepsNumbers() {
    CPPUNIT_ASSERT_EQUAL(
        std::string(R"({"a":{"x":[3,1,2],"y":"é\n"},"b":100.10,"c":null,"d":true})"),
        canonical(" { \"d\":true, \"b\" : 100.10 ,\"a\":{\"y\":\"\\u00e9\\u000a\",\"x\":[3, 1,2]},\"c\":null } "));
    CPPUNIT_ASSERT(canonical(R"({"a":1,"b":2})") == canonical(R"({"b":2, "a":1})"));
    CPPUNIT_ASSERT(canonical(R"({"a":1})") != canonical(R"({"a":1.0})"));
  }

  // What is accepted reads without a fault, and its canonical form is accepted and is its own.
  void damagedTextNeverCrashes() {
    const unsigned seed = std::random_device{}();
    std::mt19937 random(seed);
    const std::string whole = R"({"a":["\u00e9x",-1.5e3,true,null],"b":{"c":"","d":[{}]},"e":12})";
    for (int i = 0; i < 20'000; ++i) {
      std::string text = whole;
      for (unsigned edits = 1 + random() % 3; edits > 0 && !text.empty(); --edits) {
        const std::size_t at = random() % text.size();
        constexpr std::string_view kBytes = "{}[]\",:\\0truenl .-\x80\xc3";
        if (random() % 3 == 0)
          text.erase(at, 1 + random() % 4);
        else if (random() % 2 == 0)
          text.insert(at, 1, kBytes[random() % kBytes.size()]);
        else
          text[at] = kBytes[random() % kBytes.size()];
      }
      const auto document = Document::parse(text);
      if (!document.isOk()) continue;
      const std::string form = canonical(text);
      CPPUNIT_ASSERT_EQUAL_MESSAGE("seed " + std::to_string(seed), form, canonical(form));
    }
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(JsonTest);

}  // namespace gyre::json
