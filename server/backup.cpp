#include "server/backup.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <system_error>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"
#include "server/data_folder.hpp"
#include "server/store/store_copy.hpp"

namespace gyre {

namespace fs = std::filesystem;

namespace {

constexpr const char* kStoreFile = "store.sqlite";
constexpr const char* kManifest = "backup.json";
constexpr int kFormat = 1;
// A source is copied again when its subscriber has read on meanwhile; each time there is less to have read.
constexpr int kCopies = 5;

class QuietObserver final : public base::Observer {
 public:
  bool isLogged(base::Level level) const override { return level >= base::Level::kError; }
  void log(base::Level level, std::string_view part, std::string_view message) override {
    if (isLogged(level)) std::cerr << part << ": " << message << '\n';
  }
};

int fail(const Status& status, int code = kExitUnavailable) {
  std::cerr << "gyre: " << status.message() << '\n';
  return code;
}

Status ioFailure(const fs::path& path, const char* what, const std::error_code& error) {
  return unavailable(path.string() + ": cannot be " + what + ": " + error.message());
}

Status syncPath(const fs::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return ioFailure(path, "opened", {errno, std::generic_category()});
  const bool is_synced = ::fsync(file) == 0;
  const int error = errno;
  ::close(file);
  return is_synced ? Status() : ioFailure(path, "synced", {error, std::generic_category()});
}

Result<std::string> readText(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return unavailable(path.string() + ": cannot be read");
  return text.str();
}

Status writeText(const fs::path& path, const std::string& text) {
  {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << text;
    out.flush();
    if (!out) return unavailable(path.string() + ": cannot be written");
  }
  return syncPath(path);
}

Status copyFile(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::copy_file(from, to, error);
  if (error) return ioFailure(to, "written", error);
  return syncPath(to);
}

using Copies = std::map<std::string, store::StoreContents>;

// The first source that a subscriber's copy is ahead of; "" when there is none.
std::string sourceBehind(const Copies& copies) {
  constexpr std::string_view kPrefix = "events/";
  for (const auto& [name, contents] : copies)
    for (const auto& [cursor, sequence] : contents.cursors) {
      if (!cursor.starts_with(kPrefix)) continue;
      const auto source = copies.find(cursor.substr(kPrefix.size()));
      if (source != copies.end() && source->second.last_sequence < sequence) return source->first;
    }
  return {};
}

Status copyDomain(const fs::path& data, const fs::path& folder, const std::string& domain, Copies& copies) {
  const fs::path target = folder / domain / kStoreFile;
  std::error_code error;
  fs::create_directories(target.parent_path(), error);
  if (error) return ioFailure(target.parent_path(), "made", error);
  fs::remove(target, error);
  GYRE_TRY(store::copyStore((data / domain / kStoreFile).string(), target.string()));
  GYRE_TRY_ASSIGN(copies[domain], store::readContents(target.string()));
  return syncPath(target.parent_path());
}

Result<Copies> copyDomains(const fs::path& data, const fs::path& folder) {
  Copies copies;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(data, error)) {
    if (!fs::exists(entry.path() / kStoreFile)) continue;
    GYRE_TRY(copyDomain(data, folder, entry.path().filename().string(), copies));
  }
  if (error) return ioFailure(data, "listed", error);
  if (copies.empty()) return notFound(data.string() + ": there is no store to keep");
  for (int copy = 0; copy < kCopies; ++copy) {
    const std::string behind = sourceBehind(copies);
    if (behind.empty()) return copies;
    GYRE_TRY(copyDomain(data, folder, behind, copies));
  }
  return unavailable("the stores change too quickly to be copied together; try again");
}

std::string manifestOf(const Copies& copies) {
  std::string text;
  JsonWriter writer(text);
  writer.beginObject().member("format", kFormat).member("time", base::formatTime(base::SystemClock().nowMillis()));
  writer.key("domains").beginArray();
  for (const auto& [name, contents] : copies)
    writer.beginObject()
        .member("name", name)
        .member("entities", contents.entities)
        .member("lastSequence", contents.last_sequence)
        .endObject();
  writer.endArray().endObject();
  return text;
}

Status backup(const fs::path& data, const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder) && !fs::is_empty(folder, error))
    return Status(Code::kConflict, folder.string() + ": expected an absent or empty folder");
  fs::create_directories(folder, error);
  if (error) return ioFailure(folder, "made", error);
  GYRE_TRY_ASSIGN(const Copies copies, copyDomains(data, folder));
  if (fs::exists(data / "keys.json")) GYRE_TRY(copyFile(data / "keys.json", folder / "keys.json"));
  GYRE_TRY(syncPath(folder));
  const std::string manifest = manifestOf(copies);
  GYRE_TRY(writeText(folder / kManifest, manifest));
  GYRE_TRY(syncPath(folder));
  std::cout << manifest << '\n';
  return {};
}

