// How is a segment's file made readable? The SegmentReader behind every segment, whether its bytes are mapped or in
// memory.
//
// THREADS: immutable; share by shared_ptr. OWNS: the file's bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/codec/id_index.hpp"
#include "engine/codec/nested_docs.hpp"
#include "engine/codec/numbered_ids.hpp"
#include "engine/codec/stored_fields.hpp"
#include "engine/directory/directory.hpp"
#include "engine/segment/segment_file.hpp"
#include "engine/segment/segment_reader.hpp"
#include "engine/segment/stored_ahead.hpp"
#include "engine/suggest/completion_index.hpp"

namespace gyre::engine {

class OpenSegment final : public SegmentReader, public StoredAhead {
 public:
  // `verify`: also every section's checksum. corruption names the file and the offset.
  static Result<std::shared_ptr<const OpenSegment>> open(std::string name, std::unique_ptr<MappedFile> file,
                                                         bool verify);

  std::string_view name() const override { return name_; }
  std::uint32_t docCount() const override { return directory_.doc_count; }
  std::uint64_t sizeBytes() const override { return file_->bytes().size(); }
  const FieldReader* field(std::string_view path) const override;
  std::optional<DocId> find(std::string_view id) const override { return find(id, hashId(id)); }
  Result<std::string> id(DocId doc) const override;
  Result<std::string> source(DocId doc) const override;
  void fetchAhead(DocId doc) const override { stored_.fetchAhead(doc); }
  std::uint64_t version(DocId doc) const override;
  std::uint64_t seqNo(DocId doc) const override;
  std::string_view routing(DocId doc) const override;
  const NestedDocs* nested() const override { return nested_.get(); }

  // For a look-up in many segments: hash is hashId(id).
  std::optional<DocId> find(std::string_view id, std::uint64_t hash) const {
    return numbered_ ? numbered_->find(id) : ids_.find(id, hash);
  }
  std::string idText(DocId doc) const;
  // Null when ids are texts.
  const NumberedIds* numberedIds() const { return numbered_.get(); }
  // Documents that have an id.
  std::uint32_t rootCount() const { return nested_ ? nested_->rootCount() : docCount(); }

  // The whole file, to write it elsewhere.
  base::ByteView bytes() const { return file_->bytes(); }
  std::uint64_t checksum() const { return directory_.checksum; }

  // What was read so far is not needed soon.
  void letGo() const { file_->letGo(); }

  // For merges and checks.
  const std::vector<FieldEntry>& fields() const { return directory_.fields; }
  const StoredFieldsReader& stored() const { return stored_; }
  // The columns that a dictionary's shapes refer to, in their order. Borrows the segment.
  std::unique_ptr<SourceColumns> columnsFor(const std::vector<SourceColumn>& columns) const;
  // The form in which a member of that name stands in a column, if it may.
  std::optional<ColumnForm> formOf(std::string_view path) const;
  // Calls `visit(doc, source)` for each document of a block of stored().
  template <class Visit>
  Status visitSources(std::uint32_t block, Visit&& visit) const {
    const DictionaryPtr dictionary = stored_.block(block).dictionary;
    if (dictionary == nullptr || dictionary->shapes() == nullptr) return stored_.visitBlock(block, visit);
    const auto columns = columnsFor(dictionary->shapes()->columns());
    return stored_.visitBlock(block, [&](DocId doc, std::string_view record) -> Status {
      GYRE_TRY_ASSIGN(const std::string source, dictionary->shapes()->decode(record, doc, *columns));
      return visit(doc, std::string_view(source));
    });
  }
  const ColumnReader& versions() const { return *versions_; }
  bool hasRoutings() const { return !routing_ends_.empty(); }
  const CompletionIndexReader* completion(std::string_view path) const;

 private:
  struct FieldParts {
    FieldReader reader;
    std::unique_ptr<TermDictionaryReader> terms;
    std::unique_ptr<PostingsReader> postings;
    std::unique_ptr<ColumnReader> column;
    std::unique_ptr<CompletionIndexReader> completion;
  };
  // The sections of one field, or of the segment when they belong to none.
  struct Sections;

  OpenSegment(std::string name, std::unique_ptr<MappedFile> file) : name_(std::move(name)), file_(std::move(file)) {}
  Status load(bool verify);
  Status loadDocuments(const Sections& sections);
  Status loadIds(const Sections& sections);
  Status loadField(const FieldEntry& entry, const Sections& sections, FieldParts& parts) const;
  Status loadTerms(const FieldEntry& entry, const Sections& sections, FieldParts& parts) const;
  // Adds file and offset to what a codec found.
  Status locate(const Status& found, base::ByteView section) const;
  Status misfit(base::ByteView section, std::string_view what) const;
  const FieldParts* parts(std::string_view path) const;

  std::string name_;
  std::unique_ptr<MappedFile> file_;
  SegmentDirectory directory_;
  IdIndexReader ids_;
  std::unique_ptr<NumberedIds> numbered_;  // instead of ids_
  StoredFieldsReader stored_;
  Status loadRoutings(base::ByteView section);

  std::unique_ptr<ColumnReader> versions_;
  std::unique_ptr<ColumnReader> seq_nos_;  // null in segments written before there were any: the versions stand in
  base::ByteView routing_ends_;            // four bytes a document; empty when none has a routing
  std::string_view routing_bytes_;
  std::unique_ptr<NestedDocs> nested_;  // null when there are none
  std::vector<FieldParts> fields_;
  std::vector<std::uint32_t> by_path_;  // numbers of fields_, sorted by path
};

// Bytes in memory, as a file that is open.
class MemoryFile final : public MappedFile {
 public:
  explicit MemoryFile(std::string bytes) : text_(std::move(bytes)) {}
  base::ByteView bytes() const override { return base::asBytes(text_); }

 private:
  std::string text_;
};

// A file that grows in a string.
class MemoryFileWriter final : public FileWriter {
 public:
  Status append(base::ByteView bytes) override {
    text_ += base::asText(bytes);
    return {};
  }
  Status sync() override { return {}; }
  Status finish() override { return {}; }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace gyre::engine
