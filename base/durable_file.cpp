#include "base/durable_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

namespace gyre::base {

namespace {

Status failure(const std::string& path, const char* what, int error) {
  return unavailable(path + ": cannot be " + what + ": " + std::generic_category().message(error));
}

bool writeAll(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

Status syncFolder(const std::string& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return failure(folder, "opened", errno);
  const bool is_synced = ::fsync(descriptor) == 0;
  const int error = errno;
  ::close(descriptor);
  return is_synced ? Status() : failure(folder, "synced", error);
}

Status replaceFile(const std::string& path, std::string_view text) {
  const std::string beside = path + ".new";
  const int descriptor = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) return failure(beside, "written", errno);
  const bool is_written = writeAll(descriptor, text) && ::fsync(descriptor) == 0;
  const int error = errno;
  ::close(descriptor);
  if (!is_written) return failure(beside, "written", error);
  if (::rename(beside.c_str(), path.c_str()) != 0) return failure(path, "replaced", errno);
  return syncFolder(std::filesystem::path(path).parent_path().string());
}

}  // namespace gyre::base
