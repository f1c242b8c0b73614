// Fails, tears and cuts the power at every single operation on the directory, and compares what is found afterwards
// with what the commit says must be there.
#include <cppunit/extensions/HelperMacros.h>

#include <iostream>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "engine/index.hpp"
#include "tests/support/fault_directory.hpp"
#include "tests/support/index_model.hpp"

namespace {

using gyre::engine::Index;
using gyre::engine::IndexOptions;
using gyre::engine::test::FaultDirectory;
using gyre::engine::test::IndexModel;
using gyre::engine::test::kDefinition;
using Documents = std::map<std::string, IndexModel::Held>;

constexpr int kBatches = 24;

// What a run left behind: the contents after each sequence, and what was acknowledged as durable.
struct Run {
  std::map<std::uint64_t, Documents> by_sequence;
  std::uint64_t durable = 0;
  std::string problem;
};

std::unique_ptr<Index> open(FaultDirectory& directory, std::string& problem) {
  static gyre::base::NullObserver observer;
  // A small buffer, so that segments are also written between commits.
  const IndexOptions options{.name = "", .buffer_bytes = 3'000, .merge_in_background = false};
  auto opened = Index::open(directory, kDefinition, options, observer);
  if (opened.isOk()) return std::move(opened).value();
  problem = opened.status().message();
  return nullptr;
}

// The same work for the same seed, until something fails (kDead) or to the end (kAlive: a failed step is done again).
Run work(FaultDirectory& directory, std::uint32_t seed, bool is_retrying) {
  Run run;
  IndexModel model(seed);
  run.by_sequence[0] = {};
  std::string problem;
  auto index = open(directory, problem);
  if (!index && is_retrying) index = open(directory, problem);
  if (!index) return run;
  const auto attempt = [&](auto&& step) {
    if (step().isOk()) return true;
    return is_retrying && step().isOk();
  };
  for (int batch = 0; batch < kBatches; ++batch) {
    const auto made = model.make(6);
    const auto operations = IndexModel::operations(made);
    const std::uint64_t sequence = model.sequence() + 1;
    model.keep(made);
    run.by_sequence[sequence] = model.documents();
    if (!attempt([&] { return index->apply(operations, sequence).status(); })) return run;
    if (batch % 2 == 1 && !attempt([&] { return index->refresh(); })) return run;
    if (batch % 4 == 3) {
      if (!attempt([&] { return index->commit(); })) return run;
      run.durable = index->checkpoint().durable;
    }
    if (batch % 7 == 6 && !attempt([&] { return index->forceMerge(1 + batch % 3); })) return run;
  }
  if (is_retrying) {
    run.problem = model.compareGets(*index);
    if (!attempt([&] { return index->commit(); })) run.problem = "the last commit failed twice";
    run.durable = index->checkpoint().durable;
  }
  return run;
}

std::vector<std::string> namesIn(FaultDirectory& directory) { return directory.list().value(); }

// "" when the index in `directory` is exactly what one of the run's sequences says, at or after the acknowledged one.
std::string compare(FaultDirectory& directory, const Run& run) {
  std::string problem;
  const auto index = open(directory, problem);
  if (!index) return problem;
  const std::uint64_t durable = index->checkpoint().durable;
  if (durable < run.durable) return "lost what was acknowledged";
  const auto expected = run.by_sequence.find(durable);
  if (expected == run.by_sequence.end()) return "a sequence that never was";
  std::size_t count = 0;
  const auto scanned = index->scan([&](std::string_view id, std::uint64_t version, std::string_view source) {
    ++count;
    const auto held = expected->second.find(std::string(id));
    if (held == expected->second.end() || held->second.version != version || held->second.source != source)
      problem = std::string(id) + " differs";
    return true;
  });
  if (!scanned.isOk()) return std::string(scanned.message());
  if (count != expected->second.size()) return "another number of documents";
  if (!problem.empty()) return problem;
  gyre::engine::checkIndex(directory, [&](std::string_view line) { problem = line; }).isOk();
  return problem;
}

}  // namespace

class PowerCutTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(PowerCutTest);
  CPPUNIT_TEST(deathAtAnyOperationLeavesACommit);
  CPPUNIT_TEST(oneFailedOperationLosesNothing);
  CPPUNIT_TEST(flippedBitsAreCorruptionOrChangeNothing);
  CPPUNIT_TEST(cutOffFilesAreCorruption);
  CPPUNIT_TEST(missingFilesAreCorruption);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override {
    seed_ = std::random_device()();
    std::cerr << " seed " << seed_ << ' ';
    random_.seed(seed_);
  }

