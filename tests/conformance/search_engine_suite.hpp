// What must every search engine do? The suite that an implementation of SearchEngine inherits.
//
//   class MyEngineTest : public SearchEngineSuite {
//     CPPUNIT_TEST_SUB_SUITE(MyEngineTest, SearchEngineSuite);
//     CPPUNIT_TEST_SUITE_END();
//     std::unique_ptr<SearchEngine> open() override;
//   };
#pragma once

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "gyre/json.hpp"
#include "server/search/search_engine.hpp"

namespace gyre::search {

class SearchEngineSuite : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(SearchEngineSuite);
  CPPUNIT_TEST(anEmptyIndexKnowsNothing);
  CPPUNIT_TEST(getSeesWhatSearchDoesNot);
  CPPUNIT_TEST(refreshMakesSearchable);
  CPPUNIT_TEST(marksFollowTheirCalls);
  CPPUNIT_TEST(anEmptyBulkMovesTheMark);
  CPPUNIT_TEST(aLowerSequenceLeavesTheMark);
  CPPUNIT_TEST(replaysChangeNothing);
  CPPUNIT_TEST(orderCannotInvert);
  CPPUNIT_TEST(deletesAreVersionedToo);
  CPPUNIT_TEST(theLastOfABatchWins);
  CPPUNIT_TEST(aRepairReplacesItsOwnVersion);
  CPPUNIT_TEST(aRepairDoesNotReplaceANewerVersion);
  CPPUNIT_TEST(aRepairMayDelete);
  CPPUNIT_TEST(aRefusalLeavesItsNeighboursAlone);
  CPPUNIT_TEST(unusualIdsAreKept);
  CPPUNIT_TEST(sourcesAreKeptByteForByte);
  CPPUNIT_TEST(searchAnswersInTheDialect);
  CPPUNIT_TEST(aBadRequestIsRefused);
  CPPUNIT_TEST(scanVisitsEveryDocumentOnce);
  CPPUNIT_TEST(statsCountLiveDocuments);
  CPPUNIT_TEST(whatIsDurableSurvivesAReopen);
  CPPUNIT_TEST(readersMayComeDuringWrites);
  CPPUNIT_TEST_SUITE_END_ABSTRACT();

 public:
  static constexpr std::string_view kDefinition =
      R"({"settings":{},"mappings":{"properties":{"name":{"type":"keyword"},"text":{"type":"text"},"n":{"type":"long"}}}})";

  void setUp() override { engine_ = open(); }
  void tearDown() override { engine_.reset(); }

 protected:
  // The engine over what this test has written so far; nothing at first.
  virtual std::unique_ptr<SearchEngine> open() = 0;

  static BulkOperation index(std::string id, std::uint64_t version, std::string source) {
    return {BulkOperation::Kind::kIndex, std::move(id), version, std::move(source), false};
  }
  static BulkOperation remove(std::string id, std::uint64_t version) {
    return {BulkOperation::Kind::kDelete, std::move(id), version, {}, false};
  }
  static BulkOperation repair(BulkOperation operation) {
    operation.is_repair = true;
    return operation;
  }
  static std::string document(int n) { return "{\"name\":\"x\",\"n\":" + std::to_string(n) + "}"; }

  template <class T>
  static T valueOf(Result<T> result) {
    CPPUNIT_ASSERT_MESSAGE(std::string(result.status().message()), result.isOk());
    return std::move(result).value();
  }
  static void assertOk(const Status& status) { CPPUNIT_ASSERT_MESSAGE(std::string(status.message()), status.isOk()); }

