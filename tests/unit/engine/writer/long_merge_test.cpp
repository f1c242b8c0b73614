// A merge of many seconds, and what becomes due meanwhile.
#include <cppunit/extensions/HelperMacros.h>

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include "engine/directory/ram_directory.hpp"
#include "engine/index.hpp"
#include "engine/segment/segment_reader.hpp"
#include "tests/support/seeded_random.hpp"

namespace gyre::engine {

namespace {

constexpr std::size_t kMegabyte = 1u << 20;

// Tells somebody how much of a file is written.
class WatchedDirectory final : public Directory {
 public:
  using Watch = std::function<void(std::uint64_t written)>;
  explicit WatchedDirectory(Directory& of) : of_(of) {}
  void watch(Watch watch) { watch_ = std::move(watch); }

  Result<std::unique_ptr<MappedFile>> open(std::string_view name) override { return of_.open(name); }
  Result<std::unique_ptr<FileWriter>> create(std::string_view name) override {
    auto file = of_.create(name);
    if (!file.isOk() || !watch_) return file;
    return std::unique_ptr<FileWriter>(std::make_unique<WatchedWriter>(std::move(file).value(), watch_));
  }
  Status replace(std::string_view name, base::ByteView bytes) override { return of_.replace(name, bytes); }
  Status remove(std::string_view name) override { return of_.remove(name); }
  Result<std::vector<std::string>> list() override { return of_.list(); }
  std::string describe() const override { return of_.describe(); }

 private:
  class WatchedWriter final : public FileWriter {
   public:
    WatchedWriter(std::unique_ptr<FileWriter> file, const Watch& watch) : file_(std::move(file)), watch_(watch) {}
    Status append(base::ByteView bytes) override {
      GYRE_TRY(file_->append(bytes));
      written_ += bytes.size();
      watch_(written_);
      return {};
    }
    Status sync() override { return file_->sync(); }
    Status finish() override { return file_->finish(); }

   private:
    std::unique_ptr<FileWriter> file_;
    const Watch& watch_;
    std::uint64_t written_ = 0;
  };

  Directory& of_;
  Watch watch_;
};

}  // namespace

class LongMergeTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(LongMergeTest);
  CPPUNIT_TEST(smallSegmentsAreMergedInBetween);
  CPPUNIT_TEST_SUITE_END();

 public:
  void smallSegmentsAreMergedInBetween() {
    IndexOptions options;
    options.buffer_bytes = 256 * kMegabyte;
    options.merge_in_background = false;
    auto opened = Index::open(directory_, R"({"mappings":{"properties":{"kept":{"type":"object","enabled":false}}}})",
                              options, observer_);
    CPPUNIT_ASSERT_MESSAGE(std::string(opened.status().message()), opened.isOk());
    index_ = std::move(opened).value();
    for (int i = 0; i < 60; ++i) add(kMegabyte);
    refresh();
    CPPUNIT_ASSERT_GREATER(std::uint64_t{40 * kMegabyte}, index_->stats().size_bytes);
    add(1);
    refresh();

    std::uint64_t most = 0, later = 0;
    directory_.watch([&](std::uint64_t written) {
      if (most == 0 && written > 4 * kMegabyte) {
        for (int i = 0; i < 10; ++i) {
          add(1);
          refresh();
        }
        most = index_->stats().segment_count;
      } else if (later == 0 && written > 16 * kMegabyte) {
        later = index_->stats().segment_count;
      }
    });
    CPPUNIT_ASSERT(index_->forceMerge(1).isOk());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{12}, most);
    CPPUNIT_ASSERT_EQUAL_MESSAGE("two that are being merged, and one of the ten", std::uint64_t{3}, later);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, index_->stats().segment_count);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{71}, index_->stats().doc_count);
    for (std::uint64_t id = 1; id <= sequence_; ++id) CPPUNIT_ASSERT(index_->get(std::to_string(id)).value());
  }

 private:
  void refresh() {
    const Status refreshed = index_->refresh();
    CPPUNIT_ASSERT_MESSAGE(std::string(refreshed.message()), refreshed.isOk());
  }
  // Text that compresses to three quarters.
  void add(std::size_t bytes) {
    std::string source = R"({"kept":{"text":")";
    constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (std::size_t i = 0; i < bytes; i += 5) {
      auto bits = random_();
      for (int each = 0; each < 5; ++each, bits >>= 6) source += kLetters[bits % 64];
    }
    source += R"("}})";
    const std::string id = std::to_string(++sequence_);
    Operation operation;
    operation.id = id;
    operation.version = sequence_;
    operation.source = source;
    CPPUNIT_ASSERT(index_->apply({&operation, 1}, sequence_).value().front().refusal.isOk());
  }

  std::mt19937 random_ = test::seededRandom();
  base::NullObserver observer_;
  RamDirectory memory_;
  WatchedDirectory directory_{memory_};
  std::unique_ptr<Index> index_;
  std::uint64_t sequence_ = 0;
};

CPPUNIT_TEST_SUITE_REGISTRATION(LongMergeTest);

}  // namespace gyre::engine
