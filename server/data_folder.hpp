// Whose data folder is this? One server at a time, by a lock that dies with its process.
//
// FORMAT: `gyre.lock` holds the owner's process id as text; the lock itself is flock(2), so a crash leaves none behind.
#pragma once

#include <memory>
#include <string>

#include "gyre/status.hpp"

namespace gyre {

class DataFolder {
 public:
  // Creates the folder when it is absent and locks it. conflict (reason "data_folder_locked") names the process that has it.
  static Result<std::unique_ptr<DataFolder>> open(const std::string& path);
  ~DataFolder();
  DataFolder(const DataFolder&) = delete;
  DataFolder& operator=(const DataFolder&) = delete;

  const std::string& path() const { return path_; }
  // The folder of one domain; created when absent.
  Result<std::string> domainFolder(const std::string& domain) const;

 private:
  DataFolder(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}
  const std::string path_;
  const int lock_;
};

}  // namespace gyre
