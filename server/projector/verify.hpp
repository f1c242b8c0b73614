// Do primary store and index agree? Compares them both ways, by content.
//
// For every entity of the store its projected document is compared with the index's source (canonical JSON, so spacing and
// member order do not matter); every document of the index must have an entity. Entities whose last event is newer than
// what the index had applied when verify began are waited for first, so a difference is a difference.
//
// THREADS: free; runs on the caller's thread while writes go on.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "gyre/status.hpp"
#include "server/projector/projector.hpp"

namespace gyre::projector {

struct VerifyScope {
  std::string entity_id;        // one entity, or
  std::string organization_id;  // an organisation's, or both "" for all
};

struct Difference {
  std::string id;
  std::vector<std::string> fields;  // top-level members that differ
};

struct VerifyResult {
  std::uint64_t checked = 0;
  std::uint64_t missing_count = 0, extra_count = 0, different_count = 0;
  std::vector<std::string> missing;    // in the store, not in the index; cut at 100
  std::vector<std::string> extra;      // in the index, not in the store; cut at 100
  std::vector<Difference> different;   // cut at 100
  std::uint64_t repaired = 0;
};

// `progress(done, total)` returns false to cancel. With `repair` what differs is projected again (extra ones are deleted).
Result<VerifyResult> verify(store::PrimaryStore& store, search::SearchEngine& engine, Projector& projector,
                            const Projection& projection, const VerifyScope& scope, bool repair,
                            const std::function<bool(std::uint64_t done, std::uint64_t total)>& progress);

}  // namespace gyre::projector
