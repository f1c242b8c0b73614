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
    if (bytes_.empty()) {
      // Nothing is kept of documents before the first that has one: mostly there is none.
      if (routing.empty()) return void(without_ += sizeof(std::uint32_t));
      ends_.assign(without_, '\0');
    }
    bytes_ += routing;
    base::appendLittle(ends_, static_cast<std::uint32_t>(bytes_.size()));
  }
  bool isEmpty() const { return bytes_.empty(); }
  // The section.
  std::string take() { return std::move(ends_) + bytes_; }

 private:
  std::size_t without_ = 0;  // bytes of ends_ before the first document with a routing
  std::string ends_;
  std::string bytes_;
};

}  // namespace gyre::engine
