#include "server/store/sqlite_store.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <thread>

namespace gyre::store {

namespace {

// SQLite would try an unusable path again and again until its timeout.
Status checkUsable(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return unavailable(path + ": " + std::generic_category().message(errno));
  ::close(descriptor);
  return {};
}

std::size_t readConnections() { return std::clamp<std::size_t>(2 * std::thread::hardware_concurrency(), 2, 16); }

}  // namespace

Result<std::unique_ptr<PrimaryStore>> PrimaryStore::open(StoreOptions options, const base::Clock& clock,
                                                         base::Observer& observer) {
  return SqliteStore::open(std::move(options), clock, observer);
}

SqliteStore::SqliteStore(std::unique_ptr<FileLock> lock, std::unique_ptr<ReadPool> readers, std::size_t cache_bytes)
    : lock_(std::move(lock)), readers_(std::move(readers)), cache_(cache_bytes) {}

SqliteStore::~SqliteStore() {
  if (writer_) writer_->close();
}

Result<std::unique_ptr<PrimaryStore>> SqliteStore::open(StoreOptions options, const base::Clock& clock,
                                                        base::Observer& observer) {
  GYRE_TRY_ASSIGN(auto lock, FileLock::take(options.path + ".lock"));
  GYRE_TRY(checkUsable(options.path));
  GYRE_TRY_ASSIGN(auto database, Database::open(options.path, Database::Role::kWriter, options.page_cache_bytes));
  GYRE_TRY_ASSIGN(auto readers, ReadPool::open(options.path, readConnections()));
  std::unique_ptr<SqliteStore> store(new SqliteStore(std::move(lock), std::move(readers), options.cache_bytes));
  GYRE_TRY(store->startWriter(options, std::move(database), clock, observer));
  return std::unique_ptr<PrimaryStore>(std::move(store));
}

Status SqliteStore::startWriter(const StoreOptions& options, std::unique_ptr<Database> database,
                                const base::Clock& clock, base::Observer& observer) {
  GYRE_TRY_ASSIGN(auto entities, EntityReader::open(*database));
  GYRE_TRY_ASSIGN(auto receipts, ReceiptStore::open(*database));
  GYRE_TRY_ASSIGN(auto delivery_reader, DeliveryReader::open(*database));
  GYRE_TRY_ASSIGN(auto delivery_writer, DeliveryWriter::open(*database));
  GYRE_TRY_ASSIGN(auto keys, UniqueKeyStore::open(*database));
  GYRE_TRY_ASSIGN(auto batch_writer, BatchLogWriter::open(*database));
  GYRE_TRY_ASSIGN(auto checkpoints, Database::open(options.path, Database::Role::kCheckpoint));
  {
    const ReadPool::Lease reader = readers_->borrow();
    GYRE_TRY_ASSIGN(const std::uint64_t last_event, reader->events.lastSequence());
    GYRE_TRY_ASSIGN(const std::uint64_t last_record, reader->batches.lastSequence());
    signal_.publish(std::max(last_event, last_record));
  }
  GroupCommit::Parts parts;
  GYRE_TRY_ASSIGN(parts.entities, entities.countAll());
  parts.work = std::make_unique<BatchOfWork>(
      *database,
      BatchOfWork::Parts{std::move(entities), std::move(receipts), std::move(keys), std::move(delivery_reader),
                         std::move(delivery_writer), std::move(batch_writer)},
      cache_, clock, options.receipt_lifetime_ms);
  parts.database = std::move(database);
  parts.checkpointer = std::make_unique<Checkpointer>(std::move(checkpoints), observer);
  writer_ = std::make_unique<GroupCommit>(options, std::move(parts), signal_, observer);
  return {};
}

Result<bool> SqliteStore::loadFrom(ReadConnection& connection, std::string_view entity_id, EntityRecord& found) const {
  const std::uint64_t stamp = cache_.stamp(entity_id);
  GYRE_TRY_ASSIGN(const bool is_found, connection.entities.load(entity_id, found));
  if (is_found) cache_.putRead(found, stamp);
  return is_found;
}

Result<std::optional<EntityRecord>> SqliteStore::load(std::string_view entity_id) const {
  std::optional<EntityRecord> found(std::in_place);
  if (cache_.find(entity_id, *found)) return found;
  const ReadPool::Lease reader = readers_->borrow();
  GYRE_TRY_ASSIGN(const bool is_found, loadFrom(*reader, entity_id, *found));
  if (!is_found) found.reset();
  return found;
}

Result<std::vector<EntityRecord>> SqliteStore::loadMany(const std::vector<std::string>& ids) const {
  std::vector<EntityRecord> records;
  records.reserve(ids.size());
  std::optional<ReadPool::Lease> reader;
  for (const std::string& id : ids) {
    EntityRecord& record = records.emplace_back();
    if (cache_.find(id, record)) continue;
    if (!reader) reader.emplace(readers_->borrow());
    GYRE_TRY_ASSIGN(const bool is_found, loadFrom(**reader, id, record));
    if (!is_found) records.pop_back();
  }
  return records;
}

Result<std::vector<EntityRecord>> SqliteStore::scan(std::string_view after_id, std::string_view organization_id,
                                                    std::size_t limit) const {
  return readers_->borrow()->entities.scan(after_id, organization_id, limit);
}

Result<std::uint64_t> SqliteStore::count(std::string_view organization_id) const {
  if (organization_id.empty()) return writer_->entities();
  return readers_->borrow()->entities.countOf(organization_id);
}

// The file may be ahead of what is published; then the cache may still hold older states than these events. What is not
// published is therefore not shown.
Result<std::vector<EventRecord>> SqliteStore::readAfter(std::uint64_t sequence, std::size_t limit) const {
  return readers_->borrow()->events.read(sequence, signal_.last(), limit);
}

Result<std::vector<std::pair<std::uint64_t, std::string>>> SqliteStore::changedAfter(std::uint64_t sequence,
                                                                                     std::size_t limit) const {
  const std::uint64_t last = signal_.last();
  if (sequence >= last) return std::vector<std::pair<std::uint64_t, std::string>>();
  return readers_->borrow()->events.changed(sequence, last, limit);
}

Result<std::uint64_t> SqliteStore::cursor(std::string_view name) const {
  return readers_->borrow()->deliveries.cursor(name);
}

Result<std::optional<DeadLetter>> SqliteStore::deadLetter(std::uint64_t id) const {
  return readers_->borrow()->deliveries.find(id);
}

Result<std::vector<DeadLetter>> SqliteStore::deadLetters(std::uint64_t before_id, std::size_t limit) const {
  return readers_->borrow()->deliveries.newest(before_id, limit);
}

Result<std::uint64_t> SqliteStore::deadLetterCount() const { return readers_->borrow()->deliveries.count(); }

Result<std::vector<DeadLetter>> SqliteStore::deadLettersUpTo(const DeadLetter& letter) const {
  return readers_->borrow()->deliveries.upTo(letter);
}

// As for events: what is not published is not shown.
Result<std::vector<StoredBatch>> SqliteStore::batchesAfter(std::uint64_t sequence, std::uint64_t max_bytes) const {
  return readers_->borrow()->batches.read(sequence, signal_.last(), max_bytes);
}

Result<BatchBacklog> SqliteStore::batchBacklog(std::uint64_t sequence) const {
  return readers_->borrow()->batches.backlog(sequence);
}

std::uint64_t SqliteStore::waitForSequenceAbove(std::uint64_t sequence, std::int64_t timeout_ms) const {
  return signal_.waitAbove(sequence, timeout_ms);
}

StoreStats SqliteStore::stats() const {
  StoreStats stats;
  stats.entities = writer_->entities();
  stats.queued = writer_->queued();
  stats.units = writer_->units();
  stats.commits = writer_->commits();
  stats.last_sequence = signal_.last();
  stats.cache_hits = cache_.hits();
  stats.cache_misses = cache_.misses();
  return stats;
}

}  // namespace gyre::store
