// How is an index filled beside the one that a domain uses? The log, from where the index is, in batches; and a
// comparison with the store by content.
//
// The index says how much of the log it covers, so a build that was interrupted goes on at its last commit. An index
// that takes nothing for now, because its cluster is busy or away, is asked again for five minutes.
//
// THREADS: one. REQUIRES: what it is given outlives it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_set>
#include <vector>

#include "gyre/status.hpp"
#include "server/projector/back_off.hpp"
#include "server/projector/bulk_buffer.hpp"
#include "server/projector/projection.hpp"
#include "server/projector/verify.hpp"
#include "server/search/search_engine.hpp"
#include "server/store/primary_store.hpp"

namespace gyre {

class IndexBuild {
 public:
  // False to cancel: what is under way then ends with unavailable "cancelled".
  using Progress = std::function<bool(std::uint64_t done, std::uint64_t total)>;
  IndexBuild(const store::PrimaryStore& store, search::SearchEngine& engine, const projector::Projection& projection,
             const Progress& progress);

  std::uint64_t applied() const { return engine_.progress().applied; }
  std::uint64_t documents() const { return documents_; }
  std::uint64_t checked() const { return checked_; }
  // Entities of which there is no document, because the domain makes none or the index refuses it; and why the first.
  std::vector<std::string> refused() const { return {refused_.begin(), refused_.end()}; }
  const std::string& refusal() const { return refusal_; }

  // Until no more than `left` events are missing.
  Status follow(std::uint64_t left);
  // The log up to `last`, whoever waits; refreshed and committed.
  Status finish(std::uint64_t last);
  // Every entity as the index covers it, by content, and that there is no document but theirs, while the store goes on:
  // internal "verification_failed" names the first that differs.
  Status check();
  // Both ways, all of it, and what differs. A document that is missing is offered once more, which alone tells whether
  // the index refuses it: what was missing and is taken is there afterwards, and told all the same. An index that takes
  // nothing for now is asked again, as it is when it is filled; unavailable when it never answered. REQUIRES: nobody
  // writes the store, and the index covers all of its log.
  Result<projector::VerifyResult> compare();

 private:
  bool report(std::uint64_t last);
  Status portion(std::uint64_t last);
  Status send(projector::Batch& batch);
  template <class Call>
  auto patiently(Call call) -> decltype(call());
  Status pause(projector::BackOff& back_off);
  void refuse(std::string entity_id, std::string_view why);
  // Of these entities: where document and entity differ; those that changed since are passed over.
  Status comparePage(const std::vector<store::EntityRecord>& records, projector::VerifyResult& result);
  // Writes a document that was missing. False when the index refuses it, which is then known of the entity.
  Result<bool> offer(const store::EntityRecord& record, std::string document);
  Status findExtra(projector::VerifyResult& result);

  const store::PrimaryStore& store_;
  search::SearchEngine& engine_;
  const projector::Projection& projection_;
  const Progress& progress_;
  projector::BulkBuffer buffer_;
  std::uint64_t committed_;
  std::uint64_t documents_ = 0;
  std::uint64_t checked_ = 0;
  std::unordered_set<std::string> refused_;
  std::string refusal_;
};

}  // namespace gyre
