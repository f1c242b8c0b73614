// Is what a store of series has on disk what it wrote?
//
// THREADS: one. OWNS: nothing.
#pragma once

#include <functional>
#include <string_view>

#include "engine/directory/directory.hpp"
#include "gyre/status.hpp"

namespace gyre::engine::series {

// Reads every byte that the commit file names, tells each damage there is, and gives the first. Changes nothing.
// not_found when there is no commit file.
Status checkStore(Directory& directory, const std::function<void(std::string_view)>& report);

}  // namespace gyre::engine::series
