#include "server/http/api_keys.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <string>

#include "tests/unit/server/store/store_fixture.hpp"

namespace gyre::http {

class ApiKeysTest : public CppUnit::TestFixture {
  CPPUNIT_TEST_SUITE(ApiKeysTest);
  CPPUNIT_TEST(withoutKeysEverybodyMayDoEverything);
  CPPUNIT_TEST(theFirstKeyIsAnAdministrators);
  CPPUNIT_TEST(rolesBindWhatAKeyMayDo);
  CPPUNIT_TEST(unknownAndExpiredKeysAreUnauthenticated);
  CPPUNIT_TEST(everyFaultIsToldAtOnce);
  CPPUNIT_TEST(keysOutliveTheServerAndOnlyAsHashes);
  CPPUNIT_TEST(theLastAdministratorStays);
  CPPUNIT_TEST(aDamagedFileLetsNobodyIn);
  CPPUNIT_TEST(secretsAreAllDifferent);
  CPPUNIT_TEST_SUITE_END();

  static ApiKey asked(std::vector<std::string> roles, std::string organization = "") {
    ApiKey key;
    key.name = "test";
    key.roles = std::move(roles);
    key.organization_id = std::move(organization);
    return key;
  }
  std::string path() const { return folder_.file("keys.json"); }
  std::unique_ptr<ApiKeys> open() {
    auto keys = ApiKeys::open(path(), clock_);
    GYRE_ASSERT_OK(keys.status());
    return std::move(keys).value();
  }
  static CreatedKey create(ApiKeys& keys, ApiKey key) {
    auto created = keys.create(std::move(key));
    GYRE_ASSERT_OK(created.status());
    return std::move(created).value();
  }
  static Code admitted(const ApiKeys& keys, const std::string& secret, Permission permission,
                       const char* domain = "payments") {
    return keys.admit("Bearer " + secret, permission, domain).status().code();
  }

 public:
  void withoutKeysEverybodyMayDoEverything() {
    const auto keys = open();
    CPPUNIT_ASSERT(keys->isEmpty());
    GYRE_ASSERT_OK(keys->admit("", Permission::kAdmin, "").status());
    CPPUNIT_ASSERT_EQUAL(std::string(), keys->admit("", Permission::kWrite, "payments")->organization_id);
  }

  void theFirstKeyIsAnAdministrators() {
    const auto keys = open();
    GYRE_ASSERT_CODE(Code::kInvalidArgument, keys->create(asked({"reader"})).status());
    ApiKey ending = asked({"admin"});
    ending.expires_millis = clock_.nowMillis() + 1000;
    GYRE_ASSERT_CODE(Code::kInvalidArgument, keys->create(ending).status());
    CPPUNIT_ASSERT(keys->isEmpty());
    create(*keys, asked({"admin"}));
    GYRE_ASSERT_CODE(Code::kUnauthenticated, keys->admit("", Permission::kAny, "").status());
  }

  void rolesBindWhatAKeyMayDo() {
    const auto keys = open();
    const std::string admin = create(*keys, asked({"admin"})).secret;
    const std::string reader = create(*keys, asked({"reader"}, "org-1")).secret;
    const std::string writer = create(*keys, asked({"writer"})).secret;
    const std::string both = create(*keys, asked({"payments:reader", "payments:writer"})).secret;
    const Code kNo = Code::kPermissionDenied;
    const struct {
      const std::string& secret;
      Code read, write, read_logs, read_all, administer;
    } kCases[] = {{admin, Code::kOk, Code::kOk, Code::kOk, Code::kOk, Code::kOk},
                  {reader, Code::kOk, kNo, Code::kOk, Code::kOk, kNo},
                  {writer, kNo, Code::kOk, kNo, kNo, kNo},
                  {both, Code::kOk, Code::kOk, kNo, kNo, kNo}};
    for (const auto& [secret, read, write, read_logs, read_all, administer] : kCases) {
      CPPUNIT_ASSERT(admitted(*keys, secret, Permission::kRead) == read);
      CPPUNIT_ASSERT(admitted(*keys, secret, Permission::kWrite) == write);
      CPPUNIT_ASSERT(admitted(*keys, secret, Permission::kRead, "logs") == read_logs);
      CPPUNIT_ASSERT(admitted(*keys, secret, Permission::kRead, "") == read_all);
      CPPUNIT_ASSERT(admitted(*keys, secret, Permission::kAdmin, "") == administer);
      CPPUNIT_ASSERT(admitted(*keys, secret, Permission::kAny, "") == Code::kOk);
    }
    CPPUNIT_ASSERT_EQUAL(std::string("org-1"),
                         keys->admit("bearer " + reader, Permission::kRead, "logs")->organization_id);
  }

