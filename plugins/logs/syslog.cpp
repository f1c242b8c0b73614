#include "syslog.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lines.hpp"
#include "severity.hpp"

namespace gyre::logs {

namespace {

constexpr std::string_view kFacilities[] = {"kern",   "user",   "mail",   "daemon", "auth",     "syslog",
                                            "lpr",    "news",   "uucp",   "cron",   "authpriv", "ftp",
                                            "ntp",    "audit",  "alert",  "clock",  "local0",   "local1",
                                            "local2", "local3", "local4", "local5", "local6",   "local7"};
constexpr std::string_view kSeverities[] = {"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"};
constexpr std::int64_t kDay = 86'400'000;

bool isDigit(char c) { return c >= '0' && c <= '9'; }

// What stands before the next blank, taken with that blank.
std::string_view takeWord(std::string_view& text) {
  const std::size_t end = text.find(' ');
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return word;
}

void skipBlanks(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
}

// "<165>"; nothing when there is none, or one above 191.
std::optional<unsigned> takePriority(std::string_view& text) {
  if (text.size() < 3 || text[0] != '<') return std::nullopt;
  unsigned priority = 0;
  const auto [end, error] =
      std::from_chars(text.data() + 1, text.data() + std::min<std::size_t>(text.size(), 5), priority);
  if (error != std::errc() || end == text.data() + text.size() || *end != '>' || priority > 191) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return priority;
}

void setPriority(unsigned priority, NamedRecord& record) {
  record.severity = severityOfSyslog(priority % 8);
  record.set(Field::kSeverityText, kSeverities[priority % 8]);
  record.add("facility", kFacilities[priority / 8]);
}

bool isNil(std::string_view word) { return word.empty() || word == "-"; }

// [ID NAME="value" …] one after the other, or "-"; false, and nothing taken, when it is neither.
bool takeStructuredData(std::string_view& text, NamedRecord& record) {
  std::string_view rest = text;
  if (rest.starts_with('-')) {
    rest.remove_prefix(1);
    if (!rest.empty() && rest.front() != ' ') return false;
    text = rest;
    return true;
  }
  struct Parameter {
    std::string name, value;
  };
  std::vector<Parameter> found;
  while (rest.starts_with('[')) {
    std::size_t i = 1;
    while (i < rest.size() && rest[i] != ' ' && rest[i] != ']') ++i;
    const std::string_view id = rest.substr(1, i - 1);
    if (i >= rest.size() || id.empty()) return false;
    bool is_empty = true;
    while (i < rest.size() && rest[i] == ' ') {
      while (i < rest.size() && rest[i] == ' ') ++i;
      const std::size_t equals = rest.find('=', i);
      if (i < rest.size() && rest[i] == ']') break;
      if (equals == std::string_view::npos || equals + 1 >= rest.size() || rest[equals + 1] != '"') return false;
      Parameter parameter;
      parameter.name.append(id).append(".").append(rest.substr(i, equals - i));
      for (i = equals + 2; i < rest.size() && rest[i] != '"'; ++i) {
        if (rest[i] == '\\' && i + 1 < rest.size() &&
            std::string_view("\"\\]").find(rest[i + 1]) != std::string_view::npos)
          ++i;
        parameter.value += rest[i];
      }
      if (i >= rest.size()) return false;
      ++i;
      found.push_back(std::move(parameter));
      is_empty = false;
    }
    if (i >= rest.size() || rest[i] != ']') return false;
    if (is_empty) found.push_back({std::string(id), ""});
    rest.remove_prefix(i + 1);
  }
  if (!rest.empty() && rest.front() != ' ') return false;
  if (found.empty()) return false;
  for (const Parameter& parameter : found) record.add(parameter.name, parameter.value);
  text = rest;
  return true;
}

std::string_view withoutMark(std::string_view message) {
  if (message.starts_with("\xef\xbb\xbf")) message.remove_prefix(3);
  while (!message.empty() && (message.back() == '\n' || message.back() == '\r' || message.back() == '\0'))
    message.remove_suffix(1);
  return message;
}

// The rest of a message of RFC 5424, behind "<165>1 ".
bool readModern(std::string_view text, NamedRecord& record) {
  const std::string_view time = takeWord(text), host = takeWord(text), app = takeWord(text), process = takeWord(text),
                         id = takeWord(text);
  const auto at = isNil(time) ? std::optional<Instant>() : parseInstant(time);
  if (!isNil(time) && !at) return false;
  if (text.empty() && id.empty()) return false;
  if (!takeStructuredData(text, record)) return false;
  if (at) {
    record.time = {*at, Stamp::Fault::kNone};
    record.original_time = time;
  }
  if (!isNil(host)) record.set(Field::kHost, host);
  if (!isNil(app)) record.set(Field::kService, app);
  if (!isNil(process)) record.add("procid", process);
  if (!isNil(id)) record.add("msgid", id);
  if (text.starts_with(' ')) text.remove_prefix(1);
  record.setMessage(withoutMark(text));
  return true;
}

bool isTagByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || isDigit(c) ||
         std::string_view("-_./@").find(c) != std::string_view::npos;
}

// "sshd[4711]: " and "kernel: "; false when the text begins with neither.
bool takeTag(std::string_view& text, NamedRecord& record) {
  std::size_t i = 0;
  while (i < text.size() && i < 64 && isTagByte(text[i])) ++i;
  if (i == 0 || i == text.size()) return false;
  const std::string_view tag = text.substr(0, i);
  std::string_view process;
  if (text[i] == '[') {
    const std::size_t close = text.find(']', i);
    if (close == std::string_view::npos || close - i > 32) return false;
    process = text.substr(i + 1, close - i - 1);
    i = close + 1;
  }
  if (i >= text.size() || text[i] != ':') return false;
  record.set(Field::kService, tag);
  if (!process.empty()) record.add("procid", process);
  text.remove_prefix(i + 1);
  if (text.starts_with(' ')) text.remove_prefix(1);
  return true;
}

// "2024-02-29T12:00:00.5+01:00 " in place of the old form.
std::optional<Instant> takeIsoTime(std::string_view& text) {
  if (text.size() < 20 || !isDigit(text[0])) return std::nullopt;
  std::string_view rest = text;
  const std::string_view word = takeWord(rest);
  if (word.find('T') == std::string_view::npos) return std::nullopt;
  const auto at = parseInstant(word);
  if (at) text = rest;
  return at;
}

void readLoose(std::string_view text, std::int64_t arrival_millis, NamedRecord& record) {
  std::string_view rest = text;
  skipBlanks(rest);
  const std::string_view before = rest;
  std::optional<Instant> at = takeIsoTime(rest);
  if (!at) at = takeBsdTime(rest, arrival_millis);
  if (at) {
    record.time = {*at, Stamp::Fault::kNone};
    record.original_time = before.substr(0, before.size() - rest.size());
    skipBlanks(rest);
    // A host name, unless what stands here is the tag already.
    if (!takeTag(rest, record)) {
      std::string_view after = rest;
      const std::string_view host = takeWord(after);
      if (!host.empty() && host.size() <= 255 && !host.ends_with(':') && !after.empty()) {
        record.set(Field::kHost, host);
        rest = after;
        skipBlanks(rest);
        takeTag(rest, record);
      }
    }
  } else {
    takeTag(rest, record);
  }
  record.setMessage(withoutMark(rest));
}

}  // namespace

