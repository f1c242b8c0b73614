// A stream's index on a cluster, by what goes over the wire; that it is found there is tests/search_node's.
#include "server/stream/cluster_document_index.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/fake_search_cluster.hpp"

namespace gyre::stream {

using test::FakeNode;
using test::FakeSearchCluster;

class ClusterDocumentIndexTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(ClusterDocumentIndexTest);
  CPPUNIT_TEST(smallBatchesGoTogether);
  CPPUNIT_TEST(aGenerationEndsBetweenTwoBatches);
  CPPUNIT_TEST(afterACrashNothingIsInTwoGenerations);
  CPPUNIT_TEST(whatIsRefusedForNowGoesAgainAlone);
  CPPUNIT_TEST(whatIsRefusedForGoodIsToldOnceAndAsItCame);
  CPPUNIT_TEST(aDeletedIndexIsFilledFromWhatTheLogHas);
  CPPUNIT_TEST(anotherMappingBeginsAnotherGeneration);
  CPPUNIT_TEST(anIndexAheadOfTheLogIsNotServed);
  CPPUNIT_TEST(searchesNameWhatTheyNeed);
  CPPUNIT_TEST(retentionDeletesWholeGenerations);
  CPPUNIT_TEST(theClusterMayComeLater);
  CPPUNIT_TEST_SUITE_END();

 public:
  static constexpr std::int64_t kDay = 24LL * 3600 * 1000;
  static constexpr std::string_view kDefinition =
      R"({"mappings":{"properties":{"sequence":{"type":"long"},"at":{"type":"date"},"text":{"type":"text"}}}})";

  void setUp() override { node_ = std::make_unique<FakeNode>(fake_.script()); }
  void tearDown() override {
    index_.reset();
    cluster_.reset();
    node_.reset();
  }

 protected:
  void open(std::string_view definition = kDefinition) {
    index_.reset();
    if (!cluster_) cluster_ = test::clusterOf(*node_, clock_, observer_);
    ClusterStreamOptions options;
    options.name = "lines";
    options.definition = definition;
    options.time_field = "at";
    options.generation_age_ms = kDay;
    options.last_sequence = [this] { return last_sequence_.load(); };
    options.first_sequence = [this] { return Result<std::uint64_t>(first_sequence_.load()); };
    index_ = std::move(ClusterDocumentIndex::open(std::move(options), *cluster_, clock_, observer_)).value();
  }
  static void assertOk(const Status& status) { CPPUNIT_ASSERT_MESSAGE(std::string(status.message()), status.isOk()); }
  // As the log would give it.
  static RecordBatch batchOf(std::size_t count, std::int64_t at = 1'000) {
    RecordBatch batch;
    for (std::size_t i = 0; i < count; ++i) batch.add(i, at, "{\"at\":" + std::to_string(at) + "}");
    return batch;
  }
  std::vector<RefusedRecord> apply(std::uint64_t first, std::size_t count, std::int64_t at = 1'000) {
    last_sequence_ = std::max(last_sequence_.load(), first + count - 1);
    auto refused = index_->apply(batchOf(count, at), first, index_->progress().applied, clock_.nowMillis());
    assertOk(refused.status());
    return std::move(refused).value();
  }
  std::vector<RefusedRecord> flush() {
    auto refused = index_->flush();
    assertOk(refused.status());
    return std::move(refused).value();
  }
  void commit() {
    flush();
    assertOk(index_->commit());
  }
  std::size_t held(const std::string& name) { return fake_.versions(name + "-write").size(); }
  void onBulk(std::function<FakeNode::Reply(const FakeNode::Request&)> reply) {
    fake_.setFault([reply](const FakeNode::Request& request) {
      return request.target.find("/_bulk") == std::string::npos ? FakeSearchCluster::noFault() : reply(request);
    });
  }

