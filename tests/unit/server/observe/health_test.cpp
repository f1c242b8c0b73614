#include "server/observe/health.hpp"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <string>

namespace gyre::observe {

class HealthTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(HealthTest);
  CPPUNIT_TEST(aliveWhateverHappens);
  CPPUNIT_TEST(startsServesStops);
  CPPUNIT_TEST(everyEnabledDomainMustServe);
  CPPUNIT_TEST(disabledDomainsDoNotCount);
  CPPUNIT_TEST(probesAreAskedEachTime);
  CPPUNIT_TEST(removedDomainsAreGone);
  CPPUNIT_TEST(detailsAreEscaped);
  CPPUNIT_TEST(stoppingIsFinal);
  CPPUNIT_TEST_SUITE_END();

 public:
  void aliveWhateverHappens() {
    Health health;
    health.setDomain("a", DomainHealth{DomainStatus::kFailed, 0, "broken", {}});
    CPPUNIT_ASSERT_EQUAL(200, health.liveness().http_status);
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"status":"alive"})"), health.liveness().body);
  }

  void startsServesStops() {
    Health health;
    CPPUNIT_ASSERT_EQUAL(503, health.readiness().http_status);
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"status":"starting","domains":{}})"), health.readiness().body);
    health.setServing();
    CPPUNIT_ASSERT_EQUAL(200, health.readiness().http_status);
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"status":"ready","domains":{}})"), health.readiness().body);
    health.setRoles({"read"});
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"status":"ready","roles":["read"],"domains":{}})"), health.readiness().body);
    health.setRoles({});
    health.setStopping();
    CPPUNIT_ASSERT_EQUAL(503, health.readiness().http_status);
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"status":"stopping","domains":{}})"), health.readiness().body);
  }

  void everyEnabledDomainMustServe() {
    Health health;
    health.setServing();
    health.setDomain("payments", DomainHealth{DomainStatus::kReady, 3, {}, {{"sequence", 45}}});
    CPPUNIT_ASSERT_EQUAL(
        std::string(R"({"status":"ready","domains":{"payments":{"status":"ready","lag":3,"sequence":45}}})"),
        health.readiness().body);
    for (const DomainStatus status : {DomainStatus::kStarting, DomainStatus::kFailed}) {
      health.setDomain("logs", DomainHealth{status, 0, "no plugin", {}});
      CPPUNIT_ASSERT_EQUAL(503, health.readiness().http_status);
      CPPUNIT_ASSERT(health.readiness().body.starts_with(R"({"status":"not_ready",)"));
    }
    CPPUNIT_ASSERT(health.readiness().body.find(R"("logs":{"status":"failed","lag":0,"detail":"no plugin"})") !=
                   std::string::npos);
  }

  void disabledDomainsDoNotCount() {
    Health health;
    health.setServing();
    health.setDomain("logs", DomainHealth{DomainStatus::kDisabled, 0, {}, {}});
    CPPUNIT_ASSERT_EQUAL(200, health.readiness().http_status);
    CPPUNIT_ASSERT_EQUAL(std::string(R"({"status":"ready","domains":{"logs":{"status":"disabled","lag":0}}})"),
                         health.readiness().body);
  }

  void probesAreAskedEachTime() {
    Health health;
    health.setServing();
    std::uint64_t lag = 1;
    health.setDomain("a", [&lag] { return DomainHealth{DomainStatus::kReady, lag++, {}, {}}; });
    CPPUNIT_ASSERT(health.readiness().body.find(R"("lag":1})") != std::string::npos);
    CPPUNIT_ASSERT(health.readiness().body.find(R"("lag":2})") != std::string::npos);
  }

  void removedDomainsAreGone() {
    Health health;
    health.setServing();
    health.setDomain("a", DomainHealth{});
    CPPUNIT_ASSERT_EQUAL(503, health.readiness().http_status);
    health.removeDomain("b");
    health.removeDomain("a");
    CPPUNIT_ASSERT_EQUAL(200, health.readiness().http_status);
  }

  void detailsAreEscaped() {
    Health health;
    health.setDomain("a", DomainHealth{DomainStatus::kFailed, 0, "\"x\"\n", {}});
    CPPUNIT_ASSERT(health.readiness().body.find(R"("detail":"\"x\"\n")") != std::string::npos);
  }

  void stoppingIsFinal() {
    Health health;
    health.setStopping();
    health.setServing();
    CPPUNIT_ASSERT_EQUAL(503, health.readiness().http_status);
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(HealthTest);

}  // namespace gyre::observe
