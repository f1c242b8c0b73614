// The plugin ABI: structs keep their layout, and a plugin exports one symbol.
#include <cppunit/extensions/HelperMacros.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

namespace gyre {

namespace {

std::string fileText(const std::string& path) {
  std::ifstream in(path);
  CPPUNIT_ASSERT_MESSAGE("cannot read " + path, in.good());
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string outputOf(const std::string& command) {
  FILE* const pipe = popen(command.c_str(), "r");
  CPPUNIT_ASSERT_MESSAGE("cannot start " + command, pipe != nullptr);
  std::string text;
  std::array<char, 4096> buffer{};
  while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), pipe)) text.append(buffer.data(), size);
  CPPUNIT_ASSERT_EQUAL_MESSAGE(command, 0, pclose(pipe));
  return text;
}

}  // namespace

class AbiLayoutTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(AbiLayoutTest);
  CPPUNIT_TEST(structsAreLaidOutAsRecorded);
  CPPUNIT_TEST(pluginsExportTheEntryPointAlone);
  CPPUNIT_TEST_SUITE_END();

  void structsAreLaidOutAsRecorded() {
    CPPUNIT_ASSERT_EQUAL(fileText(std::string(GYRE_SOURCE_DIR) + "/sdk/abi_v1.golden"),
                         outputOf(std::string(GYRE_BINARY_DIR) + "/bin/abi_layout"));
  }

  void pluginsExportTheEntryPointAlone() {
    int count = 0;
    for (const char* folder : {GYRE_PLUGIN_DIR, GYRE_BINARY_DIR "/lib/gyre/template"}) {
      for (const auto& file : std::filesystem::directory_iterator(folder)) {
        if (file.path().extension() != ".so") continue;
        const std::string symbols =
            outputOf("nm -D --defined-only --format=just-symbols '" + file.path().string() + "'");
        CPPUNIT_ASSERT_EQUAL_MESSAGE(file.path().string(), std::string("gyre_plugin_entry_v1\n"), symbols);
        ++count;
      }
    }
    CPPUNIT_ASSERT_MESSAGE("payments and notes at least", count >= 2);
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(AbiLayoutTest);

}  // namespace gyre
