// Which documents hold one of the terms that a pattern stands for, and what is each worth?
//
// A pattern (prefix, wildcard, regexp, fuzzy) is expanded against the term dictionary. How its terms score is its
// rewrite: all alike (the default of most), each as an ordinary term, or only the best of them.
//
// THREADS: as query.hpp says.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "engine/codec/term_dictionary.hpp"
#include "engine/query/char_automaton.hpp"
#include "engine/query/query.hpp"

namespace gyre::engine {

class TermExpansion {
 public:
  virtual ~TermExpansion() = default;
  // Visits the terms in their order with what a match of each is worth (1 for all but fuzzy ones; below 0 is 0, and
  // still less), until it returns false.
  using Visit = std::function<bool(const TermCursor&, float factor)>;
  virtual void forEachTerm(const TermDictionaryReader& terms, const Visit& visit) const = 0;
};

struct Rewrite {
  enum class Kind : std::uint8_t {
    kConstant,         // every document scores the boost
    kScoring,          // terms score as terms; more than kMaxClauses of them are refused
    kTopTerms,         // the best `size`
    kTopTermsBoost,    // of those, each scores its factor
    kTopTermsBlended,  // of those, all count as common as the commonest
  };
  Kind kind = Kind::kConstant;
  std::uint32_t size = 0;

  // "constant_score", "scoring_boolean", "top_terms_boost_10" …; "" gives `otherwise`.
  static Result<Rewrite> parse(std::string_view text, Rewrite otherwise);
};

QueryPtr makeMultiTermQuery(std::string path, std::unique_ptr<TermExpansion> expansion, Rewrite rewrite,
                            std::string description, float boost);
QueryPtr makeAutomatonQuery(std::string path, CharAutomaton automaton, Rewrite rewrite, std::string description,
                            float boost);

}  // namespace gyre::engine
