// What is true? The primary store of one domain: entity states, the event log, idempotency receipts, in one SQLite
// file.
//
// One writer thread decides and commits. Units of work from many clients are queued; the writer takes what has
// gathered, runs each against the state that the ones before it left, writes all of it in one transaction, and answers
// them after one fsync (group commit; WAL, synchronous=FULL). Because a single thread decides in order, no decision can
// lose a race, the event log has no gaps, and its last sequence is all the progress there is.
//
// The event log is the outbox: whoever needs to follow reads it after a sequence. Sequences start at 1.
//
// THREADS: submit and the readers from any thread; Unit::run on the writer thread only, Unit::done on the writer thread
// after the commit. OWNS: its file and thread; the Observer and Clock outlive it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/observer.hpp"
#include "gyre/status.hpp"
#include "server/store/dead_letter.hpp"

namespace gyre::store {

struct EntityRecord {
  std::string id;
  std::string organization_id;  // "" for none
  std::uint64_t version = 0;    // number of events of this entity
  std::uint64_t sequence = 0;   // of its last event
  std::string state;            // JSON, as the domain's evolve wrote it
};

struct EventRecord {
  std::uint64_t sequence = 0;
  std::string entity_id;
  std::uint64_t version = 0;  // the entity's version after it
  std::string type;
  std::int64_t time_millis = 0;
  std::string data;  // JSON object
};

// The stored answer to a request that carried an idempotency key (or to a CloudEvent: source and id).
struct Receipt {
  std::string fingerprint;  // of the request; 16 bytes
  std::string answer;       // opaque to the store
};

// A value that one entity of an organisation has, and no other may ever have.
struct UniqueKey {
  std::string pointer;  // of the member it comes from: "/number"
  std::string organization_id;
  std::string value;
  bool operator==(const UniqueKey&) const = default;
};

// Records of a stream that were appended together; `data` is opaque to the store.
struct StoredBatch {
  std::uint64_t first_sequence = 0;  // record k has first_sequence + k
  std::uint64_t record_count = 0;
  std::int64_t time_millis = 0;  // of arrival
  std::string data;
};

// What of a stream's log is still there.
struct BatchBacklog {
  std::uint64_t batches = 0;
  std::uint64_t bytes = 0;
  std::int64_t oldest_millis = 0;  // arrival of its first batch
};

// One unit's view of the store, on the writer thread. Reads see the writes of the units before it in the same batch.
class UnitOfWork {
 public:
  virtual ~UnitOfWork() = default;
  // Nothing when there is no such entity. The record is valid until the next call.
  virtual Result<const EntityRecord*> load(std::string_view entity_id) = 0;
  // `scope` separates key spaces: an organisation's keys, a CloudEvents source.
  virtual Result<std::optional<Receipt>> receipt(std::string_view scope, std::string_view key) = 0;
  // The sequence the next appended event will get.
  virtual std::uint64_t nextSequence() const = 0;
  // Appends one event and the state after it. `record.version` and `record.sequence` are assigned here and returned.
  virtual Result<EntityRecord> append(EntityRecord after, std::string_view type, std::string_view data,
                                      std::int64_t time_millis) = 0;
  // The id of the entity that has the key, nothing when it is free.
  virtual Result<std::optional<std::string>> keyOwner(const UniqueKey& key) = 0;
  // REQUIRES: keyOwner(key) is nothing.
  virtual Status claimKey(UniqueKey key, std::string_view entity_id) = 0;
  // Keeps an answer for at least 24 hours.
  virtual Status keepReceipt(std::string_view scope, std::string_view key, Receipt receipt) = 0;

