// Does anybody else have this store open? A lock on a file beside it.
//
// The writer decides from its memory of what is committed, so a second writer must not exist. SQLite's own locks would
// let one in between two commits.
//
// OWNS: the lock; the kernel drops it when the process ends, however it ends.
#pragma once

#include <memory>
#include <string>

#include "gyre/status.hpp"

namespace gyre::store {

class FileLock {
 public:
  // unavailable, at once, when somebody holds it (names the process) or the file cannot be made.
  static Result<std::unique_ptr<FileLock>> take(std::string path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace gyre::store
