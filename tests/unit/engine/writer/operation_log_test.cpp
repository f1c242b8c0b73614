#include "engine/writer/operation_log.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "engine/directory/ram_directory.hpp"
#include "engine/index.hpp"
#include "tests/support/fault_directory.hpp"

namespace gyre::engine {
namespace {

struct Read {
  std::vector<std::string> sources;
  std::vector<std::uint64_t> seq_nos;
  OperationLog::Replay replay() {
    return [this](const LoggedOperation& operation) {
      sources.emplace_back(operation.source);
      seq_nos.push_back(operation.seq_no);
      return Status();
    };
  }
};

std::unique_ptr<OperationLog> openLog(Directory& directory, Read& read, std::uint64_t from = 0) {
  auto log = OperationLog::open(directory, from, read.replay());
  CPPUNIT_ASSERT_MESSAGE(std::string(log.status().message()), log.isOk());
  return std::move(log).value();
}

void addTo(OperationLog& log, std::uint64_t seq_no, std::string_view source = "{}") {
  log.add({false, seq_no, 1, "id" + std::to_string(seq_no), "", source});
}

IndexOptions ownStore() {
  IndexOptions options;
  options.keeps_log = true;
  options.merge_in_background = false;
  options.name = "i";
  return options;
}

constexpr std::string_view kDefinition = R"({"mappings":{"dynamic":false,"properties":{"n":{"type":"long"}}}})";

Operation write(std::string_view id, std::string_view source) {
  Operation operation;
  operation.id = id;
  operation.source = source;
  operation.versioning = Operation::Versioning::kInternal;
  return operation;
}

}  // namespace

class OperationLogTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(OperationLogTest);
  CPPUNIT_TEST(whatWasSyncedIsReadBack);
  CPPUNIT_TEST(trimKeepsWhatIsNotCovered);
  CPPUNIT_TEST(aTornEndIsDropped);
  CPPUNIT_TEST(damageBeforeALaterRecordIsCorruption);
  CPPUNIT_TEST(concurrentCallersAreAllSynced);
  CPPUNIT_TEST(aFailedSyncFailsForEver);
  CPPUNIT_TEST(anIndexDecidesVersionsAndConditions);
  CPPUNIT_TEST(anAcknowledgedOperationSurvivesEveryPowerCut);
  CPPUNIT_TEST_SUITE_END();

  void whatWasSyncedIsReadBack() {
    RamDirectory directory;
    {
      Read nothing;
      const auto log = openLog(directory, nothing);
      addTo(*log, 0, R"({"a":1})");
      addTo(*log, 1, R"({"a":2})");
      CPPUNIT_ASSERT(log->sync().isOk());
      addTo(*log, 2, R"({"a":3})");
      CPPUNIT_ASSERT(log->sync().isOk());
      addTo(*log, 3, "never synced");
    }
    Read read;
    openLog(directory, read, 1);
    CPPUNIT_ASSERT(read.sources == std::vector<std::string>({R"({"a":2})", R"({"a":3})"}));
    CPPUNIT_ASSERT(read.seq_nos == std::vector<std::uint64_t>({1, 2}));
  }

