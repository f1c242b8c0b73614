#include "server/store/database.hpp"

#include <Poco/Data/SQLite/Connector.h>
#include <Poco/Data/SQLite/Utility.h>
#include <sqlite3.h>

#include <iterator>
#include <utility>

#include "server/store/schema.hpp"

namespace gyre::store {

using Poco::Data::Keywords::into;
using Poco::Data::Keywords::now;

namespace {

void registerConnector() {
  [[maybe_unused]] static const bool is_registered = [] {
    Poco::Data::SQLite::Connector::registerConnector();
    return true;
  }();
}

// What belongs to a connection rather than to the file.
//   cache_size: negative is KiB. The writer's is told when it is opened. A reader's cache is dropped whenever the
//   writer commits, so a large one would buy nothing.
//
//   journal_size_limit: a WAL that one burst made large is cut back when it starts over.
//
//   secure_delete=FAST: pages of a trimmed log are not written once more only to overwrite them.
constexpr const char* kWriterPragmas =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; "
    "PRAGMA journal_size_limit=67108864; PRAGMA foreign_keys=OFF; PRAGMA temp_store=MEMORY; "
    "PRAGMA secure_delete=FAST";
constexpr const char* kReaderPragmas = "PRAGMA query_only=1; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-4096";
constexpr const char* kCheckpointPragmas =
    "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-256";

}  // namespace

Database::Database(std::string path, Poco::Data::Session session)
    : path_(std::move(path)), session_(std::move(session)), handle_(Poco::Data::SQLite::Utility::dbHandle(session_)) {}

Result<std::unique_ptr<Database>> Database::open(std::string path, Role role, std::size_t page_cache_bytes) {
  std::unique_ptr<Database> database;
  try {
    registerConnector();
    constexpr std::size_t kLoginSeconds = kLockWaitMillis / 1000;
    Poco::Data::Session session(Poco::Data::SQLite::Connector::KEY, path, kLoginSeconds);
    database.reset(new Database(path, std::move(session)));
  } catch (const std::exception& thrown) {
    return exceptionStatus(thrown, nullptr, path);
  }
  GYRE_TRY(database->configure(role, page_cache_bytes));
  return database;
}

Status Database::configure(Role role, std::size_t page_cache_bytes) {
  sqlite3_busy_timeout(handle_, kLockWaitMillis);
  switch (role) {
    case Role::kWriter: {
      GYRE_TRY(execute(kWriterPragmas));
      if (page_cache_bytes > 0) GYRE_TRY(execute("PRAGMA cache_size=-" + std::to_string(page_cache_bytes >> 10)));
      return migrate();
    }
    case Role::kReader: return execute(kReaderPragmas);
    case Role::kCheckpoint: return execute(kCheckpointPragmas);
  }
  return {};
}

Status Database::execute(std::string_view sql) {
  return guarded([&] { session_ << std::string(sql), now; });
}

Status Database::migrate() {
  // The lock is taken even when there is nothing to migrate: a file that somebody else writes is found out here and not
  // at the first commit.
  GYRE_TRY(begin());
  Status status = applyMigrations();
  if (status.isOk()) status = commit();
  if (!status.isOk()) rollback();
  return status;
}

Status Database::applyMigrations() {
  constexpr int kCurrent = static_cast<int>(std::size(kMigrations));
  int version = 0;
  GYRE_TRY(guarded([&] { session_ << "PRAGMA user_version", into(version), now; }));
  if (version < 0 || version > kCurrent)
    return unavailable(path_ + ": schema version " + std::to_string(version) + " is not known, expected at most " +
                       std::to_string(kCurrent) + "; a newer gyre has written this file");
  for (; version < kCurrent; ++version) GYRE_TRY(execute(kMigrations[version]));
  return execute("PRAGMA user_version=" + std::to_string(kCurrent));
}

Status Database::begin() { return execute("BEGIN IMMEDIATE"); }

Status Database::commit() { return execute("COMMIT"); }

void Database::rollback() {
  // A failed ROLLBACK leaves nothing to do: SQLite has then rolled back already, or the next BEGIN says what is wrong.
  if (isInTransaction()) static_cast<void>(execute("ROLLBACK"));
}

bool Database::isInTransaction() const { return sqlite3_get_autocommit(handle_) == 0; }

Result<int> Database::checkpoint() {
  int frames = 0;
  int copied = 0;
  const int code = sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_PASSIVE, &frames, &copied);
  if (code != SQLITE_OK && code != SQLITE_BUSY) return failure(code);
  return frames < 0 ? 0 : frames - copied;
}

Result<std::int64_t> Database::pragma(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  if (const int code = sqlite3_prepare_v2(handle_, sql, -1, &statement, nullptr); code != SQLITE_OK)
    return failure(code);
  const int code = sqlite3_step(statement);
  const std::int64_t value = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
  sqlite3_finalize(statement);
  if (code != SQLITE_ROW) return failure(code);
  return value;
}

Result<bool> Database::shrink() {
  // Less is not worth two fsyncs.
  constexpr std::int64_t kFewestBytes = 1 << 20;
  // SQLite makes the copy in memory (temp_store), and whoever appends waits for it.
  constexpr std::int64_t kMostCopiedBytes = 16 << 20;
  GYRE_TRY_ASSIGN(const std::int64_t pages, pragma("PRAGMA page_count"));
  GYRE_TRY_ASSIGN(const std::int64_t free, pragma("PRAGMA freelist_count"));
  GYRE_TRY_ASSIGN(const std::int64_t page_bytes, pragma("PRAGMA page_size"));
  if (free * page_bytes < kFewestBytes || 4 * free < 3 * pages) return false;
  if ((pages - free) * page_bytes > kMostCopiedBytes) return false;
  GYRE_TRY(execute("VACUUM"));
  return true;
}

Result<bool> Database::cutWal() {
  sqlite3_busy_timeout(handle_, 0);
  const int code = sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  sqlite3_busy_timeout(handle_, kLockWaitMillis);
  // A reader that began before the last commits is no failure either, but leaves the file as it was.
  if (code != SQLITE_OK && code != SQLITE_BUSY && code != SQLITE_LOCKED) return failure(code);
  return code == SQLITE_OK;
}

}  // namespace gyre::store