  void unknownAndExpiredKeysAreUnauthenticated() {
    const auto keys = open();
    const std::string admin = create(*keys, asked({"admin"})).secret;
    ApiKey ending = asked({"reader"});
    ending.expires_millis = clock_.nowMillis() + 1000;
    const CreatedKey ended = create(*keys, ending);
    CPPUNIT_ASSERT(admitted(*keys, ended.secret, Permission::kRead) == Code::kOk);
    clock_.advance(1000);
    CPPUNIT_ASSERT(admitted(*keys, ended.secret, Permission::kRead) == Code::kUnauthenticated);
    for (const std::string& wrong : {admin + "x", admin.substr(1), std::string("gyre_"), std::string()})
      CPPUNIT_ASSERT(admitted(*keys, wrong, Permission::kAny) == Code::kUnauthenticated);
    for (const std::string& wrong : {"Basic " + admin, admin, std::string("Bearer"), std::string("Bearer ")})
      CPPUNIT_ASSERT(keys->admit(wrong, Permission::kAny, "").status().code() == Code::kUnauthenticated);
    const std::string reader = create(*keys, asked({"reader"})).secret;
    GYRE_ASSERT_OK(keys->revoke("key-3"));
    CPPUNIT_ASSERT(admitted(*keys, reader, Permission::kRead) == Code::kUnauthenticated);
    GYRE_ASSERT_CODE(Code::kNotFound, keys->revoke("key-3"));
  }

  void everyFaultIsToldAtOnce() {
    const auto keys = open();
    create(*keys, asked({"admin"}));
    ApiKey wrong = asked({"admin", "king", "payments:king", ":reader"}, "org-1");
    wrong.name = "";
    wrong.expires_millis = clock_.nowMillis();
    const auto refused = keys->create(wrong);
    std::set<std::string> pointers;
    for (const Fault& fault : refused.status().faults()) pointers.insert(fault.pointer);
    CPPUNIT_ASSERT((pointers == std::set<std::string>{"/name", "/roles/1", "/roles/2", "/roles/3", "/organizationId",
                                                      "/expiresAt"}));
  }

  void keysOutliveTheServerAndOnlyAsHashes() {
    std::string secret;
    {
      const auto keys = open();
      create(*keys, asked({"admin"}));
      secret = create(*keys, asked({"reader"}, "org-1")).secret;
      CPPUNIT_ASSERT_EQUAL(std::size_t{48}, secret.size());
    }
    const auto keys = open();
    CPPUNIT_ASSERT_EQUAL(std::string("org-1"),
                         keys->admit("Bearer " + secret, Permission::kRead, "x")->organization_id);
    CPPUNIT_ASSERT_EQUAL(std::string("key-2"), keys->list().at(1).id);
    std::ostringstream text;
    text << std::ifstream(path()).rdbuf();
    CPPUNIT_ASSERT(text.str().find(secret.substr(5)) == std::string::npos);
    CPPUNIT_ASSERT(std::filesystem::status(path()).permissions() ==
                   (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  }

  void theLastAdministratorStays() {
    const auto keys = open();
    create(*keys, asked({"admin"}));
    GYRE_ASSERT_CODE(Code::kConflict, keys->revoke("key-1"));
    ApiKey ending = asked({"admin"});
    ending.expires_millis = clock_.nowMillis() + 1000;
    create(*keys, ending);  // it will be gone by itself
    GYRE_ASSERT_CODE(Code::kConflict, keys->revoke("key-1"));
    create(*keys, asked({"admin"}));
    GYRE_ASSERT_OK(keys->revoke("key-1"));
    GYRE_ASSERT_CODE(Code::kConflict, keys->revoke("key-3"));
    GYRE_ASSERT_OK(keys->revoke("key-2"));
    CPPUNIT_ASSERT_EQUAL(std::string("key-4"), create(*keys, asked({"reader"})).key.id);
  }

  void aDamagedFileLetsNobodyIn() {
    for (const char* text : {"", "{", "{}", R"({"nextNumber":1,"keys":[{}]})",
                             R"({"nextNumber":1,"keys":[{"id":"a","hash":"b","roles":[]}]})"}) {
      std::ofstream(path(), std::ios::trunc) << text;
      GYRE_ASSERT_CODE(Code::kCorruption, ApiKeys::open(path(), clock_).status());
    }
  }

  void secretsAreAllDifferent() {
    const auto keys = open();
    std::set<std::string> secrets;
    for (int i = 0; i < 50; ++i) secrets.insert(create(*keys, asked({"admin"})).secret);
    CPPUNIT_ASSERT_EQUAL(std::size_t{50}, secrets.size());
  }

 private:
  store::TemporaryFolder folder_;
  base::ManualClock clock_{1'700'000'000'000};
};
CPPUNIT_TEST_SUITE_REGISTRATION(ApiKeysTest);

}  // namespace gyre::http
