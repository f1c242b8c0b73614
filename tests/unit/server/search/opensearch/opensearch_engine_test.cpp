#include "server/search/opensearch/opensearch_engine.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "server/search/opensearch/bulk_pace.hpp"
#include "tests/support/fake_search_cluster.hpp"

namespace gyre::search {

using test::FakeNode;
using test::FakeSearchCluster;

// What goes wrong between us and a cluster; what goes well is the SearchEngine suite's, on a real one.
class OpenSearchEngineTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(OpenSearchEngineTest);
  CPPUNIT_TEST(theClusterMayComeLater);
  CPPUNIT_TEST(whatIsCoveredSurvivesUs);
  CPPUNIT_TEST(aDeletedIndexIsMadeAndFilledAgain);
  CPPUNIT_TEST(aSearchFindsOutToo);
  CPPUNIT_TEST(aMarkOfOtherDataDoesNotCount);
  CPPUNIT_TEST(anIndexAheadOfTheLogIsSetAside);
  CPPUNIT_TEST(anotherMappingGetsAnotherIndex);
  CPPUNIT_TEST(aRefusedRequestSlowsDownAndLosesNothing);
  CPPUNIT_TEST(refusedItemsAreSentAgainAlone);
  CPPUNIT_TEST(halfABulkAnswerDecidesNothing);
  CPPUNIT_TEST(aRequestTooLargeGoesInHalves);
  CPPUNIT_TEST(largeBatchesGoTogether);
  CPPUNIT_TEST(theLastRequestsOfABatchAreSmaller);
  CPPUNIT_TEST(aReadOnlyIndexIsWaitedFor);
  CPPUNIT_TEST(aFailedRefreshIsNone);
  CPPUNIT_TEST(garbageIsNoAnswer);
  CPPUNIT_TEST(namesAndSettings);
  CPPUNIT_TEST_SUITE_END();

 public:
  using Verdict = BulkItem::Verdict;
  static constexpr std::string_view kDefinition =
      R"({"settings":{"number_of_shards":1,"bulk_size":7,"refresh_interval":"30s"},"mappings":{"properties":{"n":{"type":"long"}}}})";

  void setUp() override { node_ = std::make_unique<FakeNode>(fake_.script()); }
  void tearDown() override {
    engine_.reset();
    cluster_.reset();
    node_.reset();
  }

 protected:
  void openCluster() { cluster_ = test::clusterOf(*node_, clock_, observer_); }
  void open(std::string_view definition = kDefinition) {
    engine_.reset();
    if (!cluster_) openCluster();
    ClusterIndexOptions options;
    options.name = "payments";
    options.definition = definition;
    options.last_sequence = [this] { return last_sequence_.load(); };
    engine_ = std::move(openOpenSearchEngine(options, *cluster_, clock_, observer_)).value();
  }
  static BulkOperation index(const std::string& id, std::uint64_t version, std::string source = R"({"n":1})") {
    return {BulkOperation::Kind::kIndex, id, version, std::move(source), false};
  }
  Status send(const std::vector<BulkOperation>& operations, std::uint64_t sequence) {
    const auto items = engine_->bulk(operations, sequence);
    if (!items.isOk()) return items.status();
    CPPUNIT_ASSERT_EQUAL(operations.size(), items->size());
    for (const BulkItem& item : *items)
      if (item.verdict != Verdict::kOk) return unavailable(item.cause);
    return {};
  }
  void assertOk(const Status& status) { CPPUNIT_ASSERT_MESSAGE(std::string(status.message()), status.isOk()); }
  void faultOn(const std::string& part, FakeNode::Reply reply) {
    fake_.setFault([part, reply](const FakeNode::Request& request) {
      return request.target.find(part) == std::string::npos ? FakeSearchCluster::noFault() : reply;
    });
  }

