// Bytes that have to wait until what stands before them is known: the blocks of a term dictionary and of a column stand
// behind a table of where each begins. Many must not wait in memory, since a merge may bring any number.
//
// In memory up to a megabyte, then in a file without a name in `folder`, which is gone with the spool. Where no such
// file can be made (no folder, an old filesystem) all stays in memory.
//
// THREADS: one thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/bytes.hpp"
#include "engine/codec/byte_sink.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

class Spool final : public ByteSink {
 public:
  explicit Spool(std::string folder = {}) : folder_(std::move(folder)) {}
  ~Spool() override;
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  void append(base::ByteView bytes) override;
  std::uint64_t size() const { return size_; }
  // All bytes, in the order they came, in pieces of a multiple of eight but for the last; those that could not be read
  // back are zeros, and status() says so.
  void copyTo(ByteSink& out);
  // The first failure of any call: resource_exhausted "disk_full", or internal.
  const Status& status() const { return status_; }

 private:
  void spill();

  std::string folder_;
  int file_ = -1;
  bool is_memory_only_ = false;
  std::uint64_t size_ = 0, in_file_ = 0;
  std::string memory_;  // what is behind the file's bytes
  Status status_;
};

}  // namespace gyre::engine
