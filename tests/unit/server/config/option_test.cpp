#include "server/config/option.hpp"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <utility>
#include <vector>

namespace gyre::config {

namespace {

Option optionOf(OptionType type) {
  Option option;
  option.name = "x";
  option.type = type;
  return option;
}

// The value as JSON, or the fault.
std::string read(OptionType type, std::string_view text, bool is_quoted = false) {
  const auto value = readValue(optionOf(type), {text, is_quoted});
  return value.isOk() ? valueJson(*value) : "fault: " + std::string(value.status().message());
}

bool isRefused(OptionType type, std::string_view text, bool is_quoted = false) {
  return !readValue(optionOf(type), {text, is_quoted}).isOk();
}

std::string declared(std::string_view json) {
  const auto options = parseDeclaredOptions(json);
  if (!options.isOk()) return std::string(options.status().message());
  std::string text;
  for (const Option& option : *options) text += option.name + "=" + defaultYaml(option) + ";";
  return text;
}

}  // namespace

class OptionTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(OptionTest);
  CPPUNIT_TEST(booleansAreThoseOfYaml12);
  CPPUNIT_TEST(integersAreDecimal);
  CPPUNIT_TEST(bytesHaveBinaryUnits);
  CPPUNIT_TEST(durationsHaveUnits);
  CPPUNIT_TEST(addressesHaveHostAndPort);
  CPPUNIT_TEST(stringsAreNotNumbers);
  CPPUNIT_TEST(rangesHold);
  CPPUNIT_TEST(choicesHold);
  CPPUNIT_TEST(messagesNameExpectedAndFound);
  CPPUNIT_TEST(messagesAreBoundedAndPrintable);
  CPPUNIT_TEST(commandLineValuesAreRead);
  CPPUNIT_TEST(typeNamesReadBack);
  CPPUNIT_TEST(declaredOptionsAreRead);
  CPPUNIT_TEST(brokenDeclarationsAreRefused);
  CPPUNIT_TEST(defaultsAreWrittenAsYaml);
  CPPUNIT_TEST_SUITE_END();

 public:
  void booleansAreThoseOfYaml12() {
    CPPUNIT_ASSERT_EQUAL(std::string("true"), read(OptionType::kBoolean, "true"));
    CPPUNIT_ASSERT_EQUAL(std::string("false"), read(OptionType::kBoolean, "False"));
    for (const char* const text : {"yes", "no", "on", "off", "y", "1", "0", "tRue", "", "~", "null", "true "})
      CPPUNIT_ASSERT_MESSAGE(text, isRefused(OptionType::kBoolean, text));
    CPPUNIT_ASSERT(isRefused(OptionType::kBoolean, "true", true));
  }

  void integersAreDecimal() {
    CPPUNIT_ASSERT_EQUAL(std::string("0"), read(OptionType::kInteger, "0"));
    CPPUNIT_ASSERT_EQUAL(std::string("-5"), read(OptionType::kInteger, "-5"));
    CPPUNIT_ASSERT_EQUAL(std::string("9223372036854775807"), read(OptionType::kInteger, "9223372036854775807"));
    for (const char* const text : {"010", "00", "+5", "0x10", "0o10", "1e3", "1.0", "1_000", " 1", "1 ", "", "-",
                                   "9223372036854775808", "five", "-010"})
      CPPUNIT_ASSERT_MESSAGE(text, isRefused(OptionType::kInteger, text));
    CPPUNIT_ASSERT(isRefused(OptionType::kInteger, "5", true));
  }

  void bytesHaveBinaryUnits() {
    const std::pair<const char*, const char*> cases[] = {
        {"4096", "4096"},          {"1B", "1"}, {"64KiB", "65536"}, {"8MiB", "8388608"}, {"2GiB", "2147483648"},
        {"1TiB", "1099511627776"}, {"0", "0"}};
    for (const auto& [text, expected] : cases)
      CPPUNIT_ASSERT_EQUAL(std::string(expected), read(OptionType::kBytes, text));
    CPPUNIT_ASSERT_EQUAL(std::string("65536"), read(OptionType::kBytes, "64KiB", true));
    for (const char* const text :
         {"8MB", "8M", "8 MiB", "1.5MiB", "MiB", "08MiB", "8388608TiB", "9007199254740993KiB", "", "-", "8mib"})
      CPPUNIT_ASSERT_MESSAGE(text, isRefused(OptionType::kBytes, text));
  }

  void durationsHaveUnits() {
    const std::pair<const char*, const char*> cases[] = {{"500ms", "500"},     {"30s", "30000"},    {"5m", "300000"},
                                                         {"48h", "172800000"}, {"7d", "604800000"}, {"0", "0"},
                                                         {"0s", "0"}};
    for (const auto& [text, expected] : cases)
      CPPUNIT_ASSERT_EQUAL(std::string(expected), read(OptionType::kDuration, text));
    for (const char* const text : {"30", "30 s", "1h30m", "1.5s", "s", "030s", "30S", "9223372036854775807d", ""})
      CPPUNIT_ASSERT_MESSAGE(text, isRefused(OptionType::kDuration, text));
  }

