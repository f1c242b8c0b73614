#include "engine/query/char_automaton.hpp"

#include <algorithm>
#include <map>
#include <string>

#include "engine/analysis/utf8.hpp"

namespace gyre::engine {

namespace {

// Terms to step over one by one before the dictionary is asked anew; a step costs a fraction of that.
constexpr int kStepsBeforeSeek = 4;

bool isAsciiLetter(std::uint32_t code) { return (code | 32u) >= 'a' && (code | 32u) <= 'z'; }

// REQUIRES: not empty. Terms are UTF-8 and never hold 0xff, so the last byte can grow.
std::string afterAllWith(std::string_view beginning) {
  std::string after(beginning);
  after.back() = static_cast<char>(static_cast<unsigned char>(after.back()) + 1);
  return after;
}

bool advanceTo(TermCursor& cursor, const std::string& target) {
  for (int i = 0; i < kStepsBeforeSeek; ++i) {
    if (!cursor.next()) return false;
    if (cursor.term() >= target) return true;
  }
  return cursor.seekCeil(target);
}

}  // namespace

std::uint32_t CharAutomaton::classOf(std::uint32_t character) const {
  if (character < ascii_class_.size()) return ascii_class_[character];
  return static_cast<std::uint32_t>(std::upper_bound(starts_.begin(), starts_.end(), character) - starts_.begin() - 1);
}

bool CharAutomaton::accepts(std::string_view text) const {
  std::uint32_t state = kStart;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decodeUtf8(text, at);
    state = step(state, c.value);
    if (state == kDead) return false;
    at += c.size;
  }
  return isAccepting(state);
}

std::optional<std::uint32_t> CharAutomaton::characterAfter(std::uint32_t state, std::uint32_t character) const {
  for (std::uint32_t c = classOf(character) + 1; c < classes(); ++c)
    if (next_[state * classes() + c] != kDead) return starts_[c];
  return std::nullopt;
}

void CharAutomaton::trim() {
  std::vector<std::vector<std::uint32_t>> before(states());
  for (std::uint32_t state = 0; state < states(); ++state)
    for (std::uint32_t c = 0; c < classes(); ++c)
      if (const std::uint32_t to = next_[state * classes() + c]; to != kDead) before[to].push_back(state);
  std::vector<bool> is_live(accepting_);
  std::vector<std::uint32_t> open;
  for (std::uint32_t state = 0; state < states(); ++state)
    if (is_live[state]) open.push_back(state);
  while (!open.empty()) {
    const std::uint32_t state = open.back();
    open.pop_back();
    for (const std::uint32_t from : before[state])
      if (!is_live[from]) {
        is_live[from] = true;
        open.push_back(from);
      }
  }
  for (std::uint32_t& to : next_)
    if (to != kDead && !is_live[to]) to = kDead;
}

std::uint32_t CharPattern::addState() {
  edges_.emplace_back();
  free_.emplace_back();
  return states() - 1;
}

CharPattern::Part CharPattern::nothing() {
  const std::uint32_t first = addState();
  return {first, addState()};
}

CharPattern::Part CharPattern::empty() {
  const Part part = nothing();
  join(part.first, part.last);
  return part;
}

CharPattern::Part CharPattern::oneOf(const Ranges& ranges) {
  const Part part = nothing();
  for (const auto& [low, high] : ranges) edges_[part.first].push_back({low, high, part.last});
  return part;
}

CharPattern::Part CharPattern::anyText() {
  const Part part = empty();
  edges_[part.first].push_back({0, kLastCharacter, part.first});
  return part;
}

CharPattern::Part CharPattern::character(std::uint32_t code, bool folds_case) {
  if (!folds_case || !isAsciiLetter(code)) return oneOf({{code, code}});
  return oneOf({{code & ~32u, code & ~32u}, {code | 32u, code | 32u}});
}

CharPattern::Part CharPattern::text(std::string_view text, bool folds_case) {
  Part all = empty();
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decodeUtf8(text, at);
    all = sequence(all, character(c.value, folds_case));
    at += c.size;
  }
  return all;
}

