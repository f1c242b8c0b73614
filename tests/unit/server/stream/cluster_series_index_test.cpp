// Samples of a stream on a cluster, by what goes over the wire; that they are found there is tests/search_node's.
#include "server/stream/cluster_series_index.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "server/stream/series_document.hpp"
#include "tests/support/fake_search_cluster.hpp"

namespace gyre::stream {

using engine::series::Labels;
using test::FakeNode;
using test::FakeSearchCluster;

class ClusterSeriesIndexTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(ClusterSeriesIndexTest);
  CPPUNIT_TEST(labelsAreReadAsTheyWereWritten);
  CPPUNIT_TEST(valuesAreKeptToTheBit);
  CPPUNIT_TEST(seriesAreToldOfOnceAnHour);
  CPPUNIT_TEST(aLargeBatchGoesInPortionsAndGoesOnWhereItStopped);
  CPPUNIT_TEST(lateIsWhatIsLateBeforeItsRecord);
  CPPUNIT_TEST_SUITE_END();

 public:
  static constexpr std::int64_t kHour = 3'600'000;
  static constexpr std::int64_t kBegin = 472'000 * kHour;

  void setUp() override { node_ = std::make_unique<FakeNode>(fake_.script()); }
  void tearDown() override {
    index_.reset();
    cluster_.reset();
    node_.reset();
  }

 protected:
  void open(std::int64_t out_of_order_ms = 0) {
    index_.reset();
    if (!cluster_) cluster_ = test::clusterOf(*node_, clock_, observer_);
    ClusterStreamOptions options;
    options.name = "metrics";
    options.definition = R"({"settings":{"refresh_interval":"1s"}})";
    options.last_sequence = [] { return std::uint64_t{1'000'000}; };
    options.first_sequence = [] { return Result<std::uint64_t>(1); };
    index_ =
        std::move(ClusterSeriesIndex::open(std::move(options), out_of_order_ms, *cluster_, clock_, observer_)).value();
  }
  static void assertOk(const Status& status) { CPPUNIT_ASSERT_MESSAGE(std::string(status.message()), status.isOk()); }

  // One record of samples of one series at these times.
  static RecordBatch batchOf(const std::vector<std::int64_t>& times) {
    SampleBatchWriter writer;
    const auto series = writer.series({{"__name__", "up"}, {"job", "api"}}, {MetricType::kGauge, "Help.", ""});
    for (const std::int64_t time : times) writer.sample(series, time, 1.5);
    RecordBatch batch;
    batch.add(0, 0, writer.finish(), times.size());
    return batch;
  }
  Status apply(const RecordBatch& batch, std::uint64_t first) {
    return index_->apply(batch, first, index_->progress().applied, clock_.nowMillis()).status();
  }
  // Ids that have this sign between a series and a time.
  std::size_t countOf(char sign) const {
    std::size_t count = 0;
    for (const auto& [id, version] : fake_.versions("metrics")) count += id.size() > 22 && id[22] == sign ? 1 : 0;
    return count;
  }

  static Labels readBack(const std::vector<gyre::Label>& labels) {
    const search::BulkOperation written = seriesDocument("digest", kBegin, labels, 1);
    const auto document = json::Document::parse(written.source);
    assertOk(document.status());
    return readSeriesLabels(document->root()).value();
  }

