#include "server/projector/dead_letters.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <vector>

#include "tests/support/fake_primary_store.hpp"

namespace gyre::projector {

class DeadLettersTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(DeadLettersTest);
  CPPUNIT_TEST(nothingSaidIsSettled);
  CPPUNIT_TEST(oneLetterAnEntityAddsUp);
  CPPUNIT_TEST(acceptedEntitiesLoseTheirs);
  CPPUNIT_TEST(whatFailedIsHandedOverAgainInOrder);
  CPPUNIT_TEST(anotherRunKnowsThem);
  CPPUNIT_TEST_SUITE_END();

  std::vector<store::DeadLetter> kept() const { return store_.deadLetters(0, 100).value(); }

 public:
  void nothingSaidIsSettled() {
    CPPUNIT_ASSERT(letters_.settle());
    letters_.accept("a");
    CPPUNIT_ASSERT(letters_.settle());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, letters_.count());
  }

  void oneLetterAnEntityAddsUp() {
    letters_.refuse("a", 1, invalidArgument("first"), 2);
    CPPUNIT_ASSERT(letters_.settle());
    clock_.advance(5);
    letters_.refuse("a", 3, {Code::kUnprocessable, "refused_by_index", "second"}, 1);
    letters_.refuse("b", 4, invalidArgument("other"), 1);
    CPPUNIT_ASSERT(letters_.settle());
    const std::vector<store::DeadLetter> all = kept();
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, all.size());
    CPPUNIT_ASSERT_EQUAL(std::string("a second refused_by_index"),
                         all[1].entity_id + " " + all[1].cause + " " + all[1].code);
    CPPUNIT_ASSERT_EQUAL(3u, all[1].attempts);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{1'000}, all[1].time_millis);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{1'005}, all[1].last_millis);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, letters_.count());
  }

  void acceptedEntitiesLoseTheirs() {
    letters_.refuse("a", 1, invalidArgument("x"), 1);
    letters_.accept("a");
    letters_.refuse("b", 2, invalidArgument("x"), 1);
    CPPUNIT_ASSERT(letters_.settle());
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, kept().size());
    letters_.accept("b");
    CPPUNIT_ASSERT(letters_.finish());
    CPPUNIT_ASSERT(kept().empty());
  }

  void whatFailedIsHandedOverAgainInOrder() {
    store_.failUnits(3, unavailable("full"));
    letters_.refuse("a", 1, invalidArgument("first"), 1);
    CPPUNIT_ASSERT(!letters_.settle());
    letters_.refuse("a", 2, invalidArgument("second"), 1);
    CPPUNIT_ASSERT(!letters_.finish());
    CPPUNIT_ASSERT(letters_.settle());
    CPPUNIT_ASSERT_EQUAL(std::string("second"), kept().at(0).cause);
  }

  void anotherRunKnowsThem() {
    letters_.refuse("a", 1, invalidArgument("x"), 1);
    CPPUNIT_ASSERT(letters_.settle());
    DeadLetters again(store_, clock_);
    CPPUNIT_ASSERT(again.load().isOk());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, again.count());
    again.accept("a");
    CPPUNIT_ASSERT(again.settle());
    CPPUNIT_ASSERT(kept().empty());
  }

 private:
  base::ManualClock clock_{1'000};
  test::FakePrimaryStore store_;
  DeadLetters letters_{store_, clock_};
};
CPPUNIT_TEST_SUITE_REGISTRATION(DeadLettersTest);

}  // namespace gyre::projector
