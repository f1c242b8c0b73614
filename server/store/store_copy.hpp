// How is a store taken along while others write it? A copy of its file as of one commit, and a look at what is in a
// copy.
//
// THREADS: free functions; any process may call them while a server has the store open.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gyre/status.hpp"

namespace gyre::store {

struct StoreContents {
  std::uint64_t entities = 0;
  std::uint64_t last_sequence = 0;
  std::vector<std::pair<std::string, std::uint64_t>> cursors;  // name, sequence
};

// Copies the SQLite file `from` into `to`, which must not exist, as of one commit, and syncs it. corruption when the
// copy does not pass SQLite's own check.
Status copyStore(const std::string& from, const std::string& to);

// Of a store that has been opened since there are identities: what tells it from every other but its copies.
Result<std::string> readIdentity(const std::string& path);

// Of a file that nobody writes.
Result<StoreContents> readContents(const std::string& path);

}  // namespace gyre::store
