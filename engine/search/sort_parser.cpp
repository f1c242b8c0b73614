#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "engine/mapping/column_check.hpp"
#include "engine/mapping/failure_cause.hpp"
#include "engine/mapping/ip_address.hpp"
#include "engine/mapping/number_text.hpp"
#include "engine/mapping/numeric_value.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/query_parser.hpp"
#include "engine/search/field_values.hpp"
#include "engine/search/sort.hpp"
#include "engine/segment/named_segment.hpp"

namespace gyre::engine {

namespace {

bool isOneOf(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Result<bool> parseOrder(json::Value value) {
  if (value.string() == "asc" || value.string() == "ASC") return false;
  if (value.string() == "desc" || value.string() == "DESC") return true;
  std::string shouted(value.isString() ? value.string() : value.raw());
  std::transform(shouted.begin(), shouted.end(), shouted.begin(), [](unsigned char c) { return std::toupper(c); });
  return illegalArgument("No enum constant org.opensearch.search.sort.SortOrder." + shouted);
}

// "order" among the options of a sort.
Result<bool> parseOrderOption(std::string_view kind, json::Value value) {
  const std::string failed = "[" + std::string(kind) + "] failed to parse field [order]";
  if (!value.isString())
    return Status(Code::kInvalidArgument, "x_content_parse_exception",
                  failed + ": expected a string, found " + std::string(value.raw()));
  auto order = parseOrder(value);
  if (!order.isOk()) return causedBy({Code::kInvalidArgument, "x_content_parse_exception", failed}, order.status());
  return order;
}

Result<FieldType> parseTypeName(std::string_view name) {
  for (const FieldType type :
       {FieldType::kKeyword, FieldType::kDate, FieldType::kBoolean, FieldType::kLong, FieldType::kInteger,
        FieldType::kShort, FieldType::kByte, FieldType::kDouble, FieldType::kFloat, FieldType::kScaledFloat,
        FieldType::kUnsignedLong, FieldType::kDateNanos, FieldType::kIp})
    if (typeName(type) == name) return type;
  return noticedBy(kByIndex, illegalArgument("No mapper found for type [" + std::string(name) + "]"));
}

std::optional<double> readDouble(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// `refused` makes the refusal of what is no number.
template <class Refused>
Result<std::int64_t> readUnsigned(std::string_view text, const Refused& refused) {
  Field field;
  field.type = FieldType::kUnsignedLong;
  const EncodedNumber number = encodeNumber(field, text);
  if (number.fault == NumberFault::kNotANumber) return refused();
  if (number.fault == NumberFault::kOutOfRange)
    return illegalArgument("Value [" + std::string(text) + "] is out of range for an unsigned long");
  const auto real = readDouble(text);
  if (real && *real != std::floor(*real))
    return illegalArgument("Value [" + std::string(text) + "] has a decimal part");
  return number.value;
}

// A number as a client writes it, on the key's scale.
Result<std::int64_t> readSortNumber(const SortKey& key, json::Value value, std::string_view what) {
  const std::string_view text = value.isString() ? value.string() : value.numberText();
  const auto refused = [&] {
    if (what == "missing")
      return Status(Code::kInvalidArgument, "number_format_exception",
                    "For input string: \"" + std::string(text) + "\"");
    return Status(Code::kInvalidArgument, "illegal_argument_exception",
                  "Failed to parse " + std::string(what) + " value for field [" + key.path + "].");
  };
  const bool is_real = isFloating(key.type) || key.type == FieldType::kScaledFloat;
  if (key.type == FieldType::kUnsignedLong) return readUnsigned(text, refused);
  if (!is_real) {
    if (value.isBoolean() && key.type == FieldType::kBoolean) return value.boolean() ? 1 : 0;
    std::int64_t whole = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
    if (!text.empty() && error == std::errc() && end == text.data() + text.size()) return whole;
    const auto real = readDouble(text);
    if (value.isNumber() && real && std::fabs(*real) < 9.2e18) return static_cast<std::int64_t>(*real);
    return refused();
  }
  double real = 0;
  if (text == "Infinity" || text == "-Infinity") {
    real = text.front() == '-' ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
  } else if (const auto read = readDouble(text)) {
    real = *read;
  } else {
    return refused();
  }
  if (key.type == FieldType::kFloat) return encodeFloat(static_cast<float>(real));
  if (key.type == FieldType::kDouble) return encodeDouble(real);
  if (std::isinf(real)) return real < 0 ? INT64_MIN : INT64_MAX;
  return static_cast<std::int64_t>(std::llround(real * key.scaling_factor));
}

// A text as the field's terms have it.
Result<std::string> readSortText(const SortKey& key, json::Value value, std::string_view where) {
  GYRE_TRY_ASSIGN(auto text, parseScalarText(where, value));
  if (key.type != FieldType::kIp) return text;
  auto address = parseIp(text);
  if (!address) return illegalArgument("'" + text + "' is not an IP string literal.");
  return std::move(*address);
}

Status readMissing(json::Value value, SortKey& key) {
  if (value.string() == "_last") {
    key.missing = SortKey::Missing::kLast;
  } else if (value.string() == "_first") {
    key.missing = SortKey::Missing::kFirst;
  } else {
    key.missing = SortKey::Missing::kValue;
    if (key.kind == SortKey::Kind::kKeyword) {
      GYRE_TRY_ASSIGN(key.missing_text, readSortText(key, value, "sort"));
    } else {
      GYRE_TRY_ASSIGN(key.missing_number, readSortNumber(key, value, "missing"));
    }
  }
  return {};
}

// A number that is no whole multiple of what the field counts in.
bool isBetweenSteps(json::Value value, double scaling_factor) {
  const auto real = readDouble(value.isString() ? value.string() : value.numberText());
  return real && std::isfinite(*real) && std::round(*real * scaling_factor) * (1.0 / scaling_factor) != *real;
}

Status resolveField(SortKey& key, const Mapping& mapping, const std::optional<FieldType>& unmapped_type) {
  if (key.path == "_id" || key.path == kIndexNamePath) {
    key.type = FieldType::kKeyword;
    key.kind = SortKey::Kind::kKeyword;
    return {};
  }
  const Field* const field = mapping.find(key.path);
  if (field == nullptr || field->type == FieldType::kObject) {
    if (!unmapped_type)
      return {Code::kInvalidArgument, "query_shard_exception",
              "No mapping found for [" + key.path + "] in order to sort on"};
    key.type = *unmapped_type;
  } else {
    GYRE_TRY(checkSortable(*field));
    if (field->type == FieldType::kRange)
      return illegalArgument("Sorting by range field [" + key.path + "] is not supported");
    key.path = field->path;  // an alias is another name
    key.type = field->type;
    key.format = field->format;
    key.scaling_factor = field->type == FieldType::kScaledFloat ? field->scaling_factor : 1;
  }
  key.kind = isTermValued(key.type) ? SortKey::Kind::kKeyword : SortKey::Kind::kNumber;
  return {};
}

Result<SortKey::Mode> parseMode(json::Value value) {
  struct Known {
    std::string_view name;
    SortKey::Mode mode;
  };
  constexpr Known kKnown[] = {{"min", SortKey::Mode::kSmallest},
                              {"max", SortKey::Mode::kLargest},
                              {"sum", SortKey::Mode::kSum},
                              {"avg", SortKey::Mode::kAverage},
                              {"median", SortKey::Mode::kMedian}};
  std::string name(value.string());
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  for (const Known& known : kKnown)
    if (known.name == name) return known.mode;
  return Status(Code::kInvalidArgument, "x_content_parse_exception",
                "[field_sort] failed to parse field [mode]: Unknown SortMode [" +
                    std::string(value.isString() ? value.string() : value.raw()) + "]");
}

// "numeric_type": compare as another type, so that indices with different ones agree.
Status convertType(json::Value name, SortKey& key) {
  if (name.isMissing()) return {};
  key.is_type_asked = true;
  if (key.kind != SortKey::Kind::kNumber)
    return illegalArgument("[numeric_type] option cannot be set on a non-numeric field, got " +
                           std::string(typeName(key.type)));
  if (name.string() == "double") {
    key.type = FieldType::kDouble;
  } else if (name.string() == "long" && key.type != FieldType::kUnsignedLong) {
    key.type = FieldType::kLong;
  } else if (name.string() == "date" && isDate(key.type)) {
    key.type = FieldType::kDate;
  } else if (name.string() == "date_nanos" && isDate(key.type)) {
    key.type = FieldType::kDateNanos;
  } else if (isOneOf(name.string(), {"date", "date_nanos", "long"})) {
    return illegalArgument("[numeric_type] " + std::string(name.string()) + " is not offered for a field of type [" +
                           std::string(typeName(key.type)) + "]");
  } else {
    return illegalArgument("invalid value for [numeric_type], must be [long, double, date, date_nanos], got " +
                           std::string(name.isString() ? name.string() : name.raw()));
  }
  return {};
}

Result<SortKey> parseFieldKey(std::string_view path, json::Value options, const Mapping& mapping,
                              std::int64_t now_millis) {
  SortKey key;
  key.path = path;
  if (options.isString()) {
    GYRE_TRY_ASSIGN(key.is_descending, parseOrder(options));
  }
  std::optional<FieldType> unmapped_type;
  std::optional<SortKey::Mode> mode;
  json::Value numeric_type;
  json::Value missing;
  json::Value nested, nested_path, nested_filter;
  for (const json::Value option : options) {
    if (option.key() == "order") {
      GYRE_TRY_ASSIGN(key.is_descending, parseOrderOption("field_sort", option));
    } else if (option.key() == "mode") {
      GYRE_TRY_ASSIGN(mode, parseMode(option));
    } else if (option.key() == "missing") {
      missing = option;
    } else if (option.key() == "unmapped_type") {
      GYRE_TRY_ASSIGN(unmapped_type, parseTypeName(option.string()));
    } else if (option.key() == "numeric_type") {
      numeric_type = option;
    } else if (option.key() == "nested" && option.isObject()) {
      nested = option;
    } else if (option.key() == "nested_path" && option.isString()) {
      nested_path = option;
    } else if (option.key() == "nested_filter" && option.isObject()) {
      nested_filter = option;
    } else {
      return unknownField("field_sort", option.key());
    }
  }
  GYRE_TRY(resolveField(key, mapping, unmapped_type));
  GYRE_TRY(convertType(numeric_type, key));
  key.mode = mode.value_or(key.is_descending ? SortKey::Mode::kLargest : SortKey::Mode::kSmallest);
  const bool is_computed = key.mode != SortKey::Mode::kSmallest && key.mode != SortKey::Mode::kLargest;
  if (is_computed && key.kind == SortKey::Kind::kKeyword)
    return Status(Code::kInvalidArgument, "query_shard_exception",
                  "we only support AVG, MEDIAN and SUM on number based fields");
  // A mean of whole hundredths is none.
  if (is_computed && key.type == FieldType::kScaledFloat) key.type = FieldType::kDouble;
  // Among whole hundredths there may be no such value: reals have one.
  if (key.type == FieldType::kScaledFloat && isBetweenSteps(missing, key.scaling_factor)) key.type = FieldType::kDouble;
  if (!missing.isMissing())
    if (Status read = readMissing(missing, key); !read.isOk()) return noticedBy(kByIndex, std::move(read));
  if (!nested.isMissing()) {
    if (!nested_path.isMissing() || !nested_filter.isMissing())
      return illegalArgument("Setting both nested_path/nested_filter and nested not allowed");
    GYRE_TRY_ASSIGN(key.nested, parseNestedSort(nested, mapping, now_millis));
  } else if (!nested_path.isMissing() || !nested_filter.isMissing()) {
    GYRE_TRY_ASSIGN(key.nested, parseNestedSort(nested_path, nested_filter, mapping, now_millis));
  }
  if (key.nested != nullptr && key.mode == SortKey::Mode::kMedian)
    return illegalArgument("Unsupported sort mode: MEDIAN");
  return key;
}

Result<SortKey> parseKey(std::string_view path, json::Value options, const Mapping& mapping, std::int64_t now_millis) {
  if (path == "_script" || path == "_geo_distance" || path == "_geoDistance")
    return illegalArgument("[sort] " + std::string(path) + " is not offered");
  if (path != "_score" && path != "_doc") return parseFieldKey(path, options, mapping, now_millis);
  SortKey key;
  key.kind = path == "_score" ? SortKey::Kind::kScore : SortKey::Kind::kDoc;
  key.path = path;
  key.is_descending = key.kind == SortKey::Kind::kScore;
  if (options.isString()) {
    GYRE_TRY_ASSIGN(key.is_descending, parseOrder(options));
  }
  for (const json::Value option : options) {
    if (option.key() != "order") return unknownField(path, option.key());
    GYRE_TRY_ASSIGN(key.is_descending, parseOrderOption(path, option));
  }
  return key;
}

}  // namespace

Result<std::vector<SortKey>> parseSort(json::Value sort, const Mapping& mapping, std::int64_t now_millis) {
  std::vector<SortKey> keys;
  const auto add = [&](json::Value element) -> Status {
    if (element.isString()) {
      GYRE_TRY_ASSIGN(auto key, parseKey(element.string(), {}, mapping, now_millis));
      keys.push_back(std::move(key));
      return {};
    }
    if (!element.isObject())
      return illegalArgument("malformed sort format, either start array, start object or an actual string are allowed");
    for (const json::Value member : element) {
      if (!member.isString() && !member.isObject())
        return illegalArgument("malformed sort of [" + std::string(member.key()) + "]");
      GYRE_TRY_ASSIGN(auto key, parseKey(member.key(), member, mapping, now_millis));
      keys.push_back(std::move(key));
    }
    return {};
  };
  if (sort.isArray()) {
    for (const json::Value element : sort) GYRE_TRY(add(element));
  } else {
    GYRE_TRY(add(sort));
  }
  return keys;
}

Result<std::vector<SortValue>> parseSearchAfter(json::Value values, std::span<const SortKey> keys) {
  if (!values.isArray())
    return parsingException("Expected [START_ARRAY] in [search_after] but found [" +
                            std::string(json::kindName(values.kind())) + "] inside search_after.");
  if (values.size() == 0) return illegalArgument("Values must contains at least one value.");
  for (const json::Value value : values)
    if (value.isObject() || value.isArray())
      return parsingException(
          "Expected [VALUE_STRING] or [VALUE_NUMBER] or [VALUE_BOOLEAN] or [VALUE_NULL] but found [" +
          std::string(value.isObject() ? "START_OBJECT" : "START_ARRAY") + "] inside search_after.");
  if (values.size() != keys.size())
    return illegalArgument("search_after has " + std::to_string(values.size()) + " value(s) but sort has " +
                           std::to_string(keys.size()) + ".");
  std::vector<SortValue> after;
  std::size_t at = 0;
  for (const json::Value value : values) {
    const SortKey& key = keys[at++];
    SortValue one;
    if (key.kind == SortKey::Kind::kKeyword) {
      if (value.isNull()) {
        one.place = key.missing == SortKey::Missing::kFirst ? -1 : 1;
      } else {
        GYRE_TRY_ASSIGN(one.text, readSortText(key, value, "search_after"));
      }
    } else if (key.kind == SortKey::Kind::kScore) {
      const auto score = value.isString() ? readDouble(value.string()) : value.real();
      if (!score) return illegalArgument("Failed to parse search_after value for field [_score].");
      one.number = scoreKey(static_cast<float>(*score));
    } else if (key.kind == SortKey::Kind::kNumber && isDate(key.type) && value.isString()) {
      GYRE_TRY_ASSIGN(const DateFormat format, DateFormat::parse(key.format));
      GYRE_TRY_ASSIGN(const Instant instant, parseInstant(value.string(), format));
      one.number = instant.millis;
      if (key.type == FieldType::kDateNanos) {
        GYRE_TRY_ASSIGN(one.number, toNanos(instant));
      }
    } else if (value.isNull()) {
      return illegalArgument("[search_after] value of [" + key.path + "] cannot be null");
    } else {
      SortKey as_number = key;
      if (key.kind == SortKey::Kind::kDoc) as_number.type = FieldType::kLong;
      GYRE_TRY_ASSIGN(one.number, readSortNumber(as_number, value, "search_after"));
    }
    if (key.kind != SortKey::Kind::kKeyword && key.is_descending) one.number = ~one.number;
    after.push_back(std::move(one));
  }
  return after;
}

}  // namespace gyre::engine
