#include "engine/query/distance_automaton.hpp"

#include <algorithm>

namespace gyre::engine {

DistanceAutomaton::DistanceAutomaton(std::vector<std::uint32_t> word, std::uint32_t max_edits, bool has_transpositions)
    : word_(std::move(word)), max_edits_(max_edits), has_transpositions_(has_transpositions) {
  for (const std::uint32_t character : word_) {
    if (classOf(character) != 0) continue;
    const auto number = static_cast<std::uint16_t>(class_count_++);
    if (character < ascii_.size()) {
      ascii_[character] = number;
    } else {
      others_.emplace_back(character, number);
    }
  }
  const auto over = static_cast<std::uint8_t>(max_edits_ + 1);
  Row start;
  start.cells.fill(over);
  start.swapped.fill(over);
  rows_.push_back(start);  // kDead
  next_.assign(class_count_, kDead);
  for (std::uint32_t j = 0; j <= max_edits_ && j <= word_.size(); ++j)
    start.cells[max_edits_ + j] = static_cast<std::uint8_t>(j);
  add(start);
}

std::size_t DistanceAutomaton::classOfOther(std::uint32_t character) const {
  for (const auto& [known, number] : others_)
    if (known == character) return number;
  return 0;
}

std::uint32_t DistanceAutomaton::before(std::int64_t j) const {
  return j < 1 || j > static_cast<std::int64_t>(word_.size()) ? 0xffff'ffffu : word_[static_cast<std::size_t>(j - 1)];
}

DistanceAutomaton::State DistanceAutomaton::make(State state, std::uint32_t character) {
  const Row above = rows_[state];
  const std::size_t cells = 2 * std::size_t{max_edits_} + 1;
  const auto over = static_cast<std::uint8_t>(max_edits_ + 1);
  const auto plusOne = [over](std::uint8_t cell) { return static_cast<std::uint8_t>(std::min<int>(cell + 1, over)); };
  Row row;
  row.level = above.level + 1;
  row.cells.fill(over);
  row.swapped.fill(over);
  const std::int64_t first = std::int64_t{row.level} - max_edits_;
  std::uint8_t best = over;
  for (std::size_t t = 0; t < cells; ++t) {
    const std::int64_t j = first + static_cast<std::int64_t>(t);
    if (j < 0 || j > static_cast<std::int64_t>(word_.size())) continue;
    std::uint8_t cell = before(j) == character ? above.cells[t] : plusOne(above.cells[t]);
    if (j == 0) cell = over;  // nothing to replace
    if (t + 1 < cells) cell = std::min(cell, plusOne(above.cells[t + 1]));
    if (t > 0) cell = std::min(cell, plusOne(row.cells[t - 1]));
    if (before(j - 1) == character) cell = std::min(cell, above.swapped[t]);
    row.cells[t] = cell;
    best = std::min(best, cell);
  }
  State found = kDead;
  if (best < over) {
    for (std::size_t t = 0; t < cells && has_transpositions_; ++t)
      if (before(first + 1 + static_cast<std::int64_t>(t)) == character) row.swapped[t] = plusOne(above.cells[t]);
    found = add(row);
  }
  next_[std::size_t{state} * class_count_ + classOf(character)] = found;
  return found;
}

DistanceAutomaton::State DistanceAutomaton::add(const Row& row) {
  std::uint64_t key = row.level;
  for (std::size_t t = 0; t < kMostCells; ++t) key = key << 4 | row.cells[t] << 2 | row.swapped[t];
  const auto [known, is_new] = known_.emplace(key, static_cast<State>(rows_.size()));
  if (!is_new) return known->second;
  rows_.push_back(row);
  const std::size_t end = word_.size() + max_edits_;
  const std::size_t cells = 2 * std::size_t{max_edits_} + 1;
  rows_.back().distance = end >= row.level && end - row.level < cells ? row.cells[end - row.level] : max_edits_ + 1;
  next_.resize(next_.size() + class_count_, kUnknown);
  return known->second;
}

}  // namespace gyre::engine
