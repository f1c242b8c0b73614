#include "server/http/output_buffer.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace gyre::http {

namespace {

constexpr std::size_t kLargeBody = 16u << 10;    // below, one copy is cheaper than one more piece in sendmsg
constexpr std::size_t kFullRun = kLargeBody;     // so that nothing is ever appended to a large body
constexpr std::size_t kKeptCapacity = 4u << 10;  // what an idle connection may hold on to
constexpr std::size_t kPieces = 16;

}  // namespace

std::string& OutputBuffer::run() {
  if (runs_.empty() || runs_.back().size() >= kFullRun) runs_.emplace_back();
  return runs_.back();
}

void OutputBuffer::append(std::string_view bytes) {
  run().append(bytes);
  added(bytes.size());
}

void OutputBuffer::appendBody(std::string&& body) {
  if (body.size() < kLargeBody) return append(body);
  added(body.size());
  runs_.push_back(std::move(body));
}

OutputBuffer::Flushed OutputBuffer::flush(int descriptor, std::size_t& written) {
  while (size_ > 0) {
    iovec pieces[kPieces];
    std::size_t count = 0;
    for (std::size_t i = first_; i < runs_.size() && count < kPieces; ++i) {
      const std::size_t skipped = i == first_ ? offset_ : 0;
      pieces[count++] = {runs_[i].data() + skipped, runs_[i].size() - skipped};
    }
    msghdr message{};
    message.msg_iov = pieces;
    message.msg_iovlen = count;
    const ssize_t sent = ::sendmsg(descriptor, &message, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      return errno == EAGAIN || errno == EWOULDBLOCK ? Flushed::kBlocked : Flushed::kBroken;
    }
    consume(static_cast<std::size_t>(sent));
    written += static_cast<std::size_t>(sent);
  }
  return Flushed::kAll;
}

void OutputBuffer::consume(std::size_t bytes) {
  size_ -= bytes;
  while (bytes > 0) {
    const std::size_t taken = std::min(bytes, runs_[first_].size() - offset_);
    bytes -= taken;
    offset_ += taken;
    if (offset_ < runs_[first_].size()) return;
    if (size_ > 0) runs_[first_] = std::string();
    ++first_;
    offset_ = 0;
  }
  if (size_ > 0) return;
  runs_.resize(1);
  if (runs_[0].capacity() > kKeptCapacity) runs_[0] = std::string();
  runs_[0].clear();
  first_ = 0;
}

}  // namespace gyre::http
