// Cursors and dead letters: written with their unit or not at all, and there after a restart.
#include "server/store/deliveries.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <vector>

#include "tests/unit/server/store/store_fixture.hpp"

namespace gyre::store {

class DeliveriesTest : public StoreFixture {
  CPPUNIT_TEST_SUITE(DeliveriesTest);
  CPPUNIT_TEST(cursorsOutliveTheStore);
  CPPUNIT_TEST(lettersReadBackAsWritten);
  CPPUNIT_TEST(aFailedUnitTakesItsOwnBackAlone);
  CPPUNIT_TEST(undoneWritesMayBeFollowedByOthers);
  CPPUNIT_TEST(unitsOfOneBatchSeeEachOther);
  CPPUNIT_TEST(idsAreNeverUsedAgain);
  CPPUNIT_TEST(theNewestComeFirstInPages);
  CPPUNIT_TEST(oneProjectionLetterIsFoundByItsEntity);
  CPPUNIT_TEST_SUITE_END();

  static DeadLetter letter(std::string entity, std::uint64_t sequence = 7) {
    DeadLetter letter;
    letter.kind = DeadLetter::Kind::kReaction;
    letter.entity_id = std::move(entity);
    letter.sequence = sequence;
    letter.source = "payments";
    letter.type = "PaymentProcessed";
    letter.data = R"({"a":1})";
    letter.commands = R"({"commands":[]})";
    letter.code = "not_found";
    letter.cause = "there is none";
    letter.attempts = 3;
    letter.event_millis = 11;
    letter.time_millis = 12;
    letter.last_millis = 13;
    return letter;
  }
  static LambdaUnit::Run adding(DeadLetter letter) {
    return [letter = std::move(letter)](UnitOfWork& work) { return work.putDeadLetter(letter).status(); };
  }
  static LambdaUnit::Run moving(std::uint64_t sequence) {
    return [sequence](UnitOfWork& work) { return work.setCursor("events/payments", sequence); };
  }
  static std::vector<std::string> entitiesOf(const std::vector<DeadLetter>& letters) {
    std::vector<std::string> ids;
    for (const DeadLetter& letter : letters) ids.push_back(letter.entity_id);
    return ids;
  }

