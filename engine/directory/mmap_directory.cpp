#include "engine/directory/mmap_directory.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace gyre::engine {
namespace {

// Small appends are gathered: a segment is written in pieces of a few hundred bytes.
constexpr std::size_t kWriteBytes = 1u << 18;
constexpr std::string_view kTemporary = ".tmp";

Status failure(std::string_view what, const std::string& path, int error) {
  const std::string message =
      std::string(what) + " " + path + ": " + std::error_code(error, std::generic_category()).message();
  if (error == ENOENT) return notFound(message);
  if (error == EEXIST) return conflict(message);
  if (error == ENOSPC || error == EDQUOT) return {Code::kResourceExhausted, "disk_full", message};
  return internalError(message);
}

// Closes on the way out, whatever happened.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }
  bool isOpen() const { return number_ >= 0; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

Status writeAll(int descriptor, ByteView bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ::ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failure("cannot write", path, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Status sync(int descriptor, const std::string& path) {
  while (::fsync(descriptor) != 0)
    if (errno != EINTR) return failure("cannot sync", path, errno);
  return {};
}

class Mapping final : public MappedFile {
 public:
  Mapping(void* address, std::size_t size) : address_(address), size_(size) {}
  ~Mapping() override {
    if (size_ > 0) ::munmap(address_, size_);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ByteView bytes() const override { return {static_cast<const std::uint8_t*>(address_), size_}; }
  // A refused hint costs memory, nothing else.
  void letGo() const override {
    if (size_ > 0) (void)::madvise(address_, size_, MADV_DONTNEED);
  }

 private:
  void* address_;
  std::size_t size_;
};

class DescriptorWriter final : public FileWriter {
 public:
  // `folder` is that of the file, and outlives it.
  DescriptorWriter(int descriptor, int folder, std::string path)
      : descriptor_(descriptor), folder_(folder), path_(std::move(path)) {}

  Status append(ByteView bytes) override {
    if (buffer_.size() + bytes.size() < kWriteBytes) {
      buffer_ += base::asText(bytes);
      return {};
    }
    GYRE_TRY(flush());
    return writeAll(descriptor_.number(), bytes, path_);
  }
  Status sync() override {
    GYRE_TRY(flush());
    if (::fdatasync(descriptor_.number()) != 0) return failure("cannot sync", path_, errno);
    if (is_name_durable_) return {};
    if (::fsync(folder_) != 0) return failure("cannot sync the folder of", path_, errno);
    is_name_durable_ = true;
    return {};
  }
  Status finish() override {
    GYRE_TRY(flush());
    GYRE_TRY(engine::sync(descriptor_.number(), path_));
    if (::close(descriptor_.release()) != 0) return failure("cannot close", path_, errno);
    return {};
  }

 private:
  Status flush() {
    GYRE_TRY(writeAll(descriptor_.number(), base::asBytes(buffer_), path_));
    buffer_.clear();
    return {};
  }
  Descriptor descriptor_;
  int folder_;
  std::string path_;
  std::string buffer_;
  bool is_name_durable_ = false;
};

}  // namespace

Result<std::unique_ptr<MmapDirectory>> MmapDirectory::open(std::string path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return failure("cannot create folder", path, error.value());
  Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.isOpen()) return failure("cannot open folder", path, errno);
  if (::flock(folder.number(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return failure("cannot lock folder", path, errno);
    return unavailable("folder " + path + " is in use by another process");
  }
  return std::unique_ptr<MmapDirectory>(new MmapDirectory(std::move(path), folder.release()));
}

MmapDirectory::~MmapDirectory() { ::close(folder_); }

Result<std::unique_ptr<MappedFile>> MmapDirectory::open(std::string_view name) {
  const std::string path = pathOf(name);
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.isOpen()) return failure("cannot open", path, errno);
  struct ::stat information {};
  if (::fstat(file.number(), &information) != 0) return failure("cannot examine", path, errno);
  const auto size = static_cast<std::size_t>(information.st_size);
  if (size == 0) return std::unique_ptr<MappedFile>(std::make_unique<Mapping>(nullptr, 0));
  void* const address = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.number(), 0);
  if (address == MAP_FAILED) return failure("cannot map", path, errno);
  return std::unique_ptr<MappedFile>(std::make_unique<Mapping>(address, size));
}

Result<std::unique_ptr<FileWriter>> MmapDirectory::create(std::string_view name) {
  std::string path = pathOf(name);
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (descriptor < 0) return failure("cannot create", path, errno);
  return std::unique_ptr<FileWriter>(std::make_unique<DescriptorWriter>(descriptor, folder_, std::move(path)));
}

Status MmapDirectory::replace(std::string_view name, ByteView bytes) {
  const std::string path = pathOf(name), temporary = path + std::string(kTemporary);
  const Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file.isOpen()) return failure("cannot create", temporary, errno);
  GYRE_TRY(writeAll(file.number(), bytes, temporary));
  GYRE_TRY(sync(file.number(), temporary));
  // The names of files finished before must be durable when the new bytes name them, so the folder is synced both
  // before and after the rename.
  GYRE_TRY(sync(folder_, path_));
  if (::rename(temporary.c_str(), path.c_str()) != 0) return failure("cannot rename to", path, errno);
  return sync(folder_, path_);
}

Status MmapDirectory::remove(std::string_view name) {
  const std::string path = pathOf(name);
  return ::unlink(path.c_str()) == 0 ? Status() : failure("cannot remove", path, errno);
}

Result<std::vector<std::string>> MmapDirectory::list() {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator each(path_, error), end; !error && each != end; each.increment(error)) {
    const std::string name = each->path().filename().string();
    if (!name.ends_with(kTemporary)) names.push_back(name);
  }
  if (error) return failure("cannot list", path_, error.value());
  return names;
}

}  // namespace gyre::engine
