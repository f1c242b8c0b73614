// Which words stand for which others?
//
// Parsed from rules of the two formats that the dialect knows; each side of a rule is cut into words by the analysis
// that stands before the filter.
//
// THREADS: immutable once built.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gyre/status.hpp"

namespace gyre::engine {

class SynonymMap {
 public:
  using Words = std::vector<std::string>;
  struct Entry {
    std::vector<Words> outputs;
    bool keeps_original = false;
  };
  struct Options {
    bool expands = true;      // of equivalent words each stands for all, else all for the first
    bool is_lenient = false;  // rules that make no sense are left out
  };
  // Cuts one side of a rule into words; fails when it cannot be a synonym.
  using Analyze = std::function<Result<Words>(const std::string&)>;

  // "a, b c => d" and "a, b"
  Status addSolr(const std::vector<std::string>& rules, const Options& options, const Analyze& analyze);
  // "s(100000001,1,'abstain',v,1,0)."
  Status addWordnet(const std::vector<std::string>& rules, const Options& options, const Analyze& analyze);

  // The entry of the longest run of words that begins `count` words, of which word(i) is the ith; its length in `used`.
  template <class Word>
  const Entry* longest(std::size_t count, Word&& word, std::size_t& used) const {
    const Entry* found = nullptr;
    std::string key;
    for (std::size_t size = 1; size <= count && size <= longest_; ++size) {
      if (size > 1) key += kSeparator;
      key += word(size - 1);
      const auto entry = entries_.find(key);
      if (entry == entries_.end()) continue;
      found = &entry->second;
      used = size;
    }
    return found;
  }

 private:
  static constexpr char kSeparator = '\0';
  void add(const Words& input, const Words& output, bool keeps_original);
  void addGroup(const std::vector<Words>& group, bool expands);

  std::unordered_map<std::string, Entry> entries_;
  std::size_t longest_ = 0;
};

}  // namespace gyre::engine
