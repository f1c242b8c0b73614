#include "engine/mapping/parameter_readers.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <limits>
#include <optional>
#include <string_view>

#include "engine/analysis/analysis_registry.hpp"
#include "engine/analysis/analyzer.hpp"
#include "engine/analysis/utf8.hpp"
#include "engine/mapping/date_format.hpp"
#include "engine/mapping/geohash.hpp"
#include "engine/mapping/number_text.hpp"
#include "gyre/schema.hpp"

namespace gyre::engine {

namespace {

constexpr std::size_t kMaxMetaEntries = 5;
constexpr std::size_t kMaxMetaKey = 20;
constexpr std::size_t kMaxMetaValue = 50;
constexpr std::uint32_t kMaxInt = std::numeric_limits<std::int32_t>::max();

Status malformed(std::string message) {
  return {Code::kInvalidArgument, "mapper_parsing_exception", std::move(message)};
}
Status illegal(std::string message) {
  return {Code::kInvalidArgument, "illegal_argument_exception", std::move(message)};
}
std::string bracketed(std::string_view text) { return "[" + std::string(utf16Prefix(text, 200)) + "]"; }

std::string asJson(std::string_view text) {
  std::string out;
  JsonWriter(out).string(text);
  return out;
}

// A text or a number as text; the dialect is generous here.
std::optional<std::string> textOf(json::Value value) {
  if (value.isString()) return std::string(value.string());
  if (value.isNumber() || value.isBoolean()) return std::string(value.raw());
  return std::nullopt;
}

Status wrong(json::Value value, std::string_view expected) {
  return malformed("parameter " + bracketed(value.key()) + ": expected " + std::string(expected) + ", found " +
                   std::string(utf16Prefix(value.raw(), 100)));
}

// With a fraction, as the dialect writes a double.
std::string doubleJson(double value) {
  std::string text;
  JsonWriter(text).real(value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::optional<double> realOf(json::Value value) {
  if (const auto real = value.real()) return real;
  double parsed = 0;
  const std::string_view text = value.string();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return parsed;
}

std::optional<std::int64_t> wholeOf(json::Value value) {
  if (const auto whole = value.integer()) return whole;
  std::int64_t parsed = 0;
  const std::string_view text = value.string();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return parsed;
}

// "default" is the index's own choice, whether its settings name one or not.
Result<std::string> readAnalyzerName(const Field& field, json::Value value, const Analyzer*& analyzer) {
  if (!value.isString()) return wrong(value, "the name of an analyzer");
  analyzer =
      value.string() == "default" ? &field.analysis->defaultAnalyzer() : field.analysis->analyzer(value.string());
  if (analyzer == nullptr)
    return illegal("analyzer " + bracketed(value.string()) + " has not been configured in mappings");
  return asJson(value.string());
}

// NUL and \x1d separate contexts in the index.
bool isContextName(std::string_view text) { return !text.empty() && isPrintable(text); }

// "5km" or a number of characters.
Result<std::uint32_t> readPrecision(json::Value value) {
  std::uint32_t length = 0;
  if (const auto whole = value.integer(); value.isNumber() && whole) {
    length = *whole >= 1 && *whole <= kMaxGeohash ? static_cast<std::uint32_t>(*whole) : 0;
  } else if (const auto meters = parseDistance(value.string())) {
    length = geohashLengthFor(*meters);
  }
  if (length == 0)
    return malformed("[precision] must be a distance or between 1 and " + std::to_string(kMaxGeohash) + ", found " +
                     std::string(utf16Prefix(value.raw(), 40)));
  return length;
}

Status addContext(Field& field, json::Value context) {
  constexpr std::uint32_t kDefaultPrecision = 6;
  if (!context.isObject())
    return malformed("context of field " + bracketed(field.path) + ": expected an object, found " +
                     std::string(json::kindName(context.kind())));
  const auto missing = [](std::string_view what) {
    return Status(Code::kInvalidArgument, "mapper_parsing_exception",
                  "missing [" + std::string(what) + "] in context mapping");
  };
  const std::string_view type = context["type"].string();
  const bool is_geo = type == "geo" || type == "GEO";
  if (context["type"].isMissing()) return missing("type");
  if (!is_geo && type != "category" && type != "CATEGORY")
    return malformed("No context type for [" + std::string(type) + "]");
  CompletionContext parsed;
  if (is_geo) parsed.precision = kDefaultPrecision;
  for (const json::Value member : context) {
    const std::string_view text = member.string();
    if (member.key() == "name" && isContextName(text)) {
      parsed.name = std::string(text);
    } else if (member.key() == "path" && isContextName(text)) {
      parsed.path = std::string(text);
    } else if (member.key() == "precision" && is_geo) {
      GYRE_TRY_ASSIGN(parsed.precision, readPrecision(member));
    } else if (member.key() != "type") {
      return malformed("Mapping definition for [" + parsed.name + "] has unsupported parameters:  [" +
                       std::string(member.key()) + " : " + std::string(utf16Prefix(member.raw(), 100)) + "]");
    }
  }
  if (parsed.name.empty()) return missing("name");
  for (const CompletionContext& other : field.contexts)
    if (other.name == parsed.name)
      return malformed("context of field " + bracketed(field.path) + ": the name " + bracketed(parsed.name) +
                       " stands twice");
  field.contexts.push_back(std::move(parsed));
  return {};
}

}  // namespace

Result<bool> readMappingBoolean(json::Value value) {
  if (value.isBoolean()) return value.boolean();
  if (value.string() == "true") return true;
  if (value.string() == "false") return false;
  return illegal("Failed to parse value " + bracketed(value.isString() ? value.string() : value.raw()) +
                 " as only [true] or [false] are allowed.");
}

// Understood, and without effect on an answer.
Result<std::string> readIdleFlag(Field&, json::Value value) {
  GYRE_TRY_ASSIGN(const bool is_on, readMappingBoolean(value));
  return std::string(is_on ? "true" : "false");
}

Result<std::string> readIdleText(Field&, json::Value value) {
  const auto text = textOf(value);
  if (!text) return wrong(value, "a text");
  return asJson(*text);
}

// Boosts in mappings are deprecated in the dialect; only the neutral one keeps the scores right.
Result<std::string> readBoost(Field&, json::Value value) {
  const auto boost = realOf(value);
  if (!boost) return wrong(value, "a number");
  if (*boost != 1) return malformed("parameter [boost]: a boost in a mapping is not offered; boost the query");
  return doubleJson(*boost);
}

Result<std::string> readMeta(Field& field, json::Value value) {
  if (!value.isObject())
    return malformed("[meta] must be an object, got " + std::string(json::kindName(value.kind())) + " for field " +
                     bracketed(field.name));
  if (value.size() > kMaxMetaEntries)
    return malformed("[meta] can't have more than 5 entries, but got " + std::to_string(value.size()) + " on field " +
                     bracketed(field.name));
  for (const json::Value entry : value) {
    if (utf16Length(entry.key()) > kMaxMetaKey)
      return malformed("[meta] keys can't be longer than 20 chars, but got " + bracketed(entry.key()) + " for field " +
                       bracketed(field.name));
    if (!entry.isString())
      return malformed("[meta] values can only be strings, but got [" + std::string(utf16Prefix(entry.raw(), 100)) +
                       "] for field " + bracketed(field.name));
    if (utf16Length(entry.string()) > kMaxMetaValue)
      return malformed("[meta] values can't be longer than 50 chars, but got " + bracketed(entry.string()) +
                       " for field " + bracketed(field.name));
  }
  std::string text;
  JsonWriter writer(text);
  json::writeCanonical(value, writer);
  return text;
}

Result<std::string> readIgnoreAbove(Field& field, json::Value value) {
  const auto count = wholeOf(value);
  if (!count || *count < std::numeric_limits<std::int32_t>::min() || *count > kMaxInt)
    return wrong(value, "a whole number");
  // A length is never negative: a negative limit leaves everything out, as a limit of 0 does.
  field.ignores_all = *count <= 0;
  field.ignore_above = *count <= 0 || *count == kMaxInt ? 0 : static_cast<std::uint32_t>(*count);
  return std::to_string(*count);
}

Result<std::string> readAnalyzer(Field& field, json::Value value) {
  GYRE_TRY_ASSIGN(std::string text, readAnalyzerName(field, value, field.index_analyzer));
  if (value.string() != "default") field.analyzer = std::string(value.string());
  return text;
}
Result<std::string> readSearchAnalyzer(Field& field, json::Value value) {
  return readAnalyzerName(field, value, field.search_analyzer);
}
Result<std::string> readQuoteAnalyzer(Field& field, json::Value value) {
  return readAnalyzerName(field, value, field.quote_analyzer);
}
Result<std::string> readNormalizer(Field& field, json::Value value) {
  if (value.isNull() || value.string() == "default") return std::string("\"default\"");
  const std::string name = textOf(value).value_or("");
  field.normalizer = field.analysis->normalizer(name);
  if (field.normalizer == nullptr)
    return malformed("normalizer " + bracketed(name) + " not found for field " + bracketed(field.name));
  return asJson(name);
}

Result<std::string> readDetail(Field& field, json::Value value) {
  constexpr std::string_view kNames[] = {"docs", "freqs", "positions", "offsets"};
  const std::string name = textOf(value).value_or("");
  const auto* const found = std::find(std::begin(kNames), std::end(kNames), name);
  if (found == std::end(kNames))
    return malformed("Unknown value " + bracketed(name) +
                     " for field [index_options] - accepted values are [positions, docs, freqs, offsets]");
  field.detail = static_cast<IndexDetail>(found - std::begin(kNames));
  return asJson(name);
}
Result<std::string> readKeywordDetail(Field&, json::Value value) {
  if (value.string() == "docs") return asJson("docs");
  if (value.string() == "freqs")
    return malformed("parameter [index_options]: freqs is not offered for keywords, only docs");
  return malformed("Unknown value " + bracketed(textOf(value).value_or("")) +
                   " for field [index_options] - accepted values are [docs, freqs]");
}
Result<std::string> readKeywordNorms(Field&, json::Value value) {
  GYRE_TRY_ASSIGN(const bool is_on, readMappingBoolean(value));
  if (is_on) return malformed("parameter [norms]: true is not offered for keywords");
  return std::string("false");
}

Result<std::string> readSimilarity(Field& field, json::Value value) {
  if (value.isNull()) return std::string("null");
  const std::string name = textOf(value).value_or("");
  if (name != "BM25" && name != "boolean")
    return malformed("Unknown Similarity type " + bracketed(name) + " for field " + bracketed(field.name));
  field.is_scored = name == "BM25";
  return asJson(name);
}

Result<std::string> readTermVector(Field&, json::Value value) {
  constexpr std::string_view kNames[] = {"no",
                                         "yes",
                                         "with_positions",
                                         "with_offsets",
                                         "with_positions_offsets",
                                         "with_positions_payloads",
                                         "with_positions_offsets_payloads"};
  const std::string name = textOf(value).value_or("");
  if (std::find(std::begin(kNames), std::end(kNames), name) == std::end(kNames))
    return malformed("Unknown value " + bracketed(name) +
                     " for field [term_vector] - accepted values are [yes, no, with_positions, with_offsets, "
                     "with_positions_offsets, with_positions_payloads, with_positions_offsets_payloads]");
  return asJson(name);
}

Result<std::string> readPositionGap(Field& field, json::Value value) {
  const auto gap = wholeOf(value);
  if (!gap || *gap < 0 || *gap > 1'000'000)
    return illegal("[positions_increment_gap] must be between 0 and 1000000, found " +
                   std::string(utf16Prefix(value.raw(), 40)));
  field.position_gap = static_cast<std::uint32_t>(*gap);
  return std::to_string(*gap);
}

Result<std::string> readIndexPrefixes(Field& field, json::Value value) {
  if (value.isNull()) return std::string("null");
  if (!value.isObject()) return wrong(value, "an object with min_chars and max_chars");
  std::int64_t least = 2, most = 5;
  for (const json::Value member : value) {
    const auto count = wholeOf(member);
    if (!count || (member.key() != "min_chars" && member.key() != "max_chars"))
      return malformed("index_prefixes: " + bracketed(member.key()) +
                       " is not understood; there are min_chars and max_chars");
    (member.key() == "min_chars" ? least : most) = *count;
  }
  if (least < 1) return illegal("min_chars [" + std::to_string(least) + "] must be greater than zero");
  if (least > most)
    return illegal("min_chars [" + std::to_string(least) + "] must be less than max_chars [" + std::to_string(most) +
                   "]");
  if (most >= 20) return illegal("max_chars [" + std::to_string(most) + "] must be less than 20");
  (void)field;  // prefixes are walked in the term dictionary; an index of them would answer the same
  return "{\"min_chars\":" + std::to_string(least) + ",\"max_chars\":" + std::to_string(most) + "}";
}

Result<std::string> readFrequencyFilter(Field&, json::Value value) {
  if (!value.isObject()) return wrong(value, "an object");
  double least = 0, most = kMaxInt;
  std::int64_t segment = 0;
  for (const json::Value member : value) {
    const auto number = realOf(member);
    if (!number) return wrong(member, "a number");
    if (member.key() == "min") {
      least = *number;
    } else if (member.key() == "max") {
      most = *number;
    } else if (member.key() == "min_segment_size") {
      segment = static_cast<std::int64_t>(*number);
    } else {
      return malformed("fielddata_frequency_filter: " + bracketed(member.key()) + " is not understood");
    }
  }
  return "{\"min\":" + doubleJson(least) + ",\"max\":" + doubleJson(most) +
         ",\"min_segment_size\":" + std::to_string(segment) + "}";
}

Result<std::string> readNullText(Field& field, json::Value value) {
  if (value.isNull()) return std::string("null");
  const auto text = textOf(value);
  if (!text) return wrong(value, "a text");
  field.null_value = *text;
  return asJson(*text);
}
Result<std::string> readNullNumber(Field& field, json::Value value) {
  if (value.isNull()) return std::string("null");
  const auto text = textOf(value);
  if (!text || value.isBoolean()) return wrong(value, "a number");
  Field probe = field;
  if (probe.type == FieldType::kScaledFloat && probe.scaling_factor == 0) probe.scaling_factor = 1;
  if (encodeNumber(probe, *text).fault != NumberFault::kNone)
    return Status(Code::kInvalidArgument, "number_format_exception", "For input string: \"" + *text + "\"");
  field.null_value = *text;
  if (isFloating(field.type) || field.type == FieldType::kScaledFloat)
    if (const auto real = realOf(value)) return doubleJson(*real);
  return *text;
}
Result<std::string> readNullBoolean(Field& field, json::Value value) {
  if (value.isNull()) return std::string("null");
  GYRE_TRY_ASSIGN(const bool truth, readMappingBoolean(value));
  field.null_value = truth ? "true" : "false";
  return *field.null_value;
}

Result<std::string> readFormat(Field& field, json::Value value) {
  const std::string name = textOf(value).value_or("");
  const auto format = DateFormat::parse(name);
  if (name.empty() || !format.isOk())
    return illegal("Invalid format: " + bracketed(name) + ": " +
                   (name.empty() ? "No date pattern provided" : std::string(format.status().message())));
  field.format = name == kDefaultDateFormat ? "" : name;
  return asJson(name);
}
Result<std::string> readPrintFormat(Field&, json::Value value) {
  const std::string name = textOf(value).value_or("");
  if (const auto format = DateFormat::parse(name); name.empty() || !format.isOk())
    return illegal("Invalid format: " + bracketed(name));
  return asJson(name);
}

Result<std::string> readScalingFactor(Field& field, json::Value value) {
  const auto factor = realOf(value);
  if (!factor || !(*factor > 0) || !std::isfinite(*factor))
    return illegal("[scaling_factor] must be a positive number, got " +
                   bracketed(value.isString() ? value.string() : value.raw()));
  field.scaling_factor = *factor;
  return doubleJson(*factor);
}

Result<std::string> readConstant(Field& field, json::Value value) {
  const auto text = textOf(value);
  if (!text) return wrong(value, "a text");
  field.constant_value = *text;
  return asJson(*text);
}

Result<std::string> readShingleSize(Field& field, json::Value value) {
  const auto size = wholeOf(value);
  if (!size || *size < 2 || *size > 4)
    return malformed("[max_shingle_size] must be at least [2] and at most [4], got [" +
                     std::string(utf16Prefix(value.raw(), 20)) + "]");
  field.shingle_size = static_cast<std::uint8_t>(*size);
  return std::to_string(*size);
}

Result<std::string> readMaxInputLength(Field& field, json::Value value) {
  const auto count = wholeOf(value);
  if (!count || *count < 1 || *count > kMaxInt)
    return illegal("[max_input_length] must be > 0 but was " +
                   bracketed(value.isString() ? value.string() : value.raw()));
  field.max_input_length = static_cast<std::uint32_t>(*count);
  return std::to_string(*count);
}
Result<std::string> readContexts(Field& field, json::Value value) {
  field.contexts.clear();
  if (value.isObject()) {
    GYRE_TRY(addContext(field, value));
  } else if (value.isArray()) {
    for (const json::Value context : value) GYRE_TRY(addContext(field, context));
  } else {
    return wrong(value, "an array of contexts");
  }
  if (field.contexts.empty()) return std::string("null");
  std::string text;
  JsonWriter out(text);
  out.beginArray();
  for (const CompletionContext& context : field.contexts) {
    out.beginObject().member("name", context.name).member("type", context.isOfPlaces() ? "GEO" : "CATEGORY");
    if (context.isOfPlaces()) out.member("precision", context.precision);
    if (!context.path.empty()) out.member("path", context.path);
    out.endObject();
  }
  out.endArray();
  return text;
}

Result<std::string> readAliasPath(Field& field, json::Value value) {
  const auto path = textOf(value);
  if (!path || path->empty())
    return malformed("The [path] property must be specified for field " + bracketed(field.name) + ".");
  field.alias_path = *path;
  return asJson(*path);
}

}  // namespace gyre::engine
