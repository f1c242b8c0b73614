// Samples from one store to another, by what is there at the end, whatever happens between.
#include "server/stream/sample_move.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include "engine/directory/ram_directory.hpp"
#include "server/stream/sample_places.hpp"
#include "tests/support/fake_search_cluster.hpp"
#include "tests/support/series_model.hpp"

namespace gyre::stream {

using engine::RamDirectory;
using engine::series::Labels;
using engine::series::MemorySource;
using engine::series::SampleColumns;
using engine::series::SeriesStore;
using engine::series::SeriesStoreOptions;
using engine::series::test::BatchMaker;
using engine::series::test::LoggedBatch;
using engine::series::test::requireOk;
using engine::series::test::requireSame;
using test::FakeNode;
using test::FakeSearchCluster;

namespace {

constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kBegin = 472'000 * kHour;

std::unique_ptr<SeriesStore> openStore(engine::Directory& directory, const SeriesStoreOptions& options = {}) {
  auto store = SeriesStore::open(directory, options);
  requireOk(store.status());
  return std::move(store).value();
}

void apply(SeriesStore& store, std::uint64_t first_sequence,
           const std::vector<std::pair<std::int64_t, double>>& samples, std::string_view help = "Help.") {
  SampleBatchWriter writer;
  const auto series = writer.series({{"__name__", "up"}}, {MetricType::kGauge, help, ""});
  for (const auto& [time, value] : samples) writer.sample(series, time, value);
  const std::string bytes = writer.finish();
  requireOk(store.apply(SampleBatch::read(bytes).value(), first_sequence));
}

// A store that fails as it is told, at each of its calls.
class ShakyPlace final : public SamplePlace {
 public:
  using Fault = std::function<Status()>;
  ShakyPlace(SeriesStore& store, Fault fault) : place_(store), fault_(std::move(fault)) {}
  const engine::series::SeriesSource& source() const override { return place_.source(); }
  std::uint64_t sequence() const override { return place_.sequence(); }
  std::int64_t newestTime() const override { return place_.newestTime(); }
  Result<std::uint64_t> sampleCount(const TimeRange& range) const override {
    GYRE_TRY(fault_());
    return place_.sampleCount(range);
  }
  Result<std::optional<std::int64_t>> firstTime(const TimeRange& range) const override {
    GYRE_TRY(fault_());
    return place_.firstTime(range);
  }
  std::int64_t retiredTime() const override { return place_.retiredTime(); }
  bool takesRetired() const override { return place_.takesRetired(); }
  Status begin(const TimeRange& window, std::uint64_t as_of) override {
    GYRE_TRY(fault_());
    return place_.begin(window, as_of);
  }
  Status put(const Labels& labels, const SampleColumns& samples) override {
    GYRE_TRY(fault_());
    return place_.put(labels, samples);
  }
  Status end() override {
    GYRE_TRY(fault_());
    return place_.end();
  }
  Status cover(std::uint64_t sequence, std::int64_t newest_ms,
               const std::vector<engine::series::MetricMetadata>& families) override {
    GYRE_TRY(fault_());
    return place_.cover(sequence, newest_ms, families);
  }

 private:
  StoredSamples place_;
  const Fault fault_;
};

}  // namespace

class SampleMoveTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(SampleMoveTest);
  CPPUNIT_TEST(allIsThereAndTheSecondMoveFindsNothing);
  CPPUNIT_TEST(aMoveThatBreaksOffGoesOn);
  CPPUNIT_TEST(whatPassesIsWaitedFor);
  CPPUNIT_TEST(whatWasThereCountsLessAndWhatComesCountsMore);
  CPPUNIT_TEST(differencesThatStayAreTold);
  CPPUNIT_TEST(whatRetentionHasDeletedIsNotBroughtAgain);
  CPPUNIT_TEST(whatOnlyRetentionHasDeletedIsNoDifference);
  CPPUNIT_TEST(aStoreThatIsAheadIsLeftAlone);
  CPPUNIT_TEST(aClusterCoversNothingUntilAllIsThere);
  CPPUNIT_TEST(aClusterThatTakesNothingIsTriedAgain);
  CPPUNIT_TEST(whatAClusterRefusesIsTold);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override {
    const std::uint32_t seed = std::random_device{}();
    where_ = "seed " + std::to_string(seed);
    BatchMaker maker(seed);
    from_ = openStore(from_directory_);
    for (int i = 0; i < 40; ++i) {
      const LoggedBatch logged = maker.next();
      requireOk(from_->apply(logged.batch(), logged.first_sequence));
      applyTo(model_, logged);
      if (i % 7 == 0) requireOk(from_->commit().status());
      if (i % 13 == 0) requireOk(from_->maintain(maker.nowMs()));
    }
    requireOk(from_->commit().status());
  }
  void tearDown() override {
    index_.reset();
    cluster_.reset();
    node_.reset();
  }

