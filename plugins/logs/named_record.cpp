#include "named_record.hpp"

#include <charconv>

#include "gyre/json_writer.hpp"
#include "severity.hpp"
#include "text.hpp"

namespace gyre::logs {

namespace {

constexpr std::size_t kMaxKeyword = 1024;

std::optional<std::int64_t> wholeOf(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool fits(Field field, std::string_view text) {
  const auto within = [&](std::int64_t most) {
    const auto number = wholeOf(text);
    return number && *number >= 0 && *number <= most;
  };
  switch (field) {
    case Field::kStatus: return within(999);
    case Field::kBytes: return within(std::int64_t{1} << 60);
    case Field::kSeverityNumber: return within(24);
    case Field::kSyslogSeverity: return within(7) || severityOfText(text) != 0;
    case Field::kOrganization: return !text.empty() && text.size() <= 256;
    case Field::kRequest: return !text.empty();
    case Field::kLevel:
    case Field::kSeverity:
    case Field::kSeverityText:
    case Field::kService:
    case Field::kHost:
    case Field::kLogger:
    case Field::kTraceId:
    case Field::kSpanId:
    case Field::kClient: return !text.empty() && text.size() <= kMaxKeyword;
    default: return false;
  }
}

}  // namespace

void NamedRecord::clear() {
  for (std::string& text : texts_) text.clear();
  attributes_.clear();
  resource_ = nullptr;
  time = {};
  original_time.clear();
  severity = 0;
}

void NamedRecord::setMessage(std::string_view text) { at(Field::kMessage).assign(visibleText(text, scratch_)); }

void NamedRecord::set(Field field, std::string_view text) { at(field).assign(visibleText(text, scratch_)); }

void NamedRecord::add(std::string_view name, std::string_view text) {
  const Field field = fieldOf(name).field;
  if (fits(field, text) && !has(field))
    set(field, text);
  else
    attributes_.addText(visibleText(name, name_scratch_), visibleText(text, scratch_));
}

void NamedRecord::addJson(std::string_view name, std::string_view json, std::size_t leaf_count) {
  attributes_.add(visibleText(name, name_scratch_), json, leaf_count);
}

void NamedRecord::finish(std::uint64_t position, const IntakeCall& call, Records& records) {
  LogRecord record;
  record.time = time;
  quoted_.clear();
  if (!original_time.empty()) JsonWriter(quoted_).string(visibleText(original_time, scratch_));
  record.original_time = quoted_;
  const Field word = has(Field::kSeverityText) ? Field::kSeverityText
                     : has(Field::kLevel)      ? Field::kLevel
                                               : Field::kSeverity;
  record.severity = severity;
  const auto take = [&](int found) {
    if (record.severity == 0) record.severity = found;
  };
  take(severityOf(wholeOf(at(Field::kSeverityNumber)).value_or(0), at(Field::kLevel)));
  take(severityOfText(at(Field::kSeverity)));
  take(severityOfText(at(Field::kSeverityText)));
  if (const auto code = wholeOf(at(Field::kSyslogSeverity))) take(severityOfSyslog(*code));
  take(severityOfText(at(Field::kSyslogSeverity)));
  if (const auto code = wholeOf(at(word))) take(severityOfLevelNumber(*code));
  record.severity_text = textOf(word);
  record.message = textOf(Field::kMessage);
  record.service = textOf(Field::kService);
  record.host = textOf(Field::kHost);
  record.logger = textOf(Field::kLogger);
  record.trace_id = textOf(Field::kTraceId);
  record.span_id = textOf(Field::kSpanId);
  record.organization_id = textOf(Field::kOrganization);
  record.client = textOf(Field::kClient);
  record.request = textOf(Field::kRequest);
  record.status = wholeOf(at(Field::kStatus));
  record.bytes = wholeOf(at(Field::kBytes));
  record.attributes = &attributes_;
  record.resource = resource_;
  out_.clear();
  const Status status = writeRecord(record, {call.time_millis, call.organization_id, {}}, out_);
  if (status.isOk())
    records.add(position, record.time.at.millis, out_);
  else
    records.reject(position, status.message());
}

}  // namespace gyre::logs
