// What does every verb of the program need before it can work? Plugins loaded, configuration read, faults told.
//
// THREADS: one. OWNS: the plugins.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/observer.hpp"
#include "gyre/status.hpp"
#include "server/config/config.hpp"
#include "server/plugin/plugin_host.hpp"

namespace gyre {

// Exit codes of the program (sysexits.h).
inline constexpr int kExitUsage = 64;
inline constexpr int kExitUnavailable = 69;
inline constexpr int kExitSoftware = 70;
inline constexpr int kExitLocked = 75;
inline constexpr int kExitConfiguration = 78;

struct SetupOptions {
  std::string config_file;             // "" for all defaults
  std::vector<std::string> overrides;  // "key=value"
};

struct Setup {
  config::Config config;
  std::unique_ptr<plugin::PluginHost> plugins;
};

// The folder this program lies in.
std::string programFolder();

// Faults of the configuration are one invalid_argument; config::faultLines() prints them.
Result<Setup> prepare(const SetupOptions& options, base::Observer& observer);

}  // namespace gyre
