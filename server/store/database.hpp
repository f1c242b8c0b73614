// How is the file reached? One SQLite connection through Poco::Data: its pragmas, its migrations, its transactions.
//
// The file is in WAL mode, so that readers never wait for the writer; synchronous=FULL, so that a commit is on disk
// when it returns. Nothing waits longer than kLockWaitMillis for a lock.
//
// THREADS: one thread at a time. OWNS: the session; statements made on it die first.
#pragma once

#include <Poco/Data/Session.h>
#include <Poco/Data/Statement.h>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gyre/status.hpp"
#include "server/store/sqlite_status.hpp"

struct sqlite3;

namespace gyre::store {

inline constexpr int kLockWaitMillis = 5000;

class Database {
 public:
  enum class Role : unsigned char {
    kWriter,      // creates the file and brings its schema up to date
    kReader,      // refuses to write
    kCheckpoint,  // only copies the WAL into the file
  };
  // page_cache_bytes: of the file's pages, kept by a writer's connection (0: as many as SQLite does by itself); of no
  // effect for the other roles.
  static Result<std::unique_ptr<Database>> open(std::string path, Role role, std::size_t page_cache_bytes = 0);

  // BEGIN IMMEDIATE: the lock is taken, or refused, before any work is done.
  Status begin();
  Status commit();
  // Harmless when SQLite has rolled back by itself.
  void rollback();
  bool isInTransaction() const;

  // Copies what the WAL holds into the file as far as no reader needs the old pages; waits for nobody. Returns the WAL
  // frames that are left to copy.
  Result<int> checkpoint();

  // Gives the disk what the file no longer needs, when that is most of it and several megabytes, and what is left is at
  // most 16 MiB. Writes what is left once more, to the WAL: whether it did. REQUIRES: the writer's, not in a
  // transaction.
  Result<bool> shrink();
  // Cuts the WAL to nothing; false when it is needed still, by a reader or a checkpoint. Waits for nobody.
  // REQUIRES: not in a transaction.
  Result<bool> cutWal();

  // Runs code that calls Poco, and turns what it throws into a Status.
  template <class Call>
  Status guarded(Call&& call) {
    try {
      call();
      return {};
    } catch (const std::exception& thrown) {
      return exceptionStatus(thrown, handle_, path_);
    }
  }
  Status failure(int code) const { return sqliteStatus(handle_, code, path_); }

  Poco::Data::Session& session() { return session_; }
  sqlite3* handle() const { return handle_; }
  const std::string& path() const { return path_; }

 private:
  Database(std::string path, Poco::Data::Session session);
  Status configure(Role role, std::size_t page_cache_bytes);
  Status migrate();
  Status applyMigrations();
  Status execute(std::string_view sql);
  Result<std::int64_t> pragma(const char* sql);

  std::string path_;
  Poco::Data::Session session_;
  sqlite3* handle_;  // the session's
};

}  // namespace gyre::store
