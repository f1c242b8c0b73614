// Was this request answered before? Idempotency receipts, read by key, written in batches, purged from the oldest on.
//
// THREADS: one thread at a time, with its Database. REQUIRES: the Database outlives it.
#pragma once

#include <Poco/Data/LOB.h>
#include <Poco/Types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/status.hpp"
#include "server/store/batch_insert.hpp"
#include "server/store/database.hpp"
#include "server/store/primary_store.hpp"
#include "server/store/statement.hpp"

namespace gyre::store {

class ReceiptStore {
 public:
  static Result<ReceiptStore> open(Database& database);

  // Nothing when there is none or it was kept before `oldest_millis`.
  Result<std::optional<Receipt>> find(std::string_view scope, std::string_view key, std::int64_t oldest_millis);

  // Gathered for the batch; replaces one of the same scope and key.
  void add(std::string_view scope, std::string_view key, const Receipt& receipt, std::int64_t kept_millis);
  // Inside a transaction. Empties what was gathered, whatever the outcome.
  Status write();

  // Inside a transaction: deletes receipts kept before `oldest_millis`, oldest first, a few at a time, so that no
  // commit waits for a large purge. Steps are larger than what a batch adds, so the table does not outgrow its
  // lifetime.
  Status purge(std::int64_t oldest_millis);

 private:
  using Bytes = Poco::Data::LOB<unsigned char>;
  ReceiptStore(Database& database, Statement find, Statement first);
  Result<std::optional<std::int64_t>> oldestKept();
  Status writeColumns();

  Statement find_;
  Statement first_;
  std::vector<std::string> scopes_;
  std::vector<std::string> keys_;
  std::vector<Poco::Int64> kept_;
  std::vector<Bytes> fingerprints_;
  std::vector<Bytes> answers_;
  std::vector<Poco::Int64> purge_before_;  // one element each
  std::vector<Poco::Int64> purge_limit_;
  BatchInsert insert_;
  BatchInsert purge_;
  std::size_t written_ = 0;  // by the last write()
  // When the first row was kept; nothing: not known. Too late after a rollback, which only delays the next purge.
  std::optional<std::int64_t> oldest_kept_;
};

}  // namespace gyre::store
