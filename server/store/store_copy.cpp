#include "server/store/store_copy.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string_view>
#include <system_error>

#include "server/store/sqlite_status.hpp"

namespace gyre::store {

namespace {

constexpr int kBusyMillis = 5000;

struct Close {
  void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
};
using Handle = std::unique_ptr<sqlite3, Close>;
struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

Result<Handle> open(const std::string& path, int flags) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  Handle owned(handle);
  if (code != SQLITE_OK) return sqliteStatus(handle, code, path);
  sqlite3_busy_timeout(handle, kBusyMillis);
  return owned;
}

// Calls `row` for each row; columns are read from the statement.
template <class Row>
Status query(sqlite3* handle, const std::string& path, std::string_view sql, Row row) {
  sqlite3_stmt* prepared = nullptr;
  int code = sqlite3_prepare_v2(handle, sql.data(), static_cast<int>(sql.size()), &prepared, nullptr);
  const std::unique_ptr<sqlite3_stmt, Finalize> statement(prepared);
  if (code != SQLITE_OK) return sqliteStatus(handle, code, path);
  while ((code = sqlite3_step(prepared)) == SQLITE_ROW) row(prepared);
  return code == SQLITE_DONE ? Status() : sqliteStatus(handle, code, path);
}

std::string textOf(sqlite3_stmt* statement, int column) {
  const void* const data = sqlite3_column_blob(statement, column);
  const int size = sqlite3_column_bytes(statement, column);
  return data == nullptr ? std::string() : std::string(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

Status syncFile(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return unavailable(path + ": " + std::generic_category().message(errno));
  const bool is_synced = ::fsync(file) == 0;
  const int error = errno;
  ::close(file);
  return is_synced ? Status() : unavailable(path + ": cannot be synced: " + std::generic_category().message(error));
}

}  // namespace

// All pages in one step: that is one read transaction, so writers go on beside it and the copy is of one commit.
Status copyStore(const std::string& from, const std::string& to) {
  if (::access(to.c_str(), F_OK) == 0) return conflict(to + ": expected no file, found one");
  GYRE_TRY_ASSIGN(const Handle source, open(from, SQLITE_OPEN_READWRITE));
  GYRE_TRY_ASSIGN(const Handle target, open(to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
  sqlite3_backup* const backup = sqlite3_backup_init(target.get(), "main", source.get(), "main");
  if (backup == nullptr) return sqliteStatus(target.get(), sqlite3_errcode(target.get()), to);
  const int stepped = sqlite3_backup_step(backup, -1);
  const int finished = sqlite3_backup_finish(backup);
  if (stepped != SQLITE_DONE || finished != SQLITE_OK)
    return sqliteStatus(target.get(), finished != SQLITE_OK ? finished : stepped, to);
  std::string check;
  GYRE_TRY(query(target.get(), to, "PRAGMA quick_check(1)", [&](sqlite3_stmt* row) { check = textOf(row, 0); }));
  if (check != "ok") return {Code::kCorruption, to + ": the copy is damaged, as its source may be: " + check};
  return syncFile(to);
}

Result<std::string> readIdentity(const std::string& path) {
  GYRE_TRY_ASSIGN(const Handle handle, open(path, SQLITE_OPEN_READWRITE));
  std::string identity;
  GYRE_TRY(query(handle.get(), path, "SELECT id FROM identity", [&](sqlite3_stmt* row) { identity = textOf(row, 0); }));
  if (identity.empty()) return Status(Code::kCorruption, path + ": the store has no identity");
  return identity;
}

Result<StoreContents> readContents(const std::string& path) {
  GYRE_TRY_ASSIGN(const Handle handle, open(path, SQLITE_OPEN_READWRITE));
  StoreContents contents;
  const auto number = [](sqlite3_stmt* row, int column) {
    return static_cast<std::uint64_t>(sqlite3_column_int64(row, column));
  };
  GYRE_TRY(query(handle.get(), path, "SELECT max(sequence) FROM event",
                 [&](sqlite3_stmt* row) { contents.last_sequence = number(row, 0); }));
  GYRE_TRY(query(handle.get(), path, "SELECT value FROM counter WHERE name = 'entities'",
                 [&](sqlite3_stmt* row) { contents.entities = number(row, 0); }));
  bool has_cursors = false;  // a file of an earlier schema has none
  GYRE_TRY(query(handle.get(), path, "SELECT 1 FROM sqlite_master WHERE name = 'cursor'",
                 [&](sqlite3_stmt*) { has_cursors = true; }));
  if (has_cursors)
    GYRE_TRY(query(handle.get(), path, "SELECT name, sequence FROM cursor",
                   [&](sqlite3_stmt* row) { contents.cursors.emplace_back(textOf(row, 0), number(row, 1)); }));
  return contents;
}

}  // namespace gyre::store
