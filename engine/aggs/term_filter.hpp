// Which values of a field does an aggregation look at? "include" and "exclude".
//
// By a list of values, by a regular expression over keywords, or by one of several parts that values are dealt out to.
//
// THREADS: immutable once read.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "engine/aggs/value_source.hpp"

namespace re2 {
class RE2;
}

namespace gyre::engine {

class TermFilter {
 public:
  TermFilter();
  ~TermFilter();
  TermFilter(TermFilter&&) noexcept;
  TermFilter& operator=(TermFilter&&) noexcept;

  // Either may be missing. Values are read as `source` reads them.
  static Result<TermFilter> read(const AggregationRequest& request, ValueSource& source, json::Value include,
                                 json::Value exclude);

  bool isNeeded() const;
  bool accepts(std::string_view term) const;
  bool accepts(std::int64_t value) const;

 private:
  struct Side {
    bool is_given = false;
    std::unordered_set<std::string> texts;
    std::unordered_set<std::int64_t> numbers;
    std::unique_ptr<re2::RE2> pattern;
    bool has(std::string_view term) const;
  };
  static Result<Side> readSide(const AggregationRequest& request, ValueSource& source, json::Value value);

  Side include_, exclude_;
  std::uint32_t partition_ = 0;
  std::uint32_t partition_count_ = 0;  // 0: not dealt out
};

}  // namespace gyre::engine