CharPattern::Part CharPattern::sequence(Part a, Part b) {
  join(a.last, b.first);
  return {a.first, b.last};
}

CharPattern::Part CharPattern::either(Part a, Part b) {
  const Part part = nothing();
  join(part.first, a.first);
  join(part.first, b.first);
  join(a.last, part.last);
  join(b.last, part.last);
  return part;
}

CharPattern::Part CharPattern::optional(Part part) { return either(part, empty()); }

CharPattern::Part CharPattern::repeated(Part part) {
  const Part all = empty();
  join(all.first, part.first);
  join(part.last, all.first);
  return all;
}

CharPattern::Part CharPattern::automaton(const CharAutomaton& automaton) {
  const Part part = nothing();
  const std::uint32_t base = states();
  for (std::uint32_t state = 0; state < automaton.states(); ++state) addState();
  const std::uint32_t classes = automaton.classes();
  for (std::uint32_t state = 0; state < automaton.states(); ++state) {
    if (automaton.isAccepting(state)) join(base + state, part.last);
    for (std::uint32_t c = 0; c < classes; ++c) {
      const std::uint32_t to = automaton.next_[state * classes + c];
      if (to == CharAutomaton::kDead) continue;
      const std::uint32_t high = c + 1 < classes ? automaton.starts_[c + 1] - 1 : kLastCharacter;
      edges_[base + state].push_back({automaton.starts_[c], high, base + to});
    }
  }
  if (automaton.states() > 0) join(part.first, base + CharAutomaton::kStart);
  return part;
}

void CharPattern::close(std::vector<std::uint32_t>& states, std::vector<std::uint32_t>& marks,
                        std::uint32_t mark) const {
  for (const std::uint32_t state : states) marks[state] = mark;
  for (std::size_t i = 0; i < states.size(); ++i)
    for (const std::uint32_t to : free_[states[i]])
      if (marks[to] != mark) {
        marks[to] = mark;
        states.push_back(to);
      }
  std::sort(states.begin(), states.end());
}

std::optional<CharAutomaton> CharPattern::determinize(Part part, std::uint32_t limit) const {
  CharAutomaton automaton;
  automaton.starts_ = {0};
  for (const auto& edges : edges_)
    for (const Edge& edge : edges) {
      automaton.starts_.push_back(edge.low);
      if (edge.high < kLastCharacter) automaton.starts_.push_back(edge.high + 1);
    }
  std::sort(automaton.starts_.begin(), automaton.starts_.end());
  automaton.starts_.erase(std::unique(automaton.starts_.begin(), automaton.starts_.end()), automaton.starts_.end());
  for (std::uint32_t c = 0; c < automaton.ascii_class_.size(); ++c)
    automaton.ascii_class_[c] = static_cast<std::uint16_t>(
        std::upper_bound(automaton.starts_.begin(), automaton.starts_.end(), c) - automaton.starts_.begin() - 1);

  const std::uint32_t classes = automaton.classes();
  std::vector<std::uint32_t> marks(states(), 0);
  std::uint32_t mark = 0;
  std::map<std::vector<std::uint32_t>, std::uint32_t> known;
  std::vector<const std::vector<std::uint32_t>*> sets;
  const auto stateOf = [&](std::vector<std::uint32_t> set) {
    close(set, marks, ++mark);
    const auto [at, is_new] = known.emplace(std::move(set), static_cast<std::uint32_t>(sets.size()));
    if (is_new) {
      sets.push_back(&at->first);
      automaton.accepting_.push_back(std::binary_search(at->first.begin(), at->first.end(), part.last));
    }
    return at->second;
  };
  stateOf({part.first});
  std::uint64_t effort = 0;
  std::vector<std::vector<std::uint32_t>> targets(classes);
  for (std::size_t state = 0; state < sets.size(); ++state) {
    effort += sets[state]->size();
    if (effort > std::uint64_t{limit} * 10) return std::nullopt;
    for (const std::uint32_t member : *sets[state])
      for (const Edge& edge : edges_[member])
        for (std::uint32_t c = automaton.classOf(edge.low); c < classes && automaton.starts_[c] <= edge.high; ++c)
          targets[c].push_back(edge.to);
    automaton.next_.resize((state + 1) * classes, CharAutomaton::kDead);
    for (std::uint32_t c = 0; c < classes; ++c) {
      if (targets[c].empty()) continue;
      // Most characters lead where their neighbours lead.
      std::sort(targets[c].begin(), targets[c].end());
      targets[c].erase(std::unique(targets[c].begin(), targets[c].end()), targets[c].end());
      automaton.next_[state * classes + c] = stateOf(std::move(targets[c]));
      targets[c].clear();
    }
  }
  automaton.trim();
  return automaton;
}

