#include "engine/aggs/value_source.hpp"

#include <algorithm>
#include <vector>

#include "engine/mapping/failure_cause.hpp"
#include "engine/mapping/ip_address.hpp"
#include "engine/mapping/numeric_value.hpp"
#include "engine/query/explanation.hpp"
#include "engine/query/field_query.hpp"

namespace gyre::engine {

namespace {

bool isWhole(FieldType type) {
  return type == FieldType::kLong || type == FieldType::kInteger || type == FieldType::kShort ||
         type == FieldType::kByte;
}

// The type whose values a field's are read as.
FieldType readAs(FieldType held, bool is_computed_with) {
  if (held == FieldType::kDateNanos) return FieldType::kDate;
  return held == FieldType::kUnsignedLong && is_computed_with ? FieldType::kDouble : held;
}

Status fieldOrScript() { return illegalArgument("Required one of fields [field, script], but none were specified. "); }

std::optional<FieldType> typeOfName(std::string_view name) {
  constexpr std::pair<std::string_view, FieldType> kTypes[] = {
      {"string", FieldType::kKeyword}, {"long", FieldType::kLong},       {"integer", FieldType::kLong},
      {"short", FieldType::kLong},     {"byte", FieldType::kLong},       {"double", FieldType::kDouble},
      {"float", FieldType::kDouble},   {"number", FieldType::kDouble},   {"numeric", FieldType::kDouble},
      {"date", FieldType::kDate},      {"boolean", FieldType::kBoolean}, {"unsigned_long", FieldType::kUnsignedLong},
      {"ip", FieldType::kIp},
  };
  for (const auto& [known, type] : kTypes)
    if (known == name) return type;
  return std::nullopt;
}

}  // namespace

double ValueSource::decoded(std::int64_t value) const {
  if (isFloating(type)) return decodeDouble(value);
  // As its values are shown: times the inverse, which is not always the quotient.
  if (type == FieldType::kScaledFloat) return static_cast<double>(value) * (1.0 / scaling_factor);
  if (type == FieldType::kUnsignedLong) return static_cast<double>(decodeUnsigned(value));
  return static_cast<double>(value);
}

std::string ValueSource::shown(std::string_view term) const {
  return type == FieldType::kIp ? formatIp(term) : std::string(term);
}

const FieldReader* ValueSource::fieldOf(const SegmentReader& segment) const {
  const FieldReader* const field = path.empty() ? nullptr : segment.field(path);
  return field == nullptr || field->column == nullptr ? nullptr : field;
}

void ValueSource::widen() {
  if (isFloating(type)) return;
  if (missing) missing = encodeDouble(decoded(*missing));
  // Scaled numbers keep their factor: segments of that type are still read with it.
  type = FieldType::kDouble;
}

Result<ValueSource> ValueSource::on(const Snapshot& snapshot) const {
  ValueSource source = *this;
  std::vector<FieldType> all;
  for (const SegmentView& view : snapshot.segments)
    if (const FieldReader* const field = fieldOf(*view.segment)) all.push_back(readAs(field->type, is_computed_with));
  if (isNumeric(type) && std::any_of(all.begin(), all.end(), isFloating)) source.widen();
  for (const FieldType held : all) {
    if (held == source.type) continue;
    const bool is_number = isNumeric(held);
    if (is_number != isNumeric(source.type))
      return illegalArgument("Field [" + path + "] is of type [" + std::string(typeName(source.type)) +
                             "] in one index and [" + std::string(typeName(held)) + "] in another");
    // Keys beyond the signed ones are no keys of the others.
    const bool is_unsigned = source.type == FieldType::kUnsignedLong || held == FieldType::kUnsignedLong;
    if (is_unsigned && !isFloating(source.type) && !isFloating(held))
      return Status(Code::kInvalidArgument, "aggregation_execution_exception",
                    "Merging/Reducing the aggregations failed because the field [" + path +
                        "] you gave in the aggregation query existed as two different types in two different indices");
    const bool are_whole = isWhole(source.type) && isWhole(held);
    if (is_number && !are_whole) source.widen();
  }
  return source;
}

void ValueSource::beginSegment(SegmentRun& run, ValueReader& reader) const {
  const FieldReader* const field = fieldOf(run.segment());
  if (field == nullptr) return reader.beginSegment(run, nullptr);
  reader.beginSegment(run, field->column, conversionOf(*field));
}

ValueConversion ValueSource::conversionOf(const FieldReader& field) const {
  using Kind = ValueConversion::Kind;
  if (field.type == FieldType::kDateNanos && type == FieldType::kDate) return {Kind::kNanosToMillis};
  if (!isFloating(type) || isFloating(field.type)) return {};
  if (field.type == FieldType::kUnsignedLong) return {Kind::kUnsignedToDouble};
  return {Kind::kToDouble, field.type == FieldType::kScaledFloat ? scaling_factor : 1.0};
}

Result<bool> readSourceMember(const AggregationRequest& request, json::Value member, SourceMembers& members) {
  const std::string_view key = member.key();
  if (key == "field") {
    GYRE_TRY_ASSIGN(members.field, readField(request, member));
  } else if (key == "missing") {
    members.missing = member;
  } else if (key == "format" && member.isString()) {
    members.format = member.string();
  } else if (key == "value_type" && member.isString()) {
    members.value_type = typeOfName(member.string());
    if (!members.value_type)
      return Status(Code::kInvalidArgument, "x_content_parse_exception",
                    "[" + std::string(request.kind) + "] failed to parse field [value_type]: Unknown value type [" +
                        std::string(member.string()) + "]");
  } else if (key == "script") {
    return illegalArgument("[" + std::string(request.kind) + "] [script] is not offered: there is no scripting");
  } else {
    return false;
  }
  return true;
}

Result<std::int64_t> readSourceValue(const AggregationRequest& request, ValueSource& source, json::Value value) {
  GYRE_TRY_ASSIGN(std::string text, parseScalarText(request.kind, value));
  // Booleans are shown as 0 and 1, and may be given so.
  if (source.type == FieldType::kBoolean && text.size() == 1 && (text[0] == '0' || text[0] == '1'))
    text = text[0] == '1' ? "true" : "false";
  if (source.format.isDate())
    return parseDateMath(text, source.format.dates(), RoundUp::kNo, source.format.zone(), request.context.now_millis);
  Field as_field;
  as_field.path = source.path;
  as_field.type = source.type;
  as_field.scaling_factor = source.scaling_factor;
  const auto numberFormat = [&] {
    return Status(Code::kInvalidArgument, "number_format_exception", "For input string: \"" + text + "\"");
  };
  auto bounds = boundsOfValue(as_field, text, request.context.now_millis);
  if (!bounds.isOk()) {
    if (source.type == FieldType::kBoolean) return std::move(bounds).status();
    // A number that no unsigned one equals is known as a double.
    if (source.type != FieldType::kUnsignedLong || value.isString()) return numberFormat();
    bounds = NumberBounds{1, 0};
  }
  if (bounds->lowest <= bounds->highest) return bounds->lowest;
  // A fraction among whole numbers.
  source.widen();
  as_field.type = FieldType::kDouble;
  GYRE_TRY_ASSIGN(const NumberBounds exact, boundsOfValue(as_field, text, request.context.now_millis));
  return exact.lowest;
}

namespace {

Result<ValueSource> rangeSource(const AggregationRequest& request, const Field& field, const SourceMembers& members,
                                ValueSource source) {
  if (!members.missing.isMissing())
    return illegalArgument("[" + std::string(request.kind) + "] [missing] is not offered for the ranges of [" +
                           field.path + "]");
  GYRE_TRY_ASSIGN(source.format, ValueFormat::of(field.range_of, field.format, members.format, members.zone));
  return source;
}

}  // namespace

Result<ValueSource> makeSource(const AggregationRequest& request, const SourceMembers& members, Accepts accepts,
                               FieldType unmapped) {
  if (members.field.path.empty()) return fieldOrScript();
  ValueSource source;
  const Field* const field = members.field.field;
  source.is_computed_with = accepts != Accepts::kAny;
  source.type = readAs(field != nullptr ? field->type : members.value_type.value_or(unmapped), source.is_computed_with);
  if (field != nullptr) {
    source.path = field->path;
    if (field->type == FieldType::kScaledFloat) source.scaling_factor = field->scaling_factor;
    source.range_of = field->range_of;
    const bool is_range = accepts == Accepts::kNumbersAndRanges && source.isRange();
    if (accepts != Accepts::kAny && !isNumeric(field->type) && !is_range) return unsupportedField(request, *field);
    if (is_range) return rangeSource(request, *field, members, std::move(source));
  }
  if (!isNumeric(source.type)) {
    if (!members.format.empty() && field != nullptr)
      return illegalArgument("Field [" + source.path + "] of type [" + std::string(typeName(source.type)) +
                             "] does not support custom formats");
    if (!members.missing.isMissing()) {
      GYRE_TRY_ASSIGN(source.missing_text, parseScalarText(request.kind, members.missing));
      if (source.type == FieldType::kIp) {
        auto address = parseIp(*source.missing_text);
        if (!address) return illegalArgument("'" + *source.missing_text + "' is not an IP string literal.");
        source.missing_text = std::move(*address);
      }
    }
    return source;
  }
  const FieldType shown = field != nullptr && field->type == FieldType::kUnsignedLong ? field->type : source.type;
  auto format =
      ValueFormat::of(shown, field == nullptr ? std::string_view() : field->format, members.format, members.zone);
  if (!format.isOk()) return noticedBy(kByIndex, format.status());
  source.format = std::move(format).value();
  if (!members.missing.isMissing()) {
    const auto missing = readSourceValue(request, source, members.missing);
    if (!missing.isOk()) return noticedBy(kByIndex, missing.status());
    source.missing = missing.value();
  }
  return source;
}

void writeNumber(const ValueSource& source, std::int64_t value, JsonWriter& writer) {
  if (isFloating(source.type)) {
    writeDouble(decodeDouble(value), writer);
  } else if (source.type == FieldType::kScaledFloat) {
    writeDouble(static_cast<double>(value) * (1.0 / source.scaling_factor), writer);
  } else if (source.type == FieldType::kUnsignedLong) {
    writer.unsignedInteger(decodeUnsigned(value));
  } else {
    writer.integer(value);
  }
}

void writeNumberKey(const ValueSource& source, std::int64_t value, JsonWriter& writer) {
  writeNumber(source, value, writer.key("key"));
  if (!source.format.hasText()) return;
  if (source.type == FieldType::kUnsignedLong) {
    if (!source.format.isUnsigned()) writer.member("key_as_string", numberText(source, value));
    return;
  }
  writer.member("key_as_string", isFloating(source.type) || source.type == FieldType::kScaledFloat
                                     ? source.format.text(source.decoded(value))
                                     : source.format.text(value));
}

std::string numberText(const ValueSource& source, std::int64_t value) {
  if (isFloating(source.type) || source.type == FieldType::kScaledFloat) {
    const double number = source.type == FieldType::kScaledFloat
                              ? static_cast<double>(value) * (1.0 / source.scaling_factor)
                              : decodeDouble(value);
    return source.format.hasText() ? source.format.text(number) : doubleText(number);
  }
  // No pattern applies to them.
  if (source.type == FieldType::kUnsignedLong) return std::to_string(decodeUnsigned(value));
  return source.format.hasText() ? source.format.text(value) : std::to_string(value);
}

}  // namespace gyre::engine
