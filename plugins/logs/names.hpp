// What do senders call it? The names that ECS, OpenTelemetry, syslog, rsyslog, syslog-ng, Telegraf, Fluent Bit,
// logstash, Serilog, pino, GELF and journald give to the members of a record.
//
// THREADS: pure functions.
#pragma once

#include <cstdint>
#include <string_view>

namespace gyre::logs {

enum class Field : std::uint8_t {
  kNone,
  kTimestamp,
  kObserved,
  kSeverityNumber,  // OpenTelemetry's, 1 to 24
  kSyslogSeverity,  // RFC 5424's, 0 to 7, or its word
  kLevel,           // a word, or a number of pino, bunyan or GELF
  kSeverity,        // a word, or OpenTelemetry's number; a number in a string is RFC 5424's
  kSeverityText,    // a sender's word beside a level
  kMessage,
  kService,
  kSyslogTag,  // "sshd[4711]:"
  kHost,
  kLogger,
  kTraceId,
  kSpanId,
  kOrganization,
  kClient,
  kRequest,
  kStatus,
  kBytes,
  kNanoseconds,  // within the second; written by ourselves
  kAttributes,
  kResource,
  kUnindexed,
  kIgnored,  // what we write ourselves and make anew: sequence, pattern
};

struct Name {
  Field field = Field::kNone;
  std::uint8_t rank =
      0;  // when two names of a record mean one field the lower rank wins, and the other is an attribute
};

// What a member of this name means; `path` is dotted for members of objects: "log.level".
Name fieldOf(std::string_view path);

// Whether members of an object of this name may mean fields: "host", "log", "service", ….
bool holdsFields(std::string_view name);

}  // namespace gyre::logs
