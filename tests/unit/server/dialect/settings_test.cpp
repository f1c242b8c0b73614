#include "server/dialect/settings.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <string>

#include "server/dialect/duration.hpp"

namespace gyre::dialect {

class SettingsTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(SettingsTest);
  CPPUNIT_TEST(nestedAndDottedAreTheSame);
  CPPUNIT_TEST(aNullTakesOut);
  CPPUNIT_TEST(nestedFormShowsEveryValue);
  CPPUNIT_TEST(onlyObjectsAreSettings);
  CPPUNIT_TEST(durationsHaveUnits);
  CPPUNIT_TEST_SUITE_END();

  static Settings parse(std::string_view text) {
    Settings settings;
    const auto document = json::Document::parse(text);
    CPPUNIT_ASSERT(document.isOk());
    CPPUNIT_ASSERT(settings.merge(document.value().root()).isOk());
    return settings;
  }

  void nestedAndDottedAreTheSame() {
    const Settings nested =
        parse(R"({"index":{"number_of_shards":2,"analysis":{"filter":{"f":{"stopwords":["a","b"]}}}}})");
    const Settings dotted = parse(R"({"number_of_shards":"2","index.analysis.filter.f.stopwords":["a","b"]})");
    CPPUNIT_ASSERT(nested.values() == dotted.values());
    CPPUNIT_ASSERT_EQUAL(std::int64_t{2}, nested.whole("index.number_of_shards", 0));
    CPPUNIT_ASSERT(!nested.text("index.analysis.filter.f.stopwords"));
  }

  void aNullTakesOut() {
    Settings settings = parse(R"({"refresh_interval":"5s","hidden":true})");
    const auto document = json::Document::parse(R"({"index":{"refresh_interval":null}})");
    CPPUNIT_ASSERT(settings.merge(document.value().root()).isOk());
    CPPUNIT_ASSERT(!settings.text("index.refresh_interval"));
    CPPUNIT_ASSERT(settings.text("index.hidden") == "true");
  }

  void nestedFormShowsEveryValue() {
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"index":{"a":{"b":"1","c":["x"]},"d":{"e":{"f":"2"}},"g":"3"}})"),
                         parse(R"({"a":{"b":1,"c":["x"]},"d.e.f":2,"g":3})").nestedJson());
    // A name may be a value and the beginning of another.
    const Settings both = parse(R"({"a":"1","a.b":"2"})");
    const auto again = json::Document::parse(both.nestedJson());
    CPPUNIT_ASSERT_MESSAGE(both.nestedJson(), again.isOk());
    Settings read;
    CPPUNIT_ASSERT(read.merge(again.value().root()).isOk());
    CPPUNIT_ASSERT(read.values() == both.values());
  }

  void onlyObjectsAreSettings() {
    Settings settings;
    const auto document = json::Document::parse("[1]");
    CPPUNIT_ASSERT_EQUAL(std::string("illegal_argument_exception"),
                         std::string(settings.merge(document.value().root()).reason()));
  }

  void durationsHaveUnits() {
    CPPUNIT_ASSERT_EQUAL(std::int64_t{1'500}, parseDuration("1500ms").value());
    CPPUNIT_ASSERT_EQUAL(std::int64_t{90'000}, parseDuration("1.5m").value());
    CPPUNIT_ASSERT_EQUAL(std::int64_t{-1}, parseDuration("-1").value());
    CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, parseDuration("5micros").value());
    for (const std::string_view wrong : {"", "5", "s", "-5s", "1x", "1e300d", "nanos"})
      CPPUNIT_ASSERT_MESSAGE(std::string(wrong), !parseDuration(wrong).isOk());
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SettingsTest);

}  // namespace gyre::dialect
