// How are the documents' routing values laid out? Ends of four bytes each, then the values one after the other.
//
// The section is left out when no document has a routing. FORMAT: docs/INDEX_FORMAT.md, "Routings".
//
// THREADS: belongs to one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace gyre::engine {

class RoutingsWriter {
 public:
  // Of the next document; "" for none.
  void add(std::string_view routing) {
    bytes_ += routing;
    base::appendLittle(ends_, static_cast<std::uint32_t>(bytes_.size()));
  }
  bool isEmpty() const { return bytes_.empty(); }
  // The section.
  std::string take() { return std::move(ends_) + bytes_; }

 private:
  std::string ends_;
  std::string bytes_;
};

}  // namespace gyre::engine
