#include "server/search/switched_engine.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/fake_search_engine.hpp"

namespace gyre::search {

class SwitchedEngineTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(SwitchedEngineTest);
  CPPUNIT_TEST(callsGoToTheOneInUse);
  CPPUNIT_TEST(generationsGoOnRising);
  CPPUNIT_TEST_SUITE_END();

  static BulkOperation document(std::string id) { return {BulkOperation::Kind::kIndex, std::move(id), 1, "{}", false}; }
  static std::unique_ptr<test::FakeSearchEngine> holding(std::string id) {
    auto engine = std::make_unique<test::FakeSearchEngine>();
    const std::vector<BulkOperation> operations{document(std::move(id))};
    CPPUNIT_ASSERT(engine->bulk(operations, 1).isOk());
    CPPUNIT_ASSERT(engine->refresh().isOk());
    return engine;
  }
  static bool holds(const SwitchedEngine& engine, std::string_view id) { return engine.get(id)->has_value(); }

 public:
  void callsGoToTheOneInUse() {
    SwitchedEngine engine(holding("a"));
    CPPUNIT_ASSERT(holds(engine, "a") && !holds(engine, "b"));
    engine.switchTo(holding("b"));
    CPPUNIT_ASSERT(!holds(engine, "a") && holds(engine, "b"));
    const std::vector<BulkOperation> operations{document("c")};
    CPPUNIT_ASSERT(engine.bulk(operations, 2).isOk());
    CPPUNIT_ASSERT(holds(engine, "c"));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, engine.progress().applied);
    CPPUNIT_ASSERT(engine.close().isOk());
  }

  // What was remembered under a generation of the old index must not be taken for the new one's.
  void generationsGoOnRising() {
    SwitchedEngine engine(holding("a"));
    std::uint64_t last = engine.progress().generation;
    for (int i = 0; i < 3; ++i) {
      engine.switchTo(holding("b"));
      CPPUNIT_ASSERT(engine.progress().generation > last);
      last = engine.progress().generation;
      CPPUNIT_ASSERT_EQUAL(last, engine.search("{}", 0)->generation);
    }
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(SwitchedEngineTest);

}  // namespace gyre::search
