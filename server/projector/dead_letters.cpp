#include "server/projector/dead_letters.hpp"

#include <algorithm>
#include <utility>

namespace gyre::projector {

void DeadLetters::add(DeadLetter letter) {
  const std::lock_guard lock(mutex_);
  letter.id = ++total_;
  letters_.push_back(std::move(letter));
  if (letters_.size() > kKept) letters_.pop_front();
}

std::vector<DeadLetter> DeadLetters::newest(std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  const auto count = static_cast<std::ptrdiff_t>(std::min(limit, letters_.size()));
  return {letters_.rbegin(), letters_.rbegin() + count};
}

std::uint64_t DeadLetters::total() const {
  const std::lock_guard lock(mutex_);
  return total_;
}

}  // namespace gyre::projector
