#include <algorithm>
#include <cmath>
#include <compare>
#include <limits>
#include <map>
#include <optional>

#include "engine/highlight/boundaries.hpp"
#include "engine/highlight/fragments.hpp"

namespace gyre::engine {

namespace {

struct Passage {
  std::uint32_t start = 0;
  std::uint32_t end = 0;
  float score = 0;
  std::vector<const TextMark*> marks;
};

// Cuts where its boundaries say, but sentences that are too long at words, and short ones together.
class PassageScanner {
 public:
  PassageScanner(std::u16string_view text, const HighlightOptions& options, bool is_tokenized) : text_(text) {
    if (options.fragment_count == 0 || !is_tokenized) {
      main_ = Boundaries::ofValues(text);
    } else if (options.scanner == HighlightOptions::Scanner::kWord) {
      main_ = Boundaries::ofWords(text);
    } else {
      main_ = Boundaries::ofSentences(text);
      max_size_ = options.fragment_size;
      if (max_size_ > 0) {
        words_ = Boundaries::ofWords(text);
        values_ = Boundaries::ofValues(text);
      }
    }
  }

  // The passage around a find that begins at `start`; finds come in order.
  std::pair<std::uint32_t, std::uint32_t> around(std::int64_t start) {
    if (max_size_ == 0) {
      const std::int64_t from = std::max<std::int64_t>(main_.preceding(start + 1), 0);
      return bounds(from, endBehind(main_, start));
    }
    const std::int64_t offset = start + 1;
    if (offset > window_start_ && offset < window_end_) {
      inner_start_ = inner_end_;
      inner_end_ = window_end_;
    } else {
      window_start_ = inner_start_ = std::max<std::int64_t>(main_.preceding(offset), 0);
      window_end_ = inner_end_ = endBehind(main_, offset - 1);
      // Further sentences of the value, as long as they fit.
      const std::int64_t value_end = endBehind(values_, offset - 1);
      while (inner_end_ - inner_start_ < max_size_ && inner_end_ < value_end) {
        const std::int64_t next = endBehind(main_, inner_end_);
        if (next - inner_start_ > max_size_) break;
        window_end_ = inner_end_ = next;
      }
    }
    if (inner_end_ - inner_start_ > max_size_) {
      if (offset - max_size_ > inner_start_)
        inner_start_ = std::max(inner_start_, words_.preceding(offset - max_size_));
      const std::int64_t left = std::max<std::int64_t>(0, max_size_ - (offset - inner_start_));
      if (offset + left < window_end_) inner_end_ = std::min(window_end_, endBehind(words_, offset + left));
    }
    return bounds(inner_start_, inner_end_);
  }

 private:
  static std::pair<std::uint32_t, std::uint32_t> bounds(std::int64_t from, std::int64_t to) {
    return {static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(to)};
  }
  // The next boundary. What separates values belongs to none of them.
  std::int64_t endBehind(const Boundaries& boundaries, std::int64_t offset) const {
    const std::int64_t end = boundaries.following(offset);
    if (end < 0) return static_cast<std::int64_t>(text_.size());
    return text_[static_cast<std::size_t>(end) - 1] == kValueSeparator && end > offset + 1 ? end - 1 : end;
  }