  void addressesHaveHostAndPort() {
    const std::pair<const char*, const char*> cases[] = {{"127.0.0.1:8080", "127.0.0.1:8080"},
                                                         {"[::1]:8080", "[::1]:8080"},
                                                         {"localhost:0", "localhost:0"},
                                                         {"a-b.example:65535", "a-b.example:65535"},
                                                         {"[::ffff:1.2.3.4]:1", "[::ffff:1.2.3.4]:1"}};
    for (const auto& [text, expected] : cases)
      CPPUNIT_ASSERT_EQUAL('"' + std::string(expected) + '"', read(OptionType::kAddress, text));
    const auto value = readValue(optionOf(OptionType::kAddress), {"[::1]:8080", false});
    CPPUNIT_ASSERT_EQUAL(std::string("::1"), std::get<Address>(*value).host);
    for (const char* const text :
         {"8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:080", "127.0.0.1:-1", "::1:8080",
          "[::1]", "[]:80", "[host]:80", "a b:80", "http://a:80", "a:80x", ""})
      CPPUNIT_ASSERT_MESSAGE(text, isRefused(OptionType::kAddress, text));
  }

  void stringsAreNotNumbers() {
    for (const char* const text : {"./data", "yes", "010x", "1.2.3", "0x", "a b", "-", "1e", "e1"})
      CPPUNIT_ASSERT_EQUAL_MESSAGE(text, '"' + std::string(text) + '"', read(OptionType::kString, text));
    for (const char* const text : {"1", "010", "1.5", ".5", "1.", "1e3", "-1E-3", "0x1f", "0o17", "true", "FALSE",
                                   "null", "~", "", ".inf", "-.INF", ".nan"}) {
      CPPUNIT_ASSERT_MESSAGE(text, isRefused(OptionType::kString, text));
      CPPUNIT_ASSERT_MESSAGE(text, !isRefused(OptionType::kString, text, true));
    }
  }

  void rangesHold() {
    Option option = optionOf(OptionType::kDuration);
    option.minimum = 100;
    option.maximum = 60'000;
    for (const char* const text : {"100ms", "1m"}) CPPUNIT_ASSERT(readValue(option, {text, false}).isOk());
    for (const char* const text : {"99ms", "61s", "0"}) CPPUNIT_ASSERT(!readValue(option, {text, false}).isOk());
    CPPUNIT_ASSERT_EQUAL(std::string("a duration like 500ms, 30s, 5m or 48h from 100ms to 1m"), expectation(option));
    option.maximum.reset();
    CPPUNIT_ASSERT_EQUAL(std::string("a duration like 500ms, 30s, 5m or 48h of at least 100ms"), expectation(option));
  }

  void choicesHold() {
    Option option = optionOf(OptionType::kChoice);
    option.choices = {"text", "json"};
    CPPUNIT_ASSERT(readValue(option, {"json", false}).isOk());
    CPPUNIT_ASSERT(readValue(option, {"json", true}).isOk());
    CPPUNIT_ASSERT_EQUAL(std::string("expected one of text, json, found \"JSON\""),
                         std::string(readValue(option, {"JSON", false}).status().message()));
  }

  void messagesNameExpectedAndFound() {
    CPPUNIT_ASSERT_EQUAL(std::string("fault: expected true or false, found \"yes\""),
                         read(OptionType::kBoolean, "yes"));
    CPPUNIT_ASSERT_EQUAL(std::string("fault: expected true or false, found the quoted text \"true\""),
                         read(OptionType::kBoolean, "true", true));
    CPPUNIT_ASSERT_EQUAL(std::string("fault: expected text, found \"5\" (put it in quotes to mean text)"),
                         read(OptionType::kString, "5"));
    CPPUNIT_ASSERT_EQUAL(std::string("fault: expected a whole number, found nothing"), read(OptionType::kInteger, ""));
  }

