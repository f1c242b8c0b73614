// Which commands, queries and tails does the domain have, and which functions are they?
//
// THREADS: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gyre/plugin.hpp"
#include "gyre/stream.hpp"

namespace gyre::logs {

// AppendLogs: documents as a shipper sends them, all of them or none.
Table appendLogsBody();
Status appendLogs(const Command& command, Records& records);

Table searchLogsParameters();
Result<Plan> planSearch(const Query& query);
Status presentSearch(const Query& query, json::Value answer, std::uint64_t version, JsonWriter& out);

Table getLogStatisticsParameters();
Result<Plan> planStatistics(const Query& query);
Status presentStatistics(const Query& query, json::Value answer, std::uint64_t version, JsonWriter& out);

Table getLogContextParameters();
Result<Plan> planContext(const Query& query);
Status presentContext(const Query& query, json::Value answer, std::uint64_t version, JsonWriter& out);

Table getLogFieldsParameters();
Result<Plan> planFields(const Query& query);
Status presentFields(const Query& query, json::Value answer, std::uint64_t version, JsonWriter& out);

Table tailLogsParameters();
Status matchTail(const TailCall& call, TailMatches& matches);

// "TIMEMILLIS-SEQUENCE", by which a record is asked for.
struct RecordId {
  std::int64_t time_millis = 0;
  std::int64_t sequence = 0;
  static std::optional<RecordId> parse(std::string_view text);
  std::string toText() const;
};

// A record as clients see it: its source with "id" before it, into `out` as one value.
void writeShown(std::string_view id, std::string_view source, JsonWriter& out);
// A hit that was sorted by time and sequence.
Status writeHit(json::Value hit, JsonWriter& out);

void describe(StreamDomain& domain);

}  // namespace gyre::logs
