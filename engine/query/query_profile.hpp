// Where does a query spend its time?
//
// A request that asks for its profile has every clause wrapped in one that measures what is asked of it. Times are
// those of the calls, each with what it calls in turn; a clause that a kind makes for itself (the words of a match) is
// part of its kind's.
//
// THREADS: belongs to one request.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/query/query.hpp"
#include "gyre/json_writer.hpp"

namespace gyre::engine {

struct WorkTime {
  std::uint64_t nanos = 0;
  std::uint64_t count = 0;
};

// Adds the time until its end.
class WorkTimer {
 public:
  explicit WorkTimer(WorkTime& time, std::uint64_t count = 1) : time_(time), began_(Clock::now()) {
    time_.count += count;
  }
  ~WorkTimer() {
    time_.nanos +=
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - began_).count());
  }
  WorkTimer(const WorkTimer&) = delete;
  WorkTimer& operator=(const WorkTimer&) = delete;

 private:
  using Clock = std::chrono::steady_clock;
  WorkTime& time_;
  Clock::time_point began_;
};

struct ProfiledClause {
  std::string type;         // as the dialect names queries: "BooleanQuery"
  std::string description;  // in Lucene's notation
  WorkTime create_weight, build_scorer;
  WorkTime next_doc;           // windows evaluated, and candidates looked for
  WorkTime advance;            // windows narrowed
  WorkTime compute_max_score;  // bounds of windows
  std::vector<std::unique_ptr<ProfiledClause>> children;
};

class QueryProfile {
 public:
  // Before a clause is read, and after: then the query is given back wrapped. `kind` is the clause's name.
  void begin();
  QueryPtr end(std::string_view kind, QueryPtr query);
  // The array under "query" of a profile.
  void write(JsonWriter& writer) const;

  WorkTime rewrite;  // reading the request's clauses

 private:
  std::vector<std::unique_ptr<ProfiledClause>> roots_;
  std::vector<std::unique_ptr<ProfiledClause>> open_;  // the innermost last
};

}  // namespace gyre::engine
