#include "engine/segment/segment_reader.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "engine/codec/column_codec.hpp"
#include "engine/codec/postings_codec.hpp"
#include "engine/codec/term_codec.hpp"
#include "engine/segment/open_segment.hpp"
#include "engine/segment/segment_columns.hpp"
#include "engine/segment/shared_sections.hpp"

namespace gyre::engine {

struct OpenSegment::Sections {
  static constexpr std::size_t kKinds = static_cast<std::size_t>(SectionKind::kCompletion) + 1;
  std::array<base::ByteView, kKinds> bytes{};
  std::array<bool, kKinds> is_there{};

  bool has(SectionKind kind) const { return is_there[static_cast<std::size_t>(kind)]; }
  base::ByteView operator[](SectionKind kind) const { return bytes[static_cast<std::size_t>(kind)]; }
  void set(SectionKind kind, base::ByteView view) {
    bytes[static_cast<std::size_t>(kind)] = view;
    is_there[static_cast<std::size_t>(kind)] = true;
  }
};

Result<std::shared_ptr<const OpenSegment>> OpenSegment::open(std::string name, std::unique_ptr<MappedFile> file,
                                                             bool verify) {
  std::shared_ptr<OpenSegment> segment(new OpenSegment(std::move(name), std::move(file)));
  GYRE_TRY(segment->load(verify));
  // Loading touched pages here and there, checking all of them; searches will touch a few.
  segment->file_->letGo();
  return std::shared_ptr<const OpenSegment>(std::move(segment));
}

Status OpenSegment::locate(const Status& found, base::ByteView section) const {
  if (found.isOk()) return {};
  const auto offset = section.data() == nullptr ? 0 : section.data() - file_->bytes().data();
  return found.withPrefix(name_ + ": section at byte " + std::to_string(offset));
}

Status OpenSegment::misfit(base::ByteView section, std::string_view what) const {
  return locate(corruption(std::string(what)), section);
}

Status OpenSegment::load(bool verify) {
  GYRE_TRY_ASSIGN(directory_, readSegmentDirectory(name_, file_->bytes(), verify));
  Sections documents;
  std::vector<Sections> of_fields(directory_.fields.size());
  for (const SectionEntry& entry : directory_.sections) {
    Sections& sections = entry.field == kNoField ? documents : of_fields[entry.field];
    sections.set(entry.kind, file_->bytes().subspan(entry.offset, entry.size));
  }
  GYRE_TRY(loadDocuments(documents));
  fields_.resize(directory_.fields.size());
  for (std::size_t i = 0; i < fields_.size(); ++i) GYRE_TRY(loadField(directory_.fields[i], of_fields[i], fields_[i]));
  GYRE_TRY(loadIds(documents));
  by_path_.resize(fields_.size());
  std::iota(by_path_.begin(), by_path_.end(), 0u);
  std::sort(by_path_.begin(), by_path_.end(),
            [&](std::uint32_t a, std::uint32_t b) { return directory_.fields[a].path < directory_.fields[b].path; });
  return {};
}

Status OpenSegment::loadDocuments(const Sections& sections) {
  const base::ByteView data = sections[SectionKind::kStoredData];
  auto stored =
      StoredFieldsReader::open({data, sections[SectionKind::kStoredIndex], sections[SectionKind::kStoredBlocks],
                                sections[SectionKind::kStoredDictionaries], sections[SectionKind::kStoredShapes]},
                               docCount());
  GYRE_TRY(locate(stored.status(), data));
  stored_ = std::move(stored).value();
  if (sections.has(SectionKind::kNested)) {
    const base::ByteView section = sections[SectionKind::kNested];
    auto nested = NestedDocs::open(section, docCount());
    GYRE_TRY(locate(nested.status(), section));
    nested_ = std::move(nested).value();
  }
  const base::ByteView versions = sections[SectionKind::kVersions];
  auto column = openColumn(versions, docCount());
  GYRE_TRY(locate(column.status(), versions));
  versions_ = std::move(column).value();
  if (sections.has(SectionKind::kSeqNos)) {
    const base::ByteView seq_nos = sections[SectionKind::kSeqNos];
    auto opened = openColumn(seq_nos, docCount());
    GYRE_TRY(locate(opened.status(), seq_nos));
    seq_nos_ = std::move(opened).value();
  }
  return sections.has(SectionKind::kRoutings) ? loadRoutings(sections[SectionKind::kRoutings]) : Status();
}

// Behind the fields: numbered ids may be those of one.
Status OpenSegment::loadIds(const Sections& sections) {
  if (!sections.has(SectionKind::kIdNumbers)) {
    const base::ByteView ends = sections[SectionKind::kIdEnds];
    auto ids = IdIndexReader::open(
        {sections[SectionKind::kIdBytes], ends, sections[SectionKind::kIdSlots], sections[SectionKind::kIdTable]},
        docCount(), rootCount());
    GYRE_TRY(locate(ids.status(), ends));
    ids_ = std::move(ids).value();
    return {};
  }
  const base::ByteView section = sections[SectionKind::kIdNumbers];
  const auto path = NumberedIds::fieldOf(section);
  GYRE_TRY(locate(path.status(), section));
  const ColumnReader* firsts = nullptr;
  for (std::size_t i = 0; i < fields_.size(); ++i)
    if (!path.value().empty() && directory_.fields[i].path == path.value()) firsts = fields_[i].column.get();
  auto numbered = NumberedIds::open(section, firsts, *versions_, docCount());
  GYRE_TRY(locate(numbered.status(), section));
  numbered_ = std::move(numbered).value();
  return {};
}

Status OpenSegment::loadRoutings(base::ByteView section) {
  const std::size_t ends_size = std::size_t{docCount()} * 4;
  if (section.size() < ends_size) return misfit(section, "not one routing a document");
  const base::ByteView ends = section.first(ends_size);
  const std::string_view bytes = base::asText(section.subspan(ends_size));
  std::uint32_t last = 0;
  for (DocId doc = 0; doc < docCount(); ++doc) {
    const auto end = base::loadLittle<std::uint32_t>(ends.data() + std::size_t{doc} * 4);
    if (end < last || end > bytes.size()) return misfit(section, "routings out of order");
    last = end;
  }
  routing_ends_ = ends;
  routing_bytes_ = bytes;
  return {};
}

Status OpenSegment::loadTerms(const FieldEntry& entry, const Sections& sections, FieldParts& parts) const {
  const base::ByteView terms = sections[SectionKind::kTerms];
  auto opened = openTerms(terms);
  GYRE_TRY(locate(opened.status(), terms));
  parts.terms = std::move(opened).value();
  parts.reader.terms = parts.terms.get();
  if (sections.has(SectionKind::kPostings)) {
    const bool is_text = entry.type == FieldType::kText;
    if (is_text && parts.reader.norms == nullptr && entry.doc_count != docCount())
      return misfit(terms, "a text field without lengths");
    parts.postings = openPostings(sections[SectionKind::kPostings], is_text, parts.reader.norms, docCount());
    parts.reader.postings = parts.postings.get();
  }
  return {};
}

Status OpenSegment::loadField(const FieldEntry& entry, const Sections& sections, FieldParts& parts) const {
  parts.reader.type = entry.type;
  parts.reader.doc_count = entry.doc_count;
  parts.reader.sum_total_term_freq = entry.sum_total_term_freq;
  if (const base::ByteView norms = sections[SectionKind::kNorms]; sections.has(SectionKind::kNorms)) {
    if (norms.size() != docCount()) return misfit(norms, "not one length a document");
    parts.reader.norms = norms.data();
  }
  if (const base::ByteView bits = sections[SectionKind::kPresence]; sections.has(SectionKind::kPresence)) {
    // Sections begin at multiples of eight, and both mappings and strings of this size are aligned to at least that.
    const bool is_aligned = reinterpret_cast<std::uintptr_t>(bits.data()) % alignof(std::uint64_t) == 0;
    if (!is_aligned || bits.size() != (std::uint64_t{docCount()} + 63) / 64 * 8)
      return misfit(bits, "not one bit a document");
    parts.reader.present = reinterpret_cast<const std::uint64_t*>(bits.data());
  }
  if (sections.has(SectionKind::kTerms)) GYRE_TRY(loadTerms(entry, sections, parts));
  if (const base::ByteView column = sections[SectionKind::kColumn]; sections.has(SectionKind::kColumn)) {
    auto opened = openColumn(column, docCount());
    GYRE_TRY(locate(opened.status(), column));
    parts.column = std::move(opened).value();
    parts.reader.column = parts.column.get();
    const ColumnBlockStats stats = parts.column->stats();
    if (isTermValued(entry.type) && stats.value_count > 0 &&
        (parts.terms == nullptr || stats.min < 0 || stats.max >= std::int64_t{parts.terms->size()}))
      return misfit(column, "ordinals that are no term's");
  }
  if (const base::ByteView inputs = sections[SectionKind::kCompletion]; sections.has(SectionKind::kCompletion)) {
    auto opened = openCompletion(inputs, docCount());
    GYRE_TRY(locate(opened.status(), inputs));
    parts.completion = std::move(opened).value();
    parts.reader.completion = parts.completion.get();
  }
  return {};
}

const OpenSegment::FieldParts* OpenSegment::parts(std::string_view path) const {
  const auto at = std::lower_bound(
      by_path_.begin(), by_path_.end(), path,
      [&](std::uint32_t number, std::string_view wanted) { return directory_.fields[number].path < wanted; });
  if (at == by_path_.end() || directory_.fields[*at].path != path) return nullptr;
  return &fields_[*at];
}

const FieldReader* OpenSegment::field(std::string_view path) const {
  const FieldParts* const found = parts(path);
  if (found == nullptr) return nullptr;
  // A merge may have dropped the last document of a field it had begun. Texts may have values without words alone.
  const bool is_wordless = found->reader.type == FieldType::kText && found->reader.present != nullptr;
  return found->reader.doc_count == 0 && !is_wordless ? nullptr : &found->reader;
}
const CompletionIndexReader* OpenSegment::completion(std::string_view path) const {
  const FieldParts* const found = parts(path);
  return found == nullptr ? nullptr : found->completion.get();
}

std::string OpenSegment::idText(DocId doc) const {
  if (numbered_ == nullptr) return std::string(ids_.id(doc));
  char text[kIdNumbersRoom];
  return {text, writeId(numbered_->numbers(doc), text)};
}

Result<std::string> OpenSegment::id(DocId doc) const { return idText(doc); }

Result<std::string> OpenSegment::source(DocId doc) const {
  const SourceShapes* shapes = nullptr;
  auto source = stored_.read(doc, &shapes);
  if (source.isOk() && shapes != nullptr) source = shapes->decode(source.value(), doc, *columnsFor(shapes->columns()));
  if (!source.isOk()) return source.status().withPrefix(name_);
  return source;
}

std::unique_ptr<SourceColumns> OpenSegment::columnsFor(const std::vector<SourceColumn>& columns) const {
  std::vector<SegmentColumns::Column> parts;
  for (const SourceColumn& column : columns) {
    const FieldReader* const reader = field(column.path);
    const bool is_there = reader != nullptr && reader->column != nullptr &&
                          (column.form != ColumnForm::kText || reader->terms != nullptr);
    parts.push_back({is_there ? reader : nullptr, column.form, nullptr});
  }
  return std::make_unique<SegmentColumns>(std::move(parts));
}

std::optional<ColumnForm> OpenSegment::formOf(std::string_view path) const {
  const FieldReader* const reader = field(path);
  if (reader == nullptr || reader->column == nullptr) return std::nullopt;
  return columnFormOf(reader->type);
}

std::uint64_t OpenSegment::version(DocId doc) const {
  std::int64_t version = 0;
  versions_->readOne(doc, version);
  return static_cast<std::uint64_t>(version);
}

std::uint64_t OpenSegment::seqNo(DocId doc) const {
  if (seq_nos_ == nullptr) return version(doc);
  std::int64_t seq_no = 0;
  seq_nos_->readOne(doc, seq_no);
  return static_cast<std::uint64_t>(seq_no);
}

std::string_view OpenSegment::routing(DocId doc) const {
  if (!hasRoutings()) return {};
  const auto end_of = [this](DocId at) {
    return base::loadLittle<std::uint32_t>(routing_ends_.data() + std::size_t{at} * 4);
  };
  const std::uint32_t begin = doc == 0 ? 0 : end_of(doc - 1);
  return routing_bytes_.substr(begin, end_of(doc) - begin);
}

}  // namespace gyre::engine
