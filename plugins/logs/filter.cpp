#include "filter.hpp"

#include <algorithm>

#include "severity.hpp"
#include "text.hpp"

namespace gyre::logs {

namespace {

bool isSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

void writeUnit(JsonWriter& out, const LogFilter::Unit& unit) {
  out.beginObject().key(unit.is_prefix ? "match_phrase_prefix" : "match_phrase").beginObject();
  out.member("message", unit.text).endObject().endObject();
}

void writeExists(JsonWriter& out, std::string_view field) {
  out.beginObject().key("exists").beginObject().member("field", field).endObject().endObject();
}

void writeAny(JsonWriter& out, std::string_view field, const std::vector<std::string_view>& values) {
  if (values.size() == 1)
    writeTerm(out, field, values.front());
  else if (!values.empty())
    writeTerms(out, field, values);
}

// Wherever an attribute of that name may be kept.
void writeAttribute(JsonWriter& out, const LogFilter::Attribute& attribute) {
  const auto one = [&](std::string_view field) {
    if (attribute.is_exists)
      writeExists(out, field);
    else
      writeTerm(out, field, attribute.value);
  };
  if (attribute.key.starts_with("attributes.") || attribute.key.starts_with("resource.")) return one(attribute.key);
  out.beginObject().key("bool").beginObject().key("should").beginArray();
  if (const std::string_view field = indexedField(fieldOf(attribute.key).field); !field.empty()) one(field);
  one("attributes." + std::string(attribute.key));
  one("resource." + std::string(attribute.key));
  out.endArray().member("minimum_should_match", 1).endObject().endObject();
}

bool isOneOf(std::string_view value, const std::vector<std::string_view>& any) {
  return any.empty() || std::find(any.begin(), any.end(), value) != any.end();
}

bool equalsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? c | 0x20 : c; };
    return lower(x) == lower(y);
  });
}

std::string_view scalarText(json::Value value) { return value.isString() ? value.string() : value.raw(); }

// The value at a dotted path of an object whose names may have dots themselves, or any element of a list there.
bool hasValue(json::Value object, std::string_view path, const LogFilter::Attribute& wanted) {
  if (path.empty()) {
    if (wanted.is_exists) return !object.isMissing() && !object.isNull();
    for (const json::Value element : object)
      if (object.isArray() && hasValue(element, {}, wanted)) return true;
    return !object.isObject() && !object.isArray() && !object.isMissing() && scalarText(object) == wanted.value;
  }
  for (const json::Value member : object) {
    if (object.isArray()) {
      if (hasValue(member, path, wanted)) return true;
    } else if (path == member.key()) {
      if (hasValue(member, {}, wanted)) return true;
    } else if (path.starts_with(member.key()) && path[member.key().size()] == '.' &&
               hasValue(member, path.substr(member.key().size() + 1), wanted)) {
      return true;
    }
  }
  return false;
}

bool hasAttribute(json::Value record, const LogFilter::Attribute& wanted) {
  constexpr std::string_view kAttributes = "attributes.", kResource = "resource.";
  if (wanted.key.starts_with(kAttributes))
    return hasValue(record["attributes"], wanted.key.substr(kAttributes.size()), wanted);
  if (wanted.key.starts_with(kResource))
    return hasValue(record["resource"], wanted.key.substr(kResource.size()), wanted);
  if (const std::string_view field = indexedField(fieldOf(wanted.key).field);
      !field.empty() && hasValue(record[field], {}, wanted))
    return true;
  return hasValue(record["attributes"], wanted.key, wanted) || hasValue(record["resource"], wanted.key, wanted);
}

bool holdsWords(const std::vector<std::string>& words, const LogFilter::Unit& unit) {
  const std::vector<std::string> wanted = wordsOf(unit.text);
  if (wanted.empty()) return true;
  for (std::size_t at = 0; at + wanted.size() <= words.size(); ++at) {
    std::size_t same = 0;
    while (same < wanted.size() &&
           (unit.is_prefix && same + 1 == wanted.size() ? words[at + same].starts_with(wanted[same])
                                                        : words[at + same] == wanted[same]))
      ++same;
    if (same == wanted.size()) return true;
  }
  return false;
}

void readLevels(Faults& faults, std::vector<std::string_view>& levels) {
  for (const std::string_view word : readTexts(faults, "level")) {
    const int severity = severityOfText(word);
    if (severity == 0)
      faults.add("/level", "expected trace, debug, info, warn, error or fatal, found \"" + std::string(word) + "\"");
    else
      levels.push_back(levelOf(severity));
  }
  std::sort(levels.begin(), levels.end());
  levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
}

}  // namespace

std::string_view indexedField(Field field) {
  switch (field) {
    case Field::kLevel:
    case Field::kSeverity: return "level";
    case Field::kSeverityText: return "severity_text";
    case Field::kService: return "service";
    case Field::kHost: return "host";
    case Field::kLogger: return "logger";
    case Field::kTraceId: return "trace_id";
    case Field::kSpanId: return "span_id";
    case Field::kOrganization: return "organizationId";
    case Field::kClient: return "client";
    case Field::kStatus: return "status";
    default: return {};
  }
}

