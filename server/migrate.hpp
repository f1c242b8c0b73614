// How are the indices filled on another engine before it is switched to? `gyre migrate --to ENGINE`.
//
// A copy of each domain's primary store, as of one commit, is projected into the other engine's index, and the two are
// compared both ways by content. The server may go on meanwhile: neither its store nor its index is written. A stream,
// whose records are in its index alone, is moved from there while no server runs. What the index covers is kept with
// it, so an interrupted run goes on there, and a server that is switched to it fills in only what was committed since.
//
// THREADS: one.
#pragma once

#include <string>
#include <vector>

#include "server/setup.hpp"

namespace gyre {

struct MigrateOptions {
  std::string to;                    // "embedded", "opensearch", "elasticsearch"
  std::vector<std::string> domains;  // none: all that are enabled
};

// Writes a line a domain to standard output, faults to standard error. Returns the exit code: 0 when all may be
// switched, 1 when a difference was found, 78 when the configuration does not allow it, 69 when something is away, 75
// when a stream was not moved because a server runs.
int migrate(const SetupOptions& setup, const MigrateOptions& options);

}  // namespace gyre
