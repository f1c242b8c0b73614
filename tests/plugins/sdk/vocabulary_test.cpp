// The small headers a plugin leans on: time, base64, faults.
#include <cppunit/extensions/HelperMacros.h>

#include <iostream>
#include <random>
#include <string>

#include "gyre/base64.hpp"
#include "gyre/faults.hpp"
#include "gyre/time.hpp"

namespace gyre {

namespace {
constexpr Member kTable[] = {{"id", Type::kId, true, ""}, {"size", Type::kInteger, false, "", "", 1, 9}};
}

class VocabularyTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(VocabularyTest);
  CPPUNIT_TEST(timesReadAsRfc3339);
  CPPUNIT_TEST(whatIsNoTimeIsNothing);
  CPPUNIT_TEST(aDateIsItsWholeDay);
  CPPUNIT_TEST(everyTimeReadsBack);
  CPPUNIT_TEST(base64ReadsBackAndTakesNothingElse);
  CPPUNIT_TEST(faultsOfTableAndDomainComeTogether);
  CPPUNIT_TEST(whatIsInsideListsIsCheckedToo);
  CPPUNIT_TEST(aBodyThatIsNoObjectIsOneFault);
  CPPUNIT_TEST_SUITE_END();

  void timesReadAsRfc3339() {
    const std::pair<const char*, std::int64_t> kCases[] = {{"1970-01-01T00:00:00Z", 0},
                                                           {"2024-02-29T12:00:00.5Z", 1709208000500},
                                                           {"2024-02-29t14:00:00.5009+02:00", 1709208000500},
                                                           {"2024-02-29 06:30:00z", 1709188200000},
                                                           {"2024-02-29T00:00:00-05:30", 1709184600000},
                                                           {"1969-12-31T23:59:59.999Z", -1},
                                                           {"2016-12-31T23:59:60Z", 1483228799999},
                                                           {"0000-01-01T00:00:00Z", -62167219200000},
                                                           {"9999-12-31T23:59:59.999Z", 253402300799999}};
    for (const auto& [text, millis] : kCases) {
      CPPUNIT_ASSERT_MESSAGE(text, parseTime(text).has_value());
      CPPUNIT_ASSERT_EQUAL_MESSAGE(text, millis, *parseTime(text));
    }
  }

  void whatIsNoTimeIsNothing() {
    for (const char* text : {"",
                             "2024",
                             "2024-02",
                             "2023-02-29",
                             "2024-13-01",
                             "2024-00-01",
                             "2024-01-32",
                             "2024-01-01T",
                             "2024-01-01T24:00:00Z",
                             "2024-01-01T00:60:00Z",
                             "2024-01-01T00:00:61Z",
                             "2024-01-01T00:00Z",
                             "2024-01-01T00:00:00",
                             "2024-01-01T00:00:00.Z",
                             "2024-01-01T00:00:00+2:00",
                             "2024-01-01T00:00:00+24:00",
                             "2024-01-01T00:00:00+0200",
                             "2024-01-01T00:00:00Zx",
                             " 2024-01-01",
                             "2024-01-01 ",
                             "1704067200000",
                             "now",
                             "20240101",
                             "+2024-01-01",
                             "-001-01-01"})
      CPPUNIT_ASSERT_MESSAGE(text, !parseTime(text));
  }

  void aDateIsItsWholeDay() {
    const auto day = parseTimeSpan("2024-02-29");
    CPPUNIT_ASSERT_EQUAL(std::string("2024-02-29T00:00:00.000Z"), timeText(day->first));
    CPPUNIT_ASSERT_EQUAL(std::string("2024-02-29T23:59:59.999Z"), timeText(day->last));
  }

  void everyTimeReadsBack() {
    const auto seed = std::random_device{}();
    std::cerr << "[everyTimeReadsBack seed " << seed << "] ";
    std::mt19937_64 random(seed);
    for (int i = 0; i < 50'000; ++i) {
      const auto millis = std::uniform_int_distribution<std::int64_t>(-62167219200000, 253402300799999)(random);
      CPPUNIT_ASSERT_EQUAL(millis, parseTime(timeText(millis)).value());
    }
  }

