// Which parts make a primary store? The one over a SQLite file, wired.
//
// THREADS: as PrimaryStore. OWNS: the file's lock, all connections, the writer.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/store/file_lock.hpp"
#include "server/store/group_commit.hpp"
#include "server/store/primary_store.hpp"
#include "server/store/read_pool.hpp"
#include "server/store/sequence_signal.hpp"
#include "server/store/state_cache.hpp"

namespace gyre::store {

class SqliteStore final : public PrimaryStore {
 public:
  static Result<std::unique_ptr<PrimaryStore>> open(StoreOptions options, const base::Clock& clock,
                                                    base::Observer& observer);
  ~SqliteStore() override;

  void submit(std::unique_ptr<Unit> unit) override { writer_->submit(std::move(unit)); }

  Result<std::optional<EntityRecord>> load(std::string_view entity_id) const override;
  Result<std::vector<EntityRecord>> loadMany(const std::vector<std::string>& ids) const override;
  Result<std::vector<EntityRecord>> scan(std::string_view after_id, std::string_view organization_id,
                                         std::size_t limit) const override;
  Result<std::uint64_t> count(std::string_view organization_id) const override;
  Result<std::vector<EventRecord>> readAfter(std::uint64_t sequence, std::size_t limit) const override;
  Result<std::vector<std::pair<std::uint64_t, std::string>>> changedAfter(std::uint64_t sequence,
                                                                          std::size_t limit) const override;

  Result<std::uint64_t> cursor(std::string_view name) const override;
  Result<std::optional<DeadLetter>> deadLetter(std::uint64_t id) const override;
  Result<std::vector<DeadLetter>> deadLetters(std::uint64_t before_id, std::size_t limit) const override;
  Result<std::uint64_t> deadLetterCount() const override;
  Result<std::vector<DeadLetter>> deadLettersUpTo(const DeadLetter& letter) const override;

  Result<std::vector<StoredBatch>> batchesAfter(std::uint64_t sequence, std::uint64_t max_bytes) const override;
  Result<BatchBacklog> batchBacklog(std::uint64_t sequence) const override;

  std::uint64_t lastSequence() const override { return signal_.last(); }
  std::uint64_t waitForSequenceAbove(std::uint64_t sequence, std::int64_t timeout_ms) const override;
  void wakeWaiters() override { signal_.wake(); }

  StoreStats stats() const override;
  void close() override { writer_->close(); }

 private:
  SqliteStore(std::unique_ptr<FileLock> lock, std::unique_ptr<ReadPool> readers, std::size_t cache_bytes);
  Status startWriter(const StoreOptions& options, std::unique_ptr<Database> database, const base::Clock& clock,
                     base::Observer& observer);
  Result<bool> loadFrom(ReadConnection& connection, std::string_view entity_id, EntityRecord& found) const;

  const std::unique_ptr<FileLock> lock_;
  const std::unique_ptr<ReadPool> readers_;
  mutable StateCache cache_;
  SequenceSignal signal_;
  std::unique_ptr<GroupCommit> writer_;  // last: it uses the others
};

}  // namespace gyre::store
