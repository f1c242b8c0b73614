#include "server/search/embedded_engine.hpp"

#include <memory>
#include <utility>

#include "base/observer.hpp"
#include "engine/directory/ram_directory.hpp"
#include "tests/conformance/search_engine_suite.hpp"
#include "tests/support/temp_folder.hpp"

namespace gyre::search {

class EmbeddedRamEngineTest : public SearchEngineSuite {
  CPPUNIT_TEST_SUB_SUITE(EmbeddedRamEngineTest, SearchEngineSuite);
  CPPUNIT_TEST_SUITE_END();

 protected:
  std::unique_ptr<SearchEngine> open() override {
    return valueOf(openEmbeddedEngine(directory_, kDefinition, {}, observer_));
  }

 private:
  base::NullObserver observer_;
  engine::RamDirectory directory_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(EmbeddedRamEngineTest);

class EmbeddedFolderEngineTest : public SearchEngineSuite {
  CPPUNIT_TEST_SUB_SUITE(EmbeddedFolderEngineTest, SearchEngineSuite);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override {
    folder_ = std::make_unique<test::TempFolder>();
    SearchEngineSuite::setUp();
  }
  void tearDown() override {
    SearchEngineSuite::tearDown();
    folder_.reset();
  }

 protected:
  std::unique_ptr<SearchEngine> open() override {
    return valueOf(
        openEmbeddedEngine({(folder_->path() / "payments").string(), std::string(kDefinition), {}}, observer_));
  }

 private:
  base::NullObserver observer_;
  std::unique_ptr<test::TempFolder> folder_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(EmbeddedFolderEngineTest);

}  // namespace gyre::search
