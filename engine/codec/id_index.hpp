// Which document has this id? A hash table on disk, looked up without reading ahead.
//
// Open addressing with linear probing: a byte of the hash (the fingerprint) a slot tells nearly all wrong slots apart,
// so an id that a segment does not hold costs one cache line. At most two thirds of the slots are taken. FORMAT:
// docs/INDEX_FORMAT.md, "Ids".
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
  void finish(std::string& bytes, std::string& ends, std::string& table);

 private:
  std::string bytes_;
  std::vector<std::uint64_t> ends_;
  std::vector<std::uint64_t> hashes_;
  std::vector<DocId> docs_;  // of the hashes
};

class IdIndexReader {
 public:
  IdIndexReader() = default;
  // `id_count`: documents that have an id.
  static Result<IdIndexReader> open(base::ByteView bytes, base::ByteView ends, base::ByteView table,
                                    std::uint32_t doc_count, std::uint32_t id_count);

  // REQUIRES: hash is hashId(id).
  std::optional<DocId> find(std::string_view id, std::uint64_t hash) const;
  std::string_view id(DocId doc) const;

 private:
  base::ByteView bytes_;
  base::ByteView fingerprints_;
  base::ByteView docs_;
  std::unique_ptr<ColumnReader> ends_;
  std::uint32_t doc_count_ = 0;
};

}  // namespace gyre::engine
