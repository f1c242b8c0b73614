// What did the document look like when it came? Its JSON, byte for byte, in compressed blocks.
//
// Documents are collected to about 16 KiB and compressed together with zstd: one document costs one block to read
// (some 15 µs), which a small cache of the last blocks a thread read makes up for when hits are neighbours. Every block
// carries zstd's own checksum besides the section's, so bytes that rot after the segment was opened are seen too.
// FORMAT: docs/INDEX_FORMAT.md, "Stored documents".
//
// THREADS: a writer belongs to one thread; a reader is immutable. OWNS: a reader borrows both sections' bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "engine/codec/byte_sink.hpp"
#include "engine/codec/doc_id.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

inline constexpr std::size_t kStoredBlockBytes = 16u << 10;

class StoredFieldsWriter {
 public:
  // Compressed blocks go to `data` as they fill.
  explicit StoredFieldsWriter(ByteSink& data) : data_(data) {}
  Status add(std::string_view source);
  // Takes a whole block of another segment as it is. `doc_count` documents.
  Status addBlock(base::ByteView compressed, std::uint32_t doc_count);
  // Appends the index section.
  Status finish(std::string& index);

 private:
  Status flush();

  ByteSink& data_;
  std::uint64_t written_ = 0;
  std::uint32_t doc_count_ = 0;  // added
  std::uint32_t pending_ = 0;    // of those, not yet in a block
  std::string lengths_;
  std::string sources_;
  std::string compressed_;
  std::vector<std::uint64_t> block_starts_;
  std::vector<std::uint32_t> first_docs_;
};

class StoredFieldsReader {
 public:
  StoredFieldsReader() = default;
  static Result<StoredFieldsReader> open(base::ByteView data, base::ByteView index, std::uint32_t doc_count);

  // corruption when the block does not decompress to what its documents need.
  Result<std::string> read(DocId doc) const;

  struct Block {
    base::ByteView compressed;
    DocId first_doc;
    std::uint32_t doc_count;
    std::uint64_t unpacked_size;  // 0 when the block is damaged
  };
  std::uint32_t blockCount() const { return block_count_; }
  Block block(std::uint32_t number) const;
  // Calls `visit(doc, source)` for each document of a block; for merges and checks.
  template <class Visit>
  Status visitBlock(std::uint32_t number, Visit&& visit) const {
    GYRE_TRY_ASSIGN(const Unpacked unpacked, unpackBlock(number));
    const Block each = block(number);
    for (std::uint32_t i = 0; i < each.doc_count; ++i) GYRE_TRY(visit(each.first_doc + i, unpacked.source(i)));
    return {};
  }

 private:
  struct Unpacked {
    std::string bytes;
    std::vector<std::uint32_t> ends;  // in bytes; the first source begins at ends[0]
    std::string_view source(std::uint32_t i) const {
      return std::string_view(bytes).substr(ends[i], ends[i + 1] - ends[i]);
    }
  };
  struct Cache;
  Result<Unpacked> unpackBlock(std::uint32_t number) const;
  std::uint32_t blockOf(DocId doc) const;
  std::uint64_t blockStart(std::uint32_t number) const;
  DocId firstDoc(std::uint32_t number) const;

  base::ByteView data_;
  base::ByteView index_;
  std::uint32_t block_count_ = 0;
  std::uint64_t identity_ = 0;  // tells readers apart in the cache; addresses are reused
};

}  // namespace gyre::engine
