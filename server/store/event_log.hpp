// What happened, in order? The event log, which is also the outbox: append, and read after a sequence.
//
// THREADS: one thread at a time, with its Database. REQUIRES: the Database outlives it.
#pragma once

#include <Poco/Types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyre/status.hpp"
#include "server/store/batch_insert.hpp"
#include "server/store/database.hpp"
#include "server/store/primary_store.hpp"
#include "server/store/statement.hpp"

namespace gyre::store {

class EventReader {
 public:
  static Result<EventReader> open(const Database& database);

  // Sequences in (after, last], in order, at most `limit`.
  Result<std::vector<EventRecord>> read(std::uint64_t after, std::uint64_t last, std::size_t limit);
  Result<std::vector<std::pair<std::uint64_t, std::string>>> changed(std::uint64_t after, std::uint64_t last,
                                                                     std::size_t limit);
  // 0 for an empty log.
  Result<std::uint64_t> lastSequence();

 private:
  EventReader(Statement read, Statement changed, Statement last);

  Statement read_;
  Statement changed_;
  Statement last_;
};

// Gathers the events of one batch, then appends them.
class EventWriter {
 public:
  explicit EventWriter(Database& database);

  void add(const EntityRecord& after, std::string_view type, std::string_view data, std::int64_t time_millis);
  std::size_t size() const { return sequences_.size(); }
  // Forgets what was added after the first `size`.
  void cutTo(std::size_t size);
  // Inside a transaction. Empties it, whatever the outcome.
  Status write();

 private:
  std::vector<Poco::Int64> sequences_;
  std::vector<std::string> entity_ids_;
  std::vector<Poco::Int64> versions_;
  std::vector<std::string> types_;
  std::vector<Poco::Int64> times_;
  std::vector<std::string> datas_;
  BatchInsert insert_;
};

}  // namespace gyre::store