  void messagesAreBoundedAndPrintable() {
    std::string wide;
    while (wide.size() < 5'000) wide += "\xe2\x82\xac";
    const std::string message = read(OptionType::kInteger, "\x1b[31m" + wide);
    CPPUNIT_ASSERT(message.size() < 200);
    CPPUNIT_ASSERT(message.find('\x1b') == std::string::npos);
    CPPUNIT_ASSERT_EQUAL(std::string("a?b??"), printableText("a\xc2\x85"
                                                             "b\n\x7f"));
    CPPUNIT_ASSERT_EQUAL(std::string("a…"), printableText("a\xe2\x82\xac", 3));
    CPPUNIT_ASSERT_EQUAL(std::string("a\xe2\x82\xac"), printableText("a\xe2\x82\xac", 4));
  }

  void commandLineValuesAreRead() {
    const auto list = readBareValue(optionOf(OptionType::kList), "http://a:1,http://b:2");
    CPPUNIT_ASSERT_EQUAL(std::string(R"(["http://a:1","http://b:2"])"), valueJson(*list));
    CPPUNIT_ASSERT_EQUAL(std::string("[]"), valueJson(*readBareValue(optionOf(OptionType::kList), "")));
    CPPUNIT_ASSERT(!readBareValue(optionOf(OptionType::kList), "a,,b").isOk());
    CPPUNIT_ASSERT_EQUAL(std::string("\"123\""), valueJson(*readBareValue(optionOf(OptionType::kString), "123")));
    CPPUNIT_ASSERT(!readBareValue(optionOf(OptionType::kBoolean), "yes").isOk());
    CPPUNIT_ASSERT(!readBareValue(optionOf(OptionType::kInteger), "").isOk());
  }

  void typeNamesReadBack() {
    for (const OptionType type : {OptionType::kString, OptionType::kBoolean, OptionType::kInteger, OptionType::kBytes,
                                  OptionType::kDuration, OptionType::kAddress, OptionType::kChoice, OptionType::kList})
      CPPUNIT_ASSERT(typeNamed(typeName(type)) == type);
    CPPUNIT_ASSERT(!typeNamed("number"));
  }

  void declaredOptionsAreRead() {
    CPPUNIT_ASSERT_EQUAL(std::string(), declared("[]"));
    CPPUNIT_ASSERT_EQUAL(std::string("a=5;b=8KiB;c=1m;d=true;e=[\"x\", \"y\"];f=one;g=\"0\";"), declared(R"([
      {"name":"a","type":"integer","default":5,"help":"h","minimum":1,"maximum":9},
      {"name":"b","type":"bytes","default":8192,"help":"h","minimum":"1KiB"},
      {"name":"c","type":"duration","default":"1m","help":"h","maximum":"1h"},
      {"name":"d","type":"boolean","default":true,"help":"h"},
      {"name":"e","type":"list","default":["x","y"],"help":"h"},
      {"name":"f","type":"choice","default":"one","help":"h","choices":["one","two"]},
      {"name":"g","type":"string","default":"0","help":"h"}])"));
  }

  void brokenDeclarationsAreRefused() {
    for (
        const char* const json : {
            "",
            "{}",
            "[1]",
            R"([{"name":"A","type":"integer","default":5,"help":"h"}])",
            R"([{"name":"a","type":"number","default":5,"help":"h"}])",
            R"([{"name":"a","type":"integer","help":"h"}])",
            R"([{"name":"a","type":"integer","default":"5","help":"h"}])",
            R"([{"name":"a","type":"integer","default":5}])",
            R"([{"name":"a","type":"integer","default":5,"help":"h","minimum":6}])",
            R"([{"name":"a","type":"integer","default":5.5,"help":"h"}])",
            R"([{"name":"a","type":"choice","default":"x","help":"h"}])",
            R"([{"name":"a","type":"choice","default":"x","help":"h","choices":["y"]}])",
            R"([{"name":"a","type":"string","default":"x","help":"h","choices":["x"]}])",
            R"([{"name":"a","type":"integer","default":5,"help":"h","unit":"s"}])",
            R"([{"name":"a","type":"list","default":["x,y"],"help":"h"}])",
            R"([{"name":"a","type":"duration","default":"5","help":"h"}])",
            R"([{"name":"a","type":"duration","default":"5s","help":"h","minimum":true}])",
            R"([{"name":"a","type":"string","default":"x","help":"h"},{"name":"a","type":"string","default":"x","help":"h"}])",
        })
      CPPUNIT_ASSERT_MESSAGE(json, !parseDeclaredOptions(json).isOk());
    CPPUNIT_ASSERT_EQUAL(std::string("options[0]: a: default: expected a whole number of at least 6, found \"5\""),
                         declared(R"([{"name":"a","type":"integer","default":5,"help":"h","minimum":6}])"));
  }

  void defaultsAreWrittenAsYaml() {
    Option option = optionOf(OptionType::kString);
    for (const auto& [text, expected] : {std::pair{"./data", "./data"},
                                         {"a b", "\"a b\""},
                                         {"5", "\"5\""},
                                         {"", "\"\""},
                                         {"yes", "\"yes\""},
                                         {"a:b", "\"a:b\""}}) {
      option.default_text = text;
      CPPUNIT_ASSERT_EQUAL(std::string(expected), defaultYaml(option));
    }
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(OptionTest);

}  // namespace gyre::config
