// Columns as values of members: of an open segment, and of a buffer before it is one.
//
// THREADS: belong to one thread. OWNS: borrow the segment or the buffer.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

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
class BufferColumns final : public SourceColumns {
 public:
  BufferColumns(const SegmentBuffer& buffer, const std::vector<SourceColumn>& columns) {
    for (const SourceColumn& column : columns) {
      const Field* const field = buffer.mapping().find(column.path);
      const bool is_there = field != nullptr && columnFormOf(field->type) == column.form && field->has_doc_values;
      columns_.push_back({is_there ? &buffer.field(field->ordinal) : nullptr, column.form, 0});
    }
  }

  bool append(std::size_t number, DocId doc, std::string& out) override {
    Column& column = columns_[number];
    if (column.values == nullptr) return false;
    const std::vector<DocId>& docs = column.values->docs;
    while (column.at < docs.size() && docs[column.at] < doc) ++column.at;
    const std::size_t at = column.at;
    if (at == docs.size() || docs[at] != doc || (at + 1 < docs.size() && docs[at + 1] == doc)) return false;
    if (column.form != ColumnForm::kText) return appendForm(column.form, column.values->numbers[at], out);
    appendText(column.values->terms.term(column.values->term_ids[at]), out);
    return true;
  }

 private:
  struct Column {
    const FieldBuffer* values;
    ColumnForm form;
    std::size_t at;
  };
  std::vector<Column> columns_;
};

}  // namespace gyre::engine