  std::u16string_view text_;
  Boundaries main_;
  Boundaries words_;
  Boundaries values_;
  std::int64_t max_size_ = 0;
  std::int64_t window_start_ = -1, window_end_ = -1;
  std::int64_t inner_start_ = -1, inner_end_ = 0;
};

// BM25 with passages for documents: a passage of usual length has this many units.
constexpr float kPivot = 87;
constexpr float kK1 = 1.2f;
constexpr float kB = 0.75f;

// Whatever a pattern finds counts as one word.
struct Word {
  std::size_t pattern;  // 0 for none
  std::string_view term;
  auto operator<=>(const Word&) const = default;
};
Word wordOf(const TextMark& mark) { return mark.is_of_pattern ? Word{mark.number + 1, {}} : Word{0, mark.term}; }
using Frequencies = std::map<Word, std::uint32_t>;

float scoreOf(const Passage& passage, const Frequencies& frequencies, std::size_t length) {
  Frequencies found;
  for (const TextMark* const mark : passage.marks) ++found[wordOf(*mark)];
  const float documents = 1 + static_cast<float>(length) / kPivot;
  const float norm = kK1 * ((1 - kB) + kB * (static_cast<float>(passage.end - passage.start) / kPivot));
  float score = 0;
  for (const auto& [term, count] : found) {
    const auto total = static_cast<double>(frequencies.at(term));
    const float weight =
        (kK1 + 1) * static_cast<float>(std::log(1 + (static_cast<double>(documents) + 0.5) / (total + 0.5)));
    score += static_cast<float>(count) / (static_cast<float>(count) + norm) * weight;
  }
  // Finds near the beginning count a little more.
  return score *
         (1 + 1 / static_cast<float>(std::log(static_cast<double>(kPivot + static_cast<float>(passage.start)))));
}

std::string shown(const AnalyzedText& text, const Passage& passage, const HighlightOptions& options) {
  std::string out;
  const std::u16string_view units = text.text;
  std::uint32_t at = passage.start;
  for (std::size_t m = 0; m < passage.marks.size(); ++m) {
    const TextMark* const mark = passage.marks[m];
    if (mark->start > at) {
      appendShown(units.substr(at, mark->start - at), options, out);
      at = mark->start;
    }
    // Finds that overlap are one, and end where the last of them does.
    std::uint32_t end = mark->end;
    while (m + 1 < passage.marks.size() && passage.marks[m + 1]->start < end) end = passage.marks[++m]->end;
    // A find may reach beyond the passage; it is cut.
    end = std::min(end, passage.end);
    if (end <= at) continue;
    out += options.pre_tags.front();
    appendShown(units.substr(at, end - at), options, out);
    out += options.post_tags.front();
    at = end;
  }
  if (passage.end > at) appendShown(units.substr(at, passage.end - at), options, out);
  return trimmedFragment(std::move(out));
}

// The beginning of the first value.
std::vector<std::string> withoutMatch(const AnalyzedText& text, const HighlightOptions& options) {
  if (options.no_match_size == 0 || text.text.empty()) return {};
  std::int64_t end = text.valueEnd(0);
  if (std::int64_t{options.no_match_size} < end) {
    const std::int64_t word = Boundaries::ofWords(text.text).following(options.no_match_size);
    end = word < 0 ? static_cast<std::int64_t>(text.text.size()) : word;
  }
  return {shown(text, {0, static_cast<std::uint32_t>(end), 0, {}}, options)};
}

}  // namespace

std::vector<std::string> highlightUnified(const AnalyzedText& text, const std::vector<TextMark>& marks,
                                          const HighlightOptions& options, bool is_tokenized) {
  if (marks.empty()) return withoutMatch(text, options);
  const std::size_t limit =
      options.fragment_count == 0 ? std::numeric_limits<std::size_t>::max() : options.fragment_count;
  Frequencies frequencies;
  for (const TextMark& mark : marks) ++frequencies[wordOf(mark)];
  PassageScanner scanner(text.text, options, is_tokenized);
  std::vector<Passage> passages;
  std::optional<Passage> current;
  const auto keep = [&] {
    if (!current) return;
    current->score = scoreOf(*current, frequencies, text.text.size());
    passages.push_back(std::move(*current));
    current.reset();
    if (passages.size() <= limit) return;
    // Of equals the one further on stays.
    const auto worst = std::min_element(passages.begin(), passages.end(), [](const Passage& a, const Passage& b) {
      return a.score != b.score ? a.score < b.score : a.start < b.start;
    });
    passages.erase(worst);
  };
  for (const TextMark& mark : marks) {
    if (!current || mark.start >= current->end) {
      keep();
      current.emplace();
      std::tie(current->start, current->end) = scanner.around(mark.start);
    }
    current->marks.push_back(&mark);
  }
  keep();
  std::stable_sort(passages.begin(), passages.end(),
                   [](const Passage& a, const Passage& b) { return a.start < b.start; });
  if (options.is_by_score)
    std::stable_sort(passages.begin(), passages.end(),
                     [](const Passage& a, const Passage& b) { return a.score > b.score; });
  std::vector<std::string> fragments;
  for (const Passage& passage : passages) fragments.push_back(shown(text, passage, options));
  return fragments;
}

void appendShown(std::u16string_view part, const HighlightOptions& options, std::string& out) {
  std::string plain;
  appendUtf16(part, plain);
  if (!options.encodes_html) {
    out += plain;
    return;
  }
  for (const char c : plain) {
    switch (c) {
      case '"': out += "&quot;"; break;
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '\'': out += "&#x27;"; break;
      case '/': out += "&#x2F;"; break;
      default: out += c;
    }
  }
}

std::string trimmedFragment(std::string fragment) {
  constexpr std::string_view kSeparator = "\xe2\x80\xa9";
  if (fragment.ends_with(kSeparator)) fragment.resize(fragment.size() - kSeparator.size());
  const auto isBlank = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  while (!fragment.empty() && isBlank(fragment.back())) fragment.pop_back();
  fragment.erase(fragment.begin(), std::find_if_not(fragment.begin(), fragment.end(), isBlank));
  return fragment;
}

}  // namespace gyre::engine
