// What does a failure of SQLite mean to who asked? SQLite result codes and Poco's exceptions become Status here.
//
// Damage is corruption. Everything that may pass (locked, disk full, I/O errors, out of memory) is unavailable, with
// SQLite's own text. What only we can have caused (bad SQL, misuse, a violated constraint) is internal.
//
// THREADS: free functions.
#pragma once

#include <exception>
#include <string_view>

#include "gyre/status.hpp"

struct sqlite3;

namespace gyre::store {

// The last failure on a connection, as a Status that names the file. `code` is what the failed call returned.
Status sqliteStatus(sqlite3* connection, int code, std::string_view path);

// The same for an exception thrown by Poco; `connection` is null when there is none yet.
Status exceptionStatus(const std::exception& thrown, sqlite3* connection, std::string_view path);

}  // namespace gyre::store
