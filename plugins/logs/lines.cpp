#include "lines.hpp"

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "gyre/json_writer.hpp"
#include "named_record.hpp"
#include "severity.hpp"

namespace gyre::logs {

namespace {

constexpr std::size_t kMaxRecord = 1u << 20;

std::string_view takeLine(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool isBlank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

std::string_view takeWord(std::string_view& text) {
  const std::size_t end = text.find(' ');
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return word;
}

void skipBlanks(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
}

// `"…"` with backslashes before quotes; nothing when the text does not begin with one that ends.
std::optional<std::string> takeQuoted(std::string_view& text) {
  if (!text.starts_with('"')) return std::nullopt;
  std::string value;
  std::size_t i = 1;
  for (; i < text.size() && text[i] != '"'; ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '"' || text[i + 1] == '\\')) ++i;
    value += text[i];
  }
  if (i >= text.size()) return std::nullopt;
  text.remove_prefix(i + 1);
  if (text.starts_with(' ')) text.remove_prefix(1);
  return value;
}

void addUnlessNil(NamedRecord& record, std::string_view name, std::string_view value) {
  if (!value.empty() && value != "-") record.add(name, value);
}

bool readAccess(std::string_view line, NamedRecord& record) {
  std::string_view rest = line;
  const std::string_view client = takeWord(rest), identity = takeWord(rest);
  const std::size_t bracket = rest.find(" [");  // a user's name may have blanks
  if (bracket == std::string_view::npos) return false;
  const std::string_view user = rest.substr(0, bracket);
  rest.remove_prefix(bracket + 2);
  const std::size_t close = rest.find("] ");
  if (close == std::string_view::npos) return false;
  const auto at = parseInstant(rest.substr(0, close));
  if (!at) return false;
  record.time = {*at, Stamp::Fault::kNone};
  record.original_time = rest.substr(0, close);
  rest.remove_prefix(close + 2);
  const auto request = takeQuoted(rest);
  const std::string_view status = takeWord(rest), bytes = takeWord(rest);
  int code = 0;
  const auto [end, error] = std::from_chars(status.data(), status.data() + status.size(), code);
  if (!request || client.empty() || error != std::errc() || end != status.data() + status.size() || code < 100 ||
      code > 999 || bytes.empty())
    return false;
  const auto referrer = takeQuoted(rest);
  const auto agent = referrer ? takeQuoted(rest) : std::nullopt;
  record.set(Field::kClient, client);
  record.add("request", *request);
  record.add("status", status);
  addUnlessNil(record, "bytes", bytes);
  addUnlessNil(record, "ident", identity);
  addUnlessNil(record, "user", user);
  if (referrer) addUnlessNil(record, "referrer", *referrer);
  if (agent) addUnlessNil(record, "user_agent", *agent);
  if (!rest.empty()) record.add("rest", rest);
  record.severity = code >= 500 ? 17 : code >= 400 ? 13 : 9;
  record.setMessage(line);
  return true;
}

// What a first line of a record has been read to.
struct Head {
  Instant at;
  std::string_view time, level, thread, logger, process, text;
};

// The text of a time at the front: up to its clock, decimals and zone.
std::size_t timeSize(std::string_view text) {
  std::size_t size = 0;
  bool has_clock = false;
  for (; size < text.size(); ++size) {
    const char c = text[size];
    if (c == ':') has_clock = true;
    if ((c >= '0' && c <= '9') || std::string_view("-/:.,+TZ").find(c) != std::string_view::npos) continue;
    if (c == ' ' && !has_clock && size + 1 < text.size() && text[size + 1] >= '0' && text[size + 1] <= '9') continue;
    break;
  }
  return size;
}

std::string_view takeBracketed(std::string_view& text) {
  if (!text.starts_with('[')) return {};
  const std::size_t close = text.find(']');
  if (close == std::string_view::npos) return {};
  const std::string_view inside = text.substr(1, close - 1);
  text.remove_prefix(close + 1);
  skipBlanks(text);
  return inside;
}

// A word that is a level, bare or in brackets.
std::string_view takeLevel(std::string_view& text) {
  std::string_view rest = text;
  std::string_view word = rest.starts_with('[') ? takeBracketed(rest) : takeWord(rest);
  while (word.ends_with(' ') || word.ends_with(':')) word.remove_suffix(1);
  if (word.size() < 3 || severityOfText(word) == 0) return {};
  skipBlanks(rest);
  text = rest;
  return word;
}

bool isName(std::string_view text) {
  if (text.empty() || text.size() > 256) return false;
  for (const char c : text) {
    const bool is_name_byte = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                              std::string_view("._$-:/").find(c) != std::string_view::npos;
    if (!is_name_byte) return false;
  }
  return true;
}

// "c.e.App - text" and "c.e.App : text".
void takeLogger(Head& head) {
  for (const std::string_view mark : {" - ", " : ", ": "}) {
    const std::size_t at = head.text.find(mark);
    if (at == std::string_view::npos) continue;
    std::string_view name = head.text.substr(0, at);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (!isName(name) || name.find('.') == std::string_view::npos) continue;
    head.logger = name;
    head.text.remove_prefix(at + mark.size());
    return;
  }
  // "text (kafka.server.KafkaServer)"
  if (!head.text.ends_with(')')) return;
  const std::size_t open = head.text.rfind(" (");
  if (open == std::string_view::npos) return;
  const std::string_view name = head.text.substr(open + 2, head.text.size() - open - 3);
  if (!isName(name)) return;
  head.logger = name;
  head.text.remove_suffix(head.text.size() - open);
}

std::optional<Head> readHead(std::string_view line) {
  if (line.size() < 20) return std::nullopt;
  Head head;
  std::string_view rest = line;
  const bool is_bracketed = rest.front() == '[';
  if (is_bracketed) rest.remove_prefix(1);
  if (rest.front() < '0' || rest.front() > '9') return std::nullopt;
  const std::size_t size = timeSize(rest);
  head.time = rest.substr(0, size);
  const auto at = parseInstant(head.time);
  if (!at || size < 16) return std::nullopt;
  head.at = *at;
  rest.remove_prefix(size);
  if (is_bracketed && !rest.starts_with(']')) return std::nullopt;
  if (is_bracketed) rest.remove_prefix(1);
  skipBlanks(rest);
  head.level = takeLevel(rest);
  if (head.level.empty()) {
    head.thread = takeBracketed(rest);
    head.level = takeLevel(rest);
    if (head.level.empty()) return std::nullopt;
  }
  // "17 --- [main] ", of Spring
  std::string_view after = rest;
  const std::string_view process = takeWord(after);
  if (after.starts_with("--- ")) {
    head.process = process;
    rest = after.substr(4);
    skipBlanks(rest);
  }
  if (head.thread.empty() && (!head.process.empty() || !is_bracketed)) head.thread = takeBracketed(rest);
  head.text = rest;
  takeLogger(head);
  return head;
}

// The record that lines are still added to.
class OpenRecord {
 public:
  OpenRecord(const IntakeCall& call, Records& records) : call_(call), records_(records) {}

