// What did a stream take, and what of it is still only here? The batch log: a row a batch, appended, read after a
// sequence, and trimmed once the index holds it.
//
// The newest row is never trimmed: its last sequence is the log's, so numbers go on after a restart. A batch's bytes
// are opaque here.
//
// THREADS: one thread at a time, with its Database. REQUIRES: the Database outlives it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "gyre/status.hpp"
#include "server/store/database.hpp"
#include "server/store/primary_store.hpp"
#include "server/store/statement.hpp"

namespace gyre::store {

class BatchLogReader {
 public:
  static Result<BatchLogReader> open(const Database& database);

  // Batches with records in (after, last], in order: as many as have `max_bytes` together, and at least one.
  Result<std::vector<StoredBatch>> read(std::uint64_t after, std::uint64_t last, std::uint64_t max_bytes);
  // 0 for an empty log.
  Result<std::uint64_t> lastSequence();
  // Of batches with records after `after`.
  Result<BatchBacklog> backlog(std::uint64_t after);

 private:
  BatchLogReader(Statement read, Statement last, Statement backlog);

  Statement read_;
  Statement last_;
  Statement backlog_;
};

// Gathers the batches of one transaction, then appends them.
class BatchLogWriter {
 public:
  static Result<BatchLogWriter> open(const Database& database);

  void add(StoredBatch batch) { batches_.push_back(std::move(batch)); }
  std::size_t size() const { return batches_.size(); }
  // Forgets what was added after the first `size`.
  void cutTo(std::size_t size) { batches_.resize(size); }
  // With write(): deletes what ends at `sequence` or before, but the newest row.
  void trimTo(std::uint64_t sequence) { trim_to_ = sequence; }
  // Whether the last write() deleted something, perhaps.
  bool hasTrimmed() const { return has_trimmed_; }
  void begin();
  // Inside a transaction. Empties it, whatever the outcome.
  Status write();

 private:
  BatchLogWriter(Statement insert, Statement trim);
  Status writeAll();

  Statement insert_;
  Statement trim_;
  std::vector<StoredBatch> batches_;
  std::uint64_t trim_to_ = 0;
  bool has_trimmed_ = false;
};

}  // namespace gyre::store
