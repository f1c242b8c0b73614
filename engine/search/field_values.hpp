// Which values of its fields does a hit show?
//
// "fields" reads them from the stored document, in its order, as the mapping reads them; "docvalue_fields" from the
// columns, ascending.
//
// THREADS: immutable once parsed. OWNS: borrows the mapping.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/mapping/date_format.hpp"
#include "engine/mapping/mapping.hpp"
#include "engine/mapping/number_pattern.hpp"
#include "engine/segment/segment_reader.hpp"
#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"

namespace gyre::engine {

class FieldValues {
 public:
  // From ["name", "pat*", {"field": …, "format": …}].
  Status addFields(json::Value list, const Mapping& mapping);
  Status addColumns(json::Value list, const Mapping& mapping);
  // One field's column, under a name; for the field that hits are grouped by.
  void addColumn(const Field& field, std::string_view name);

  // How many columns were asked for: a name that no field has counts as one, a pattern as what it finds.
  std::size_t columnCount() const;
  bool isEmpty() const { return fetched_.empty(); }
  bool has(const Field& field) const;
  // Whether the stored document is read.
  bool readsSource() const { return reads_source_; }
  // The members of "fields": name and array, for each field that has a value. `source` may be missing when it is not
  // read.
  void write(const SegmentReader& segment, DocId doc, json::Value source, JsonWriter& writer) const;

 private:
  struct Fetched {
    const Field* field = nullptr;  // null: `_seq_no`
    std::string name{};            // as it is shown: an alias has its own
    std::string source_path;       // the field, or the one that it hangs under; "" for a column
    DateFormat date_format{};
    std::optional<NumberPattern> number_pattern{};
  };
  Status add(json::Value element, const Mapping& mapping, bool is_column);
  void insert(Fetched fetched);

  std::vector<Fetched> fetched_;
  bool reads_source_ = false;
  std::size_t unknown_columns_ = 0;
};

// The values that stand at a dotted path, in order, arrays opened.
void collectSourceValues(json::Value source, std::string_view path, std::vector<json::Value>& values);

}  // namespace gyre::engine