CharAutomaton CharPattern::complement(const CharAutomaton& automaton) {
  CharAutomaton other = automaton;
  const std::uint32_t classes = other.classes();
  const std::uint32_t rest = other.states();
  for (std::uint32_t& to : other.next_)
    if (to == CharAutomaton::kDead) to = rest;
  other.next_.resize(other.next_.size() + classes, rest);
  other.accepting_.push_back(false);
  other.accepting_.flip();
  other.trim();
  return other;
}

std::optional<CharAutomaton> wildcardAutomaton(std::string_view pattern, bool folds_case) {
  CharPattern parts;
  CharPattern::Part all = parts.empty();
  for (std::size_t at = 0; at < pattern.size();) {
    CodePoint c = decodeUtf8(pattern, at);
    at += c.size;
    if (c.value == '*') {
      all = parts.sequence(all, parts.anyText());
    } else if (c.value == '?') {
      all = parts.sequence(all, parts.any());
    } else {
      if (c.value == '\\' && at < pattern.size()) {
        c = decodeUtf8(pattern, at);
        at += c.size;
      }
      all = parts.sequence(all, parts.character(c.value, folds_case));
    }
  }
  constexpr std::uint32_t kLimit = 10'000;  // as for a regular expression: "*a????????????????" has 2^16 states
  return parts.determinize(all, kLimit);
}

CharAutomaton prefixAutomaton(std::string_view prefix, bool folds_case) {
  CharPattern parts;
  const CharPattern::Part text = parts.text(prefix, folds_case);
  return std::move(*parts.determinize(parts.sequence(text, parts.anyText()), UINT32_MAX));
}

CharAutomaton wordAutomaton(std::string_view word, bool folds_case) {
  CharPattern parts;
  const CharPattern::Part text = parts.text(word, folds_case);
  return std::move(*parts.determinize(text, UINT32_MAX));
}

void forEachAcceptedTerm(const TermDictionaryReader& terms, const CharAutomaton& automaton,
                         const std::function<bool(const TermCursor&)>& visit) {
  const auto cursor = terms.cursor();
  std::string previous;
  std::vector<std::pair<std::size_t, std::uint32_t>> path;  // bytes read, state there
  path.emplace_back(0, CharAutomaton::kStart);
  bool has_term = cursor->next();
  while (has_term) {
    const std::string_view term = cursor->term();
    std::size_t common = 0;
    const std::size_t limit = std::min(previous.size(), term.size());
    while (common < limit && previous[common] == term[common]) ++common;
    while (path.back().first > common) path.pop_back();
    bool is_alive = true;
    std::string target;
    while (path.back().first < term.size()) {
      const auto [at, state] = path.back();
      const CodePoint c = decodeUtf8(term, at);
      const std::uint32_t to = automaton.step(state, c.value);
      if (to == CharAutomaton::kDead) {
        is_alive = false;
        target.assign(term.substr(0, at));
        if (const auto next = automaton.characterAfter(state, c.value)) {
          char bytes[4];
          target.append(bytes, encodeUtf8(*next, bytes));
        } else if (at == 0) {
          return;
        } else {
          target = afterAllWith(target);
        }
        break;
      }
      path.emplace_back(at + c.size, to);
    }
    previous.assign(term);
    if (is_alive) {
      if (automaton.isAccepting(path.back().second) && !visit(*cursor)) return;
      has_term = cursor->next();
    } else {
      has_term = advanceTo(*cursor, target);
    }
  }
}

}  // namespace gyre::engine
