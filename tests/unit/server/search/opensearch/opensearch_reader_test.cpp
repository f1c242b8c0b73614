#include "server/search/opensearch/opensearch_reader.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "server/search/opensearch/opensearch_engine.hpp"
#include "tests/support/fake_search_cluster.hpp"

namespace gyre::search {

using test::FakeNode;
using test::FakeSearchCluster;

// One engine writes, a reader beside it knows only what stands in the cluster.
class OpenSearchReaderTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(OpenSearchReaderTest);
  CPPUNIT_TEST(beforeTheWriterThereIsNothing);
  CPPUNIT_TEST(theWriterTellsHowFarItIs);
  CPPUNIT_TEST(aRefreshShowsWhatWasApplied);
  CPPUNIT_TEST(searchesGoToTheIndexThatWasLookedAt);
  CPPUNIT_TEST(anIndexThatIsGoneIsNotCounted);
  CPPUNIT_TEST(aMarkOfOtherDataIsNotBelieved);
  CPPUNIT_TEST(aLookThatFailsChangesNothing);
  CPPUNIT_TEST(nothingIsWritten);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override { cluster_ = test::clusterOf(node_, clock_, observer_); }
  void tearDown() override {
    reader_.reset();
    writer_.reset();
    cluster_.reset();
  }

  void beforeTheWriterThereIsNothing() {
    openReader();
    assertReason("index_missing", reader_->health());
    assertReason("index_missing", reader_->search("{}", 0).status());
    openWriter();
    assertOk(reader_->look());
    assertOk(reader_->health());
    CPPUNIT_ASSERT(reader_->search("{}", 0).isOk());
  }

  void theWriterTellsHowFarItIs() {
    openWriter();
    openReader();
    write("a", 5);
    awaitApplied(5);  // told without a commit
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, reader_->progress().searchable);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{9}, reader_->logEnd());
    const std::uint64_t generation = reader_->progress().generation;
    assertOk(writer_->commit());
    assertOk(reader_->look());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{5}, reader_->progress().searchable);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{5}, reader_->search("{}", 0)->sequence);
    CPPUNIT_ASSERT(reader_->progress().generation != generation);
  }

  void aRefreshShowsWhatWasApplied() {
    openWriter();
    openReader();
    write("a", 5);
    awaitApplied(5);
    assertOk(reader_->refresh());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{5}, reader_->progress().searchable);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{5}, reader_->search("{}", 0)->sequence);
    // What the writer has said since last time is less than what we have seen to.
    assertOk(reader_->look());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{5}, reader_->progress().searchable);
  }

  void searchesGoToTheIndexThatWasLookedAt() {
    openWriter();
    openReader();
    std::string target;
    fake_.setFault([&target](const FakeNode::Request& request) {
      if (request.target.find("_search") != std::string::npos) target = request.target;
      return FakeSearchCluster::noFault();
    });
    CPPUNIT_ASSERT(reader_->search("{}", 0).isOk());
    CPPUNIT_ASSERT_MESSAGE(target, target.starts_with("/payments-000001/_search"));
  }

  void anIndexThatIsGoneIsNotCounted() {
    openWriter();
    openReader();
    write("a", 5);
    awaitApplied(5);
    fake_.deleteIndices();
    assertReason("index_missing", reader_->search("{}", 0).status());
    assertReason("index_missing", reader_->health());
    assertReason("index_missing", reader_->look());
    assertReason("index_missing", writer_->search("{}", 0).status());
    CPPUNIT_ASSERT(writer_->search("{}", 0).isOk());  // it has made it anew, of number 1 again
    assertOk(reader_->look());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, reader_->search("{}", 0)->sequence);
  }

  void aMarkOfOtherDataIsNotBelieved() {
    openWriter();
    write("a", 5);
    assertOk(writer_->commit());
    assertOk(writer_->close());
    fake_.changeHistory();
    openReader();
    assertReason("index_moved", reader_->health());
    assertReason("index_moved", reader_->search("{}", 0).status());
  }

  void aLookThatFailsChangesNothing() {
    openWriter();
    openReader();
    write("a", 5);
    awaitApplied(5);
    assertOk(reader_->refresh());
    fake_.setFault([](const FakeNode::Request& request) {
      return request.target.find("gyre-marks") == std::string::npos ? FakeSearchCluster::noFault()
                                                                    : FakeNode::Reply{503, "{}"};
    });
    CPPUNIT_ASSERT(!reader_->look().isOk());
    assertOk(reader_->health());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{5}, reader_->search("{}", 0)->sequence);
  }

  void nothingIsWritten() {
    openWriter();
    openReader();
    CPPUNIT_ASSERT(reader_->bulk({}, 1).status().code() == Code::kUnimplemented);
    CPPUNIT_ASSERT(reader_->commit().code() == Code::kUnimplemented);
  }

 private:
  ClusterIndexOptions options() const {
    ClusterIndexOptions options;
    options.name = "payments";
    options.definition = R"({"settings":{},"mappings":{"properties":{"n":{"type":"long"}}}})";
    options.is_shared = true;
    return options;
  }
  void openWriter() {
    ClusterIndexOptions written = options();
    written.last_sequence = [] { return std::uint64_t{9}; };
    writer_ = std::move(openOpenSearchEngine(std::move(written), *cluster_, clock_, observer_)).value();
  }
  void openReader() { reader_ = std::move(openOpenSearchReader(options(), *cluster_, clock_, observer_)).value(); }
  void write(const std::string& id, std::uint64_t sequence) {
    const BulkOperation operation{BulkOperation::Kind::kIndex, id, sequence, R"({"n":1})", false};
    CPPUNIT_ASSERT(writer_->bulk(std::vector{operation}, sequence).isOk());
  }
  // The writer tells it within a tenth of a second; nothing says when.
  void awaitApplied(std::uint64_t sequence) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    do {
      assertOk(reader_->look());
      std::this_thread::yield();
    } while (reader_->progress().applied < sequence && std::chrono::steady_clock::now() < deadline);
    CPPUNIT_ASSERT_EQUAL(sequence, reader_->progress().applied);
  }
  static void assertOk(const Status& status) { CPPUNIT_ASSERT_MESSAGE(std::string(status.message()), status.isOk()); }
  static void assertReason(const std::string& reason, const Status& status) {
    CPPUNIT_ASSERT_EQUAL(reason, std::string(status.reason()));
  }

  base::SystemClock clock_;
  base::NullObserver observer_;
  FakeSearchCluster fake_;
  FakeNode node_{fake_.script()};
  std::unique_ptr<Cluster> cluster_;
  std::unique_ptr<SearchEngine> writer_;
  std::unique_ptr<IndexReader> reader_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(OpenSearchReaderTest);

}  // namespace gyre::search