  void trimKeepsWhatIsNotCovered() {
    RamDirectory directory;
    Read read;
    const auto log = openLog(directory, read);
    for (std::uint64_t seq_no = 0; seq_no < 3; ++seq_no) {
      addTo(*log, seq_no);
      CPPUNIT_ASSERT(log->sync().isOk());
      log->rotate();
    }
    CPPUNIT_ASSERT(log->trim(2).isOk());
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, directory.list().value().size());
    Read again;
    openLog(directory, again);
    CPPUNIT_ASSERT(again.seq_nos == std::vector<std::uint64_t>({2}));
    // All rotated and covered: nothing is left, and writing goes on.
    CPPUNIT_ASSERT(log->trim(3).isOk());
    CPPUNIT_ASSERT(directory.list().value().empty());
    addTo(*log, 3);
    CPPUNIT_ASSERT(log->sync().isOk());
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, directory.list().value().size());
  }

  void aTornEndIsDropped() {
    test::FaultDirectory directory;
    {
      Read nothing;
      const auto log = openLog(directory, nothing);
      addTo(*log, 0, "first");
      CPPUNIT_ASSERT(log->sync().isOk());
      addTo(*log, 1, "second");
      CPPUNIT_ASSERT(log->sync().isOk());
    }
    const std::string name = directory.list().value().front();
    const std::string whole = directory.read(name);
    for (std::size_t size = whole.size() / 2 + 1; size < whole.size(); ++size) {
      directory.write(name, whole.substr(0, size));
      Read read;
      openLog(directory, read);
      CPPUNIT_ASSERT(read.sources == std::vector<std::string>({"first"}));
    }
  }

  void damageBeforeALaterRecordIsCorruption() {
    test::FaultDirectory directory;
    {
      Read nothing;
      const auto log = openLog(directory, nothing);
      addTo(*log, 0, "first");
      CPPUNIT_ASSERT(log->sync().isOk());
      addTo(*log, 1, "second");
      CPPUNIT_ASSERT(log->sync().isOk());
    }
    const std::string name = directory.list().value().front();
    const std::string whole = directory.read(name);
    for (std::size_t at = 0; at < whole.size() / 2 - 1; ++at) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ 4);
      directory.write(name, damaged);
      Read read;
      const auto log = OperationLog::open(directory, 0, read.replay());
      CPPUNIT_ASSERT_MESSAGE("byte " + std::to_string(at), log.status().code() == Code::kCorruption);
      CPPUNIT_ASSERT(log.status().message().find(name + ": byte 0") != std::string_view::npos);
    }
  }

  void concurrentCallersAreAllSynced() {
    RamDirectory directory;
    Read nothing;
    const auto log = openLog(directory, nothing);
    std::mutex order;  // the writer's lock
    std::uint64_t next = 0;
    std::atomic<int> failures = 0;
    std::vector<std::thread> callers;
    for (int t = 0; t < 4; ++t)
      callers.emplace_back([&] {
        for (int i = 0; i < 200; ++i) {
          {
            const std::lock_guard lock(order);
            addTo(*log, next++);
          }
          failures += log->sync().isOk() ? 0 : 1;
        }
      });
    for (std::thread& caller : callers) caller.join();
    CPPUNIT_ASSERT_EQUAL(0, failures.load());
    Read read;
    openLog(directory, read);
    CPPUNIT_ASSERT_EQUAL(std::size_t{800}, read.seq_nos.size());
    for (std::uint64_t i = 0; i < 800; ++i) CPPUNIT_ASSERT_EQUAL(i, read.seq_nos[i]);
  }

  void aFailedSyncFailsForEver() {
    test::FaultDirectory directory;
    Read nothing;
    const auto log = openLog(directory, nothing);
    addTo(*log, 0);
    directory.failAt(directory.operations() + 2, test::FaultDirectory::After::kAlive, 1);
    CPPUNIT_ASSERT(!log->sync().isOk());
    addTo(*log, 1);
    CPPUNIT_ASSERT(!log->sync().isOk());
  }

  void anIndexDecidesVersionsAndConditions() {
    using Verdict = OperationOutcome::Verdict;
    RamDirectory directory;
    base::NullObserver observer;
    const auto index = Index::open(directory, kDefinition, ownStore(), observer).value();
    const auto apply = [&](const Operation& operation) { return index->apply({&operation, 1}, 0).value().front(); };

    OperationOutcome outcome = apply(write("a", R"({"n":1})"));
    CPPUNIT_ASSERT(outcome.verdict == Verdict::kCreated && outcome.version == 1 && outcome.seq_no == 0);
    outcome = apply(write("a", R"({"n":2})"));
    CPPUNIT_ASSERT(outcome.verdict == Verdict::kUpdated && outcome.version == 2 && outcome.seq_no == 1);

    Operation create = write("a", R"({"n":3})");
    create.must_be_new = true;
    outcome = apply(create);
    CPPUNIT_ASSERT(outcome.verdict == Verdict::kConflict);
    CPPUNIT_ASSERT_EQUAL(std::string("[a]: version conflict, document already exists (current version [2])"),
                         std::string(outcome.refusal.message()));

    Operation conditional = write("a", R"({"n":3})");
    conditional.if_seq_no = 0;
    conditional.if_term = 1;
    CPPUNIT_ASSERT(apply(conditional).verdict == Verdict::kConflict);
    conditional.if_seq_no = 1;
    outcome = apply(conditional);
    CPPUNIT_ASSERT(outcome.verdict == Verdict::kUpdated && outcome.version == 3 && outcome.seq_no == 2);

    // A refused document takes no number.
    CPPUNIT_ASSERT(apply(write("a", R"({"n":"no"})")).verdict == Verdict::kRefused);
    Operation remove = write("a", "");
    remove.kind = Operation::Kind::kDelete;
    outcome = apply(remove);
    CPPUNIT_ASSERT(outcome.verdict == Verdict::kDeleted && outcome.version == 4 && outcome.seq_no == 3);
    outcome = apply(remove);
    CPPUNIT_ASSERT(outcome.verdict == Verdict::kNotFound && outcome.version == 5 && outcome.seq_no == 4);
    outcome = apply(write("a", R"({"n":1})"));
    CPPUNIT_ASSERT(outcome.verdict == Verdict::kCreated && outcome.version == 6);

    Operation external = write("b", R"({"n":1})");
    external.versioning = Operation::Versioning::kExternal;
    external.version = 10;
    external.routing = "r";
    CPPUNIT_ASSERT(apply(external).verdict == Verdict::kCreated);
    CPPUNIT_ASSERT(apply(external).verdict == Verdict::kConflict);
    external.versioning = Operation::Versioning::kExternalOrEqual;
    CPPUNIT_ASSERT(apply(external).verdict == Verdict::kUpdated);
    external.version = 9;
    CPPUNIT_ASSERT(apply(external).verdict == Verdict::kConflict);

    const auto check = [](const Index& opened) {
      const auto held = opened.get("b").value();
      CPPUNIT_ASSERT(held && held->version == 10 && held->seq_no == 7 && held->routing == "r");
      CPPUNIT_ASSERT_EQUAL(std::string(R"({"n":1})"), held->source);
    };
    check(*index);
    CPPUNIT_ASSERT(index->refresh().isOk());
    check(*index);
    CPPUNIT_ASSERT(index->sync().isOk());
    // Another process, from the log alone: the commit knows of nothing yet.
    test::FaultDirectory crashed;
    const std::vector<std::string> names = directory.list().value();
    for (const std::string& name : names)
      crashed.write(name, std::string(base::asText(directory.open(name).value()->bytes())));
    const auto again = Index::open(crashed, "", ownStore(), observer).value();
    check(*again);
    outcome = again->apply(std::vector{write("c", R"({"n":1})")}, 0).value().front();
    CPPUNIT_ASSERT(outcome.seq_no == 8);
  }

  // At every step of the disk: what was acknowledged by sync() is there afterwards, with its version.
  void anAcknowledgedOperationSurvivesEveryPowerCut() {
    const std::uint32_t seed = std::random_device()();
    base::NullObserver observer;
    bool has_failed = true;
    for (std::uint64_t step = 1; has_failed; ++step) {
      const std::string where = "seed " + std::to_string(seed) + ", step " + std::to_string(step);
      test::FaultDirectory directory;
      directory.failAt(step, test::FaultDirectory::After::kDead, seed);
      std::vector<std::uint64_t> acknowledged(8, 0);  // versions by document
      if (auto opened = Index::open(directory, kDefinition, ownStore(), observer); opened.isOk()) {
        std::mt19937 random(seed);
        for (int i = 0; i < 40; ++i) {
          const std::size_t document = random() % acknowledged.size();
          const std::string id = std::to_string(document);
          const Operation operation = write(id, R"({"n":1})");
          const auto applied = opened.value()->apply({&operation, 1}, 0);
          if (!applied.isOk()) break;
          if (random() % 3 == 0 && !opened.value()->sync().isOk()) break;
          if (random() % 3 == 0) continue;
          if (!opened.value()->sync().isOk()) break;
          acknowledged[document] = applied.value().front().version;
          if (random() % 10 == 0 && !opened.value()->commit().isOk()) break;
        }
      }
      has_failed = directory.hasFailed();
      const auto found = directory.cutPower(seed + static_cast<std::uint32_t>(step));
      const auto again = Index::open(*found, kDefinition, ownStore(), observer);
      CPPUNIT_ASSERT_MESSAGE(where + ": " + std::string(again.status().message()), again.isOk());
      for (std::size_t document = 0; document < acknowledged.size(); ++document) {
        if (acknowledged[document] == 0) continue;
        const auto held = again.value()->get(std::to_string(document)).value();
        CPPUNIT_ASSERT_MESSAGE(where, held && held->version >= acknowledged[document]);
      }
    }
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(OperationLogTest);

}  // namespace gyre::engine