  void theClusterMayComeLater() {
    node_->close();
    open();
    const Status failure = send({index("a", 1)}, 1);
    CPPUNIT_ASSERT_EQUAL(std::string("search_engine_away"), std::string(failure.reason()));
    CPPUNIT_ASSERT_EQUAL(std::string("search_engine_away"), std::string(engine_->health().reason()));
    CPPUNIT_ASSERT(engine_->search("{}", 0).status().code() == Code::kUnavailable);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, engine_->progress().applied);
    node_->reopen();
    CPPUNIT_ASSERT(cluster_->awaitUp(20'000));
    assertOk(send({index("a", 1)}, 1));
    assertOk(engine_->health());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, engine_->progress().applied);
  }

  void whatIsCoveredSurvivesUs() {
    open();
    assertOk(send({index("a", 3)}, 5));
    assertOk(engine_->commit());
    assertOk(send({index("b", 6)}, 6));
    open();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{5}, engine_->progress().applied);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{5}, engine_->progress().searchable);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{5}, engine_->progress().durable);
  }

  void aDeletedIndexIsMadeAndFilledAgain() {
    open();
    assertOk(send({index("a", 1)}, 1));
    const std::uint64_t generation = engine_->progress().generation;
    fake_.deleteIndices();
    CPPUNIT_ASSERT_EQUAL(std::string("index_moved"), std::string(send({index("b", 2)}, 2).reason()));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, engine_->progress().applied);
    CPPUNIT_ASSERT(engine_->progress().generation != generation);
    assertOk(send({index("a", 1), index("b", 2)}, 2));
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, fake_.versions("payments").size());
  }

  void aSearchFindsOutToo() {
    open();
    assertOk(send({index("a", 1)}, 1));
    fake_.deleteIndices();
    const auto answer = engine_->search("{}", 0);
    CPPUNIT_ASSERT_EQUAL(std::string("index_missing"), std::string(answer.status().reason()));
    CPPUNIT_ASSERT_EQUAL(std::string("index_missing"), std::string(engine_->health().reason()));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, engine_->progress().applied);
    // A batch that was made before that must not count for all that went before it.
    CPPUNIT_ASSERT_EQUAL(std::string("index_moved"), std::string(send({index("b", 2)}, 2).reason()));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, engine_->progress().applied);
    assertOk(send({index("a", 1)}, 1));
  }

  void aMarkOfOtherDataDoesNotCount() {
    open();
    assertOk(send({index("a", 1)}, 5));
    assertOk(engine_->commit());
    fake_.changeHistory();
    open();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, engine_->progress().applied);
    CPPUNIT_ASSERT_EQUAL(std::string("payments-000001"), fake_.aliasTarget("payments"));
  }

  void anIndexAheadOfTheLogIsSetAside() {
    open();
    assertOk(send({index("a", 1)}, 5));
    assertOk(engine_->commit());
    last_sequence_ = 4;
    open();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, engine_->progress().applied);
    CPPUNIT_ASSERT_EQUAL(std::string("payments-000002"), fake_.aliasTarget("payments"));
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, fake_.indexCount());
  }

  void anotherMappingGetsAnotherIndex() {
    open();
    assertOk(send({index("a", 1)}, 5));
    assertOk(engine_->commit());
    open(R"({"mappings":{"properties":{"n":{"type":"keyword"}}}})");
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, engine_->progress().applied);
    CPPUNIT_ASSERT_EQUAL(std::string("payments-000002"), fake_.aliasTarget("payments"));
    open(R"({ "mappings" : {"properties":{"n":{"type":"keyword"}}}})");  // the same, written otherwise
    CPPUNIT_ASSERT_EQUAL(std::string("payments-000002"), fake_.aliasTarget("payments"));
  }

  void aRefusedRequestSlowsDownAndLosesNothing() {
    open();
    for (const int status : {429, 503}) {
      faultOn("_bulk", {status, R"({"error":{"type":"rejected_execution_exception","reason":"queue is full"}})"});
      const Status failure = send({index("a", 1)}, 1);
      CPPUNIT_ASSERT_EQUAL(std::string("search_engine_busy"), std::string(failure.reason()));
      CPPUNIT_ASSERT(failure.message().find("queue is full") != std::string_view::npos);
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, engine_->progress().applied);
    }
    fake_.setFault({});
    assertOk(send({index("a", 1)}, 1));
  }

  void refusedItemsAreSentAgainAlone() {
    open();
    faultOn(
        "_bulk",
        {200,
         R"({"errors":true,"items":[{"index":{"status":201}},{"index":{"status":429,"error":{"type":"t","reason":"later"}}},)"
         R"({"index":{"status":400,"error":{"type":"mapper_parsing_exception","reason":"bad"}}}]})"});
    const std::vector<BulkOperation> operations = {index("a", 1), index("b", 2), index("c", 3)};
    const auto items = engine_->bulk(operations, 3);
    CPPUNIT_ASSERT(items.isOk());
    CPPUNIT_ASSERT((*items)[0].verdict == Verdict::kOk && (*items)[1].verdict == Verdict::kRetry &&
                   (*items)[2].verdict == Verdict::kRefuse);
    CPPUNIT_ASSERT_EQUAL(std::string("mapper_parsing_exception: bad"), (*items)[2].cause);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, engine_->progress().applied);
    fake_.setFault({});
    assertOk(send({index("b", 2)}, 3));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, engine_->progress().applied);
  }

  void halfABulkAnswerDecidesNothing() {
    open();
    for (const std::size_t cut : {std::size_t{0}, std::size_t{60}, std::size_t{90}}) {
      FakeNode::Reply reply{200, R"({"errors":false,"items":[{"index":{"status":201}}]})"};
      reply.cut_at = cut;
      faultOn("_bulk", reply);
      CPPUNIT_ASSERT(!send({index("a", 1)}, 1).isOk());
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, engine_->progress().applied);
      fake_.setFault({});
      CPPUNIT_ASSERT(cluster_->awaitUp(20'000));
    }
    faultOn("_bulk", {200, R"({"errors":false,"items":[]})"});
    CPPUNIT_ASSERT_EQUAL(std::string("malformed_response"), std::string(send({index("a", 1)}, 1).reason()));
    fake_.setFault({});
    assertOk(send({index("a", 1)}, 1));
  }

  void aRequestTooLargeGoesInHalves() {
    open();
    fake_.setFault([](const FakeNode::Request& request) {
      const bool is_large = request.target.find("_bulk") != std::string::npos && request.body.size() > 300;
      return is_large ? FakeNode::Reply{413, "{}"} : FakeSearchCluster::noFault();
    });
    std::vector<BulkOperation> operations;
    for (std::uint64_t i = 1; i <= 8; ++i) operations.push_back(index("e" + std::to_string(i), i));
    operations.push_back(index("large", 9, "{\"n\":" + std::string(400, '1') + "}"));
    const auto items = engine_->bulk(operations, 9);
    CPPUNIT_ASSERT(items.isOk());
    for (std::size_t i = 0; i < 8; ++i) CPPUNIT_ASSERT((*items)[i].verdict == Verdict::kOk);
    CPPUNIT_ASSERT((*items)[8].verdict == Verdict::kRefuse);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{9}, engine_->progress().applied);
    CPPUNIT_ASSERT_EQUAL(std::size_t{8}, fake_.versions("payments").size());
  }

  void largeBatchesGoTogether() {
    open();
    std::vector<BulkOperation> operations;
    const std::string source = "{\"s\":\"" + std::string(200'000, 'x') + "\"}";
    for (std::uint64_t i = 1; i <= 200; ++i) operations.push_back(index("e" + std::to_string(i), i, source));
    for (int round = 0; round < 4; ++round) assertOk(send(operations, 200));
    CPPUNIT_ASSERT_EQUAL(std::size_t{200}, fake_.versions("payments").size());
    CPPUNIT_ASSERT(node_->requests("_bulk").size() >= 4 * 5);
    for (const FakeNode::Request& request : node_->requests("_bulk")) CPPUNIT_ASSERT(request.body.size() < (9u << 20));
  }

  // So that all that is on its way ends at about the same time.
  void theLastRequestsOfABatchAreSmaller() {
    open();
    const auto bulks = [this](std::size_t documents) {
      const std::size_t before = node_->requests("_bulk").size();
      std::vector<BulkOperation> operations;
      const std::string source = "{\"s\":\"" + std::string(1'000, 'x') + "\"}";
      for (std::uint64_t i = 1; i <= documents; ++i) operations.push_back(index("e" + std::to_string(i), i, source));
      assertOk(send(operations, documents));
      std::vector<std::size_t> sizes;
      const auto all = node_->requests("_bulk");
      for (std::size_t i = before; i < all.size(); ++i) sizes.push_back(all[i].body.size());
      std::sort(sizes.begin(), sizes.end());
      return sizes;
    };
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, bulks(100).size());  // what fits goes in one
    const std::vector<std::size_t> sizes = bulks(3'000);
    CPPUNIT_ASSERT(sizes.size() >= 8);
    CPPUNIT_ASSERT(sizes[1] < BulkPace::kFirstBytes / 3);
    CPPUNIT_ASSERT(sizes.back() > BulkPace::kFirstBytes / 4 * 3);
  }

  void aReadOnlyIndexIsWaitedFor() {
    open();
    faultOn(
        "_bulk",
        {200,
         R"({"errors":true,"items":[{"index":{"status":403,"error":{"type":"cluster_block_exception","reason":"index [payments-000001] blocked by: [FORBIDDEN/8/index write (api)];"}}}]})"});
    const std::vector<BulkOperation> operations = {index("a", 1)};
    const auto items = engine_->bulk(operations, 1);
    CPPUNIT_ASSERT(items.status().code() == Code::kUnavailable);  // nothing was decided
    CPPUNIT_ASSERT(items.status().message().find("FORBIDDEN/8/index write") != std::string_view::npos);
    fake_.setFault({});
    assertOk(send(operations, 1));
  }

  void aFailedRefreshIsNone() {
    open();
    assertOk(send({index("a", 1)}, 1));
    faultOn("_refresh", {200, R"({"_shards":{"total":2,"successful":1,"failed":1}})"});
    CPPUNIT_ASSERT(engine_->refresh().code() == Code::kUnavailable);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, engine_->progress().searchable);
    CPPUNIT_ASSERT(!engine_->commit().isOk());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, engine_->progress().durable);
    fake_.setFault({});
    assertOk(engine_->commit());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, engine_->progress().durable);
  }

  void garbageIsNoAnswer() {
    open();
    assertOk(send({index("a", 1)}, 1));
    for (const char* body : {"", "<html>", "{\"took\":1"}) {
      faultOn("_search", {200, body});
      CPPUNIT_ASSERT_EQUAL(std::string("malformed_response"), std::string(engine_->search("{}", 0).status().reason()));
    }
    faultOn("_search", {400, R"({"error":{"root_cause":[{"type":"parsing_exception","reason":"no"}]}})"});
    CPPUNIT_ASSERT(engine_->search("{}", 0).status().code() == Code::kInvalidArgument);
    faultOn("_doc", {200, "garbage"});
    CPPUNIT_ASSERT(engine_->get("a").status().code() == Code::kUnavailable);
  }

  void namesAndSettings() {
    open();
    const auto made = node_->requests("/payments-000001");
    const auto document = json::Document::parse(made.at(0).body);
    CPPUNIT_ASSERT(document.isOk());
    const json::Value settings = document->root()["settings"];
    CPPUNIT_ASSERT_EQUAL(std::string("-1"), std::string(settings["refresh_interval"].string()));
    CPPUNIT_ASSERT(settings["bulk_size"].isMissing() && settings["number_of_shards"].integer() == 1);
    CPPUNIT_ASSERT_EQUAL(std::string("strict"), std::string(document->root()["mappings"]["dynamic"].string()));
    assertOk(send({index("a", 1)}, 1));
    CPPUNIT_ASSERT(node_->requests("/payments/_bulk?require_alias=true").size() == 1);
  }

 private:
  base::SystemClock clock_;
  base::NullObserver observer_;
  std::atomic<std::uint64_t> last_sequence_ = 1'000;
  FakeSearchCluster fake_;
  std::unique_ptr<FakeNode> node_;
  std::unique_ptr<Cluster> cluster_;
  std::unique_ptr<SearchEngine> engine_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(OpenSearchEngineTest);

}  // namespace gyre::search
