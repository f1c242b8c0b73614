// What the one-pass reader of flat objects tells is what the reader of any JSON finds there.
#include "gyre/flat_object.hpp"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <random>
#include <string>
#include <string_view>

#include "gyre/json.hpp"

namespace gyre::json {

class FlatObjectTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(FlatObjectTest);
  CPPUNIT_TEST(membersAreTold);
  CPPUNIT_TEST(whatIsNotFlatIsLeftToOthers);
  CPPUNIT_TEST(shapesAreCompared);
  CPPUNIT_TEST(damagedObjectsAreNeverToldWrongly);
  CPPUNIT_TEST_SUITE_END();

 public:
  void membersAreTold() {
    FlatMember members[kMaxFlatMembers];
    CPPUNIT_ASSERT_EQUAL(std::size_t{0}, FlatReader().read(" { } ", members));
    CPPUNIT_ASSERT_EQUAL(std::size_t{5},
                         FlatReader().read(R"( {"a":"x y","b" : -1.5e3, "c":true,"d":null,"e":"a\"b\\"} )", members));
    CPPUNIT_ASSERT_EQUAL(std::string_view("a"), members[0].key);
    CPPUNIT_ASSERT_EQUAL(std::string_view("x y"), members[0].text);
    CPPUNIT_ASSERT_EQUAL(std::string_view("\"x y\""), members[0].raw);
    CPPUNIT_ASSERT(members[1].isNumber() && members[1].text == "-1.5e3");
    CPPUNIT_ASSERT(members[2].kind == Kind::kBoolean && members[3].kind == Kind::kNull);
    CPPUNIT_ASSERT(members[4].isString() && members[4].has_escapes && members[4].raw == R"("a\"b\\")");
  }

  void whatIsNotFlatIsLeftToOthers() {
    FlatMember members[kMaxFlatMembers];
    std::string many = "{";
    for (std::size_t i = 0; i <= kMaxFlatMembers; ++i)
      many.append(i == 0 ? "\"" : ",\"").append(std::to_string(i)).append("\":1");
    for (const std::string& text :
         {std::string(), std::string("[]"), std::string("1"), many + "}", std::string(R"({"a":{}})"),
          std::string(R"({"a":[1]})"), std::string(R"({"a":1,"a":2})"), std::string(R"({"\u0061":1})"),
          std::string(R"({"":1})"), std::string(R"({"a":1}x)"), std::string(R"({"a":1,})"), std::string(R"({"a":01})"),
          std::string(R"({"a":"\x"})"), std::string("{\"a\":\"\n\"}"), std::string(R"({"a")"),
          std::string(R"({"a":"b)")})
      CPPUNIT_ASSERT_EQUAL_MESSAGE(text, kNotFlat, FlatReader().read(text, members));
  }

  void shapesAreCompared() {
    FlatMember members[kMaxFlatMembers];
    FlatReader reader;
    const auto isSame = [&](std::string_view text, std::size_t count) {
      CPPUNIT_ASSERT_EQUAL_MESSAGE(std::string(text), count, reader.read(text, members));
      return count != kNotFlat && reader.isSameShape();
    };
    CPPUNIT_ASSERT(!isSame(R"({"a":1,"bc":"x"})", 2));
    CPPUNIT_ASSERT(isSame(R"({ "a" : null, "bc":"\"" })", 2));
    CPPUNIT_ASSERT_EQUAL(std::string_view("bc"), members[1].key);
    CPPUNIT_ASSERT(!isSame(R"({"a":1})", 1));
    CPPUNIT_ASSERT(!isSame(R"({"a":1,"bc":2})", 2));
    CPPUNIT_ASSERT(!isSame(R"({"a":1,"bc":2,"a":3})", kNotFlat));
    CPPUNIT_ASSERT(!isSame(R"({"a":1,"bc":[]})", kNotFlat));
    CPPUNIT_ASSERT(isSame(R"({"a":1,"bc":2})", 2));
    CPPUNIT_ASSERT(!isSame(R"({"bc":1,"a":2})", 2));
    CPPUNIT_ASSERT(!isSame(R"({"b":1,"a":2})", 2));
    CPPUNIT_ASSERT_EQUAL(std::string_view("a"), members[1].key);
    CPPUNIT_ASSERT(!isSame("{}", 0));
  }

  void damagedObjectsAreNeverToldWrongly() {
    const unsigned seed = std::random_device{}();
    std::mt19937 random(seed);
    FlatReader reader;  // knows the names of those before
    const std::string whole =
        R"({"key":"some text, longer than a word","n":-12.5e1,"flag":true, "none" : null,"é":"a\"b"})";
    constexpr std::string_view kBytes = "{}[]\",:\\0truenl .-";
    for (int i = 0; i < 50'000; ++i) {
      std::string text = whole;
      for (unsigned edits = random() % 3; edits > 0; --edits) {
        const std::size_t at = random() % text.size();
        const char byte = kBytes[random() % kBytes.size()];
        if (static_cast<unsigned char>(text[at]) >= 0x80) continue;
        random() % 2 == 0 ? text.insert(at, 1, byte) : text.replace(at, 1, 1, byte);
      }
      FlatMember members[kMaxFlatMembers];
      const std::size_t count = reader.read(text, members);
      if (count == kNotFlat) continue;
      const std::string what = text + " seed " + std::to_string(seed);
      const auto document = Document::parse(text);
      CPPUNIT_ASSERT_MESSAGE(what, document.isOk() && document->root().isObject());
      CPPUNIT_ASSERT_EQUAL_MESSAGE(what, std::size_t{document->root().size()}, count);
      std::size_t at = 0;
      for (const Value member : document->root()) {
        CPPUNIT_ASSERT_EQUAL_MESSAGE(what, member.key(), members[at].key);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(what, member.raw(), members[at].raw);
        CPPUNIT_ASSERT_MESSAGE(what, member.kind() == members[at].kind);
        if (member.isString() && !members[at].has_escapes)
          CPPUNIT_ASSERT_EQUAL_MESSAGE(what, member.string(), members[at].text);
        ++at;
      }
    }
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(FlatObjectTest);

}  // namespace gyre::json
