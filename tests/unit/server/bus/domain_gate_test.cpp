#include "server/bus/domain_gate.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <thread>
#include <vector>

namespace gyre::bus {

class DomainGateTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(DomainGateTest);
  CPPUNIT_TEST(onlyAnOpenGateLetsIn);
  CPPUNIT_TEST(whoIsInsideIsWaitedFor);
  CPPUNIT_TEST(aPassOutlivesItsGate);
  CPPUNIT_TEST(nobodyIsInsideAfterTheWait);
  CPPUNIT_TEST_SUITE_END();

  static constexpr std::chrono::milliseconds kAtOnce{0};
  static constexpr std::chrono::seconds kLong{60};

 public:
  void onlyAnOpenGateLetsIn() {
    DomainGate gate;
    CPPUNIT_ASSERT(!gate.isOpen() && !gate.wasOpened());
    CPPUNIT_ASSERT(gate.enter() == nullptr);
    gate.open();
    CPPUNIT_ASSERT(gate.isOpen() && gate.wasOpened());
    CPPUNIT_ASSERT(gate.enter() != nullptr);
    gate.close();
    CPPUNIT_ASSERT(!gate.isOpen() && gate.wasOpened());
    CPPUNIT_ASSERT(gate.enter() == nullptr);
  }

  void whoIsInsideIsWaitedFor() {
    DomainGate gate;
    gate.open();
    DomainGate::Pass first = gate.enter();
    DomainGate::Pass copy = first;  // of the same visit
    gate.close();
    CPPUNIT_ASSERT(!gate.waitUntilEmpty(kAtOnce));
    first.reset();
    CPPUNIT_ASSERT(!gate.waitUntilEmpty(kAtOnce));
    copy.reset();
    CPPUNIT_ASSERT(gate.waitUntilEmpty(kAtOnce));
  }

  void aPassOutlivesItsGate() {
    DomainGate::Pass pass;
    {
      DomainGate gate;
      gate.open();
      pass = gate.enter();
    }
    pass.reset();
  }

  void nobodyIsInsideAfterTheWait() {
    DomainGate gate;
    std::atomic<int> inside{0};
    std::atomic<bool> is_ending{false};
    std::vector<std::thread> visitors;
    for (int i = 0; i < 4; ++i)
      visitors.emplace_back([&] {
        while (!is_ending) {
          const DomainGate::Pass pass = gate.enter();
          if (pass == nullptr) continue;
          ++inside;
          --inside;
        }
      });
    for (int round = 0; round < 200; ++round) {
      gate.open();
      std::this_thread::yield();
      gate.close();
      CPPUNIT_ASSERT(gate.waitUntilEmpty(kLong));
      // A visitor that came to a closed gate may stand in it for a moment, but never gets further.
      CPPUNIT_ASSERT_EQUAL(0, inside.load());
    }
    is_ending = true;
    for (std::thread& visitor : visitors) visitor.join();
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(DomainGateTest);

}  // namespace gyre::bus
