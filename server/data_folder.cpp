#include "server/data_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace gyre {

namespace {

Status createFolder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return unavailable(path + ": cannot create the folder: " + error.message());
  return {};
}

}  // namespace

Result<std::unique_ptr<DataFolder>> DataFolder::open(const std::string& path) {
  GYRE_TRY(createFolder(path));
  const std::string name = path + "/gyre.lock";
  const int lock = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) return unavailable(name + ": cannot open: " + std::strerror(errno));
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    char owner[32] = {};
    const ssize_t size = ::pread(lock, owner, sizeof owner - 1, 0);
    ::close(lock);
    return Status(Code::kConflict, "data_folder_locked",
                  path + ": in use by the server with process id " + (size > 0 ? std::string(owner) : std::string("unknown")));
  }
  const std::string self = std::to_string(::getpid());
  if (::ftruncate(lock, 0) != 0 || ::pwrite(lock, self.data(), self.size(), 0) != static_cast<ssize_t>(self.size())) {
    const Status failed = unavailable(name + ": cannot write: " + std::strerror(errno));
    ::close(lock);
    return failed;
  }
  return std::unique_ptr<DataFolder>(new DataFolder(path, lock));
}

DataFolder::~DataFolder() { ::close(lock_); }

Result<std::string> DataFolder::domainFolder(const std::string& domain) const {
  std::string folder = path_ + "/" + domain;
  GYRE_TRY(createFolder(folder));
  return folder;
}

}  // namespace gyre
