// Where does one syslog message end and the next begin in a stream of bytes? (RFC 6587: octet counting, and the
// newline that most senders use instead.)
//
// Each message says for itself which it is: one that begins with a count ("57 <13>1 …") is that long, any other ends at
// a newline. A message beyond the limit is cut there, with a notice at its end, and what is left of it is passed over.
//
// THREADS: one connection's. OWNS: what came of a message that has not ended yet, at most the limit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gyre::http {

class SyslogFraming {
 public:
  static constexpr std::size_t kMaxMessage = 64u << 10;

  // Hands each message that ends in these bytes to `take(std::string_view)`.
  template <class Take>
  void receive(std::string_view bytes, Take&& take) {
    while (!bytes.empty()) {
      if (state_ == State::kBegin) begin(bytes);
      if (state_ == State::kCount) readCount(bytes);
      if (state_ == State::kLine) readLine(bytes, take);
      if (state_ == State::kCounted) readCounted(bytes, take);
    }
  }
  // The sender has ended: a last line needs no newline.
  template <class Take>
  void end(Take&& take) {
    if (state_ == State::kCount) state_ = State::kLine;
    finish(take);
  }
  // How many were cut.
  std::uint64_t cut() const { return cut_; }

 private:
  enum class State : std::uint8_t { kBegin, kCount, kLine, kCounted };
  static constexpr std::size_t kMaxDigits = 9;

  void begin(std::string_view& bytes) {
    // Newlines between messages, as some senders put after a counted one.
    while (!bytes.empty() && (bytes.front() == '\n' || bytes.front() == '\r' || bytes.front() == '\0'))
      bytes.remove_prefix(1);
    if (bytes.empty()) return;
    state_ = bytes.front() >= '1' && bytes.front() <= '9' ? State::kCount : State::kLine;
  }
  void readCount(std::string_view& bytes) {
    while (!bytes.empty()) {
      const char c = bytes.front();
      if (c == ' ' && !message_.empty()) {
        bytes.remove_prefix(1);
        left_ = 0;
        for (const char digit : message_) left_ = left_ * 10 + static_cast<std::size_t>(digit - '0');
        message_.clear();
        state_ = State::kCounted;
        return;
      }
      if (c < '0' || c > '9' || message_.size() == kMaxDigits) {
        state_ = State::kLine;  // a line that begins with a number
        return;
      }
      message_ += c;
      bytes.remove_prefix(1);
    }
  }
  template <class Take>
  void readLine(std::string_view& bytes, Take& take) {
    const std::size_t end = bytes.find('\n');
    keep(bytes.substr(0, end));
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    if (end != std::string_view::npos) finish(take);
  }
  template <class Take>
  void readCounted(std::string_view& bytes, Take& take) {
    const std::size_t size = bytes.size() < left_ ? bytes.size() : left_;
    keep(bytes.substr(0, size));
    bytes.remove_prefix(size);
    left_ -= size;
    if (left_ == 0) finish(take);
  }
  void keep(std::string_view bytes) {
    const std::size_t room = kMaxMessage - message_.size();
    if (bytes.size() > room) is_cut_ = true;
    message_ += bytes.substr(0, room);
  }
  template <class Take>
  void finish(Take& take) {
    while (!message_.empty() && (message_.back() == '\r' || message_.back() == '\n' || message_.back() == '\0'))
      message_.pop_back();
    if (is_cut_) {
      message_ += " [cut at " + std::to_string(kMaxMessage) + " bytes]";
      ++cut_;
    }
    if (!message_.empty()) take(std::string_view(message_));
    message_.clear();
    if (message_.capacity() > 4096) message_.shrink_to_fit();  // an idle sender holds next to nothing
    is_cut_ = false;
    state_ = State::kBegin;
  }

  State state_ = State::kBegin;
  bool is_cut_ = false;
  std::size_t left_ = 0;  // of a counted message
  std::string message_;
  std::uint64_t cut_ = 0;
};

}  // namespace gyre::http
