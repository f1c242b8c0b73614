#include "document.hpp"

#include <simdjson.h>

#include <charconv>
#include <optional>
#include <utility>

#include "gyre/json_writer.hpp"
#include "severity.hpp"
#include "text.hpp"

namespace gyre::logs {

namespace {

constexpr std::size_t kMaxKeyword = 1024;  // of a name of something: a longer one is no name, and an attribute

Datum datumOf(json::Value value) {
  return {value.key(), value.raw(), value.isString() ? value.string() : value.raw(), value.kind(), false};
}

// A whole number, or a text that is one.
std::optional<std::int64_t> wholeOf(const Datum& value) {
  if (!value.isNumber() && !value.isString()) return std::nullopt;
  std::int64_t number = 0;
  const char* const end = value.text.data() + value.text.size();
  const auto [stop, error] = std::from_chars(value.text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

std::string_view textOf(const Datum& value) { return value.isString() ? value.text : std::string_view(); }

Stamp stampOf(const Datum& value) {
  if (value.isString() || value.isNumber()) return readStamp(value.text);
  return {{}, value.isMissing() ? Stamp::Fault::kMissing : Stamp::Fault::kUnreadable};
}

bool fitsNumber(const Datum& value, std::int64_t least, std::int64_t most) {
  const auto number = wholeOf(value);
  return number && *number >= least && *number <= most;
}

bool fitsKeyword(const Datum& value) {
  if (value.isString()) return value.raw.size() <= kMaxKeyword && value.raw.size() > 2;
  return value.isNumber() && value.raw.size() <= kMaxKeyword;
}

// Whether a value can be what its name says; what cannot is an attribute.
bool fits(const Datum& value, Field field) {
  using json::Kind;
  switch (field) {
    case Field::kNone: return false;
    case Field::kTimestamp:
    case Field::kObserved: return value.isString() || value.isNumber();
    case Field::kSeverityNumber: return fitsNumber(value, 0, 24);
    case Field::kSyslogSeverity:
      return fitsNumber(value, 0, 7) || (value.isString() && severityOfText(value.text) != 0);
    case Field::kMessage: return value.kind != Kind::kObject && value.kind != Kind::kArray && value.kind != Kind::kNull;
    case Field::kSyslogTag: return value.isString();
    case Field::kOrganization: return value.isString() && value.raw.size() > 2 && value.raw.size() <= 258;
    case Field::kStatus: return fitsNumber(value, 0, 999);
    case Field::kBytes: return fitsNumber(value, 0, std::int64_t{1} << 60);
    case Field::kNanoseconds: return value.isNumber() && fitsNumber(value, 0, 999'999'999);
    case Field::kAttributes:
    case Field::kResource:
    case Field::kUnindexed: return value.kind == Kind::kObject;
    case Field::kRequest: return value.isString();
    default: return fitsKeyword(value);
  }
}

// Fields whose text is looked at; the others are copied with their escapes.
bool needsText(Field field) {
  switch (field) {
    case Field::kTimestamp:
    case Field::kObserved:
    case Field::kSeverityNumber:
    case Field::kSyslogSeverity:
    case Field::kLevel:
    case Field::kSeverity:
    case Field::kSeverityText:
    case Field::kSyslogTag:
    case Field::kStatus:
    case Field::kBytes: return true;
    default: return false;
  }
}

// Pieces of JSON that were put under a name of their own carry the braces of their object.
std::string_view withoutBraces(std::string_view object) {
  object.remove_prefix(1);
  object.remove_suffix(1);
  while (!object.empty() && json::detail::isSpace(object.front())) object.remove_prefix(1);
  while (!object.empty() && json::detail::isSpace(object.back())) object.remove_suffix(1);
  return object;
}

bool isPatternId(std::string_view text) {
  return text.size() == kPatternIdSize && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

Result<json::Document> parseTolerantly(std::string_view text, std::uint32_t max_depth) {
  auto document = json::Document::parse(text, {.max_depth = max_depth});
  if (document.isOk()) return document;
  std::string scratch;
  const std::string_view visible = visibleJson(text, scratch);
  return visible.data() == text.data() ? std::move(document) : json::Document::parse(visible, {.max_depth = max_depth});
}

bool DocumentReader::isPlaced(std::string_view raw, Field field) const {
  return field != Field::kNone && at(field).raw.data() == raw.data();
}

void DocumentReader::place(const Datum& value, Name name) {
  Part& slot = slots_[static_cast<std::size_t>(name.field)];
  if (!fits(value, name.field) || (!slot.value.isMissing() && slot.name.rank <= name.rank)) return;
  if (slot.value.isMissing()) placed_.push_back(name.field);
  slot.value = value;
  slot.name = name;
}

void DocumentReader::begin() {
  for (const Field field : placed_) slots_[static_cast<std::size_t>(field)] = {};
  placed_.clear();
  members_.clear();
  attributes_.clear();
  resource_.clear();
  path_.clear();
  record_ = {};
}

// A line of scalars; false for any other, and for the few that need decoding.
bool DocumentReader::collectFlat(std::string_view text) {
  const std::size_t count = flat_reader_.read(text, flat_);
  if (count == json::kNotFlat) return false;
  if (!has_names_ || !flat_reader_.isSameShape())
    for (std::size_t i = 0; i < count; ++i) flat_names_[i] = fieldOf(flat_[i].key);
  has_names_ = true;
  const Name(&names)[json::kMaxFlatMembers] = flat_names_;
  for (std::size_t i = 0; i < count; ++i) {
    const Datum& member = flat_[i];
    if (names[i].field == Field::kNone) continue;
    if (names[i].field == Field::kIgnored || (member.has_escapes && needsText(names[i].field))) return false;
    place(member, names[i]);
  }
  if (at(Field::kMessage).raw.ends_with("\\n\"")) return false;
  for (std::size_t i = 0; i < count; ++i)
    if (!isPlaced(flat_[i].raw, names[i].field)) attributes_.add(flat_[i].key, flat_[i].raw);
  return true;
}

// Which members mean what; within the objects that may hold some, by their path.
void DocumentReader::collect(json::Value object, bool is_nested) {
  for (const json::Value member : object) {
    const std::size_t path_size = path_.size();
    std::string_view path = member.key();
    if (is_nested) path = path_.append(1, '.').append(member.key());
    const Name name = fieldOf(path);
    if (name.field != Field::kNone) place(datumOf(member), name);
    if (member.isObject() && name.field != Field::kAttributes && name.field != Field::kResource &&
        (is_nested || holdsFields(member.key()))) {
      if (!is_nested) path_.assign(member.key());
      collect(member, true);
    }
    if (!is_nested) members_.push_back({member, name});
    path_.resize(is_nested ? path_size : 0);
  }
}

// The members of a nested object that were not placed, as JSON with braces; false when none is left.
bool DocumentReader::writeRest(json::Value object, std::size_t path_size, std::string& out) {
  bool has_any = false;
  out += '{';
  for (const json::Value member : object) {
    path_.resize(path_size);
    path_.append(1, '.').append(member.key());
    if (isPlaced(member.raw(), fieldOf(path_).field)) continue;
    const std::size_t before = out.size();
    if (has_any) out += ',';
    JsonWriter(out).string(member.key());
    out += ':';
    if (!member.isObject()) {
      out += member.raw();
    } else if (!writeRest(member, path_.size(), out) && member.size() > 0) {
      out.resize(before);
      continue;
    }
    has_any = true;
  }
  out += '}';
  return has_any;
}

void DocumentReader::addRest(json::Value member, Name name) {
  if (isPlaced(member.raw(), name.field)) return;
  if (!member.isObject() || !holdsFields(member.key())) return attributes_.addValue(member.key(), member);
  rest_.clear();
  path_.assign(member.key());
  if (writeRest(member, path_.size(), rest_) || member.size() == 0)
    attributes_.add(member.key(), rest_, member.raw().size() > 100 ? member.raw().size() / 8 : 1);
}

Text DocumentReader::textAt(Field field) const {
  const Datum& value = at(field);
  if (value.isMissing()) return {};
  return {value.raw, value.isString()};
}

void DocumentReader::fillTime() {
  const Datum& time = at(Field::kTimestamp);
  record_.time = stampOf(time);
  record_.original_time = time.raw;
  record_.time_name = time.key;
  if (const auto nanos = wholeOf(at(Field::kNanoseconds)); nanos && !record_.time.at.nanoseconds)
    record_.time.at.nanoseconds = static_cast<std::int32_t>(*nanos);
  if (const Stamp seen = stampOf(at(Field::kObserved)); seen.fault == Stamp::Fault::kNone)
    record_.observed_millis = seen.at.millis;
}

void DocumentReader::fillMessage() {
  record_.message = textAt(Field::kMessage);
  const std::string_view message = textOf(at(Field::kMessage));
  // Docker's lines end in one.
  if (!message.ends_with('\n')) return;
  message_.assign(message);
  while (!message_.empty() && (message_.back() == '\n' || message_.back() == '\r')) message_.pop_back();
  record_.message = Text::plain(message_);
}

void DocumentReader::fillTexts() {
  record_.service = textAt(Field::kService);
  record_.host = textAt(Field::kHost);
  record_.logger = textAt(Field::kLogger);
  record_.trace_id = textAt(Field::kTraceId);
  record_.span_id = textAt(Field::kSpanId);
  record_.organization_id = textAt(Field::kOrganization);
  record_.client = textAt(Field::kClient);
  record_.request = textAt(Field::kRequest);
  if (const Datum& tag = at(Field::kSyslogTag); !tag.isMissing()) {
    tag_.assign(tag.text.substr(0, tag.text.find_first_of("[: ")));
    if (record_.service.isEmpty()) record_.service = Text::plain(tag_);
    attributes_.add(tag.key, tag.raw);
  }
  record_.status = wholeOf(at(Field::kStatus));
  record_.bytes = wholeOf(at(Field::kBytes));
}

void DocumentReader::fillSeverity() {
  const Datum &level = at(Field::kLevel), &severity = at(Field::kSeverity), &text = at(Field::kSeverityText);
  const Datum& syslog = at(Field::kSyslogSeverity);
  record_.severity_text = !text.isMissing()     ? textAt(Field::kSeverityText)
                          : !level.isMissing()  ? textAt(Field::kLevel)
                          : severity.isString() ? textAt(Field::kSeverity)
                          : wholeOf(syslog)     ? Text()
                                                : textAt(Field::kSyslogSeverity);
  const auto number = wholeOf(at(Field::kSeverityNumber));
  const auto take = [&](int found) {
    if (record_.severity == 0) record_.severity = found;
  };
  if (number) take(severityOf(*number, {}));
  if (severity.isNumber()) take(severityOf(wholeOf(severity).value_or(0), {}));
  take(severityOfText(textOf(level)));
  if (record_.severity != 0) return;
  take(severityOfText(textOf(severity)));
  take(severityOfText(textOf(text)));
  if (const auto of_level = wholeOf(level)) take(severityOfLevelNumber(*of_level));
  if (const auto code = wholeOf(syslog)) take(severityOfSyslog(*code));
  take(severityOfText(textOf(syslog)));
  if (severity.isString())
    if (const auto code = wholeOf(severity)) take(severityOfSyslog(*code));
}

Result<std::int64_t> DocumentReader::finish(const Arrival& arrival, std::string& out) {
  fillTime();
  fillMessage();
  fillTexts();
  fillSeverity();
  record_.attributes = &attributes_;
  record_.resource = &resource_;
  if (const Datum& unindexed = at(Field::kUnindexed); !unindexed.isMissing())
    record_.unindexed = withoutBraces(unindexed.raw);
  GYRE_TRY(writeRecord(record_, arrival, out));
  return record_.time.at.millis;
}

Result<std::int64_t> DocumentReader::read(json::Value document, const Arrival& arrival, std::string& out) {
  if (!document.isObject())
    return invalidArgument("expected a JSON object, found " + std::string(json::kindName(document.kind())));
  begin();
  collect(document, false);
  // Our own records, sent again, have both; in others these names are the sender's.
  const bool is_ours = isPatternId(document["pattern"].string());
  if (!at(Field::kResource).isMissing())
    for (const Whole& member : members_)
      if (isPlaced(member.value.raw(), Field::kResource))
        for (const json::Value inner : member.value) resource_.addValue(inner.key(), inner);
  if (!at(Field::kAttributes).isMissing())
    for (const Whole& member : members_)
      if (isPlaced(member.value.raw(), Field::kAttributes))
        for (const json::Value inner : member.value) attributes_.addValue(inner.key(), inner);
  for (const Whole& member : members_) {
    if (member.name.field == Field::kIgnored && is_ours) continue;
    if (member.name.field == Field::kIgnored)
      attributes_.addValue(member.value.key(), member.value);
    else
      addRest(member.value, member.name);
  }
  return finish(arrival, out);
}

Result<std::int64_t> DocumentReader::read(std::string_view text, bool is_utf8, const Arrival& arrival,
                                          std::string& out) {
  begin();
  if (is_utf8 && collectFlat(text)) return finish(arrival, out);
  GYRE_TRY_ASSIGN(const json::Document document, parseTolerantly(text));
  return read(document.root(), arrival, out);
}

Status takeDocuments(const IntakeCall& call, Records& records) {
  const Arrival arrival{call.time_millis, call.organization_id, {}};
  const bool is_utf8 = simdjson::validate_utf8(call.body.data(), call.body.size());
  DocumentReader reader;
  std::string record;
  std::uint64_t position = 0;
  for (std::string_view rest = call.body; !rest.empty(); ++position) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    record.clear();
    const auto time = reader.read(line, is_utf8, arrival, record);
    if (time.isOk())
      records.add(position, *time, record);
    else
      records.reject(position, time.status().message());
  }
  return {};
}

}  // namespace gyre::logs
