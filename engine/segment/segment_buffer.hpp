// Where do documents stand between apply and refresh?
//
// A DocumentSink that keeps a document's values in flat arrays, a few bytes a value, in the order they came: nothing is
// sorted, compressed or linked until segment_writer freezes the whole buffer. A document that turns out to be wrong
// half way is cut off again. Sources, ids and versions can be read back at once, for the real-time get.
//
// Objects of nested fields become documents before the one that holds them (codec/nested_docs.hpp). Which number an
// object gets is known only at its end, so while a document is read its objects are numbered as they begin, and
// keepDocument puts them in their places.
//
// THREADS: sink calls, begin and abandon touch nothing that readers see; keep(), remove() and reads by id need the
// owner's lock against each other. OWNS: copies of everything it was given.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/codec/doc_id.hpp"
#include "engine/codec/numbered_ids.hpp"
#include "engine/mapping/document_parser.hpp"
#include "engine/mapping/mapping.hpp"
#include "engine/segment/term_table.hpp"
#include "engine/suggest/completion_index.hpp"

namespace gyre::engine {

// The values of one field so far. Which arrays are used depends on the type.
struct FieldBuffer {
  TermTable terms;                       // keyword, text
  std::vector<DocId> docs;               // number, keyword: of each value; text: of each document that has terms
  std::vector<std::int64_t> numbers;     // number
  std::vector<std::uint32_t> term_ids;   // keyword: of each value; text: of each occurrence
  std::vector<std::uint32_t> positions;  // text: of each occurrence
  std::vector<std::uint32_t> ends;       // text: occurrences up to and including those of docs[i]
  CompletionWriter completions;
  std::uint32_t first_position = 0;  // text: of the nested object that is being read

  // Occurrences in term_ids that have no number yet: a table of terms is in no cache, and what several of them need is
  // fetched at once.
  struct Waiting {
    std::uint64_t hash;
    std::size_t at;   // in term_ids
    std::size_t end;  // in waiting_bytes
  };
  std::vector<Waiting> waiting;
  std::string waiting_bytes;
  std::uint64_t counted_bytes = 0;  // of memoryBytes(), in the buffer's sum

  void clear();
  // Held, whether values need it or not.
  std::uint64_t memoryBytes() const;
  // Numbers the terms that wait.
  void settle();
  // Forgets those that wait from that place of term_ids on.
  void dropWaiting(std::size_t from);
};

class SegmentBuffer final : public DocumentSink {
 public:
  explicit SegmentBuffer(std::shared_ptr<const Mapping> mapping);

  void beginDocument();
  void term(const Field& field, std::string_view term, std::uint32_t position) override;
  void wordless(const Field& field) override;
  void keyword(const Field& field, std::string_view value) override;
  void number(const Field& field, std::int64_t encoded) override;
  void completion(const Field& field, std::string_view input, std::string_view analysed, std::uint32_t weight,
                  std::string_view contexts) override;
  void beginNested(const Field& object) override;
  void endNested() override;
  // Takes on a mapping with more fields, or gives one up again (the fields that go must have no values).
  // REQUIRES: between documents; the fields that both have keep their ordinals and types.
  void adopt(std::shared_ptr<const Mapping> mapping);
  // Empty again, with that mapping (as adopt() takes one). The memory it grew to is kept: as much is likely to come.
  void clear(std::shared_ptr<const Mapping> mapping);
  // Forgets what the sink received since beginDocument.
  void abandonDocument();
  // What a document is, besides its values.
  struct Identity {
    std::string_view id;
    std::uint64_t hash = 0;  // hashId(id)
    std::uint64_t version = 0;
    std::uint64_t seq_no = 0;
    std::string_view routing;
    // Of an id that is made of numbers, this and the version, and that no other document of the index has; then `id`
    // and `hash` mean nothing.
    std::optional<std::int64_t> number = {};
  };
  // Before term_ids are read.
  void settle();
  // Keeps it, as the document that the id now names; an earlier one of that id is gone. Returns the root's number.
  DocId keepDocument(const Identity& identity, std::string_view source);

  std::optional<DocId> find(std::string_view id, std::uint64_t hash) const;
  void remove(DocId doc);
  // Has the live documents stand in that order, of their numbers without the dead ones, which go behind them.
  // REQUIRES: between documents, and none has nested objects.
  void reorder(std::span<const DocId> order);

