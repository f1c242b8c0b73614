#include "server/config/yaml_loader.hpp"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace gyre::config {

namespace {

std::string faultsOf(std::string_view text) {
  std::string lines;
  for (const YamlFault& fault : loadYaml(text).faults)
    lines += std::to_string(fault.position.line) + ":" + std::to_string(fault.position.column) + ": " + fault.key +
             ": " + fault.detail + "\n";
  return lines;
}

std::size_t depthOf(const YamlNode& node) {
  std::size_t depth = 0;
  for (const YamlNode& child : node.children) depth = std::max(depth, depthOf(child));
  return depth + 1;
}

}  // namespace

class YamlLoaderTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(YamlLoaderTest);
  CPPUNIT_TEST(treeKeepsPositions);
  CPPUNIT_TEST(quotesAreRemembered);
  CPPUNIT_TEST(emptyFilesAreNull);
  CPPUNIT_TEST(duplicateKeysAreFaults);
  CPPUNIT_TEST(severalDocumentsAreAFault);
  CPPUNIT_TEST(unterminatedQuotesAreAFault);
  CPPUNIT_TEST(closedQuotesAreNone);
  CPPUNIT_TEST(anchorsAliasesAndTagsAreFaults);
  CPPUNIT_TEST(anAliasBombDoesNotExpand);
  CPPUNIT_TEST(syntaxErrorsHaveALine);
  CPPUNIT_TEST(deepNestingIsRefused);
  CPPUNIT_TEST(otherBytesThanUtf8AreRefused);
  CPPUNIT_TEST(byteOrderMarkAndCarriageReturnsAreRead);
  CPPUNIT_TEST(keysMustBeScalars);
  CPPUNIT_TEST_SUITE_END();

 public:
  void treeKeepsPositions() {
    const YamlFile file = loadYaml("api:\n  listen: a\nsearch:\n  urls: [x, y]\n");
    CPPUNIT_ASSERT(file.faults.empty());
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, file.root.children.size());
    const YamlNode& listen = file.root.children[0].children[0];
    CPPUNIT_ASSERT_EQUAL(std::string("listen"), listen.key);
    CPPUNIT_ASSERT_EQUAL(std::string("a"), listen.text);
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, listen.key_position.line);
    CPPUNIT_ASSERT_EQUAL(std::size_t{3}, listen.key_position.column);
    CPPUNIT_ASSERT_EQUAL(std::size_t{11}, listen.position.column);
    const YamlNode& urls = file.root.children[1].children[0];
    CPPUNIT_ASSERT(urls.kind == YamlNode::Kind::kList);
    CPPUNIT_ASSERT_EQUAL(std::size_t{13}, urls.children[1].position.column);
  }

  void quotesAreRemembered() {
    const YamlFile file = loadYaml("a: true\nb: 'true'\nc: \"true\"\nd: |\n  true\n");
    CPPUNIT_ASSERT(file.faults.empty());
    const bool expected[] = {false, true, true, true};
    for (std::size_t i = 0; i < 4; ++i) CPPUNIT_ASSERT_EQUAL(expected[i], file.root.children[i].is_quoted);
  }

  void emptyFilesAreNull() {
    for (const char* const text : {"", "\n\n", "# nothing\n", "---\n", "--- # nothing\n...\n"}) {
      const YamlFile file = loadYaml(text);
      CPPUNIT_ASSERT_EQUAL_MESSAGE(text, std::size_t{0}, file.faults.size());
      CPPUNIT_ASSERT_MESSAGE(text, file.root.kind == YamlNode::Kind::kNull);
    }
  }

  void duplicateKeysAreFaults() {
    CPPUNIT_ASSERT_EQUAL(std::string("3:1: a: expected one, found a second; the first is at line 1\n"),
                         faultsOf("a: 1\nb: 2\na: 3\n"));
    CPPUNIT_ASSERT_EQUAL(std::string("1:11: x.a: expected one, found a second; the first is at line 1\n"),
                         faultsOf("x: {a: 1, a: 2}\n"));
  }

  void severalDocumentsAreAFault() {
    CPPUNIT_ASSERT_EQUAL(std::string("2:1: : expected one document, found a second\n"), faultsOf("a: 1\n---\nb: 2\n"));
    CPPUNIT_ASSERT(!faultsOf("---\na: 1\n---\n").empty());
    CPPUNIT_ASSERT_EQUAL(std::string(), faultsOf("---\na: 1\n...\n"));
  }

  void unterminatedQuotesAreAFault() {
    for (const char* const text :
         {"a: \"b", "a: 'b", "a: \"b\\\"", "a: 'b''", "\"a", "a: [\"b", "a: \"b\nc: d\n", "a: \"", "a: '"})
      CPPUNIT_ASSERT_MESSAGE(text, !faultsOf(text).empty());
    CPPUNIT_ASSERT_EQUAL(std::string("2:6: a.b: expected a closing quote, found the end of the file\n"),
                         faultsOf("a:\n  b: \"c: d\n"));
  }

  void closedQuotesAreNone() {
    for (const char* const text :
         {"a: \"b\\\\\"", "a: 'it''s'", "a: '\"'", "a: \"'\"", "a: \"\"", "a: ''", "a: |\n  \"b\n", "a: b\"c\n"})
      CPPUNIT_ASSERT_EQUAL_MESSAGE(text, std::string(), faultsOf(text));
    const std::string wide =
        "\xe2\x82\xac: \xe2\x82\xac\nb: \"\xe2\x82\xac\"\n";  // offsets are in bytes, not characters
    CPPUNIT_ASSERT_EQUAL(std::string(), faultsOf(wide));
  }

  void anchorsAliasesAndTagsAreFaults() {
    for (const char* const text : {"a: &x 1\n", "a: &x 1\nb: *x\n", "a: &x {b: 1}\nc:\n  <<: *x\n", "a: !!int 1\n",
                                   "a: !own [b]\n", "&x a: 1\n", "a: ! \"b\"\n"})
      CPPUNIT_ASSERT_MESSAGE(text, !faultsOf(text).empty());
    CPPUNIT_ASSERT_EQUAL(std::string("1:4: a: expected a value, found a tag (tags are not read here)\n"),
                         faultsOf("a: !!int 1\n"));
  }

  void anAliasBombDoesNotExpand() {
    std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 30; ++i) {
      const std::string before = "*a" + std::to_string(i - 1);
      bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
      for (int j = 0; j < 8; ++j) bomb += ", " + before;
      bomb += "]\n";
    }
    const YamlFile file = loadYaml(bomb);
    CPPUNIT_ASSERT_EQUAL(std::size_t{30 + 29 * 9}, file.faults.size());
  }

  void syntaxErrorsHaveALine() {
    for (const auto& [text, line] :
         {std::pair{"a: 1\n b: 2\n", 2}, {"a: [1\nb: 2\n", 2}, {"a:\n\tb: 1\n", 2}, {"a: 1\n}\n", 2}, {"a: *x\n", 1}}) {
      const YamlFile file = loadYaml(text);
      CPPUNIT_ASSERT_MESSAGE(text, !file.faults.empty());
      CPPUNIT_ASSERT_MESSAGE(text, file.faults.front().position.line >= 1);
      CPPUNIT_ASSERT_MESSAGE(text, file.faults.front().position.line <= static_cast<std::size_t>(line) + 1);
    }
  }

  void deepNestingIsRefused() {
    std::string blocks;
    for (int i = 0; i < 3'000; ++i) blocks += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
    std::string dashes;
    for (int i = 0; i < 100'000; ++i) dashes += "- ";
    for (const std::string& text : {std::string(100'000, '['), std::string(100'000, '{'), blocks, dashes,
                                    std::string(1'000, '[') + std::string(1'000, ']')}) {
      const YamlFile file = loadYaml(text);
      CPPUNIT_ASSERT(!file.faults.empty());
      CPPUNIT_ASSERT(depthOf(file.root) < 250);
    }
  }

  void otherBytesThanUtf8AreRefused() {
    CPPUNIT_ASSERT_EQUAL(std::string("1:1: : expected UTF-8 text, found other bytes\n"), faultsOf("a: \xff\n"));
    CPPUNIT_ASSERT(!faultsOf(std::string_view("\xff\xfe"
                                              "a\0:\0 \0b\0",
                                              10))
                        .empty());  // UTF-16
    CPPUNIT_ASSERT_EQUAL(std::string("2:4: : expected text, found a control character\n"),
                         faultsOf(std::string_view("a: 1\nb: \0\n", 10)));
  }

  void byteOrderMarkAndCarriageReturnsAreRead() {
    const YamlFile file = loadYaml(
        "\xef\xbb\xbf"
        "a: \"b\"\r\nc: 'd'\r\n");
    CPPUNIT_ASSERT(file.faults.empty());
    CPPUNIT_ASSERT_EQUAL(std::string("b"), file.root.children[0].text);
    CPPUNIT_ASSERT_EQUAL(std::string("d"), file.root.children[1].text);
  }

  void keysMustBeScalars() {
    for (const char* const text : {"? [a]\n: b\n", "? {a: 1}\n: b\n", ": b\n"})
      CPPUNIT_ASSERT_MESSAGE(text, !faultsOf(text).empty());
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(YamlLoaderTest);

}  // namespace gyre::config