  void smallBatchesGoTogether() {
    open();
    std::atomic<int> requests{0};
    onBulk([&](const auto&) {
      ++requests;
      return FakeSearchCluster::noFault();
    });
    for (std::uint64_t i = 1; i <= 50; ++i) apply(i, 1);
    CPPUNIT_ASSERT_EQUAL(0, requests.load());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{50}, index_->progress().applied);
    assertOk(index_->refresh());
    CPPUNIT_ASSERT_EQUAL(1, requests.load());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{50}, index_->progress().searchable);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, index_->progress().durable);
    commit();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{50}, index_->progress().durable);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{7}, fake_.versions("lines")["1000-7"]);
  }

  void aGenerationEndsBetweenTwoBatches() {
    open();
    apply(1, 10);
    clock_.advance(kDay);
    apply(11, 5);
    flush();
    CPPUNIT_ASSERT_EQUAL(std::string("lines-000002"), fake_.aliasTarget("lines"));
    CPPUNIT_ASSERT_EQUAL(std::size_t{10}, held("lines-000001"));
    CPPUNIT_ASSERT_EQUAL(std::size_t{5}, held("lines-000002"));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{10}, index_->progress().durable);
    open();
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, index_->generations().size());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{11}, index_->generations().back().first_sequence);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{10}, index_->progress().applied);
  }

  void afterACrashNothingIsInTwoGenerations() {
    open();
    apply(1, 10);
    flush();
    clock_.advance(kDay);
    open();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, index_->progress().applied);
    apply(1, 4);
    apply(5, 6);
    flush();
    CPPUNIT_ASSERT_EQUAL(std::size_t{10}, held("lines-000001"));
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, fake_.indexCount());
    apply(11, 1);
    flush();
    CPPUNIT_ASSERT_EQUAL(std::size_t{10}, held("lines-000001"));
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, held("lines-000002"));
  }

  void whatIsRefusedForNowGoesAgainAlone() {
    open();
    apply(1, 3);
    onBulk([](const auto&) {
      return FakeNode::Reply{200, R"({"items":[{"index":{"status":201}},
          {"index":{"status":429,"error":{"type":"es_rejected_execution_exception","reason":"busy"}}},
          {"index":{"status":201}}]})"};
    });
    const auto refused = index_->flush();
    CPPUNIT_ASSERT(refused.status().code() == Code::kUnavailable);
    CPPUNIT_ASSERT(index_->commit().code() == Code::kUnavailable);  // by the reply, which is for three
    fake_.setFault(nullptr);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, index_->progress().durable);
    commit();
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, held("lines-000001"));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, fake_.versions("lines")["1000-2"]);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, index_->progress().durable);
  }

  void whatIsRefusedForGoodIsToldOnceAndAsItCame() {
    open();
    RecordBatch batch;
    for (const char* record : {"{ \"at\":1, \"text\":\"a,b\"}", "{}", "[1]"}) batch.add(0, 1, record);
    last_sequence_ = 3;
    assertOk(index_->apply(batch, 1, 0, 0).status());
    onBulk([](const auto&) {
      return FakeNode::Reply{200, R"({"items":[{"index":{"status":400,"error":{"type":"mapper","reason":"no"}}},
          {"index":{"status":400,"error":{"type":"mapper","reason":"no"}}},
          {"index":{"status":400,"error":{"type":"mapper","reason":"no"}}}]})"};
    });
    const auto refused = flush();
    CPPUNIT_ASSERT_EQUAL(std::size_t{3}, refused.size());
    CPPUNIT_ASSERT_EQUAL(std::string("{\"at\":1, \"text\":\"a,b\"}"), refused[0].record);
    CPPUNIT_ASSERT_EQUAL(std::string("{}"), refused[1].record);
    CPPUNIT_ASSERT_EQUAL(std::string("[1]"), refused[2].record);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, refused[2].sequence);
    CPPUNIT_ASSERT(flush().empty());
  }

  void aDeletedIndexIsFilledFromWhatTheLogHas() {
    open();
    apply(1, 10);
    commit();
    apply(11, 5);
    flush();
    fake_.deleteIndices();
    first_sequence_ = 8;
    CPPUNIT_ASSERT_EQUAL(std::string("index_missing"), std::string(index_->refresh().reason()));
    CPPUNIT_ASSERT(!index_->health().isOk());
    assertOk(index_->attend());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{7}, index_->progress().applied);
    apply(8, 8);
    commit();
    CPPUNIT_ASSERT_EQUAL(std::size_t{8}, held("lines-000001"));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{15}, index_->progress().durable);
  }

  void anotherMappingBeginsAnotherGeneration() {
    open();
    apply(1, 10);
    commit();
    apply(11, 1);
    flush();
    open(R"({"mappings":{"properties":{"sequence":{"type":"long"},"at":{"type":"date"},"more":{"type":"long"}}}})");
    assertOk(index_->attend());
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, index_->generations().size());  // sequence 11 belongs to the one before
    apply(11, 1);
    assertOk(index_->attend());
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, index_->generations().size());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{12}, index_->generations().back().first_sequence);
    CPPUNIT_ASSERT_EQUAL(std::size_t{11}, held("lines-000001"));
  }

  void anIndexAheadOfTheLogIsNotServed() {
    open();
    apply(1, 10);
    commit();
    last_sequence_ = 4;
    open();
    CPPUNIT_ASSERT_EQUAL(std::string("index_ahead"), std::string(index_->health().reason()));
  }

  void searchesNameWhatTheyNeed() {
    open();
    for (std::uint64_t day = 0; day < 3; ++day) {
      apply(1 + day, 1, static_cast<std::int64_t>(day) * 1'000);
      clock_.advance(kDay);
    }
    flush();
    std::string target;
    fake_.setFault([&](const FakeNode::Request& request) {
      if (request.target.find("/_search") != std::string::npos)
        target = request.target.substr(0, request.target.find('?'));
      return FakeSearchCluster::noFault();
    });
    const auto named = [&](const char* request) {
      assertOk(index_->search(request, 0).status());
      return target;
    };
    CPPUNIT_ASSERT_EQUAL(std::string("/lines-000003/_search"), named(R"({"query":{"range":{"at":{"gte":2000}}}})"));
    fake_.setFault([&](const FakeNode::Request& request) {
      target = request.target.substr(0, request.target.find('?'));
      return FakeNode::Reply{200, "{}"};
    });
    CPPUNIT_ASSERT_EQUAL(std::string("/lines-000002,lines-000003/_search"),
                         named(R"({"query":{"range":{"at":{"gte":1000,"lte":1500,"format":"epoch_millis"}}}})"));
    CPPUNIT_ASSERT_EQUAL(std::string("/lines-000001,lines-000002,lines-000003/_search"), named("{}"));
  }

  void retentionDeletesWholeGenerations() {
    open();
    for (std::uint64_t day = 0; day < 3; ++day) {
      apply(1 + day, 1, clock_.nowMillis());
      clock_.advance(kDay);
    }
    commit();
    const auto result = index_->retain(clock_.nowMillis() - 2 * kDay - kDay / 2);
    assertOk(result.status());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, result->deleted_generations);
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, fake_.indexCount());
    CPPUNIT_ASSERT_EQUAL(std::string("lines-000002"), index_->generations().front().name);
    // All of it too old: another begins, and nothing else is left.
    assertOk(index_->retain(clock_.nowMillis()).status());
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, fake_.indexCount());
    CPPUNIT_ASSERT_EQUAL(std::string("lines-000004"), index_->generations().front().name);
  }

  void theClusterMayComeLater() {
    fake_.setFault([](const FakeNode::Request& request) {
      return request.target == "/" ? FakeSearchCluster::noFault() : FakeNode::Reply{503, "{}"};
    });
    open();
    CPPUNIT_ASSERT(!index_->health().isOk());
    CPPUNIT_ASSERT(!index_->apply(batchOf(1), 1, 0, 0).isOk());
    fake_.setFault(nullptr);
    assertOk(index_->attend());
    apply(1, 1);
    commit();
    CPPUNIT_ASSERT(index_->health().isOk());
  }

 private:
  base::ManualClock clock_{1'700'000'000'000};
  base::NullObserver observer_;
  FakeSearchCluster fake_;
  std::unique_ptr<FakeNode> node_;
  std::unique_ptr<search::Cluster> cluster_;
  std::atomic<std::uint64_t> last_sequence_{0}, first_sequence_{1};
  std::unique_ptr<ClusterDocumentIndex> index_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(ClusterDocumentIndexTest);

}  // namespace gyre::stream
