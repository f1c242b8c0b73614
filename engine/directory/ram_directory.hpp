// Where do an index's bytes live when nothing must survive? In memory; for tests and throw-away indexes.
//
// THREADS: as Directory says. OWNS: the bytes; they outlive the directory as long as they are mapped.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "engine/directory/directory.hpp"

namespace gyre::engine {

class RamDirectory final : public Directory {
 public:
  Result<std::unique_ptr<MappedFile>> open(std::string_view name) override;
  Result<std::unique_ptr<FileWriter>> create(std::string_view name) override;
  Status replace(std::string_view name, ByteView bytes) override;
  Status remove(std::string_view name) override;
  Result<std::vector<std::string>> list() override;
  std::string describe() const override { return "memory"; }

 private:
  class Writer;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const std::string>, std::less<>> files_;
};

}  // namespace gyre::engine
