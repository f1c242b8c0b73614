#include "server/search/embedded_engine.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/directory/ram_directory.hpp"
#include "tests/support/temp_folder.hpp"

namespace gyre::search {
namespace {

constexpr std::string_view kDefinition = R"({"settings":{},"mappings":{"properties":{"n":{"type":"long"}}}})";
constexpr std::string_view kOther = R"({"settings":{},"mappings":{"properties":{"n":{"type":"keyword"}}}})";

// Keeps the warnings.
class Listener final : public base::Observer {
 public:
  bool isLogged(base::Level) const override { return true; }
  void log(base::Level level, std::string_view, std::string_view message) override {
    if (level == base::Level::kWarning) warnings.emplace_back(message);
  }
  std::vector<std::string> warnings;
};

void write(SearchEngine& engine, std::uint64_t sequence) {
  const std::vector<BulkOperation> operations = {
      {BulkOperation::Kind::kIndex, "a", sequence, "{\"n\":" + std::to_string(sequence) + "}", false}};
  const Result<std::vector<BulkItem>> items = engine.bulk(operations, sequence);
  CPPUNIT_ASSERT(items.isOk() && items->at(0).verdict == BulkItem::Verdict::kOk);
  CPPUNIT_ASSERT(engine.commit().isOk());
}

// Flips a byte in the middle of every file of a folder.
void damage(const std::filesystem::path& folder) {
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (!file.is_regular_file() || file.file_size() == 0) continue;
    std::fstream stream(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    const auto middle = static_cast<std::streamoff>(file.file_size() / 2);
    stream.seekg(middle);
    const int byte = stream.get();
    stream.seekp(middle);
    stream.put(static_cast<char>(byte ^ 0x55));
  }
}

}  // namespace

class EmbeddedEngineTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(EmbeddedEngineTest);
  CPPUNIT_TEST(theFolderIsCreatedAndKept);
  CPPUNIT_TEST(anotherMappingStartsEmptyAndKeepsTheOld);
  CPPUNIT_TEST(aDamagedIndexStartsEmptyAndIsKept);
  CPPUNIT_TEST(onlyTheLastIsKeptAside);
  CPPUNIT_TEST(aTrailingSlashIsTheSameFolder);
  CPPUNIT_TEST(anIndexInUseIsLeftAlone);
  CPPUNIT_TEST(aBadDefinitionIsReturned);
  CPPUNIT_TEST(aFolderThatCannotBeIsUnavailable);
  CPPUNIT_TEST(damageOfADirectoryIsReturned);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override {
    temp_ = std::make_unique<test::TempFolder>();
    folder_ = temp_->path() / "domains" / "payments";
    listener_.warnings.clear();
  }
  void tearDown() override { temp_.reset(); }

