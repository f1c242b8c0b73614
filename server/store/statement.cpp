#include "server/store/statement.hpp"

#include <sqlite3.h>

#include "server/store/database.hpp"

namespace gyre::store {

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Result<Statement> Statement::prepare(const Database& database, std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(database.handle(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return database.failure(code);
  return Statement(database, statement);
}

void Statement::bind(int index, std::string_view text) {
  // A null pointer would bind NULL, which compares equal to nothing.
  const char* const data = text.data() == nullptr ? "" : text.data();
  sqlite3_bind_text64(statement_.get(), index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

void Statement::bind(int index, std::int64_t value) { sqlite3_bind_int64(statement_.get(), index, value); }

void Statement::bindBlob(int index, std::string_view bytes) {
  const char* const data = bytes.data() == nullptr ? "" : bytes.data();
  sqlite3_bind_blob64(statement_.get(), index, data, bytes.size(), SQLITE_STATIC);
}

Statement::Cursor::~Cursor() { sqlite3_reset(statement_.statement_.get()); }

Result<bool> Statement::Cursor::next() {
  const int code = sqlite3_step(statement_.statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return statement_.database_->failure(code);
}

std::string_view Statement::Cursor::text(int column) const {
  sqlite3_stmt* const statement = statement_.statement_.get();
  // blob, not text: the bytes as stored, whatever their type, and no conversion.
  const void* const data = sqlite3_column_blob(statement, column);
  const int size = sqlite3_column_bytes(statement, column);
  return data == nullptr ? std::string_view()
                         : std::string_view(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

std::int64_t Statement::Cursor::integer(int column) const {
  return sqlite3_column_int64(statement_.statement_.get(), column);
}

}  // namespace gyre::store
