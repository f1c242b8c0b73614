#include "engine/aggs/value_source.hpp"

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

Status fieldOrScript() { return illegalArgument("Required one of fields [field, script], but none were specified. "); }

std::optional<FieldType> typeOfName(std::string_view name) {
  constexpr std::pair<std::string_view, FieldType> kTypes[] = {
      {"string", FieldType::kKeyword}, {"long", FieldType::kLong},       {"integer", FieldType::kLong},
      {"short", FieldType::kLong},     {"byte", FieldType::kLong},       {"double", FieldType::kDouble},
      {"float", FieldType::kDouble},   {"number", FieldType::kDouble},   {"numeric", FieldType::kDouble},
      {"date", FieldType::kDate},      {"boolean", FieldType::kBoolean},
  };
  for (const auto& [known, type] : kTypes)
    if (known == name) return type;
  return std::nullopt;
}

}  // namespace

double ValueSource::decoded(std::int64_t value) const {
  if (isFloating(type)) return decodeDouble(value);
  if (type == FieldType::kScaledFloat) return static_cast<double>(value) / scaling_factor;
  return static_cast<double>(value);
}

std::string ValueSource::shown(std::string_view term) const {
  return type == FieldType::kIp ? formatIp(term) : std::string(term);
}

const FieldReader* ValueSource::fieldOf(const SegmentReader& segment) const {
  const FieldReader* const field = path.empty() ? nullptr : segment.field(path);
  return field == nullptr || field->column == nullptr ? nullptr : field;
}

Result<ValueSource> ValueSource::on(const Snapshot& snapshot) const {
  ValueSource source = *this;
  for (const SegmentView& view : snapshot.segments) {
    const FieldReader* const field = fieldOf(*view.segment);
    if (field == nullptr || field->type == source.type) continue;
    const bool is_number = isNumeric(field->type);
    if (is_number != isNumeric(source.type))
      return illegalArgument("Field [" + path + "] is of type [" + std::string(typeName(source.type)) +
                             "] in one index and [" + std::string(typeName(field->type)) + "] in another");
    const bool are_whole = isWhole(source.type) && isWhole(field->type);
    if (!is_number || are_whole || (isFloating(source.type) && isFloating(field->type))) continue;
    if (!isFloating(source.type)) {
      if (source.missing) source.missing = encodeDouble(source.decoded(*source.missing));
      // Scaled numbers keep their factor: segments of that type are still read with it.
      source.type = FieldType::kDouble;
    }
  }
  return source;
}

void ValueSource::beginSegment(SegmentRun& run, ValueReader& reader) const {
  const FieldReader* const field = fieldOf(run.segment());
  if (field == nullptr) return reader.beginSegment(run, nullptr);
  reader.beginSegment(run, field->column, conversionOf(*field));
}

ValueConversion ValueSource::conversionOf(const FieldReader& field) const {
  if (!isFloating(type) || isFloating(field.type)) return {};
  return {ValueConversion::Kind::kToDouble, field.type == FieldType::kScaledFloat ? scaling_factor : 1.0};
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
    return numberFormat();
  }
  if (bounds->lowest <= bounds->highest) return bounds->lowest;
  // A fraction among whole numbers.
  if (source.missing) source.missing = encodeDouble(source.decoded(*source.missing));
  source.type = FieldType::kDouble;
  as_field.type = FieldType::kDouble;
  GYRE_TRY_ASSIGN(const NumberBounds exact, boundsOfValue(as_field, text, request.context.now_millis));
  return exact.lowest;
}

Result<ValueSource> makeSource(const AggregationRequest& request, const SourceMembers& members, Accepts accepts,
                               FieldType unmapped) {
  if (members.field.path.empty()) return fieldOrScript();
  ValueSource source;
  const Field* const field = members.field.field;
  source.type = field != nullptr ? field->type : members.value_type.value_or(unmapped);
  if (field != nullptr) {
    source.path = field->path;
    if (field->type == FieldType::kScaledFloat) source.scaling_factor = field->scaling_factor;
    if (accepts == Accepts::kNumbers && !isNumeric(field->type)) return unsupportedField(request, *field);
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
  GYRE_TRY_ASSIGN(source.format, ValueFormat::of(source.type, field == nullptr ? std::string_view() : field->format,
                                                 members.format, members.zone));
  if (!members.missing.isMissing()) {
    GYRE_TRY_ASSIGN(const std::int64_t missing, readSourceValue(request, source, members.missing));
    source.missing = missing;
  }
  return source;
}

void writeNumber(const ValueSource& source, std::int64_t value, JsonWriter& writer) {
  if (isFloating(source.type)) {
    writeDouble(decodeDouble(value), writer);
  } else if (source.type == FieldType::kScaledFloat) {
    writeDouble(static_cast<double>(value) * (1.0 / source.scaling_factor), writer);
  } else {
    writer.integer(value);
  }
}

void writeNumberKey(const ValueSource& source, std::int64_t value, JsonWriter& writer) {
  writeNumber(source, value, writer.key("key"));
  if (!source.format.hasText()) return;
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
  return source.format.hasText() ? source.format.text(value) : std::to_string(value);
}

}  // namespace gyre::engine