  void begin(std::uint64_t position, const Head& head) {
    finish();
    is_open_ = true;
    position_ = position;
    level_ = head.level;
    logger_ = head.logger;
    thread_ = head.thread;
    process_ = head.process;
    time_ = head.at;
    text_ = head.text;
  }
  bool isOpen() const { return is_open_; }
  void goOn(std::uint64_t position, std::string_view line) {
    if (text_.size() + line.size() > kMaxRecord) {
      finish();
      is_open_ = true;
      position_ = position;
      text_ = line;
      return;
    }
    text_.append(1, '\n').append(line);
  }
  void finish() {
    if (!is_open_) return;
    is_open_ = false;
    while (text_.ends_with('\n')) text_.pop_back();
    record_.clear();
    record_.time = {time_, Stamp::Fault::kNone};
    record_.original_time = std::to_string(time_.millis);
    record_.set(Field::kLevel, level_);
    if (!logger_.empty()) record_.set(Field::kLogger, logger_);
    if (!thread_.empty()) record_.add("thread", thread_);
    if (!process_.empty()) record_.add("procid", process_);
    record_.setMessage(text_);
    record_.finish(position_, call_, records_);
  }

 private:
  const IntakeCall& call_;
  Records& records_;
  NamedRecord record_;
  bool is_open_ = false;
  std::uint64_t position_ = 0;
  Instant time_;
  std::string level_, logger_, thread_, process_, text_;
};

}  // namespace

void LineReport::reject(std::uint64_t position, std::string_view reason) {
  records_.reject(position, reason);
  if (shown_.size() < kShown) shown_.emplace_back(position, reason);
}

void LineReport::respond() {
  std::string body;
  JsonWriter out(body);
  out.beginObject().member("accepted", records_.count()).member("rejectedCount", records_.rejectedCount());
  out.key("rejected").beginArray();
  for (const auto& [position, reason] : shown_)
    out.beginObject().member("line", position + 1).member("reason", reason).endObject();
  out.endArray().endObject();
  records_.respond(body);
}

Status takeAccessLines(const IntakeCall& call, Records& records) {
  LineReport report(records);
  NamedRecord record;
  std::uint64_t position = 0;
  for (std::string_view rest = call.body; !rest.empty(); ++position) {
    const std::string_view line = takeLine(rest);
    if (isBlank(line)) continue;
    record.clear();
    if (readAccess(line, record))
      record.finish(position, call, records);
    else
      report.reject(position, "expected a line of an access log, common or combined");
  }
  report.respond();
  return {};
}

Status takeLog4jLines(const IntakeCall& call, Records& records) {
  LineReport report(records);
  OpenRecord record(call, records);
  std::uint64_t position = 0;
  for (std::string_view rest = call.body; !rest.empty(); ++position) {
    const std::string_view line = takeLine(rest);
    if (const auto head = readHead(line))
      record.begin(position, *head);
    else if (record.isOpen())
      record.goOn(position, line);
    else if (!isBlank(line))
      report.reject(position, "expected a time and a level, as no record began before");
  }
  record.finish();
  report.respond();
  return {};
}

}  // namespace gyre::logs
