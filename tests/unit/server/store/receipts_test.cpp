#include "server/store/receipts.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <string>

#include "tests/unit/server/store/store_fixture.hpp"

namespace gyre::store {

class ReceiptsTest : public StoreFixture {
  CPPUNIT_TEST_SUITE(ReceiptsTest);
  CPPUNIT_TEST(aReceiptLivesForItsLifetime);
  CPPUNIT_TEST(scopesDoNotMeet);
  CPPUNIT_TEST(anExpiredKeyMayBeUsedAgain);
  CPPUNIT_TEST(expiredReceiptsArePurgedInSteps);
  CPPUNIT_TEST_SUITE_END();

  static constexpr std::int64_t kHour = 3'600'000;

  static LambdaUnit::Run keeping(std::string scope, std::string key, std::string answer) {
    return [=](UnitOfWork& work) { return work.keepReceipt(scope, key, {"0123456789abcdef", answer}); };
  }
  // "" when there is none.
  static std::string answerOf(PrimaryStore& store, const std::string& scope, const std::string& key) {
    std::string answer;
    GYRE_ASSERT_OK(runUnit(store, [&](UnitOfWork& work) -> Status {
      GYRE_TRY_ASSIGN(const auto receipt, work.receipt(scope, key));
      if (receipt) answer = receipt->answer;
      return {};
    }));
    return answer;
  }

 public:
  void aReceiptLivesForItsLifetime() {
    const auto store = open();
    GYRE_ASSERT_OK(runUnit(*store, keeping("acme", "k", "first")));
    clock_.advance(24 * kHour);
    CPPUNIT_ASSERT_EQUAL(std::string("first"), answerOf(*store, "acme", "k"));
    clock_.advance(24 * kHour);
    CPPUNIT_ASSERT_EQUAL(std::string("first"), answerOf(*store, "acme", "k"));
    clock_.advance(1);
    CPPUNIT_ASSERT_EQUAL(std::string(), answerOf(*store, "acme", "k"));
  }

  void scopesDoNotMeet() {
    const auto store = open();
    GYRE_ASSERT_OK(runUnit(*store, keeping("a", "bc", "1")));
    GYRE_ASSERT_OK(runUnit(*store, keeping("ab", "c", "2")));
    CPPUNIT_ASSERT_EQUAL(std::string("1"), answerOf(*store, "a", "bc"));
    CPPUNIT_ASSERT_EQUAL(std::string("2"), answerOf(*store, "ab", "c"));
    CPPUNIT_ASSERT_EQUAL(std::string(), answerOf(*store, "", "abc"));
  }

  void anExpiredKeyMayBeUsedAgain() {
    StoreOptions brief = options();
    brief.receipt_lifetime_ms = 100;
    const auto store = open(brief);
    GYRE_ASSERT_OK(runUnit(*store, keeping("acme", "k", "first")));
    clock_.advance(101);
    GYRE_ASSERT_OK(runUnit(*store, keeping("acme", "k", "second")));
    CPPUNIT_ASSERT_EQUAL(std::string("second"), answerOf(*store, "acme", "k"));
    clock_.advance(100);
    CPPUNIT_ASSERT_EQUAL(std::string("second"), answerOf(*store, "acme", "k"));
  }

  void expiredReceiptsArePurgedInSteps() {
    auto database = Database::open(folder_.file("receipts.db"), Database::Role::kWriter);
    GYRE_ASSERT_OK(database.status());
    auto receipts = ReceiptStore::open(**database);
    GYRE_ASSERT_OK(receipts.status());
    auto rows = Statement::prepare(**database, "SELECT count(*), min(kept_millis) FROM receipt");
    const auto commit = [&](std::int64_t oldest) {
      GYRE_ASSERT_OK((*database)->begin());
      GYRE_ASSERT_OK(receipts->write());
      GYRE_ASSERT_OK(receipts->purge(oldest));
      GYRE_ASSERT_OK((*database)->commit());
      Statement::Cursor row(*rows);
      CPPUNIT_ASSERT(*row.next());
      return row.integer(0);
    };
    for (int i = 0; i < 1000; ++i) receipts->add("acme", std::to_string(i), {"f", "a"}, i);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{1000}, commit(0));
    std::int64_t left = 1000;
    int steps = 0;
    while (left > 400) {
      receipts->add("acme", "new" + std::to_string(steps), {"f", "a"}, 5000);
      const std::int64_t now_left = commit(600) - ++steps;
      CPPUNIT_ASSERT_MESSAGE("a step must delete some, and not all at once", now_left < left && now_left >= left - 256);
      left = now_left;
    }
    CPPUNIT_ASSERT_EQUAL(std::int64_t{400}, left);
    CPPUNIT_ASSERT_EQUAL(left + steps, commit(600));
    CPPUNIT_ASSERT(!(*receipts->find("acme", "599", 0)).has_value());
    CPPUNIT_ASSERT((*receipts->find("acme", "600", 0)).has_value());
    CPPUNIT_ASSERT(!(*receipts->find("acme", "600", 601)).has_value());
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ReceiptsTest);

}  // namespace gyre::store