 protected:
  Result<MovedSamples> moveTo(
      SeriesStore& store, const ShakyPlace::Fault& fault = [] { return Status(); }) {
    const StoredSamples from(*from_);
    ShakyPlace to(store, fault);
    return moveSamples(from, to, {});
  }
  void assertMoved(const Result<MovedSamples>& moved, std::uint64_t samples) {
    requireOk(moved.status());
    CPPUNIT_ASSERT_EQUAL_MESSAGE(where_, samples, moved->samples);
    CPPUNIT_ASSERT_EQUAL(from_->durableSequence(), moved->sequence);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, moved->compared.missing_count);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, moved->compared.extra_count);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, moved->compared.different_count);
  }

  void allIsThereAndTheSecondMoveFindsNothing() {
    auto to = openStore(to_directory_);
    const auto moved = moveTo(*to);
    requireOk(moved.status());
    assertMoved(moved, moved->compared.checked);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, moved->families);
    requireSame(*to, model_, where_);
    assertMoved(moveTo(*to), 0);
    to = openStore(to_directory_);
    CPPUNIT_ASSERT_EQUAL(from_->durableSequence(), to->durableSequence());
    CPPUNIT_ASSERT_EQUAL(from_->newestTime(), to->newestTime());
    CPPUNIT_ASSERT_EQUAL(std::size_t{3}, to->metadata("", 0).value().size());
    requireSame(*to, model_, where_);
    // Its blocks are as those of the store itself: merged, and rolled up.
    requireOk(to->maintain(to->newestTime()));
    requireOk(to->check());
    requireSame(*to, model_, where_);
  }

  void aMoveThatBreaksOffGoesOn() {
    for (int limit = 1;; limit += limit < 40 ? 1 : 97) {
      auto to = openStore(to_directory_);
      int calls = 0;
      const auto moved = moveTo(*to, [&] { return ++calls < limit ? Status() : internalError("power cut"); });
      to = openStore(to_directory_);
      if (moved.isOk()) {
        requireSame(*to, model_, where_);
        assertMoved(moveTo(*to), 0);
        return;
      }
      CPPUNIT_ASSERT_EQUAL(std::string("power cut"), std::string(moved.status().message()));
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, to->durableSequence());  // it covers nothing
    }
  }

  void whatPassesIsWaitedFor() {
    auto to = openStore(to_directory_);
    int calls = 0;
    requireOk(moveTo(*to, [&] {
                return ++calls % 200 == 50 ? Status(Code::kUnavailable, "search_engine_away", "away") : Status();
              }).status());
    CPPUNIT_ASSERT(calls > 50);
    requireSame(*to, model_, where_);
  }

  void whatWasThereCountsLessAndWhatComesCountsMore() {
    RamDirectory directory;
    from_ = openStore(directory);
    apply(*from_, 1, {{kBegin, 1}, {kBegin + 1, 2}, {kBegin + 2, 3}});
    auto to = openStore(to_directory_);
    assertMoved(moveTo(*to), 3);
    apply(*from_, 4, {{kBegin + 1, 20}, {kBegin + 5 * kHour, 4}}, "Other help.");
    requireOk(from_->commit().status());
    assertMoved(moveTo(*to), 2);
    CPPUNIT_ASSERT_EQUAL(std::string("Other help."), to->metadata("up", 0).value().at(0).help);
    apply(*to, 5, {{kBegin + 1, -1}});  // was applied
    apply(*to, 6, {{kBegin + 2, 30}});
    requireOk(to->commit().status());
    MemorySource expected;
    const Labels labels = {{"__name__", "up"}};
    for (const auto& [time, value] : std::vector<std::pair<std::int64_t, double>>{
             {kBegin, 1}, {kBegin + 1, 20}, {kBegin + 2, 30}, {kBegin + 5 * kHour, 4}})
      expected.add(labels, time, value);
    requireSame(*to, expected, "");
  }

  void differencesThatStayAreTold() {
    RamDirectory directory;
    from_ = openStore(directory);
    apply(*from_, 1, {{kBegin, 1}});
    apply(*from_, 2, {{kBegin + kHour, 1}});
    requireOk(from_->commit().status());
    auto to = openStore(to_directory_);
    apply(*to, 1, {{kBegin + 7, 5}});
    requireOk(to->commit().status());
    const auto moved = moveTo(*to);
    requireOk(moved.status());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, moved->samples);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, moved->compared.extra_count);
    CPPUNIT_ASSERT_EQUAL(std::string("up{} ") + base::formatTime(kBegin + 7), moved->compared.extra.at(0));
  }

  void whatRetentionHasDeletedIsNotBroughtAgain() {
    RamDirectory directory;
    from_ = openStore(directory);
    apply(*from_, 1, {{kBegin + 1, 1}, {kBegin + 2, 2}, {kBegin + 100 * kHour, 3}});
    requireOk(from_->commit().status());
    SeriesStoreOptions options;
    options.sample_retention_ms = 10 * kHour;
    auto to = openStore(to_directory_, options);
    assertMoved(moveTo(*to), 3);
    requireOk(to->maintain(kBegin + 50 * kHour));
    CPPUNIT_ASSERT_EQUAL(kBegin + 2, to->retiredTime());
    const auto again = moveTo(*to);
    assertMoved(again, 0);
    CPPUNIT_ASSERT(again->retired >= 2);
    CPPUNIT_ASSERT_EQUAL(kBegin + 2, again->retired_until_ms);
    // From there only a sample a bucket is left, which goes; and that it is no more than that is told.
    from_ = openStore(to_directory_, options);
    auto other = openStore(directory_);
    const auto back = moveTo(*other);
    assertMoved(back, 2);
    CPPUNIT_ASSERT(back->roll_ups.buckets > 0);
    CPPUNIT_ASSERT(back->roll_ups.first_ms <= kBegin + 1 && back->roll_ups.last_ms >= kBegin + 2);
  }

  void whatOnlyRetentionHasDeletedIsNoDifference() {
    SeriesStoreOptions options;
    options.sample_retention_ms = 10 * kHour;
    from_ = openStore(directory_, options);
    apply(*from_, 1, {{kBegin + 1, 1}, {kBegin + 2, 2}, {kBegin + 100 * kHour, 3}});
    requireOk(from_->commit().status());
    auto to = openStore(to_directory_);
    assertMoved(moveTo(*to), 3);
    requireOk(from_->maintain(kBegin + 50 * kHour));
    assertMoved(moveTo(*to), 0);
    // What it would have kept is one.
    requireOk(from_->cover(4, 0, {}));
    apply(*to, 4, {{kBegin + 99 * kHour, 5}});
    requireOk(to->commit().status());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, moveTo(*to)->compared.extra_count);
  }

  void aStoreThatIsAheadIsLeftAlone() {
    auto to = openStore(to_directory_);
    apply(*to, from_->durableSequence() + 1, {{kBegin, 1}});
    requireOk(to->commit().status());
    const auto moved = moveTo(*to);
    CPPUNIT_ASSERT_EQUAL(std::string("index_ahead"), std::string(moved.status().reason()));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, to->stats().samples);
  }

  // ---- on a cluster, by what goes over the wire

  void openIndex() {
    if (!cluster_) {
      node_ = std::make_unique<FakeNode>(fake_.script());
      cluster_ = test::clusterOf(*node_, clock_, observer_);
    }
    index_.reset();
    ClusterStreamOptions options;
    options.name = "metrics";
    options.definition = R"({"settings":{}})";
    options.last_sequence = [] { return std::uint64_t{1'000}; };
    options.first_sequence = [] { return Result<std::uint64_t>(1); };
    options.generation_age_ms = 24 * kHour;
    auto opened = ClusterSeriesIndex::open(std::move(options), 0, *cluster_, clock_, observer_);
    requireOk(opened.status());
    index_ = std::move(opened).value();
  }
  static SampleColumns hourly(std::int64_t first_ms, std::size_t count) {
    SampleColumns samples;
    for (std::size_t i = 0; i < count; ++i)
      samples.add(first_ms + static_cast<std::int64_t>(i) * kHour, static_cast<double>(i));
    return samples;
  }
  void put(ClusterSamples& place, std::int64_t first_ms, std::size_t count) {
    requireOk(place.begin({first_ms, first_ms + 24 * kHour}, 500));
    requireOk(place.put({{"__name__", "up"}}, hourly(first_ms, count)));
  }

  void aClusterCoversNothingUntilAllIsThere() {
    clock_.moveTo(kBegin);
    openIndex();
    ClusterSamples place(*index_, &clock_);
    for (int day = 0; day < 3; ++day) {
      put(place, kBegin + day * 24 * kHour, 24);
      requireOk(place.end());
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, index_->progress().durable);
    }
    CPPUNIT_ASSERT_EQUAL(std::size_t{3}, fake_.indexCount());  // a generation a day
    CPPUNIT_ASSERT_EQUAL(engine::series::kNoTimeMs, place.retiredTime());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, index_->retain(kBegin + 24 * kHour)->deleted_generations);
    CPPUNIT_ASSERT_EQUAL(kBegin + 24 * kHour - 1, place.retiredTime());
    for (const auto& [id, version] : fake_.versions("metrics")) CPPUNIT_ASSERT_EQUAL(std::uint64_t{500}, version);
    // A sample and a series for each hour.
    CPPUNIT_ASSERT_EQUAL(std::size_t{48}, fake_.versions("metrics").size());
    openIndex();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, index_->progress().durable);
    ClusterSamples again(*index_, &clock_);
    requireOk(again.cover(500, kBegin + 71 * kHour, {{"up", "gauge", "Help.", ""}}));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{500}, index_->progress().durable);
    openIndex();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{500}, index_->progress().durable);
    CPPUNIT_ASSERT_EQUAL(kBegin + 71 * kHour, index_->newestSampleTime());
    CPPUNIT_ASSERT_EQUAL(std::size_t{49}, fake_.versions("metrics").size());  // the family
  }

  void aClusterThatTakesNothingIsTriedAgain() {
    clock_.moveTo(kBegin);
    openIndex();
    ClusterSamples place(*index_, &clock_);
    std::atomic<bool> is_refused{true};
    fake_.setFault([&](const FakeNode::Request& request) {
      if (request.target.find("/_bulk") == std::string::npos || !is_refused) return FakeSearchCluster::noFault();
      return FakeNode::Reply{503, "{}"};
    });
    put(place, kBegin, 24);
    CPPUNIT_ASSERT(place.end().code() == Code::kUnavailable);
    CPPUNIT_ASSERT(place.begin({kBegin, kBegin + 24 * kHour}, 500).code() == Code::kUnavailable);
    is_refused = false;
    // What was left is sent before the window is looked at again.
    requireOk(place.begin({kBegin, kBegin + 24 * kHour}, 500));
    CPPUNIT_ASSERT_EQUAL(std::size_t{48}, fake_.versions("metrics").size());
    // The index is deleted: it is made again, and nothing of before is thought to be there.
    fake_.deleteIndices();
    requireOk(place.put({{"__name__", "up"}}, hourly(kBegin, 24)));
    CPPUNIT_ASSERT(!place.end().isOk());
    requireOk(place.begin({kBegin, kBegin + 24 * kHour}, 500));
    requireOk(place.put({{"__name__", "up"}}, hourly(kBegin, 24)));
    requireOk(place.end());
    CPPUNIT_ASSERT_EQUAL(std::size_t{48}, fake_.versions("metrics").size());
  }

  void whatAClusterRefusesIsTold() {
    clock_.moveTo(kBegin);
    openIndex();
    ClusterSamples place(*index_, &clock_);
    fake_.setFault([](const FakeNode::Request& request) {
      if (request.target.find("/_bulk") == std::string::npos) return FakeSearchCluster::noFault();
      return FakeNode::Reply{200, R"({"errors":true,"items":[{"index":{"status":201}},{"index":{"status":400,)"
                                  R"("error":{"type":"mapper_parsing_exception","reason":"no"}}}]})"};
    });
    put(place, kBegin, 1);
    requireOk(place.end());
    const auto refused = place.takeRefused();
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, refused.size());
    CPPUNIT_ASSERT_EQUAL(kBegin, refused[0].time_millis);
    CPPUNIT_ASSERT(refused[0].cause.find("mapper_parsing_exception") != std::string::npos);
    CPPUNIT_ASSERT(place.takeRefused().empty());
  }

 private:
  std::string where_;
  MemorySource model_;
  RamDirectory from_directory_, to_directory_, directory_;
  std::unique_ptr<SeriesStore> from_;

  RecordClock clock_;
  base::NullObserver observer_;
  FakeSearchCluster fake_;
  std::unique_ptr<FakeNode> node_;
  std::unique_ptr<search::Cluster> cluster_;
  std::unique_ptr<ClusterSeriesIndex> index_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(SampleMoveTest);

}  // namespace gyre::stream
