#include "server/store/unit_of_work.hpp"

#include <algorithm>
#include <functional>

namespace gyre::store {

BatchOfWork::BatchOfWork(Database& database, Parts parts, StateCache& cache, const base::Clock& clock,
                         std::int64_t receipt_lifetime_ms)
    : entities_(std::move(parts.entities)),
      receipts_(std::move(parts.receipts)),
      keys_(std::move(parts.keys)),
      delivery_reader_(std::move(parts.delivery_reader)),
      delivery_writer_(std::move(parts.delivery_writer)),
      entity_writer_(database),
      event_writer_(database),
      batch_writer_(std::move(parts.batch_writer)),
      cache_(cache),
      clock_(clock),
      receipt_lifetime_ms_(receipt_lifetime_ms) {}

std::size_t BatchOfWork::ReceiptKeyHash::operator()(const ReceiptKey& key) const {
  const std::size_t scope = std::hash<std::string>()(key.scope);
  return std::hash<std::string>()(key.key) + 0x9e3779b97f4a7c15u * scope;
}

std::size_t BatchOfWork::UniqueKeyHash::operator()(const UniqueKey& key) const {
  const std::hash<std::string> hash;
  return hash(key.value) + 0x9e3779b97f4a7c15u * (hash(key.organization_id) + 0x9e3779b97f4a7c15u * hash(key.pointer));
}

void BatchOfWork::begin(std::uint64_t last_sequence) {
  last_sequence_ = last_sequence;
  new_entities_ = 0;
  overlay_.clear();
  kept_receipts_.clear();
  claimed_keys_.clear();
  event_writer_.cutTo(0);
  batch_writer_.begin();
  delivery_writer_.begin();
  broken_ = Status();
  beginUnit();
}

void BatchOfWork::beginUnit() {
  unit_sequence_ = last_sequence_;
  unit_events_ = event_writer_.size();
  unit_batches_ = batch_writer_.size();
  unit_entities_.clear();
  unit_receipts_.clear();
  unit_keys_.clear();
  delivery_writer_.beginUnit();
}

Status BatchOfWork::undo() {
  undoUnit();
  return broken_;
}

void BatchOfWork::undoUnit() {
  if (Status undone = delivery_writer_.undoUnit(); !undone.isOk()) broken_ = std::move(undone);
  last_sequence_ = unit_sequence_;
  event_writer_.cutTo(unit_events_);
  batch_writer_.cutTo(unit_batches_);
  for (; !unit_entities_.empty(); unit_entities_.pop_back())
    unit_entities_.back().first->now = std::move(unit_entities_.back().second);
  for (; !unit_keys_.empty(); unit_keys_.pop_back()) claimed_keys_.erase(unit_keys_.back());
  for (; !unit_receipts_.empty(); unit_receipts_.pop_back()) {
    auto& [key, before] = unit_receipts_.back();
    if (before) {
      kept_receipts_[key] = std::move(*before);
    } else {
      kept_receipts_.erase(key);
    }
  }
}

Result<BatchOfWork::Entry*> BatchOfWork::entry(std::string_view entity_id) {
  std::string id(entity_id);
  if (const auto place = overlay_.find(id); place != overlay_.end()) return &place->second;
  Entry found;
  found.now.exists = cache_.find(entity_id, found.now.record);
  if (!found.now.exists) {
    GYRE_TRY_ASSIGN(found.now.exists, entities_.load(entity_id, found.now.record));
  }
  found.was_committed = found.now.exists;
  found.committed_organization = found.now.record.organization_id;
  return &overlay_.emplace(std::move(id), std::move(found)).first->second;
}

Result<const EntityRecord*> BatchOfWork::load(std::string_view entity_id) {
  GYRE_TRY_ASSIGN(const Entry* const found, entry(entity_id));
  const EntityRecord* const record = found->now.exists ? &found->now.record : nullptr;
  return record;
}

Result<EntityRecord> BatchOfWork::append(EntityRecord after, std::string_view type, std::string_view data,
                                         std::int64_t time_millis) {
  GYRE_TRY_ASSIGN(Entry* const changed, entry(after.id));
  after.version = changed->now.exists ? changed->now.record.version + 1 : 1;
  after.sequence = ++last_sequence_;
  event_writer_.add(after, type, data, time_millis);
  unit_entities_.emplace_back(changed, std::move(changed->now));
  changed->now = {after, true, true};
  return after;
}

Result<std::uint64_t> BatchOfWork::appendBatch(StoredBatch batch) {
  batch.first_sequence = last_sequence_ + 1;
  last_sequence_ += batch.record_count;
  batch_writer_.add(std::move(batch));
  return last_sequence_ + 1 - batch.record_count;
}

Status BatchOfWork::trimBatches(std::uint64_t sequence) {
  batch_writer_.trimTo(sequence);
  return {};
}

Result<std::optional<Receipt>> BatchOfWork::receipt(std::string_view scope, std::string_view key) {
  if (!kept_receipts_.empty()) {
    const auto place = kept_receipts_.find(ReceiptKey{std::string(scope), std::string(key)});
    if (place != kept_receipts_.end()) return std::optional<Receipt>(place->second.receipt);
  }
  return receipts_.find(scope, key, oldestReceipt());
}

Result<std::optional<std::string>> BatchOfWork::keyOwner(const UniqueKey& key) {
  if (const auto place = claimed_keys_.find(key); place != claimed_keys_.end())
    return std::optional<std::string>(place->second);
  return keys_.find(key);
}

Status BatchOfWork::claimKey(UniqueKey key, std::string_view entity_id) {
  claimed_keys_.emplace(key, entity_id);
  unit_keys_.push_back(std::move(key));
  return {};
}

Status BatchOfWork::keepReceipt(std::string_view scope, std::string_view key, Receipt receipt) {
  ReceiptKey place{std::string(scope), std::string(key)};
  std::optional<KeptReceipt> before;
  KeptReceipt kept{std::move(receipt), clock_.nowMillis()};
  if (const auto found = kept_receipts_.find(place); found != kept_receipts_.end()) {
    before = std::exchange(found->second, std::move(kept));
  } else {
    kept_receipts_.emplace(place, std::move(kept));
  }
  unit_receipts_.emplace_back(std::move(place), std::move(before));
  return {};
}

void BatchOfWork::gatherEntities() {
  std::vector<const Entry*> written;
  for (const auto& [id, entry] : overlay_)
    if (entry.now.is_written) written.push_back(&entry);
  // In key order the writes walk the B-tree's pages once, from left to right.
  std::sort(written.begin(), written.end(),
            [](const Entry* a, const Entry* b) { return a->now.record.id < b->now.record.id; });
  for (const Entry* const entry : written) {
    if (entry->was_committed) {
      entity_writer_.addChanged(entry->now.record, entry->now.record.organization_id != entry->committed_organization);
    } else {
      entity_writer_.addNew(entry->now.record);
      ++new_entities_;
    }
  }
}

Status BatchOfWork::write() {
  GYRE_TRY(Status(broken_));
  gatherEntities();
  for (const auto& [key, kept] : kept_receipts_) receipts_.add(key.scope, key.key, kept.receipt, kept.kept_millis);
  for (const auto& [key, owner] : claimed_keys_) keys_.add(key, owner);
  const Status entities = entity_writer_.write();
  const Status events = event_writer_.write();
  const Status batches = batch_writer_.write();
  const Status keys = keys_.write();
  const Status receipts = receipts_.write();
  GYRE_TRY(keys);
  GYRE_TRY(entities);
  GYRE_TRY(events);
  GYRE_TRY(batches);
  GYRE_TRY(receipts);
  return receipts_.purge(oldestReceipt());
}

void BatchOfWork::publish() const {
  for (const auto& [id, entry] : overlay_)
    if (entry.now.is_written) cache_.put(entry.now.record);
}

}  // namespace gyre::store
