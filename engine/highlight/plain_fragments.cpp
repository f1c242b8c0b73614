#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string_view>

#include "engine/highlight/fragments.hpp"

namespace gyre::engine {

namespace {

struct Fragment {
  std::string text;
  float score = 0;  // the boosts of the different terms found
};

// Cuts one value as its tokens come: a fragment ends at the first token behind each multiple of the size.
class ValueCutter {
 public:
  ValueCutter(const AnalyzedText& text, const std::vector<TextMark>& marks, const HighlightOptions& options)
      : text_(text), marks_(marks), options_(options) {
    for (const TextMark& mark : marks)
      if (mark.is_of_phrase) phrases_.emplace(mark.term, &mark);
  }

  std::vector<Fragment> cut(std::size_t value) {
    const std::uint32_t value_start = text_.value_starts[value];
    const std::uint32_t value_end = text_.valueEnd(value);
    fragments_.assign(1, {});
    start_ = last_end_ = value_start;
    end_ = value_end;
    cuts_ = 1;
    waits_for_ = position_ = kNowhere;
    base_ = previous_ = text_.value_positions[value];
    Group group;
    for (const TextToken& token : text_.tokens) {
      if (token.start < value_start || token.start >= value_end) continue;
      if (group.has_tokens && token.start >= group.end) {
        flush(group);
        group = {};
        if (options_.fragment_count != 0 && isCut(token)) {
          found_.clear();
          fragments_.emplace_back();
        }
      }
      const TextMark* const mark = markOf(token);
      group.add(token, mark);
      previous_ = token.position;
      if (mark != nullptr && found_.insert(token.text).second) fragments_.back().score += mark->boost;
    }
    if (group.has_tokens) flush(group);
    found_.clear();
    const std::u16string_view units = text_.text;
    if (last_end_ < end_) appendShown(units.substr(last_end_, end_ - last_end_), options_, fragments_.back().text);
    return std::move(fragments_);
  }

 private:
  // Tokens that stand over each other, of which those found are marked together.
  struct Group {
    bool has_tokens = false;
    bool is_found = false;
    std::uint32_t start = 0, end = 0;
    std::uint32_t match_start = 0, match_end = 0;
    void add(const TextToken& token, const TextMark* mark) {
      start = has_tokens ? std::min(start, token.start) : token.start;
      end = has_tokens ? std::max(end, token.end) : token.end;
      has_tokens = true;
      if (mark == nullptr) return;
      match_start = is_found ? std::min(match_start, token.start) : token.start;
      match_end = is_found ? std::max(match_end, token.end) : token.end;
      is_found = true;
    }
  };

  const TextMark* markOf(const TextToken& token) const {
    const auto first = std::lower_bound(marks_.begin(), marks_.end(), token.start,
                                        [](const TextMark& mark, std::uint32_t start) { return mark.start < start; });
    for (auto mark = first; mark != marks_.end() && mark->start == token.start; ++mark)
      if (mark->end == token.end && mark->term == token.text) return mark->boost > 0 ? &*mark : nullptr;
    return nullptr;
  }

  void flush(const Group& group) {
    const std::uint32_t from = group.is_found ? group.match_start : group.start;
    const std::uint32_t to = group.is_found ? group.match_end : group.end;
    std::string& out = fragments_.back().text;
    const std::u16string_view units = text_.text;
    if (from > last_end_) appendShown(units.substr(last_end_, from - last_end_), options_, out);
    if (group.is_found) out += options_.pre_tags.front();
    appendShown(units.substr(from, to - from), options_, out);
    if (group.is_found) out += options_.post_tags.front();
    last_end_ = std::max(last_end_, to);
  }

  // Never within a phrase, and not so near the end that little would be left.
  bool isCut(const TextToken& token) {
    // Lucene's fragmenter does not count the first token, so that it is one behind: it knows a phrase by the word
    // after the first.
    position_ += std::int64_t{token.position} - previous_;
    if (waits_for_ <= position_)
      waits_for_ = kNowhere;
    else if (waits_for_ != kNowhere)
      return false;
    if (!options_.cuts_evenly) {
      const auto [first, last] = phrases_.equal_range(token.text);
      for (auto phrase = first; phrase != last; ++phrase)
        if (std::int64_t{phrase->second->first_position} - base_ == position_)
          waits_for_ = std::int64_t{phrase->second->last_position} - base_ + 1;
    }
    const std::uint64_t end = token.end - start_;
    const std::uint64_t size = end_ - start_;
    const bool is_far_enough = end >= std::uint64_t{options_.fragment_size} * cuts_;
    const bool is_new = is_far_enough && (options_.cuts_evenly || size - end >= options_.fragment_size / 2);
    if (is_new) ++cuts_;
    return is_new;
  }

  const AnalyzedText& text_;
  const std::vector<TextMark>& marks_;
  const HighlightOptions& options_;
  std::vector<Fragment> fragments_;
  std::set<std::string_view> found_;
  std::uint32_t start_ = 0, end_ = 0, last_end_ = 0;
  std::uint64_t cuts_ = 1;
  static constexpr std::int64_t kNowhere = -1;
  std::multimap<std::string_view, const TextMark*> phrases_;  // by their words
  std::int64_t base_ = 0, previous_ = 0;
  std::int64_t position_ = kNowhere, waits_for_ = kNowhere;
};

void sortByScore(std::vector<Fragment>& fragments) {
  std::stable_sort(fragments.begin(), fragments.end(),
                   [](const Fragment& a, const Fragment& b) { return a.score > b.score; });
}

// Fragments of different values change places only when one is better by a half or more, as in the dialect; which is no
// order that a sort could be given, so each goes forward past its neighbours.
void bringForwardByScore(std::vector<Fragment>& fragments) {
  for (std::size_t i = 1; i < fragments.size(); ++i)
    for (std::size_t at = i; at > 0 && fragments[at].score - fragments[at - 1].score >= 0.5f; --at)
      std::swap(fragments[at], fragments[at - 1]);
}

// The tokens of the first value that fit.
std::vector<std::string> withoutMatch(const AnalyzedText& text, const HighlightOptions& options) {
  if (options.no_match_size == 0 || text.text.empty()) return {};
  const std::uint32_t value_end = text.valueEnd(0);
  std::uint32_t end = 0;
  for (const TextToken& token : text.tokens) {
    if (token.end > options.no_match_size || token.end > value_end) break;
    end = token.end;
  }
  if (end == 0) return {};
  std::string out;
  appendShown(std::u16string_view(text.text).substr(0, end), options, out);
  return {out};
}

}  // namespace

std::vector<std::string> highlightPlain(const AnalyzedText& text, const std::vector<TextMark>& marks,
                                        const HighlightOptions& options) {
  ValueCutter cutter(text, marks, options);
  std::vector<Fragment> all;
  for (std::size_t value = 0; value < text.value_starts.size() && !marks.empty(); ++value) {
    std::vector<Fragment> fragments = cutter.cut(value);
    sortByScore(fragments);
    if (options.fragment_count != 0 && fragments.size() > options.fragment_count)
      fragments.resize(options.fragment_count);
    for (Fragment& fragment : fragments)
      if (fragment.score > 0) all.push_back(std::move(fragment));
  }
  if (options.is_by_score) bringForwardByScore(all);
  if (options.fragment_count != 0 && all.size() > options.fragment_count) all.resize(options.fragment_count);
  std::vector<std::string> shown;
  for (Fragment& fragment : all) shown.push_back(std::move(fragment.text));
  // Words with a boost of 0 make no fragment either.
  return shown.empty() ? withoutMatch(text, options) : shown;
}

}  // namespace gyre::engine
