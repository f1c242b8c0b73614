// Which fields of a document took none of their values because they were malformed? Its `_ignored`.
//
// THREADS: an IgnoredFields belongs to one thread. OWNS: borrows the mapping.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/mapping/document_parser.hpp"
#include "engine/mapping/mapping.hpp"

namespace gyre::engine {

class IgnoredFields {
 public:
  explicit IgnoredFields(const Mapping& mapping);

  // Whether any field of the mapping takes a malformed document ("ignore_malformed").
  static bool mayHave(const Mapping& mapping);
  // The paths of the fields, sorted. `source` is a document that was indexed.
  std::vector<std::string> of(std::string_view source);

 private:
  DocumentParser parser_;
};

}  // namespace gyre::engine
