// The projector between the real store and the real engine: what the fakes promise must be what these do.
#include <cppunit/extensions/HelperMacros.h>

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/observer.hpp"
#include "engine/directory/ram_directory.hpp"
#include "server/projector/projector.hpp"
#include "server/projector/verify.hpp"
#include "server/search/embedded_engine.hpp"
#include "server/store/primary_store.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/unit/server/projector/projector_rig.hpp"

namespace gyre::projector {
namespace {

constexpr std::string_view kDefinition = R"({"settings":{},"mappings":{"properties":{"n":{"type":"long"}}}})";

// One event of each of some entities.
class Write final : public store::Unit {
 public:
  Write(std::vector<std::string> ids, int n, std::function<void(const Status&, std::uint64_t)> done)
      : ids_(std::move(ids)), n_(n), done_(std::move(done)) {}

  Status run(store::UnitOfWork& work) override {
    for (const std::string& id : ids_) {
      store::EntityRecord after;
      after.id = id;
      after.organization_id = "org";
      after.state = "{\"n\":" + std::to_string(n_) + "}";
      GYRE_TRY_ASSIGN(const store::EntityRecord written, work.append(std::move(after), "Written", "{}", 0));
      last_ = written.sequence;
    }
    return {};
  }
  void done(const Status& outcome) override { done_(outcome, last_); }

 private:
  std::vector<std::string> ids_;
  int n_;
  std::function<void(const Status&, std::uint64_t)> done_;
  std::uint64_t last_ = 0;
};

}  // namespace

class ProjectorRealPartsTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(ProjectorRealPartsTest);
  CPPUNIT_TEST(whatIsWrittenIsSearchableOnDemand);
  CPPUNIT_TEST(aCrashIsMadeUpFromTheStore);
  CPPUNIT_TEST(repairPutsBackWhatTheIndexLost);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override {
    folder_ = std::make_unique<test::TempFolder>();
    store::StoreOptions options;
    options.path = (folder_->path() / "store.db").string();
    store_ = valueOf(store::PrimaryStore::open(options, clock_, observer_));
    directory_ = std::make_unique<engine::RamDirectory>();
    openIndex();
  }
  void tearDown() override {
    projector_.reset();
    engine_.reset();
    store_.reset();
    folder_.reset();
  }

  void whatIsWrittenIsSearchableOnDemand() {
    for (int i = 1; i <= 20; ++i) {
      const std::uint64_t sequence = write({"a", "b" + std::to_string(i)}, i);
      CPPUNIT_ASSERT(require(sequence).isOk());
      CPPUNIT_ASSERT_EQUAL(static_cast<std::uint64_t>(i) + 1, engine_->stats().doc_count);
      const Result<search::SearchAnswer> answer =
          engine_->search("{\"query\":{\"term\":{\"n\":" + std::to_string(i) + "}}}", 0);
      CPPUNIT_ASSERT(answer.isOk() && answer->sequence >= sequence);
      CPPUNIT_ASSERT(answer->body.find("\"value\":2,") != std::string::npos);
    }
  }

  void aCrashIsMadeUpFromTheStore() {
    write(many(0, 300), 1);
    CPPUNIT_ASSERT(require(300).isOk());
    projector_->stop();  // with a commit
    const auto durable = copyOf(*directory_);
    projector_.reset();
    openProjector();
    const std::uint64_t last = write(many(200, 500), 2);
    CPPUNIT_ASSERT(require(last).isOk());
    projector_.reset();
    engine_.reset();
    directory_ = copyOf(*durable);  // as if nothing after the first commit had reached the disk
    openIndex();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{300}, engine_->progress().durable);
    CPPUNIT_ASSERT(require(last).isOk());
    const VerifyResult result = verified(false);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{500}, result.checked);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, result.missing_count + result.extra_count + result.different_count);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{300}, projector_->stats().documents);  // only what came after
  }

  void repairPutsBackWhatTheIndexLost() {
    write(many(0, 50), 1);
    CPPUNIT_ASSERT(require(50).isOk());
    // Behind the projector's back: one changed, one gone, one that never was.
    const std::vector<search::BulkOperation> operations = {
        {search::BulkOperation::Kind::kIndex, "e3", 4, "{\"n\":-1}", true},
        {search::BulkOperation::Kind::kDelete, "e4", 5, {}, true},
        {search::BulkOperation::Kind::kIndex, "ghost", 50, "{\"n\":0}", true}};
    CPPUNIT_ASSERT(engine_->bulk(operations, 50).isOk());
    CPPUNIT_ASSERT(engine_->refresh().isOk());
    const VerifyResult found = verified(true);
    CPPUNIT_ASSERT(found.missing == std::vector<std::string>{"e4"});
    CPPUNIT_ASSERT(found.extra == std::vector<std::string>{"ghost"});
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, found.different_count);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, found.repaired);
    const VerifyResult again = verified(false);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, again.missing_count + again.extra_count + again.different_count);
    const std::uint64_t sequence = write({"e3", "e4", "ghost"}, 2);
    CPPUNIT_ASSERT(require(sequence).isOk());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, verified(false).different_count);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{51}, engine_->stats().doc_count);
  }

 private:
  template <class T>
  static T valueOf(Result<T> result) {
    CPPUNIT_ASSERT_MESSAGE(std::string(result.status().message()), result.isOk());
    return std::move(result).value();
  }
  static std::vector<std::string> many(int from, int to) {
    std::vector<std::string> ids;
    for (int i = from; i < to; ++i) ids.push_back("e" + std::to_string(i));
    return ids;
  }
  static std::unique_ptr<engine::RamDirectory> copyOf(engine::RamDirectory& directory) {
    auto copy = std::make_unique<engine::RamDirectory>();
    for (const std::string& name : valueOf(directory.list())) {
      const auto file = valueOf(directory.open(name));
      CPPUNIT_ASSERT(copy->replace(name, file->bytes()).isOk());
    }
    return copy;
  }

  void openIndex() {
    engine_ = valueOf(search::openEmbeddedEngine(*directory_, kDefinition, {}, observer_));
    openProjector();
  }
  void openProjector() {
    ProjectorOptions options;
    options.domain = "things";
    projector_ = std::make_unique<Projector>(options, *store_, *engine_, projection_, clock_, observer_);
    projector_->start();
  }
  std::uint64_t write(std::vector<std::string> ids, int n) {
    std::promise<std::pair<Status, std::uint64_t>> written;
    store_->submit(std::make_unique<Write>(std::move(ids), n, [&written](const Status& status, std::uint64_t sequence) {
      written.set_value({status, sequence});
    }));
    const auto [status, sequence] = written.get_future().get();
    CPPUNIT_ASSERT_MESSAGE(std::string(status.message()), status.isOk());
    return sequence;
  }
  Status require(std::uint64_t sequence) {
    const auto ready = std::make_shared<std::promise<Status>>();
    projector_->requireSequence(sequence, 20'000, [ready](const Status& status) { ready->set_value(status); });
    return ready->get_future().get();
  }
  VerifyResult verified(bool is_repairing) {
    return valueOf(verify(*store_, *engine_, *projector_, projection_, {}, is_repairing, {}));
  }

  const base::SystemClock clock_;
  base::NullObserver observer_;
  test::EchoProjection projection_;
  std::unique_ptr<test::TempFolder> folder_;
  std::unique_ptr<store::PrimaryStore> store_;
  std::unique_ptr<engine::RamDirectory> directory_;
  std::unique_ptr<search::SearchEngine> engine_;
  std::unique_ptr<Projector> projector_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(ProjectorRealPartsTest);

}  // namespace gyre::projector
