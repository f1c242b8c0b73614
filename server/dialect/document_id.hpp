// Which id does a document get that came without one?
//
// THREADS: free.
#pragma once

#include <string>

namespace gyre::dialect {

// 20 characters, unique across processes. Ids made one after the other share their beginning, so that an index keeps
// them in few bytes.
std::string makeDocumentId();

}  // namespace gyre::dialect
