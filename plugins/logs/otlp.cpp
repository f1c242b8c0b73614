#include "otlp.hpp"

#include <charconv>

#include "gyre/json_writer.hpp"
#include "names.hpp"
#include "severity.hpp"
#include "text.hpp"

namespace gyre::logs {

namespace {

std::optional<std::int64_t> wholeOf(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string_view unlessZero(std::string_view hex) {
  return hex.find_first_not_of('0') == std::string_view::npos ? std::string_view() : hex;
}

}  // namespace

void AnyJson::clear() {
  json.clear();
  text.clear();
  is_string = is_map = false;
  leaf_count = 1;
}

void AnyJson::setText(std::string_view value) {
  std::string scratch;
  text.assign(visibleText(value, scratch));
  JsonWriter(json).string(text);
  is_string = true;
}

OtlpBatch::OtlpBatch(const IntakeCall& call, Records& records)
    : arrival_{call.time_millis, call.organization_id, {}}, records_(records) {}

// Valid until the next call.
std::string_view OtlpBatch::shown(std::string_view text) { return visibleText(text, scratch_); }

void OtlpBatch::beginResource() {
  resource_.clear();
  resource_service_.clear();
  resource_host_.clear();
  resource_organization_.clear();
}

void OtlpBatch::addResourceAttribute(std::string_view key, const AnyJson& value) {
  const Field field = value.is_string && !value.text.empty() ? fieldOf(key).field : Field::kNone;
  std::string* const into = field == Field::kService        ? &resource_service_
                            : field == Field::kHost         ? &resource_host_
                            : field == Field::kOrganization ? &resource_organization_
                                                            : nullptr;
  if (into != nullptr && into->empty() && value.text.size() <= 256)
    into->assign(value.text);
  else
    resource_.add(shown(key), value.json, value.leaf_count);
}

void OtlpBatch::beginScope() {
  scope_name_.clear();
  scope_.clear();
}

void OtlpBatch::setScope(std::string_view name, std::string_view version) {
  if (name.size() <= 1024) scope_name_.assign(shown(name));
  if (version.empty()) return;
  scope_.emplace_back("scope.version", AnyJson());
  scope_.back().second.setText(version);
}

void OtlpBatch::addScopeAttribute(std::string_view key, const AnyJson& value) {
  std::string name("scope.");
  name.append(shown(key));
  scope_.emplace_back(std::move(name), value);
}

void OtlpBatch::beginRecord() {
  now_ = {};
  attributes_.clear();
}

void OtlpBatch::setTime(std::uint64_t nanos) {
  if (nanos != 0) now_.time = {instantOfNanos(nanos), Stamp::Fault::kNone};
}

void OtlpBatch::setObserved(std::uint64_t nanos) {
  if (nanos != 0) now_.observed_millis = instantOfNanos(nanos).millis;
}

void OtlpBatch::setSeverity(std::int64_t number, std::string_view text) {
  now_.severity = severityOf(number, text);
  if (number < 0 || number > 24) addText("severityNumber", std::to_string(number));
  if (text.size() <= 1024)
    now_.severity_text.assign(shown(text));
  else
    addText("severity_text", text);
}

void OtlpBatch::setBody(const AnyJson& body) {
  now_.message = body.is_string ? body.text : body.json == "null" ? std::string() : body.json;
  if (body.is_map) attributes_.add("body", body.json, body.leaf_count);
}

void OtlpBatch::setTrace(std::string_view lower_hex) { now_.trace_id.assign(unlessZero(lower_hex)); }
void OtlpBatch::setSpan(std::string_view lower_hex) { now_.span_id.assign(unlessZero(lower_hex)); }

// Attributes that are fields here.
bool OtlpBatch::promote(std::string_view key, const AnyJson& value) {
  const Field field = fieldOf(key).field;
  const auto number = [&](std::optional<std::int64_t>& into, std::int64_t most) {
    const auto whole = into ? std::nullopt : wholeOf(value.is_string ? value.text : value.json);
    if (!whole || *whole < 0 || *whole > most) return false;
    into = whole;
    return true;
  };
  const auto text = [&](std::string& into, std::size_t most) {
    if (!into.empty() || !value.is_string || value.text.empty() || value.text.size() > most) return false;
    into = value.text;
    return true;
  };
  switch (field) {
    case Field::kStatus: return number(now_.status, 999);
    case Field::kBytes: return number(now_.bytes, std::int64_t{1} << 60);
    case Field::kClient: return text(now_.client, 1024);
    case Field::kRequest: return text(now_.request, 65'536);
    case Field::kOrganization: return text(now_.organization, 256);
    default: return false;
  }
}

void OtlpBatch::addAttribute(std::string_view key, const AnyJson& value) {
  if (!promote(key, value)) attributes_.add(shown(key), value.json, value.leaf_count);
}

void OtlpBatch::addText(std::string_view key, std::string_view text) {
  std::string scratch;
  attributes_.addText(key, visibleText(text, scratch));
}

void OtlpBatch::endRecord() {
  LogRecord record;
  // Without a time of its own a record happened when it was observed (OpenTelemetry's data model).
  if (now_.time.fault == Stamp::Fault::kMissing && now_.observed_millis)
    now_.time = {{*now_.observed_millis, std::nullopt}, Stamp::Fault::kNone};
  record.time = now_.time;
  std::string original;
  if (now_.time.fault == Stamp::Fault::kNone) original = std::to_string(now_.time.at.millis);
  record.original_time = original;
  if (now_.observed_millis != now_.time.at.millis) record.observed_millis = now_.observed_millis;
  record.severity = now_.severity;
  record.severity_text = Text::plain(now_.severity_text);
  record.message = Text::plain(now_.message);
  record.service = Text::plain(resource_service_);
  record.host = Text::plain(resource_host_);
  record.logger = Text::plain(scope_name_);
  record.trace_id = Text::plain(now_.trace_id);
  record.span_id = Text::plain(now_.span_id);
  record.organization_id = Text::plain(now_.organization.empty() ? resource_organization_ : now_.organization);
  record.client = Text::plain(now_.client);
  record.request = Text::plain(now_.request);
  record.status = now_.status;
  record.bytes = now_.bytes;
  record.attributes = &attributes_;
  record.resource = &resource_;
  for (const auto& [name, value] : scope_) attributes_.add(name, value.json, value.leaf_count);
  out_.clear();
  const Status status = writeRecord(record, arrival_, out_);
  if (!status.isOk()) return rejectRecord(status.message());
  records_.add(position_++, record.time.at.millis, out_);
}

void OtlpBatch::rejectRecord(std::string_view reason) {
  records_.reject(position_, reason);
  if (rejected_++ == 0) first_reason_ = "log record " + std::to_string(position_) + ": " + std::string(reason);
  ++position_;
}

Status takeOtlp(const IntakeCall& call, Records& records) {
  if (call.media_type == "application/json") return takeOtlpJson(call, records);
  if (call.media_type == "application/x-protobuf") return takeOtlpProtobuf(call, records);
  return invalidArgument("expected application/json or application/x-protobuf, found \"" +
                         std::string(call.media_type) + "\"");
}

}  // namespace gyre::logs
