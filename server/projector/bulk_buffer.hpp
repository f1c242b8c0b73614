// Which documents make the next batch? A portion of the log, each entity once with its latest state, cut by bytes.
//
// Entities stand in the order of their first event in the portion, so when some of them are sent, every event before
// the first event of the next one is covered: that is the batch's sequence.
//
// THREADS: one.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "gyre/status.hpp"
#include "server/projector/projection.hpp"
#include "server/search/search_engine.hpp"
#include "server/store/primary_store.hpp"

namespace gyre::projector {

struct Batch {
  struct Unprojected {
    std::string entity_id;
    std::uint64_t sequence = 0;
    Status why;
  };
  std::vector<search::BulkOperation> operations;
  std::vector<Unprojected> unprojected;  // states of which the domain makes no document
  std::uint64_t sequence = 0;            // all events up to it are covered once this is applied
};

class BulkBuffer {
 public:
  // `bytes`: of ids and documents in one batch; a larger document goes alone.
  BulkBuffer(const store::PrimaryStore& store, const search::SearchEngine& engine, const Projection& projection,
             std::size_t bytes);

  // REQUIRES, both: isEmpty().
  // What changedAfter() gave, at least one.
  void takeChanges(std::vector<std::pair<std::uint64_t, std::string>> changes);
  // Entities to write whatever the index holds; their batches cover no part of the log and have the sequence 0.
  void takeEntities(std::vector<std::string> ids);

  bool isEmpty() const { return loaded_ == entities_.size() && documents_.empty(); }
  void clear();
  // REQUIRES: !isEmpty(). A failure of store or index: nothing is lost, ask again.
  Result<Batch> next();
  // While it is, what only the index knows is not asked: a batch ends before such an entity, or next() fails.
  void setIndexBusy(bool is_busy) { is_index_busy_ = is_busy; }

 private:
  struct Entity {
    std::string id;
    std::uint64_t first_sequence;
  };
  struct Document {
    search::BulkOperation operation;
    std::uint64_t first_sequence;
    Status why_none;  // not ok: the state could not be projected
  };

  Status load();
  Status addDocument(const Entity& entity, const store::EntityRecord* record);
  std::uint64_t coveredSequence() const;

  const store::PrimaryStore& store_;
  const search::SearchEngine& engine_;
  const Projection& projection_;
  const std::size_t bytes_;

  std::vector<Entity> entities_;
  std::size_t loaded_ = 0;          // of entities_
  std::deque<Document> documents_;  // of those loaded and not yet in a batch
  std::uint64_t last_sequence_ = 0;
  bool is_repair_ = false;
  bool is_index_busy_ = false;
};

}  // namespace gyre::projector
