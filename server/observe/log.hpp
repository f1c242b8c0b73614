// Where do log lines go, and how do they look? An Observer over Poco::Logger.
//
// One event, one line, to one stream: "2024-02-29T12:00:00.000Z warning projector/payments: …", or the same as a JSON
// object. Control characters are escaped, so a message cannot forge a line. A level nobody listens to costs one load:
// ask isLogged() first, or log through logLazily().
//
// A log to a file descriptor keeps nobody waiting (line_queue.hpp): when its reader does not, up to 4 MiB of lines wait
// for him, then the oldest of the least severe are dropped, and a line tells how many. A file on a disk gets every
// line.
//
// THREADS: every method from any thread; lines do not interleave. OWNS: the stream or file outlives the Log.
#pragma once

#include <atomic>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "base/observer.hpp"

namespace gyre::observe {

class LineQueue;

enum class LineFormat : std::uint8_t { kText, kJson };

class Log final : public base::Observer {
 public:
  Log(base::Level level, LineFormat format, std::ostream& stream, const base::Clock& clock);
  Log(base::Level level, LineFormat format, int file, const base::Clock& clock);
  // Waits a second at most for what is not written yet.
  ~Log() override;

  bool isLogged(base::Level level) const override { return level >= level_.load(std::memory_order_relaxed); }
  void log(base::Level level, std::string_view part, std::string_view message) override;

  // At any time (SIGHUP).
  void setLevel(base::Level level);
  void setFormat(LineFormat format);

  // Lines logged at a level since the start, and those of all levels that were dropped; for the metrics.
  std::uint64_t lineCount(base::Level level) const;
  std::uint64_t droppedCount() const;

  // The lines' queue; null of a log to a stream, which is written to at once.
  LineQueue* queue() const;

 private:
  class Sink;
  std::atomic<base::Level> level_;
  std::unique_ptr<Sink> sink_;
};

// "debug", "information", "warning", "error".
std::string_view levelName(base::Level level);

// Appends one line without its line feed.
void appendLine(std::string& out, LineFormat format, std::int64_t time_millis, base::Level level, std::string_view part,
                std::string_view message);

// Builds the message only when somebody listens: logLazily(observer, Level::kDebug, "http", [&] { return "…" + x; });
template <class Build>
void logLazily(base::Observer& observer, base::Level level, std::string_view part, Build&& build) {
  if (observer.isLogged(level)) observer.log(level, part, std::forward<Build>(build)());
}

}  // namespace gyre::observe
