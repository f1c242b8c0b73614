#include "engine/search/field_values.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "engine/aggs/aggregation.hpp"
#include "engine/analysis/analyzer.hpp"
#include "engine/analysis/utf8.hpp"
#include "engine/mapping/column_check.hpp"
#include "engine/mapping/ip_address.hpp"
#include "engine/mapping/name_pattern.hpp"
#include "engine/mapping/number_text.hpp"
#include "engine/mapping/numeric_value.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

// The path in the document: a multi-field's values are those of the field that it hangs under.
std::string sourcePathOf(const Field& field, const Mapping& mapping) {
  const std::size_t dot = field.path.rfind('.');
  if (dot == std::string::npos) return field.path;
  const Field* const parent = mapping.find(std::string_view(field.path).substr(0, dot));
  return parent != nullptr && parent->type != FieldType::kObject ? parent->path : field.path;
}

// The member of an object by which the dialect goes to a path: of those that lead there the one with the shortest name
// that is not null, and that one only. Missing when there is none.
json::Value wayTo(json::Value object, std::string_view path) {
  json::Value way;
  for (const json::Value member : object) {
    const std::string_view key = member.key();
    const bool leads_on = path.starts_with(key) && (path.size() == key.size() || path[key.size()] == '.');
    if (!leads_on || (member.isNull() && key != path)) continue;
    const bool is_better =
        way.isMissing() || (way.isNull() && !member.isNull()) || (key.size() < way.key().size() && !member.isNull());
    if (is_better) way = member;
  }
  return way;
}

void collectInside(json::Value value, std::vector<json::Value>& values) {
  if (!value.isArray()) {
    values.push_back(value);
    return;
  }
  for (const json::Value element : value) collectInside(element, values);
}

// A value and the number of arrays around it on its way from the document's root.
struct LeveledValue {
  std::uint32_t level = 0;
  json::Value value;
};

void collectLevels(json::Value source, std::string_view path, std::uint32_t level, std::vector<LeveledValue>& values) {
  if (source.isArray()) {
    for (const json::Value element : source) collectLevels(element, path, level + 1, values);
    return;
  }
  if (path.empty()) {
    values.push_back({level, source});
    return;
  }
  const json::Value way = wayTo(source, path);
  if (!way.isMissing()) collectLevels(way, path.substr(std::min(path.size(), way.key().size() + 1)), level, values);
}

// As floats are shown: the shortest text of the float itself.
std::string floatText(float value) {
  char text[32];
  std::string shortest(text, std::to_chars(text, text + sizeof text, value).ptr);
  if (shortest.find_first_of(".en") == std::string::npos) shortest += ".0";
  return shortest;
}

bool writeSourceValue(const Field& field, const DateFormat& date_format, json::Value value, JsonWriter& writer);

// A range with its ends as the field reads them; an address block as it is written.
bool writeRange(const Field& range, const DateFormat& date_format, json::Value value, JsonWriter& writer) {
  if (!value.isObject()) {
    if (value.isString()) writer.string(value.string());
    return value.isString();
  }
  Field end;
  end.type = range.range_of;
  end.format = range.format;
  writer.beginObject();
  for (const json::Value member : value) {
    std::string text;
    JsonWriter written(text);
    writer.key(member.key());
    if (writeSourceValue(end, date_format, member, written))
      writer.raw(text);
    else
      writer.null();
  }
  writer.endObject();
  return true;
}

// One value of a document as its field reads it; false when the field does not take it.
bool writeSourceValue(const Field& field, const DateFormat& date_format, json::Value value, JsonWriter& writer) {
  if (value.isNull() && !field.null_value) return false;
  if (field.type == FieldType::kCompletion || field.type == FieldType::kFlatObject) {
    writer.raw(value.raw());
    return true;
  }
  if (field.type == FieldType::kRange) return writeRange(field, date_format, value, writer);
  if (value.isObject()) return false;
  const std::string_view text = value.isNull() ? *field.null_value : value.isString() ? value.string() : value.raw();
  switch (field.type) {
    case FieldType::kKeyword:
      if (field.ignore_above != 0 && utf16Length(text) > field.ignore_above) return false;
      writer.string(field.normalizer == nullptr ? std::string(text) : normalizeTerm(*field.normalizer, text));
      return true;
    case FieldType::kText: writer.string(text); return true;
    case FieldType::kIp: {
      const auto address = parseIp(text);
      if (!address) return false;
      writer.string(formatIp(*address));
      return true;
    }
    case FieldType::kRange:
    case FieldType::kBinary: writer.string(text); return true;
    case FieldType::kBoolean:
      if (text != "true" && text != "false" && !text.empty()) return false;
      writer.boolean(text == "true");
      return true;
    case FieldType::kDate:
    case FieldType::kDateNanos: {
      const auto own = DateFormat::parse(field.format);
      auto instant = own.isOk() ? parseInstant(text, own.value()) : Result<Instant>(own.status());
      if (!instant.isOk()) return false;
      if (field.type == FieldType::kDate) instant->nanos = 0;
      writer.string(formatInstant(*instant, date_format));
      return true;
    }
    default: break;
  }
  if (!isNumeric(field.type) || text.empty() || value.isBoolean()) return false;
  const EncodedNumber number = encodeNumber(field, text);
  if (number.fault != NumberFault::kNone) return false;
  if (field.type == FieldType::kDouble) {
    writeDouble(decodeDouble(number.value), writer);
  } else if (field.type == FieldType::kFloat) {
    writer.raw(floatText(static_cast<float>(decodeDouble(number.value))));
  } else if (field.type == FieldType::kScaledFloat) {
    writeDouble(static_cast<double>(number.value) / field.scaling_factor, writer);
  } else if (field.type == FieldType::kUnsignedLong) {
    writer.unsignedInteger(decodeUnsigned(number.value));
  } else {
    writer.integer(number.value);
  }
  return true;
}

}  // namespace

