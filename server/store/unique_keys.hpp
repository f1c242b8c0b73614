// Which entity has this value? The unique keys of a domain: read by key, written in batches, never given up.
//
// THREADS: one thread at a time, with its Database. REQUIRES: the Database outlives it.
#pragma once

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

class UniqueKeyStore {
 public:
  static Result<UniqueKeyStore> open(Database& database);

  // The committed owner, nothing when the key is free.
  Result<std::optional<std::string>> find(const UniqueKey& key);
  // Gathered for the batch. REQUIRES: the key is free.
  void add(const UniqueKey& key, std::string_view entity_id);
  // Inside a transaction. Empties what was gathered, whatever the outcome.
  Status write();

 private:
  UniqueKeyStore(Database& database, Statement find);

  Statement find_;
  std::vector<std::string> pointers_;
  std::vector<std::string> organizations_;
  std::vector<std::string> values_;
  std::vector<std::string> entities_;
  BatchInsert insert_;
};

}  // namespace gyre::store
