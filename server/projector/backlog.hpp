// How much has the index not got yet, and is that too much? For an engine in another process, which may be away.
//
// The backlog is what the event log holds beyond the highest sequence that the index was ever known to hold durably; an
// index that is filled again from the start does not count, since commands need not wait for that. That sequence is
// kept in a file, for the start on a day when the cluster cannot be asked.
//
// Events are counted exactly; bytes and age as of the last look, bytes to within a piece of the log.
//
// FORMAT: the file holds the sequence in decimal digits. It is only a hint: without it the backlog counts from 0.
//
// THREADS: measure() from one, the rest from any.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <string>

#include "base/clock.hpp"
#include "gyre/status.hpp"
#include "server/search/search_engine.hpp"
#include "server/store/primary_store.hpp"

namespace gyre::projector {

struct BacklogLimits {  // 0: none
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;
  std::int64_t age_ms = 0;
};

struct BacklogFigures {
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;  // of ids, types and data
  std::int64_t age_ms = 0;  // of the oldest
};

class Backlog {
 public:
  // `path`: of the file.
  Backlog(const store::PrimaryStore& store, const search::SearchEngine& engine, BacklogLimits limits, std::string path,
          const base::Clock& clock);

  // Looks at what came and went since the last look. A store that cannot be read leaves the figures as they were.
  void measure();

  BacklogFigures figures() const;
  // unavailable (reason "backlog_full") naming figure and limit, once one is reached.
  Status admit() const;

 private:
  struct Piece {
    std::uint64_t last_sequence;
    std::uint64_t bytes;
    std::int64_t oldest_millis;
  };
  std::uint64_t covered() const;

  const store::PrimaryStore& store_;
  const search::SearchEngine& engine_;
  const BacklogLimits limits_;
  const std::string path_;
  const base::Clock& clock_;

  // The measuring thread's.
  std::deque<Piece> pieces_;
  std::uint64_t measured_ = 0;  // the log up to here is in pieces_, or was covered
  std::uint64_t kept_ = 0;      // in the file

  std::atomic<std::uint64_t> floor_ = 0;
  std::atomic<std::uint64_t> bytes_ = 0;
  std::atomic<std::int64_t> oldest_millis_ = -1;  // -1: nothing waits
};

}  // namespace gyre::projector
