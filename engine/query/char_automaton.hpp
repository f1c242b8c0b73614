// Which texts does a pattern accept, and which terms of a dictionary are among them?
//
// A pattern is first put together from small parts that may branch (CharPattern), then made deterministic
// (CharAutomaton): one state at a time, one look-up a character. Making it so can take exponentially many states, so it
// has a limit. Characters are code points.
//
// THREADS: an automaton is immutable; a pattern belongs to its maker.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/codec/term_dictionary.hpp"

namespace gyre::engine {

class CharAutomaton {
 public:
  static constexpr std::uint32_t kDead = 0xffff'ffffu;
  static constexpr std::uint32_t kStart = 0;

  bool accepts(std::string_view text) const;

  // kDead when no text that goes on from here is accepted.
  std::uint32_t step(std::uint32_t state, std::uint32_t character) const {
    return next_[state * classes() + classOf(character)];
  }
  bool isAccepting(std::uint32_t state) const { return accepting_[state]; }
  // The smallest character above `character` that leads on from `state`.
  std::optional<std::uint32_t> characterAfter(std::uint32_t state, std::uint32_t character) const;
  std::uint32_t states() const { return static_cast<std::uint32_t>(accepting_.size()); }

 private:
  friend class CharPattern;
  std::uint32_t classes() const { return static_cast<std::uint32_t>(starts_.size()); }
  std::uint32_t classOf(std::uint32_t character) const;
  // Transitions into states from which nothing is accepted become kDead.
  void trim();

  std::vector<std::uint32_t> starts_;  // the first character of each class; starts_[0] is 0
  std::array<std::uint16_t, 128> ascii_class_{};
  std::vector<std::uint32_t> next_;  // state * classes + class
  std::vector<bool> accepting_;
};

class CharPattern {
 public:
  // A part: enter at `first`, leave at `last`.
  struct Part {
    std::uint32_t first;
    std::uint32_t last;
  };
  using Ranges = std::vector<std::pair<std::uint32_t, std::uint32_t>>;  // both ends included
  static constexpr std::uint32_t kLastCharacter = 0x10ffff;

  Part nothing();  // accepts no text
  Part empty();    // the empty text
  Part oneOf(const Ranges& ranges);
  Part any() { return oneOf({{0, kLastCharacter}}); }
  Part anyText();
  // A character; with `folds_case` an ASCII letter in both its forms.
  Part character(std::uint32_t code, bool folds_case);
  Part text(std::string_view text, bool folds_case);
  Part sequence(Part a, Part b);
  Part either(Part a, Part b);
  Part optional(Part part);
  Part repeated(Part part);  // none or more
  Part automaton(const CharAutomaton& automaton);

  std::uint32_t states() const { return static_cast<std::uint32_t>(edges_.size()); }

  // Nothing when it would take more than ten times `limit` visits to states of the pattern.
  std::optional<CharAutomaton> determinize(Part part, std::uint32_t limit) const;
  static CharAutomaton complement(const CharAutomaton& automaton);

 private:
  struct Edge {
    std::uint32_t low;
    std::uint32_t high;
    std::uint32_t to;
  };
  std::uint32_t addState();
  void join(std::uint32_t from, std::uint32_t to) { free_[from].push_back(to); }
  // Adds the states that are reached from those without a character; sorted.
  void close(std::vector<std::uint32_t>& states, std::vector<std::uint32_t>& marks, std::uint32_t mark) const;

  std::vector<std::vector<Edge>> edges_;
  std::vector<std::vector<std::uint32_t>> free_;
};

// '*' any text, '?' any character, '\' takes the next one as it is. Nothing when it would take too many states.
std::optional<CharAutomaton> wildcardAutomaton(std::string_view pattern, bool folds_case);
CharAutomaton prefixAutomaton(std::string_view prefix, bool folds_case);
CharAutomaton wordAutomaton(std::string_view word, bool folds_case);

// The accepted terms in their order. Stretches of the dictionary that cannot hold one are jumped over. Ends early when
// `visit` returns false.
void forEachAcceptedTerm(const TermDictionaryReader& terms, const CharAutomaton& automaton,
                         const std::function<bool(const TermCursor&)>& visit);

}  // namespace gyre::engine
