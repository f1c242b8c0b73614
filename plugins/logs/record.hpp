// What is a log record here? OpenTelemetry's log data model, flat, as a JSON document that fits mapping.json.
//
//   @timestamp, nanoseconds, observed      when it happened (milliseconds, and what is finer), when somebody saw it
//   severity, level, severity_text         1 to 24; trace … fatal; the sender's own word when it is another
//   message, pattern                       the text, and an id of what it has in common with others (text.hpp)
//   service, host, logger                  who said it
//   trace_id, span_id, organizationId
//   client, request, status, bytes         of an access log
//   resource, attributes                   everything else, whatever its names: flat_object, so that 100,000 names are
//                                          terms and no fields
//   unindexed                              of that what is too long or too much to search; kept
//
// THREADS: values and pure functions. OWNS: nothing; texts borrow until the record is written.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "gyre/json.hpp"
#include "timestamp.hpp"

namespace gyre::logs {

// How a record is read, as far as the configuration says (options.json).
struct Options {
  std::int64_t future_days = 7;  // a time that is further ahead than this is none
};
const Options& options();
Status configure(json::Value options);

// The circumstances of records that came together.
struct Arrival {
  std::int64_t time_millis = 0;                // now
  std::string_view organization_id;            // that the sender's key is bound to; else ""
  std::string_view default_organization = {};  // of records that say none
};

// A text as it is, or the JSON string it was sent as, quotes and all, which saves decoding and encoding it.
struct Text {
  std::string_view bytes;
  bool is_json = false;
  bool isEmpty() const { return bytes.size() <= (is_json ? 2u : 0u); }
  static Text plain(std::string_view text) { return {text, false}; }
  static Text json(json::Value value) { return {value.raw(), true}; }
};

// The members of an object of open names, written one by one. A name that is there already gets "#2", "#3" after it.
// What is longer than kMaxBytes as JSON, or beyond kMaxLeaves values, is for `unindexed`.
class OpenMembers {
 public:
  static constexpr std::size_t kMaxBytes = 8000;  // a term of name and value fits the index' 32,766 bytes
  static constexpr std::size_t kMaxLeaves = 1000;

  // `json` is one valid value; REQUIRES: `name` and it are valid UTF-8.
  void add(std::string_view name, std::string_view json, std::size_t leaf_count = 1);
  void addText(std::string_view name, std::string_view text);
  void addValue(std::string_view name, json::Value value);
  // The members so far, without braces.
  std::string_view indexed() const { return indexed_; }
  std::string_view unindexed() const { return unindexed_; }
  bool isEmpty() const { return indexed_.empty() && unindexed_.empty(); }
  void clear();

 private:
  std::string indexed_, unindexed_;
  std::string scratch_;
  std::size_t leaves_ = 0;

  // Takes a name; false when it is taken. Few are compared one by one, in strings that are used again.
  bool claim(std::string_view name);
  static constexpr std::size_t kFewNames = 16;
  std::array<std::string, kFewNames> names_;
  std::size_t name_count_ = 0;
  std::unordered_set<std::string> many_names_;
};

// A record about to be written. Texts are valid UTF-8 (visibleText sees to it).
struct LogRecord {
  Stamp time;
  std::string_view original_time;  // JSON: what was sent, when it cannot be taken
  std::string_view time_name = "@timestamp";
  std::optional<std::int64_t> observed_millis;
  int severity = 0;  // 0: unknown
  Text severity_text;
  Text message, service, host, logger, trace_id, span_id, organization_id, client, request;
  std::optional<std::int64_t> status, bytes;
  OpenMembers* attributes = nullptr;  // what cannot be taken as what it was sent for is added
  const OpenMembers* resource = nullptr;
  std::string_view unindexed;  // members that were unindexed before
};

// Appends one JSON object. A time that is missing, unreadable or out of range is that of the arrival; in the last two
// cases the original stays as an attribute and "timestamp_fault" says which. permission_denied when the record names
// another organisation than the arrival.
Status writeRecord(LogRecord& record, const Arrival& arrival, std::string& out);

// The severity, from a number that is OpenTelemetry's (0 or beyond 24: none) or else the word.
int severityOf(std::int64_t number, std::string_view text);

}  // namespace gyre::logs
