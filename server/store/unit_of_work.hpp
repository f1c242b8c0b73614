// What has this batch done so far? The units of one transaction, gathered in memory over the committed state.
//
// A unit reads through the batch: what the units before it wrote, else what is committed. Its own writes can be taken
// back until the next unit begins. Nothing reaches SQLite before write().
//
// THREADS: the writer thread only. REQUIRES: the Database is in a transaction between begin() and write().
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "gyre/status.hpp"
#include "server/store/batch_log.hpp"
#include "server/store/database.hpp"
#include "server/store/deliveries.hpp"
#include "server/store/entity_store.hpp"
#include "server/store/event_log.hpp"
#include "server/store/primary_store.hpp"
#include "server/store/receipts.hpp"
#include "server/store/state_cache.hpp"
#include "server/store/unique_keys.hpp"

namespace gyre::store {

class BatchOfWork final : public UnitOfWork {
 public:
  struct Parts {
    EntityReader entities;
    ReceiptStore receipts;
    UniqueKeyStore keys;
    DeliveryReader delivery_reader;
    DeliveryWriter delivery_writer;
    BatchLogWriter batch_writer;
  };
  // `parts`: all on `database`.
  BatchOfWork(Database& database, Parts parts, StateCache& cache, const base::Clock& clock,
              std::int64_t receipt_lifetime_ms);

  // Forgets everything; the log ends at `last_sequence`.
  void begin(std::uint64_t last_sequence);
  void beginUnit();
  // Takes back what was written since beginUnit().
  void undoUnit();
  // Hands everything to SQLite. The transaction must be rolled back when it fails.
  Status write();
  // After the commit: what readers may see from now on.
  void publish() const;
  std::uint64_t lastSequence() const { return last_sequence_; }
  std::uint64_t newEntities() const { return new_entities_; }

  Result<const EntityRecord*> load(std::string_view entity_id) override;
  Result<std::optional<Receipt>> receipt(std::string_view scope, std::string_view key) override;
  std::uint64_t nextSequence() const override { return last_sequence_ + 1; }
  Result<EntityRecord> append(EntityRecord after, std::string_view type, std::string_view data,
                              std::int64_t time_millis) override;
  Result<std::optional<std::string>> keyOwner(const UniqueKey& key) override;
  Status claimKey(UniqueKey key, std::string_view entity_id) override;
  Status keepReceipt(std::string_view scope, std::string_view key, Receipt receipt) override;
  Result<std::uint64_t> cursor(std::string_view name) override { return delivery_reader_.cursor(name); }
  Status setCursor(std::string_view name, std::uint64_t sequence) override {
    return delivery_writer_.setCursor(name, sequence);
  }
  Result<std::optional<DeadLetter>> deadLetter(std::uint64_t id) override { return delivery_reader_.find(id); }
  Result<std::optional<DeadLetter>> projectionLetter(std::string_view entity_id) override {
    return delivery_reader_.findProjection(entity_id);
  }
  Result<std::uint64_t> putDeadLetter(const DeadLetter& letter) override { return delivery_writer_.put(letter); }
  Result<bool> dropDeadLetter(std::uint64_t id) override { return delivery_writer_.drop(id); }
  Result<std::uint64_t> appendBatch(StoredBatch batch) override;
  Status trimBatches(std::uint64_t sequence) override;
  Status undo() override;
  // Whether the batch that was written last trimmed the log of batches.
  bool hasTrimmed() const { return batch_writer_.hasTrimmed(); }

 private:
  struct Current {
    EntityRecord record;
    bool exists = false;
    bool is_written = false;  // by this batch
  };
  struct Entry {
    Current now;
    bool was_committed = false;
    std::string committed_organization;
  };
  struct ReceiptKey {
    std::string scope;
    std::string key;
    bool operator==(const ReceiptKey&) const = default;
  };
  struct ReceiptKeyHash {
    std::size_t operator()(const ReceiptKey& key) const;
  };
  struct UniqueKeyHash {
    std::size_t operator()(const UniqueKey& key) const;
  };
  struct KeptReceipt {
    Receipt receipt;
    std::int64_t kept_millis = 0;
  };

  Result<Entry*> entry(std::string_view entity_id);
  std::int64_t oldestReceipt() const { return clock_.nowMillis() - receipt_lifetime_ms_; }
  void gatherEntities();

  EntityReader entities_;
  ReceiptStore receipts_;
  UniqueKeyStore keys_;
  DeliveryReader delivery_reader_;
  DeliveryWriter delivery_writer_;
  EntityWriter entity_writer_;
  EventWriter event_writer_;
  BatchLogWriter batch_writer_;
  StateCache& cache_;
  const base::Clock& clock_;
  const std::int64_t receipt_lifetime_ms_;

  Status broken_;  // why the batch cannot be committed any more
  std::uint64_t last_sequence_ = 0;
  std::uint64_t new_entities_ = 0;
  std::unordered_map<std::string, Entry> overlay_;  // its nodes stay where they are
  std::unordered_map<ReceiptKey, KeptReceipt, ReceiptKeyHash> kept_receipts_;
  std::unordered_map<UniqueKey, std::string, UniqueKeyHash> claimed_keys_;  // with their owners

  // What the unit's writes replaced, newest last.
  std::uint64_t unit_sequence_ = 0;
  std::size_t unit_events_ = 0;
  std::size_t unit_batches_ = 0;
  std::vector<std::pair<Entry*, Current>> unit_entities_;
  std::vector<std::pair<ReceiptKey, std::optional<KeptReceipt>>> unit_receipts_;
  std::vector<UniqueKey> unit_keys_;
};

}  // namespace gyre::store
