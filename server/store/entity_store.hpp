// How are entity states read from the file, and written to it?
//
// THREADS: one thread at a time, with its Database. REQUIRES: the Database outlives it.
#pragma once

#include <Poco/Types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/status.hpp"
#include "server/store/batch_insert.hpp"
#include "server/store/database.hpp"
#include "server/store/primary_store.hpp"
#include "server/store/statement.hpp"

namespace gyre::store {

class EntityReader {
 public:
  static Result<EntityReader> open(const Database& database);

  // False when there is none; `found` keeps its capacity from call to call.
  Result<bool> load(std::string_view id, EntityRecord& found);
  // In id order; of one organisation when it is not "".
  Result<std::vector<EntityRecord>> scan(std::string_view after_id, std::string_view organization_id,
                                         std::size_t limit);
  // Of one organisation; walks its part of the index.
  Result<std::uint64_t> countOf(std::string_view organization_id);
  // Of all; kept by EntityWriter in one row.
  Result<std::uint64_t> countAll();

 private:
  EntityReader(Statement load, Statement scan, Statement scan_organization, Statement count_organization,
               Statement count);

  Statement load_;
  Statement scan_;
  Statement scan_organization_;
  Statement count_organization_;
  Statement count_;
};

// Gathers the last states of one batch, then writes them.
class EntityWriter {
 public:
  explicit EntityWriter(Database& database);

  void addNew(const EntityRecord& record);
  // `is_moved`: it belongs to another organisation than before. Telling them apart saves the others an index look-up.
  void addChanged(const EntityRecord& record, bool is_moved);
  // Inside a transaction. Empties it, whatever the outcome.
  Status write();

 private:
  struct Columns {
    std::vector<std::string> ids;
    std::vector<std::string> organizations;
    std::vector<Poco::Int64> versions;
    std::vector<Poco::Int64> sequences;
    std::vector<std::string> states;
    void add(const EntityRecord& record);
    void clear();
  };
  Status writeColumns();

  Columns new_;
  Columns changed_;
  Columns moved_;
  std::vector<Poco::Int64> added_;  // one element: how many are new
  BatchInsert insert_;
  BatchInsert update_;
  BatchInsert move_;
  BatchInsert count_;
};

}  // namespace gyre::store
