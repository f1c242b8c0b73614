// A stream on a real store and a real index, with time in the test's hand.
#pragma once

#include <cppunit/extensions/HelperMacros.h>

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/observer.hpp"
#include "gyre/json.hpp"
#include "server/stream/document_index.hpp"
#include "server/stream/stream_service.hpp"
#include "tests/support/temp_folder.hpp"

namespace gyre::stream {

// Takes nothing; shows every record as it is.
class PlainHandlers final : public StreamHandlers {
 public:
  Kind kind() const override { return Kind::kDocuments; }
  std::string_view timeField() const override { return "at"; }
  const std::vector<IntakeDescription>& intakes() const override { return intakes_; }
  const std::vector<TailDescription>& tails() const override { return tails_; }
  Result<Taken> take(std::size_t, const TakeCall&) const override { return Taken(); }
  Result<RecordBatch> decide(std::size_t, std::string_view, std::string_view, std::int64_t) const override {
    return RecordBatch();
  }
  Result<std::vector<ShownRecord>> match(std::size_t, const FollowCall& call) const override {
    if (call.parameters == "refuse") return invalidArgument("expected other parameters");
    std::vector<ShownRecord> shown;
    for (std::size_t i = 0; i < call.records.size(); ++i) shown.push_back({i, std::string(call.records[i])});
    return shown;
  }

 private:
  const std::vector<IntakeDescription> intakes_;
  const std::vector<TailDescription> tails_{{"Tail", "", "{}"}};
};

inline constexpr std::int64_t kDay = 24LL * 3600 * 1000;

class StreamRig : public CppUnit::TestFixture {
 public:
  void tearDown() override { close(); }

 protected:
  void open() {
    close();
    store::StoreOptions store;
    store.path = folder_.path().string() + "/store.sqlite";
    store_ = taken(store::PrimaryStore::open(store, clock_, observer_));
    index_options_.folder = folder_.path().string() + "/index";
    index_options_.name = "lines";
    index_options_.time_field = "at";
    const auto first = taken(store_->batchesAfter(0, 1));
    index_options_.first_sequence = first.empty() ? 1 : first.front().first_sequence;
    index_ = taken(DocumentIndex::open(index_options_, store_->lastSequence(), clock_, observer_));
    options_.folder = folder_.path().string();
    options_.min_free_bytes = 0;
    stream_ = taken(StreamService::open(options_, handlers_, *store_, *index_, clock_, observer_));
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

  static RecordBatch batchOf(std::size_t count, std::int64_t at, const std::string& text = "hello") {
    RecordBatch batch;
    for (std::size_t i = 0; i < count; ++i)
      batch.add(i, at, "{\"at\":" + std::to_string(at) + ",\"text\":\"" + text + "\"}");
    return batch;
  }
  Result<Appended> append(RecordBatch batch, std::optional<IdempotencyKey> key = std::nullopt) {
    std::promise<Result<Appended>> done;
    stream_->append(std::move(batch), std::move(key),
                    [&](Result<Appended> result) { done.set_value(std::move(result)); });
    return done.get_future().get();
  }
  std::uint64_t appended(RecordBatch batch) {
    const auto result = append(std::move(batch));
    CPPUNIT_ASSERT_MESSAGE(std::string(result.status().message()), result.isOk());
    return result->last_sequence;
  }
  void waitSearchable(std::uint64_t sequence) {
    std::promise<Status> done;
    stream_->applier().requireSequence(sequence, 3'600'000, [&](const Status& status) { done.set_value(status); });
    const Status waited = done.get_future().get();
    CPPUNIT_ASSERT_MESSAGE(std::string(waited.message()), waited.isOk());
  }
  std::int64_t count(const std::string& query = R"({"match_all":{}})") {
    const auto answer = index_->search("{\"size\":0,\"track_total_hits\":true,\"query\":" + query + "}", 0);
    CPPUNIT_ASSERT_MESSAGE(std::string(answer.status().message()), answer.isOk());
    return json::Document::parse(answer->body)->root()["hits"]["total"]["value"].integer().value_or(-1);
  }
  // Waits for what another thread does; what is waited for must come, so there is a limit only for a broken test.
  template <class Condition>
  void waitUntil(Condition condition) {
    for (int i = 0; i < 60'000 && !condition(); ++i) {
      stream_->applier().wake();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    CPPUNIT_ASSERT(condition());
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
  DocumentIndexOptions index_options_ = [] {
    DocumentIndexOptions options;
    options.definition =
        R"({"mappings":{"properties":{"sequence":{"type":"long"},"at":{"type":"date"},"text":{"type":"text"}}}})";
    options.buffer_bytes = 4u << 20;
    return options;
  }();
  StreamOptions options_;
  std::unique_ptr<store::PrimaryStore> store_;
  std::unique_ptr<DocumentIndex> index_;
  std::unique_ptr<StreamService> stream_;
};

}  // namespace gyre::stream
