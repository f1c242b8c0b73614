// Columns as values of members: of an open segment, and of a buffer before it is one.
//
// THREADS: belong to one thread. OWNS: borrow the segment or the buffer.
#pragma once

#include <charconv>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/codec/matching_columns.hpp"
#include "engine/codec/source_shapes.hpp"
#include "engine/codec/term_dictionary.hpp"
#include "engine/segment/segment_buffer.hpp"
#include "engine/segment/segment_reader.hpp"

namespace gyre::engine {

// Of a field of that type, when its column may tell a member byte for byte.
inline std::optional<ColumnForm> columnFormOf(FieldType type) {
  switch (type) {
    case FieldType::kKeyword: return ColumnForm::kText;
    case FieldType::kLong:
    case FieldType::kInteger:
    case FieldType::kShort:
    case FieldType::kByte: return ColumnForm::kNumber;
    case FieldType::kDate: return ColumnForm::kTime;
    default: return std::nullopt;
  }
}

inline bool appendForm(ColumnForm form, std::int64_t value, std::string& out) {
  if (form == ColumnForm::kTime) return appendTime(value, out);
  appendNumber(value, out);
  return true;
}

class SegmentColumns final : public SourceColumns {
 public:
  struct Column {
    const FieldReader* reader;  // null: there is none
    ColumnForm form;
    std::unique_ptr<TermCursor> terms;  // made when first needed
  };
  explicit SegmentColumns(std::vector<Column> columns) : columns_(std::move(columns)) {}

  bool append(std::size_t number, DocId doc, std::string& out) override {
    Column& column = columns_[number];
    std::int64_t value = 0;
    if (column.reader == nullptr || !column.reader->column->readOne(doc, value)) return false;
    if (column.reader->column->isMultiValued()) {
      column.reader->column->readAll(doc, values_);
      if (values_.size() != 1) return false;
    }
    if (column.form != ColumnForm::kText) return appendForm(column.form, value, out);
    if (!column.terms) column.terms = column.reader->terms->cursor();
    if (!column.terms->seekOrdinal(static_cast<std::uint32_t>(value))) return false;
    appendText(column.terms->term(), out);
    return true;
  }

 private:
  std::vector<Column> columns_;
  std::vector<std::int64_t> values_;
};

// Documents have to be asked for in ascending order.
class BufferColumns final : public MatchingColumns {
 public:
  BufferColumns(const SegmentBuffer& buffer, const std::vector<SourceColumn>& columns) {
    for (const SourceColumn& column : columns) {
      const Field* const field = buffer.mapping().find(column.path);
      const bool is_there = field != nullptr && columnFormOf(field->type) == column.form && field->has_doc_values;
      columns_.emplace_back(is_there ? &buffer.field(field->ordinal) : nullptr, column.form);
    }
  }

  bool append(std::size_t number, DocId doc, std::string& out) override {
    Column& column = columns_[number];
    if (!seek(column, doc)) return false;
    if (column.form != ColumnForm::kText) return appendForm(column.form, column.values->numbers[column.at], out);
    appendText(column.values->terms.term(column.values->term_ids[column.at]), out);
    return true;
  }

  // Without writing what it is compared with: every document of a segment comes here.
  std::size_t match(std::size_t number, DocId doc, bool is_inner, std::string_view rest) override {
    Column& column = columns_[number];
    if (is_inner == (column.form == ColumnForm::kNumber)) return matchWritten(*this, number, doc, is_inner, rest);
    if (!seek(column, doc)) return kNoMatch;
    if (column.form == ColumnForm::kText) return matchText(number, doc, rest);
    const std::int64_t value = column.values->numbers[column.at];
    if (column.form == ColumnForm::kTime) return matchTime(column, value, rest);
    char digits[24];
    const std::string_view text(
        digits, static_cast<std::size_t>(std::to_chars(digits, digits + sizeof digits, value).ptr - digits));
    return rest.starts_with(text) ? text.size() : kNoMatch;
  }

 private:
  static constexpr std::size_t kMinuteSize = 17, kTimeSize = 24;  // "2024-02-29T12:00:", and with "00.000Z"
  static constexpr std::int64_t kMinute = 60'000;
  enum class Plain : std::uint8_t { kUnknown, kYes, kNo };
  struct Column {
    Column(const FieldBuffer* buffer, ColumnForm its_form) : values(buffer), form(its_form) {}
    const FieldBuffer* values;  // null: there is none
    ColumnForm form;
    std::size_t at = 0;
    std::vector<Plain> plain;  // by term: whether its JSON is the term in quotes
    std::int64_t minute = 0;   // that minute_text is of, counted from 1970
    std::string minute_text;
  };

  // To the document's value; false when it has not just one.
  static bool seek(Column& column, DocId doc) {
    if (column.values == nullptr) return false;
    const std::vector<DocId>& docs = column.values->docs;
    while (column.at < docs.size() && docs[column.at] < doc) ++column.at;
    const std::size_t at = column.at;
    return at != docs.size() && docs[at] == doc && !(at + 1 < docs.size() && docs[at + 1] == doc);
  }

  std::size_t matchText(std::size_t number, DocId doc, std::string_view rest) {
    Column& column = columns_[number];
    const std::uint32_t id = column.values->term_ids[column.at];
    const std::string_view term = column.values->terms.term(id);
    if (column.plain.empty()) column.plain.resize(column.values->terms.size(), Plain::kUnknown);
    if (column.plain[id] == Plain::kUnknown) {
      std::string json;
      appendText(term, json);
      column.plain[id] = json.size() == term.size() + 2 ? Plain::kYes : Plain::kNo;
    }
    if (column.plain[id] == Plain::kNo) return matchWritten(*this, number, doc, true, rest);
    return rest.starts_with(term) ? term.size() : kNoMatch;
  }

  static std::size_t matchTime(Column& column, std::int64_t millis, std::string_view rest) {
    const std::int64_t minute = millis / kMinute - (millis % kMinute < 0 ? 1 : 0);
    if (column.minute_text.empty() || minute != column.minute) {
      std::string text;
      if (!appendTime(minute * kMinute, text)) return kNoMatch;
      column.minute_text = text.substr(1, kMinuteSize);
      column.minute = minute;
    }
    if (rest.size() < kTimeSize || !rest.starts_with(column.minute_text)) return kNoMatch;
    const auto left = static_cast<unsigned>(millis - minute * kMinute);
    const auto digit = [&](std::size_t at, unsigned value) { return rest[at] == static_cast<char>('0' + value % 10); };
    const bool is_it = digit(17, left / 10'000) && digit(18, left / 1'000) && rest[19] == '.' &&
                       digit(20, left / 100) && digit(21, left / 10) && digit(22, left) && rest[23] == 'Z';
    return is_it ? kTimeSize : kNoMatch;
  }

  std::vector<Column> columns_;
};

}  // namespace gyre::engine
