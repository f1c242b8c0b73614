// Where does a codec put bytes that are too many to hold in memory?
//
// A failure is remembered by the sink and reported by whoever finishes the file, so codecs write without checking.
//
// THREADS: one thread.
#pragma once

#include <string>

#include "base/bytes.hpp"

namespace gyre::engine {

class ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual void append(base::ByteView bytes) = 0;
};

// Keeps everything in a string that the caller owns.
class StringSink final : public ByteSink {
 public:
  explicit StringSink(std::string& out) : out_(out) {}
  void append(base::ByteView bytes) override { out_ += base::asText(bytes); }

 private:
  std::string& out_;
};

}  // namespace gyre::engine
