// Where do an index's bytes live on a disk? One folder, files mapped for reading.
//
// A folder belongs to one MmapDirectory at a time: it is locked while open, so a second server cannot write beside us.
//
// THREADS: as Directory says.
#pragma once

#include <memory>
#include <string>

#include "engine/directory/directory.hpp"

namespace gyre::engine {

class MmapDirectory final : public Directory {
 public:
  // Creates the folder when it is absent. unavailable when another process (or another MmapDirectory) has it open.
  static Result<std::unique_ptr<MmapDirectory>> open(std::string path);
  ~MmapDirectory() override;
  MmapDirectory(const MmapDirectory&) = delete;
  MmapDirectory& operator=(const MmapDirectory&) = delete;

  Result<std::unique_ptr<MappedFile>> open(std::string_view name) override;
  Result<std::unique_ptr<FileWriter>> create(std::string_view name) override;
  Status replace(std::string_view name, ByteView bytes) override;
  Status remove(std::string_view name) override;
  Result<std::vector<std::string>> list() override;
  std::string describe() const override { return path_; }

 private:
  MmapDirectory(std::string path, int folder) : path_(std::move(path)), folder_(folder) {}
  std::string pathOf(std::string_view name) const { return path_ + "/" + std::string(name); }

  std::string path_;
  int folder_;  // open while we live; carries the lock
};

}  // namespace gyre::engine
