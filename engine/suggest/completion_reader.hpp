// Which inputs begin with a prefix, heaviest first?
//
// A segment keeps a completion field's inputs sorted by analysed form, each with weight, document, context and the text
// as written; a tree of maximum weights over them gives the best k of any prefix range without reading the range.
// FORMAT: see docs/INDEX_FORMAT.md, "Completion".
//
// THREADS: immutable. OWNS: borrows the segment's bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "engine/codec/doc_id.hpp"

namespace gyre::engine {

struct Completion {
  std::string_view text;  // as written
  std::string_view analysed;
  std::uint32_t weight = 0;
  DocId doc = 0;
};

class CompletionReader {
 public:
  virtual ~CompletionReader() = default;
  virtual std::uint64_t sizeBytes() const = 0;
  // Visits the inputs whose analysed form begins with `prefix`, by weight descending, then text ascending (bytes),
  // until `visit` returns false. With a context ("name\0value") only inputs that carry it; "" asks for all.
  virtual void visit(std::string_view prefix, std::string_view context,
                     const std::function<bool(const Completion&)>& visit) const = 0;
};

}  // namespace gyre::engine
