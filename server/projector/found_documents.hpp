// What does an index hold of many entities? One search for all of them: a request for each would take a cluster most of
// an hour for a million.
//
// THREADS: any.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "gyre/status.hpp"
#include "server/search/search_engine.hpp"
#include "server/store/primary_store.hpp"

namespace gyre::projector {

// By id, what searches see; an entity without a document is not there. REQUIRES: at most 10,000, whose ids differ.
Result<std::unordered_map<std::string, search::IndexedDocument>> findDocuments(
    const search::SearchEngine& engine, const std::vector<store::EntityRecord>& records);

}  // namespace gyre::projector
