#include "server/projector/dead_letters.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <vector>

namespace gyre::projector {

class DeadLettersTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(DeadLettersTest);
  CPPUNIT_TEST(newestComeFirst);
  CPPUNIT_TEST(theOldestAreDroppedAndStillCounted);
  CPPUNIT_TEST_SUITE_END();

 public:
  void newestComeFirst() {
    DeadLetters letters;
    CPPUNIT_ASSERT(letters.newest(10).empty());
    for (const char* id : {"a", "b", "c"}) letters.add({0, id, 1, "cause", 1, 0});
    const std::vector<DeadLetter> newest = letters.newest(2);
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, newest.size());
    CPPUNIT_ASSERT_EQUAL(std::string("c"), newest[0].entity_id);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, newest[0].id);
    CPPUNIT_ASSERT_EQUAL(std::string("b"), newest[1].entity_id);
    CPPUNIT_ASSERT_EQUAL(std::size_t{3}, letters.newest(10).size());
  }

  void theOldestAreDroppedAndStillCounted() {
    DeadLetters letters;
    for (std::size_t i = 0; i < DeadLetters::kKept + 5; ++i) letters.add({0, "a", i, "cause", 1, 0});
    const std::vector<DeadLetter> all = letters.newest(DeadLetters::kKept * 2);
    CPPUNIT_ASSERT_EQUAL(DeadLetters::kKept, all.size());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{6}, all.back().id);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{DeadLetters::kKept + 5}, letters.total());
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(DeadLettersTest);

}  // namespace gyre::projector
