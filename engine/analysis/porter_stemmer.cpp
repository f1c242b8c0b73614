#include "engine/analysis/porter_stemmer.hpp"

#include <cstddef>
#include <initializer_list>
#include <string_view>

#include "engine/analysis/utf8.hpp"

namespace gyre::engine {

namespace {

struct Rule {
  std::string_view suffix;
  std::string_view replacement;
};

// Longer suffixes stand before those that end them.
constexpr Rule kDoubleSuffixes[] = {
    {"ational", "ate"}, {"tional", "tion"}, {"enci", "ence"}, {"anci", "ance"}, {"izer", "ize"},
    {"bli", "ble"},     {"alli", "al"},     {"entli", "ent"}, {"ousli", "ous"}, {"eli", "e"},
    {"ization", "ize"}, {"ation", "ate"},   {"ator", "ate"},  {"alism", "al"},  {"iveness", "ive"},
    {"fulness", "ful"}, {"ousness", "ous"}, {"aliti", "al"},  {"iviti", "ive"}, {"biliti", "ble"},
    {"logi", "log"},
};
constexpr Rule kSingleSuffixes[] = {
    {"icate", "ic"}, {"ative", ""}, {"alize", "al"}, {"iciti", "ic"}, {"ical", "ic"}, {"ful", ""}, {"ness", ""},
};
constexpr std::string_view kLastSuffixes[] = {
    "al",  "ance", "ence", "er",  "ic",  "able", "ible", "ant", "ement", "ment",
    "ent", "ion",  "ou",   "ism", "ate", "iti",  "ous",  "ive", "ize",
};

class PorterWord {
 public:
  explicit PorterWord(std::string& word) : word_(word) {}

  void stem() {
    dropPlural();
    dropPast();
    if (word_.ends_with('y') && hasVowel(word_.size() - 1)) word_.back() = 'i';
    replaceFirst(kDoubleSuffixes);
    replaceFirst(kSingleSuffixes);
    dropLast();
    dropEnd();
  }

 private:
  bool isConsonant(std::size_t at) const {
    switch (word_[at]) {
      case 'a':
      case 'e':
      case 'i':
      case 'o':
      case 'u': return false;
      case 'y': return at == 0 || !isConsonant(at - 1);
      default: return true;
    }
  }
  // How often a consonant follows a vowel among the first letters.
  std::size_t measure(std::size_t length) const {
    std::size_t count = 0;
    bool was_vowel = false;
    for (std::size_t i = 0; i < length; ++i) {
      const bool is_vowel = !isConsonant(i);
      count += was_vowel && !is_vowel ? 1 : 0;
      was_vowel = is_vowel;
    }
    return count;
  }
  bool hasVowel(std::size_t length) const {
    for (std::size_t i = 0; i < length; ++i)
      if (!isConsonant(i)) return true;
    return false;
  }
  bool endsDouble(std::size_t length) const {
    return length >= 2 && word_[length - 1] == word_[length - 2] && isConsonant(length - 1);
  }
  // Consonant, vowel, consonant, the last of them none of w, x and y: a short syllable that had an e.
  bool endsShort(std::size_t length) const {
    if (length < 3 || !isConsonant(length - 1) || isConsonant(length - 2) || !isConsonant(length - 3)) return false;
    const char last = word_[length - 1];
    return last != 'w' && last != 'x' && last != 'y';
  }
  void cutTo(std::size_t stem) { word_.erase(stem); }

  void dropPlural() {
    if (word_.ends_with("sses") || word_.ends_with("ies")) {
      cutTo(word_.size() - 2);
    } else if (word_.ends_with('s') && !word_.ends_with("ss")) {
      word_.pop_back();
    }
  }

  void dropPast() {
    if (word_.ends_with("eed")) {
      if (measure(word_.size() - 3) > 0) word_.pop_back();
      return;
    }
    const std::size_t ending = word_.ends_with("ed") ? 2 : word_.ends_with("ing") ? 3 : 0;
    if (ending == 0 || !hasVowel(word_.size() - ending)) return;
    cutTo(word_.size() - ending);
    const std::size_t length = word_.size();
    if (word_.ends_with("at") || word_.ends_with("bl") || word_.ends_with("iz")) {
      word_.push_back('e');
    } else if (endsDouble(length)) {
      if (word_.back() != 'l' && word_.back() != 's' && word_.back() != 'z') word_.pop_back();
    } else if (measure(length) == 1 && endsShort(length)) {
      word_.push_back('e');
    }
  }

  template <std::size_t kCount>
  void replaceFirst(const Rule (&rules)[kCount]) {
    for (const Rule& rule : rules) {
      if (!word_.ends_with(rule.suffix)) continue;
      const std::size_t stem = word_.size() - rule.suffix.size();
      if (measure(stem) > 0) word_.replace(stem, rule.suffix.size(), rule.replacement);
      return;
    }
  }

  void dropLast() {
    for (const std::string_view suffix : kLastSuffixes) {
      if (!word_.ends_with(suffix)) continue;
      const std::size_t stem = word_.size() - suffix.size();
      if (suffix == "ion" && (stem == 0 || (word_[stem - 1] != 's' && word_[stem - 1] != 't'))) return;
      if (measure(stem) > 1) cutTo(stem);
      return;
    }
  }

  void dropEnd() {
    const std::size_t count = measure(word_.size());
    if (word_.ends_with('e') && (count > 1 || (count == 1 && !endsShort(word_.size() - 1)))) word_.pop_back();
    if (word_.ends_with('l') && endsDouble(word_.size()) && count > 1) word_.pop_back();
  }

  std::string& word_;
};

}  // namespace

void stemByPorter(std::string& word) {
  if (utf16Length(word) > 2) PorterWord(word).stem();
}

}  // namespace gyre::engine
