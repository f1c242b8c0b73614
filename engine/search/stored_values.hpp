// Which values has a document in its stored fields?
//
// A field with "store": true keeps each value as it was read: dates in the field's format, numbers as the field's type
// has them, keywords normalized, without those that are too long. The values are read from the stored document as
// indexing read them, so a document whose mapping shows no source has them all the same.
//
// THREADS: immutable once parsed. OWNS: borrows the mapping.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/mapping/mapping.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/status.hpp"

namespace gyre::engine {

class StoredValues {
 public:
  // A field by name, or all that match a pattern; what is not stored has no values. illegal_argument_exception for the
  // name of an object.
  Status add(std::string_view name, const Mapping& mapping);

  bool isEmpty() const { return shown_.empty(); }
  // The members of "fields": name and array, for each field that has a value. `source` is the stored document;
  // `nested_position` counts the objects of nested fields in the order of their ends, and is set for one of them.
  Status write(std::string_view source, std::optional<std::size_t> nested_position, JsonWriter& writer) const;

 private:
  struct Shown {
    std::string name;  // as it was asked for: an alias shows its field's values under its own name
    const Field* field = nullptr;
  };
  void insert(std::string name, const Field& field);

  const Mapping* mapping_ = nullptr;  // set with the first field
  std::vector<Shown> shown_;
};

}  // namespace gyre::engine
