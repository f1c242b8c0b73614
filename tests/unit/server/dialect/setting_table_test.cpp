#include "server/dialect/setting_table.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <string>

#include "gyre/json.hpp"

namespace gyre::dialect {

class SettingTableTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(SettingTableTest);
  CPPUNIT_TEST(valuesAreChecked);
  CPPUNIT_TEST(unknownNamesAreLikened);
  CPPUNIT_TEST(everyUnknownNameIsTold);
  CPPUNIT_TEST(settingsThatBelongTogetherMustFit);
  CPPUNIT_TEST(defaultsLeaveOutWhatIsSet);
  CPPUNIT_TEST(sizesAreRead);
  CPPUNIT_TEST_SUITE_END();

 private:
  static Settings settings(std::string_view json) {
    const auto document = json::Document::parse(json);
    CPPUNIT_ASSERT(document.isOk());
    Settings parsed;
    CPPUNIT_ASSERT(parsed.merge(document.value().root()).isOk());
    return parsed;
  }
  static std::string refusal(std::string_view json) {
    return std::string(checkIndexSettings(settings(json)).message());
  }

  void valuesAreChecked() {
    struct Case {
      const char *json, *message;
    };
    const Case cases[] = {
        {R"({"number_of_shards":"2","refresh_interval":"5s","hidden":true})", ""},
        {R"({"refresh_interval":"-1"})", ""},
        {R"({"analysis":{"analyzer":{"a":{"type":"custom"}}}})", ""},
        {R"({"number_of_shards":0})", "Failed to parse value [0] for setting [index.number_of_shards] must be >= 1"},
        {R"({"number_of_shards":2000})",
         "Failed to parse value [2000] for setting [index.number_of_shards] must be <= 1024"},
        {R"({"max_result_window":"x"})", "Failed to parse value [x] for setting [index.max_result_window]"},
        {R"({"hidden":"maybe"})", "Failed to parse value [maybe] as only [true] or [false] are allowed."},
        {R"({"refresh_interval":"10"})",
         "failed to parse setting [index.refresh_interval] with value [10] as a time value: unit is missing or "
         "unrecognized"},
        {R"({"refresh_interval":"-5s"})",
         "failed to parse setting [index.refresh_interval] with value [-5s] as a time value: negative durations are "
         "not supported"},
        {R"({"codec":"foo"})",
         "unknown value for [index.codec] must be one of [default, lz4, best_compression, zlib] but was: foo"},
    };
    for (const Case& each : cases) CPPUNIT_ASSERT_EQUAL(std::string(each.message), refusal(each.json));
  }

  void unknownNamesAreLikened() {
    CPPUNIT_ASSERT_EQUAL(std::string("unknown setting [index.number_of_shrads] did you mean any of "
                                     "[index.number_of_shards, index.number_of_replicas]?"),
                         refusal(R"({"number_of_shrads":1})"));
    CPPUNIT_ASSERT_EQUAL(std::string("unknown setting [index.foo] please check that any required plugins are "
                                     "installed, or check the breaking changes documentation for removed settings"),
                         refusal(R"({"foo":1})"));
  }

  void everyUnknownNameIsTold() {
    const Status status = checkIndexSettings(settings(R"({"bar.x":1,"foo":2})"));
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, status.faults().size());
    CPPUNIT_ASSERT_EQUAL(std::string("suppressed"), status.faults().front().pointer);
  }

  void settingsThatBelongTogetherMustFit() {
    CPPUNIT_ASSERT_EQUAL(std::string("the number of source shards [3] must be a factor of [4]"),
                         refusal(R"({"number_of_shards":3,"number_of_routing_shards":4})"));
    CPPUNIT_ASSERT_EQUAL(std::string(), refusal(R"({"number_of_shards":2,"number_of_routing_shards":4})"));
  }

  void defaultsLeaveOutWhatIsSet() {
    const Settings defaults = defaultSettings(settings(R"({"refresh_interval":"5s"})"));
    CPPUNIT_ASSERT(!defaults.text("index.refresh_interval"));
    CPPUNIT_ASSERT(defaults.text("index.max_result_window") == "10000");
  }

  void sizesAreRead() {
    CPPUNIT_ASSERT_EQUAL(std::int64_t{10}, parseBytes("10b", "x").value());
    CPPUNIT_ASSERT_EQUAL(std::int64_t{1536}, parseBytes("1.5KB", "x").value());
    CPPUNIT_ASSERT_EQUAL(std::int64_t{-1}, parseBytes("-1", "x").value());
    CPPUNIT_ASSERT(!parseBytes("ten", "x").isOk());
    CPPUNIT_ASSERT(!parseBytes("10", "x").isOk());
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SettingTableTest);

}  // namespace gyre::dialect
