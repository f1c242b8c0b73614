// What does one immutable segment hold?
//
// One file, written once and mapped: per field a term dictionary with postings, a column, lengths (norms), completions;
// per document its id and stored source. Every section has a checksum, verified once when the segment is opened.
// A segment made by a refresh may live in memory in the same format until the next commit writes it out.
// FORMAT: see docs/INDEX_FORMAT.md.
//
// THREADS: immutable; share by shared_ptr. What is deleted is not known here: see SegmentView.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/codec/doc_id.hpp"
#include "engine/codec/doc_values.hpp"
#include "engine/codec/nested_docs.hpp"
#include "engine/codec/postings.hpp"
#include "engine/codec/term_dictionary.hpp"
#include "engine/mapping/mapping.hpp"
#include "engine/suggest/completion_reader.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

// What a segment keeps of one field. Pointers are null where the field has nothing of the kind in this segment.
struct FieldReader {
  FieldType type = FieldType::kObject;
  const TermDictionaryReader* terms = nullptr;  // keyword, text
  const PostingsReader* postings = nullptr;     // of the same terms
  const ColumnReader* column = nullptr;         // numbers, or ordinals of `terms` for keyword
  const CompletionReader* completion = nullptr;
  // text: one byte a document, Lucene's SmallFloat.intToByte4 of its number of terms; 0 where the field is absent. Null
  // when all documents have it, each with a length of one.
  const std::uint8_t* norms = nullptr;
  // Documents that have the field (a bit each), for exists on text, where a value need not have words; null when
  // `column` answers or all documents have it.
  const std::uint64_t* present = nullptr;
  std::uint32_t doc_count = 0;            // documents with at least one value; of text, with at least one word
  std::uint64_t sum_total_term_freq = 0;  // occurrences of all terms
};

class SegmentReader {
 public:
  virtual ~SegmentReader() = default;
  virtual std::string_view name() const = 0;  // "seg_0000000012"; unique in its index
  virtual std::uint32_t docCount() const = 0;
  virtual std::uint64_t sizeBytes() const = 0;
  // Null when no document of the segment has the field.
  virtual const FieldReader* field(std::string_view path) const = 0;
  // The document with this id; nothing when the segment has none.
  virtual std::optional<DocId> find(std::string_view id) const = 0;
  virtual Result<std::string> id(DocId doc) const = 0;
  virtual Result<std::string> source(DocId doc) const = 0;
  virtual std::uint64_t version(DocId doc) const = 0;
  // The number of the operation that wrote the document: `_seq_no`.
  virtual std::uint64_t seqNo(DocId doc) const = 0;
  // "" when the document was written without one.
  virtual std::string_view routing(DocId doc) const = 0;
  // Which documents are objects of nested fields; null when none is. Those have neither id nor source.
  virtual const NestedDocs* nested() const = 0;
};

// A segment as one snapshot sees it.
struct SegmentView {
  std::shared_ptr<const SegmentReader> segment;
  // One bit a document, set when live; null when all are. Rounded up to whole windows, padding bits clear.
  std::shared_ptr<const std::vector<std::uint64_t>> live;
  std::uint32_t live_count = 0;
};

// Documents that are neither deleted nor objects of nested fields: what a search may answer with.
inline bool isVisible(const SegmentView& view, DocId doc) {
  if (view.live != nullptr && ((*view.live)[doc / 64] >> (doc % 64) & 1) == 0) return false;
  const NestedDocs* const nested = view.segment->nested();
  return nested == nullptr || nested->isRoot(doc);
}
// Clears the bits of the window's other documents.
inline void keepVisible(const SegmentView& view, std::uint32_t window, std::uint64_t* bits) {
  const std::size_t first = std::size_t{window} * kWindowWords;
  if (view.live != nullptr)
    for (std::uint32_t w = 0; w < kWindowWords; ++w) bits[w] &= (*view.live)[first + w];
  if (const NestedDocs* const nested = view.segment->nested())
    for (std::uint32_t w = 0; w < kWindowWords; ++w) bits[w] &= nested->roots()[first + w];
}

// What a search runs on: lives as long as its last reader, unaffected by later writes and merges.
struct Snapshot {
  std::shared_ptr<const Mapping> mapping;
  std::vector<SegmentView> segments;
  std::uint64_t generation = 0;  // grows with every refresh that changed something
  std::uint64_t sequence = 0;    // the last sequence whose operations are all visible here
};

}  // namespace gyre::engine
