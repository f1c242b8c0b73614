// What can be wrong with the file, and is it said clearly?
#include "server/store/database.hpp"

#include <cppunit/extensions/HelperMacros.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "server/store/schema.hpp"
#include "server/store/statement.hpp"
#include "tests/unit/server/store/store_fixture.hpp"

namespace gyre::store {

// A process that opens the file with SQLite, runs `sql`, and stays until the destructor.
class OtherProcess {
 public:
  OtherProcess(const std::string& path, const char* sql) {
    int ready[2];
    CPPUNIT_ASSERT_EQUAL(0, ::pipe(ready));
    child_ = ::fork();
    CPPUNIT_ASSERT(child_ >= 0);
    if (child_ == 0) {
      sqlite3* database = nullptr;
      const bool is_done = sqlite3_open(path.c_str(), &database) == SQLITE_OK &&
                           sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK;
      if (::write(ready[1], is_done ? "y" : "n", 1) != 1) ::_exit(1);
      for (;;) ::pause();
    }
    char answer = 0;
    CPPUNIT_ASSERT_EQUAL(ssize_t{1}, ::read(ready[0], &answer, 1));
    CPPUNIT_ASSERT_EQUAL('y', answer);
    ::close(ready[0]);
    ::close(ready[1]);
  }
  ~OtherProcess() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  OtherProcess(const OtherProcess&) = delete;
  OtherProcess& operator=(const OtherProcess&) = delete;

 private:
  pid_t child_ = -1;
};

class DatabaseTest : public StoreFixture {
  CPPUNIT_TEST_SUITE(DatabaseTest);
  CPPUNIT_TEST(theFileIsInWalModeAndSynchronous);
  CPPUNIT_TEST(aSecondStoreIsRefusedAtOnce);
  CPPUNIT_TEST(aLockHeldElsewhereIsUnavailableWithinFiveSeconds);
  CPPUNIT_TEST(aFileThatIsNoDatabaseIsCorruption);
  CPPUNIT_TEST(onlyALittleIsCopiedToShrink);
  CPPUNIT_TEST(damageInsideIsCorruption);
  CPPUNIT_TEST(aMissingFolderIsUnavailable);
  CPPUNIT_TEST(aFolderAsFileIsUnavailable);
  CPPUNIT_TEST(aNewerSchemaIsRefused);
  CPPUNIT_TEST(readersCannotWrite);
  CPPUNIT_TEST(aFailedMigrationLeavesTheFileAsItWas);
  CPPUNIT_TEST_SUITE_END();

  Status openStatus() { return PrimaryStore::open(options(), clock_, observer_).status(); }
  void executeOnFile(const char* sql) const {
    sqlite3* database = nullptr;
    CPPUNIT_ASSERT_EQUAL(SQLITE_OK, sqlite3_open(options().path.c_str(), &database));
    const int code = sqlite3_exec(database, sql, nullptr, nullptr, nullptr);
    sqlite3_close(database);
    CPPUNIT_ASSERT_EQUAL(SQLITE_OK, code);
  }
  static std::string pragma(Database& database, const std::string& name) {
    const auto statement = Statement::prepare(database, "PRAGMA " + name);
    GYRE_ASSERT_OK(statement.status());
    Statement::Cursor row(const_cast<Statement&>(*statement));
    CPPUNIT_ASSERT(*row.next());
    return std::string(row.text(0));
  }

 public:
  void theFileIsInWalModeAndSynchronous() {
    auto database = Database::open(options().path, Database::Role::kWriter);
    GYRE_ASSERT_OK(database.status());
    CPPUNIT_ASSERT_EQUAL(std::string("wal"), pragma(**database, "journal_mode"));
    CPPUNIT_ASSERT_EQUAL(std::string("2"), pragma(**database, "synchronous"));
    CPPUNIT_ASSERT_EQUAL(std::string("0"), pragma(**database, "wal_autocheckpoint"));
    CPPUNIT_ASSERT_EQUAL(std::string("5000"), pragma(**database, "busy_timeout"));
    CPPUNIT_ASSERT_EQUAL(std::to_string(std::size(kMigrations)), pragma(**database, "user_version"));
  }

  void aSecondStoreIsRefusedAtOnce() {
    const auto first = open();
    const Status second = openStatus();
    GYRE_ASSERT_CODE(Code::kUnavailable, second);
    CPPUNIT_ASSERT_MESSAGE(textOf(second),
                           second.message().find("process " + std::to_string(::getpid())) != std::string_view::npos);
    GYRE_ASSERT_OK(runUnit(*first, appending("p1", "acme", "{}")));
  }

  void aLockHeldElsewhereIsUnavailableWithinFiveSeconds() {
    open().reset();
    const auto start = std::chrono::steady_clock::now();
    {
      const OtherProcess other(options().path, "BEGIN IMMEDIATE; UPDATE counter SET value = 7");
      const Status refused = openStatus();
      GYRE_ASSERT_CODE(Code::kUnavailable, refused);
      CPPUNIT_ASSERT_MESSAGE(textOf(refused), refused.message().find("locked") != std::string_view::npos);
    }
    CPPUNIT_ASSERT(std::chrono::steady_clock::now() - start < std::chrono::seconds(9));
    GYRE_ASSERT_OK(openStatus());
  }

