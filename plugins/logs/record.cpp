#include "record.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "gyre/json_writer.hpp"
#include "gyre/time.hpp"
#include "severity.hpp"
#include "text.hpp"

namespace gyre::logs {

namespace {

Options configured;

std::size_t leavesOf(json::Value value) {
  if (!value.isObject() && !value.isArray()) return 1;
  std::size_t count = 0;
  for (const json::Value child : value) count += leavesOf(child);
  return count;
}

void appendMember(std::string& members, std::string_view name, std::string_view json) {
  if (!members.empty()) members += ',';
  JsonWriter(members).string(name);
  members.append(1, ':').append(json);
}

void appendText(const Text& text, std::string& out) {
  if (text.is_json)
    out += text.bytes;
  else
    JsonWriter(out).string(text.bytes);
}

// Appends members to an object that was opened by hand: this is the path of every record.
class Members {
 public:
  explicit Members(std::string& out) : out_(out) { out_ += '{'; }
  // `name` needs no escapes.
  void raw(std::string_view name, std::string_view json) { key(name).append(json); }
  void text(std::string_view name, const Text& text) {
    if (text.isEmpty()) return;
    appendText(text, key(name));
  }
  void number(std::string_view name, std::int64_t value) {
    char digits[24];
    raw(name, {digits, static_cast<std::size_t>(std::to_chars(digits, digits + sizeof digits, value).ptr - digits)});
  }
  void quoted(std::string_view name, std::string_view text) { key(name).append(1, '"').append(text).append(1, '"'); }
  void object(std::string_view name, std::string_view members) {
    if (!members.empty()) key(name).append(1, '{').append(members).append(1, '}');
  }
  std::string& key(std::string_view name) {
    out_ += is_first_ ? "\"" : ",\"";
    is_first_ = false;
    return out_.append(name).append("\":");
  }
  void end() { out_ += '}'; }

