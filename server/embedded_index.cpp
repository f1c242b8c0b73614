#include "server/embedded_index.hpp"

#include <filesystem>
#include <system_error>

namespace gyre {

Result<std::unique_ptr<search::SearchEngine>> openEmbeddedIndex(const search::EmbeddedOptions& options,
                                                                std::uint64_t last_sequence, base::Observer& observer) {
  GYRE_TRY_ASSIGN(auto engine, search::openEmbeddedEngine(options, observer));
  const std::uint64_t applied = engine->progress().applied;
  if (applied <= last_sequence) return engine;
  GYRE_TRY(engine->close());
  engine.reset();
  const std::string aside = options.folder + ".ahead";
  std::error_code error;
  std::filesystem::remove_all(aside, error);
  std::filesystem::rename(options.folder, aside, error);
  if (error) return unavailable(options.folder + ": cannot be set aside: " + error.message());
  observer.log(base::Level::kWarning, "domains",
               options.folder + ": covers sequence " + std::to_string(applied) + " but the event log ends at " +
                   std::to_string(last_sequence) + "; kept as " + aside + ", and the index is built again");
  return search::openEmbeddedEngine(options, observer);
}

}  // namespace gyre
