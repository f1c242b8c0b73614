#include "server/index_slots.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <system_error>

namespace gyre {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kNames[] = {"index", "index.beside"};
constexpr const char* kCurrent = "/index.current";
constexpr const char* kBuilding = "/index.building";

std::string_view otherOf(std::string_view name) { return name == kNames[0] ? kNames[1] : kNames[0]; }

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
  if (name != kNames[0] && name != kNames[1])
    return unavailable(path + ": expected \"" + std::string(kNames[0]) + "\" or \"" + std::string(kNames[1]) +
                       "\", found \"" + name.substr(0, 60) + "\"");
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
  return name.empty() ? std::string(kNames[0]) : name;
}

Result<std::string> IndexSlots::current() const {
  GYRE_TRY_ASSIGN(const std::string name, currentName());
  return folder_ + "/" + name;
}

Result<std::string> IndexSlots::other() const {
  GYRE_TRY_ASSIGN(const std::string name, currentName());
  return folder_ + "/" + std::string(otherOf(name));
}

Status IndexSlots::beginBuilding() {
  GYRE_TRY_ASSIGN(const std::string current, currentName());
  const std::string_view next = otherOf(current);
  GYRE_TRY_ASSIGN(const std::string begun, readName(folder_ + kBuilding));
  if (begun == next) return {};
  std::error_code error;
  fs::remove_all(folder_ + "/" + std::string(next), error);
  if (error) return failure(folder_ + "/" + std::string(next), "removed", error.value());
  return writeName(folder_, kBuilding, next);
}

Status IndexSlots::switchOver() {
  GYRE_TRY_ASSIGN(const std::string current, currentName());
  GYRE_TRY(writeName(folder_, kCurrent, otherOf(current)));
  std::error_code error;
  fs::remove(folder_ + kBuilding, error);
  return error ? failure(folder_ + kBuilding, "removed", error.value()) : syncFolder(folder_);
}

}  // namespace gyre
