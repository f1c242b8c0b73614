#include "gyre/json_writer.hpp"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "gyre/json.hpp"

namespace gyre {

class JsonWriterTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(JsonWriterTest);
  CPPUNIT_TEST(commasAndColonsArePlaced);
  CPPUNIT_TEST(stringsAreEscaped);
  CPPUNIT_TEST(integersAreWhole);
  CPPUNIT_TEST(doublesAreShortest);
  CPPUNIT_TEST(notNumbersAreNull);
  CPPUNIT_TEST(rawBytesAreKept);
  CPPUNIT_TEST(appendsToWhatIsThere);
  CPPUNIT_TEST(everyDoubleReadsBack);
  CPPUNIT_TEST(everyStringReadsBack);
  CPPUNIT_TEST_SUITE_END();

 public:
  void commasAndColonsArePlaced() {
    std::string out;
    JsonWriter writer(out);
    writer.beginObject().member("a", 1).key("b").beginArray().boolean(true).null().beginObject().endObject();
    writer.beginArray()
        .endArray()
        .endArray()
        .member("c", "x")
        .member("d", false)
        .member("e", 1.5)
        .rawMember("f", "[1]")
        .endObject();
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"a":1,"b":[true,null,{},[]],"c":"x","d":false,"e":1.5,"f":[1]})"), out);
  }

  void stringsAreEscaped() {
    std::string out;
    JsonWriter(out).string(std::string("q\" b\\ n\n r\r t\t nul") + '\0' + " us\x1f del\x7f é 😀 /");
    CPPUNIT_ASSERT_EQUAL(std::string("\"q\\\" b\\\\ n\\n r\\r t\\t nul\\u0000 us\\u001f del\x7f é 😀 /\""), out);
    out.clear();
    JsonWriter(out).beginObject().member("a\"b", "").endObject();
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"a\"b":""})"), out);
  }

  void integersAreWhole() {
    std::string out;
    JsonWriter(out)
        .beginArray()
        .integer(std::numeric_limits<std::int64_t>::min())
        .unsignedInteger(std::numeric_limits<std::uint64_t>::max())
        .integer(0)
        .endArray();
    CPPUNIT_ASSERT_EQUAL(std::string("[-9223372036854775808,18446744073709551615,0]"), out);
  }

  void doublesAreShortest() {
    std::string out;
    JsonWriter(out).beginArray().real(0.1).real(1e21).real(-0.0).real(5e-324).real(113.21000000000001).endArray();
    CPPUNIT_ASSERT_EQUAL(std::string("[0.1,1e+21,-0,5e-324,113.21000000000001]"), out);
  }

  void notNumbersAreNull() {
    std::string out;
    JsonWriter(out).beginArray().real(NAN).real(INFINITY).real(-INFINITY).endArray();
    CPPUNIT_ASSERT_EQUAL(std::string("[null,null,null]"), out);
  }

  void rawBytesAreKept() {
    std::string out;
    JsonWriter(out).beginArray().raw("100.10").raw("{\"a\":1}").string("x").endArray();
    CPPUNIT_ASSERT_EQUAL(std::string("[100.10,{\"a\":1},\"x\"]"), out);
  }

  void appendsToWhatIsThere() {
    std::string out = "data: ";
    JsonWriter(out).beginObject().endObject();
    CPPUNIT_ASSERT_EQUAL(std::string("data: {}"), out);
  }

  void everyDoubleReadsBack() {
    const unsigned seed = std::random_device{}();
    std::mt19937_64 random(seed);
    for (int i = 0; i < 5'000; ++i) {
      const double value = std::bit_cast<double>(random());
      if (!std::isfinite(value)) continue;
      std::string out;
      JsonWriter(out).real(value);
      const auto document = json::Document::parse(out);
      CPPUNIT_ASSERT_MESSAGE(out, document.isOk());
      const auto back = document->root().real();
      CPPUNIT_ASSERT_MESSAGE(out + " seed " + std::to_string(seed),
                             back && std::bit_cast<std::int64_t>(*back) == std::bit_cast<std::int64_t>(value));
    }
  }

  void everyStringReadsBack() {
    const unsigned seed = std::random_device{}();
    std::mt19937 random(seed);
    for (int i = 0; i < 3'000; ++i) {
      std::string text;
      for (unsigned n = random() % 20; n > 0; --n) {
        if (random() % 8 == 0)
          text += "é";
        else
          text += static_cast<char>(random() % 128);
      }
      std::string out;
      JsonWriter(out).beginObject().member(text, text).endObject();
      const auto document = json::Document::parse(out);
      CPPUNIT_ASSERT_MESSAGE(out + " seed " + std::to_string(seed), document.isOk());
      CPPUNIT_ASSERT(document->root()[text].string() == text);
    }
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(JsonWriterTest);

}  // namespace gyre