std::optional<Instant> takeBsdTime(std::string_view& text, std::int64_t arrival_millis) {
  std::string_view rest = text;
  if (rest.starts_with('*') || rest.starts_with('.')) rest.remove_prefix(1);  // Cisco's clock that is not set
  const unsigned month = monthOf(rest.substr(0, 3));
  if (month == 0 || rest.size() < 12 || rest[3] != ' ') return std::nullopt;
  rest.remove_prefix(4);
  const auto number = [&](std::size_t most) -> int {
    skipBlanks(rest);
    std::size_t size = 0;
    int value = 0;
    while (size < most && size < rest.size() && isDigit(rest[size])) value = value * 10 + (rest[size++] - '0');
    rest.remove_prefix(size);
    return size == 0 ? -1 : value;
  };
  const int day = number(2);
  int year = -1;
  if (rest.size() > 5 && rest[0] == ' ' && isDigit(rest[1]) && isDigit(rest[4]) && rest[5] == ' ') year = number(4);
  skipBlanks(rest);
  const std::size_t clock_size = std::min(rest.find_first_not_of("0123456789:.,"), rest.size());
  std::string_view clock = rest.substr(0, clock_size);
  rest.remove_prefix(clock_size);
  if (clock.ends_with(':')) clock.remove_suffix(1);  // Cisco
  if (year < 0 && rest.size() >= 5 && rest[0] == ' ' && isDigit(rest[1]) && isDigit(rest[4]) &&
      (rest.size() == 5 || rest[5] == ' '))
    year = number(4);
  if (day < 1 || clock.size() < 8) return std::nullopt;
  const auto at = [&](int of_year) -> std::optional<Instant> {
    std::string iso = std::to_string(of_year);
    iso.append(1, '-')
        .append(std::to_string(month))
        .append(1, '-')
        .append(std::to_string(day))
        .append(1, ' ')
        .append(clock);
    return parseInstant(iso);
  };
  std::optional<Instant> found;
  if (year >= 0) {
    found = at(year);
  } else {
    const std::chrono::sys_time<std::chrono::milliseconds> now{std::chrono::milliseconds(arrival_millis)};
    const int this_year =
        static_cast<int>(std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(now)).year());
    // February 29 may be of two or three years ago.
    for (int back = -1; back <= 8 && !found; ++back) {
      const auto candidate = at(this_year - back);
      if (candidate && candidate->millis <= arrival_millis + kDay) found = candidate;
    }
  }
  if (found) text = rest;
  return found;
}

void readSyslog(std::string_view message, std::int64_t arrival_millis, NamedRecord& record) {
  std::string_view rest = message;
  if (const auto priority = takePriority(rest)) {
    if (rest.starts_with("1 ")) {
      const std::string_view behind = rest.substr(2);
      if (readModern(behind, record)) return setPriority(*priority, record);
    }
    setPriority(*priority, record);
    return readLoose(rest, arrival_millis, record);
  }
  readLoose(message, arrival_millis, record);
}

Status takeSyslog(const IntakeCall& call, Records& records) {
  NamedRecord record;
  record.clear();
  readSyslog(call.body, call.time_millis, record);
  if (!record.has(Field::kHost) && !call.peer.empty()) {
    const std::size_t colon = call.peer.rfind(':');
    record.set(Field::kHost, call.peer.substr(0, colon));
  }
  record.finish(0, call, records);
  return {};
}

Status takeSyslogLines(const IntakeCall& call, Records& records) {
  LineReport report(records);
  NamedRecord record;
  std::uint64_t position = 0;
  for (std::string_view rest = call.body; !rest.empty(); ++position) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    record.clear();
    readSyslog(line, call.time_millis, record);
    record.finish(position, call, records);
  }
  report.respond();
  return {};
}

}  // namespace gyre::logs
