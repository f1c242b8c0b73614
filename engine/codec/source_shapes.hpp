// Which parts of a stored document are not kept, because the columns of its segment have them?
//
// Records of a stream are alike: the same members in the same order, most of whose values stand in columns anyway. A
// shape is such a run of members: the text between the values, and for each value whether a column tells it, byte for
// byte, or it has to be kept. A document of a shape is stored as a record: the number of its shape and the values that
// no column tells. Any other document is its own record, behind a 0.
//
// Shapes are found in samples, and belong to the dictionary that the records are compressed with, so that a merge may
// copy blocks as they are. FORMAT: docs/INDEX_FORMAT.md, "Stored documents".
//
// THREADS: shapes are immutable; everything else belongs to one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "engine/codec/doc_id.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

// How a column's value stands in a document.
enum class ColumnForm : std::uint8_t {
  kText = 1,    // a JSON string, with the escapes that JsonWriter uses
  kNumber = 2,  // a whole number
  kTime = 3,    // "2024-02-29T12:00:00.000Z"
};

struct SourceColumn {
  std::string path;  // of a member of the document itself
  ColumnForm form = ColumnForm::kNumber;
};

// The columns of one segment, or of a buffer, that some shapes refer to.
class SourceColumns {
 public:
  virtual ~SourceColumns() = default;
  // Appends the JSON of the document's value in column `number` of the shapes; false when it has not just one.
  virtual bool append(std::size_t number, DocId doc, std::string& out) = 0;
};

class SourceShapes {
 public:
  static constexpr std::size_t kMostShapes = 32;

  struct Sample {
    std::string_view source;
    DocId doc = 0;
  };
  // The form in which a field's column has values; nothing when it has no column that could tell a member.
  using FormOf = std::function<std::optional<ColumnForm>(std::string_view path)>;
  // Columns for those of `columns`, in their order; they are used while train() runs.
  using ColumnsFor = std::function<std::unique_ptr<SourceColumns>(const std::vector<SourceColumn>& columns)>;
  // Null when no column tells anything.
  static std::shared_ptr<const SourceShapes> train(std::span<const Sample> samples, const FormOf& form_of,
                                                   const ColumnsFor& columns_for);
  // corruption when these bytes are no shapes.
  static Result<std::shared_ptr<const SourceShapes>> parse(std::string_view bytes);
  const std::string& bytes() const { return bytes_; }

  const std::vector<SourceColumn>& columns() const { return columns_; }

  // Writes the record of a document to `record`. `guess`: the shape of the document before, kept from call to call.
  void encode(std::string_view source, DocId doc, SourceColumns& columns, std::size_t& guess,
              std::string& record) const;
  // The document again; corruption when the record cannot be one.
  Result<std::string> decode(std::string_view record, DocId doc, SourceColumns& columns) const;

 private:
  static constexpr std::uint32_t kKept = 0xffff'ffffu;
  struct Shape {
    std::vector<std::string> between;   // before the first value, between two, behind the last
    std::vector<std::uint32_t> column;  // of each value, in columns_; kKept for none
  };
  bool encodeAs(const Shape& shape, std::string_view source, DocId doc, SourceColumns& columns,
                std::string& record) const;
  void writeBytes();

  std::vector<SourceColumn> columns_;
  std::vector<Shape> shapes_;
  std::string bytes_;
};

// For SourceColumns: the forms. False for a time outside the years 0 to 9999.
void appendText(std::string_view text, std::string& out);
void appendNumber(std::int64_t number, std::string& out);
bool appendTime(std::int64_t millis, std::string& out);

}  // namespace gyre::engine
