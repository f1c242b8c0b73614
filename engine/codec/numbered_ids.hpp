// Ids that are made of two numbers, "1717200000000-42", the second of which is the document's version: so a stream
// names its records. Where all ids of a segment are, none is kept as a text.
//
// The first number is a column, often that of a field of the segment: the record's time. A document is found by its
// version, which grows from document to document but for a few places. FORMAT: docs/INDEX_FORMAT.md, "Ids".
//
// THREADS: a writer belongs to one thread; a reader is immutable. OWNS: a reader borrows the columns.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "engine/codec/doc_values.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

struct IdNumbers {
  std::int64_t first = 0;
  std::uint64_t second = 0;
};
// Nothing unless the id is the text that writeId makes of the numbers.
std::optional<IdNumbers> idNumbersOf(std::string_view id);
inline constexpr std::size_t kIdNumbersRoom = 41;  // 20 digits each, and what is between
// Returns the bytes written. REQUIRES: kIdNumbersRoom bytes at `out`.
std::size_t writeId(IdNumbers numbers, char* out);

// Numbered ids are found by their second number, which is the document's version. Where it falls more often than this
// from one document to the next, looking for one could mean to look through many windows: such ids are kept as texts.
inline constexpr std::uint32_t kMostIdFalls = 64;

// Decides how a segment's ids are kept, and lays them out.
class IdsWriter {
 public:
  // Documents in order, as IdIndexWriter takes them.
  void add(std::string_view id, std::uint64_t version);
  void add(IdNumbers numbers);

  // Whether all ids so far are numbers that can be told apart by their versions.
  bool isNumbered() const { return is_numbered_; }
  // REQUIRES: isNumbered().
  const std::vector<std::int64_t>& firsts() const { return firsts_; }
  // The section of numbered ids. `field`: whose column has the first number of every document; "": there is none.
  std::string takeNumbers(std::string_view field) const;
  // The three sections of other ids. REQUIRES: isNumbered() is false.
  void takeTexts(std::string& bytes, std::string& ends, std::string& slots) const;

 private:
  void becomeTexts();

  bool is_numbered_ = true;
  std::uint32_t falls_ = 0;  // of the version from one document to the next
  std::vector<std::int64_t> firsts_;
  std::vector<std::uint64_t> seconds_;
  std::string bytes_;  // of texts
  std::vector<std::uint64_t> ends_;
};

class NumberedIds {
 public:
  // The field whose column the section refers to, "" for a column of its own.
  static Result<std::string> fieldOf(base::ByteView section);
  // `firsts`: that field's column; null for a column of its own. Borrowed, as `versions` is.
  static Result<std::unique_ptr<NumberedIds>> open(base::ByteView section, const ColumnReader* firsts,
                                                   const ColumnReader& versions, std::uint32_t doc_count);

  std::optional<DocId> find(std::string_view id) const;
  IdNumbers numbers(DocId doc) const;
  const std::string& field() const { return field_; }

 private:
  NumberedIds(const ColumnReader& versions, std::uint32_t doc_count) : versions_(versions), doc_count_(doc_count) {}

  std::string field_;
  std::unique_ptr<ColumnReader> own_;
  const ColumnReader* firsts_ = nullptr;
  const ColumnReader& versions_;
  const std::uint32_t doc_count_;
};

}  // namespace gyre::engine
