// Where do an index's bytes live?
//
// Files are written once and never changed after finish(); replace() swaps a small file atomically. Every byte an index
// keeps goes through a Directory, so a test can stand between the engine and the disk: fail a write, tear it, forget
// what was not synced, flip a bit.
//
// THREADS: all methods may be called concurrently for different names. A FileWriter belongs to one thread.
// OWNS: a Directory outlives what it opened, but a mapped file stays readable after remove().
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

using base::ByteView;

// An open file's bytes, valid while this object lives.
class MappedFile {
 public:
  virtual ~MappedFile() = default;
  virtual ByteView bytes() const = 0;
  // A hint: what was read so far is not needed soon. A mapped file gives its pages back to the page cache.
  virtual void letGo() const {}
};

class FileWriter {
 public:
  virtual ~FileWriter() = default;
  virtual Status append(ByteView bytes) = 0;
  // Makes the name and every byte appended so far durable, and goes on. For a file that grows while it counts (a log).
  virtual Status sync() = 0;
  // Makes the bytes durable (fsync) and closes. Destroying a writer before finish() leaves a file that nobody names:
  // the next open removes it.
  virtual Status finish() = 0;
};

class Directory {
 public:
  virtual ~Directory() = default;
  // not_found when absent.
  virtual Result<std::unique_ptr<MappedFile>> open(std::string_view name) = 0;
  // Fails when the name exists.
  virtual Result<std::unique_ptr<FileWriter>> create(std::string_view name) = 0;
  // Writes a small file so that after a crash readers see the old bytes or the new ones, whole (temporary file, fsync,
  // rename, fsync of the folder). Returns only when the new bytes, and every file finished before, are durable.
  virtual Status replace(std::string_view name, ByteView bytes) = 0;
  virtual Status remove(std::string_view name) = 0;
  // Names, in no order. Temporary files of replace() are not listed.
  virtual Result<std::vector<std::string>> list() = 0;
  // For messages: where this is, as an operator would name it.
  virtual std::string describe() const = 0;
};

}  // namespace gyre::engine
