// A projector between a fake store and a fake engine, with time in the test's hand.
#pragma once

#include <cppunit/extensions/HelperMacros.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "base/observer.hpp"
#include "server/projector/projector.hpp"
#include "tests/support/fake_primary_store.hpp"
#include "tests/support/fake_search_engine.hpp"

namespace gyre::test {

// The document is the state; a state that begins with '!' has none.
class EchoProjection final : public projector::Projection {
 public:
  Result<std::string> project(std::string_view entity_id, std::string_view state, std::uint64_t) const override {
    if (state.starts_with('!')) return invalidArgument("no document for " + std::string(entity_id));
    return std::string(state);
  }
};

struct ProjectorRig {
  using Calls = FakeSearchEngine::Calls;

  ProjectorRig() { restart(); }

  // A new projector on the same store and engine; start it yourself.
  void restart() {
    projector.reset();
    projector = std::make_unique<projector::Projector>(options, store, engine, projection, clock, observer);
  }

  // Lets time pass until the engine's calls fulfil the condition.
  void driveUntil(const std::function<bool(const Calls&)>& condition) {
    for (int i = 0; i < 5'000; ++i) {
      if (engine.waitUntil(condition, std::chrono::milliseconds(4))) return;
      clock.advance(1'000);
      store.wakeWaiters();
    }
    CPPUNIT_FAIL("the engine was not called as expected");
  }

  std::future<Status> require(std::uint64_t sequence, std::int64_t timeout_ms = 5'000) {
    const auto promise = std::make_shared<std::promise<Status>>();
    projector->requireSequence(sequence, timeout_ms, [promise](const Status& status) { promise->set_value(status); });
    return promise->get_future();
  }
  static bool isReady(const std::future<Status>& future) {
    return future.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }
  // The answer; a failure of the test when there is none.
  static Status answer(std::future<Status>& future) {
    CPPUNIT_ASSERT(future.wait_for(std::chrono::seconds(20)) == std::future_status::ready);
    return future.get();
  }
  Status requireNow(std::uint64_t sequence) {
    std::future<Status> waiting = require(sequence);
    return answer(waiting);
  }

  projector::ProjectorOptions options{"payments", 4, 8u << 20, 50, 30'000, 10'000'000, 200'000};
  base::ManualClock clock{1'700'000'000'000};
  base::NullObserver observer;
  EchoProjection projection;
  FakePrimaryStore store;
  FakeSearchEngine engine;
  std::unique_ptr<projector::Projector> projector;
};

}  // namespace gyre::test
