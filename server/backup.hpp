// How is everything kept elsewhere, and put back? Copies of the primary stores and the API keys.
//
// A backup is taken while the server runs: each store as of one commit, and never a subscriber that has settled events
// which its source's copy lacks. Indexes are not part of it; they are built again from the stores. Free indices of the
// dialect are not either: they have no primary store.
//
// FORMAT: a folder with DOMAIN/store.sqlite, keys.json, and backup.json, which is written last: without it the backup
// is not whole.
#pragma once

#include <string>

#include "server/setup.hpp"

namespace gyre {

// Into `folder`, which must be absent or empty. An exit code; what was kept goes to standard output.
int runBackup(const SetupOptions& options, const std::string& folder);

// From `folder`, with no server running. What is in the data folder already is refused, or with `is_replacing` set
// aside under a name that ends in ".replaced".
int runRestore(const SetupOptions& options, const std::string& folder, bool is_replacing);

}  // namespace gyre
