#include "server/search/opensearch/index_mark.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <memory>
#include <string>
#include <vector>

#include "server/search/opensearch/opensearch_engine.hpp"
#include "tests/support/fake_search_cluster.hpp"

namespace gyre::search {

using test::FakeNode;
using test::FakeSearchCluster;

// Engines of several servers, each with a store, over one cluster and one prefix.
class IndexMarkTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(IndexMarkTest);
  CPPUNIT_TEST(aWriterWithAnotherStoreIsRefused);
  CPPUNIT_TEST(whatIsTakenOverIsFilledAnew);
  CPPUNIT_TEST(aTakeOverThatWasInterruptedGoesOn);
  CPPUNIT_TEST(ofTwoCopiesOfAStoreTheLaterWrites);
  CPPUNIT_TEST(aClockThatWasSetBackKeepsNobodyOut);
  CPPUNIT_TEST(marksWithoutAnOwnerAreClaimedAsTheyAre);
  CPPUNIT_TEST(marksThatWereDeletedAreWrittenAgain);
  CPPUNIT_TEST(ourOwnRequestThatWasTakenForLostIsNoOther);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override { cluster_ = test::clusterOf(node_, clock_, observer_); }

  void aWriterWithAnotherStoreIsRefused() {
    const auto first = engine(owner("a", 10));
    write(*first, "x", 5);
    const auto second = tryEngine(owner("b", 20));
    assertTaken(second.status());
    for (const char* const part : {"server a", "index_prefix", "take_over", "payments"})
      CPPUNIT_ASSERT_MESSAGE(part, second.status().message().find(part) != std::string::npos);
    write(*first, "y", 6);
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, fake_.indexCount());
  }

  void whatIsTakenOverIsFilledAnew() {
    const auto first = engine(owner("a", 10));
    write(*first, "x", 5);
    MarkOwner another = owner("b", 20);
    another.takes_over = true;
    const auto second = engine(another);
    CPPUNIT_ASSERT_EQUAL(std::string("payments-000002"), fake_.aliasTarget("payments"));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, second->progress().durable);
    assertTaken(first->commit());
    // It does not take it back, whatever it is asked.
    assertTaken(first->health());
    assertTaken(first->search("{}", 0).status());
    assertTaken(first->bulk({}, 6).status());
    write(*second, "z", 1);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, second->progress().durable);
  }

  // What the mark says is the other store's until its new owner has written it.
  void aTakeOverThatWasInterruptedGoesOn() {
    write(*engine(owner("a", 10)), "x", 5);
    MarkOwner another = owner("b", 20);
    another.takes_over = true;
    CPPUNIT_ASSERT(*IndexMark("gyre-marks", "payments", another).claim(*cluster_));
    const auto second = engine(owner("b", 30));
    CPPUNIT_ASSERT_EQUAL(std::string("payments-000002"), fake_.aliasTarget("payments"));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, second->progress().durable);
    write(*second, "z", 1);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, engine(owner("b", 40))->progress().durable);
  }

  void ofTwoCopiesOfAStoreTheLaterWrites() {
    const auto first = engine(owner("a", 10));
    write(*first, "x", 5);
    const auto second = engine(owner("a", 20));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{5}, second->progress().durable);
    const Status refused = first->commit();
    assertTaken(refused);
    CPPUNIT_ASSERT(refused.message().find("copy of the store") != std::string::npos);
    assertOk(second->commit());
  }

  void aClockThatWasSetBackKeepsNobodyOut() {
    {
      const auto first = engine(owner("a", 1'000));
      write(*first, "x", 5);
    }
    const auto again = engine(owner("a", 10));
    write(*again, "y", 6);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{6}, again->progress().durable);
  }

  void marksWithoutAnOwnerAreClaimedAsTheyAre() {
    {
      const auto first = engine(MarkOwner());
      write(*first, "x", 5);
    }
    const auto second = engine(owner("a", 10));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{5}, second->progress().durable);
    assertTaken(tryEngine(owner("b", 20)).status());
  }

  void marksThatWereDeletedAreWrittenAgain() {
    const auto first = engine(owner("a", 10));
    write(*first, "x", 5);
    fake_.deleteMarks();
    write(*first, "y", 6);
    assertTaken(tryEngine(owner("b", 20)).status());
  }

  void ourOwnRequestThatWasTakenForLostIsNoOther() {
    IndexMark mark("gyre-marks", "payments", owner("a", 10));
    CPPUNIT_ASSERT(!*mark.claim(*cluster_));
    IndexMark late = mark;  // the same process's, which the cluster took after all
    const auto says = [](int n) { return [n](JsonWriter& writer) { writer.member("n", n); }; };
    assertOk(late.write(*cluster_, says(1)));
    assertOk(mark.write(*cluster_, says(2)));
    CPPUNIT_ASSERT_EQUAL(std::int64_t{2}, (**mark.read(*cluster_)).root()["_source"]["n"].integer().value_or(0));
  }

 private:
  static MarkOwner owner(const std::string& store, std::int64_t since) {
    return {store, "server " + store, since, false};
  }
  Result<std::unique_ptr<SearchEngine>> tryEngine(const MarkOwner& owner) {
    ClusterIndexOptions options;
    options.name = "payments";
    options.definition = R"({"settings":{},"mappings":{"properties":{"n":{"type":"long"}}}})";
    options.last_sequence = [] { return std::uint64_t{9}; };
    options.owner = owner;
    return openOpenSearchEngine(std::move(options), *cluster_, clock_, observer_);
  }
  std::unique_ptr<SearchEngine> engine(const MarkOwner& owner) {
    auto opened = tryEngine(owner);
    assertOk(opened.status());
    return std::move(opened).value();
  }
  void write(SearchEngine& engine, const std::string& id, std::uint64_t sequence) {
    const BulkOperation operation{BulkOperation::Kind::kIndex, id, sequence, R"({"n":1})", false};
    CPPUNIT_ASSERT(engine.bulk(std::vector{operation}, sequence).isOk());
    assertOk(engine.commit());
  }
  static void assertOk(const Status& status) { CPPUNIT_ASSERT_MESSAGE(std::string(status.message()), status.isOk()); }
  static void assertTaken(const Status& status) {
    CPPUNIT_ASSERT_EQUAL(std::string("index_taken"), std::string(status.reason()));
  }

  base::SystemClock clock_;
  base::NullObserver observer_;
  FakeSearchCluster fake_;
  FakeNode node_{fake_.script()};
  std::unique_ptr<Cluster> cluster_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(IndexMarkTest);

}  // namespace gyre::search