  void theFolderIsCreatedAndKept() {
    write(*open(), 3);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, open()->progress().durable);
    CPPUNIT_ASSERT(listener_.warnings.empty());
  }

  void anotherMappingStartsEmptyAndKeepsTheOld() {
    write(*open(), 3);
    const std::unique_ptr<SearchEngine> engine = open(kOther);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, engine->progress().durable);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, engine->stats().doc_count);
    CPPUNIT_ASSERT(std::filesystem::is_directory(folder_.string() + ".old"));
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, listener_.warnings.size());
    CPPUNIT_ASSERT(listener_.warnings[0].find("mapping") != std::string::npos);
    CPPUNIT_ASSERT(listener_.warnings[0].find(folder_.string() + ".old") != std::string::npos);
    write(*engine, 1);  // lower than what the old index held
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, engine->progress().durable);
  }

  void aDamagedIndexStartsEmptyAndIsKept() {
    write(*open(), 3);
    damage(folder_);
    const std::unique_ptr<SearchEngine> engine = open();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, engine->progress().durable);
    CPPUNIT_ASSERT(std::filesystem::is_directory(folder_.string() + ".damaged"));
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, listener_.warnings.size());
    write(*engine, 1);
  }

  void onlyTheLastIsKeptAside() {
    write(*open(), 3);
    write(*open(kOther), 4);
    write(*open(kDefinition), 5);
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, listener_.warnings.size());
    const std::filesystem::directory_iterator entries(folder_.parent_path());
    CPPUNIT_ASSERT_EQUAL(std::ptrdiff_t{2}, std::distance(begin(entries), end(entries)));
    // What is aside is an index that still opens: the one before.
    const Result<std::unique_ptr<SearchEngine>> aside =
        openEmbeddedEngine({folder_.string() + ".old", std::string(kOther), {}}, listener_);
    CPPUNIT_ASSERT(aside.isOk());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{4}, (*aside)->progress().durable);
  }

  void aTrailingSlashIsTheSameFolder() {
    write(*open(), 3);
    const Result<std::unique_ptr<SearchEngine>> engine =
        openEmbeddedEngine({folder_.string() + "/", std::string(kOther), {}}, listener_);
    CPPUNIT_ASSERT(engine.isOk());
    CPPUNIT_ASSERT(std::filesystem::is_directory(folder_.string() + ".old"));
  }

  void anIndexInUseIsLeftAlone() {
    const std::unique_ptr<SearchEngine> engine = open();
    write(*engine, 3);
    const Result<std::unique_ptr<SearchEngine>> second =
        openEmbeddedEngine({folder_.string(), std::string(kOther), {}}, listener_);
    CPPUNIT_ASSERT(second.status().code() == Code::kUnavailable);
    CPPUNIT_ASSERT(!std::filesystem::exists(folder_.string() + ".old"));
    write(*engine, 4);
  }

  void aBadDefinitionIsReturned() {
    write(*open(), 3);
    for (const char* definition : {"{", R"({"mappings":{"properties":{"n":{"type":"no_such_type"}}}})"}) {
      const Result<std::unique_ptr<SearchEngine>> engine =
          openEmbeddedEngine({folder_.string(), definition, {}}, listener_);
      CPPUNIT_ASSERT(engine.status().code() == Code::kInvalidArgument);
    }
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, open()->progress().durable);
  }

  void aFolderThatCannotBeIsUnavailable() {
    const std::filesystem::path file = temp_->path() / "file";
    std::ofstream(file) << "in the way";
    const Result<std::unique_ptr<SearchEngine>> engine =
        openEmbeddedEngine({(file / "payments").string(), std::string(kDefinition), {}}, listener_);
    CPPUNIT_ASSERT(engine.status().code() == Code::kUnavailable);
    CPPUNIT_ASSERT(engine.status().message().find(file.string()) != std::string_view::npos);
  }

  void damageOfADirectoryIsReturned() {
    engine::RamDirectory directory;
    write(*openEmbeddedEngine(directory, kDefinition, {}, listener_).value(), 3);
    const std::vector<std::string> names = directory.list().value();
    for (const std::string& name : names) {
      CPPUNIT_ASSERT(directory.remove(name).isOk());
      CPPUNIT_ASSERT(directory.create(name).value()->finish().isOk());
    }
    CPPUNIT_ASSERT(openEmbeddedEngine(directory, kDefinition, {}, listener_).status().code() == Code::kCorruption);
  }

 private:
  std::unique_ptr<SearchEngine> open(std::string_view definition = kDefinition) {
    Result<std::unique_ptr<SearchEngine>> engine =
        openEmbeddedEngine({folder_.string(), std::string(definition), {}}, listener_);
    CPPUNIT_ASSERT_MESSAGE(std::string(engine.status().message()), engine.isOk());
    return std::move(engine).value();
  }

  std::unique_ptr<test::TempFolder> temp_;
  std::filesystem::path folder_;
  Listener listener_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(EmbeddedEngineTest);

}  // namespace gyre::search
