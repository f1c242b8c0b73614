// Columns that can tell whether a text begins with a value, without writing it.
//
// THREADS: belong to one thread.
#pragma once

#include <cstddef>
#include <string_view>

#include "engine/codec/source_shapes.hpp"

namespace gyre::engine {

class MatchingColumns : public SourceColumns {
 public:
  static constexpr std::size_t kNoMatch = static_cast<std::size_t>(-1);
  // How many bytes `rest` begins with that are what append() writes, of a string without its quotes when `is_inner`;
  // kNoMatch when it begins otherwise.
  virtual std::size_t match(std::size_t number, DocId doc, bool is_inner, std::string_view rest) = 0;
};

// The same of any columns.
std::size_t matchWritten(SourceColumns& columns, std::size_t number, DocId doc, bool is_inner, std::string_view rest);

}  // namespace gyre::engine
