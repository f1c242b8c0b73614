#include "server/projector/sequence_gate.hpp"

#include <string>
#include <vector>

namespace gyre::projector {

Status SequenceGate::behind(std::uint64_t sequence, std::uint64_t searchable, std::int64_t timeout_ms,
                            std::string_view why) {
  return {Code::kDeadlineExceeded, "index_behind",
          "sequence " + std::to_string(sequence) + " was not searchable within " + std::to_string(timeout_ms) +
              " ms: the index has reached sequence " + std::to_string(searchable) +
              (why.empty() ? std::string() : "; " + std::string(why))};
}

void SequenceGate::add(std::uint64_t sequence, std::int64_t deadline_nanos, std::int64_t timeout_ms, Ready ready) {
  Status closed;
  {
    const std::lock_guard lock(mutex_);
    closed = closed_;
    if (closed.isOk()) {
      const std::uint64_t id = ++last_id_;
      waiters_.emplace(id, Waiter{sequence, deadline_nanos, timeout_ms, std::move(ready)});
      sequences_.emplace(sequence, id);
      deadlines_.emplace(deadline_nanos, id);
      return;
    }
  }
  ready(closed);
}

SequenceGate::Waiter SequenceGate::take(std::uint64_t id) {
  Waiter waiter = std::move(waiters_.extract(id).mapped());
  sequences_.erase({waiter.sequence, id});
  deadlines_.erase({waiter.deadline_nanos, id});
  return waiter;
}

void SequenceGate::open(std::uint64_t searchable) {
  std::vector<Waiter> answered;
  {
    const std::lock_guard lock(mutex_);
    while (!sequences_.empty() && sequences_.begin()->first <= searchable)
      answered.push_back(take(sequences_.begin()->second));
  }
  for (const Waiter& waiter : answered) waiter.ready(Status());
}

void SequenceGate::expire(std::int64_t now_nanos, std::uint64_t searchable, std::string_view why) {
  std::vector<Waiter> answered;
  {
    const std::lock_guard lock(mutex_);
    while (!deadlines_.empty() && deadlines_.begin()->first <= now_nanos)
      answered.push_back(take(deadlines_.begin()->second));
  }
  for (const Waiter& waiter : answered) waiter.ready(behind(waiter.sequence, searchable, waiter.timeout_ms, why));
}

void SequenceGate::close(const Status& reason) {
  std::map<std::uint64_t, Waiter> answered;
  {
    const std::lock_guard lock(mutex_);
    closed_ = reason;
    answered.swap(waiters_);
    sequences_.clear();
    deadlines_.clear();
  }
  for (const auto& [id, waiter] : answered) waiter.ready(reason);
}

std::optional<std::uint64_t> SequenceGate::lowest() const {
  const std::lock_guard lock(mutex_);
  return sequences_.empty() ? std::nullopt : std::optional(sequences_.begin()->first);
}

std::optional<std::uint64_t> SequenceGate::highest() const {
  const std::lock_guard lock(mutex_);
  return sequences_.empty() ? std::nullopt : std::optional(sequences_.rbegin()->first);
}

std::optional<std::int64_t> SequenceGate::nextDeadline() const {
  const std::lock_guard lock(mutex_);
  return deadlines_.empty() ? std::nullopt : std::optional(deadlines_.begin()->first);
}

}  // namespace gyre::projector
