// Which are the first of many, in order, when nobody needs the rest?
//
// THREADS: values.
#pragma once

#include <cstddef>
#include <functional>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

namespace gyre::engine::series {

// Keeps each value once, and of them the first `limit`; 0 for all. Holds one more at the most.
template <class T, class Less = std::less<>>
class FirstOf {
 public:
  explicit FirstOf(std::size_t limit) : limit_(limit) {}

  // False when it could not change anything to add the value, or any behind it.
  template <class Key>
  bool wants(const Key& value) const {
    return limit_ == 0 || values_.size() < limit_ || Less()(value, *values_.rbegin());
  }
  template <class Key>
  bool contains(const Key& value) const {
    return values_.find(value) != values_.end();
  }
  void add(T value) {
    values_.insert(std::move(value));
    if (limit_ != 0 && values_.size() > limit_) values_.erase(std::prev(values_.end()));
  }
  std::vector<T> take() && { return {values_.begin(), values_.end()}; }

 private:
  std::size_t limit_;
  std::set<T, Less> values_;
};

}  // namespace gyre::engine::series
