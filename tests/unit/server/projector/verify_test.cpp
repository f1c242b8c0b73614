#include "server/projector/verify.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/unit/server/projector/projector_rig.hpp"

namespace gyre::projector {
namespace {

using test::ProjectorRig;
using Ids = std::vector<std::string>;

std::string name(int i) { return "e" + std::to_string(10'000 + i); }

Result<VerifyResult> run(ProjectorRig& rig, const VerifyScope& scope = {}, bool is_repairing = false) {
  return verify(rig.store, rig.engine, *rig.projector, rig.projection, scope, is_repairing, {});
}

VerifyResult verified(ProjectorRig& rig, const VerifyScope& scope = {}, bool is_repairing = false) {
  Result<VerifyResult> result = run(rig, scope, is_repairing);
  CPPUNIT_ASSERT_MESSAGE(std::string(result.status().message()), result.isOk());
  return std::move(result).value();
}

std::uint64_t wrongCount(const VerifyResult& result) {
  return result.missing_count + result.extra_count + result.different_count;
}

// Entities of two organisations, all in the index.
void fill(ProjectorRig& rig, int count) {
  for (int i = 0; i < count; ++i)
    rig.store.write(name(i), "{\"n\":" + std::to_string(i) + ",\"s\":\"x\"}", i % 2 == 0 ? "even" : "odd");
  rig.projector->start();
  CPPUNIT_ASSERT(rig.requireNow(rig.store.lastSequence()).isOk());
}

}  // namespace

class VerifyTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(VerifyTest);
  CPPUNIT_TEST(equalOnesAgree);
  CPPUNIT_TEST(spacingAndOrderDoNotMatter);
  CPPUNIT_TEST(differencesNameTheirFields);
  CPPUNIT_TEST(missingAndExtraAreFound);
  CPPUNIT_TEST(listsAreCutAndCountsAreNot);
  CPPUNIT_TEST(repairMakesThemAgree);
  CPPUNIT_TEST(repairWritesAnOlderAndANewerVersionToo);
  CPPUNIT_TEST(oneEntityIsAnsweredAlone);
  CPPUNIT_TEST(anOrganizationIsCheckedAlone);
  CPPUNIT_TEST(whatIsOnItsWayIsWaitedFor);
  CPPUNIT_TEST(aDeadLetterIsMissing);
  CPPUNIT_TEST(cancellingEndsIt);
  CPPUNIT_TEST(progressReachesItsTotal);
  CPPUNIT_TEST(failuresAreReturned);
  CPPUNIT_TEST(writesGoOnMeanwhile);
  CPPUNIT_TEST_SUITE_END();

 public:
  void equalOnesAgree() {
    ProjectorRig rig;
    fill(rig, 1'234);
    const VerifyResult result = verified(rig);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1'234}, result.checked);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, wrongCount(result));
    ProjectorRig empty;
    empty.projector->start();
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, verified(empty).checked);
  }

  void spacingAndOrderDoNotMatter() {
    ProjectorRig rig;
    fill(rig, 3);
    rig.engine.corrupt(name(1), " { \"s\" : \"\\u0078\", \"n\":1 } ", 2);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, wrongCount(verified(rig)));
    rig.engine.corrupt(name(1), "{\"s\":\"x\",\"n\":1.0}", 2);  // another text of the number is another document
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, wrongCount(verified(rig)));
  }