  void deathAtAnyOperationLeavesACommit() {
    const std::uint64_t operations = countOperations();
    CPPUNIT_ASSERT(operations > 50);
    for (std::uint64_t at = 1; at <= operations; ++at)
      for (std::uint32_t cut = 0; cut < 3; ++cut) {
        FaultDirectory directory;
        directory.failAt(at, FaultDirectory::After::kDead, seed_ + cut);
        const Run run = work(directory, seed_, false);
        CPPUNIT_ASSERT(directory.hasFailed());
        const auto found = directory.cutPower(seed_ + static_cast<std::uint32_t>(at) + cut);
        CPPUNIT_ASSERT_EQUAL_MESSAGE("operation " + std::to_string(at), std::string(), compare(*found, run));
        // And without a power cut: only the process died.
        FaultDirectory survived;
        CPPUNIT_ASSERT_EQUAL(std::string(), compare(*survived.takeFrom(directory), run));
      }
  }

  void oneFailedOperationLosesNothing() {
    const std::uint64_t operations = countOperations();
    for (std::uint64_t at = 1; at <= operations; ++at) {
      FaultDirectory directory;
      directory.failAt(at, FaultDirectory::After::kAlive, seed_);
      const Run run = work(directory, seed_, true);
      CPPUNIT_ASSERT_EQUAL_MESSAGE("operation " + std::to_string(at), std::string(), run.problem);
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{kBatches}, run.durable);
      const auto found = directory.cutPower(seed_ + static_cast<std::uint32_t>(at));
      CPPUNIT_ASSERT_EQUAL_MESSAGE("operation " + std::to_string(at), std::string(), compare(*found, run));
    }
  }

  void flippedBitsAreCorruptionOrChangeNothing() {
    FaultDirectory directory;
    const Run run = workSmall(directory);
    for (const std::string& name : namesIn(directory)) {
      const std::string sound = directory.read(name);
      for (std::size_t at = 0; at < sound.size(); ++at) {
        std::string damaged = sound;
        damaged[at] = static_cast<char>(damaged[at] ^ (1 << random_() % 8));
        directory.write(name, damaged);
        expectCorruptionOrSame(directory, run, name, at);
      }
      directory.write(name, sound);
    }
  }

  void cutOffFilesAreCorruption() {
    FaultDirectory directory;
    workSmall(directory);
    for (const std::string& name : namesIn(directory)) {
      const std::string sound = directory.read(name);
      for (std::size_t size = 0; size < sound.size(); size += 1 + random_() % 20) {
        directory.write(name, sound.substr(0, size));
        std::string problem;
        CPPUNIT_ASSERT_MESSAGE(name + " of " + std::to_string(size), open(directory, problem) == nullptr);
        CPPUNIT_ASSERT_MESSAGE(problem, problem.find(name) != std::string::npos);
      }
      directory.write(name, sound);
    }
  }

  void missingFilesAreCorruption() {
    for (const bool is_commit : {true, false}) {
      FaultDirectory directory;
      workSmall(directory);
      for (const std::string& name : namesIn(directory))
        if ((name == "commit") == is_commit) CPPUNIT_ASSERT(directory.remove(name).isOk());
      static gyre::base::NullObserver observer;
      const auto opened = Index::open(directory, kDefinition, {}, observer);
      CPPUNIT_ASSERT_EQUAL(int(gyre::Code::kCorruption), int(opened.status().code()));
    }
  }

 private:
  std::uint64_t countOperations() {
    FaultDirectory directory;
    const Run run = work(directory, seed_, false);
    CPPUNIT_ASSERT_EQUAL(std::string(), compare(directory, run));
    return directory.operations();
  }

  // One commit with a few documents, two segments and a delete.
  Run workSmall(FaultDirectory& directory) {
    Run run;
    IndexModel model(seed_);
    std::string problem;
    const auto index = open(directory, problem);
    for (int batch = 0; batch < 2; ++batch) {
      CPPUNIT_ASSERT_EQUAL(std::string(), model.applyTo(*index, 4));
      CPPUNIT_ASSERT(index->refresh().isOk());
    }
    CPPUNIT_ASSERT(index->commit().isOk());
    run.durable = model.sequence();
    run.by_sequence[run.durable] = model.documents();
    return run;
  }

  void expectCorruptionOrSame(FaultDirectory& directory, const Run& run, const std::string& name, std::size_t at) {
    static gyre::base::NullObserver observer;
    const std::string where = name + " byte " + std::to_string(at);
    auto opened = Index::open(directory, kDefinition, {.name = "", .merge_in_background = false}, observer);
    if (!opened.isOk()) {
      CPPUNIT_ASSERT_EQUAL_MESSAGE(where, int(gyre::Code::kCorruption), int(opened.status().code()));
      CPPUNIT_ASSERT_MESSAGE(where, std::string(opened.status().message()).find("byte") != std::string::npos);
      return;
    }
    opened.value().reset();
    CPPUNIT_ASSERT_EQUAL_MESSAGE(where, std::string(), compare(directory, run));
  }

  std::uint32_t seed_ = 0;
  std::mt19937 random_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(PowerCutTest);
