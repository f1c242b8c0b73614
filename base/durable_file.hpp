// How is a small file replaced so that a crash leaves the old one or the new one, whole?
//
// THREADS: free functions; one writer a file.
#pragma once

#include <string>
#include <string_view>

#include "gyre/status.hpp"

namespace gyre::base {

// Written beside it (".new"), synced, renamed, and the folder synced. unavailable, naming the file.
Status replaceFile(const std::string& path, std::string_view text);
// Makes what was created, renamed or removed in it survive a crash.
Status syncFolder(const std::string& folder);

}  // namespace gyre::base