void collectSourceValues(json::Value source, std::string_view path, std::vector<json::Value>& values) {
  if (source.isArray()) {
    for (const json::Value element : source) collectSourceValues(element, path, values);
    return;
  }
  const json::Value way = wayTo(source, path);
  if (way.isMissing()) return;
  if (way.key() == path) {
    collectInside(way, values);
  } else {
    collectSourceValues(way, path.substr(way.key().size() + 1), values);
  }
}

Status FieldValues::addFields(json::Value list, const Mapping& mapping) {
  for (const json::Value element : list) GYRE_TRY(add(element, mapping, false));
  return {};
}

Status FieldValues::addColumns(json::Value list, const Mapping& mapping) {
  for (const json::Value element : list) GYRE_TRY(add(element, mapping, true));
  return {};
}

void FieldValues::addColumn(const Field& field, std::string_view name) {
  Fetched fetched;
  fetched.field = &field;
  fetched.name = name;
  if (const auto own = DateFormat::parse(field.format); own.isOk()) fetched.date_format = own.value();
  insert(std::move(fetched));
}

std::size_t FieldValues::columnCount() const {
  const auto known =
      std::count_if(fetched_.begin(), fetched_.end(), [](const Fetched& each) { return each.source_path.empty(); });
  return static_cast<std::size_t>(known) + unknown_columns_;
}

bool FieldValues::has(const Field& field) const {
  return std::any_of(fetched_.begin(), fetched_.end(), [&](const Fetched& known) { return known.field == &field; });
}

Status FieldValues::add(json::Value element, const Mapping& mapping, bool is_column) {
  std::string pattern;
  std::string format;
  if (element.isObject()) {
    for (const json::Value option : element) {
      if (option.key() == "field" && option.isString()) {
        pattern = option.string();
      } else if (option.key() == "format" && (option.isString() || option.isNull())) {
        format = option.string();
      } else {
        return unknownField("docvalues_field", option.key());
      }
    }
    if (pattern.empty()) return illegalArgument("Required [field]");
  } else {
    GYRE_TRY_ASSIGN(pattern, parseScalarText("fields", element));
  }
  if (is_column && format == "use_field_mapping") format.clear();
  if (is_column && pattern == "_seq_no" && format.empty()) insert({});
  const bool is_pattern = pattern.find('*') != std::string::npos;
  if (is_column && !is_pattern && pattern != "_seq_no" && mapping.find(pattern) == nullptr) ++unknown_columns_;
  for (const Field& declared : mapping.fields()) {
    if (declared.is_hidden || declared.type == FieldType::kObject || !matchesPattern(pattern, declared.path)) continue;
    const Field* const found = declared.type == FieldType::kAlias ? mapping.find(declared.path) : &declared;
    if (found == nullptr) continue;
    const Field& field = *found;
    Fetched fetched;
    fetched.field = &field;
    fetched.name = declared.path;
    // What a token_count holds stands in no document.
    const bool is_counted = field.type_name == "token_count";
    if (is_counted && !field.has_doc_values && !is_column) continue;
    if (!is_column && !is_counted) fetched.source_path = sourcePathOf(field, mapping);
    if (is_column) {
      const Status readable = checkColumn(field);
      if (!readable.isOk() && is_pattern) continue;
      GYRE_TRY(readable);
    }
    const bool is_date =
        isDate(field.type) || (field.type == FieldType::kRange && field.range_of == FieldType::kDate && !is_column);
    if (is_date) {
      GYRE_TRY_ASSIGN(fetched.date_format, DateFormat::parse(format.empty() ? field.format : format));
    } else if (!format.empty()) {
      const bool takes_decimals = is_column && isNumeric(field.type) && field.type != FieldType::kBoolean;
      if (!takes_decimals)
        return illegalArgument("Field [" + field.path + "] of type [" + std::string(typeName(field.type)) +
                               (is_column ? "] does not support custom formats" : "] doesn't support formats."));
      GYRE_TRY_ASSIGN(fetched.number_pattern, NumberPattern::parse(format));
    }
    insert(std::move(fetched));
  }
  return {};
}

