#include "engine/highlight/text_marks.hpp"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "engine/analysis/utf8.hpp"
#include "engine/highlight/text_dictionary.hpp"

namespace gyre::engine {

std::u16string toUtf16(std::string_view text) {
  std::u16string units;
  units.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decodeUtf8(text, at);
    at += c.size;
    if (c.value < 0x10000) {
      units += static_cast<char16_t>(c.value);
    } else {
      units += static_cast<char16_t>(0xd7c0 + (c.value >> 10));
      units += static_cast<char16_t>(0xdc00 | (c.value & 0x3ff));
    }
  }
  return units;
}

void appendUtf16(std::u16string_view units, std::string& out) {
  char bytes[4];
  for (std::size_t i = 0; i < units.size(); ++i) {
    std::uint32_t code = units[i];
    const bool is_high = code >= 0xd800 && code < 0xdc00;
    const bool is_pair = is_high && i + 1 < units.size() && units[i + 1] >= 0xdc00 && units[i + 1] < 0xe000;
    if (is_pair)
      code = 0x10000 + ((code - 0xd800) << 10) + (static_cast<std::uint32_t>(units[++i]) - 0xdc00);
    else if (code >= 0xd800 && code < 0xe000)
      code = '?';  // half a character, where a fragment was cut
    out.append(bytes, encodeUtf8(code, bytes));
  }
}

AnalyzedText AnalyzedText::of(const std::vector<std::string>& values, const Analyzer* analyzer,
                              std::uint32_t position_gap, char16_t separator) {
  AnalyzedText made;
  std::uint32_t base_position = 0;
  for (const std::string& value : values) {
    if (!made.value_starts.empty()) made.text += separator;
    const auto start = static_cast<std::uint32_t>(made.text.size());
    made.value_starts.push_back(start);
    made.value_positions.push_back(base_position);
    made.text += toUtf16(value);
    if (analyzer == nullptr) {
      made.tokens.push_back({value, base_position++, start, static_cast<std::uint32_t>(made.text.size())});
      continue;
    }
    TokenList list;
    analyzer->tokenize(value, list);
    std::uint32_t next = 0;
    for (Token& token : list.tokens) {
      next += token.increment;
      made.tokens.push_back(
          {std::move(token.text), base_position + (next == 0 ? 0 : next - 1), start + token.start, start + token.end});
    }
    base_position += next + list.trailing + position_gap;
  }
  return made;
}

WantedTerms::WantedTerms(const Query& query, std::function<bool(std::string_view)> takes) : takes_(std::move(takes)) {
  query.visitTerms(*this);
}

void WantedTerms::term(std::string_view path, std::string_view term) {
  if (!takes_(path)) return;
  const auto [wanted, is_new] = terms_.emplace(term, Wanted{count_, 0, 0});
  if (is_new) ++count_;
  wanted->second.boost = boost();
  wanted->second.told = told_++;
}

void WantedTerms::phrase(std::string_view path, std::vector<VisitedPlace> places, std::uint32_t slop, bool is_prefix) {
  if (takes_(path) && !places.empty())
    phrases_.push_back({std::move(places), slop, is_prefix, count_++, boost(), told_++});
}

void WantedTerms::pattern(std::string_view path, ExpandTerms expand) {
  if (takes_(path)) patterns_.push_back({std::move(expand), count_++, boost(), told_++});
}

WantedTerms::NumberedTerms WantedTerms::expandedTerms(const AnalyzedText& text) const {
  NumberedTerms found;
  if (patterns_.empty()) return found;
  const TextDictionary dictionary(text.tokens);
  for (const Pattern& pattern : patterns_)
    pattern.expand(dictionary, [&](std::string_view term, float factor) {
      const Wanted wanted{pattern.number, pattern.boost * factor, pattern.told, true};
      Wanted& known = found.emplace(term, wanted).first->second;
      known.boost = wanted.boost;
      known.told = wanted.told;
    });
  return found;
}

