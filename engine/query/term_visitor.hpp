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
  // A term that is only like what was asked for has a factor below 1.
  using VisitTerm = std::function<void(std::string_view term, float factor)>;
  using ExpandTerms = std::function<void(const TermDictionaryReader&, const VisitTerm&)>;
  virtual void pattern(std::string_view path, ExpandTerms expand) = 0;

  // The product of the boosts around what is told.
  float boost() const { return boost_; }

 private:
  friend class BoostedVisit;
  float boost_ = 1;
};

// What is told while this lives has one boost more around it.
class BoostedVisit {
 public:
  BoostedVisit(TermVisitor& visitor, float boost) : visitor_(visitor), outer_(visitor.boost_) {
    visitor.boost_ *= boost;
  }
  ~BoostedVisit() { visitor_.boost_ = outer_; }
  BoostedVisit(const BoostedVisit&) = delete;
  BoostedVisit& operator=(const BoostedVisit&) = delete;

 private:
  TermVisitor& visitor_;
  float outer_;
};

}  // namespace gyre::engine