  void differencesNameTheirFields() {
    ProjectorRig rig;
    fill(rig, 4);
    rig.engine.corrupt(name(0), "{\"n\":0,\"s\":\"y\"}", 1);
    rig.engine.corrupt(name(1), "{\"s\":\"x\",\"more\":true}", 2);
    rig.engine.corrupt(name(2), "not json", 3);
    const VerifyResult result = verified(rig);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, result.different_count);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, wrongCount(result));
    CPPUNIT_ASSERT_EQUAL(name(0), result.different[0].id);
    CPPUNIT_ASSERT(result.different[0].fields == Ids({"s"}));
    CPPUNIT_ASSERT(result.different[1].fields == Ids({"more", "n"}));
    CPPUNIT_ASSERT(result.different[2].fields.empty());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, result.repaired);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, verified(rig).different_count);  // looking changes nothing
  }

  void missingAndExtraAreFound() {
    ProjectorRig rig;
    fill(rig, 600);
    rig.engine.corrupt(name(7), "", 0);
    rig.engine.corrupt("ghost", "{}", 5);
    rig.store.forget(name(599));
    const VerifyResult result = verified(rig);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{599}, result.checked);
    CPPUNIT_ASSERT(result.missing == Ids({name(7)}));
    CPPUNIT_ASSERT(result.extra == Ids({name(599), "ghost"}));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, result.different_count);
  }

  void listsAreCutAndCountsAreNot() {
    ProjectorRig rig;
    fill(rig, 600);
    for (int i = 0; i < 150; ++i) {
      rig.engine.corrupt(name(i), "", 0);
      rig.engine.corrupt(name(200 + i), "{}", static_cast<std::uint64_t>(201 + i));
      rig.engine.corrupt("ghost" + std::to_string(i), "{}", 5);
    }
    const VerifyResult result = verified(rig);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{150}, result.missing_count);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{150}, result.different_count);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{150}, result.extra_count);
    CPPUNIT_ASSERT_EQUAL(std::size_t{100}, result.missing.size());
    CPPUNIT_ASSERT_EQUAL(std::size_t{100}, result.different.size());
    CPPUNIT_ASSERT_EQUAL(std::size_t{100}, result.extra.size());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{450}, verified(rig, {}, true).repaired);  // all, not only those listed
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, wrongCount(verified(rig)));
  }

  void repairMakesThemAgree() {
    ProjectorRig rig;
    fill(rig, 10);
    rig.engine.corrupt(name(1), "", 0);
    rig.engine.corrupt(name(2), "{\"wrong\":1}", 3);  // of the same version as the right one
    rig.engine.corrupt("ghost", "{}", 5);
    const VerifyResult result = verified(rig, {}, true);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, wrongCount(result));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, result.repaired);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, wrongCount(verified(rig)));
    CPPUNIT_ASSERT_EQUAL(std::size_t{10}, rig.engine.searchableSources().size());
    // Repaired entities go on as before.
    rig.store.write(name(2), "{\"n\":\"next\"}");
    CPPUNIT_ASSERT(rig.requireNow(11).isOk());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, wrongCount(verified(rig)));
  }

  void repairWritesAnOlderAndANewerVersionToo() {
    ProjectorRig rig;
    fill(rig, 3);
    rig.store.write(name(0), "{\"n\":\"latest\"}");
    CPPUNIT_ASSERT(rig.requireNow(4).isOk());
    rig.engine.corrupt(name(0), "{\"n\":\"old\"}", 1);
    const VerifyResult result = verified(rig, {}, true);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, result.different_count);
    CPPUNIT_ASSERT_EQUAL(std::string("{\"n\":\"latest\"}"), rig.engine.searchableSources().at(name(0)));
    // A document that claims to be of an event which the log does not have.
    rig.engine.corrupt(name(1), "{\"n\":\"from nowhere\"}", 99);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, verified(rig).different_count);
  }

  void oneEntityIsAnsweredAlone() {
    ProjectorRig rig;
    fill(rig, 10);
    rig.engine.corrupt(name(1), "{}", 2);
    rig.engine.corrupt(name(2), "{}", 3);
    rig.engine.corrupt("ghost", "{}", 5);
    const VerifyResult one = verified(rig, {name(1), ""}, true);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, one.checked);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, one.different_count);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, one.repaired);
    CPPUNIT_ASSERT(verified(rig, {"ghost", ""}, true).extra == Ids({"ghost"}));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, wrongCount(verified(rig, {"ghost", ""})));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, wrongCount(verified(rig)));  // the third was left alone
  }

  void anOrganizationIsCheckedAlone() {
    ProjectorRig rig;
    fill(rig, 10);
    rig.engine.corrupt(name(1), "{}", 2);
    rig.engine.corrupt(name(2), "{}", 3);
    rig.engine.corrupt("ghost", "{}", 5);
    const VerifyResult result = verified(rig, {"", "even"});
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{5}, result.checked);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, wrongCount(result));
    CPPUNIT_ASSERT_EQUAL(name(2), result.different[0].id);
  }

  void whatIsOnItsWayIsWaitedFor() {
    ProjectorRig rig;
    fill(rig, 10);
    rig.store.write("new", "{}");  // too few for a batch, and time stands still
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{10}, rig.engine.progress().applied);
    const VerifyResult result = verified(rig);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{11}, result.checked);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, wrongCount(result));
  }

  void aDeadLetterIsMissing() {
    ProjectorRig rig;
    rig.engine.refuse("refused");
    rig.store.write("refused", "{}");
    rig.store.write("formless", "!");
    fill(rig, 2);
    const VerifyResult result = verified(rig, {}, true);
    CPPUNIT_ASSERT(result.missing == Ids({"formless", "refused"}));
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, result.repaired);
    // A document from before the state became one without.
    rig.engine.corrupt("formless", "{}", 2);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, verified(rig).different_count);
  }

  void cancellingEndsIt() {
    ProjectorRig rig;
    fill(rig, 2'000);
    int calls = 0;
    const Result<VerifyResult> result = verify(rig.store, rig.engine, *rig.projector, rig.projection, {}, false,
                                               [&calls](std::uint64_t, std::uint64_t) { return ++calls < 2; });
    CPPUNIT_ASSERT(result.isOk());
    CPPUNIT_ASSERT_EQUAL(2, calls);
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{1'000}, result->checked);
  }

  void progressReachesItsTotal() {
    ProjectorRig rig;
    fill(rig, 1'100);
    std::uint64_t last = 0;
    std::uint64_t of = 0;
    const Result<VerifyResult> result = verify(rig.store, rig.engine, *rig.projector, rig.projection, {}, false,
                                               [&](std::uint64_t done, std::uint64_t total) {
                                                 CPPUNIT_ASSERT(done >= last && done <= total);
                                                 last = done;
                                                 of = total;
                                                 return true;
                                               });
    CPPUNIT_ASSERT(result.isOk());
    CPPUNIT_ASSERT_EQUAL(std::uint64_t{2'200}, of);
    CPPUNIT_ASSERT_EQUAL(of, last);
  }

  void failuresAreReturned() {
    ProjectorRig rig;
    fill(rig, 10);
    rig.store.failLoads(1, corruption("page 7 of store.db"));
    CPPUNIT_ASSERT(run(rig).status().code() == Code::kCorruption);
    rig.projector->stop();
    rig.store.write("new", "{}");
    CPPUNIT_ASSERT(run(rig).status().code() == Code::kUnavailable);
  }

  void writesGoOnMeanwhile() {
    ProjectorRig rig;
    fill(rig, 500);
    std::atomic<bool> is_ending = false;
    std::thread writer([&] {
      for (int i = 0; !is_ending; ++i) rig.store.write(name(i % 700), "{\"w\":" + std::to_string(i) + "}");
    });
    std::vector<VerifyResult> results;
    Status failure;
    for (int i = 0; i < 5 && failure.isOk(); ++i) {
      Result<VerifyResult> result = run(rig);
      failure = result.status();
      if (result.isOk()) results.push_back(std::move(*result));
    }
    is_ending = true;
    writer.join();
    CPPUNIT_ASSERT_MESSAGE(std::string(failure.message()), failure.isOk());
    for (const VerifyResult& result : results) {
      CPPUNIT_ASSERT(result.checked >= 500);
      CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, wrongCount(result));
    }
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(VerifyTest);

}  // namespace gyre::projector
