// Is this shared library a plugin for this host? Loading and the handshake.
//
// A library is loaded with local symbols, asked once through gyre_plugin_entry_v1, and everything its tables say is
// checked before anybody uses it: sizes, versions, pointers, names, JSON. What fails is refused with a message that
// names the file, what was expected and what was found; a refused library stays mapped, unused, because unloading code
// that may have started a thread or registered an exit handler is not safe.
//
// THREADS: open from one thread at a time. OWNS: the tables live until the program ends; the host's table that the
// plugin was given lives as long as the PluginLibrary, as does the Observer.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/observer.hpp"
#include "gyre/abi.h"
#include "gyre/status.hpp"

namespace gyre::plugin {

class PluginLibrary {
 public:
  // failed_precondition with reason "plugin_refused" for a library that is none, or the wrong one. `path`, when not "",
  // is another way to the same file: the dynamic linker takes a name that it has seen for the library it loaded then.
  static Result<std::unique_ptr<PluginLibrary>> open(const std::string& file, std::string host_version,
                                                     base::Observer& observer, const std::string& path = {});
  ~PluginLibrary();
  PluginLibrary(const PluginLibrary&) = delete;
  PluginLibrary& operator=(const PluginLibrary&) = delete;

  const std::string& file() const { return file_; }
  // Checked: every pointer that must be there is.
  const gyre_plugin& table() const { return *table_; }

 private:
  struct HostSide;
  PluginLibrary(std::string file, std::unique_ptr<HostSide> host_side);

  std::string file_;
  std::unique_ptr<HostSide> host_side_;
  const gyre_plugin* table_ = nullptr;
};

// The handshake's second half, for any table however it was come by: nothing, or what was expected and found.
Status checkPluginTable(const gyre_plugin* table);

}  // namespace gyre::plugin
