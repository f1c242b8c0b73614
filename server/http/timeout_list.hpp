// Who has waited too long?
//
// Everybody in one list waits equally long, so the list is ordered by itself: who starts to wait goes to the end, who
// has waited longest stands first. Starting, stopping and looking are O(1), with no heap and no wheel.
//
// THREADS: one loop's. OWNS: nothing; a link leaves its list before it dies.
#pragma once

#include <cstdint>

namespace gyre::http {

class TimeoutList;

struct TimeoutLink {
  TimeoutLink* previous = nullptr;
  TimeoutLink* next = nullptr;
  TimeoutList* list = nullptr;
  std::int64_t deadline = 0;
};

class TimeoutList {
 public:
  explicit TimeoutList(std::int64_t millis) : nanos_(millis * 1'000'000) { end_.previous = end_.next = &end_; }
  TimeoutList(const TimeoutList&) = delete;
  TimeoutList& operator=(const TimeoutList&) = delete;

  // Begins to wait here, anew if it did already, wherever it waited before.
  void restart(TimeoutLink& link, std::int64_t now) {
    stop(link);
    link.deadline = now + nanos_;
    link.list = this;
    link.previous = end_.previous;
    link.next = &end_;
    end_.previous->next = &link;
    end_.previous = &link;
  }
  static void stop(TimeoutLink& link) {
    if (link.list == nullptr) return;
    link.previous->next = link.next;
    link.next->previous = link.previous;
    link.list = nullptr;
  }
  // The one that has waited longest; null when nobody does.
  TimeoutLink* first() { return end_.next == &end_ ? nullptr : end_.next; }

 private:
  std::int64_t nanos_;
  TimeoutLink end_;
};

}  // namespace gyre::http
