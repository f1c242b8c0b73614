#include "engine/query/phrase_matcher.hpp"

#include <algorithm>
#include <limits>

namespace gyre::engine {

namespace {

bool sharesTerm(const PhrasePlace& a, const PhrasePlace& b) {
  for (const std::string& term : a.terms)
    if (std::find(b.terms.begin(), b.terms.end(), term) != b.terms.end()) return true;
  return false;
}

}  // namespace

SloppyPhraseMatcher::SloppyPhraseMatcher(std::span<const PhrasePlace> places, std::uint32_t slop)
    : cursors_(places.size()), slop_(slop) {
  std::vector<std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < places.size(); ++i) {
    cursors_[i].offset = places[i].position;
    cursors_[i].order = i;
    for (std::size_t j = 0; j < i; ++j) {
      if (places[j].position == places[i].position || !sharesTerm(places[i], places[j])) continue;
      has_choices_in_groups_ = has_choices_in_groups_ || places[i].terms.size() > 1 || places[j].terms.size() > 1;
      if (cursors_[j].group < 0) {
        cursors_[j].group = static_cast<int>(groups.size());
        groups.push_back({j});
      }
      const int old = cursors_[i].group;
      const int target = cursors_[j].group;
      if (old == target) continue;
      if (old < 0) {
        groups[static_cast<std::size_t>(target)].push_back(i);
      } else {
        auto& moved = groups[static_cast<std::size_t>(old)];
        auto& into = groups[static_cast<std::size_t>(target)];
        for (const std::size_t member : moved) cursors_[member].group = target;
        into.insert(into.end(), moved.begin(), moved.end());
        moved.clear();
      }
      cursors_[i].group = target;
    }
  }
  for (auto& group : groups) {
    std::sort(group.begin(), group.end(),
              [this](std::size_t a, std::size_t b) { return cursors_[a].offset < cursors_[b].offset; });
    std::vector<Cursor*> members;
    for (const std::size_t member : group) {
      cursors_[member].group = static_cast<int>(groups_.size());
      cursors_[member].in_group = members.size();
      members.push_back(&cursors_[member]);
    }
    if (!members.empty()) groups_.push_back(std::move(members));
  }
}

float SloppyPhraseMatcher::frequency() {
  float frequency = 0;
  is_positioned_ = start();
  std::int64_t distance = 0;
  while (nextMatch(distance)) frequency += 1.0f / (1.0f + static_cast<float>(distance));
  return frequency;
}

bool SloppyPhraseMatcher::step(Cursor& cursor) {
  if (cursor.next >= cursor.positions.size()) return false;
  cursor.position = static_cast<std::int64_t>(cursor.positions[cursor.next++]) - cursor.offset;
  return true;
}

bool SloppyPhraseMatcher::advance(Cursor& cursor) {
  if (!step(cursor)) return false;
  end_ = std::max(end_, cursor.position);
  return true;
}

SloppyPhraseMatcher::Cursor* SloppyPhraseMatcher::colliding(const Cursor& cursor) {
  for (Cursor* const other : groups_[static_cast<std::size_t>(cursor.group)])
    if (other != &cursor && other->wordPosition() == cursor.wordPosition()) return other;
  return nullptr;
}

bool SloppyPhraseMatcher::start() {
  end_ = std::numeric_limits<std::int64_t>::min();
  queue_.clear();
  for (Cursor& cursor : cursors_) {
    cursor.next = 0;
    if (!step(cursor)) return false;
  }
  for (const auto& group : groups_) {
    if (!has_choices_in_groups_) {
      // The same word throughout: the second place begins at its second occurrence, and so on.
      for (std::size_t j = 1; j < group.size(); ++j)
        for (std::size_t k = 0; k < j; ++k)
          if (!step(*group[j])) return false;
      continue;
    }
    for (Cursor* const member : group)
      while (Cursor* const other = colliding(*member))
        if (!step(Before()(member, other) ? *member : *other)) return false;
  }
  for (Cursor& cursor : cursors_) {
    end_ = std::max(end_, cursor.position);
    queue_.insert(&cursor);
  }
  return true;
}

bool SloppyPhraseMatcher::separate(Cursor* cursor) {
  if (cursor->group < 0) return true;
  const Cursor* const moved = cursor;
  while (Cursor* const other = colliding(*cursor)) {
    Cursor* const lesser = cursor->position != other->position ? (cursor->position < other->position ? cursor : other)
                           : cursor->offset < other->offset    ? cursor
                                                               : other;
    // What stands in the queue leaves it while it moves.
    const bool is_queued = lesser != moved && queue_.erase(lesser) > 0;
    const bool has_next = advance(*lesser);
    if (is_queued) queue_.insert(lesser);
    if (!has_next) return false;
    cursor = lesser;
  }
  return true;
}

bool SloppyPhraseMatcher::nextMatch(std::int64_t& distance) {
  if (!is_positioned_) return false;
  const auto pop = [this] {
    Cursor* const first = *queue_.begin();
    queue_.erase(queue_.begin());
    return first;
  };
  const auto nextPosition = [this] { return (*queue_.begin())->position; };
  Cursor* cursor = pop();
  distance = end_ - cursor->position;
  std::int64_t next = nextPosition();
  while (advance(*cursor)) {
    if (!groups_.empty() && !separate(cursor)) break;
    if (cursor->position > next) {
      queue_.insert(cursor);
      if (distance <= slop_) return true;
      cursor = pop();
      next = nextPosition();
      distance = end_ - cursor->position;
    } else {
      distance = std::min(distance, end_ - cursor->position);
    }
  }
  is_positioned_ = false;
  return distance <= slop_;
}

}  // namespace gyre::engine
