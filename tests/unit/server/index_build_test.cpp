#include "server/index_build.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <vector>

#include "gyre/json_writer.hpp"
#include "tests/support/fake_primary_store.hpp"
#include "tests/support/fake_search_engine.hpp"

namespace gyre {
namespace {

using Ids = std::vector<std::string>;

// The state is the document.
class SameText final : public projector::Projection {
 public:
  Result<std::string> project(std::string_view, std::string_view state, std::uint64_t) const override {
    return std::string(state);
  }
};

// Three entities in an index that was filled from their log.
struct Rig {
  test::FakePrimaryStore store;
  test::FakeSearchEngine engine;
  SameText projection;
  IndexBuild::Progress progress = [](std::uint64_t, std::uint64_t) { return true; };
  IndexBuild build{store, engine, projection, progress};

  Rig() {
    engine.onSearch([this](std::string_view) -> Result<std::string> { return all(); });
    for (const char* const id : {"a", "b", "c"}) store.write(id, R"({"n":1})");
    CPPUNIT_ASSERT(build.follow(0).isOk());
    CPPUNIT_ASSERT(build.finish(store.lastSequence()).isOk());
  }
  // What a search for everything would find.
  std::string all() const {
    std::string body;
    JsonWriter writer(body);
    const auto documents = engine.searchableSources();
    writer.beginObject().key("hits").beginObject().key("total").beginObject().member("value", documents.size());
    writer.endObject().key("hits").beginArray();
    for (const auto& [id, source] : documents)
      writer.beginObject().member("_id", id).key("_source").raw(source).endObject();
    writer.endArray().endObject().endObject();
    return body;
  }
  projector::VerifyResult compared() {
    auto result = IndexBuild(store, engine, projection, progress).compare();
    CPPUNIT_ASSERT_MESSAGE(std::string(result.status().message()), result.isOk());
    return std::move(result).value();
  }
};

}  // namespace

class IndexBuildTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(IndexBuildTest);
  CPPUNIT_TEST(whatIsMissingIsToldAndPutBack);
  CPPUNIT_TEST(whatIsRefusedIsNotMissing);
  CPPUNIT_TEST(anIndexThatIsBusyIsAskedAgain);
  CPPUNIT_TEST(anIndexThatIsAwayIsAskedAgain);
  CPPUNIT_TEST(anIndexThatIsGoneIsNot);
  CPPUNIT_TEST(askingAgainCanBeCancelled);
  CPPUNIT_TEST_SUITE_END();

  void whatIsMissingIsToldAndPutBack() {
    Rig rig;
    rig.engine.corrupt("b", "", 0);
    CPPUNIT_ASSERT(rig.compared().missing == Ids({"b"}));
    CPPUNIT_ASSERT(rig.engine.get("b").value().has_value());
    const projector::VerifyResult again = rig.compared();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, again.missing_count + again.extra_count + again.different_count);
  }

  void whatIsRefusedIsNotMissing() {
    Rig rig;
    rig.engine.corrupt("b", "", 0);
    rig.engine.refuse("b");
    IndexBuild again(rig.store, rig.engine, rig.projection, rig.progress);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, again.compare().value().missing_count);
    CPPUNIT_ASSERT(again.refused() == Ids({"b"}));
    CPPUNIT_ASSERT_EQUAL(std::string("mapper_parsing_exception"), again.refusal());
  }

  // "Later" says neither that it is missing nor that it is refused.
  void anIndexThatIsBusyIsAskedAgain() {
    Rig rig;
    for (const char* const id : {"a", "b"}) {
      rig.engine.corrupt(id, "", 0);
      rig.engine.retry(id, 2);
    }
    rig.engine.refuse("b");
    IndexBuild again(rig.store, rig.engine, rig.projection, rig.progress);
    CPPUNIT_ASSERT(again.compare().value().missing == Ids({"a"}));
    CPPUNIT_ASSERT(again.refused() == Ids({"b"}));
    CPPUNIT_ASSERT(rig.engine.get("a").value().has_value());
  }

  void anIndexThatIsAwayIsAskedAgain() {
    Rig rig;
    rig.engine.corrupt("b", "", 0);
    rig.engine.refuse("b");
    rig.engine.failBulks(2, unavailable("no node answers"));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, rig.compared().missing_count);
  }

  void anIndexThatIsGoneIsNot() {
    Rig rig;
    rig.engine.corrupt("b", "", 0);
    rig.engine.failBulks(1, {Code::kUnavailable, "index_missing", "there is no such index"});
    const auto result = IndexBuild(rig.store, rig.engine, rig.projection, rig.progress).compare();
    CPPUNIT_ASSERT_EQUAL(std::string("index_missing"), std::string(result.status().reason()));
  }

  void askingAgainCanBeCancelled() {
    Rig rig;
    rig.engine.corrupt("b", "", 0);
    rig.engine.retry("b", 1'000'000);
    const IndexBuild::Progress until_asked = [&](std::uint64_t, std::uint64_t) {
      return rig.engine.calls().bulks.size() < 4;
    };
    const auto result = IndexBuild(rig.store, rig.engine, rig.projection, until_asked).compare();
    CPPUNIT_ASSERT_EQUAL(std::string("cancelled"), std::string(result.status().reason()));
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(IndexBuildTest);

}  // namespace gyre
