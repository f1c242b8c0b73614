// What do lines of text files say? Access logs in the common and combined formats, and records of log4j, logback and
// their like that go on over several lines.
//
// THREADS: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyre/status.hpp"
#include "gyre/stream.hpp"

namespace gyre::logs {

// What became of lines: the answer of every intake of text files, the same as that of POST /v1/logs/records.
// {"accepted":N,"rejectedCount":M,"rejected":[{"line":1,"reason":"…"}, at most 100]}
class LineReport {
 public:
  explicit LineReport(Records& records) : records_(records) {}
  void reject(std::uint64_t position, std::string_view reason);
  void respond();

 private:
  static constexpr std::size_t kShown = 100;
  Records& records_;
  std::vector<std::pair<std::uint64_t, std::string>> shown_;
};

// `client ident user [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 42 "referrer" "agent"`, the last two optional.
// The message is the line; client, request, status and bytes are fields, the rest attributes. 5xx is an error, 4xx a
// warning. A line of another shape is rejected.
Status takeAccessLines(const IntakeCall& call, Records& records);

// A record begins with a time, in brackets or not, and a level: "[2016-12-20 00:00:36,888] INFO text (logger)" of
// Kafka, "2024-01-01 10:00:00.123  INFO 17 --- [main] c.e.App : text" of Spring, "2024-01-01 10:00:00,123 [main] INFO
// c.e.App - text" of log4j's and logback's own examples. Lines that begin otherwise go on with the record before; what
// comes before the first record is rejected. A record that grows beyond 1 MiB of text is cut there and goes on as
// another of the same time.
Status takeLog4jLines(const IntakeCall& call, Records& records);

}  // namespace gyre::logs
