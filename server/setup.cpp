#include "server/setup.hpp"

#include <filesystem>
#include <system_error>

namespace gyre {

std::string programFolder() {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::string(".") : program.parent_path().string();
}

Result<Setup> prepare(const SetupOptions& options, base::Observer& observer) {
  GYRE_TRY_ASSIGN(const config::Source source, config::readSource(options.config_file, options.overrides));
  Setup setup;
  setup.plugins = std::make_unique<plugin::PluginHost>(GYRE_VERSION, observer);
  const std::string folder = config::pluginFolder(source, programFolder());
  if (const Status status = setup.plugins->load(folder); !status.isOk())
    observer.log(base::Level::kWarning, "plugins", status.message());
  std::vector<config::DomainDeclaration> declarations;
  for (const plugin::LoadedPlugin& loaded : setup.plugins->plugins()) {
    GYRE_TRY_ASSIGN(auto declaration, config::declareDomain(loaded.domain(), loaded.handlers->indexDefinition(),
                                                            loaded.handlers->optionsDeclaration()));
    declarations.push_back(std::move(declaration));
  }
  GYRE_TRY_ASSIGN(setup.config, config::readConfig(source, declarations));
  setup.config.plugin_folder = folder;  // where it is, for whoever names a library that is missing
  return setup;
}

}  // namespace gyre
