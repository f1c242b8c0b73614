// How does the embedded engine serve a domain? SearchEngine over engine::Index in a folder of its own.
//
// THREADS: as SearchEngine.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/observer.hpp"
#include "engine/directory/directory.hpp"
#include "engine/index.hpp"
#include "gyre/status.hpp"
#include "server/search/search_engine.hpp"

namespace gyre::search {

struct EmbeddedOptions {
  std::string folder;       // holds the index's files; created when absent
  std::string definition;   // {"settings":{…},"mappings":{…}}
  engine::IndexOptions index;
};

// Opens the index. When the folder holds an index of another mapping, or a damaged one, that index is renamed aside ("….old")
// resp. ("….damaged") with a warning that names the reason, and an empty one is opened: the projector fills it from the
// primary store, because its durable sequence is 0 again.
Result<std::unique_ptr<SearchEngine>> openEmbeddedEngine(EmbeddedOptions options, base::Observer& observer);

// The same over any directory (tests); damage is returned, not repaired.
Result<std::unique_ptr<SearchEngine>> openEmbeddedEngine(engine::Directory& directory, std::string_view definition,
                                                         engine::IndexOptions options, base::Observer& observer);

}  // namespace gyre::search
