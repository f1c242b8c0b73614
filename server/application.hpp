// How does the server live? A Poco ServerApplication with a Subsystem for the domains and one for the HTTP front.
//
// Start: data folder locked, domains opened, listener bound, "ready" logged. SIGTERM, SIGINT: requests in flight finish, the
// stores drain, the indexes commit, exit 0. SIGHUP: the configuration is read again and what may change while serving (the log's
// level and format) changes.
//
// THREADS: run() on the main thread, before any other thread exists: the signals must be blocked in all of them.
#pragma once

#include <functional>
#include <string>

#include "server/setup.hpp"

namespace gyre {

// `gyre serve`. Returns the exit code; faults have been written to standard error.
int serve(const SetupOptions& options);

// Serves on a free loopback port while `work` runs, for verbs that are given --config instead of a server; then stops as a signal
// would. Returns what `work` returns, or the exit code of what failed before it.
int runWithServer(const SetupOptions& options, const std::function<int(const std::string& url)>& work);

}  // namespace gyre
