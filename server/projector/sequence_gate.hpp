// Who waits for the index to have seen what? Callers that want to read their own writes, each until its sequence is
// searchable or its time is up.
//
// THREADS: any. Callers are answered outside the lock, on the thread that lets them go.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "gyre/status.hpp"

namespace gyre::projector {

class SequenceGate {
 public:
  using Ready = std::function<void(const Status&)>;

  // `deadline_nanos` is a monotonic reading; `timeout_ms` is for the message. After close() the answer comes at once.
  void add(std::uint64_t sequence, std::int64_t deadline_nanos, std::int64_t timeout_ms, Ready ready);

  // Answers all that wait for `searchable` or less.
  void open(std::uint64_t searchable);
  // Answers all whose deadline has come with behind().
  void expire(std::int64_t now_nanos, std::uint64_t searchable, std::string_view why = {});
  // Answers all with `reason`, and everyone who comes later.
  void close(const Status& reason);

  // The lowest and the highest sequence waited for, and the next deadline; nothing when nobody waits.
  std::optional<std::uint64_t> lowest() const;
  std::optional<std::uint64_t> highest() const;
  std::optional<std::int64_t> nextDeadline() const;

  // deadline_exceeded with the reason "index_behind", naming both sequences and, when it is known, why.
  static Status behind(std::uint64_t sequence, std::uint64_t searchable, std::int64_t timeout_ms,
                       std::string_view why = {});

 private:
  struct Waiter {
    std::uint64_t sequence;
    std::int64_t deadline_nanos;
    std::int64_t timeout_ms;
    Ready ready;
  };
  // Takes a waiter out of all three. REQUIRES: the lock, and that there is one of this id.
  Waiter take(std::uint64_t id);

  mutable std::mutex mutex_;
  std::uint64_t last_id_ = 0;
  std::map<std::uint64_t, Waiter> waiters_;                      // by id
  std::set<std::pair<std::uint64_t, std::uint64_t>> sequences_;  // sequence, id
  std::set<std::pair<std::int64_t, std::uint64_t>> deadlines_;   // deadline, id
  Status closed_;                                                // why, once it is
};

}  // namespace gyre::projector
