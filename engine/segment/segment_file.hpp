// How is a segment file cut into sections, and how do we know that none is damaged?
//
// A header, the sections one after the other, a directory that names them with a checksum each, and a footer of fixed
// size that finds the directory. It is written front to back, so a segment larger than memory streams out.
// FORMAT: docs/INDEX_FORMAT.md, "Segment file".
//
// THREADS: a writer belongs to one thread. OWNS: a directory borrows the file's bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "engine/codec/byte_sink.hpp"
#include "engine/directory/directory.hpp"
#include "engine/mapping/mapping.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

// FORMAT: the numbers stand in files; append, never renumber.
enum class SectionKind : std::uint8_t {
  kStoredData = 1,
  kStoredIndex = 2,  // of segments written before there were kStoredBlocks
  kIdBytes = 3,
  kIdEnds = 4,
  kIdTable = 5,  // of segments written before there were kIdSlots
  kVersions = 6,
  kSeqNos = 7,
  kRoutings = 8,  // only when some document has one
  kNested = 9,    // only when there are nested objects
  kStoredBlocks = 10,
  kStoredDictionaries = 11,  // only when blocks were compressed with one
  kIdSlots = 12,
  kIdNumbers = 13,     // instead of the other kinds of ids
  kStoredShapes = 14,  // only when a dictionary has some
  // of one field each
  kTerms = 16,
  kPostings = 17,
  kColumn = 18,
  kNorms = 19,
  kPresence = 20,
  kCompletion = 21,
};
inline constexpr std::uint32_t kNoField = 0xffff'ffffu;

// What the directory says of a field.
struct FieldEntry {
  std::string path;
  FieldType type = FieldType::kObject;
  std::uint32_t doc_count = 0;
  std::uint64_t sum_total_term_freq = 0;
};

struct SectionEntry {
  SectionKind kind = SectionKind::kStoredData;
  std::uint32_t field = kNoField;  // index into SegmentDirectory::fields
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint64_t checksum = 0;  // xxh3-64
};

struct SegmentDirectory {
  std::uint32_t doc_count = 0;
  std::vector<FieldEntry> fields;
  std::vector<SectionEntry> sections;
  std::uint64_t checksum = 0;  // of the directory itself: tells this file from every other
};

class SegmentFileWriter final : public ByteSink {
 public:
  explicit SegmentFileWriter(FileWriter& out);
  ~SegmentFileWriter() override;

  // A field's sections may be written before its counts are known; see setField.
  std::uint32_t addField(std::string path, FieldType type);
  void setField(std::uint32_t field, std::uint32_t doc_count, std::uint64_t sum_total_term_freq);

  void beginSection(SectionKind kind, std::uint32_t field = kNoField);
  void append(base::ByteView bytes) override;
  void endSection();
  void section(SectionKind kind, std::uint32_t field, base::ByteView bytes);

  // Writes directory and footer, but does not finish the FileWriter. The first failure of any call before.
  Status finish(std::uint32_t doc_count);

 private:
  void write(base::ByteView bytes);

  FileWriter& out_;
  Status status_;
  std::uint64_t position_ = 0;
  SegmentDirectory directory_;
  struct Hash;
  std::unique_ptr<Hash> hash_;
};

// Reads and checks footer and directory; with `verify` also every section's checksum. Messages name `name` and the
// offset.
Result<SegmentDirectory> readSegmentDirectory(std::string_view name, base::ByteView file, bool verify);

}  // namespace gyre::engine