std::vector<TextMark> WantedTerms::find(const AnalyzedText& text, PhraseMarks phrases) const {
  std::vector<TextMark> marks;
  const NumberedTerms expanded = expandedTerms(text);
  for (const TextToken& token : text.tokens) {
    // One that is looked for as a term counts as that, and then as what it is like.
    for (const NumberedTerms* const wanted : {&terms_, &expanded}) {
      const auto found = wanted->find(token.text);
      if (found == wanted->end()) continue;
      const auto [number, boost, told, is_of_pattern] = found->second;
      marks.push_back({token.start, token.end, token.text, token.position, token.position, false, number, is_of_pattern,
                       boost, told});
    }
  }
  const auto findIn = [&](const Phrase& phrase, const AnalyzedText& where) {
    // Of a spread phrase Lucene asks for its words near each other.
    const bool is_near = phrase.slop > 0 && phrases != PhraseMarks::kWhole;
    if (is_near)
      findNear(phrase, where, phrases == PhraseMarks::kSpans, marks);
    else
      findPhrase(phrase, where, phrases == PhraseMarks::kWhole, marks);
  };
  for (const Phrase& phrase : phrases_) {
    findIn(phrase, text);
    if (phrases != PhraseMarks::kSpans || !phrase.is_prefix || phrase.places.size() == 1) continue;
    // In a value where no word begins as the last one, OpenSearch's plain highlighter looks for what stands before it.
    Phrase before = phrase;
    before.places.pop_back();
    before.is_prefix = false;
    findIn(before, valuesWithoutLast(phrase, text));
  }
  const auto key = [](const TextMark& mark) { return std::tie(mark.start, mark.end, mark.term); };
  std::stable_sort(marks.begin(), marks.end(), [&](const TextMark& a, const TextMark& b) { return key(a) < key(b); });
  // Of all that was told of a word Lucene keeps the last weight; a phrase gives one only to a word that has none.
  const auto is_weaker = [](const TextMark& a, const TextMark& b) {
    if (a.is_of_phrase != b.is_of_phrase) return a.is_of_phrase;
    return a.is_of_phrase ? a.told > b.told : a.told < b.told;
  };
  std::vector<TextMark> kept;
  kept.reserve(marks.size());
  std::set<std::tuple<bool, std::uint32_t, std::uint32_t>> phrases_of_word;
  for (auto first = marks.begin(); first != marks.end();) {
    const auto last = std::find_if(first, marks.end(), [&](const TextMark& mark) { return key(mark) != key(*first); });
    const float boost = std::max_element(first, last, is_weaker)->boost;
    phrases_of_word.clear();
    for (; first != last; ++first) {
      // A word may be of several phrases, each of which keeps a plain highlight from cutting within it; the same one
      // may have been told again after others.
      const bool is_new =
          phrases_of_word.emplace(first->is_of_phrase, first->first_position, first->last_position).second;
      if (!is_new || (phrases != PhraseMarks::kSpans && phrases_of_word.size() > 1)) continue;
      first->boost = boost;
      kept.push_back(std::move(*first));
    }
  }
  return kept;
}

bool WantedTerms::fits(const Phrase& phrase, std::size_t place, const std::string& text) {
  const bool is_beginning = phrase.is_prefix && place + 1 == phrase.places.size();
  for (const std::string& term : phrase.places[place].terms)
    if (is_beginning ? text.starts_with(term) : text == term) return true;
  return false;
}

// Those values in which no word fits the last place.
AnalyzedText WantedTerms::valuesWithoutLast(const Phrase& phrase, const AnalyzedText& text) {
  AnalyzedText found;
  for (auto first = text.tokens.begin(); first != text.tokens.end();) {
    const auto next = std::upper_bound(text.value_starts.begin(), text.value_starts.end(), first->start);
    const auto last =
        next == text.value_starts.end()
            ? text.tokens.end()
            : std::find_if(first, text.tokens.end(), [&](const TextToken& t) { return t.start >= *next; });
    const bool has_last = std::any_of(
        first, last, [&](const TextToken& token) { return fits(phrase, phrase.places.size() - 1, token.text); });
    if (!has_last) found.tokens.insert(found.tokens.end(), first, last);
    first = last;
  }
  return found;
}

