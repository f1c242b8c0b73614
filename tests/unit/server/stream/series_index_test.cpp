// Samples through the log into the store of series: each counts once over restarts, and PromQL is answered.
#include "server/stream/series_index.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <future>
#include <memory>
#include <string>

#include "gyre/sample_batch.hpp"
#include "server/stream/stream_service.hpp"
#include "tests/unit/server/stream/stream_rig.hpp"

namespace gyre::stream {
namespace {

RecordBatch samplesOf(std::int64_t begin_millis, std::size_t count) {
  SampleBatchWriter writer;
  const auto series = writer.series({{"__name__", "requests_total"}, {"job", "api"}}, {MetricType::kCounter, "", ""});
  for (std::size_t i = 0; i < count; ++i)
    writer.sample(series, begin_millis + static_cast<std::int64_t>(i) * 1'000, static_cast<double>(i));
  RecordBatch batch;
  batch.add(0, 0, writer.finish(), count);
  return batch;
}

}  // namespace

class SeriesIndexTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(SeriesIndexTest);
  CPPUNIT_TEST(samplesAreSearchableAndCountOnce);
  CPPUNIT_TEST(wrongRequestsAreRefused);
  CPPUNIT_TEST_SUITE_END();

 public:
  void tearDown() override { close(); }

  void samplesAreSearchableAndCountOnce() {
    for (int round = 0; round < 4; ++round) {
      open();
      append(samplesOf(clock_.nowMillis() - 60'000, 10));
      wait();
      clock_.advance(60'000);
    }
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{40}, store_->lastSequence());
    open();
    wait();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{40}, index_->stats().doc_count);
    const std::string request =
        R"x({"promql":"count_over_time(requests_total[1h])","time":)x" + std::to_string(clock_.nowMillis()) + "}";
    const auto answer = index_->search(request, 0);
    CPPUNIT_ASSERT_MESSAGE(std::string(answer.status().message()), answer.isOk());
    CPPUNIT_ASSERT_MESSAGE(answer->body, answer->body.find("\"40\"") != std::string::npos);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{40}, answer->sequence);
  }

  void wrongRequestsAreRefused() {
    open();
    CPPUNIT_ASSERT(!index_->search(R"({"promql":"sum(","time":0})", 0).isOk());
    CPPUNIT_ASSERT(index_->bulk({}, 0).status().code() == Code::kUnimplemented);
  }

 private:
  void open() {
    close();
    store::StoreOptions store;
    store.path = folder_.path().string() + "/store.sqlite";
    store_ = taken(store::PrimaryStore::open(store, clock_, observer_));
    SeriesIndexOptions options;
    options.folder = folder_.path().string() + "/index";
    options.name = "metrics";
    index_ = taken(SeriesIndex::open(std::move(options), store_->lastSequence(), clock_, observer_));
    StreamOptions stream;
    stream.folder = folder_.path().string();
    stream.min_free_bytes = 0;
    stream_ = taken(StreamService::open(std::move(stream), handlers_, *store_, *index_, clock_, observer_));
    stream_->start();
  }
  void close() {
    if (!stream_) return;
    stream_->stopTails();
    store_->close();
    stream_->stop();
    stream_.reset();
    CPPUNIT_ASSERT(index_->close().isOk());
    index_.reset();
    store_.reset();
  }
  void append(RecordBatch batch) {
    std::promise<Status> done;
    stream_->append(std::move(batch), std::nullopt,
                    [&](const Result<Appended>& appended) { done.set_value(appended.status()); });
    const Status outcome = done.get_future().get();
    CPPUNIT_ASSERT_MESSAGE(std::string(outcome.message()), outcome.isOk());
  }
  void wait() {
    std::promise<Status> done;
    stream_->applier().requireSequence(store_->lastSequence(), 3'600'000,
                                       [&](const Status& status) { done.set_value(status); });
    CPPUNIT_ASSERT(done.get_future().get().isOk());
  }
  template <class Value>
  static Value taken(Result<Value> result) {
    CPPUNIT_ASSERT_MESSAGE(std::string(result.status().message()), result.isOk());
    return std::move(result).value();
  }

  test::TempFolder folder_;
  base::ManualClock clock_{1'700'000'000'000};
  base::NullObserver observer_;
  PlainHandlers handlers_;
  std::unique_ptr<store::PrimaryStore> store_;
  std::unique_ptr<SeriesIndex> index_;
  std::unique_ptr<StreamService> stream_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(SeriesIndexTest);

}  // namespace gyre::stream
