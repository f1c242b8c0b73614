// What every Directory promises, on each of ours.
#include <cppunit/extensions/HelperMacros.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/directory/mmap_directory.hpp"
#include "engine/directory/ram_directory.hpp"
#include "tests/support/fault_directory.hpp"

namespace {

using gyre::base::asBytes;
using gyre::base::asText;
using gyre::engine::Directory;
using gyre::engine::MmapDirectory;

// A folder that goes with the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "gyre-directory-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string read(Directory& directory, std::string_view name) {
  auto file = directory.open(name);
  CPPUNIT_ASSERT_MESSAGE(std::string(file.status().message()), file.isOk());
  return std::string(asText(file.value()->bytes()));
}

void write(Directory& directory, std::string_view name, std::string_view text) {
  auto writer = directory.create(name);
  CPPUNIT_ASSERT_MESSAGE(std::string(writer.status().message()), writer.isOk());
  CPPUNIT_ASSERT(writer.value()->append(asBytes(text)).isOk());
  CPPUNIT_ASSERT(writer.value()->finish().isOk());
}

}  // namespace

class DirectoryTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(DirectoryTest);
  CPPUNIT_TEST(everyDirectoryKeepsItsPromises);
  CPPUNIT_TEST(mappedFolderSurvivesReopening);
  CPPUNIT_TEST(folderBelongsToOne);
  CPPUNIT_TEST(leftoversOfReplaceAreNotListed);
  CPPUNIT_TEST(failuresNameTheFile);
  CPPUNIT_TEST_SUITE_END();

 public:
  void everyDirectoryKeepsItsPromises() {
    const TemporaryFolder folder;
    gyre::engine::RamDirectory ram;
    gyre::engine::test::FaultDirectory fault;
    auto mapped = MmapDirectory::open(folder.path());
    CPPUNIT_ASSERT(mapped.isOk());
    for (Directory* const each : {static_cast<Directory*>(&ram), static_cast<Directory*>(&fault),
                                  static_cast<Directory*>(mapped.value().get())})
      exercise(*each);
  }

  void mappedFolderSurvivesReopening() {
    const TemporaryFolder folder;
    const std::string large(3'000'000, 'x');
    {
      auto directory = MmapDirectory::open(folder.path() + "/a/b");
      CPPUNIT_ASSERT(directory.isOk());
      write(*directory.value(), "large", large);
      CPPUNIT_ASSERT(directory.value()->replace("commit", asBytes("one")).isOk());
    }
    auto directory = MmapDirectory::open(folder.path() + "/a/b");
    CPPUNIT_ASSERT(directory.isOk());
    CPPUNIT_ASSERT(read(*directory.value(), "large") == large);
    CPPUNIT_ASSERT_EQUAL(std::string("one"), read(*directory.value(), "commit"));
  }

  void folderBelongsToOne() {
    const TemporaryFolder folder;
    auto first = MmapDirectory::open(folder.path());
    CPPUNIT_ASSERT(first.isOk());
    CPPUNIT_ASSERT_EQUAL(int(gyre::Code::kUnavailable), int(MmapDirectory::open(folder.path()).status().code()));
    first.value().reset();
    CPPUNIT_ASSERT(MmapDirectory::open(folder.path()).isOk());
  }

  void leftoversOfReplaceAreNotListed() {
    const TemporaryFolder folder;
    auto directory = MmapDirectory::open(folder.path());
    write(*directory.value(), "commit.tmp", "torn");
    CPPUNIT_ASSERT(directory.value()->list().value().empty());
    CPPUNIT_ASSERT(directory.value()->replace("commit", asBytes("whole")).isOk());
    CPPUNIT_ASSERT_EQUAL(std::string("whole"), read(*directory.value(), "commit"));
  }

  void failuresNameTheFile() {
    const TemporaryFolder folder;
    auto directory = MmapDirectory::open(folder.path());
    Directory& base = *directory.value();
    const auto missing = base.open("seg_7").status();
    CPPUNIT_ASSERT(missing.message().find(folder.path() + "/seg_7") != std::string::npos);
    std::filesystem::permissions(folder.path(),
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
    if (::geteuid() != 0) CPPUNIT_ASSERT(!directory.value()->create("seg_8").isOk());
    std::filesystem::permissions(folder.path(), std::filesystem::perms::owner_all);
  }

 private:
  static void exercise(Directory& directory) {
    CPPUNIT_ASSERT(directory.list().value().empty());
    CPPUNIT_ASSERT_EQUAL(int(gyre::Code::kNotFound), int(directory.open("a").status().code()));
    CPPUNIT_ASSERT_EQUAL(int(gyre::Code::kNotFound), int(directory.remove("a").code()));
    write(directory, "a", "first");
    write(directory, "empty", "");
    CPPUNIT_ASSERT_EQUAL(std::string("first"), read(directory, "a"));
    CPPUNIT_ASSERT_EQUAL(std::string(), read(directory, "empty"));
    CPPUNIT_ASSERT_EQUAL(int(gyre::Code::kConflict), int(directory.create("a").status().code()));
    CPPUNIT_ASSERT(directory.replace("commit", asBytes("one")).isOk());
    const auto old = directory.open("commit");
    CPPUNIT_ASSERT(directory.replace("commit", asBytes("two")).isOk());
    CPPUNIT_ASSERT_EQUAL(std::string("two"), read(directory, "commit"));
    CPPUNIT_ASSERT_EQUAL(std::string("one"), std::string(asText(old.value()->bytes())));
    auto names = directory.list().value();
    std::sort(names.begin(), names.end());
    CPPUNIT_ASSERT((names == std::vector<std::string>{"a", "commit", "empty"}));
    const auto open_file = directory.open("a");
    CPPUNIT_ASSERT(directory.remove("a").isOk());
    CPPUNIT_ASSERT_EQUAL(std::string("first"), std::string(asText(open_file.value()->bytes())));
    CPPUNIT_ASSERT_EQUAL(int(gyre::Code::kNotFound), int(directory.open("a").status().code()));
    write(directory, "a", "again");
    CPPUNIT_ASSERT_EQUAL(std::string("again"), read(directory, "a"));
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(DirectoryTest);