 private:
  std::string& out_;
  bool is_first_ = true;
};

// The text within a JSON string's quotes.
std::string_view inner(const Text& text) {
  return text.is_json ? text.bytes.substr(1, text.bytes.size() - 2) : text.bytes;
}

bool equalsIgnoringCase(std::string_view a, std::string_view lower) {
  if (a.size() != lower.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if ((a[i] >= 'A' && a[i] <= 'Z' ? a[i] | 0x20 : a[i]) != lower[i]) return false;
  return true;
}

// A time in the only form in which it is kept: "2024-02-29T12:00:00.000Z".
void appendTime(std::int64_t millis, std::string& out) {
  constexpr std::int64_t kDay = 86'400'000;
  thread_local std::int64_t last_day = -1;  // records that come together are of one day
  thread_local char text[] = "\"0000-00-00T00:00:00.000Z\"";
  const std::int64_t day = millis / kDay;
  if (day != last_day) {
    timeText(day * kDay).copy(text + 1, 10);
    last_day = day;
  }
  const auto put = [&](std::size_t at, int value) {
    text[at] = static_cast<char>('0' + value / 10);
    text[at + 1] = static_cast<char>('0' + value % 10);
  };
  const auto rest = static_cast<int>(millis % kDay);
  put(12, rest / 3'600'000);
  put(15, rest / 60'000 % 60);
  put(18, rest / 1000 % 60);
  text[21] = static_cast<char>('0' + rest / 100 % 10);
  put(22, rest % 100);
  out.append(text, 26);
}

void takeTime(LogRecord& record, const Arrival& arrival) {
  if (record.time.fault == Stamp::Fault::kNone &&
      !isInRange(record.time.at, arrival.time_millis, options().future_days))
    record.time.fault = Stamp::Fault::kOutOfRange;
  if (record.time.fault == Stamp::Fault::kNone) return;
  record.time.at = {arrival.time_millis, std::nullopt};
  if (record.time.fault == Stamp::Fault::kMissing || record.attributes == nullptr) return;
  if (!record.original_time.empty()) record.attributes->add(record.time_name, record.original_time);
  record.attributes->addText("timestamp_fault",
                             record.time.fault == Stamp::Fault::kOutOfRange ? "out_of_range" : "unreadable");
}

}  // namespace

const Options& options() { return configured; }

Status configure(json::Value given) {
  configured.future_days = given["future_days"].integer().value_or(Options().future_days);
  return {};
}

int severityOf(std::int64_t number, std::string_view text) {
  if (number >= 1 && number <= 24) return static_cast<int>(number);
  return severityOfText(text);
}

void OpenMembers::add(std::string_view name, std::string_view json, std::size_t leaf_count) {
  std::string again;
  std::string_view key = name;
  for (int number = 2; !claim(key); ++number) {
    again.assign(name);
    key = again.append("#").append(std::to_string(number));
  }
  const bool is_indexed =
      key.size() + json.size() <= kMaxBytes && leaves_ + leaf_count <= kMaxLeaves && !key.empty() && json != "null";
  if (is_indexed) leaves_ += leaf_count;
  appendMember(is_indexed ? indexed_ : unindexed_, key, json);
}

void OpenMembers::addText(std::string_view name, std::string_view text) {
  scratch_.clear();
  JsonWriter(scratch_).string(text);
  add(name, scratch_);
}

void OpenMembers::addValue(std::string_view name, json::Value value) { add(name, value.raw(), leavesOf(value)); }

void OpenMembers::clear() {
  indexed_.clear();
  unindexed_.clear();
  leaves_ = 0;
  name_count_ = 0;
  if (!many_names_.empty()) many_names_.clear();
}

bool OpenMembers::claim(std::string_view name) {
  if (name_count_ > kFewNames) return many_names_.emplace(name).second;
  for (std::size_t i = 0; i < name_count_; ++i)
    if (names_[i] == name) return false;
  if (name_count_ < kFewNames) {
    names_[name_count_].assign(name);
  } else {
    many_names_.insert(names_.begin(), names_.end());
    many_names_.emplace(name);
  }
  ++name_count_;
  return true;
}

Status writeRecord(LogRecord& record, const Arrival& arrival, std::string& out) {
  if (!arrival.organization_id.empty()) {
    std::string quoted;
    JsonWriter(quoted).string(arrival.organization_id);
    const std::string_view bound = std::string_view(quoted).substr(1, quoted.size() - 2);
    if (!record.organization_id.isEmpty() && inner(record.organization_id) != arrival.organization_id &&
        inner(record.organization_id) != bound)
      return {Code::kPermissionDenied, "organizationId: the key is bound to \"" + std::string(arrival.organization_id) +
                                           "\", found \"" + std::string(inner(record.organization_id)) + "\""};
    record.organization_id = Text::plain(arrival.organization_id);
  }
  if (record.organization_id.isEmpty()) record.organization_id = Text::plain(arrival.default_organization);
  takeTime(record, arrival);
  Members members(out);
  appendTime(record.time.at.millis, members.key("@timestamp"));
  if (record.time.at.nanoseconds) members.number("nanoseconds", *record.time.at.nanoseconds);
  if (record.observed_millis && *record.observed_millis >= 0 && *record.observed_millis < 253'402'300'800'000)
    appendTime(*record.observed_millis, members.key("observed"));
  std::string_view level;
  if (record.severity > 0) {
    level = levelOf(record.severity);
    members.number("severity", record.severity);
    members.quoted("level", level);
  }
  if (!record.severity_text.isEmpty() && !equalsIgnoringCase(inner(record.severity_text), level))
    members.text("severity_text", record.severity_text);
  if (!record.message.isEmpty()) {
    const std::size_t before = members.key("message").size();
    appendText(record.message, out);
    // Of the JSON string, so that it is the same however the text came.
    const std::size_t size = std::min<std::size_t>(out.size() - before - 2, kPatternBytes);
    char id[kPatternIdSize];
    writePatternId(std::string_view(out).substr(before + 1, size), id);
    members.quoted("pattern", {id, kPatternIdSize});
  }
  members.text("service", record.service);
  members.text("host", record.host);
  members.text("logger", record.logger);
  members.text("trace_id", record.trace_id);
  members.text("span_id", record.span_id);
  members.text("organizationId", record.organization_id);
  members.text("client", record.client);
  members.text("request", record.request);
  if (record.status) members.number("status", *record.status);
  if (record.bytes) members.number("bytes", *record.bytes);
  std::string unindexed(record.unindexed);
  const auto open = [&](std::string_view name, const OpenMembers* of) {
    if (of == nullptr) return;
    members.object(name, of->indexed());
    if (of->unindexed().empty()) return;
    if (!unindexed.empty()) unindexed += ',';
    unindexed.append(1, '"').append(name).append("\":{").append(of->unindexed()).append("}");
  };
  open("resource", record.resource);
  open("attributes", record.attributes);
  members.object("unindexed", unindexed);
  members.end();
  return {};
}

}  // namespace gyre::logs