  void labelsAreReadAsTheyWereWritten() {
    const std::vector<gyre::Label> labels = {{"=", "="},
                                             {"\\", "\\"},
                                             {"\\=a", "=\\"},
                                             {"__name__", "a=b"},
                                             {"a", "=b"},
                                             {"a=", "b"},
                                             {"city", "Z\xC3\xBCrich\n\""}};
    Labels expected;
    for (const gyre::Label& label : labels) expected.push_back({std::string(label.name), std::string(label.value)});
    std::sort(expected.begin(), expected.end());
    CPPUNIT_ASSERT(readBack(labels) == expected);
    const Labels nameless = {{"a", "b"}};
    CPPUNIT_ASSERT(readBack({{"a", "b"}}) == nameless);
    // What is one label's end is not the next one's beginning.
    CPPUNIT_ASSERT(seriesDigest({{"a", "bc"}}) != seriesDigest({{"ab", "c"}}));
    CPPUNIT_ASSERT(seriesDigest({{"a", "b"}, {"c", "d"}}) != seriesDigest({{"a", "bc"}, {"d", ""}}));
    CPPUNIT_ASSERT_EQUAL(std::size_t{22}, seriesDigest({}).size());
    CPPUNIT_ASSERT_EQUAL(-kHour, hourOf(-1));
    CPPUNIT_ASSERT_EQUAL(-kHour, hourOf(-kHour));
    CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, hourOf(kHour - 1));
  }

  void valuesAreKeptToTheBit() {
    for (const double value :
         {0.0, -0.0, 0.1, 5e-324, std::numeric_limits<double>::max(), std::numeric_limits<double>::infinity(),
          -std::numeric_limits<double>::infinity(), std::nan("1"), engine::series::staleMarker()}) {
      const search::BulkOperation written = sampleDocument("digest", -5, value, 7);
      CPPUNIT_ASSERT_EQUAL(std::string("digest--5"), written.id);
      const auto document = json::Document::parse(written.source);
      assertOk(document.status());
      const auto bits = document->root()["bits"].integer();
      CPPUNIT_ASSERT(bits && *bits == std::bit_cast<std::int64_t>(value));
      CPPUNIT_ASSERT_EQUAL(std::isfinite(value), document->root()["value"].isNumber());
      if (std::isfinite(value)) CPPUNIT_ASSERT_EQUAL(value, document->root()["value"].real().value());
    }
  }

  void seriesAreToldOfOnceAnHour() {
    open();
    assertOk(apply(batchOf({kBegin, kBegin + 1, kBegin + kHour - 1, kBegin + kHour}), 1));
    assertOk(apply(batchOf({kBegin, kBegin + 2}), 5));
    assertOk(index_->flush().status());
    assertOk(index_->commit());
    CPPUNIT_ASSERT_EQUAL(std::size_t{5}, countOf('-'));
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, countOf('@'));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{6}, index_->progress().durable);
    const auto families = index_->metadata("", 0);
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, families.size());
    CPPUNIT_ASSERT_EQUAL(std::string("Help."), families[0].help);
    // The later of two counts.
    const auto digest = seriesDigest({{"__name__", "up"}, {"job", "api"}});
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{5}, fake_.versions("metrics")[digest + "-" + std::to_string(kBegin)]);
  }

  void aLargeBatchGoesInPortionsAndGoesOnWhereItStopped() {
    open();
    constexpr std::size_t kCount = 30'000;
    std::vector<std::int64_t> times;
    for (std::size_t i = 0; i < kCount; ++i) times.push_back(kBegin + static_cast<std::int64_t>(i));
    const RecordBatch batch = batchOf(times);
    std::atomic<bool> is_refused{false};
    fake_.setFault([&](const FakeNode::Request& request) {
      if (request.target.find("/_bulk") == std::string::npos || !is_refused) return FakeSearchCluster::noFault();
      return FakeNode::Reply{503, "{}"};
    });
    is_refused = true;
    CPPUNIT_ASSERT(!apply(batch, 1).isOk());
    const std::uint64_t stopped = index_->progress().applied;
    CPPUNIT_ASSERT(stopped > 0 && stopped < kCount);
    CPPUNIT_ASSERT(!apply(batch, 1).isOk());
    CPPUNIT_ASSERT_EQUAL(stopped, index_->progress().applied);  // nothing is gathered twice
    is_refused = false;
    assertOk(apply(batch, 1));
    assertOk(index_->flush().status());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{kCount}, index_->progress().applied);
    CPPUNIT_ASSERT_EQUAL(kCount, countOf('-'));
  }

  void lateIsWhatIsLateBeforeItsRecord() {
    open(1'000);
    assertOk(apply(batchOf({kBegin}), 1));
    // Times are reckoned from the newest before the record, so both count.
    assertOk(apply(batchOf({kBegin + 60'000, kBegin - 1'000, kBegin - 1'001}), 2));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, index_->droppedRecords());
    assertOk(index_->flush().status());
    assertOk(index_->commit());
    CPPUNIT_ASSERT_EQUAL(std::size_t{3}, countOf('-'));
    RecordBatch late = batchOf({kBegin + 60'000, kBegin + 58'999});
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, index_->screen(late).size());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, late.sequenceCount());
    open(1'000);  // as the mark says
    late = batchOf({kBegin + 60'000, kBegin + 58'999});
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, index_->screen(late).size());
  }

 private:
  base::ManualClock clock_{kBegin};
  base::NullObserver observer_;
  FakeSearchCluster fake_;
  std::unique_ptr<FakeNode> node_;
  std::unique_ptr<search::Cluster> cluster_;
  std::unique_ptr<ClusterSeriesIndex> index_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(ClusterSeriesIndexTest);

}  // namespace gyre::stream
