#include "engine/codec/numbered_ids.hpp"

#include <array>
#include <charconv>

#include "engine/codec/column_codec.hpp"
#include "engine/codec/id_index.hpp"

namespace gyre::engine {
namespace {

Status damaged(const char* what) { return corruption(std::string("ids: ") + what); }

Result<std::string> readField(base::ByteReader& reader) {
  std::string field(reader.text());
  if (!reader.isValid()) return damaged("the numbers' field cannot be read");
  return field;
}

}  // namespace

std::size_t writeId(IdNumbers numbers, char* out) {
  char* at = std::to_chars(out, out + 20, numbers.first).ptr;
  *at++ = '-';
  at = std::to_chars(at, at + 20, numbers.second).ptr;
  return static_cast<std::size_t>(at - out);
}

std::optional<IdNumbers> idNumbersOf(std::string_view id) {
  IdNumbers numbers;
  const char* const end = id.data() + id.size();
  const auto first = std::from_chars(id.data(), end, numbers.first);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '-') return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, numbers.second);
  if (second.ec != std::errc() || second.ptr != end) return std::nullopt;
  char again[kIdNumbersRoom];  // a leading zero, "-0"
  if (std::string_view(again, writeId(numbers, again)) != id) return std::nullopt;
  return numbers;
}

// ---- writing
// ---------------------------------------------------------------------------------------------------------

void IdsWriter::add(std::string_view id, std::uint64_t version) {
  if (is_numbered_) {
    const auto numbers = idNumbersOf(id);
    if (numbers && numbers->second == version) return add(*numbers);
    becomeTexts();
  }
  bytes_ += id;
  ends_.push_back(bytes_.size());
}

void IdsWriter::add(IdNumbers numbers) {
  if (is_numbered_ && !seconds_.empty() && numbers.second <= seconds_.back() && ++falls_ > kMostIdFalls) becomeTexts();
  if (!is_numbered_) {
    char text[kIdNumbersRoom];
    bytes_.append(text, writeId(numbers, text));
    ends_.push_back(bytes_.size());
    return;
  }
  firsts_.push_back(numbers.first);
  seconds_.push_back(numbers.second);
}

void IdsWriter::becomeTexts() {
  is_numbered_ = false;
  for (std::size_t i = 0; i < firsts_.size(); ++i) add(IdNumbers{firsts_[i], seconds_[i]});
  firsts_.clear();
  seconds_.clear();
}

std::string IdsWriter::takeNumbers(std::string_view field) const {
  std::string section;
  base::appendVarint(section, field.size());
  section += field;
  if (!field.empty()) return section;
  ColumnWriter column(ColumnContent::kWhole);
  for (std::size_t doc = 0; doc < firsts_.size(); ++doc) column.add(static_cast<DocId>(doc), firsts_[doc]);
  column.finish(static_cast<std::uint32_t>(firsts_.size()), section);
  return section;
}

void IdsWriter::takeTexts(std::string& bytes, std::string& ends, std::string& slots) const {
  IdIndexWriter writer;
  std::size_t begin = 0;
  for (const std::uint64_t end : ends_) {
    writer.add(std::string_view(bytes_).substr(begin, end - begin));
    begin = end;
  }
  writer.finish(bytes, ends, slots);
}

// ---- reading
// ---------------------------------------------------------------------------------------------------------

Result<std::string> NumberedIds::fieldOf(base::ByteView section) {
  base::ByteReader reader(section);
  return readField(reader);
}

Result<std::unique_ptr<NumberedIds>> NumberedIds::open(base::ByteView section, const ColumnReader* firsts,
                                                       const ColumnReader& versions, std::uint32_t doc_count) {
  std::unique_ptr<NumberedIds> ids(new NumberedIds(versions, doc_count));
  base::ByteReader reader(section);
  GYRE_TRY_ASSIGN(ids->field_, readField(reader));
  if (ids->field_.empty()) {
    GYRE_TRY_ASSIGN(ids->own_, openColumn(section.subspan(reader.position()), doc_count));
    firsts = ids->own_.get();
  } else if (reader.remaining() != 0) {
    return damaged("more than the name of a field");
  }
  if (firsts == nullptr) return damaged("the numbers' field has no column");
  for (const ColumnReader* const column : {firsts, &versions})
    if (column->stats().doc_count != doc_count || column->isMultiValued()) return damaged("a document has no number");
  ids->firsts_ = firsts;
  return ids;
}

IdNumbers NumberedIds::numbers(DocId doc) const {
  IdNumbers numbers;
  std::int64_t version = 0;
  firsts_->readOne(doc, numbers.first);
  versions_.readOne(doc, version);
  numbers.second = static_cast<std::uint64_t>(version);
  return numbers;
}

std::optional<DocId> NumberedIds::find(std::string_view id) const {
  const auto wanted = idNumbersOf(id);
  if (!wanted) return std::nullopt;
  const auto version = static_cast<std::int64_t>(wanted->second);
  std::array<std::int64_t, kWindowDocs> versions;
  std::array<std::uint64_t, kWindowWords> present;
  for (DocId first = 0; first < doc_count_; first += kWindowDocs) {
    const ColumnBlockStats stats = versions_.blockStats(first / kWindowDocs);
    if (version < stats.min || version > stats.max) continue;
    versions_.read(first / kWindowDocs, versions.data(), present.data());
    const std::uint32_t count = std::min<std::uint32_t>(kWindowDocs, doc_count_ - first);
    for (std::uint32_t i = 0; i < count; ++i) {
      std::int64_t number = 0;
      if (versions[i] == version && firsts_->readOne(first + i, number) && number == wanted->first) return first + i;
    }
  }
  return std::nullopt;
}

}  // namespace gyre::engine