// A match is a token for each place whose distances from where it should stand differ by no more than the slop.
void WantedTerms::findPhrase(const Phrase& phrase, const AnalyzedText& text, bool joins,
                             std::vector<TextMark>& marks) const {
  struct Candidate {
    std::int64_t shift;  // position minus that of the place
    std::size_t place;
    std::size_t token;
  };
  std::vector<Candidate> candidates;
  for (std::size_t t = 0; t < text.tokens.size(); ++t)
    for (std::size_t p = 0; p < phrase.places.size(); ++p)
      if (fits(phrase, p, text.tokens[t].text))
        candidates.push_back({std::int64_t{text.tokens[t].position} - phrase.places[p].position, p, t});
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.shift < b.shift; });
  std::vector<std::uint32_t> counts(phrase.places.size(), 0);
  std::size_t missing = phrase.places.size();
  struct Span {
    std::uint32_t first;
    std::uint32_t last;
  };
  std::map<std::size_t, Span> words;  // by token: the first match that it is part of
  std::size_t begin = 0;
  for (std::size_t end = 0; end < candidates.size(); ++end) {
    if (counts[candidates[end].place]++ == 0) --missing;
    while (candidates[end].shift - candidates[begin].shift > std::int64_t{phrase.slop})
      if (--counts[candidates[begin++].place] == 0) ++missing;
    // The window is whole: all of it was looked for. It is looked at once it cannot grow.
    const bool grows =
        end + 1 < candidates.size() && candidates[end + 1].shift - candidates[begin].shift <= std::int64_t{phrase.slop};
    if (missing > 0 || grows) continue;
    TextMark whole{UINT32_MAX, 0, "", UINT32_MAX, 0, true, phrase.number, false, phrase.boost, phrase.told};
    for (std::size_t i = begin; i <= end; ++i) {
      const TextToken& token = text.tokens[candidates[i].token];
      whole.start = std::min(whole.start, token.start);
      whole.end = std::max(whole.end, token.end);
      whole.first_position = std::min(whole.first_position, token.position);
      whole.last_position = std::max(whole.last_position, token.position);
    }
    for (std::size_t i = begin; i <= end && !joins; ++i)
      words.emplace(candidates[i].token, Span{whole.first_position, whole.last_position});
    if (joins) marks.push_back(std::move(whole));
  }
  if (joins) return;
  for (const auto& [word, span] : words) {
    const TextToken& token = text.tokens[word];
    marks.push_back({token.start, token.end, token.text, span.first, span.last, true, phrase.number, false,
                     phrase.boost, phrase.told});
  }
}

// The words in any order, with no more than the slop of others between the first and the last. As Lucene's unordered
// spans go on: a word of each place, then the next one of the place whose word stands first.
void WantedTerms::findNear(const Phrase& phrase, const AnalyzedText& text, bool marks_between,
                           std::vector<TextMark>& marks) const {
  const std::size_t count = phrase.places.size();
  std::vector<std::vector<std::size_t>> tokens(count);
  for (std::size_t t = 0; t < text.tokens.size(); ++t)
    for (std::size_t p = 0; p < count; ++p)
      if (fits(phrase, p, text.tokens[t].text)) tokens[p].push_back(t);
  for (const auto& of_place : tokens)
    if (of_place.empty()) return;
  const std::uint32_t length = phrase.places.back().position - phrase.places.front().position + 1;
  const std::int64_t allowed = std::int64_t{phrase.slop} + std::max<std::int64_t>(0, length - std::int64_t(count));
  std::vector<std::size_t> at(count, 0);
  const auto position = [&](std::size_t place) { return text.tokens[tokens[place][at[place]]].position; };
  const auto mark = [&](std::size_t t, std::uint32_t first, std::uint32_t last) {
    const TextToken& token = text.tokens[t];
    marks.push_back(
        {token.start, token.end, token.text, first, last, true, phrase.number, false, phrase.boost, phrase.told});
  };
  while (true) {
    std::size_t earliest = 0;
    std::uint32_t last = 0;
    for (std::size_t p = 0; p < count; ++p) {
      if (position(p) < position(earliest)) earliest = p;
      last = std::max(last, position(p));
    }
    const std::uint32_t first = position(earliest);
    if (std::int64_t{last} + 1 - first - static_cast<std::int64_t>(count) <= allowed) {
      for (std::size_t p = 0; p < count; ++p) {
        if (!marks_between) mark(tokens[p][at[p]], first, last);
        for (const std::size_t t : tokens[p])
          if (marks_between && text.tokens[t].position >= first && text.tokens[t].position <= last)
            mark(t, first, last);
      }
    }
    if (++at[earliest] == tokens[earliest].size()) return;
  }
}

}  // namespace gyre::engine
