// What do the store's tests share? A folder that goes away, a unit made of a lambda, and a store opened on both.
#pragma once

#include <cppunit/extensions/HelperMacros.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "base/observer.hpp"
#include "gyre/status.hpp"
#include "server/store/primary_store.hpp"

namespace gyre::store {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "gyre-store-XXXXXX").string();
    CPPUNIT_ASSERT(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string file(std::string_view name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

// run() and done() as functions.
class LambdaUnit final : public Unit {
 public:
  using Run = std::function<Status(UnitOfWork&)>;
  using Done = std::function<void(const Status&)>;
  LambdaUnit(Run run, Done done) : run_(std::move(run)), done_(std::move(done)) {}
  // An assertion that fails on the writer's thread fails the unit, and so the test that waits for it.
  Status run(UnitOfWork& work) override {
    try {
      return run_(work);
    } catch (const CppUnit::Exception& failed) {
      return internalError(std::string("line ") + std::to_string(failed.sourceLine().lineNumber()) + ": " +
                           failed.what());
    }
  }
  void done(const Status& outcome) override { done_(outcome); }

 private:
  Run run_;
  Done done_;
};

inline std::string textOf(const Status& status) {
  return std::string(status.reason()) + ": " + std::string(status.message());
}

// Fails the test with the cause when the status is not ok.
inline void assertOk(const Status& status, CppUnit::SourceLine line) {
  if (!status.isOk()) CppUnit::Asserter::fail(textOf(status), line);
}
#define GYRE_ASSERT_OK(status) ::gyre::store::assertOk((status), CPPUNIT_SOURCELINE())

inline void assertCode(Code expected, const Status& status, CppUnit::SourceLine line) {
  CppUnit::assertEquals(std::string(codeName(expected)), std::string(codeName(status.code())), line, textOf(status));
}
#define GYRE_ASSERT_CODE(expected, status) ::gyre::store::assertCode((expected), (status), CPPUNIT_SOURCELINE())

inline std::future<Status> submit(PrimaryStore& store, LambdaUnit::Run run) {
  auto promise = std::make_shared<std::promise<Status>>();
  auto outcome = promise->get_future();
  store.submit(
      std::make_unique<LambdaUnit>(std::move(run), [promise](const Status& status) { promise->set_value(status); }));
  return outcome;
}

inline Status runUnit(PrimaryStore& store, LambdaUnit::Run run) { return submit(store, std::move(run)).get(); }

inline EntityRecord entity(std::string_view id, std::string_view organization, std::string_view state) {
  EntityRecord record;
  record.id = id;
  record.organization_id = organization;
  record.state = state;
  return record;
}

// A unit that appends one event.
inline LambdaUnit::Run appending(std::string id, std::string organization, std::string state) {
  return [=](UnitOfWork& work) {
    return work.append(entity(id, organization, state), "Changed", R"({"to":")" + state + "\"}", 1000).status();
  };
}

// Keeps the writer busy until it is opened, so that units gather into one batch behind it.
class Gate {
 public:
  explicit Gate(PrimaryStore& store) {
    auto entered = std::make_shared<std::promise<void>>();
    auto is_entered = entered->get_future();
    outcome_ = submit(store, [entered, opened = opened_.get_future().share()](UnitOfWork&) {
      entered->set_value();
      opened.wait();
      return Status();
    });
    is_entered.wait();
  }
  void open() {
    opened_.set_value();
    outcome_.wait();
  }

 private:
  std::promise<void> opened_;
  std::future<Status> outcome_;
};

class StoreFixture : public CppUnit::TestFixture {
 protected:
  StoreOptions options() const {
    StoreOptions options;
    options.path = folder_.file("store.db");
    return options;
  }
  std::unique_ptr<PrimaryStore> open(StoreOptions options) {
    auto opened = PrimaryStore::open(std::move(options), clock_, observer_);
    GYRE_ASSERT_OK(opened.status());
    return std::move(opened).value();
  }
  std::unique_ptr<PrimaryStore> open() { return open(options()); }

  TemporaryFolder folder_;
  base::ManualClock clock_{1'700'000'000'000};
  base::NullObserver observer_;
};

}  // namespace gyre::store
