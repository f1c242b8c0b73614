// Index as its users see it: apply, refresh, get, scan, merge, commit, reopen; and against a model under random
// operations.
#include "engine/index.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <iostream>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "engine/directory/ram_directory.hpp"
#include "tests/support/index_model.hpp"

namespace {

using gyre::engine::Checkpoint;
using gyre::engine::FieldReader;
using gyre::engine::Index;
using gyre::engine::IndexOptions;
using gyre::engine::IndexStats;
using gyre::engine::Operation;
using gyre::engine::OperationOutcome;
using gyre::engine::test::IndexModel;
using gyre::engine::test::kDefinition;
using Verdict = OperationOutcome::Verdict;

constexpr Operation::Kind kIndex = Operation::Kind::kIndex;
constexpr Operation::Kind kDelete = Operation::Kind::kDelete;

}  // namespace

class IndexTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(IndexTest);
  CPPUNIT_TEST(createsUpdatesAndDeletes);
  CPPUNIT_TEST(olderAndEqualVersionsAreSkipped);
  CPPUNIT_TEST(deleteLeavesItsVersionBehind);
  CPPUNIT_TEST(refusedDocumentChangesNothingAndDoesNotAffectNeighbours);
  CPPUNIT_TEST(refusesImpossibleIdsAndVersions);
  CPPUNIT_TEST(getSeesWhatSearchDoesNotYetSee);
  CPPUNIT_TEST(snapshotDoesNotChangeUnderLaterWrites);
  CPPUNIT_TEST(checkpointFollowsTheThreeMarks);
  CPPUNIT_TEST(refreshWithoutChangeKeepsTheGeneration);
  CPPUNIT_TEST(reopenedIndexHoldsWhatWasCommitted);
  CPPUNIT_TEST(anotherMappingIsRefused);
  CPPUNIT_TEST(spacingOfTheDefinitionDoesNotMatter);
  CPPUNIT_TEST(fullBufferBecomesASegmentThatIsNotYetSearchable);
  CPPUNIT_TEST(memoryThatAFullBufferLeavesIsNotOfDocuments);
  CPPUNIT_TEST(forceMergeLeavesOneSegmentWithoutDeletes);
  CPPUNIT_TEST(filesThatMergesReplaceGoWithoutACommit);
  CPPUNIT_TEST(closedIndexRefusesWork);
  CPPUNIT_TEST(randomOperationsMatchTheModel);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override { open(); }
  void tearDown() override { index_.reset(); }

  void createsUpdatesAndDeletes() {
    CPPUNIT_ASSERT_EQUAL(int(Verdict::kCreated), int(put("a", 1, R"({"status":"paid"})")));
    CPPUNIT_ASSERT_EQUAL(int(Verdict::kUpdated), int(put("a", 2, R"({"status":"due"})")));
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"status":"due"})"), source("a"));
    refresh();
    CPPUNIT_ASSERT_EQUAL(int(Verdict::kUpdated), int(put("a", 3, R"({"status":"new"})")));
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"status":"new"})"), source("a"));
    CPPUNIT_ASSERT_EQUAL(int(Verdict::kDeleted), int(apply({kDelete, "a", 4, ""})));
    CPPUNIT_ASSERT_EQUAL(std::string("absent"), source("a"));
    CPPUNIT_ASSERT_EQUAL(int(Verdict::kNotFound), int(apply({kDelete, "b", 1, ""})));
    CPPUNIT_ASSERT_EQUAL(int(Verdict::kCreated), int(put("a", 5, R"({})")));
    refresh();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, index_->stats().doc_count);
  }

  void olderAndEqualVersionsAreSkipped() {
    put("a", 5, R"({"amount":1})");
    for (const bool is_refreshed : {false, true}) {
      if (is_refreshed) refresh();
      CPPUNIT_ASSERT_EQUAL(int(Verdict::kAlreadyNewer), int(put("a", 5, R"({"amount":2})")));
      CPPUNIT_ASSERT_EQUAL(int(Verdict::kAlreadyNewer), int(put("a", 4, R"({"amount":2})")));
      CPPUNIT_ASSERT_EQUAL(int(Verdict::kAlreadyNewer), int(apply({kDelete, "a", 5, ""})));
      CPPUNIT_ASSERT_EQUAL(std::string(R"({"amount":1})"), source("a"));
    }
  }

  void deleteLeavesItsVersionBehind() {
    put("a", 1, "{}");
    apply({kDelete, "a", 7, ""});
    CPPUNIT_ASSERT_EQUAL(int(Verdict::kAlreadyNewer), int(put("a", 6, "{}")));
    commit();
    CPPUNIT_ASSERT_EQUAL(int(Verdict::kAlreadyNewer), int(put("a", 7, "{}")));
    CPPUNIT_ASSERT_EQUAL(int(Verdict::kCreated), int(put("a", 8, "{}")));
    apply({kDelete, "never", 3, ""});
    CPPUNIT_ASSERT_EQUAL(int(Verdict::kAlreadyNewer), int(put("never", 2, "{}")));
  }

  void refusedDocumentChangesNothingAndDoesNotAffectNeighbours() {
    put("b", 1, R"({"status":"old"})");
    const std::vector<Operation> operations = {
        {kIndex, "a", 1, R"({"status":"x","tags":["t"]})"},
        {kIndex, "b", 2, R"({"status":"y","description":"some words","amount":true})"},
        {kIndex, "c", 1, R"({"status":"z"})"}};
    auto outcomes = index_->apply(operations, ++sequence_);
    CPPUNIT_ASSERT(outcomes.isOk());
    CPPUNIT_ASSERT_EQUAL(int(Verdict::kCreated), int(outcomes.value()[0].verdict));
    CPPUNIT_ASSERT_EQUAL(int(Verdict::kRefused), int(outcomes.value()[1].verdict));
    CPPUNIT_ASSERT(!outcomes.value()[1].refusal.isOk());
    CPPUNIT_ASSERT_EQUAL(int(Verdict::kCreated), int(outcomes.value()[2].verdict));
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"status":"old"})"), source("b"));
    refresh();
    const auto snapshot = index_->snapshot();
    const FieldReader* const status = snapshot->segments[0].segment->field("status");
    CPPUNIT_ASSERT(status != nullptr);
    CPPUNIT_ASSERT_EQUAL(std::uint32_t{3}, status->terms->size());
    CPPUNIT_ASSERT(!status->terms->find("y"));
    CPPUNIT_ASSERT(snapshot->segments[0].segment->field("description") == nullptr);
  }

  void refusesImpossibleIdsAndVersions() {
    CPPUNIT_ASSERT_EQUAL(int(Verdict::kRefused), int(put("", 1, "{}")));
    CPPUNIT_ASSERT_EQUAL(int(Verdict::kRefused), int(put(std::string(513, 'x'), 1, "{}")));
    CPPUNIT_ASSERT_EQUAL(int(Verdict::kCreated), int(put(std::string(512, 'x'), 1, "{}")));
    CPPUNIT_ASSERT_EQUAL(int(Verdict::kRefused), int(put("a", 0, "{}")));
  }

  void getSeesWhatSearchDoesNotYetSee() {
    put("a", 1, R"({"amount":1.5})");
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"amount":1.5})"), source("a"));
    CPPUNIT_ASSERT(index_->snapshot()->segments.empty());
    refresh();
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, index_->snapshot()->segments.size());
    auto got = index_->get("a");
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, got.value()->version);
  }

  void snapshotDoesNotChangeUnderLaterWrites() {
    put("a", 1, "{}");
    put("b", 1, "{}");
    refresh();
    const auto before = index_->snapshot();
    apply({kDelete, "a", 2, ""});
    CPPUNIT_ASSERT_EQUAL(std::uint32_t{2}, before->segments[0].live_count);
    CPPUNIT_ASSERT(before->segments[0].live == nullptr);
    refresh();
    const auto after = index_->snapshot();
    CPPUNIT_ASSERT_EQUAL(std::uint32_t{1}, after->segments[0].live_count);
    apply({kDelete, "b", 2, ""});
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, after->segments[0].live->at(0));
    refresh();
    CPPUNIT_ASSERT(index_->snapshot()->segments.empty());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, after->segments[0].live->at(0));
  }

  void checkpointFollowsTheThreeMarks() {
    put("a", 1, "{}");
    expectMarks(1, 0, 0);
    refresh();
    expectMarks(1, 1, 0);
    put("b", 1, "{}");
    commit();
    expectMarks(2, 2, 2);
    CPPUNIT_ASSERT(index_->apply({}, 9).isOk());
    expectMarks(9, 2, 2);
    CPPUNIT_ASSERT(index_->apply({}, 4).isOk());
    expectMarks(9, 2, 2);
    refresh();
    expectMarks(9, 9, 2);
    commit();
    expectMarks(9, 9, 9);
  }

  void refreshWithoutChangeKeepsTheGeneration() {
    put("a", 1, "{}");
    refresh();
    const std::uint64_t generation = index_->checkpoint().generation;
    refresh();
    CPPUNIT_ASSERT(index_->apply({}, 50).isOk());
    refresh();
    CPPUNIT_ASSERT_EQUAL(generation, index_->checkpoint().generation);
    apply({kDelete, "a", 2, ""});
    refresh();
    CPPUNIT_ASSERT_EQUAL(generation + 1, index_->checkpoint().generation);
  }

  void reopenedIndexHoldsWhatWasCommitted() {
    put("a", 1, R"({"status":"paid","description":"rent for may"})");
    put("b", 1, R"({"status":"due"})");
    commit();
    apply({kDelete, "b", 2, ""});
    put("c", 1, "{}");
    commit();
    const Checkpoint before = index_->checkpoint();
    reopen();
    CPPUNIT_ASSERT_EQUAL(before.durable, index_->checkpoint().durable);
    CPPUNIT_ASSERT_EQUAL(before.durable, index_->checkpoint().applied);
    CPPUNIT_ASSERT_EQUAL(before.generation, index_->checkpoint().generation);
    CPPUNIT_ASSERT_EQUAL(std::string("absent"), source("b"));
    CPPUNIT_ASSERT_EQUAL(std::string("{}"), source("c"));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, index_->stats().doc_count);
    CPPUNIT_ASSERT(
        gyre::engine::checkIndex(directory_, [](std::string_view line) { std::cerr << line << '\n'; }).isOk());
  }

  void anotherMappingIsRefused() {
    index_.reset();
    auto other =
        Index::open(directory_, R"({"mappings":{"properties":{"status":{"type":"text"}}}})", options_, observer_);
    CPPUNIT_ASSERT(!other.isOk());
    CPPUNIT_ASSERT_EQUAL(std::string("mapping_changed"), std::string(other.status().reason()));
    open();
  }

  void spacingOfTheDefinitionDoesNotMatter() {
    index_.reset();
    std::string spaced;
    for (const char c : kDefinition) spaced += c == ':' ? std::string(" : ") : std::string(1, c);
    CPPUNIT_ASSERT(Index::open(directory_, spaced, options_, observer_).isOk());
    CPPUNIT_ASSERT(Index::open(directory_, "", options_, observer_).isOk());
  }

  void fullBufferBecomesASegmentThatIsNotYetSearchable() {
    index_.reset();
    options_.buffer_bytes = 20'000;
    open();
    for (int i = 0; i < 200; ++i) put("id" + std::to_string(i), 1, R"({"description":"one two three four"})");
    CPPUNIT_ASSERT(index_->stats().segment_count > 0);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{200}, index_->stats().doc_count);
    CPPUNIT_ASSERT(index_->snapshot()->segments.empty());
    CPPUNIT_ASSERT_EQUAL(int(Verdict::kUpdated), int(put("id0", 2, "{}")));
    CPPUNIT_ASSERT_EQUAL(int(Verdict::kDeleted), int(apply({kDelete, "id1", 2, ""})));
    CPPUNIT_ASSERT_EQUAL(std::string("{}"), source("id0"));
    CPPUNIT_ASSERT_EQUAL(std::string("absent"), source("id1"));
    refresh();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{199}, index_->stats().doc_count);
  }

  // What is kept for documents to come is memory, and nothing that an index is as large as.
  void memoryThatAFullBufferLeavesIsNotOfDocuments() {
    index_.reset();
    options_.buffer_bytes = 400'000;
    open();
    for (int i = 0; index_->stats().segment_count == 0; ++i) {
      CPPUNIT_ASSERT(i < 50'000);
      put("id" + std::to_string(i), 1, R"({"description":"one two three four"})");
    }
    CPPUNIT_ASSERT(index_->stats().buffer_bytes > 200'000);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, index_->stats().buffered_bytes / 4'096);
    CPPUNIT_ASSERT(index_->commit().isOk());
    CPPUNIT_ASSERT(index_->stats().buffer_bytes < 100'000);
  }

  void forceMergeLeavesOneSegmentWithoutDeletes() {
    for (int i = 0; i < 30; ++i) {
      put("id" + std::to_string(i), 1, R"({"description":"one two"})");
      refresh();
    }
    for (int i = 0; i < 30; i += 3) apply({kDelete, "id" + std::to_string(i), 2, ""});
    CPPUNIT_ASSERT(index_->forceMerge(1).isOk());
    const IndexStats stats = index_->stats();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, stats.segment_count);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{20}, stats.doc_count);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, stats.deleted_count);
    CPPUNIT_ASSERT_EQUAL(std::string("absent"), source("id3"));
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"description":"one two"})"), source("id4"));
  }

  void closedIndexRefusesWork() {
    put("a", 1, "{}");
    CPPUNIT_ASSERT(index_->close().isOk());
    CPPUNIT_ASSERT(index_->close().isOk());
    CPPUNIT_ASSERT_EQUAL(int(gyre::Code::kUnavailable), int(index_->apply({}, 1).status().code()));
    CPPUNIT_ASSERT_EQUAL(int(gyre::Code::kUnavailable), int(index_->refresh().code()));
    reopen();
    CPPUNIT_ASSERT_EQUAL(std::string("{}"), source("a"));
  }

  // A merge of more than a few megabytes writes a file; those it replaces must not wait for the owner's next commit.
  void filesThatMergesReplaceGoWithoutACommit() {
    std::mt19937_64 random(1);
    gyre::engine::RamDirectory directory;
    auto opened = Index::open(directory, R"({"mappings":{"dynamic":false}})", options_, observer_);
    CPPUNIT_ASSERT(opened.isOk());
    index_ = std::move(opened).value();
    constexpr int kSegments = 10;
    for (int i = 0; i < kSegments; ++i) {
      std::string noise;
      while (noise.size() < 1'500'000) noise += static_cast<char>('0' + random() % 75);
      std::replace(noise.begin(), noise.end(), '\\', '~');
      put("big-" + std::to_string(i), 1, R"({"note":")" + noise + R"("})");
      commit();
    }
    put("later", 1, "{}");
    const std::uint64_t durable = index_->checkpoint().durable;
    CPPUNIT_ASSERT(index_->merge().isOk());
    const auto names = directory.list();
    CPPUNIT_ASSERT(names.isOk());
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, names.value().size());  // the commit and one segment
    // What was not searchable yet stays so.
    expectMarks(durable + 1, durable, durable);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{kSegments + 1}, index_->stats().doc_count);
    index_.reset();
  }

  void randomOperationsMatchTheModel() {
    const auto seed = std::random_device()();
    std::cerr << " seed " << seed << ' ';
    std::mt19937 random(seed);
    index_.reset();
    options_.buffer_bytes = 30'000;
    open();
    IndexModel model(seed);
    for (int step = 0; step < 3000; ++step) {
      const unsigned what = random() % 100;
      if (what < 85) {
        CPPUNIT_ASSERT_EQUAL(std::string(), model.applyTo(*index_, 1 + random() % 5));
      } else if (what < 93) {
        refresh();
      } else if (what < 96) {
        commit();
      } else if (what < 98) {
        CPPUNIT_ASSERT(index_->merge().isOk());
      } else if (what < 99) {
        CPPUNIT_ASSERT(index_->forceMerge(1 + random() % 3).isOk());
      } else {
        reopen();
      }
      if (step % 100 == 0) CPPUNIT_ASSERT_EQUAL(std::string(), model.compareGets(*index_));
    }
    refresh();
    CPPUNIT_ASSERT_EQUAL(std::string(), model.compareGets(*index_));
    CPPUNIT_ASSERT_EQUAL(std::string(), model.compareSnapshot(*index_));
    commit();
    CPPUNIT_ASSERT(
        gyre::engine::checkIndex(directory_, [](std::string_view line) { std::cerr << line << '\n'; }).isOk());
  }

 private:
  void open() {
    auto opened = Index::open(directory_, kDefinition, options_, observer_);
    CPPUNIT_ASSERT_MESSAGE(std::string(opened.status().message()), opened.isOk());
    index_ = std::move(opened).value();
  }
  void reopen() {
    index_.reset();
    open();
  }
  Verdict apply(const Operation& operation) {
    auto outcomes = index_->apply({&operation, 1}, ++sequence_);
    CPPUNIT_ASSERT(outcomes.isOk());
    return outcomes.value().at(0).verdict;
  }
  Verdict put(std::string_view id, std::uint64_t version, std::string_view document) {
    return apply({kIndex, id, version, document});
  }
  std::string source(std::string_view id) {
    auto got = index_->get(id);
    CPPUNIT_ASSERT(got.isOk());
    return got.value() ? got.value()->source : "absent";
  }
  void refresh() { CPPUNIT_ASSERT(index_->refresh().isOk()); }
  void commit() { CPPUNIT_ASSERT(index_->commit().isOk()); }
  void expectMarks(std::uint64_t applied, std::uint64_t searchable, std::uint64_t durable) {
    const Checkpoint marks = index_->checkpoint();
    CPPUNIT_ASSERT_EQUAL(applied, marks.applied);
    CPPUNIT_ASSERT_EQUAL(searchable, marks.searchable);
    CPPUNIT_ASSERT_EQUAL(durable, marks.durable);
  }

  gyre::engine::RamDirectory directory_;
  gyre::base::NullObserver observer_;
  IndexOptions options_{.name = "", .buffer_bytes = 64u << 20, .merge_in_background = false};
  std::uint64_t sequence_ = 0;
  std::unique_ptr<Index> index_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(IndexTest);
