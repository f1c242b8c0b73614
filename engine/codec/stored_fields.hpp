// What did the document look like when it came? Its JSON, byte for byte, in compressed blocks.
//
// Neighbouring documents are compressed together: two, or about 1 KiB of small ones, with a dictionary, 16 KiB without
// (small segments alone). One document costs one block to read, 2 µs or 15; a small cache of the last blocks a thread
// read makes up for the rest when hits are neighbours. Merges copy blocks as they are, so a segment may hold several
// dictionaries. FORMAT: docs/INDEX_FORMAT.md, "Stored documents".
//
// THREADS: a writer belongs to one thread; a reader is immutable. OWNS: a reader borrows its sections' bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "engine/codec/block_dictionary.hpp"
#include "engine/codec/byte_sink.hpp"
#include "engine/codec/doc_id.hpp"
#include "engine/codec/doc_values.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

using DictionaryPtr = std::shared_ptr<const BlockDictionary>;
// Segments that came from one index mostly share their dictionary, though not as one object.
inline bool isSame(const DictionaryPtr& a, const DictionaryPtr& b) {
  if (a == b || a == nullptr || b == nullptr) return a == b;
  const auto shapes_of = [](const DictionaryPtr& each) {
    return each->shapes() ? std::string_view(each->shapes()->bytes()) : std::string_view();
  };
  return base::asText(a->bytes()) == base::asText(b->bytes()) && shapes_of(a) == shapes_of(b);
}

class StoredFieldsWriter {
 public:
  // Compressed blocks go to `data` as they fill. `dictionary` may be null.
  StoredFieldsWriter(ByteSink& data, DictionaryPtr dictionary) : data_(data), dictionary_(std::move(dictionary)) {}
  // With a dictionary of shapes, a record of them.
  Status add(std::string_view source);
  // Takes a whole block of another segment as it is. `doc_count` documents.
  Status addBlock(base::ByteView compressed, std::uint32_t doc_count, const DictionaryPtr& dictionary);
  // Appends the sections behind the data; `dictionaries` stays empty when there are none.
  Status finish(std::string& blocks, std::string& dictionaries);
  // Behind finish(): the section of the dictionaries' shapes; empty when none has any.
  std::string shapes() const;

 private:
  struct Range {
    std::uint32_t first_block;
    std::uint32_t dictionary;  // number in dictionaries_, kPlain for none
  };
  bool isFull() const;
  Status flush();
  void beginBlock(std::uint32_t doc_count, const DictionaryPtr& dictionary);

  ByteSink& data_;
  DictionaryPtr dictionary_;
  std::uint64_t written_ = 0;
  std::uint32_t doc_count_ = 0;  // added
  std::uint32_t pending_ = 0;    // of those, not yet in a block
  std::string lengths_;
  std::string sources_;
  std::string compressed_;
  std::vector<std::uint64_t> block_starts_;
  std::vector<std::uint32_t> first_docs_;
  std::vector<DictionaryPtr> dictionaries_;
  std::vector<Range> ranges_;
};

// The sections of stored documents, as they stand in a segment.
struct StoredSections {
  base::ByteView data;
  base::ByteView index;         // of segments written before blocks had dictionaries
  base::ByteView blocks;        // of all others
  base::ByteView dictionaries;  // empty for none
  base::ByteView shapes = {};   // of the dictionaries; empty for none
};

class StoredFieldsReader {
 public:
  StoredFieldsReader() = default;
  static Result<StoredFieldsReader> open(const StoredSections& sections, std::uint32_t doc_count);

  // corruption when the block does not decompress to what its documents need. `shapes`: what it is a record of; null
  // for a document as it is.
  Result<std::string> read(DocId doc, const SourceShapes** shapes = nullptr) const;
  // Has the processor fetch the document's block, for a read() soon.
  void fetchAhead(DocId doc) const;

  struct Block {
    base::ByteView compressed;
    DocId first_doc;
    std::uint32_t doc_count;
    DictionaryPtr dictionary;     // null for none
    std::uint64_t unpacked_size;  // 0 when the block is damaged
  };
  std::uint32_t blockCount() const { return block_count_; }
  Block block(std::uint32_t number) const;
  // Each once, in the order of their use.
  const std::vector<DictionaryPtr>& dictionaries() const { return dictionaries_; }
  // Calls `visit(doc, source)` for each document of a block; for merges and checks. With a dictionary of shapes, what
  // is given is records.
  template <class Visit>
  Status visitBlock(std::uint32_t number, Visit&& visit) const {
    Unpacked unpacked;
    GYRE_TRY(unpackBlock(number, unpacked));
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
  // Blocks from `first_block` on, to the next range.
  struct Range {
    std::uint32_t first_block;
    DictionaryPtr dictionary;
  };
  struct Cache;
  Status openIndex(base::ByteView index, std::uint32_t doc_count);
  Status openBlocks(base::ByteView blocks, std::uint32_t doc_count);
  Status openDictionaries(base::ByteView section, base::ByteView shapes);
  // On any failure nothing of `unpacked` may be used.
  Status unpackBlock(std::uint32_t number, Unpacked& unpacked) const;
  std::uint32_t blockOf(DocId doc) const;
  std::uint64_t blockStart(std::uint32_t number) const;
  DocId firstDoc(std::uint32_t number) const;
  const DictionaryPtr& dictionaryOf(std::uint32_t number) const;

  base::ByteView data_;
  base::ByteView index_;  // empty when there are columns
  std::shared_ptr<const ColumnReader> starts_, first_docs_;
  std::vector<Range> ranges_;
  std::vector<DictionaryPtr> dictionaries_;
  std::uint32_t block_count_ = 0;
  std::uint64_t identity_ = 0;  // tells readers apart in the cache; addresses are reused
};

}  // namespace gyre::engine
