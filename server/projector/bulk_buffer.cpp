#include "server/projector/bulk_buffer.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_set>

namespace gyre::projector {
namespace {

// States loaded at once: few enough that a batch's worth of large ones stays near its limit in memory.
constexpr std::size_t kLoaded = 256;

}  // namespace

BulkBuffer::BulkBuffer(const store::PrimaryStore& store, const search::SearchEngine& engine,
                       const Projection& projection, std::size_t bytes)
    : store_(store), engine_(engine), projection_(projection), bytes_(bytes) {}

void BulkBuffer::takeChanges(std::vector<std::pair<std::uint64_t, std::string>> changes) {
  clear();
  is_repair_ = false;
  last_sequence_ = changes.back().first;
  entities_.reserve(changes.size());  // the set below borrows from it
  std::unordered_set<std::string_view> seen;
  seen.reserve(changes.size());
  for (auto& [sequence, id] : changes) {
    if (seen.contains(id)) continue;
    entities_.push_back({std::move(id), sequence});
    seen.insert(entities_.back().id);
  }
}

void BulkBuffer::takeEntities(std::vector<std::string> ids) {
  clear();
  is_repair_ = true;
  last_sequence_ = 0;
  entities_.reserve(ids.size());
  for (std::string& id : ids) entities_.push_back({std::move(id), 1});
}

void BulkBuffer::clear() {
  entities_.clear();
  loaded_ = 0;
  documents_.clear();
}

Result<Batch> BulkBuffer::next() {
  Batch batch;
  std::size_t bytes = 0;
  while (!isEmpty()) {
    if (documents_.empty()) {
      if (Status loaded = load(); !loaded.isOk()) {
        if (batch.operations.empty() && batch.unprojected.empty()) return loaded;
        break;  // the next call meets the failure again
      }
      continue;
    }
    Document& document = documents_.front();
    if (document.why_none.isOk()) {
      const std::size_t size = document.operation.id.size() + document.operation.source.size();
      if (!batch.operations.empty() && bytes + size > bytes_) break;
      bytes += size;
      batch.operations.push_back(std::move(document.operation));
    } else {
      batch.unprojected.push_back(
          {std::move(document.operation.id), document.operation.version, std::move(document.why_none)});
    }
    documents_.pop_front();
  }
  batch.sequence = coveredSequence();
  return batch;
}

std::uint64_t BulkBuffer::coveredSequence() const {
  if (!documents_.empty()) return documents_.front().first_sequence - 1;
  return loaded_ < entities_.size() ? entities_[loaded_].first_sequence - 1 : last_sequence_;
}

Status BulkBuffer::load() {
  const std::size_t end = std::min(loaded_ + kLoaded, entities_.size());
  std::vector<std::string> ids;
  ids.reserve(end - loaded_);
  for (std::size_t i = loaded_; i < end; ++i) ids.push_back(entities_[i].id);
  GYRE_TRY_ASSIGN(const std::vector<store::EntityRecord> records, store_.loadMany(ids));
  auto record = records.begin();
  for (std::size_t i = loaded_; i < end; ++i) {
    const bool is_stored = record != records.end() && record->id == entities_[i].id;
    if (Status added = addDocument(entities_[i], is_stored ? &*record : nullptr); !added.isOk()) {
      documents_.clear();
      return added;
    }
    if (is_stored) ++record;
  }
  loaded_ = end;
  return {};
}

Status BulkBuffer::addDocument(const Entity& entity, const store::EntityRecord* record) {
  using Kind = search::BulkOperation::Kind;
  if (record == nullptr) {
    if (is_index_busy_) return unavailable("what the index holds of \"" + entity.id + "\" is not settled yet");
    GYRE_TRY_ASSIGN(const std::optional<search::IndexedDocument> held, engine_.get(entity.id));
    if (held) documents_.push_back({{Kind::kDelete, entity.id, held->version, {}, true}, entity.first_sequence, {}});
    return {};
  }
  Result<std::string> source = projection_.project(entity.id, record->state, record->version);
  Document document{
      {Kind::kIndex, entity.id, record->sequence, {}, is_repair_}, entity.first_sequence, source.status()};
  if (source.isOk()) document.operation.source = std::move(source).value();
  documents_.push_back(std::move(document));
  return {};
}

}  // namespace gyre::projector