  // Sends, and expects every operation to be taken.
  void send(const std::vector<BulkOperation>& operations, std::uint64_t sequence) {
    const std::vector<BulkItem> items = valueOf(engine_->bulk(operations, sequence));
    CPPUNIT_ASSERT_EQUAL(operations.size(), items.size());
    for (const BulkItem& item : items) CPPUNIT_ASSERT_MESSAGE(item.cause, item.verdict == BulkItem::Verdict::kOk);
  }
  std::string sourceOf(std::string_view id) {
    const std::optional<IndexedDocument> held = valueOf(engine_->get(id));
    return held ? held->source : "nothing";
  }
  std::uint64_t versionOf(std::string_view id) {
    const std::optional<IndexedDocument> held = valueOf(engine_->get(id));
    return held ? held->version : 0;
  }
  std::uint64_t found(std::string_view request) {
    const SearchAnswer answer = valueOf(engine_->search(request, 0));
    const json::Document body = valueOf(json::Document::parse(answer.body));
    return body.root()["hits"]["total"]["value"].unsignedInteger().value_or(999'999);
  }
  std::uint64_t foundInAll() { return found(R"({"query":{"match_all":{}}})"); }

  void anEmptyIndexKnowsNothing() {
    CPPUNIT_ASSERT_EQUAL(std::string("nothing"), sourceOf("a"));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, foundInAll());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, engine_->progress().applied);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, engine_->stats().doc_count);
    assertOk(engine_->refresh());
    assertOk(engine_->commit());
  }

  void getSeesWhatSearchDoesNot() {
    send({index("a", 1, document(1))}, 1);
    CPPUNIT_ASSERT_EQUAL(document(1), sourceOf("a"));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, versionOf("a"));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, foundInAll());
  }

  void refreshMakesSearchable() {
    send({index("a", 1, document(1)), index("b", 2, document(2))}, 2);
    const std::uint64_t before = engine_->progress().generation;
    assertOk(engine_->refresh());
    CPPUNIT_ASSERT(engine_->progress().generation != before);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, foundInAll());
    const SearchAnswer answer = valueOf(engine_->search("{}", 0));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, answer.sequence);
    CPPUNIT_ASSERT_EQUAL(engine_->progress().generation, answer.generation);
  }

  void marksFollowTheirCalls() {
    const auto assertMarks = [this](std::uint64_t applied, std::uint64_t searchable, std::uint64_t durable) {
      const Progress progress = engine_->progress();
      CPPUNIT_ASSERT_EQUAL(applied, progress.applied);
      CPPUNIT_ASSERT_EQUAL(searchable, progress.searchable);
      CPPUNIT_ASSERT_EQUAL(durable, progress.durable);
    };
    send({index("a", 3, document(1))}, 5);
    assertMarks(5, 0, 0);
    assertOk(engine_->refresh());
    assertMarks(5, 5, 0);
    send({index("b", 6, document(1))}, 6);
    assertMarks(6, 5, 0);
    assertOk(engine_->commit());
    assertOk(engine_->refresh());
    assertMarks(6, 6, 6);
  }

  void anEmptyBulkMovesTheMark() {
    send({}, 9);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{9}, engine_->progress().applied);
    assertOk(engine_->refresh());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{9}, engine_->progress().searchable);
    assertOk(engine_->commit());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{9}, engine_->progress().durable);
  }

  void aLowerSequenceLeavesTheMark() {
    send({index("a", 1, document(1))}, 7);
    send({index("b", 2, document(2))}, 3);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{7}, engine_->progress().applied);
    CPPUNIT_ASSERT_EQUAL(document(2), sourceOf("b"));
  }

  void replaysChangeNothing() {
    for (int i = 0; i < 3; ++i) {
      send({index("a", 1, document(1)), index("b", 2, document(2)), index("a", 3, document(3))}, 3);
      assertOk(engine_->refresh());
      CPPUNIT_ASSERT_EQUAL(document(3), sourceOf("a"));
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, foundInAll());
    }
  }

  void orderCannotInvert() {
    send({index("a", 5, document(5))}, 5);
    send({index("a", 4, document(4))}, 5);
    CPPUNIT_ASSERT_EQUAL(document(5), sourceOf("a"));
    assertOk(engine_->refresh());
    send({index("a", 4, document(4)), index("a", 5, document(6))}, 5);
    CPPUNIT_ASSERT_EQUAL(document(5), sourceOf("a"));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{5}, versionOf("a"));
  }

  void deletesAreVersionedToo() {
    send({index("a", 5, document(5)), remove("b", 5)}, 5);
    send({remove("a", 4)}, 5);
    CPPUNIT_ASSERT_EQUAL(document(5), sourceOf("a"));
    send({remove("a", 6)}, 6);
    CPPUNIT_ASSERT_EQUAL(std::string("nothing"), sourceOf("a"));
    send({index("a", 5, document(5))}, 6);  // late
    CPPUNIT_ASSERT_EQUAL(std::string("nothing"), sourceOf("a"));
    send({index("a", 7, document(7))}, 7);
    assertOk(engine_->refresh());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, foundInAll());
  }

  void theLastOfABatchWins() {
    send({index("a", 1, document(1)), index("a", 2, document(2)), remove("b", 3), index("b", 4, document(4)),
          index("c", 5, document(5)), remove("c", 6)},
         6);
    assertOk(engine_->refresh());
    CPPUNIT_ASSERT_EQUAL(document(2), sourceOf("a"));
    CPPUNIT_ASSERT_EQUAL(document(4), sourceOf("b"));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, foundInAll());
  }

  void aRepairReplacesItsOwnVersion() {
    send({index("a", 5, document(1)), index("b", 6, document(1))}, 6);
    for (int i = 2; i < 10; ++i) {
      send({repair(index("a", 5, document(i)))}, 6);
      CPPUNIT_ASSERT_EQUAL(document(i), sourceOf("a"));
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{5}, versionOf("a"));
      if (i % 3 == 0) assertOk(engine_->refresh());
    }
    send({index("a", 5, document(20))}, 6);  // no repair: the same version is not newer
    CPPUNIT_ASSERT_EQUAL(document(9), sourceOf("a"));
    send({repair(index("new", 7, document(7))), index("a", 6, document(30))}, 7);
    assertOk(engine_->refresh());
    CPPUNIT_ASSERT_EQUAL(document(30), sourceOf("a"));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, foundInAll());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, found(R"({"query":{"term":{"n":30}}})"));
  }

  void aRepairDoesNotReplaceANewerVersion() {
    send({index("a", 6, document(6))}, 6);
    send({repair(index("a", 5, document(5)))}, 6);
    CPPUNIT_ASSERT_EQUAL(document(6), sourceOf("a"));
  }

  void aRepairMayDelete() {
    send({index("a", 5, document(5))}, 5);
    send({repair(remove("a", 5)), repair(remove("b", 5))}, 5);
    CPPUNIT_ASSERT_EQUAL(std::string("nothing"), sourceOf("a"));
    // And put it back, as often as needed.
    for (int i = 0; i < 5; ++i) {
      send({index("a", 5, document(5))}, 5);  // no repair
      CPPUNIT_ASSERT_EQUAL(std::string("nothing"), sourceOf("a"));
      send({repair(index("a", 5, document(i)))}, 5);
      CPPUNIT_ASSERT_EQUAL(document(i), sourceOf("a"));
      send({repair(remove("a", 5))}, 5);
      CPPUNIT_ASSERT_EQUAL(std::string("nothing"), sourceOf("a"));
    }
    send({index("a", 6, document(6))}, 6);
    CPPUNIT_ASSERT_EQUAL(document(6), sourceOf("a"));
  }

  void aRefusalLeavesItsNeighboursAlone() {
    send({index("b", 1, document(1))}, 1);
    const std::vector<BulkOperation> operations = {index("a", 2, document(2)), index("b", 3, R"({"n":"no number"})"),
                                                   index("c", 4, R"({"n":)"), index("d", 5, document(5))};
    const std::vector<BulkItem> items = valueOf(engine_->bulk(operations, 5));
    CPPUNIT_ASSERT_EQUAL(std::size_t{4}, items.size());
    CPPUNIT_ASSERT(items[0].verdict == BulkItem::Verdict::kOk && items[3].verdict == BulkItem::Verdict::kOk);
    for (const std::size_t i : {1u, 2u}) {
      CPPUNIT_ASSERT(items[i].verdict == BulkItem::Verdict::kRefuse);
      CPPUNIT_ASSERT(!items[i].cause.empty());
    }
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{5}, engine_->progress().applied);
    CPPUNIT_ASSERT_EQUAL(document(1), sourceOf("b"));
    assertOk(engine_->refresh());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, foundInAll());
  }

  void unusualIdsAreKept() {
    const std::vector<std::string> ids = {"a b", "a/b?c#d", "Ünïcødé", "\"quoted\"", std::string(512, 'i')};
    std::uint64_t sequence = 0;
    for (const std::string& id : ids) {
      ++sequence;
      send({index(id, sequence, document(static_cast<int>(sequence)))}, sequence);
    }
    assertOk(engine_->refresh());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{ids.size()}, foundInAll());
    for (std::size_t i = 0; i < ids.size(); ++i) CPPUNIT_ASSERT_EQUAL(std::uint64_t{i + 1}, versionOf(ids[i]));
    for (const std::string& id : {std::string(), std::string(513, 'i')}) {
      const std::vector<BulkOperation> operations = {index(id, 10, document(1))};
      CPPUNIT_ASSERT(valueOf(engine_->bulk(operations, 10))[0].verdict == BulkItem::Verdict::kRefuse);
    }
  }

  void sourcesAreKeptByteForByte() {
    const std::string source = " { \"n\" : 1 ,\"name\":\"\\u00e9 é\", \"text\":[\"a\\tb\",\t\"c\"]}";
    send({index("a", 1, source)}, 1);
    CPPUNIT_ASSERT_EQUAL(source, sourceOf("a"));
    assertOk(engine_->commit());
    CPPUNIT_ASSERT_EQUAL(source, sourceOf("a"));
  }

  void searchAnswersInTheDialect() {
    send({index("a", 1, R"({"name":"x","text":"the quick fox","n":1})"),
          index("b", 2, R"({"name":"y","text":"the lazy dog","n":2})")},
         2);
    assertOk(engine_->refresh());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, found(R"({"query":{"term":{"name":"y"}}})"));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, found(R"({"query":{"match":{"text":"quick dog"}}})"));
    const SearchAnswer answer = valueOf(engine_->search(R"({"query":{"range":{"n":{"gte":2}}}})", 0));
    const json::Document body = valueOf(json::Document::parse(answer.body));
    const json::Value hits = body.root()["hits"]["hits"];
    CPPUNIT_ASSERT_EQUAL(1u, hits.size());
    CPPUNIT_ASSERT_EQUAL(std::string("b"), std::string((*hits.begin())["_id"].string()));
    CPPUNIT_ASSERT_EQUAL(std::string("y"), std::string((*hits.begin())["_source"]["name"].string()));
    CPPUNIT_ASSERT(!body.root()["timed_out"].boolean(true));
  }

  void aBadRequestIsRefused() {
    for (const std::string_view request : {"{", R"({"query":{"no_such_query":{}}})", R"({"no_such_member":1})"}) {
      const Result<SearchAnswer> answer = engine_->search(request, 0);
      CPPUNIT_ASSERT_MESSAGE(std::string(request), answer.status().code() == Code::kInvalidArgument);
    }
  }

  void scanVisitsEveryDocumentOnce() {
    std::vector<BulkOperation> operations;
    for (int i = 0; i < 500; ++i)
      operations.push_back(index("e" + std::to_string(i), static_cast<std::uint64_t>(i) + 1, document(i)));
    send(operations, 500);
    assertOk(engine_->commit());
    send({remove("e7", 501), index("e8", 502, document(-8)), index("late", 503, document(0))}, 502);
    assertOk(engine_->refresh());
    std::map<std::string, std::pair<std::uint64_t, std::string>> seen;
    assertOk(engine_->scan([&seen](std::string_view id, std::uint64_t version, std::string_view source) {
      CPPUNIT_ASSERT(seen.emplace(id, std::pair(version, std::string(source))).second);
      return true;
    }));
    CPPUNIT_ASSERT_EQUAL(std::size_t{500}, seen.size());
    CPPUNIT_ASSERT(!seen.contains("e7"));
    CPPUNIT_ASSERT(seen.at("e8") == std::pair(std::uint64_t{502}, document(-8)));
    CPPUNIT_ASSERT(seen.at("e9") == std::pair(std::uint64_t{10}, document(9)));
    int visits = 0;
    assertOk(engine_->scan([&visits](std::string_view, std::uint64_t, std::string_view) { return ++visits < 3; }));
    CPPUNIT_ASSERT_EQUAL(3, visits);
  }

  void statsCountLiveDocuments() {
    send({index("a", 1, document(1)), index("b", 2, document(2)), index("a", 3, document(3))}, 3);
    assertOk(engine_->commit());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, engine_->stats().doc_count);
    send({remove("a", 4)}, 4);
    assertOk(engine_->commit());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, engine_->stats().doc_count);
    CPPUNIT_ASSERT(engine_->stats().segment_count >= 1);
    CPPUNIT_ASSERT(engine_->stats().size_bytes > 0);
  }

  void whatIsDurableSurvivesAReopen() {
    send({index("a", 1, document(1)), index("b", 2, document(2)), remove("c", 3)}, 3);
    send({repair(index("a", 1, document(9)))}, 3);
    assertOk(engine_->commit());
    const std::uint64_t durable = engine_->progress().durable;
    assertOk(engine_->close());
    engine_.reset();
    engine_ = open();
    const Progress progress = engine_->progress();
    CPPUNIT_ASSERT_EQUAL(durable, progress.durable);
    CPPUNIT_ASSERT_EQUAL(durable, progress.applied);
    CPPUNIT_ASSERT_EQUAL(durable, progress.searchable);
    CPPUNIT_ASSERT_EQUAL(document(9), sourceOf("a"));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, versionOf("a"));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, foundInAll());
    send({index("a", 1, document(1)), index("b", 4, document(4))}, 4);
    CPPUNIT_ASSERT_EQUAL(document(9), sourceOf("a"));
    CPPUNIT_ASSERT_EQUAL(document(4), sourceOf("b"));
  }

  void readersMayComeDuringWrites() {
    constexpr int kRounds = 60;
    std::atomic<bool> is_ending = false;
    std::atomic<int> failures = 0;
    std::vector<std::thread> readers;
    for (int t = 0; t < 2; ++t) {
      readers.emplace_back([&] {
        std::uint64_t sequence = 0;
        while (!is_ending) {
          const Result<SearchAnswer> answer = engine_->search("{}", 0);
          // An index never goes back.
          if (!answer.isOk() || answer->sequence < sequence) ++failures;
          if (answer.isOk()) sequence = answer->sequence;
          if (!engine_->get("e1").isOk()) ++failures;
          engine_->progress();
          engine_->stats();
        }
      });
    }
    for (int i = 1; i <= kRounds; ++i) {
      const auto sequence = static_cast<std::uint64_t>(i);
      send({index("e" + std::to_string(i), sequence, document(i))}, sequence);
      if (i % 3 == 0) assertOk(engine_->refresh());
      if (i % 20 == 0) assertOk(engine_->commit());
    }
    is_ending = true;
    for (std::thread& reader : readers) reader.join();
    CPPUNIT_ASSERT_EQUAL(0, failures.load());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{kRounds}, foundInAll());
  }

  std::unique_ptr<SearchEngine> engine_;
};

}  // namespace gyre::search