  void base64ReadsBackAndTakesNothingElse() {
    const std::pair<const char*, const char*> kRfc4648[] = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xff\xfe", "__4"}};
    for (const auto& [bytes, text] : kRfc4648) {
      CPPUNIT_ASSERT_EQUAL(std::string(text), encodeBase64Url(bytes));
      CPPUNIT_ASSERT_EQUAL(std::string(bytes), decodeBase64Url(text).value());
    }
    for (const char* text : {"Z", "Zg=", "Zg==", "Zh", "Zm9", "Zm9vY", "Zm 8", "Zm+/", "é"})
      CPPUNIT_ASSERT_MESSAGE(text, !decodeBase64Url(text));
    std::mt19937 random(7);
    for (std::size_t size = 0; size < 300; ++size) {
      std::string bytes(size, '\0');
      for (char& byte : bytes) byte = static_cast<char>(random());
      CPPUNIT_ASSERT(decodeBase64Url(encodeBase64Url(bytes)) == bytes);
    }
  }

  void faultsOfTableAndDomainComeTogether() {
    const auto body = json::Document::parse(R"({"id":"","size":3,"sise":1})");
    Faults faults(body->root(), kTable);
    CPPUNIT_ASSERT(!faults.isEmpty());
    CPPUNIT_ASSERT(faults.sound("id").isMissing());
    CPPUNIT_ASSERT_EQUAL(std::int64_t(3), faults.sound("size").integer().value());
    faults.add("/size", "expected an even number, found 3");
    CPPUNIT_ASSERT(faults.sound("size").isMissing());
    const Status status = faults.status();
    CPPUNIT_ASSERT_EQUAL(Code::kInvalidArgument, status.code());
    CPPUNIT_ASSERT_EQUAL(std::size_t(3), status.faults().size());
    CPPUNIT_ASSERT_EQUAL(std::string("/size"), status.faults()[2].pointer);
    CPPUNIT_ASSERT(status.message().starts_with("id: expected an id"));
    CPPUNIT_ASSERT(status.message().ends_with("(and 2 more)"));
  }

  void whatIsInsideListsIsCheckedToo() {
    static constexpr Member kLine[] = {{"code", Type::kId, true, "which"},
                                       {"count", Type::kInteger, false, "how many"}};
    static constexpr Member kOrder[] = {
        {.name = "to", .type = Type::kObject, .help = "whom", .members = [] { return Table(kLine); }},
        {.name = "lines", .type = Type::kObjectList, .help = "what", .maximum = 3, .members = [] {
           return Table(kLine);
         }}};
    const auto pointers = [](std::string_view text, std::vector<bool> unsound) {
      const auto body = json::Document::parse(text);
      const Faults faults(body->root(), kOrder);
      CPPUNIT_ASSERT(faults.unsoundElements("lines") == unsound);
      std::string found;
      const Status status = faults.status();
      for (const Fault& fault : status.faults()) found += fault.pointer + " ";
      return found;
    };
    CPPUNIT_ASSERT_EQUAL(std::string(), pointers(R"({"to":{"code":"a"},"lines":[{"code":"b","count":1},{"code":"c"}]})",
                                                 {false, false}));
    CPPUNIT_ASSERT_EQUAL(
        std::string("/to/cod /to/code /lines/1/count /lines/2 "),
        pointers(R"({"to":{"cod":"a"},"lines":[{"code":"b"},{"code":"c","count":"x"},7]})", {false, true, true}));
    CPPUNIT_ASSERT_EQUAL(std::string("/lines "), pointers(R"({"lines":[{},{},{},{}]})", {false, false, false, false}));
    const std::string schema = toJsonSchema(kOrder);
    CPPUNIT_ASSERT_MESSAGE(schema,
                           schema.find(R"("items":{"type":"object","properties":{"code")") != std::string::npos);
  }

  void aBodyThatIsNoObjectIsOneFault() {
    const auto body = json::Document::parse("[1]");
    const Faults faults(body->root(), kTable);
    CPPUNIT_ASSERT(!faults.isEmpty());
    CPPUNIT_ASSERT_EQUAL(std::string_view("expected a JSON object, found an array"), faults.status().message());
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(VocabularyTest);

}  // namespace gyre
