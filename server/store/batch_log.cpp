#include "server/store/batch_log.hpp"

#include <utility>

namespace gyre::store {

BatchLogReader::BatchLogReader(Statement read, Statement last, Statement backlog)
    : read_(std::move(read)), last_(std::move(last)), backlog_(std::move(backlog)) {}

Result<BatchLogReader> BatchLogReader::open(const Database& database) {
  GYRE_TRY_ASSIGN(auto read,
                  Statement::prepare(database,
                                     "SELECT last_sequence, record_count, time_millis, data FROM record_batch "
                                     "WHERE last_sequence > ?1 AND last_sequence <= ?2 ORDER BY last_sequence"));
  GYRE_TRY_ASSIGN(auto last, Statement::prepare(database, "SELECT max(last_sequence) FROM record_batch"));
  GYRE_TRY_ASSIGN(auto backlog, Statement::prepare(database,
                                                   "SELECT count(*), coalesce(sum(length(data)), 0), "
                                                   "coalesce(min(time_millis), 0) FROM record_batch "
                                                   "WHERE last_sequence > ?1"));
  return BatchLogReader(std::move(read), std::move(last), std::move(backlog));
}

Result<std::vector<StoredBatch>> BatchLogReader::read(std::uint64_t after, std::uint64_t last,
                                                      std::uint64_t max_bytes) {
  read_.bind(1, static_cast<std::int64_t>(after));
  read_.bind(2, static_cast<std::int64_t>(last));
  Statement::Cursor rows(read_);
  std::vector<StoredBatch> batches;
  for (std::uint64_t bytes = 0; batches.empty() || bytes < max_bytes;) {
    GYRE_TRY_ASSIGN(const bool is_row, rows.next());
    if (!is_row) break;
    StoredBatch& batch = batches.emplace_back();
    batch.record_count = rows.unsignedInteger(1);
    batch.first_sequence = rows.unsignedInteger(0) + 1 - batch.record_count;
    batch.time_millis = rows.integer(2);
    batch.data = rows.text(3);
    bytes += batch.data.size();
  }
  return batches;
}

Result<std::uint64_t> BatchLogReader::lastSequence() {
  Statement::Cursor rows(last_);
  GYRE_TRY_ASSIGN(const bool is_row, rows.next());
  return is_row ? rows.unsignedInteger(0) : std::uint64_t{0};
}

Result<BatchBacklog> BatchLogReader::backlog(std::uint64_t after) {
  backlog_.bind(1, static_cast<std::int64_t>(after));
  Statement::Cursor rows(backlog_);
  GYRE_TRY_ASSIGN(const bool is_row, rows.next());
  if (!is_row) return BatchBacklog();
  return BatchBacklog{rows.unsignedInteger(0), rows.unsignedInteger(1), rows.integer(2)};
}

BatchLogWriter::BatchLogWriter(Statement insert, Statement trim) : insert_(std::move(insert)), trim_(std::move(trim)) {}

Result<BatchLogWriter> BatchLogWriter::open(const Database& database) {
  GYRE_TRY_ASSIGN(auto insert,
                  Statement::prepare(database,
                                     "INSERT INTO record_batch(last_sequence, record_count, time_millis, data) "
                                     "VALUES(?1, ?2, ?3, ?4)"));
  GYRE_TRY_ASSIGN(auto trim, Statement::prepare(database,
                                                "DELETE FROM record_batch WHERE last_sequence <= ?1 AND "
                                                "last_sequence < (SELECT max(last_sequence) FROM record_batch)"));
  return BatchLogWriter(std::move(insert), std::move(trim));
}

void BatchLogWriter::begin() {
  batches_.clear();
  trim_to_ = 0;
}

Status BatchLogWriter::write() {
  const Status status = writeAll();
  has_trimmed_ = status.isOk() && trim_to_ != 0;
  begin();
  return status;
}

Status BatchLogWriter::writeAll() {
  for (const StoredBatch& batch : batches_) {
    insert_.bind(1, static_cast<std::int64_t>(batch.first_sequence + batch.record_count - 1));
    insert_.bind(2, static_cast<std::int64_t>(batch.record_count));
    insert_.bind(3, batch.time_millis);
    insert_.bindBlob(4, batch.data);
    GYRE_TRY(Statement::Cursor(insert_).next().status());
  }
  if (trim_to_ == 0) return {};
  trim_.bind(1, static_cast<std::int64_t>(trim_to_));
  return Statement::Cursor(trim_).next().status();
}

}  // namespace gyre::store
