#include "engine/segment/segment_file.hpp"

#include <xxhash.h>

#include <array>

namespace gyre::engine {
namespace {

constexpr std::string_view kHeaderMagic = "GYRESEG1";
constexpr std::string_view kFooterMagic = "GYREEND1";
constexpr std::size_t kFooterSize = 32;  // u64 directory offset, size, checksum; magic
constexpr std::size_t kAlignment = 8;
// No mapping comes near; refuses absurd claims before memory is asked for.
constexpr std::uint64_t kMostEntries = 1u << 20;

std::uint64_t checksumOf(base::ByteView bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

bool isKnown(SectionKind kind, bool has_field) {
  switch (kind) {
    case SectionKind::kStoredData:
    case SectionKind::kStoredIndex:
    case SectionKind::kIdBytes:
    case SectionKind::kIdEnds:
    case SectionKind::kIdTable:
    case SectionKind::kVersions:
    case SectionKind::kSeqNos:
    case SectionKind::kRoutings:
    case SectionKind::kNested:
    case SectionKind::kStoredBlocks:
    case SectionKind::kStoredDictionaries:
    case SectionKind::kIdSlots:
    case SectionKind::kIdNumbers:
    case SectionKind::kStoredShapes: return !has_field;
    case SectionKind::kTerms:
    case SectionKind::kPostings:
    case SectionKind::kColumn:
    case SectionKind::kNorms:
    case SectionKind::kPresence:
    case SectionKind::kCompletion: return has_field;
  }
  return false;
}

}  // namespace

// ---- writing
// ---------------------------------------------------------------------------------------------------------

struct SegmentFileWriter::Hash {
  struct Free {
    void operator()(XXH3_state_t* taken) const { XXH3_freeState(taken); }
  };
  std::unique_ptr<XXH3_state_t, Free> state{XXH3_createState()};
};

SegmentFileWriter::SegmentFileWriter(FileWriter& out) : out_(out), hash_(std::make_unique<Hash>()) {
  write(base::asBytes(kHeaderMagic));
}
SegmentFileWriter::~SegmentFileWriter() = default;

std::uint32_t SegmentFileWriter::addField(std::string path, FieldType type) {
  directory_.fields.push_back({std::move(path), type, 0, 0});
  return static_cast<std::uint32_t>(directory_.fields.size() - 1);
}
void SegmentFileWriter::setField(std::uint32_t field, std::uint32_t doc_count, std::uint64_t sum_total_term_freq) {
  directory_.fields[field].doc_count = doc_count;
  directory_.fields[field].sum_total_term_freq = sum_total_term_freq;
}

void SegmentFileWriter::write(base::ByteView bytes) {
  if (status_.isOk()) status_ = out_.append(bytes);
  position_ += bytes.size();
}

void SegmentFileWriter::beginSection(SectionKind kind, std::uint32_t field) {
  static constexpr std::array<std::uint8_t, kAlignment> kZeros{};
  if (position_ % kAlignment != 0) write(base::ByteView(kZeros).first(kAlignment - position_ % kAlignment));
  directory_.sections.push_back({kind, field, position_, 0, 0});
  XXH3_64bits_reset(hash_->state.get());
}
void SegmentFileWriter::append(base::ByteView bytes) {
  write(bytes);
  XXH3_64bits_update(hash_->state.get(), bytes.data(), bytes.size());
}
void SegmentFileWriter::endSection() {
  SectionEntry& entry = directory_.sections.back();
  entry.size = position_ - entry.offset;
  entry.checksum = XXH3_64bits_digest(hash_->state.get());
}
void SegmentFileWriter::section(SectionKind kind, std::uint32_t field, base::ByteView bytes) {
  beginSection(kind, field);
  write(bytes);
  directory_.sections.back().size = bytes.size();
  directory_.sections.back().checksum = checksumOf(bytes);
}

Status SegmentFileWriter::finish(std::uint32_t doc_count) {
  std::string text;
  base::appendVarint(text, doc_count);
  base::appendVarint(text, directory_.fields.size());
  for (const FieldEntry& field : directory_.fields) {
    base::appendVarint(text, field.path.size());
    text += field.path;
    base::appendVarint(text, static_cast<std::uint8_t>(field.type));
    base::appendVarint(text, field.doc_count);
    base::appendVarint(text, field.sum_total_term_freq);
  }
  base::appendVarint(text, directory_.sections.size());
  for (const SectionEntry& section : directory_.sections) {
    base::appendVarint(text, static_cast<std::uint8_t>(section.kind));
    base::appendVarint(text, section.field == kNoField ? 0 : std::uint64_t{section.field} + 1);
    base::appendVarint(text, section.offset);
    base::appendVarint(text, section.size);
    base::appendLittle(text, section.checksum);
  }
  const std::uint64_t start = position_, size = text.size(), checksum = checksumOf(base::asBytes(text));
  base::appendLittle(text, start);
  base::appendLittle(text, size);
  base::appendLittle(text, checksum);
  text += kFooterMagic;
  write(base::asBytes(text));
  return status_;
}

// ---- reading
// ---------------------------------------------------------------------------------------------------------

namespace {

Status damaged(std::string_view name, std::uint64_t offset, std::string_view what) {
  return corruption(std::string(name) + ": byte " + std::to_string(offset) + ": " + std::string(what));
}

bool parseFields(base::ByteReader& reader, SegmentDirectory& directory) {
  const std::uint64_t count = reader.varint();
  if (count > kMostEntries) return false;
  for (std::uint64_t i = 0; i < count && reader.isValid(); ++i) {
    FieldEntry field;
    field.path = reader.text();
    const std::uint64_t type = reader.varint();
    if (type == 0 || type > static_cast<std::uint8_t>(FieldType::kBinary)) return false;
    field.type = static_cast<FieldType>(type);
    field.doc_count = static_cast<std::uint32_t>(reader.varint());
    field.sum_total_term_freq = reader.varint();
    if (field.doc_count > directory.doc_count) return false;
    directory.fields.push_back(std::move(field));
  }
  return reader.isValid();
}

bool parseSections(base::ByteReader& reader, SegmentDirectory& directory, std::uint64_t limit) {
  const std::uint64_t count = reader.varint();
  if (count > kMostEntries) return false;
  std::uint64_t last_end = kHeaderMagic.size();
  for (std::uint64_t i = 0; i < count && reader.isValid(); ++i) {
    SectionEntry section;
    section.kind = static_cast<SectionKind>(reader.varint());
    const std::uint64_t field = reader.varint();
    section.field = field == 0 ? kNoField : static_cast<std::uint32_t>(field - 1);
    section.offset = reader.varint();
    section.size = reader.varint();
    section.checksum = reader.little<std::uint64_t>();
    if (field > directory.fields.size() || !isKnown(section.kind, field != 0)) return false;
    if (section.offset < last_end || section.offset > limit || section.size > limit - section.offset) return false;
    last_end = section.offset + section.size;
    directory.sections.push_back(section);
  }
  return reader.isValid() && reader.remaining() == 0;
}

}  // namespace

Result<SegmentDirectory> readSegmentDirectory(std::string_view name, base::ByteView file, bool verify) {
  if (file.size() < kHeaderMagic.size() + kFooterSize) return damaged(name, file.size(), "shorter than any segment");
  if (base::asText(file.first(kHeaderMagic.size())) != kHeaderMagic) return damaged(name, 0, "no segment header");
  const std::uint64_t footer_start = file.size() - kFooterSize;
  base::ByteReader footer(file.subspan(footer_start));
  const auto start = footer.little<std::uint64_t>(), size = footer.little<std::uint64_t>(),
             checksum = footer.little<std::uint64_t>();
  if (base::asText(footer.bytes(kFooterMagic.size())) != kFooterMagic)
    return damaged(name, footer_start, "no segment footer; the file is cut off or damaged");
  if (start > footer_start || size != footer_start - start)
    return damaged(name, footer_start, "footer points outside the file");
  const base::ByteView text = file.subspan(start, size);
  if (checksumOf(text) != checksum) return damaged(name, start, "directory checksum does not match");

  SegmentDirectory directory;
  directory.checksum = checksum;
  base::ByteReader reader(text);
  const std::uint64_t doc_count = reader.varint();
  directory.doc_count = static_cast<std::uint32_t>(doc_count);
  if (doc_count >= 0xffff'ffffu || !parseFields(reader, directory) || !parseSections(reader, directory, start))
    return damaged(name, start + reader.position(), "directory makes no sense");
  if (!verify) return directory;
  for (const SectionEntry& section : directory.sections)
    if (checksumOf(file.subspan(section.offset, section.size)) != section.checksum)
      return damaged(name, section.offset, "section checksum does not match");
  return directory;
}

}  // namespace gyre::engine
