#include "server/plugin/plugin_host.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

namespace gyre::plugin {

namespace {

// In the order of names, so that which of two plugins of one domain wins does not depend on the file system.
Result<std::vector<std::string>> listLibraries(const std::string& folder) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::directory_iterator entries(folder, error);
  if (error) return notFound(folder + ": expected a folder of plugins: " + error.message());
  std::vector<std::string> files;
  for (; entries != fs::directory_iterator(); entries.increment(error)) {
    if (entries->path().extension() == ".so") files.push_back(entries->path().string());
    if (error) break;
  }
  if (error) return unavailable(folder + ": cannot be listed: " + error.message());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

PluginHost::PluginHost(std::string host_version, base::Observer& observer)
    : host_version_(std::move(host_version)), observer_(observer) {}

PluginHost::~PluginHost() = default;

Status PluginHost::load(const std::string& folder) {
  GYRE_TRY_ASSIGN(const std::vector<std::string> files, listLibraries(folder));
  for (const std::string& file : files) {
    Status status = loadFile(file);
    if (status.isOk()) continue;
    observer_.log(base::Level::kError, "plugin", "refused " + std::string(status.message()));
    refused_.push_back({file, std::move(status)});
  }
  std::sort(plugins_.begin(), plugins_.end(),
            [](const LoadedPlugin& a, const LoadedPlugin& b) { return a.domain() < b.domain(); });
  return {};
}

Status PluginHost::loadFile(const std::string& file) {
  GYRE_TRY_ASSIGN(std::unique_ptr<PluginLibrary> library, PluginLibrary::open(file, host_version_, observer_));
  auto handlers = std::make_unique<PluginHandlers>(library->table());
  if (const LoadedPlugin* const first = find(handlers->name()))
    return {Code::kFailedPrecondition, "plugin_refused",
            file + ": expected another domain than \"" + std::string(first->domain()) + "\", which " + first->file +
                " serves"};
  observer_.log(base::Level::kInformation, "plugin",
                "loaded " + std::string(handlers->name()) + " " + std::string(handlers->version()) + " from " + file);
  plugins_.push_back({file, std::move(library), std::move(handlers)});
  return {};
}

const LoadedPlugin* PluginHost::find(std::string_view domain) const {
  const auto found = std::find_if(plugins_.begin(), plugins_.end(),
                                  [&](const LoadedPlugin& plugin) { return plugin.domain() == domain; });
  return found == plugins_.end() ? nullptr : &*found;
}

std::vector<std::string> PluginHost::domains() const {
  std::vector<std::string> names;
  for (const LoadedPlugin& plugin : plugins_) names.emplace_back(plugin.domain());
  return names;
}

}  // namespace gyre::plugin
