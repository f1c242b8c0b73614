// Which log records does a client want? What searches, statistics, fields and tails have in common: as clauses for the
// index, and as a test of one record for a tail.
//
// `text` is words, all of which must be there, in any order; several in "quotes" stand together; a word that ends in *
// is the beginning of one; - before a word or quotes excludes. Words are those of the index: parts of identifiers
// count, and an identifier is its parts one after the other.
//
// THREADS: values and pure functions. OWNS: nothing; borrows from the query's parameters.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gyre/faults.hpp"
#include "gyre/json_writer.hpp"
#include "gyre/plugin.hpp"
#include "gyre/search_parameters.hpp"
#include "names.hpp"

namespace gyre::logs {

// The parameters that LogFilter reads, to begin a table with; those of time are not for a tail.
#define GYRE_LOGS_RECORD_PARAMETERS                                                                              \
  {"organizationId", Type::kId, false, "only this organisation's records"},                                      \
      {.name = "text",                                                                                           \
       .type = Type::kString,                                                                                    \
       .help = "words of the message; \"quoted\" ones stand together, word* begins one, -word excludes",         \
       .max_bytes = 1024},                                                                                       \
      {"level", Type::kStringList, false, "any of these: trace, debug, info, warn, error, fatal"},               \
      {"service", Type::kStringList, false, "any of these"}, {"host", Type::kStringList, false, "any of these"}, \
      {"logger", Type::kStringList, false, "any of these"}, {"traceId", Type::kId, false, "of this trace"},      \
      {"spanId", Type::kId, false, "of this span"},                                                              \
      {"pattern", Type::kId, false, "of this pattern, by its id from GetLogStatistics"}, {                       \
    "attribute", Type::kStringList, false, "key=value, all of them; a key alone: the attribute is there"         \
  }
#define GYRE_LOGS_TIME_PARAMETERS                                                             \
  {"from", Type::kTime, false, "at or after; a date alone is the start of its day in UTC"}, { \
    "to", Type::kTime, false, "at or before; a date alone is the end of its day in UTC"       \
  }

struct LogFilter {
  // A word or phrase of the text.
  struct Unit {
    std::string_view text;
    bool is_prefix = false;
    bool is_excluded = false;
    bool operator==(const Unit&) const = default;
  };
  struct Attribute {
    std::string_view key, value;
    bool is_exists = false;
  };

  std::string_view organization_id, trace_id, span_id, pattern;
  std::vector<Unit> units;
  std::vector<std::string_view> levels, services, hosts, loggers;
  std::vector<Attribute> attributes;
  TimeRange time;

  // Adds what is wrong to `faults`. `has_time`: the table has from and to.
  static LogFilter read(Faults& faults, bool has_time = true);
  // The query, all of it filters: nothing is scored.
  std::string clause() const;
  void writeFilters(JsonWriter& out) const;
  // Whether a record, as it is written (record.hpp), is one of these; the time is not looked at.
  bool matches(json::Value record) const;
};

std::vector<LogFilter::Unit> unitsOf(std::string_view text);

// The organisation whose records may be seen, "" for all; permission_denied when another one is asked for.
Result<std::string_view> visibleTo(std::string_view bound_organization, std::string_view asked);

// The field of the mapping that a name of names.hpp is kept in, when one can ask for a value of it; "" for others.
std::string_view indexedField(Field field);

}  // namespace gyre::logs
