#include "engine/directory/ram_directory.hpp"

namespace gyre::engine {
namespace {

class SharedFile final : public MappedFile {
 public:
  explicit SharedFile(std::shared_ptr<const std::string> text) : text_(std::move(text)) {}
  ByteView bytes() const override { return base::asBytes(*text_); }

 private:
  std::shared_ptr<const std::string> text_;
};

}  // namespace

// The name is taken from the start, with nothing behind it until finish().
class RamDirectory::Writer final : public FileWriter {
 public:
  Writer(RamDirectory& directory, std::string name) : directory_(directory), name_(std::move(name)) {}
  Status append(ByteView bytes) override {
    text_ += base::asText(bytes);
    return {};
  }
  Status sync() override {
    const std::lock_guard lock(directory_.mutex_);
    directory_.files_[name_] = std::make_shared<const std::string>(text_);
    return {};
  }
  Status finish() override {
    const std::lock_guard lock(directory_.mutex_);
    directory_.files_[name_] = std::make_shared<const std::string>(std::move(text_));
    return {};
  }

 private:
  RamDirectory& directory_;
  std::string name_;
  std::string text_;
};

Result<std::unique_ptr<MappedFile>> RamDirectory::open(std::string_view name) {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(name);
  if (found == files_.end()) return notFound("cannot open " + std::string(name) + " in memory: no such file");
  return std::unique_ptr<MappedFile>(std::make_unique<SharedFile>(found->second));
}

Result<std::unique_ptr<FileWriter>> RamDirectory::create(std::string_view name) {
  const std::lock_guard lock(mutex_);
  const auto [at, is_new] = files_.emplace(name, std::make_shared<const std::string>());
  if (!is_new) return conflict("cannot create " + std::string(name) + " in memory: the name exists");
  return std::unique_ptr<FileWriter>(std::make_unique<Writer>(*this, at->first));
}

Status RamDirectory::replace(std::string_view name, ByteView bytes) {
  const std::lock_guard lock(mutex_);
  files_[std::string(name)] = std::make_shared<const std::string>(base::asText(bytes));
  return {};
}

Status RamDirectory::remove(std::string_view name) {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(name);
  if (found == files_.end()) return notFound("cannot remove " + std::string(name) + " in memory: no such file");
  files_.erase(found);
  return {};
}

Result<std::vector<std::string>> RamDirectory::list() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, text] : files_) names.push_back(name);
  return names;
}

}  // namespace gyre::engine
