// How many edits is a text from a word, told character by character?
//
// An edit inserts, removes or replaces a character (a code point), or swaps two neighbours. The rows of the usual table
// of distances are states: a text that leads to the same row has the same future. States are made when they are first
// reached, so that a walk over a dictionary costs a look-up a character.
//
// THREADS: belongs to one walk.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

namespace gyre::engine {

class DistanceAutomaton {
 public:
  using State = std::uint32_t;
  // No continuation is within the allowed edits.
  static constexpr State kDead = 0;
  static constexpr State kStart = 1;

  // REQUIRES: max_edits <= 2. Without `has_transpositions` a swap is two edits.
  DistanceAutomaton(std::vector<std::uint32_t> word, std::uint32_t max_edits, bool has_transpositions);

  // REQUIRES: state is not kDead.
  State next(State state, std::uint32_t character) {
    const State known = next_[std::size_t{state} * class_count_ + classOf(character)];
    return known != kUnknown ? known : make(state, character);
  }
  // Between the word and what led to the state; above max_edits when it is more.
  std::uint32_t distance(State state) const { return rows_[state].distance; }

 private:
  static constexpr State kUnknown = 0xffff'ffffu;
  static constexpr std::size_t kMostCells = 5;  // of the diagonal band that can stay within two edits
  // The row after `level` characters; cell t belongs to the first level - max_edits + t characters of the word.
  struct Row {
    std::uint32_t level = 0;
    std::uint32_t distance = 0;
    std::array<std::uint8_t, kMostCells> cells{};
    // What the cells of the next row are if its character completes a swap.
    std::array<std::uint8_t, kMostCells> swapped{};
  };

  std::size_t classOf(std::uint32_t character) const {
    return character < ascii_.size() ? ascii_[character] : classOfOther(character);
  }
  std::size_t classOfOther(std::uint32_t character) const;
  State make(State state, std::uint32_t character);
  State add(const Row& row);
  // The word's character before place j; 0xffffffff, which no text holds, outside the word.
  std::uint32_t before(std::int64_t j) const;

  std::vector<std::uint32_t> word_;
  std::uint32_t max_edits_;
  bool has_transpositions_;
  std::size_t class_count_ = 1;  // 0: characters that the word does not have
  std::array<std::uint16_t, 128> ascii_{};
  std::vector<std::pair<std::uint32_t, std::uint16_t>> others_;
  std::vector<Row> rows_;    // by state
  std::vector<State> next_;  // by state and class
  std::unordered_map<std::uint64_t, State> known_;
};

}  // namespace gyre::engine