  const Mapping& mapping() const { return *mapping_; }
  std::uint32_t docCount() const { return static_cast<std::uint32_t>(documents_.size()); }
  std::uint32_t liveCount() const { return live_count_; }
  // Without nested objects.
  std::uint32_t liveRootCount() const { return live_root_count_; }
  bool isLive(DocId doc) const { return documents_[doc].is_live; }
  // "" for an object of a nested field.
  // REQUIRES: not isNumbered(doc).
  std::string_view id(DocId doc) const {
    return documents_[doc].id == TermTable::kNone ? std::string_view() : ids_.term(documents_[doc].id);
  }
  bool isNumbered(DocId doc) const { return documents_[doc].is_numbered; }
  // REQUIRES: isNumbered(doc).
  IdNumbers idNumbers(DocId doc) const { return {numbers_[documents_[doc].id], documents_[doc].version}; }
  // The nested field that the document is an object of, "" for a root.
  std::string_view nestedPath(DocId doc) const {
    const std::uint16_t object = documents_[doc].object;
    return object == kRootObject ? std::string_view() : std::string_view(mapping_->fields()[object].path);
  }
  std::uint64_t version(DocId doc) const { return documents_[doc].version; }
  std::uint64_t seqNo(DocId doc) const { return documents_[doc].seq_no; }
  std::string_view routing(DocId doc) const {
    return documents_[doc].routing == TermTable::kNone ? std::string_view() : routings_.term(documents_[doc].routing);
  }
  std::string_view source(DocId doc) const {
    return std::string_view(sources_).substr(documents_[doc].source_start, documents_[doc].source_size);
  }
  // By Field::ordinal.
  const FieldBuffer& field(std::uint16_t ordinal) const { return fields_[ordinal]; }
  // New numbers when the dead ones are left out, kNoMoreDocs for those; empty when all are live.
  std::vector<DocId> renumbered() const;

  // Held, to within some percent: what arrays grew to and what clear() kept is counted, be it needed or not.
  std::uint64_t memoryBytes() const;
  // What the documents need of it.
  std::uint64_t usedBytes() const;
  // Whether it should become a segment before it takes more: it holds the limit, and not mostly for documents to come.
  bool isFull(std::uint64_t limit) const { return memoryBytes() >= limit && usedBytes() >= limit / 2; }

 private:
  struct Document {
    std::uint64_t version;
    std::uint64_t seq_no;
    std::uint64_t source_start;
    std::uint32_t source_size;
    std::uint32_t id;       // in ids_, or numbers_
    std::uint32_t routing;  // in routings_, or TermTable::kNone
    std::uint16_t object;   // ordinal of the nested field, or kRootObject
    bool is_live;
    bool is_numbered = false;
  };
  // Where a field stood when the current document first touched it.
  struct Mark {
    std::uint16_t ordinal;
    std::size_t docs, values, completions;
  };
  static constexpr std::uint16_t kRootObject = 0xffff;
  static constexpr std::uint32_t kUnset = 0xffff'ffffu;
  static constexpr std::size_t kMostWaiting = 16;
  // The document being read, or an object in it, that is not at its end yet.
  struct Frame {
    std::uint16_t object = kRootObject;
    std::uint32_t number = 0;   // of the object as it began, the document itself is 0
    std::uint32_t attempt = 0;  // see attempt_
    // Frames that take this one's values too.
    std::vector<std::uint32_t> copies;
  };
  struct Object {
    std::uint16_t object = kRootObject;
    std::uint32_t place = kUnset;  // among the documents of the block
  };
  // What the mapping says about nested fields.
  void layOutObjects();
  FieldBuffer& touch(const Field& field);
  // Brings what the sum says of a field up to date.
  void count(FieldBuffer& buffer);
  // The frame whose document holds the field's values.
  const Frame& frameOf(const Field& field) const;
  // Begins the document's run of terms when there is none yet.
  static void beginRun(FieldBuffer& buffer, DocId doc);
  void addTerm(FieldBuffer& buffer, DocId doc, std::uint32_t number, std::uint32_t position);
  void addKeyword(FieldBuffer& buffer, const Frame& frame, std::uint32_t number);
  // Calls visit(frame) for the field's frame and those that take its values too.
  template <class Visit>
  void eachFrame(const Field& field, Visit&& visit);
  DocId docOf(const Frame& frame) const { return docCount() + frame.number; }
  // Numbers and sorts what the document's objects brought.
  void settleObjects();
  void settleText(FieldBuffer& buffer, const Mark& mark) const;
  void settleValues(FieldBuffer& buffer, const Mark& mark, bool is_numeric) const;

  std::shared_ptr<const Mapping> mapping_;
  std::vector<FieldBuffer> fields_;
  std::vector<std::uint32_t> touched_;  // by ordinal: the attempt that touched it last
  std::vector<Mark> marks_;
  // Numbers every document and object that begins, so that marks left by one mean nothing to the next.
  std::uint32_t attempt_ = 0;
  std::uint32_t document_attempt_ = 0;

  bool has_nested_fields_ = false;
  std::vector<std::uint16_t> object_of_;  // by ordinal: the innermost nested field around it
  std::vector<Frame> frames_;             // that are open, outermost first
  std::vector<Object> objects_;           // of the document, as they began; the first is the document itself
  std::uint32_t ended_ = 0;

  std::optional<DocId> findNumbered(std::string_view id) const;

  TermTable ids_;
  std::vector<std::int64_t> numbers_;
  TermTable routings_;
  std::vector<DocId> latest_;  // by number in ids_: the live document, kNoMoreDocs when there is none
  std::vector<Document> documents_;
  std::string sources_;
  std::uint32_t live_count_ = 0;
  std::uint32_t live_root_count_ = 0;
  std::uint64_t value_bytes_ = 0;
  std::uint64_t field_bytes_ = 0;  // the sum of the fields' memoryBytes()
};

}  // namespace gyre::engine
