#include "server/store/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <system_error>

namespace gyre::store {

namespace {

Status failure(const std::string& path, int error) {
  return unavailable(path + ": " + std::generic_category().message(error));
}

// The process that wrote its id into the lock file; "another process" when it cannot be read.
std::string holder(int descriptor) {
  char text[24];
  const ssize_t size = ::pread(descriptor, text, sizeof text, 0);
  std::string_view id(text, size > 0 ? static_cast<std::size_t>(size) : 0);
  id = id.substr(0, id.find('\n'));
  if (id.empty() || id.find_first_not_of("0123456789") != std::string_view::npos) return "another process";
  return "process " + std::string(id);
}

}  // namespace

Result<std::unique_ptr<FileLock>> FileLock::take(std::string path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return failure(path, errno);
  std::unique_ptr<FileLock> lock(new FileLock(descriptor));
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return unavailable(path + ": held by " + holder(descriptor));
    return failure(path, errno);
  }
  const std::string id = std::to_string(::getpid()) + "\n";
  if (::ftruncate(descriptor, 0) != 0 || ::pwrite(descriptor, id.data(), id.size(), 0) < 0) return failure(path, errno);
  return lock;
}

FileLock::~FileLock() { ::close(descriptor_); }

}  // namespace gyre::store
