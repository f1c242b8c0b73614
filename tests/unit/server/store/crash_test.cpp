// What is left after the process is killed at any moment? Everything acknowledged, once; nothing half done.
#include <cppunit/extensions/HelperMacros.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/unit/server/store/store_fixture.hpp"

namespace gyre::store {

// Each unit makes an entity of its own, in three events, changes a shared one, and keeps a receipt: the parts of a unit
// that was cut in half would not fit together.
class CrashTest : public StoreFixture {
  CPPUNIT_TEST_SUITE(CrashTest);
  CPPUNIT_TEST(acknowledgedUnitsSurviveBeingKilled_slow);
  CPPUNIT_TEST_SUITE_END();

  static constexpr std::uint64_t kEventsOfUnit = 4;

  static Status writeUnit(UnitOfWork& work, const std::string& id) {
    for (const char* const step : {"one", "two", "three"})
      GYRE_TRY(work.append(entity("own-" + id, "acme", step), step, "{\"id\":\"" + id + "\"}", 1).status());
    GYRE_TRY(
        work.append(entity("shared-" + std::to_string(id.size() + static_cast<std::size_t>(id.back())), "acme", id),
                    "Shared", "{}", 1)
            .status());
    return work.keepReceipt("acme", id, {"0123456789abcdef", "answer " + id});
  }

  // The child: several closed loops of commands; the id of each that was acknowledged goes to the pipe.
  [[noreturn]] static void serve(const StoreOptions& options, int acknowledged, std::uint32_t round) {
    base::SystemClock clock;
    base::NullObserver observer;
    auto store = PrimaryStore::open(options, clock, observer);
    if (!store.isOk()) ::_exit(3);
    std::function<void(std::uint32_t, std::uint32_t)> send = [&](std::uint32_t lane, std::uint32_t number) {
      const std::string id = std::to_string(round) + "." + std::to_string(lane) + "." + std::to_string(number);
      (*store)->submit(std::make_unique<LambdaUnit>([id](UnitOfWork& work) { return writeUnit(work, id); },
                                                    [&, id, lane, number](const Status& outcome) {
                                                      if (!outcome.isOk()) ::_exit(4);
                                                      const std::string line = id + "\n";
                                                      if (::write(acknowledged, line.data(), line.size()) !=
                                                          static_cast<ssize_t>(line.size()))
                                                        ::_exit(5);
                                                      send(lane, number + 1);
                                                    }));
    };
    for (std::uint32_t lane = 0; lane < 1 + round % 16; ++lane) send(lane, 0);
    for (;;) ::pause();
  }

  // Runs a child, kills it after `millis`, and returns what it acknowledged.
  std::vector<std::string> killAfter(const StoreOptions& options, int millis, std::uint32_t round) {
    int ends[2];
    CPPUNIT_ASSERT_EQUAL(0, ::pipe(ends));
    const pid_t child = ::fork();
    CPPUNIT_ASSERT(child >= 0);
    if (child == 0) serve(options, ends[1], round);
    ::close(ends[1]);
    std::string text;
    char piece[4096];
    bool is_killed = false;
    // The child is killed some time after its first answer, so that a slow start does not use up the time. Reading goes
    // on to the end of the pipe: what the child wrote before it died was acknowledged.
    pollfd readable{ends[0], POLLIN, 0};
    for (;;) {
      const int wait = is_killed ? -1 : text.empty() ? 30'000 : millis;
      const int is_ready = ::poll(&readable, 1, text.empty() || is_killed ? wait : 0);
      if (is_ready > 0) {
        const ssize_t size = ::read(ends[0], piece, sizeof piece);
        if (size <= 0) break;
        const bool is_first = text.empty();
        text.append(piece, static_cast<std::size_t>(size));
        if (!is_first) continue;
        ::poll(nullptr, 0, millis);
      }
      if (!is_killed) ::kill(child, SIGKILL);
      is_killed = true;
    }
    ::close(ends[0]);
    int state = 0;
    ::waitpid(child, &state, 0);
    CPPUNIT_ASSERT_MESSAGE("the child ended by itself: " + std::to_string(state),
                           WIFSIGNALED(state) && WTERMSIG(state) == SIGKILL);
    std::vector<std::string> ids;
    for (std::size_t at = 0, end; (end = text.find('\n', at)) != std::string::npos; at = end + 1)
      ids.push_back(text.substr(at, end - at));
    return ids;
  }

  // Reads the whole store and checks that it is made of whole units; returns their ids.
  static std::set<std::string> checkWhole(PrimaryStore& store) {
    const auto events = store.readAfter(0, ~std::size_t{0});
    GYRE_ASSERT_OK(events.status());
    CPPUNIT_ASSERT_EQUAL(store.lastSequence(), std::uint64_t{events->size()});
    CPPUNIT_ASSERT_EQUAL(std::size_t{0}, events->size() % kEventsOfUnit);
    std::map<std::string, EntityRecord> expected;
    std::set<std::string> units;
    std::uint64_t sequence = 0;
    for (const EventRecord& event : *events) {
      CPPUNIT_ASSERT_EQUAL(++sequence, event.sequence);
      EntityRecord& record = expected[event.entity_id];
      CPPUNIT_ASSERT_EQUAL(++record.version, event.version);
      record.sequence = sequence;
      if (event.type == "three") CPPUNIT_ASSERT(units.insert(event.entity_id.substr(4)).second);
    }
    for (const auto& [id, record] : expected) {
      const auto found = store.load(id);
      GYRE_ASSERT_OK(found.status());
      CPPUNIT_ASSERT(found->has_value());
      CPPUNIT_ASSERT_EQUAL(record.version, found->value().version);
      CPPUNIT_ASSERT_EQUAL(record.sequence, found->value().sequence);
    }
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{expected.size()}, *store.count(""));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{expected.size()}, *store.count("acme"));
    CPPUNIT_ASSERT_EQUAL(units.size() * kEventsOfUnit, events->size());
    GYRE_ASSERT_OK(runUnit(store, [&](UnitOfWork& work) -> Status {
      for (const std::string& id : units) {
        GYRE_TRY_ASSIGN(const auto receipt, work.receipt("acme", id));
        CPPUNIT_ASSERT_MESSAGE(id, receipt.has_value() && receipt->answer == "answer " + id);
      }
      return {};
    }));
    return units;
  }

 public:
  void acknowledgedUnitsSurviveBeingKilled_slow() {
#ifdef __SANITIZE_THREAD__
    std::cout << "SKIPPED: the thread sanitizer allows no threads in a forked child" << std::endl;
    return;
#endif
    const auto seed = static_cast<std::uint32_t>(std::random_device()());
    std::cout << "seed " << seed << ' ' << std::flush;
    std::mt19937 random(seed);
    std::set<std::string> acknowledged;
    for (std::uint32_t round = 0; round < 25; ++round) {
      for (std::string& id : killAfter(options(), static_cast<int>(random() % 60), round))
        CPPUNIT_ASSERT(acknowledged.insert(std::move(id)).second);
      const auto store = open();
      const std::set<std::string> found = checkWhole(*store);
      for (const std::string& id : acknowledged) CPPUNIT_ASSERT_MESSAGE("lost: " + id, found.contains(id));
    }
    CPPUNIT_ASSERT(acknowledged.size() > 25);
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(CrashTest);

}  // namespace gyre::store
