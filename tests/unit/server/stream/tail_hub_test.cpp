// Who follows sees every record once, in order, from wherever he begins; who does not read is let go.
#include "server/stream/tail_hub.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "tests/unit/server/stream/stream_rig.hpp"

namespace gyre::stream {
namespace {

class KeepingSink final : public TailSink {
 public:
  std::size_t pendingBytes() const override { return pending; }
  bool isAbandoned() const override { return is_abandoned; }
  void show(std::uint64_t sequence, std::string_view) override {
    const std::lock_guard lock(mutex_);
    seen_.push_back(sequence);
  }
  void flush(bool) override {}
  void end(std::string_view reason, std::string_view) override {
    const std::lock_guard lock(mutex_);
    ended_ = reason;
  }
  std::vector<std::uint64_t> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }
  std::string ended() const {
    const std::lock_guard lock(mutex_);
    return ended_;
  }
  std::atomic<std::size_t> pending{0};
  std::atomic<bool> is_abandoned{false};

 private:
  mutable std::mutex mutex_;
  std::vector<std::uint64_t> seen_;
  std::string ended_;
};

std::vector<std::uint64_t> sequencesFrom(std::uint64_t first, std::uint64_t last) {
  std::vector<std::uint64_t> all;
  for (std::uint64_t sequence = first; sequence <= last; ++sequence) all.push_back(sequence);
  return all;
}

}  // namespace

class TailHubTest : public StreamRig {
  CPPUNIT_TEST_SUITE(TailHubTest);
  CPPUNIT_TEST(newRecordsAreShownInOrder);
  CPPUNIT_TEST(resumesFromLogAndIndex);
  CPPUNIT_TEST(slowOnesAreDropped);
  CPPUNIT_TEST(abandonedOnesAreForgotten);
  CPPUNIT_TEST(wrongParametersAreRefused);
  CPPUNIT_TEST_SUITE_END();

  std::shared_ptr<KeepingSink> follow(std::uint64_t after) {
    auto sink = std::make_shared<KeepingSink>();
    CPPUNIT_ASSERT(stream_->tails().follow({0, "{}", false, "", after}, sink).isOk());
    return sink;
  }

 public:
  void newRecordsAreShownInOrder() {
    open();
    const auto first = follow(0);
    for (int i = 0; i < 20; ++i) appended(batchOf(5, 1));
    const auto second = follow(50);
    waitUntil([&] { return first->seen().size() == 100 && second->seen().size() == 50; });
    CPPUNIT_ASSERT(first->seen() == sequencesFrom(1, 100));
    CPPUNIT_ASSERT(second->seen() == sequencesFrom(51, 100));
    close();
    CPPUNIT_ASSERT_EQUAL(std::string("stopped"), first->ended());
  }

  void resumesFromLogAndIndex() {
    options_.window_bytes = 1;
    open();
    for (int i = 0; i < 10; ++i) appended(batchOf(300, 1));
    const auto log = follow(7);
    waitUntil([&] { return log->seen().size() == 2'993; });
    CPPUNIT_ASSERT(log->seen() == sequencesFrom(8, 3'000));
    waitSearchable(3'000);
    clock_.advance(options_.applier.commit_interval_ms);
    waitUntil([&] { return store_->batchesAfter(0, 1u << 20)->size() == 1; });
    const auto index = follow(7);
    waitUntil([&] { return index->seen().size() == 2'993; });
    CPPUNIT_ASSERT(index->seen() == sequencesFrom(8, 3'000));
  }

  void slowOnesAreDropped() {
    open();
    const auto slow = follow(0);
    slow->pending = 100u << 20;
    appended(batchOf(1, 1));
    waitUntil([&] {
      clock_.advance(100);
      return !slow->ended().empty();
    });
    CPPUNIT_ASSERT_EQUAL(std::string("too_slow"), slow->ended());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, stream_->stats().tails.dropped);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, stream_->stats().tails.followers);
  }

  void abandonedOnesAreForgotten() {
    open();
    const auto gone = follow(0);
    gone->is_abandoned = true;
    waitUntil([&] { return stream_->stats().tails.followers == 0; });
    CPPUNIT_ASSERT_EQUAL(std::string("gone"), gone->ended());
  }

  void wrongParametersAreRefused() {
    open();
    auto sink = std::make_shared<KeepingSink>();
    CPPUNIT_ASSERT(stream_->tails().follow({0, "refuse", false, "", 0}, sink).code() == Code::kInvalidArgument);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, stream_->stats().tails.followers);
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(TailHubTest);

}  // namespace gyre::stream