 public:
  void cursorsOutliveTheStore() {
    {
      const auto store = open();
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, store->cursor("events/payments").value());
      GYRE_ASSERT_OK(runUnit(*store, moving(5)));
      GYRE_ASSERT_OK(runUnit(*store, moving(9)));
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, store->cursor("events/other").value());
    }
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{9}, open()->cursor("events/payments").value());
  }

  void lettersReadBackAsWritten() {
    {
      const auto store = open();
      GYRE_ASSERT_OK(runUnit(*store, adding(letter("p1"))));
    }
    const auto store = open();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, store->deadLetterCount().value());
    DeadLetter found = store->deadLetter(1).value().value();
    CPPUNIT_ASSERT(found.kind == DeadLetter::Kind::kReaction);
    CPPUNIT_ASSERT_EQUAL(
        std::string("p1 payments PaymentProcessed {\"a\":1} {\"commands\":[]} not_found there is none"),
        found.entity_id + " " + found.source + " " + found.type + " " + found.data + " " + found.commands + " " +
            found.code + " " + found.cause);
    CPPUNIT_ASSERT_EQUAL(std::uint32_t{3}, found.attempts);
    CPPUNIT_ASSERT(found.sequence == 7 && found.event_millis == 11 && found.time_millis == 12 &&
                   found.last_millis == 13);
    found.cause = "another";
    GYRE_ASSERT_OK(runUnit(*store, adding(found)));
    CPPUNIT_ASSERT_EQUAL(std::string("another"), store->deadLetter(1).value()->cause);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, store->deadLetterCount().value());
    CPPUNIT_ASSERT(!store->deadLetter(2).value().has_value());
  }

  void aFailedUnitTakesItsOwnBackAlone() {
    const auto store = open();
    Gate gate(*store);
    auto first = submit(*store, adding(letter("kept")));
    auto failing = submit(*store, [](UnitOfWork& work) -> Status {
      GYRE_TRY(work.putDeadLetter(letter("lost")).status());
      GYRE_TRY(work.setCursor("events/payments", 99));
      GYRE_TRY(work.append(entity("e", "", "{}"), "Changed", "{}", 1).status());
      return internalError("on purpose");
    });
    auto last = submit(*store, adding(letter("kept too")));
    gate.open();
    GYRE_ASSERT_OK(first.get());
    GYRE_ASSERT_CODE(Code::kInternal, failing.get());
    GYRE_ASSERT_OK(last.get());
    CPPUNIT_ASSERT((entitiesOf(store->deadLetters(0, 10).value()) == std::vector<std::string>{"kept too", "kept"}));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, store->cursor("events/payments").value());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, store->lastSequence());
  }

  void undoneWritesMayBeFollowedByOthers() {
    const auto store = open();
    GYRE_ASSERT_OK(runUnit(*store, appending("e", "", "before")));
    GYRE_ASSERT_OK(runUnit(*store, [](UnitOfWork& work) -> Status {
      GYRE_TRY(work.append(entity("e", "", "undone"), "Changed", "{}", 1).status());
      GYRE_TRY(work.append(entity("new", "", "undone"), "Changed", "{}", 1).status());
      GYRE_TRY(work.setCursor("events/payments", 4));
      GYRE_TRY(work.undo());
      GYRE_TRY(work.setCursor("events/payments", 5));
      return work.putDeadLetter(letter("p")).status();
    }));
    CPPUNIT_ASSERT_EQUAL(std::string("before"), store->load("e").value()->state);
    CPPUNIT_ASSERT(!store->load("new").value().has_value());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, store->lastSequence());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{5}, store->cursor("events/payments").value());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, store->deadLetterCount().value());
    GYRE_ASSERT_OK(runUnit(*store, appending("new", "", "made")));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, store->stats().entities);
  }

  void unitsOfOneBatchSeeEachOther() {
    const auto store = open();
    Gate gate(*store);
    auto first = submit(*store, moving(3));
    std::uint64_t seen = 0;
    auto second = submit(*store, [&seen](UnitOfWork& work) -> Status {
      GYRE_TRY_ASSIGN(seen, work.cursor("events/payments"));
      GYRE_TRY(work.putDeadLetter(letter("p")).status());
      return {};
    });
    bool is_dropped = false;
    auto third = submit(*store, [&is_dropped](UnitOfWork& work) -> Status {
      GYRE_TRY_ASSIGN(is_dropped, work.dropDeadLetter(1));
      return {};
    });
    gate.open();
    GYRE_ASSERT_OK(first.get());
    GYRE_ASSERT_OK(second.get());
    GYRE_ASSERT_OK(third.get());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, seen);
    CPPUNIT_ASSERT(is_dropped);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, store->deadLetterCount().value());
  }

  void idsAreNeverUsedAgain() {
    const auto store = open();
    GYRE_ASSERT_OK(runUnit(*store, adding(letter("a"))));
    GYRE_ASSERT_OK(runUnit(*store, [](UnitOfWork& work) -> Status {
      GYRE_TRY_ASSIGN(const bool is_dropped, work.dropDeadLetter(1));
      CPPUNIT_ASSERT(is_dropped);
      GYRE_TRY_ASSIGN(const bool is_dropped_again, work.dropDeadLetter(1));
      CPPUNIT_ASSERT(!is_dropped_again);
      return {};
    }));
    GYRE_ASSERT_OK(runUnit(*store, adding(letter("b"))));
    CPPUNIT_ASSERT(!store->deadLetter(1).value().has_value());
    CPPUNIT_ASSERT_EQUAL(std::string("b"), store->deadLetter(2).value()->entity_id);
  }

  void theNewestComeFirstInPages() {
    const auto store = open();
    for (const char* id : {"a", "b", "c"}) GYRE_ASSERT_OK(runUnit(*store, adding(letter(id))));
    CPPUNIT_ASSERT((entitiesOf(store->deadLetters(0, 2).value()) == std::vector<std::string>{"c", "b"}));
    CPPUNIT_ASSERT((entitiesOf(store->deadLetters(2, 2).value()) == std::vector<std::string>{"a"}));
  }

  void oneProjectionLetterIsFoundByItsEntity() {
    const auto store = open();
    DeadLetter projection = letter("p");
    projection.kind = DeadLetter::Kind::kProjection;
    GYRE_ASSERT_OK(runUnit(*store, adding(letter("p", 1))));
    GYRE_ASSERT_OK(runUnit(*store, adding(projection)));
    GYRE_ASSERT_OK(runUnit(*store, adding(letter("p", 3))));
    GYRE_ASSERT_OK(runUnit(*store, [](UnitOfWork& work) -> Status {
      GYRE_TRY_ASSIGN(const std::optional<DeadLetter> found, work.projectionLetter("p"));
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, found.value().id);
      GYRE_TRY_ASSIGN(const std::optional<DeadLetter> none, work.projectionLetter("q"));
      CPPUNIT_ASSERT(!none.has_value());
      return {};
    }));
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(DeliveriesTest);

}  // namespace gyre::store
