// Documents that are appended: ids made of numbers, and sources that are kept without what columns tell.
#include <cppunit/extensions/HelperMacros.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "engine/codec/numbered_ids.hpp"
#include "engine/codec/source_shapes.hpp"
#include "engine/directory/ram_directory.hpp"
#include "engine/index.hpp"
#include "engine/segment/open_segment.hpp"
#include "engine/segment/segment_reader.hpp"
#include "tests/support/seeded_random.hpp"

namespace gyre::engine {

namespace {

constexpr std::string_view kDefinition = R"({"settings":{"analysis":{"normalizer":{"low":{"type":"custom",
"filter":["lowercase"]}}}},"mappings":{"dynamic":"strict","properties":{
"@timestamp":{"type":"date"},"sequence":{"type":"long"},"level":{"type":"keyword","normalizer":"low"},
"host":{"type":"keyword"},"status":{"type":"short"},"message":{"type":"text"},"trace":{"type":"keyword","doc_values":false},
"attributes":{"type":"flat_object"}}}})";

struct Appended {
  std::int64_t time = 0;
  std::string source;
};

}  // namespace

class AppendedTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(AppendedTest);
  CPPUNIT_TEST(idsOfNumbersAreReadAndWritten);
  CPPUNIT_TEST(timesAreWrittenAsTheyAreSent);
  CPPUNIT_TEST(appendedDocumentsAreAllThereByteForByte);
  CPPUNIT_TEST(alikeDocumentsTakeLessThanTheirKeptValues);
  CPPUNIT_TEST(documentsWithIdsOfTheirOwnStandBesideThem);
  CPPUNIT_TEST(aLogOrADeleteIsRefused);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override { random_ = test::seededRandom(); }

  void idsOfNumbersAreReadAndWritten() {
    const auto text = [](IdNumbers numbers) {
      char room[kIdNumbersRoom];
      return std::string(room, writeId(numbers, room));
    };
    for (const IdNumbers numbers : {IdNumbers{0, 0}, IdNumbers{1'717'200'000'000, 42}, IdNumbers{-5, 7},
                                    IdNumbers{INT64_MIN, UINT64_MAX}, IdNumbers{INT64_MAX, 1}}) {
      const auto read = idNumbersOf(text(numbers));
      CPPUNIT_ASSERT_MESSAGE(text(numbers), read.has_value());
      CPPUNIT_ASSERT(read->first == numbers.first && read->second == numbers.second);
    }
    for (const char* other : {"", "-", "1", "1-", "-1", "01-2", "1-02", "1--2", "+1-2", "1-2 ", " 1-2", "-0-1", "1-2-3",
                              "9223372036854775808-1", "1-18446744073709551616", "a-b"})
      CPPUNIT_ASSERT_MESSAGE(other, !idNumbersOf(other));
  }

  void timesAreWrittenAsTheyAreSent() {
    const auto text = [](std::int64_t millis) {
      std::string out;
      return appendTime(millis, out) ? out : std::string("none");
    };
    CPPUNIT_ASSERT_EQUAL(std::string("\"1970-01-01T00:00:00.000Z\""), text(0));
    CPPUNIT_ASSERT_EQUAL(std::string("\"2024-02-29T23:59:59.999Z\""), text(1'709'251'199'999));
    CPPUNIT_ASSERT_EQUAL(std::string("\"1969-12-31T23:59:59.999Z\""), text(-1));
    CPPUNIT_ASSERT_EQUAL(std::string("\"0000-01-01T00:00:00.000Z\""), text(-62'167'219'200'000));
    CPPUNIT_ASSERT_EQUAL(std::string("none"), text(-62'167'219'200'001));
    CPPUNIT_ASSERT_EQUAL(std::string("\"9999-12-31T23:59:59.999Z\""), text(253'402'300'799'999));
    CPPUNIT_ASSERT_EQUAL(std::string("none"), text(253'402'300'800'000));
  }

  void appendedDocumentsAreAllThereByteForByte() {
    open();
    for (int round = 0; round < 12; ++round) {
      append(1 + random_() % 1500);
      CPPUNIT_ASSERT(index_->refresh().isOk());
      if (round % 4 == 3) CPPUNIT_ASSERT(index_->merge().isOk());
      if (round == 5) expectAll();
    }
    expectAll();
    CPPUNIT_ASSERT(index_->commit().isOk());
    open();
    append(500);
    expectAll();
    CPPUNIT_ASSERT(index_->forceMerge(1).isOk());
    expectAll();
    CPPUNIT_ASSERT(index_->commit().isOk());
    std::string findings;
    CPPUNIT_ASSERT_MESSAGE(findings, checkIndex(directory_, [&](std::string_view found) {
                                       findings += std::string(found) + "\n";
                                     }).isOk());
    CPPUNIT_ASSERT_EQUAL(std::string(), findings);
  }

  // A record's time, host, level, status and sequence are columns; its id is its time and its version.
  void alikeDocumentsTakeLessThanTheirKeptValues() {
    open();
    for (int i = 0; i < 20'000; ++i) appendOne(plain());
    CPPUNIT_ASSERT(index_->refresh().isOk());
    CPPUNIT_ASSERT(index_->forceMerge(1).isOk());
    expectAll();
    const auto snapshot = index_->snapshot();
    const auto& segment = static_cast<const OpenSegment&>(*snapshot->segments.front().segment);
    CPPUNIT_ASSERT(segment.numberedIds() != nullptr);
    CPPUNIT_ASSERT_EQUAL(std::string("@timestamp"), segment.numberedIds()->field());
    for (const auto& dictionary : segment.stored().dictionaries()) {
      CPPUNIT_ASSERT(dictionary->shapes() != nullptr);
      CPPUNIT_ASSERT_EQUAL(std::size_t{5}, dictionary->shapes()->columns().size());
    }
    std::uint64_t records = 0;
    for (std::uint32_t block = 0; block < segment.stored().blockCount(); ++block)
      CPPUNIT_ASSERT(segment.stored()
                         .visitBlock(block,
                                     [&](DocId, std::string_view record) {
                                       records += record.size();
                                       return Status();
                                     })
                         .isOk());
    CPPUNIT_ASSERT_MESSAGE(std::to_string(records), records < 20'000 * 30);
  }

  void documentsWithIdsOfTheirOwnStandBesideThem() {
    open();
    append(300);
    std::map<std::string, std::string> own;
    for (int i = 0; i < 400; ++i) {
      if (random_() % 2 == 0) {
        append(1);
        continue;
      }
      const std::string id = "own" + std::to_string(random_() % 50);
      own[id] = plain();
      Operation operation;
      operation.id = id;
      operation.version = ++sequence_;
      operation.source = own[id];
      CPPUNIT_ASSERT(index_->apply({&operation, 1}, sequence_).isOk());
      if (random_() % 40 == 0) CPPUNIT_ASSERT(index_->refresh().isOk());
    }
    CPPUNIT_ASSERT(index_->refresh().isOk());
    CPPUNIT_ASSERT(index_->forceMerge(1).isOk());
    expectAll(own.size());
    for (const auto& [id, source] : own) CPPUNIT_ASSERT_EQUAL(source, index_->get(id).value()->source);
  }

  void aLogOrADeleteIsRefused() {
    open();
    Operation operation = operationOf(1, 1, "{}");
    operation.kind = Operation::Kind::kDelete;
    const auto outcome = index_->apply({&operation, 1}, 1);
    CPPUNIT_ASSERT(outcome.value().front().verdict == OperationOutcome::Verdict::kRefused);
  }

 private:
  void open() {
    index_.reset();
    IndexOptions options;
    options.merge_in_background = false;
    auto opened = Index::open(directory_, kDefinition, options, observer_);
    CPPUNIT_ASSERT_MESSAGE(std::string(opened.status().message()), opened.isOk());
    index_ = std::move(opened).value();
  }
  static Operation operationOf(std::int64_t time, std::uint64_t sequence, std::string_view source) {
    Operation operation;
    operation.versioning = Operation::Versioning::kAppended;
    operation.id_number = time;
    operation.version = sequence;
    operation.source = source;
    return operation;
  }

  std::string start() {
    time_ += static_cast<std::int64_t>(random_() % 2000) - 500;
    std::string text;
    appendTime(time_, text);
    return R"({"sequence":)" + std::to_string(sequence_ + 1) + R"(,"@timestamp":)" + text;
  }
  std::string plain() {
    return start() + R"(,"level":")" + (random_() % 3 != 0 ? "info" : "error") + R"(","message":"job )" +
           std::to_string(random_()) + R"( done","host":"host-)" + std::to_string(random_() % 60) + R"(","status":)" +
           std::to_string(200 + random_() % 300) + "}";
  }
  // Whatever may stand in a document, so that it is of some shape or of none.
  std::string odd() {
    switch (random_() % 9) {
      case 0: return start() + R"(,"level":"INFO","message":"normalized"})";
      case 1: return start() + R"( , "host" : "a \"b\" \\" , "message":"spaces and escapes \" \\ "} )";
      case 2: return start() + R"(,"host":"a\/b","message":"written \u0041s JsonWriter does not"})";
      case 3: return start() + R"(,"host":["x","y"],"status":[200],"message":["one","two"]})";
      case 4: return start() + R"(,"status":"200","message":null,"attributes":{"a":{"b":[1,"}"]},"c":"\\"}})";
      case 5: return start() + R"(,"trace":"ABC","message":"","attributes":{}})";
      case 6: return start() + R"(,"status":200.0,"host":""})";
      case 7: return R"({"message":"no time"})";
      default: return start() + R"(,"trace":"9a370295c2bfc563","status":1})";
    }
  }
  void appendOne(std::string source) {
    const std::uint64_t sequence = ++sequence_;
    const Operation operation = operationOf(time_, sequence, source);
    const auto outcome = index_->apply({&operation, 1}, sequence);
    CPPUNIT_ASSERT(outcome.isOk());
    CPPUNIT_ASSERT_MESSAGE(source + ": " + std::string(outcome.value().front().refusal.message()),
                           outcome.value().front().verdict == OperationOutcome::Verdict::kCreated);
    char id[kIdNumbersRoom];
    expected_[std::string(id, writeId({time_, sequence}, id))] = std::move(source);
  }
  void append(std::size_t count) {
    for (; count > 0; --count) appendOne(random_() % 5 == 0 ? odd() : plain());
  }

  // `others`: documents that were not appended.
  void expectAll(std::size_t others = 0) {
    CPPUNIT_ASSERT(index_->refresh().isOk());
    std::size_t seen = 0;
    CPPUNIT_ASSERT(index_
                       ->scan([&](std::string_view id, std::uint64_t, std::string_view source) {
                         const auto known = expected_.find(std::string(id));
                         if (known != expected_.end()) {
                           CPPUNIT_ASSERT_EQUAL(known->second, std::string(source));
                           ++seen;
                         }
                         return true;
                       })
                       .isOk());
    CPPUNIT_ASSERT_EQUAL(expected_.size(), seen);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{expected_.size() + others}, index_->stats().doc_count);
    for (int i = 0; i < 50; ++i) {
      auto some = expected_.begin();
      std::advance(some, random_() % expected_.size());
      const auto got = index_->get(some->first);
      CPPUNIT_ASSERT_MESSAGE(some->first, got.isOk() && got.value().has_value());
      CPPUNIT_ASSERT_EQUAL(some->second, got.value()->source);
      CPPUNIT_ASSERT(!index_->get(some->first + "0").value().has_value());
    }
  }

  std::mt19937 random_;
  RamDirectory directory_;
  base::NullObserver observer_;
  std::unique_ptr<Index> index_;
  std::uint64_t sequence_ = 0;
  std::int64_t time_ = 1'717'200'000'000;
  std::map<std::string, std::string> expected_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(AppendedTest);

}  // namespace gyre::engine
