#include "engine/codec/spool.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace gyre::engine {
namespace {

constexpr std::size_t kMemoryBytes = 1u << 20;
constexpr std::size_t kReadBytes = 256u << 10;

Status failure(const char* what, const std::string& folder, int error) {
  const std::string message = std::string(what) + " a temporary file in " + folder + ": " +
                              std::error_code(error, std::generic_category()).message();
  if (error == ENOSPC || error == EDQUOT) return {Code::kResourceExhausted, "disk_full", message};
  return internalError(message);
}

}  // namespace

Spool::~Spool() {
  if (file_ >= 0) ::close(file_);
}

void Spool::append(base::ByteView bytes) {
  memory_ += base::asText(bytes);
  size_ += bytes.size();
  if (memory_.size() >= kMemoryBytes && !is_memory_only_) spill();
}

void Spool::spill() {
#ifdef O_TMPFILE
  if (file_ < 0 && !folder_.empty()) file_ = ::open(folder_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
#endif
  if (file_ < 0) {
    is_memory_only_ = true;
    return;
  }
  for (std::string_view rest = memory_; !rest.empty() && status_.isOk();) {
    const ::ssize_t written = ::write(file_, rest.data(), rest.size());
    if (written < 0 && errno != EINTR) status_ = failure("cannot write", folder_, errno);
    if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
  }
  in_file_ += memory_.size();
  memory_.clear();
}

// In pieces of a multiple of eight bytes, but for the last.
void Spool::copyTo(ByteSink& out) {
  std::string piece;
  for (std::uint64_t at = 0; at < in_file_; at += piece.size()) {
    piece.assign(std::min<std::uint64_t>(kReadBytes, in_file_ - at), '\0');
    for (std::size_t filled = 0; filled < piece.size() && status_.isOk();) {
      const ::ssize_t got =
          ::pread(file_, piece.data() + filled, piece.size() - filled, static_cast<::off_t>(at + filled));
      if (got > 0) filled += static_cast<std::size_t>(got);
      if (got == 0 || (got < 0 && errno != EINTR)) status_ = failure("cannot read", folder_, got < 0 ? errno : EIO);
    }
    out.append(base::asBytes(piece));
  }
  out.append(base::asBytes(memory_));
}

}  // namespace gyre::engine
