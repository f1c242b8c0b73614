#include "gyre/status.hpp"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <memory>
#include <string>

namespace gyre {

namespace {

Status tried(const Status& first, int& reached) {
  GYRE_TRY(first);
  ++reached;
  return {};
}

Result<std::string> assigned(Result<std::unique_ptr<int>> number) {
  GYRE_TRY_ASSIGN(const std::unique_ptr<int> owned, std::move(number));
  return std::to_string(*owned);
}

}  // namespace

class StatusTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(StatusTest);
  CPPUNIT_TEST(successIsOnePointerAndEmpty);
  CPPUNIT_TEST(failureSaysWhatAndWhy);
  CPPUNIT_TEST(everyCodeHasItsName);
  CPPUNIT_TEST(copiesAreIndependent);
  CPPUNIT_TEST(faultsAreKeptInOrder);
  CPPUNIT_TEST(prefixGoesBeforeTheMessage);
  CPPUNIT_TEST(tryLeavesWithTheFailure);
  CPPUNIT_TEST(resultIsAValueOrAFailure);
  CPPUNIT_TEST(tryAssignMovesTheValueOut);
  CPPUNIT_TEST_SUITE_END();

 public:
  void successIsOnePointerAndEmpty() {
    static_assert(sizeof(Status) == sizeof(void*));
    const Status ok;
    CPPUNIT_ASSERT(ok.isOk());
    CPPUNIT_ASSERT(ok.code() == Code::kOk);
    CPPUNIT_ASSERT(ok.reason() == "ok");
    CPPUNIT_ASSERT(ok.message().empty());
    CPPUNIT_ASSERT(ok.faults().empty());
    CPPUNIT_ASSERT(ok.withPrefix("anything").isOk());
  }

  void failureSaysWhatAndWhy() {
    const Status refused(Code::kConflict, "refund_exceeds_amount", "refund: expected at most 5, found 7");
    CPPUNIT_ASSERT(!refused.isOk());
    CPPUNIT_ASSERT(refused.code() == Code::kConflict);
    CPPUNIT_ASSERT(refused.reason() == "refund_exceeds_amount");
    CPPUNIT_ASSERT(refused.message() == "refund: expected at most 5, found 7");
    CPPUNIT_ASSERT(invalidArgument("x").reason() == "invalid_argument");
    CPPUNIT_ASSERT(notFound("x").code() == Code::kNotFound);
    CPPUNIT_ASSERT(corruption("x").code() == Code::kCorruption);
    CPPUNIT_ASSERT(unavailable("x").code() == Code::kUnavailable);
    CPPUNIT_ASSERT(internalError("x").code() == Code::kInternal);
    CPPUNIT_ASSERT(conflict("x").code() == Code::kConflict);
  }

  // The numbers are part of the plugin ABI.
  void everyCodeHasItsName() {
    const std::pair<int, std::string_view> cases[] = {
        {0, "ok"},
        {1, "invalid_argument"},
        {2, "unauthenticated"},
        {3, "permission_denied"},
        {4, "not_found"},
        {5, "conflict"},
        {6, "failed_precondition"},
        {7, "unprocessable"},
        {8, "too_large"},
        {9, "resource_exhausted"},
        {10, "internal"},
        {11, "corruption"},
        {12, "unimplemented"},
        {13, "unavailable"},
        {14, "deadline_exceeded"},
        {99, "internal"},
    };
    for (const auto& [number, name] : cases) CPPUNIT_ASSERT(codeName(static_cast<Code>(number)) == name);
  }

  void copiesAreIndependent() {
    Status first = invalidArgument("first");
    Status copy = first;
    copy.addFault("/a", "wrong");
    CPPUNIT_ASSERT(first.faults().empty());
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, copy.faults().size());
    first = copy;
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, first.faults().size());
    const Status& same = first;
    first = same;
    CPPUNIT_ASSERT(first.message() == "first");
    copy = Status();
    CPPUNIT_ASSERT(copy.isOk());
    const Status moved = std::move(first);
    CPPUNIT_ASSERT(moved.message() == "first");
  }

  void faultsAreKeptInOrder() {
    Status refused = invalidArgument("2 faults");
    refused.addFault("/a", "missing").addFault("/b~1c", "expected a number");
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, refused.faults().size());
    CPPUNIT_ASSERT((refused.faults()[0] == Fault{"/a", "missing"}));
    CPPUNIT_ASSERT((refused.faults()[1] == Fault{"/b~1c", "expected a number"}));
  }

  void prefixGoesBeforeTheMessage() {
    Status refused(Code::kNotFound, "no_such_index", "nothing is called x");
    refused.addFault("/x", "unknown");
    const Status prefixed = refused.withPrefix("line 3");
    CPPUNIT_ASSERT(prefixed.message() == "line 3: nothing is called x");
    CPPUNIT_ASSERT(prefixed.reason() == "no_such_index");
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, prefixed.faults().size());
    CPPUNIT_ASSERT(refused.message() == "nothing is called x");
  }

  void tryLeavesWithTheFailure() {
    int reached = 0;
    CPPUNIT_ASSERT(tried({}, reached).isOk());
    CPPUNIT_ASSERT_EQUAL(1, reached);
    CPPUNIT_ASSERT(tried(notFound("gone"), reached).message() == "gone");
    CPPUNIT_ASSERT_EQUAL(1, reached);
  }

  void resultIsAValueOrAFailure() {
    Result<std::string> value = std::string("x");
    CPPUNIT_ASSERT(value.isOk());
    CPPUNIT_ASSERT(value.status().isOk());
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, value->size());
    *value += "y";
    CPPUNIT_ASSERT_EQUAL(std::string("xy"), value.value());
    const Result<std::string> failure = assigned(notFound("gone"));
    CPPUNIT_ASSERT(!failure.isOk());
    CPPUNIT_ASSERT(failure.status().code() == Code::kNotFound);
  }

  void tryAssignMovesTheValueOut() {
    CPPUNIT_ASSERT_EQUAL(std::string("7"), assigned(std::make_unique<int>(7)).value());
    CPPUNIT_ASSERT(assigned(unavailable("later")).status().message() == "later");
  }
};

CPPUNIT_TEST_SUITE_REGISTRATION(StatusTest);

}  // namespace gyre
