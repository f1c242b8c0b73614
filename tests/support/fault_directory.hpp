// What happens to an index when the disk fails, or the power goes, at any one step?
//
// A Directory in memory that knows what a disk would still have after a power cut: bytes of a file are safe once it is
// finished, names (new, replaced or removed) once replace() has synced the folder, as directory.hpp promises. Every
// operation that changes something is counted, and the chosen one fails, leaving half of what it should have done.
//
// THREADS: one thread, or with the index's own merging on its thread: guarded by a mutex.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "engine/directory/directory.hpp"

namespace gyre::engine::test {

class FaultDirectory final : public Directory {
 public:
  enum class After : std::uint8_t {
    kDead,   // every later operation fails too: the process is about to end
    kAlive,  // only this one fails: a disk that was full for a moment
  };

  FaultDirectory() = default;

  // The operation of this number (from 1) fails; 0 for none.
  void failAt(std::uint64_t operation, After after, std::uint32_t seed) {
    fail_at_ = operation;
    after_ = after;
    random_.seed(seed);
  }
  std::uint64_t operations() const { return operations_; }
  bool hasFailed() const { return has_failed_; }

  // The disk as it may be found after the power came back.
  std::unique_ptr<FaultDirectory> cutPower(std::uint32_t seed) {
    const std::lock_guard lock(mutex_);
    std::mt19937 random(seed);
    auto found = std::make_unique<FaultDirectory>();
    const auto settle = [&](const std::string& name, const File& file) {
      // What was never synced may be there in part, or not at all.
      const std::size_t rest = file.bytes->size() - file.synced;
      File kept = file;
      if (rest > 0)
        kept.bytes = std::make_shared<const std::string>(file.bytes->substr(0, file.synced + random() % (rest + 1)));
      kept.synced = kept.bytes->size();
      found->files_[name] = found->durable_[name] = kept;
    };
    for (const auto& [name, file] : durable_) {
      const auto seen = files_.find(name);
      // A removal may not have reached the disk; a file that has grown since may have grown there too.
      if (seen != files_.end())
        settle(name, seen->second.bytes->starts_with(*file.bytes) ? seen->second : file);
      else if (random() % 2 == 0)
        settle(name, file);
    }
    for (const auto& [name, file] : files_)
      if (!durable_.contains(name) && random() % 2 == 0) settle(name, file);
    return found;
  }

  // The files of another as its process saw them last: what a new process finds when only the old one died.
  FaultDirectory* takeFrom(FaultDirectory& other) {
    const std::lock_guard lock(other.mutex_);
    files_ = durable_ = other.files_;
    return this;
  }

  Result<std::unique_ptr<MappedFile>> open(std::string_view name) override {
    const std::lock_guard lock(mutex_);
    const auto found = files_.find(name);
    if (found == files_.end()) return notFound("no file " + std::string(name));
    return std::unique_ptr<MappedFile>(std::make_unique<Mapped>(found->second.bytes));
  }

  Result<std::unique_ptr<FileWriter>> create(std::string_view name) override {
    const std::lock_guard lock(mutex_);
    if (files_.contains(name)) return conflict("exists: " + std::string(name));
    const bool is_failing = countOperation();
    if (!is_failing || random_() % 2 == 0) files_[std::string(name)] = {};
    if (is_failing) return failure();
    return std::unique_ptr<FileWriter>(std::make_unique<Writer>(*this, std::string(name)));
  }

  Status replace(std::string_view name, ByteView bytes) override {
    const std::lock_guard lock(mutex_);
    const bool is_failing = countOperation();
    if (is_failing && random_() % 2 == 0) return failure();
    files_[std::string(name)] = {std::make_shared<const std::string>(base::asText(bytes)), bytes.size()};
    // A failure after the rename: the new file is seen, and whether it lasts is open.
    if (is_failing && random_() % 2 == 0) return failure();
    for (auto each = durable_.begin(); each != durable_.end();)
      each = files_.contains(each->first) ? std::next(each) : durable_.erase(each);
    for (const auto& [each, file] : files_) durable_[each] = file;
    return is_failing ? failure() : Status();
  }

  Status remove(std::string_view name) override {
    const std::lock_guard lock(mutex_);
    const auto found = files_.find(name);
    if (found == files_.end()) return notFound("no file " + std::string(name));
    const bool is_failing = countOperation();
    if (!is_failing || random_() % 2 == 0) files_.erase(found);
    return is_failing ? failure() : Status();
  }

  Result<std::vector<std::string>> list() override {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> names;
    for (const auto& [name, file] : files_) names.push_back(name);
    return names;
  }

  std::string describe() const override { return "fault"; }

  // For tests that damage a file.
  std::string read(std::string_view name) const { return *files_.find(name)->second.bytes; }
  void write(std::string_view name, std::string bytes) {
    const std::size_t size = bytes.size();
    files_[std::string(name)] = {std::make_shared<const std::string>(std::move(bytes)), size};
  }

 private:
  struct File {
    std::shared_ptr<const std::string> bytes = std::make_shared<const std::string>();
    std::size_t synced = 0;  // bytes that are safe
  };
  class Mapped final : public MappedFile {
   public:
    explicit Mapped(std::shared_ptr<const std::string> bytes) : bytes_(std::move(bytes)) {}
    ByteView bytes() const override { return base::asBytes(*bytes_); }

   private:
    std::shared_ptr<const std::string> bytes_;
  };
  class Writer final : public FileWriter {
   public:
    Writer(FaultDirectory& directory, std::string name) : directory_(directory), name_(std::move(name)) {}
    Status append(ByteView bytes) override {
      const std::lock_guard lock(directory_.mutex_);
      const bool is_failing = directory_.countOperation();
      text_ += base::asText(bytes.first(is_failing ? directory_.random_() % (bytes.size() + 1) : bytes.size()));
      store(false);
      return is_failing ? failure() : Status();
    }
    // The name becomes durable with the bytes.
    Status sync() override {
      const std::lock_guard lock(directory_.mutex_);
      if (directory_.countOperation()) return failure();
      store(true);
      if (const auto found = directory_.files_.find(name_); found != directory_.files_.end())
        directory_.durable_[name_] = found->second;
      return {};
    }
    Status finish() override {
      const std::lock_guard lock(directory_.mutex_);
      if (directory_.countOperation()) return failure();
      store(true);
      return {};
    }

   private:
    void store(bool is_synced) {
      const auto found = directory_.files_.find(name_);
      if (found == directory_.files_.end()) return;
      found->second = {std::make_shared<const std::string>(text_), is_synced ? text_.size() : found->second.synced};
    }
    FaultDirectory& directory_;
    std::string name_;
    std::string text_;
  };

  static Status failure() { return internalError("injected failure"); }
  // True when this operation is to fail.
  bool countOperation() {
    ++operations_;
    if (operations_ == fail_at_) {
      has_failed_ = true;
      return true;
    }
    return has_failed_ && after_ == After::kDead;
  }

  std::mutex mutex_;
  std::map<std::string, File, std::less<>> files_;    // as the process sees them
  std::map<std::string, File, std::less<>> durable_;  // names that the disk is sure to have
  std::uint64_t operations_ = 0;
  std::uint64_t fail_at_ = 0;
  After after_ = After::kDead;
  bool has_failed_ = false;
  std::mt19937 random_;
};

}  // namespace gyre::engine::test