  // How far this store has taken over another log, by a name of its reader's; 0 before the first setCursor().
  virtual Result<std::uint64_t> cursor(std::string_view name) = 0;
  virtual Status setCursor(std::string_view name, std::uint64_t sequence) = 0;
  virtual Result<std::optional<DeadLetter>> deadLetter(std::uint64_t id) = 0;
  // The one that says why the index refuses this entity.
  virtual Result<std::optional<DeadLetter>> projectionLetter(std::string_view entity_id) = 0;
  // A new letter gets an id, which is returned; one that has an id is replaced.
  virtual Result<std::uint64_t> putDeadLetter(const DeadLetter& letter) = 0;
  // False when there is none.
  virtual Result<bool> dropDeadLetter(std::uint64_t id) = 0;
  // Appends a stream's batch, which gets the next `record_count` sequences; the first is returned. A store has events
  // or batches, never both. REQUIRES: record_count > 0.
  virtual Result<std::uint64_t> appendBatch(StoredBatch /*batch*/) { return internalError("not a stream's store"); }
  // Deletes the batches that end at `sequence` or before; the newest stays.
  virtual Status trimBatches(std::uint64_t /*sequence*/) { return internalError("not a stream's store"); }
  // Takes back all that this unit has written so far; it may then write something else.
  virtual Status undo() = 0;
};

// Something to decide. Either everything it wrote becomes durable with its batch, or nothing.
class Unit {
 public:
  virtual ~Unit() = default;
  // Decide and write. A failure takes back what this unit wrote (the batch goes on) and is handed to done().
  virtual Status run(UnitOfWork& work) = 0;
  // The batch is durable (ok), or this unit or the whole batch failed. Called exactly once, also at close. Must not
  // block.
  virtual void done(const Status& outcome) = 0;
};

struct StoreOptions {
  std::string path;                          // of the SQLite file; its folder exists
  std::size_t queue_units = 65'536;          // waiting; above: submit refuses with resource_exhausted
  std::size_t batch_units = 4'096;           // in one transaction
  std::size_t cache_bytes = 32u << 20;       // of entity states kept in memory
  std::size_t page_cache_bytes = 32u << 20;  // of the file: upper levels of every B-tree, the log's last pages
  std::int64_t receipt_lifetime_ms = 48LL * 3600 * 1000;
};

struct StoreStats {
  std::uint64_t entities = 0;
  std::uint64_t queued = 0;
  std::uint64_t units = 0;    // run since start
  std::uint64_t commits = 0;  // transactions since start
  std::uint64_t last_sequence = 0;
  std::uint64_t cache_hits = 0;
  std::uint64_t cache_misses = 0;
};

class PrimaryStore {
 public:
  // Opens or creates the file, migrates its schema, starts the writer. corruption when SQLite says so; unavailable when
  // it cannot be opened (never waits longer than 5 s for a lock).
  static Result<std::unique_ptr<PrimaryStore>> open(StoreOptions options, const base::Clock& clock,
                                                    base::Observer& observer);
  virtual ~PrimaryStore() = default;

  // Queues a unit. On refusal (resource_exhausted when the queue is full, unavailable when closing) the unit comes back
  // by its done() being called with that status before submit returns.
  virtual void submit(std::unique_ptr<Unit> unit) = 0;

  // Committed state by id: from memory, else one B-tree look-up. Nothing when there is none.
  virtual Result<std::optional<EntityRecord>> load(std::string_view entity_id) const = 0;
  // Committed states of many ids, in the order given; absent ones are skipped.
  virtual Result<std::vector<EntityRecord>> loadMany(const std::vector<std::string>& ids) const = 0;
  // Committed states in id order, after `after_id`, at most `limit`; of one organisation when it is not "".
  virtual Result<std::vector<EntityRecord>> scan(std::string_view after_id, std::string_view organization_id,
                                                 std::size_t limit) const = 0;
  virtual Result<std::uint64_t> count(std::string_view organization_id) const = 0;
  // The log after `sequence`, in order, at most `limit` events.
  virtual Result<std::vector<EventRecord>> readAfter(std::uint64_t sequence, std::size_t limit) const = 0;
  // As readAfter, without the data: (sequence, entity id) only, for the projector.
  virtual Result<std::vector<std::pair<std::uint64_t, std::string>>> changedAfter(std::uint64_t sequence,
                                                                                  std::size_t limit) const = 0;

  // As UnitOfWork's, of what is committed.
  virtual Result<std::uint64_t> cursor(std::string_view name) const = 0;
  virtual Result<std::optional<DeadLetter>> deadLetter(std::uint64_t id) const = 0;
  // Newest first, ids below `before_id` (0: from the newest), at most `limit`.
  virtual Result<std::vector<DeadLetter>> deadLetters(std::uint64_t before_id, std::size_t limit) const = 0;
  virtual Result<std::uint64_t> deadLetterCount() const = 0;
  // The letters about the same entity of the same source, oldest first, up to this one.
  virtual Result<std::vector<DeadLetter>> deadLettersUpTo(const DeadLetter& letter) const = 0;

  // A stream's batches with records after `sequence`, in order: as many as have `max_bytes` together, at least one.
  virtual Result<std::vector<StoredBatch>> batchesAfter(std::uint64_t /*sequence*/, std::uint64_t /*max_bytes*/) const {
    return internalError("not a stream's store");
  }
  // Of batches with records after `sequence`.
  virtual Result<BatchBacklog> batchBacklog(std::uint64_t /*sequence*/) const {
    return internalError("not a stream's store");
  }

  // The last committed sequence; 0 for an empty log.
  virtual std::uint64_t lastSequence() const = 0;
  // Blocks until lastSequence() > sequence, `timeout_ms` passes, or wakeWaiters() is called; returns lastSequence().
  virtual std::uint64_t waitForSequenceAbove(std::uint64_t sequence, std::int64_t timeout_ms) const = 0;
  virtual void wakeWaiters() = 0;

  virtual StoreStats stats() const = 0;
  // Finishes what is queued, then stops; later submits are refused. Called by the destructor too.
  virtual void close() = 0;
};

}  // namespace gyre::store
