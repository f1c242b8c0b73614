// Which document has this id? A hash table on disk, looked up without reading ahead.
//
// Open addressing with linear probing: a byte of the hash (the fingerprint) a slot tells nearly all wrong slots apart,
// so an id that a segment does not hold costs one cache line. Three quarters of the slots are taken, and documents take
// as many bits as the largest needs: 4.5 bytes an id of a segment of 300,000. FORMAT: docs/INDEX_FORMAT.md, "Ids".
//
// THREADS: a writer belongs to one thread; a reader is immutable. OWNS: a reader borrows the sections' bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "engine/codec/doc_values.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

// The hash that the table is built with; computed once for a look-up in many segments.
std::uint64_t hashId(std::string_view id);

class IdIndexWriter {
 public:
  // Documents in order: an id that no other has, or "" for a nested object, which has none.
  void add(std::string_view id);
  // Appends the three sections.
  void finish(std::string& bytes, std::string& ends, std::string& slots);

 private:
  std::string bytes_;
  std::vector<std::uint64_t> ends_;
  std::vector<std::uint64_t> hashes_;
  std::vector<DocId> docs_;  // of the hashes
};

class IdIndexReader {
 public:
  IdIndexReader() = default;
  struct Sections {
    base::ByteView bytes;
    base::ByteView ends;
    base::ByteView slots;
    base::ByteView table;  // instead of slots, in segments written before there were any
  };
  // `id_count`: documents that have an id.
  static Result<IdIndexReader> open(const Sections& sections, std::uint32_t doc_count, std::uint32_t id_count);

  // REQUIRES: hash is hashId(id).
  std::optional<DocId> find(std::string_view id, std::uint64_t hash) const;
  std::string_view id(DocId doc) const;

 private:
  std::uint64_t firstSlot(std::uint64_t hash) const;

  base::ByteView bytes_;
  base::ByteView fingerprints_;
  base::ByteView docs_;
  std::unique_ptr<ColumnReader> ends_;
  std::uint32_t doc_count_ = 0;
  unsigned width_ = 0;  // of a document in the slots; 0: a table
};

}  // namespace gyre::engine