std::vector<LogFilter::Unit> unitsOf(std::string_view text) {
  std::vector<LogFilter::Unit> units;
  std::size_t i = 0;
  while (i < text.size()) {
    if (isSpace(text[i])) {
      ++i;
      continue;
    }
    LogFilter::Unit unit;
    if (text[i] == '-' && i + 1 < text.size() && !isSpace(text[i + 1]) && text[i + 1] != '-') {
      unit.is_excluded = true;
      ++i;
    }
    std::size_t end = i;
    if (text[i] == '"') {
      end = text.find('"', i + 1);
      if (end == std::string_view::npos) end = text.size();
      unit.text = text.substr(i + 1, end - i - 1);
      i = end + 1;
    } else {
      while (end < text.size() && !isSpace(text[end])) ++end;
      unit.text = text.substr(i, end - i);
      i = end;
    }
    if (unit.text.ends_with('*')) {
      unit.is_prefix = true;
      while (unit.text.ends_with('*')) unit.text.remove_suffix(1);
    }
    // Signs alone are in no message as the index has it.
    if (!wordsOf(unit.text).empty()) units.push_back(unit);
  }
  return units;
}

Result<std::string_view> visibleTo(std::string_view bound_organization, std::string_view asked) {
  if (bound_organization.empty()) return asked;
  if (!asked.empty() && asked != bound_organization)
    return Status(Code::kPermissionDenied, "organizationId: the key is bound to \"" + std::string(bound_organization) +
                                               "\", found \"" + std::string(asked) + "\"");
  return bound_organization;
}

LogFilter LogFilter::read(Faults& faults, bool has_time) {
  LogFilter filter;
  if (has_time) filter.time = TimeRange::read(faults);
  filter.organization_id = faults.sound("organizationId").string();
  filter.trace_id = faults.sound("traceId").string();
  filter.span_id = faults.sound("spanId").string();
  filter.pattern = faults.sound("pattern").string();
  if (const json::Value text = faults.sound("text"); text.isString()) {
    filter.units = unitsOf(text.string());
    if (filter.units.empty()) faults.add("/text", "expected a word, found " + detail::shown(text));
  }
  readLevels(faults, filter.levels);
  filter.services = readTextSet(faults, "service");
  filter.hosts = readTextSet(faults, "host");
  filter.loggers = readTextSet(faults, "logger");
  for (const std::string_view text : readTextSet(faults, "attribute")) {
    const std::size_t equals = text.find('=');
    const std::string_view key = text.substr(0, equals);
    if (key.empty()) faults.add("/attribute", "expected key=value, found \"" + std::string(text) + "\"");
    if (equals == std::string_view::npos)
      filter.attributes.push_back({key, {}, true});
    else
      filter.attributes.push_back({key, text.substr(equals + 1), false});
  }
  return filter;
}

void LogFilter::writeFilters(JsonWriter& out) const {
  if (time.isBounded()) time.write(out, "@timestamp");
  if (!organization_id.empty()) writeTerm(out, "organizationId", organization_id);
  writeAny(out, "level", levels);
  writeAny(out, "service", services);
  writeAny(out, "host", hosts);
  writeAny(out, "logger", loggers);
  if (!trace_id.empty()) writeTerm(out, "trace_id", trace_id);
  if (!span_id.empty()) writeTerm(out, "span_id", span_id);
  if (!pattern.empty()) writeTerm(out, "pattern", pattern);
  for (const Attribute& attribute : attributes) writeAttribute(out, attribute);
  for (const Unit& unit : units)
    if (!unit.is_excluded) writeUnit(out, unit);
}

std::string LogFilter::clause() const {
  std::string filters, excluded;
  JsonWriter out(filters);
  out.beginArray();
  writeFilters(out);
  out.endArray();
  JsonWriter none(excluded);
  none.beginArray();
  for (const Unit& unit : units)
    if (unit.is_excluded) writeUnit(none, unit);
  none.endArray();
  if (excluded == "[]") return boolClause(filters, {});
  std::string whole;
  JsonWriter(whole)
      .beginObject()
      .key("bool")
      .beginObject()
      .rawMember("filter", filters)
      .rawMember("must_not", excluded)
      .endObject()
      .endObject();
  return whole;
}

bool LogFilter::matches(json::Value record) const {
  if (!organization_id.empty() && record["organizationId"].string() != organization_id) return false;
  if (!isOneOf(record["level"].string(), levels) || !isOneOf(record["service"].string(), services) ||
      !isOneOf(record["host"].string(), hosts) || !isOneOf(record["logger"].string(), loggers))
    return false;
  if (!trace_id.empty() && !equalsIgnoringCase(record["trace_id"].string(), trace_id)) return false;
  if (!span_id.empty() && !equalsIgnoringCase(record["span_id"].string(), span_id)) return false;
  if (!pattern.empty() && record["pattern"].string() != pattern) return false;
  for (const Attribute& attribute : attributes)
    if (!hasAttribute(record, attribute)) return false;
  if (units.empty()) return true;
  const std::vector<std::string> words = wordsOf(record["message"].string());
  return std::all_of(units.begin(), units.end(),
                     [&](const Unit& unit) { return holdsWords(words, unit) != unit.is_excluded; });
}

}  // namespace gyre::logs
