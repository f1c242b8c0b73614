// Which terms does a query look for, in which fields?
//
// What a query tells of itself beyond its matches, so that they can be shown in a text. Queries that look for no terms
// (numbers, ids, everything) tell nothing, and neither do clauses that must not match.
//
// THREADS: a visitor belongs to one request.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/codec/term_dictionary.hpp"

namespace gyre::engine {

// A place of a phrase, and the terms of which one must stand there.
struct VisitedPlace {
  std::uint32_t position = 0;
  std::vector<std::string> terms;
};

class TermVisitor {
 public:
  virtual ~TermVisitor() = default;
  virtual void term(std::string_view path, std::string_view term) = 0;
  // Of a prefix phrase the last place has beginnings of terms.
  virtual void phrase(std::string_view path, std::vector<VisitedPlace> places, std::uint32_t slop, bool is_prefix) = 0;
  // Calls its second argument with each term of the dictionary that the pattern stands for. Valid as long as the query.
  using ExpandTerms = std::function<void(const TermDictionaryReader&, const std::function<void(std::string_view)>&)>;
  virtual void pattern(std::string_view path, ExpandTerms expand) = 0;
};

}  // namespace gyre::engine
