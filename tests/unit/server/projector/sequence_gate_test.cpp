#include "server/projector/sequence_gate.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <vector>

namespace gyre::projector {

class SequenceGateTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(SequenceGateTest);
  CPPUNIT_TEST(opensInOrderOfSequence);
  CPPUNIT_TEST(expiresInOrderOfDeadline);
  CPPUNIT_TEST(equalSequencesAndDeadlinesAreAllAnswered);
  CPPUNIT_TEST(tellsWhoWaits);
  CPPUNIT_TEST(closedAnswersAtOnce);
  CPPUNIT_TEST(aWaiterMayWaitAgain);
  CPPUNIT_TEST_SUITE_END();

 public:
  void opensInOrderOfSequence() {
    for (const std::uint64_t sequence : {7, 3, 5}) wait(sequence, 100);
    gate_.open(2);
    CPPUNIT_ASSERT(answered_.empty());
    gate_.open(5);
    CPPUNIT_ASSERT(answered_ == Answers({"3 ok", "5 ok"}));
    gate_.open(100);
    gate_.open(100);
    CPPUNIT_ASSERT(answered_ == Answers({"3 ok", "5 ok", "7 ok"}));
  }

  void expiresInOrderOfDeadline() {
    wait(7, 300);
    wait(8, 100);
    wait(9, 200);
    gate_.expire(99, 1);
    CPPUNIT_ASSERT(answered_.empty());
    gate_.expire(200, 1);
    CPPUNIT_ASSERT(answered_ == Answers({"8 index_behind", "9 index_behind"}));
    gate_.open(100);
    CPPUNIT_ASSERT(answered_ == Answers({"8 index_behind", "9 index_behind", "7 ok"}));
  }

  void equalSequencesAndDeadlinesAreAllAnswered() {
    for (int i = 0; i < 3; ++i) wait(5, 100);
    gate_.open(5);
    for (int i = 0; i < 3; ++i) wait(6, 100);
    gate_.expire(100, 5);
    CPPUNIT_ASSERT(answered_ ==
                   Answers({"5 ok", "5 ok", "5 ok", "6 index_behind", "6 index_behind", "6 index_behind"}));
    CPPUNIT_ASSERT(!gate_.lowest());
  }

  void tellsWhoWaits() {
    CPPUNIT_ASSERT(!gate_.lowest() && !gate_.highest() && !gate_.nextDeadline());
    wait(7, 100);
    wait(3, 200);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, *gate_.lowest());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{7}, *gate_.highest());
    CPPUNIT_ASSERT_EQUAL(std::int64_t{100}, *gate_.nextDeadline());
    gate_.expire(100, 0);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, *gate_.highest());
    CPPUNIT_ASSERT_EQUAL(std::int64_t{200}, *gate_.nextDeadline());
  }

  void closedAnswersAtOnce() {
    wait(7, 100);
    wait(3, 100);
    gate_.close(unavailable("stopping"));
    CPPUNIT_ASSERT(answered_ == Answers({"7 unavailable", "3 unavailable"}));
    wait(1, 100);
    CPPUNIT_ASSERT_EQUAL(std::string("1 unavailable"), answered_.back());
    gate_.close(unavailable("stopping"));
    CPPUNIT_ASSERT_EQUAL(std::size_t{3}, answered_.size());
  }

  // Answers are given outside the lock.
  void aWaiterMayWaitAgain() {
    gate_.add(1, 100, 100, [this](const Status&) { wait(2, 100); });
    gate_.open(1);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, *gate_.lowest());
  }

 private:
  using Answers = std::vector<std::string>;

  void wait(std::uint64_t sequence, std::int64_t deadline_nanos) {
    gate_.add(sequence, deadline_nanos, 5, [this, sequence](const Status& status) {
      answered_.push_back(std::to_string(sequence) + " " + std::string(status.reason()));
    });
  }

  SequenceGate gate_;
  Answers answered_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(SequenceGateTest);

}  // namespace gyre::projector
