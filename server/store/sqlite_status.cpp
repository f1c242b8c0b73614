#include "server/store/sqlite_status.hpp"

#include <Poco/Data/SQLite/SQLiteException.h>
#include <Poco/Exception.h>
#include <sqlite3.h>

#include <string>
#include <utility>

namespace gyre::store {

namespace {

Code codeOf(int sqlite_code) {
  switch (sqlite_code & 0xff) {  // extended codes carry the primary one in the low byte
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return Code::kCorruption;
    case SQLITE_ERROR:
    case SQLITE_INTERNAL:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
    case SQLITE_TOOBIG: return Code::kInternal;
    default: return Code::kUnavailable;
  }
}

bool isFailure(int sqlite_code) {
  return sqlite_code != SQLITE_OK && sqlite_code != SQLITE_ROW && sqlite_code != SQLITE_DONE;
}

// For when the connection has forgotten the failure, because Poco finalized a statement while the exception was on its
// way.
Code codeOf(const std::exception& thrown) {
  namespace sqlite = Poco::Data::SQLite;
  const auto is = [&](auto* type) { return dynamic_cast<decltype(type)>(&thrown) != nullptr; };
  if (is(static_cast<const sqlite::CorruptImageException*>(nullptr))) return Code::kCorruption;
  if (is(static_cast<const sqlite::InvalidSQLStatementException*>(nullptr)) ||
      is(static_cast<const sqlite::InternalDBErrorException*>(nullptr)) ||
      is(static_cast<const sqlite::ConstraintViolationException*>(nullptr)) ||
      is(static_cast<const sqlite::DataTypeMismatchException*>(nullptr)) ||
      is(static_cast<const sqlite::InvalidLibraryUseException*>(nullptr)))
    return Code::kInternal;
  return Code::kUnavailable;
}

}  // namespace

Status sqliteStatus(sqlite3* connection, int code, std::string_view path) {
  // errmsg() belongs to the connection's last failure, which need not be this one (a lost connection, say).
  const bool is_last = connection != nullptr && (sqlite3_errcode(connection) & 0xff) == (code & 0xff);
  std::string message(path);
  message += ": ";
  message += is_last ? sqlite3_errmsg(connection) : sqlite3_errstr(code);
  const int extended = is_last ? sqlite3_extended_errcode(connection) : code;
  message += " (sqlite code " + std::to_string(extended) + ")";
  return {codeOf(code), std::move(message)};
}

Status exceptionStatus(const std::exception& thrown, sqlite3* connection, std::string_view path) {
  if (connection != nullptr && isFailure(sqlite3_errcode(connection)))
    return sqliteStatus(connection, sqlite3_errcode(connection), path);
  const auto* const poco = dynamic_cast<const Poco::Exception*>(&thrown);
  std::string message(path);
  message += ": ";
  message += poco != nullptr ? poco->displayText() : std::string(thrown.what());
  return {codeOf(thrown), std::move(message)};
}

}  // namespace gyre::store
