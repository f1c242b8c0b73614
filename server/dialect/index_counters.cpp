#include "server/dialect/index_counters.hpp"

#include <algorithm>
#include <cstddef>

namespace gyre::dialect {

void IndexCounters::countWrites(std::span<const engine::Operation> operations,
                                std::span<const engine::OperationOutcome> outcomes, std::int64_t elapsed_nanos) {
  using Verdict = engine::OperationOutcome::Verdict;
  std::uint64_t indexed_count = 0, deleted_count = 0, failed_count = 0;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const bool is_delete = operations[i].kind == engine::Operation::Kind::kDelete;
    const Verdict verdict = outcomes[i].verdict;
    const bool has_failed = verdict == Verdict::kConflict || verdict == Verdict::kRefused;
    if (has_failed)
      failed_count += is_delete ? 0 : 1;
    else
      ++(is_delete ? deleted_count : indexed_count);
  }
  index_failures.fetch_add(failed_count, std::memory_order_relaxed);
  // They took their time together.
  const std::int64_t each = elapsed_nanos / static_cast<std::int64_t>(std::max<std::size_t>(outcomes.size(), 1));
  if (indexed_count > 0) indexed.add(each * static_cast<std::int64_t>(indexed_count), indexed_count);
  if (deleted_count > 0) deleted.add(each * static_cast<std::int64_t>(deleted_count), deleted_count);
}

void GroupCounters::Counts::add(const Counts& other) {
  queries += other.queries;
  query_nanos += other.query_nanos;
  fetches += other.fetches;
  fetch_nanos += other.fetch_nanos;
}

void GroupCounters::add(std::span<const std::string> groups, const Counts& search) {
  const std::lock_guard lock(mutex_);
  for (const std::string& group : groups) {
    const auto known = counts_.find(group);
    if (known != counts_.end())
      known->second.add(search);
    else if (counts_.size() < kMaxGroups)
      counts_.emplace(group, search);
  }
}

std::map<std::string, GroupCounters::Counts, std::less<>> GroupCounters::read() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace gyre::dialect