// ---- back

Result<std::vector<std::pair<std::string, std::uint64_t>>> readManifest(const fs::path& folder) {
  if (!fs::exists(folder / kManifest))
    return notFound(folder.string() + ": expected a whole backup, found none: there is no " + kManifest);
  GYRE_TRY_ASSIGN(const std::string text, readText(folder / kManifest));
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(text));
  if (document.root()["format"].integer() != kFormat)
    return unavailable(folder.string() + ": expected a backup of format " + std::to_string(kFormat) + ", found " +
                       std::string(document.root()["format"].raw()));
  std::vector<std::pair<std::string, std::uint64_t>> domains;
  for (const json::Value domain : document.root()["domains"])
    domains.emplace_back(domain["name"].string(), domain["lastSequence"].unsignedInteger().value_or(0));
  return domains;
}

// A copy that was cut short, or is another than it says, is found out before anything is touched.
Status checkCopies(const fs::path& folder, const std::vector<std::pair<std::string, std::uint64_t>>& domains) {
  for (const auto& [name, last] : domains) {
    const fs::path file = folder / name / kStoreFile;
    if (!fs::exists(file)) return notFound(file.string() + ": the backup lacks it");
    GYRE_TRY_ASSIGN(const store::StoreContents contents, store::readContents(file.string()));
    if (contents.last_sequence != last)
      return Status(Code::kCorruption, file.string() + ": expected a log that ends at " + std::to_string(last) +
                                           ", found " + std::to_string(contents.last_sequence));
  }
  return {};
}

Status setAside(const fs::path& path) {
  fs::path aside = path;
  aside += ".replaced";
  std::error_code error;
  fs::remove_all(aside, error);
  fs::rename(path, aside, error);
  return error ? ioFailure(path, "set aside", error) : Status();
}

Status restore(const fs::path& data, const fs::path& folder, bool is_replacing) {
  GYRE_TRY_ASSIGN(const auto domains, readManifest(folder));
  GYRE_TRY(checkCopies(folder, domains));
  std::vector<fs::path> present;
  for (const auto& [name, last] : domains)
    if (fs::exists(data / name)) present.push_back(data / name);
  const bool has_keys = fs::exists(folder / "keys.json");
  if (has_keys && fs::exists(data / "keys.json")) present.push_back(data / "keys.json");
  if (!present.empty() && !is_replacing)
    return Status(Code::kConflict, present.front().string() + ": is there already; --replace sets it aside");
  for (const fs::path& path : present) GYRE_TRY(setAside(path));
  for (const auto& [name, last] : domains) {
    std::error_code error;
    fs::create_directories(data / name, error);
    if (error) return ioFailure(data / name, "made", error);
    GYRE_TRY(store::copyStore((folder / name / kStoreFile).string(), (data / name / kStoreFile).string()));
    GYRE_TRY(syncPath(data / name));
    std::cout << name << ": log up to sequence " << last << "; its index is built when the server starts\n";
  }
  if (has_keys) GYRE_TRY(copyFile(folder / "keys.json", data / "keys.json"));
  return syncPath(data);
}

}  // namespace

int runBackup(const SetupOptions& options, const std::string& folder) {
  QuietObserver observer;
  const auto setup = prepare(options, observer);
  if (!setup.isOk()) {
    std::cerr << config::faultLines(setup.status());
    return kExitConfiguration;
  }
  const Status done = backup(setup->config.data_folder, folder);
  return done.isOk() ? 0 : fail(done);
}

int runRestore(const SetupOptions& options, const std::string& folder, bool is_replacing) {
  QuietObserver observer;
  const auto setup = prepare(options, observer);
  if (!setup.isOk()) {
    std::cerr << config::faultLines(setup.status());
    return kExitConfiguration;
  }
  const auto data = DataFolder::open(setup->config.data_folder);  // locked: no server may start meanwhile
  if (!data.isOk())
    return fail(data.status(), data.status().reason() == "data_folder_locked" ? kExitLocked : kExitUnavailable);
  const Status done = restore((*data)->path(), folder, is_replacing);
  return done.isOk() ? 0 : fail(done);
}

}  // namespace gyre
