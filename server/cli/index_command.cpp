#include "server/cli/index_command.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <iostream>
#include <string_view>
#include <system_error>
#include <vector>

#include "engine/directory/mmap_directory.hpp"
#include "engine/index.hpp"
#include "engine/series/check_store.hpp"
#include "engine/series/store_commit.hpp"
#include "server/setup.hpp"

namespace gyre::cli {

namespace {

namespace fs = std::filesystem;

int fail(const std::string& text, int code) {
  std::cerr << "gyre: " << text << '\n';
  return code;
}

// A commit, or what only an index has beside one: the commit itself may be what is missing.
bool isIndexFile(const std::string& name) {
  return name == "commit" || name.starts_with("seg_") || name.starts_with("log_");
}

// The same of a store of series.
bool isSeriesFile(const std::string& name) {
  return name == engine::series::kStoreCommitFile || engine::series::isBlockName(name);
}

bool holdsFile(const fs::path& folder, bool (*is_one)(const std::string&), std::error_code& error) {
  for (fs::directory_iterator each(folder, error), end; !error && each != end; each.increment(error))
    if (each->is_regular_file() && is_one(each->path().filename().string())) return true;
  return false;
}

bool isIndexFolder(const fs::path& folder, std::error_code& error) {
  return holdsFile(folder, &isIndexFile, error) || holdsFile(folder, &isSeriesFile, error);
}

// The folder itself, or those below it that hold an index, by name.
std::vector<fs::path> findIndexes(const fs::path& folder, std::error_code& error) {
  if (isIndexFolder(folder, error) || error) return {folder};
  std::vector<fs::path> found;
  for (fs::recursive_directory_iterator each(folder, error), end; !error && each != end; each.increment(error))
    if (each->is_directory(error) && !error && isIndexFolder(each->path(), error)) found.push_back(each->path());
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

int runIndexCheck(const std::string& folder) {
  std::error_code error;
  const std::vector<fs::path> indexes = findIndexes(folder, error);
  if (error) return fail(folder + ": " + error.message(), kExitUnavailable);
  if (indexes.empty()) return fail(folder + ": no index is there", kExitUnavailable);
  std::size_t damaged = 0;
  for (const fs::path& index : indexes) {
    const auto directory = engine::MmapDirectory::open(index.string());
    if (!directory.isOk())
      return fail(std::string(directory.status().message()),
                  directory.status().code() == Code::kUnavailable ? kExitLocked : kExitUnavailable);
    const auto report = [&](std::string_view finding) { std::cout << index.string() << ": " << finding << '\n'; };
    const Status checked = holdsFile(index, &isSeriesFile, error)
                               ? engine::series::checkStore(*directory.value(), report)
                               : engine::checkIndex(*directory.value(), report);
    damaged += checked.isOk() ? 0 : 1;
  }
  std::cout << indexes.size() << (indexes.size() == 1 ? " index checked, " : " indexes checked, ")
            << (damaged == 0 ? "all sound" : std::to_string(damaged) + " damaged") << '\n';
  return damaged == 0 ? 0 : 1;
}

}  // namespace gyre::cli
