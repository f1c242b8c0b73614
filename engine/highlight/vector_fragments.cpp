#include <algorithm>
#include <string_view>

#include "engine/highlight/boundaries.hpp"
#include "engine/highlight/fragments.hpp"

namespace gyre::engine {

namespace {

struct Fragment {
  std::uint32_t start = 0;
  std::uint32_t end = 0;
  std::vector<const TextMark*> marks;
};

// Gathers finds that fit together, and puts them in the middle.
std::vector<Fragment> gather(const std::vector<TextMark>& marks, const HighlightOptions& options) {
  std::vector<Fragment> fragments;
  const std::uint32_t size = std::max(options.fragment_size, std::max(1u, options.fragment_margin * 3));
  std::uint32_t border = 0;  // the end of the fragment before
  for (std::size_t i = 0; i < marks.size();) {
    if (marks[i].start < border) {
      ++i;
      continue;
    }
    Fragment fragment;
    const std::uint32_t first = marks[i].start;
    std::uint32_t last = marks[i].end;
    const std::uint32_t span_start =
        std::max(first > options.fragment_margin ? first - options.fragment_margin : 0, border);
    const std::uint32_t span_end = std::max(last, span_start + size);
    const auto take = [&](const TextMark& mark) {
      if (mark.end - first <= size || fragment.marks.empty()) fragment.marks.push_back(&mark);
    };
    take(marks[i++]);
    while (i < marks.size() && marks[i].end <= span_end) {
      last = marks[i].end;
      take(marks[i++]);
    }
    const std::uint32_t length = last - first;
    const std::uint32_t margin = size > length ? (size - length) / 2 : 0;
    fragment.start = std::max(first > margin ? first - margin : 0, border);
    fragment.end = fragment.start + std::max(length, size);
    border = fragment.end;
    fragments.push_back(std::move(fragment));
  }
  return fragments;
}

// No fragment spans two values.
std::vector<Fragment> byValue(const AnalyzedText& text, const std::vector<Fragment>& fragments) {
  std::vector<Fragment> parts;
  for (const Fragment& fragment : fragments) {
    for (std::size_t value = 0; value < text.value_starts.size(); ++value) {
      const std::uint32_t from = text.value_starts[value];
      const std::uint32_t to = text.valueEnd(value);
      Fragment part{std::max(fragment.start, from), std::min(fragment.end, to), {}};
      for (const TextMark* const mark : fragment.marks)
        if (mark->start >= from && mark->end <= to) part.marks.push_back(mark);
      if (!part.marks.empty()) parts.push_back(std::move(part));
    }
  }
  return parts;
}

class FragmentWriter {
 public:
  FragmentWriter(const AnalyzedText& text, const HighlightOptions& options) : text_(text), options_(options) {
    if (options.scanner == HighlightOptions::Scanner::kWord) breaks_ = Boundaries::ofWords(text.text);
    if (options.scanner == HighlightOptions::Scanner::kSentence) breaks_ = Boundaries::ofSentences(text.text);
  }

  std::string write(const Fragment& fragment) {
    const std::u16string_view units = text_.text;
    std::size_t value = 0;
    while (value + 1 < text_.value_starts.size() && text_.value_starts[value + 1] <= fragment.start) ++value;
    const std::uint32_t ceiling = text_.value_starts.empty() ? 0 : text_.valueEnd(value);
    // A sentence may have begun in the value before.
    std::uint32_t at = startOf(fragment.start);
    const std::uint32_t end = std::min(ceiling, fragment.end >= ceiling ? ceiling : endOf(fragment.end));
    std::string out;
    for (const TextMark* const mark : fragment.marks) {
      if (mark->end <= at) continue;
      const std::uint32_t from = std::max(mark->start, at);
      appendShown(units.substr(at, from - at), options_, out);
      const std::size_t tag = mark->number;
      out += options_.pre_tags[tag % options_.pre_tags.size()];
      appendShown(units.substr(from, mark->end - from), options_, out);
      out += options_.post_tags[tag % options_.post_tags.size()];
      at = mark->end;
    }
    if (end > at) appendShown(units.substr(at, end - at), options_, out);
    return out;
  }

 private:
  bool isBoundary(std::uint32_t at) const {
    return options_.boundary_chars.find(text_.text[at]) != std::u16string::npos;
  }
  bool scansBreaks() const {
    return options_.scanner == HighlightOptions::Scanner::kWord ||
           options_.scanner == HighlightOptions::Scanner::kSentence;
  }
  std::uint32_t startOf(std::uint32_t start) const {
    if (start < 1 || start > text_.text.size()) return start;
    if (scansBreaks())
      return static_cast<std::uint32_t>(std::max<std::int64_t>(0, breaks_.preceding(std::int64_t{start} + 1)));
    std::uint32_t at = start;
    for (std::uint32_t count = options_.boundary_max_scan; at > 0 && count > 0; --count, --at)
      if (isBoundary(at - 1)) return at;
    return at == 0 ? 0 : start;
  }
  std::uint32_t endOf(std::uint32_t end) const {
    if (end > text_.text.size()) return end;
    if (scansBreaks()) {
      const std::int64_t next = breaks_.following(std::int64_t{end} - 1);
      return next < 0 ? end : static_cast<std::uint32_t>(next);
    }
    std::uint32_t at = end;
    for (std::uint32_t count = options_.boundary_max_scan; at < text_.text.size() && count > 0; --count, ++at)
      if (isBoundary(at)) return at;
    return end;
  }

  const AnalyzedText& text_;
  const HighlightOptions& options_;
  Boundaries breaks_;
};

}  // namespace

std::vector<std::string> highlightVector(const AnalyzedText& text, const std::vector<TextMark>& marks,
                                         const HighlightOptions& options) {
  FragmentWriter writer(text, options);
  if (marks.empty()) {
    if (options.no_match_size == 0 || text.text.empty()) return {};
    return {writer.write({0, std::min(options.no_match_size, text.valueEnd(0)), {}})};
  }
  std::vector<Fragment> fragments;
  if (options.fragment_count == 0) {
    Fragment whole{0, static_cast<std::uint32_t>(text.text.size()), {}};
    for (const TextMark& mark : marks) whole.marks.push_back(&mark);
    fragments.push_back(std::move(whole));
  } else {
    fragments = gather(marks, options);
  }
  fragments = byValue(text, fragments);
  if (options.is_by_score)
    std::stable_sort(fragments.begin(), fragments.end(),
                     [](const Fragment& a, const Fragment& b) { return a.marks.size() > b.marks.size(); });
  if (options.fragment_count != 0 && fragments.size() > options.fragment_count)
    fragments.resize(options.fragment_count);
  std::vector<std::string> shown;
  for (const Fragment& fragment : fragments) shown.push_back(writer.write(fragment));
  return shown;
}

}  // namespace gyre::engine
