// Which domains are there? Loads every plugin of a folder.
//
// Files ending in ".so" are opened in the order of their names. One that is refused is logged and kept in refused();
// loading goes on. The second plugin of one domain is refused, naming both files. Libraries are never unloaded: of a
// file that was replaced, reopen() loads the new one beside the old.
//
// THREADS: load from one thread, once; afterwards reading from any, and reopen from one at a time. OWNS: what it
// loaded; the Observer outlives it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/observer.hpp"
#include "gyre/status.hpp"
#include "server/plugin/plugin_handlers.hpp"
#include "server/plugin/plugin_library.hpp"

namespace gyre::plugin {

// Which file a name stands for: another one once it was replaced.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  bool operator==(const FileIdentity&) const = default;
};

struct LoadedPlugin {
  std::string file;
  FileIdentity identity;
  std::unique_ptr<PluginLibrary> library;
  std::unique_ptr<PluginHandlers> handlers;  // not configured yet
  std::string_view domain() const { return handlers->name(); }
};

struct RefusedPlugin {
  std::string file;
  Status why;  // its message names the file
};

class PluginHost {
 public:
  PluginHost(std::string host_version, base::Observer& observer);
  ~PluginHost();

  // not_found when there is no such folder. A folder without plugins is fine.
  Status load(const std::string& folder);

  // The file of the domain's plugin as it is now; null when it is the one in use. plugin_refused as at load(). The new
  // one is not configured, and lives as long as the host.
  Result<PluginHandlers*> reopen(std::string_view domain);

  const std::vector<LoadedPlugin>& plugins() const { return plugins_; }  // by domain
  const std::vector<RefusedPlugin>& refused() const { return refused_; }
  // Null when no plugin serves the domain.
  const LoadedPlugin* find(std::string_view domain) const;
  std::vector<std::string> domains() const;

 private:
  Status loadFile(const std::string& file);

  std::string host_version_;
  base::Observer& observer_;
  std::vector<LoadedPlugin> plugins_;
  std::vector<RefusedPlugin> refused_;
  std::vector<LoadedPlugin> newer_;  // by reopen(), the last one of a domain in use
};

}  // namespace gyre::plugin
