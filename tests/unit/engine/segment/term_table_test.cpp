#include "engine/segment/term_table.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/support/seeded_random.hpp"

namespace gyre::engine {

class TermTableTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(TermTableTest);
  CPPUNIT_TEST(aTermKeepsItsNumber);
  CPPUNIT_TEST(termsAreSortedByTheirBytes);
  CPPUNIT_TEST_SUITE_END();

 public:
  void setUp() override { random_ = test::seededRandom(); }

  // Few that come often, among many that come once: near or not, short or long.
  void aTermKeepsItsNumber() {
    TermTable table;
    for (int round = 0; round < 3; ++round) {
      std::map<std::string, std::uint32_t> expected;
      for (int i = 0; i < 30'000; ++i) {
        const std::string term = random_() % 3 == 0 ? randomTerm(40) : std::string(random_() % 30, 'a') + "x";
        const auto [known, is_new] = expected.emplace(term, table.size());
        if (const std::uint32_t near = table.findNear(term, hashTerm(term)); near != TermTable::kNone) {
          CPPUNIT_ASSERT(!is_new);
          CPPUNIT_ASSERT_EQUAL(known->second, near);
        }
        CPPUNIT_ASSERT_EQUAL(known->second, table.intern(term, hashTerm(term)));
        CPPUNIT_ASSERT_EQUAL(known->second, table.find(term, hashTerm(term)));
      }
      const std::string often = "aaax";
      CPPUNIT_ASSERT_EQUAL(expected[often], table.intern(often, hashTerm(often)));
      for (const auto& [term, number] : expected) CPPUNIT_ASSERT_EQUAL(term, std::string(table.term(number)));
      table.clear();
      CPPUNIT_ASSERT_EQUAL(TermTable::kNone, table.findNear(often, hashTerm(often)));
    }
  }

  void termsAreSortedByTheirBytes() {
    for (const int count : {1, 100, 20'000}) {
      TermTable table;
      std::map<std::string, std::uint32_t> expected;
      for (int i = 0; i < count; ++i) {
        const std::string term = (random_() % 2 == 0 ? "payment-" : "") + randomTerm(12);
        expected.emplace(term, table.intern(term, hashTerm(term)));
      }
      std::vector<std::uint32_t> wanted;
      for (const auto& [term, number] : expected)
        if (number % 7 != 0) wanted.push_back(number);
      CPPUNIT_ASSERT(wanted == table.sorted([](std::uint32_t number) { return number % 7 != 0; }));
    }
  }

 private:
  std::string randomTerm(std::size_t longest) {
    std::string term;
    for (std::size_t size = random_() % longest; term.size() < size;)
      term += random_() % 4 == 0 ? static_cast<char>(random_()) : "0123456789abcdef"[random_() % 16];
    return term;
  }

  std::mt19937 random_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(TermTableTest);

}  // namespace gyre::engine
