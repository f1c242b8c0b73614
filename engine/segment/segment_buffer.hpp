// Where do documents stand between apply and refresh?
//
// A DocumentSink that keeps a document's values in flat arrays, a few bytes a value, in the order they came: nothing is
// sorted, compressed or linked until segment_writer freezes the whole buffer. A document that turns out to be wrong
// half way is cut off again. Sources, ids and versions can be read back at once, for the real-time get.
//
// THREADS: sink calls, begin and abandon touch nothing that readers see; keep(), remove() and reads by id need the
// owner's lock against each other. OWNS: copies of everything it was given.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/codec/doc_id.hpp"
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
};

class SegmentBuffer final : public DocumentSink {
 public:
  explicit SegmentBuffer(std::shared_ptr<const Mapping> mapping);

  void beginDocument();
  void term(const Field& field, std::string_view term, std::uint32_t position) override;
  void keyword(const Field& field, std::string_view value) override;
  void number(const Field& field, std::int64_t encoded) override;
  void completion(const Field& field, std::string_view input, std::string_view analysed, std::uint32_t weight,
                  std::string_view contexts) override;
  // Forgets what the sink received since beginDocument.
  void abandonDocument();
  // What a document is, besides its values.
  struct Identity {
    std::string_view id;
    std::uint64_t hash = 0;  // hashId(id)
    std::uint64_t version = 0;
    std::uint64_t seq_no = 0;
    std::string_view routing;
  };
  // Keeps it, as the document that the id now names; an earlier one of that id is gone.
  DocId keepDocument(const Identity& identity, std::string_view source);

  std::optional<DocId> find(std::string_view id, std::uint64_t hash) const;
  void remove(DocId doc);

  const Mapping& mapping() const { return *mapping_; }
  std::uint32_t docCount() const { return static_cast<std::uint32_t>(documents_.size()); }
  std::uint32_t liveCount() const { return live_count_; }
  bool isLive(DocId doc) const { return documents_[doc].is_live; }
  std::string_view id(DocId doc) const { return ids_.term(documents_[doc].id); }
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

  std::uint64_t memoryBytes() const;

 private:
  struct Document {
    std::uint64_t version;
    std::uint64_t seq_no;
    std::uint64_t source_start;
    std::uint32_t source_size;
    std::uint32_t id;       // in ids_
    std::uint32_t routing;  // in routings_, or TermTable::kNone
    bool is_live;
  };
  // Where a field stood when the current document first touched it.
  struct Mark {
    std::uint16_t ordinal;
    std::size_t docs, values, completions;
  };
  FieldBuffer& touch(const Field& field);

  std::shared_ptr<const Mapping> mapping_;
  std::vector<FieldBuffer> fields_;
  std::vector<std::uint32_t> touched_;  // by ordinal: the attempt that touched it last
  std::vector<Mark> marks_;
  // Numbers every beginDocument, so that marks left by an abandoned document mean nothing to the next one.
  std::uint32_t attempt_ = 0;

  TermTable ids_;
  TermTable routings_;
  std::vector<DocId> latest_;  // by number in ids_: the live document, kNoMoreDocs when there is none
  std::vector<Document> documents_;
  std::string sources_;
  std::uint32_t live_count_ = 0;
  std::uint64_t value_bytes_ = 0;
};

}  // namespace gyre::engine
