// docs/PLUGINS.md shows code that exists: every C++ example stands in the template, in its test, or in the stream of
// tests/streams, white space aside.
#include <cppunit/extensions/HelperMacros.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace gyre {

namespace {

std::string withoutSpace(const std::string& path) {
  std::ifstream in(path);
  CPPUNIT_ASSERT_MESSAGE("cannot read " + path, in.good());
  std::string text, word;
  while (in >> word) text += word;
  return text;
}

}  // namespace

class GuideTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(GuideTest);
  CPPUNIT_TEST(examplesStandInTheTemplate);
  CPPUNIT_TEST_SUITE_END();

  void examplesStandInTheTemplate() {
    const std::string root = GYRE_SOURCE_DIR;
    std::string code = withoutSpace(root + "/tests/plugins/template/notes_test.cpp");
    code += withoutSpace(root + "/tests/streams/lines/lines.cpp");
    for (const auto& file : std::filesystem::directory_iterator(root + "/sdk/template"))
      code += withoutSpace(file.path().string());
    const std::string guide = withoutSpace(root + "/docs/PLUGINS.md");
    int count = 0;
    for (std::size_t begin = guide.find("```cpp"); begin != std::string::npos; begin = guide.find("```cpp", begin)) {
      begin += 6;
      const std::string example = guide.substr(begin, guide.find("```", begin) - begin);
      CPPUNIT_ASSERT_MESSAGE("in none of these files: " + example, code.find(example) != std::string::npos);
      ++count;
    }
    CPPUNIT_ASSERT(count >= 6);
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(GuideTest);

}  // namespace gyre
