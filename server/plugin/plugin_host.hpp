// Which domains are there? Loads every plugin of a folder.
//
// Files ending in ".so" are opened in the order of their names. One that is refused is logged and kept in refused();
// loading goes on. The second plugin of one domain is refused, naming both files. Libraries are never unloaded: a new
// version is a new start of the server.
//
// THREADS: load from one thread, once; afterwards reading from any. OWNS: what it loaded; the Observer outlives it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/observer.hpp"
#include "gyre/status.hpp"
#include "server/plugin/plugin_handlers.hpp"
#include "server/plugin/plugin_library.hpp"

namespace gyre::plugin {

struct LoadedPlugin {
  std::string file;
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
};

}  // namespace gyre::plugin
