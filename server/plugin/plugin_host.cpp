#include "server/plugin/plugin_host.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
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

Result<FileIdentity> identityOf(const std::string& file) {
  struct stat found {};
  if (::stat(file.c_str(), &found) != 0) return unavailable(file + ": " + std::generic_category().message(errno));
  return FileIdentity{found.st_dev, found.st_ino};
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
  GYRE_TRY_ASSIGN(const FileIdentity identity, identityOf(file));
  plugins_.push_back({file, identity, std::move(library), std::move(handlers)});
  return {};
}

// A file that was replaced, as package managers and `install` do it, has the same name and another inode. The linker
// would take the name for the library it has, so the file is opened by its descriptor, which stays open: its number
// must not come to stand for another library.
Result<PluginHandlers*> PluginHost::reopen(std::string_view domain) {
  const LoadedPlugin* used = find(domain);
  if (used == nullptr) return notFound("there is no plugin for \"" + std::string(domain) + "\"");
  const std::string file = used->file;
  for (const LoadedPlugin& newer : newer_)
    if (newer.domain() == domain) used = &newer;
  GYRE_TRY_ASSIGN(const FileIdentity identity, identityOf(file));
  if (identity == used->identity) return static_cast<PluginHandlers*>(nullptr);
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return unavailable(file + ": " + std::generic_category().message(errno));
  GYRE_TRY_ASSIGN(std::unique_ptr<PluginLibrary> library,
                  PluginLibrary::open(file, host_version_, observer_, "/proc/self/fd/" + std::to_string(descriptor)));
  auto handlers = std::make_unique<PluginHandlers>(library->table());
  if (handlers->name() != domain)
    return Status(Code::kFailedPrecondition, "plugin_refused",
                  file + ": expected the domain \"" + std::string(domain) + "\", found \"" +
                      std::string(handlers->name()) + "\"");
  // The index of the first one is the one that is open.
  if (handlers->indexDefinition() != find(domain)->handlers->indexDefinition())
    return Status(Code::kConflict, "index_changed",
                  file + ": its index has another definition, which takes a new start of the server");
  PluginHandlers* const made = handlers.get();
  newer_.push_back({file, identity, std::move(library), std::move(handlers)});
  observer_.log(
      base::Level::kInformation, "plugin",
      "loaded " + std::string(domain) + " " + std::string(made->version()) + " from " + file + ", which was replaced");
  return made;
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
