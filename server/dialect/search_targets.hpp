// What does a search of these indices run on?
//
// THREADS: free functions.
#pragma once

#include <string>
#include <vector>

#include "engine/search/search_target.hpp"
#include "gyre/status.hpp"
#include "server/dialect/catalog.hpp"

namespace gyre::dialect {

// What the index' settings allow a request.
engine::IndexLimits limitsOf(const Settings& settings);
// The index on its present snapshot, with the filters of the aliases it was named by. REQUIRES: it is open.
engine::SearchTarget searchTarget(const Resolved& resolved, const CatalogState& state);
// Lets queries look up values in documents, each of which is fetched once for all targets. The catalog outlives them.
void allowLookUps(std::vector<engine::SearchTarget>& targets, Catalog& catalog);
// Notes that the index is searched. One that nobody searched for long has writes that no refresh has published: it is
// refreshed first.
Status wake(const IndexEntry& entry);

}  // namespace gyre::dialect
