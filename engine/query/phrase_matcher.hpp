// How often, and how closely, does one document hold the words of a phrase?
//
// Each place of the phrase brings the positions at which one of its words stands in the document. With slop a match may
// be spread: it then counts 1 / (1 + distance), the distance being how far the places are from where the phrase wants
// them.
//
// THREADS: belongs to one scorer.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace gyre::engine {

struct PhrasePlace {
  std::vector<std::string> terms;  // any of them
  std::uint32_t position = 0;      // relative to the others; gaps are kept
};

class SloppyPhraseMatcher {
 public:
  SloppyPhraseMatcher(std::span<const PhrasePlace> places, std::uint32_t slop);

  // Ascending positions of the place in the document. Called for every place before frequency().
  void setPositions(std::size_t place, std::span<const std::uint32_t> positions) {
    cursors_[place].positions.assign(positions.begin(), positions.end());
  }
  float frequency();

 private:
  struct Cursor {
    std::vector<std::uint32_t> positions;
    std::size_t next = 0;
    std::int64_t offset = 0;
    std::int64_t position = 0;  // where the phrase would begin
    std::size_t order = 0;
    int group = -1;  // places that share a word must not stand on the same one
    std::size_t in_group = 0;
    std::int64_t wordPosition() const { return position + offset; }
  };
  struct Before {
    bool operator()(const Cursor* a, const Cursor* b) const {
      if (a->position != b->position) return a->position < b->position;
      if (a->offset != b->offset) return a->offset < b->offset;
      return a->order < b->order;
    }
  };
  bool start();
  static bool step(Cursor& cursor);
  bool advance(Cursor& cursor);
  // Moves apart what stands on the same word after `cursor` moved.
  bool separate(Cursor* cursor);
  Cursor* colliding(const Cursor& cursor);
  bool nextMatch(std::int64_t& distance);

  std::vector<Cursor> cursors_;
  std::vector<std::vector<Cursor*>> groups_;
  bool has_choices_in_groups_ = false;
  std::int64_t slop_;
  std::int64_t end_ = 0;
  bool is_positioned_ = false;
  std::set<Cursor*, Before> queue_;
};

}  // namespace gyre::engine
