// Which number does a value have over all segments?
//
// A keyword's ordinals mean something in their own segment only. Terms are numbered from 0 as they are first met, and
// each segment gets an array from its ordinals to those numbers, filled on demand: a term nobody meets is never looked
// up. Numbers are their own keys and are numbered by hashing.
//
// THREADS: belongs to one aggregator. OWNS: the terms' texts; borrows the segments.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/aggs/bucket_table.hpp"
#include "engine/segment/segment_reader.hpp"

namespace gyre::engine {

class KeywordIds {
 public:
  // With a single segment its ordinals serve as numbers, and no text is looked at before the answer is written.
  explicit KeywordIds(bool has_one_segment) : has_one_segment_(has_one_segment) {}

  // `terms` of the segment, null when it has none.
  void beginSegment(const TermDictionaryReader* terms);
  // Numbers of ordinals; valid until the next call, and while `ordinals` is.
  const std::uint32_t* map(const std::uint32_t* ordinals, std::uint32_t size);
  std::uint32_t idOfOrdinal(std::uint32_t ordinal);
  std::uint32_t idOf(std::string_view term);
  // Numbers all terms of a dictionary.
  void addAll(const TermDictionaryReader& terms);

  // One above the largest number there can be with the segments so far.
  std::uint32_t limit() const { return limit_; }
  std::uint32_t size() const { return first_text_ + static_cast<std::uint32_t>(terms_.size()); }
  std::string term(std::uint32_t id) const;
  // Whether a's term comes before b's.
  bool isBefore(std::uint32_t a, std::uint32_t b) const;
  std::size_t memoryBytes() const {
    return text_bytes_ + (by_ordinal_.capacity() + mapped_.capacity()) * sizeof(std::uint32_t);
  }

 private:
  static constexpr std::uint32_t kUnset = 0xffff'ffffu;
  std::uint32_t resolve(std::uint32_t ordinal);

  bool has_one_segment_;
  const TermDictionaryReader* dictionary_ = nullptr;  // of the only segment
  std::uint32_t first_text_ = 0;                      // numbers below are its ordinals
  std::deque<std::string> terms_;                     // a deque, so that the map's keys stay where they are
  std::unordered_map<std::string_view, std::uint32_t> ids_;
  std::vector<std::uint32_t> by_ordinal_;
  std::vector<std::uint32_t> mapped_;  // of the last map()
  std::unique_ptr<TermCursor> cursor_;
  std::uint32_t limit_ = 0;
  std::size_t text_bytes_ = 0;  // of terms_ and ids_, about
};

class NumberIds {
 public:
  void map(const std::int64_t* values, std::uint32_t size, std::uint32_t* ids);
  std::uint32_t idOf(std::int64_t value);
  std::uint32_t size() const { return static_cast<std::uint32_t>(values_.size()); }
  std::int64_t value(std::uint32_t id) const { return values_[id]; }
  std::size_t memoryBytes() const { return map_.memoryBytes() + values_.capacity() * sizeof(std::int64_t); }

 private:
  KeyMap map_;
  std::vector<std::int64_t> values_;
};

}  // namespace gyre::engine