// A field asked for from the document and from its column is shown from the document. Asked for twice from the column,
// both are shown.
void FieldValues::insert(Fetched fetched) {
  const auto isSame = [&](const Fetched& known) { return known.name == fetched.name; };
  if (fetched.source_path.empty()) {
    const auto known = std::find_if(fetched_.begin(), fetched_.end(), isSame);
    if (known != fetched_.end() && !known->source_path.empty()) return;
  } else {
    reads_source_ = true;
    std::erase_if(fetched_, isSame);
  }
  // Formats of one field stand together.
  const auto after = std::find_if(fetched_.rbegin(), fetched_.rend(), isSame);
  fetched_.insert(after == fetched_.rend() ? fetched_.end() : after.base(), std::move(fetched));
}

namespace {

void writeColumnNumber(const Field& field, const DateFormat& date_format, const NumberPattern* number_pattern,
                       std::int64_t number, JsonWriter& writer) {
  double real = 0;
  switch (field.type) {
    case FieldType::kDate: writer.string(formatDate(number, date_format)); return;
    case FieldType::kDateNanos: writer.string(formatInstant(fromNanos(number), date_format)); return;
    // No pattern applies to them.
    case FieldType::kUnsignedLong: writer.unsignedInteger(decodeUnsigned(number)); return;
    case FieldType::kBoolean: writer.boolean(number != 0); return;
    case FieldType::kDouble:
    case FieldType::kFloat: real = decodeDouble(number); break;
    case FieldType::kScaledFloat: real = static_cast<double>(number) * (1.0 / field.scaling_factor); break;
    default:
      if (number_pattern != nullptr) {
        writer.string(number_pattern->format(number));
      } else {
        writer.integer(number);
      }
      return;
  }
  if (number_pattern != nullptr) {
    writer.string(number_pattern->format(real));
  } else {
    writeDouble(real, writer);
  }
}

}  // namespace

void FieldValues::write(const SegmentReader& segment, DocId doc, json::Value source, JsonWriter& writer) const {
  std::vector<LeveledValue> in_source;
  std::vector<std::int64_t> in_column;
  const std::string* open = nullptr;
  const auto begin = [&](const std::string& name) {
    if (open != nullptr && *open == name) return;
    if (open != nullptr) writer.endArray();
    writer.key(name).beginArray();
    open = &name;
  };
  std::string written;
  for (const Fetched& each : fetched_) {
    if (each.field == nullptr) {
      if (open != nullptr) writer.endArray();
      open = nullptr;
      writer.key("_seq_no").beginArray().integer(segment.seqNo(doc)).endArray();
      continue;
    }
    const Field& field = *each.field;
    if (!each.source_path.empty()) {
      in_source.clear();
      collectLevels(source, each.source_path, 0, in_source);
      // The dialect opens arrays level by level.
      std::stable_sort(in_source.begin(), in_source.end(),
                       [](const LeveledValue& a, const LeveledValue& b) { return a.level < b.level; });
      for (const auto& [level, value] : in_source) {
        written.clear();
        JsonWriter element(written);
        if (!writeSourceValue(field, each.date_format, value, element)) continue;
        begin(each.name);
        writer.raw(written);
      }
      continue;
    }
    const FieldReader* const reader = segment.field(field.path);
    if (reader == nullptr || reader->column == nullptr || reader->type != field.type) continue;
    reader->column->readAll(doc, in_column);
    const bool is_keyword = isTermValued(field.type);
    if (is_keyword) in_column.erase(std::unique(in_column.begin(), in_column.end()), in_column.end());
    const auto cursor = is_keyword && !in_column.empty() ? reader->terms->cursor() : nullptr;
    for (const std::int64_t value : in_column) {
      begin(each.name);
      if (!is_keyword) {
        writeColumnNumber(field, each.date_format, each.number_pattern ? &*each.number_pattern : nullptr, value,
                          writer);
      } else {
        const bool is_there = cursor->seekOrdinal(static_cast<std::uint32_t>(value));
        const std::string_view term = is_there ? cursor->term() : std::string_view();
        writer.string(field.type == FieldType::kIp ? formatIp(term) : std::string(term));
      }
    }
  }
  if (open != nullptr) writer.endArray();
}

}  // namespace gyre::engine
