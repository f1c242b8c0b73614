// Which bytes still have to go to the peer, and how are they written with few copies and few system calls?
//
// Small pieces (heads, small bodies) are gathered in one run; a large body is kept as the string it came in and
// is never copied. One flush() is one sendmsg as long as the socket takes everything.
//
// THREADS: one loop's.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gyre::http {

class OutputBuffer {
 public:
  enum class Flushed { kAll, kBlocked, kBroken };  // kBroken: the peer is gone

  // The run that small pieces are appended to; call it anew for each piece. Report what was appended with added().
  std::string& run();
  void added(std::size_t bytes) { size_ += bytes; }
  void append(std::string_view bytes);
  // Takes a body over, whole.
  void appendBody(std::string&& body);

  // Writes until the socket is full; `written` grows by what went out.
  Flushed flush(int descriptor, std::size_t& written);

  std::size_t size() const { return size_; }
  bool isEmpty() const { return size_ == 0; }

 private:
  void consume(std::size_t bytes);

  std::vector<std::string> runs_;
  std::size_t first_ = 0;   // runs before it have gone
  std::size_t offset_ = 0;  // bytes of runs_[first_] that have gone
  std::size_t size_ = 0;    // bytes still to go
};

}  // namespace gyre::http
