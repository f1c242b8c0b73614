#include "server/index_slots.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>
#include <vector>

namespace gyre {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kFirst = "index";
constexpr const char* kCurrent = "/index.current";
constexpr const char* kBuilding = "/index.building";

// 0 for "index", 7 for "index.7"; nothing for another name.
std::optional<std::uint64_t> numberOf(std::string_view name) {
  if (name == kFirst) return 0;
  if (!name.starts_with(kFirst) || name.size() < kFirst.size() + 2 || name[kFirst.size()] != '.') return std::nullopt;
  const std::string_view digits = name.substr(kFirst.size() + 1);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || number == 0) return std::nullopt;
  return number;
}

std::string nextOf(std::string_view name) {
  return std::string(kFirst) + "." + std::to_string(numberOf(name).value_or(0) + 1);
}

Status failure(const std::string& path, const char* what, int error) {
  return unavailable(path + ": cannot be " + what + ": " + std::generic_category().message(error));
}

Status syncFolder(const std::string& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return failure(folder, "opened", errno);
  const bool is_synced = ::fsync(descriptor) == 0;
  const int error = errno;
  ::close(descriptor);
  return is_synced ? Status() : failure(folder, "synced", error);
}

// The name that a file holds; "" when there is no file.
Result<std::string> readName(const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return std::string();
  std::ifstream in(path);
  std::string name;
  std::getline(in, name);
  if (!numberOf(name))
    return unavailable(path + ": expected \"index\" or \"index.NUMBER\", found \"" + name.substr(0, 60) + "\"");
  return name;
}

Status writeName(const std::string& folder, const char* file, std::string_view name) {
  const std::string path = folder + file;
  const std::string beside = path + ".new";
  const int descriptor = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) return failure(beside, "written", errno);
  const std::string line = std::string(name) + "\n";
  const bool is_written =
      ::write(descriptor, line.data(), line.size()) == static_cast<ssize_t>(line.size()) && ::fsync(descriptor) == 0;
  const int error = errno;
  ::close(descriptor);
  if (!is_written) return failure(beside, "written", error);
  if (::rename(beside.c_str(), path.c_str()) != 0) return failure(path, "replaced", errno);
  return syncFolder(folder);
}

}  // namespace

Result<std::string> IndexSlots::currentName() const {
  GYRE_TRY_ASSIGN(const std::string name, readName(folder_ + kCurrent));
  return name.empty() ? std::string(kFirst) : name;
}

Result<std::string> IndexSlots::current() const {
  GYRE_TRY_ASSIGN(const std::string name, currentName());
  return folder_ + "/" + name;
}

Result<std::string> IndexSlots::next() const {
  GYRE_TRY_ASSIGN(const std::string name, currentName());
  return folder_ + "/" + nextOf(name);
}

Status IndexSlots::beginBuilding() {
  GYRE_TRY_ASSIGN(const std::string current, currentName());
  const std::string next = nextOf(current);
  GYRE_TRY_ASSIGN(const std::string begun, readName(folder_ + kBuilding));
  std::error_code error;
  std::vector<fs::path> unused;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, error)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory() && numberOf(name) && name != current && (name != next || begun != next))
      unused.push_back(entry.path());
  }
  for (const fs::path& path : unused)
    if (!error) fs::remove_all(path, error);
  if (error) return failure(folder_, "emptied of unused indexes", error.value());
  return begun == next ? Status() : writeName(folder_, kBuilding, next);
}

Status IndexSlots::switchOver() {
  GYRE_TRY_ASSIGN(const std::string current, currentName());
  GYRE_TRY(writeName(folder_, kCurrent, nextOf(current)));
  std::error_code error;
  fs::remove(folder_ + kBuilding, error);
  return error ? failure(folder_ + kBuilding, "removed", error.value()) : syncFolder(folder_);
}

}  // namespace gyre