  void onlyALittleIsCopiedToShrink() {
    const auto database = Database::open(options().path, Database::Role::kWriter);
    GYRE_ASSERT_OK(database.status());
    const auto run = [&](const char* sql) {
      CPPUNIT_ASSERT_EQUAL(SQLITE_OK, sqlite3_exec((*database)->handle(), sql, nullptr, nullptr, nullptr));
    };
    const auto shrinks = [&] {
      const Result<bool> shrunk = (*database)->shrink();
      GYRE_ASSERT_OK(shrunk.status());
      return *shrunk;
    };
    run("CREATE TABLE filling(n INTEGER PRIMARY KEY, data BLOB)");
    run("WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 100) "
        "INSERT INTO filling SELECT n, zeroblob(1000000) FROM number");
    run("DELETE FROM filling WHERE n > 20");
    CPPUNIT_ASSERT(!shrinks());
    run("DELETE FROM filling WHERE n > 10");
    CPPUNIT_ASSERT(shrinks());
    CPPUNIT_ASSERT(!shrinks());
  }

  void aFileThatIsNoDatabaseIsCorruption() {
    std::ofstream(options().path) << std::string(10'000, 'z');
    const Status refused = openStatus();
    GYRE_ASSERT_CODE(Code::kCorruption, refused);
    CPPUNIT_ASSERT_MESSAGE(textOf(refused), refused.message().starts_with(options().path));
  }

  // The root page stays, the pages below it are overwritten: opening may succeed, reading must not.
  void damageInsideIsCorruption() {
    {
      const auto store = open();
      Gate gate(*store);
      std::vector<std::future<Status>> outcomes;
      for (int i = 0; i < 2000; ++i)
        outcomes.push_back(submit(*store, appending("p" + std::to_string(i), "acme", std::string(500, 's'))));
      gate.open();
      for (auto& outcome : outcomes) GYRE_ASSERT_OK(outcome.get());
    }
    const auto size = std::filesystem::file_size(options().path);
    {
      std::fstream file(options().path, std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(40 * 4096);
      const std::string garbage(static_cast<std::size_t>(size) - 40 * 4096, '\x5a');
      file.write(garbage.data(), static_cast<std::streamsize>(garbage.size()));
    }
    auto store = PrimaryStore::open(options(), clock_, observer_);
    if (!store.isOk()) return GYRE_ASSERT_CODE(Code::kCorruption, store.status());
    bool is_found = false;
    for (int i = 0; i < 2000 && !is_found; ++i) {
      const auto found = (*store)->load("p" + std::to_string(i));
      if (found.isOk()) continue;
      GYRE_ASSERT_CODE(Code::kCorruption, found.status());
      const Status unit = runUnit(**store, appending("p" + std::to_string(i), "acme", "{}"));
      GYRE_ASSERT_CODE(Code::kCorruption, unit);
      is_found = true;
    }
    CPPUNIT_ASSERT(is_found);
    GYRE_ASSERT_CODE(Code::kCorruption, (*store)->scan("", "", 5000).status());
  }

  void aMissingFolderIsUnavailable() {
    StoreOptions nowhere = options();
    nowhere.path = folder_.file("missing/store.db");
    const auto refused = PrimaryStore::open(nowhere, clock_, observer_);
    GYRE_ASSERT_CODE(Code::kUnavailable, refused.status());
    CPPUNIT_ASSERT(refused.status().message().starts_with(nowhere.path));
  }

  void aFolderAsFileIsUnavailable() {
    std::filesystem::create_directory(options().path);
    GYRE_ASSERT_CODE(Code::kUnavailable, openStatus());
  }

  void aNewerSchemaIsRefused() {
    open().reset();
    executeOnFile("PRAGMA user_version=99");
    const Status refused = openStatus();
    GYRE_ASSERT_CODE(Code::kUnavailable, refused);
    CPPUNIT_ASSERT(refused.message().find("99") != std::string_view::npos);
  }

  void readersCannotWrite() {
    open().reset();
    auto reader = Database::open(options().path, Database::Role::kReader);
    GYRE_ASSERT_OK(reader.status());
    const Status refused =
        (*reader)->guarded([&] { (*reader)->session() << "UPDATE counter SET value = 9", Poco::Data::Keywords::now; });
    CPPUNIT_ASSERT(!refused.isOk());
  }

  // A table of ours is there already, so the schema's script stops in the middle.
  void aFailedMigrationLeavesTheFileAsItWas() {
    executeOnFile("CREATE TABLE receipt(x)");
    GYRE_ASSERT_CODE(Code::kInternal, openStatus());
    executeOnFile("CREATE TABLE entity(x); DROP TABLE entity; DROP TABLE receipt");
    GYRE_ASSERT_OK(openStatus());
  }
};
CPPUNIT_TEST_SUITE_REGISTRATION(DatabaseTest);

}  // namespace gyre::store
