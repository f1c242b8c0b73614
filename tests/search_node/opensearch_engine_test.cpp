#include "server/search/opensearch/opensearch_engine.hpp"

#include <unistd.h>

#include <chrono>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "tests/conformance/search_engine_suite.hpp"
#include "tests/search_node/search_node.hpp"

namespace gyre::search {

// The suite on a real node, and what only a real one can show. Each test has indices of its own and removes them.
class OpenSearchOnANodeTest : public SearchEngineSuite {
  CPPUNIT_TEST_SUB_SUITE(OpenSearchOnANodeTest, SearchEngineSuite);
  CPPUNIT_TEST(sumsAreExactWhereDoublesAreNot);
  CPPUNIT_TEST(anIndexDeletedBehindOurBackIsMadeAgain);
  CPPUNIT_TEST(aWriteBlockIsWaitedFor);
  CPPUNIT_TEST(packedBodiesAreUnderstood);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override {
    const auto node = test::searchNode();
    if (!node) return;
    ClusterOptions options;
    options.product = node->is_elasticsearch ? Product::kElasticsearch : Product::kOpenSearch;
    options.nodes.push_back(valueOf(parseNodeAddress(node->url)));
    options.packs_bodies = packs_bodies_;
    cluster_ = valueOf(Cluster::open(std::move(options), clock_, observer_, 30'000));
    const auto now = std::chrono::system_clock::now().time_since_epoch().count();
    prefix_ = "gyre-test-" + std::to_string(::getpid()) + "-" + std::to_string(now) + "-";
    SearchEngineSuite::setUp();
  }
  void tearDown() override {
    SearchEngineSuite::tearDown();
    if (cluster_) remove();
    cluster_.reset();
  }

 protected:
  std::unique_ptr<SearchEngine> open() override { return open(std::string(kDefinition)); }
  std::unique_ptr<SearchEngine> open(std::string definition) {
    ClusterIndexOptions options;
    options.prefix = prefix_;
    options.name = "payments";
    options.definition = std::move(definition);
    return valueOf(openOpenSearchEngine(std::move(options), *cluster_, clock_, observer_));
  }
  HttpResponse ask(std::string_view method, const std::string& target, std::string body = {}) {
    HttpRequest request;
    request.method = method;
    request.target = target;
    request.body = std::move(body);
    return valueOf(cluster_->send(request));
  }
  void remove() {
    ask("DELETE", "/" + prefix_ + "payments-000001," + prefix_ + "payments-000002," + prefix_ +
                      "gyre-marks?ignore_unavailable=true");
  }

  void sumsAreExactWhereDoublesAreNot() {
    engine_ = nullptr;
    remove();
    engine_ = open(
        R"({"mappings":{"properties":{"currency":{"type":"keyword"},"minor":{"type":"long","meta":{"sum":"exact"}}}}})");
    std::vector<BulkOperation> operations;
    for (std::uint64_t i = 1; i <= 1'001; ++i)
      operations.push_back(
          index("p" + std::to_string(i), i,
                R"({"currency":"EUR","minor":)" + std::string(i % 2 == 0 ? "1" : "999999999999999999") + "}"));
    send(operations, 1'001);
    assertOk(engine_->refresh());
    const SearchAnswer answer = valueOf(engine_->search(
        R"({"size":1,"aggs":{"by":{"terms":{"field":"currency"},"aggs":{"total":{"sum":{"field":"minor"}}}},"all":{"sum":{"field":"minor"}}}})",
        0));
    // 501 * 999,999,999,999,999,999 + 500
    CPPUNIT_ASSERT_MESSAGE(answer.body,
                           answer.body.find(R"("all":{"value":500999999999999999999.0})") != std::string::npos);
    CPPUNIT_ASSERT_MESSAGE(answer.body,
                           answer.body.find(R"("total":{"value":500999999999999999999.0})") != std::string::npos);
    CPPUNIT_ASSERT_MESSAGE(
        answer.body, answer.body.find("gyre_sums") == std::string::npos && answer.body.find('~') == std::string::npos);
    CPPUNIT_ASSERT_EQUAL(operations[0].source, sourceOf("p1"));
    assertOk(engine_->scan([&](std::string_view, std::uint64_t, std::string_view source) {
      CPPUNIT_ASSERT(source == operations[0].source || source == operations[1].source);
      return true;
    }));
  }

  void anIndexDeletedBehindOurBackIsMadeAgain() {
    send({index("a", 1, document(1))}, 1);
    assertOk(engine_->commit());
    ask("DELETE", "/" + prefix_ + "payments-000001");
    CPPUNIT_ASSERT(engine_->search("{}", 0).status().code() == Code::kUnavailable);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, engine_->progress().applied);
    const std::vector<BulkOperation> reckoned = {index("b", 2, document(2))};
    CPPUNIT_ASSERT_EQUAL(std::string("index_moved"), std::string(engine_->bulk(reckoned, 2).status().reason()));
    send({index("a", 1, document(1))}, 1);
    assertOk(engine_->refresh());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, foundInAll());
  }

  void aWriteBlockIsWaitedFor() {
    ask("PUT", "/" + prefix_ + "payments-000001/_settings", R"({"index.blocks.write":true})");
    const std::vector<BulkOperation> operations = {index("a", 1, document(1))};
    const auto items = engine_->bulk(operations, 1);
    CPPUNIT_ASSERT(!items.isOk() || items->at(0).verdict == BulkItem::Verdict::kRetry);
    ask("PUT", "/" + prefix_ + "payments-000001/_settings", R"({"index.blocks.write":null})");
    send(operations, 1);
    CPPUNIT_ASSERT_EQUAL(document(1), sourceOf("a"));
  }

  void packedBodiesAreUnderstood() {
    engine_ = nullptr;
    remove();
    cluster_.reset();
    packs_bodies_ = true;
    setUp();
    std::vector<BulkOperation> operations;
    for (std::uint64_t i = 1; i <= 500; ++i)
      operations.push_back(index("e" + std::to_string(i), i, document(static_cast<int>(i))));
    send(operations, 500);
    assertOk(engine_->refresh());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{500}, foundInAll());
  }

 private:
  base::SystemClock clock_;
  base::NullObserver observer_;
  std::unique_ptr<Cluster> cluster_;
  std::string prefix_;
  bool packs_bodies_ = false;
};

CPPUNIT_TEST_SUITE_REGISTRATION(OpenSearchOnANodeTest);

}  // namespace gyre::search
