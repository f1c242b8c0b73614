#include "engine/query/score_function_parser.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "engine/mapping/column_check.hpp"
#include "engine/mapping/date_format.hpp"
#include "engine/mapping/failure_cause.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/metadata_query.hpp"

namespace gyre::engine {

namespace {

constexpr std::array<std::string_view, 6> kFunctions{"field_value_factor", "random_score", "gauss", "exp", "linear",
                                                     "script_score"};

struct ModifierName {
  std::string_view name;
  Modifier modifier;
};
constexpr ModifierName kModifiers[] = {{"none", Modifier::kNone},   {"log", Modifier::kLog},
                                       {"log1p", Modifier::kLog1p}, {"log2p", Modifier::kLog2p},
                                       {"ln", Modifier::kLn},       {"ln1p", Modifier::kLn1p},
                                       {"ln2p", Modifier::kLn2p},   {"square", Modifier::kSquare},
                                       {"sqrt", Modifier::kSqrt},   {"reciprocal", Modifier::kReciprocal}};

std::string changeCase(std::string_view text, char first) {
  std::string result(text);
  const char last = static_cast<char>(first + 25);
  for (char& c : result)
    if (c >= first && c <= last) c = static_cast<char>(c ^ 32);
  return result;
}
std::string lower(std::string_view text) { return changeCase(text, 'A'); }
std::string upper(std::string_view text) { return changeCase(text, 'a'); }

Result<double> parseReal(json::Value value) {
  const std::string_view text = value.isString() ? value.string() : value.numberText();
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size())
    return Status(Code::kInvalidArgument, "number_format_exception", "For input string: \"" + std::string(text) + "\"");
  return number;
}

// "10d", "1.5h" in milliseconds.
Result<double> parseDuration(json::Value value, std::string_view setting) {
  GYRE_TRY_ASSIGN(const std::string text, parseScalarText("function_score", value));
  double count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit = std::string_view(text).substr(static_cast<std::size_t>(end - text.data()));
  struct Unit {
    std::string_view name;
    double millis;
  };
  constexpr Unit kUnits[] = {{"nanos", 1e-6}, {"micros", 1e-3}, {"ms", 1},        {"s", 1e3},
                             {"m", 6e4},      {"h", 3.6e6},     {"d", 24 * 3.6e6}};
  if (error == std::errc())
    for (const Unit& known : kUnits)
      if (known.name == unit) return count * known.millis;
  if (error == std::errc() && count == 0 && unit.empty()) return 0.0;
  return queryShardException("failed to parse setting [DecayFunctionParser." + std::string(setting) + "] with value [" +
                             text + "] as a time value: unit is missing or unrecognized");
}

Result<ScoreFunctionPtr> parseFieldValueFactor(json::Value body, const ParseContext& context) {
  FieldValueFactor factor;
  for (const json::Value option : body) {
    const std::string_view key = option.key();
    if (key == "field") {
      GYRE_TRY_ASSIGN(factor.path, parseScalarText("field_value_factor", option));
    } else if (key == "factor") {
      GYRE_TRY_ASSIGN(factor.factor, parseFloat("field_value_factor", option));
    } else if (key == "modifier") {
      GYRE_TRY_ASSIGN(const std::string name, parseScalarText("field_value_factor", option));
      factor.modifier_name = lower(name);
      const ModifierName* found = nullptr;
      for (const ModifierName& known : kModifiers)
        if (known.name == factor.modifier_name) found = &known;
      if (found == nullptr)
        return illegalArgument(
            "No enum constant org.opensearch.common.lucene.search.function.FieldValueFactorFunction.Modifier." +
            upper(name));
      factor.modifier = found->modifier;
    } else if (key == "missing") {
      GYRE_TRY_ASSIGN(factor.missing, parseReal(option));
    } else {
      return parsingException("field_value_factor query does not support [" + std::string(key) + "]");
    }
  }
  if (factor.path.empty()) return parsingException("[field_value_factor] required field 'field' missing");
  const Field* const field = context.mapping.find(factor.path);
  if (field == nullptr || field->type == FieldType::kObject) {
    if (!factor.missing)
      return Status(Code::kInvalidArgument, "exception",
                    "Unable to find a field mapper for field [" + factor.path + "]. No 'missing' value defined.");
    return makeFieldValueFunction(nullptr, std::move(factor));
  }
  if (field->type == FieldType::kText) return queryShardException(std::string(checkColumn(*field).message()));
  if (!isNumeric(field->type) || !field->has_doc_values)
    return queryShardException("field [" + field->path + "] of type [" + std::string(typeName(field->type)) +
                               "] holds no numbers that field_value_factor could read");
  return makeFieldValueFunction(field, std::move(factor));
}

Result<ScoreFunctionPtr> parseRandomScore(json::Value body, const ParseContext& context) {
  RandomScore random;
  random.index_name = context.index_name;
  bool has_seed = false;
  for (const json::Value option : body) {
    const std::string_view key = option.key();
    if (key == "seed") {
      if (option.isNull()) continue;
      has_seed = true;
      GYRE_TRY_ASSIGN(const std::string text, parseScalarText("random_score", option));
      if (option.isString()) {
        // As the dialect hashes a text.
        std::uint32_t hash = 0;
        for (const char c : text) hash = hash * 31 + static_cast<unsigned char>(c);
        random.seed = static_cast<std::int32_t>(hash);
      } else if (const auto number = option.integer()) {
        const auto bits = static_cast<std::uint64_t>(*number);
        random.seed = *number >= INT32_MIN && *number <= INT32_MAX ? static_cast<std::int32_t>(*number)
                                                                   : static_cast<std::int32_t>(bits ^ (bits >> 32));
      } else {
        return parsingException("random_score seed must be an int, long or string, not '" + text + "'");
      }
    } else if (key == "field") {
      GYRE_TRY_ASSIGN(random.path, parseScalarText("random_score", option));
    } else {
      return parsingException("random_score query does not support [" + std::string(key) + "]");
    }
  }
  if (!has_seed) {
    random.seed = static_cast<std::int32_t>(context.now_millis ^ (context.now_millis >> 32));
    if (random.path.empty()) return makeRandomFunction(nullptr, std::move(random));
  }
  if (random.path.empty()) random.path = "_id";
  if (isMetadataField(random.path)) {
    if (random.path != "_id" && random.path != "_seq_no")
      return illegalArgument("[random_score] [field] [" + random.path + "] is not supported");
    return makeRandomFunction(nullptr, std::move(random));
  }
  const Field* const field = context.mapping.find(random.path);
  if (field == nullptr || field->type == FieldType::kObject)
    return queryShardException("Field [" + random.path + "] is not mapped on [" + random.index_name +
                               "] and cannot be used as a source of random numbers.");
  if (!field->has_doc_values || (field->type != FieldType::kKeyword && !isNumeric(field->type)))
    return queryShardException("Field [" + random.path + "] of type [" + std::string(typeName(field->type)) +
                               "] cannot be used as a source of random numbers");
  return makeRandomFunction(field, std::move(random));
}

Result<Decay> parseDecayOptions(json::Value body, const Field& field, const ParseContext& context) {
  Decay decay;
  const bool is_date = isDate(field.type);
  bool has_scale = false;
  bool has_origin = is_date;
  decay.origin = static_cast<double>(context.now_millis);
  for (const json::Value option : body) {
    const std::string_view key = option.key();
    if (key == "origin") {
      has_origin = true;
      if (is_date) {
        GYRE_TRY_ASSIGN(const std::string text, parseScalarText("function_score", option));
        GYRE_TRY_ASSIGN(const DateFormat format, DateFormat::parse(field.format));
        GYRE_TRY_ASSIGN(const std::int64_t instant,
                        parseDateMath(text, format, RoundUp::kNo, TimeZone(), context.now_millis));
        decay.origin = static_cast<double>(instant);
      } else {
        GYRE_TRY_ASSIGN(decay.origin, parseReal(option));
      }
    } else if (key == "scale") {
      has_scale = true;
      GYRE_TRY_ASSIGN(decay.scale, is_date ? parseDuration(option, key) : parseReal(option));
    } else if (key == "offset") {
      GYRE_TRY_ASSIGN(decay.offset, is_date ? parseDuration(option, key) : parseReal(option));
    } else if (key == "decay") {
      GYRE_TRY_ASSIGN(decay.decay, parseReal(option));
    } else {
      return Status(Code::kInvalidArgument, "parse_exception", "parameter [" + std::string(key) + "] not supported!");
    }
  }
  if (!has_scale || !has_origin)
    return Status(
        Code::kInvalidArgument, "parse_exception",
        is_date ? "[scale] must be set for date fields." : "both [scale] and [origin] must be set for numeric fields.");
  if (!(decay.scale > 0)) return queryShardException("function_score : scale must be > 0.0.");
  if (!(decay.decay > 0 && decay.decay < 1))
    return queryShardException("function_score : decay must be in the range [0..1].");
  if (decay.offset < 0) return queryShardException("function_score : offset must be > 0.0");
  return decay;
}

Result<ScoreFunctionPtr> parseDecay(json::Value body, DecayShape shape, const ParseContext& context) {
  json::Value options;
  MultiValueMode mode = MultiValueMode::kMin;
  for (const json::Value member : body) {
    if (member.isObject()) {
      options = member;
    } else if (member.key() == "multi_value_mode") {
      const std::string name = lower(member.string());
      if (name == "min") {
        mode = MultiValueMode::kMin;
      } else if (name == "max") {
        mode = MultiValueMode::kMax;
      } else if (name == "avg") {
        mode = MultiValueMode::kAverage;
      } else if (name == "sum") {
        mode = MultiValueMode::kSum;
      } else if (name == "median") {
        mode = MultiValueMode::kMedian;
      } else {
        return illegalArgument("Illegal sort mode: " + std::string(member.string()));
      }
    } else {
      return Status(Code::kInvalidArgument, "parsing_exception", "malformed score function score parameters.");
    }
  }
  if (options.isMissing())
    return Status(Code::kInvalidArgument, "parsing_exception", "malformed score function score parameters.");
  const Field* const field = context.mapping.find(options.key());
  if (field == nullptr)
    return noticedBy(kByIndex, parsingException("unknown field [" + std::string(options.key()) + "]"));
  const bool is_number = isNumeric(field->type) && field->type != FieldType::kBoolean;
  // The dialect does not count these among the numeric types.
  if (!is_number || field->type == FieldType::kScaledFloat || !field->has_doc_values)
    return parsingException("field [" + field->path + "] is of type [" + std::string(typeName(field->type)) +
                            "], but only numeric types are supported.");
  GYRE_TRY_ASSIGN(Decay decay, parseDecayOptions(options, *field, context));
  decay.shape = shape;
  decay.mode = mode;
  return makeDecayFunction(*field, decay);
}

}  // namespace

bool isScoreFunction(std::string_view name) {
  for (const std::string_view known : kFunctions)
    if (known == name) return true;
  return false;
}

Result<ScoreFunctionPtr> parseScoreFunction(json::Value member, const ParseContext& context) {
  const std::string_view name = member.key();
  if (name == "script_score") return parsingException("[script_score] function is not supported");
  if (!member.isObject())
    return parsingException("failed to parse [function_score] query. field [" + std::string(name) +
                            "] is not supported");
  if (name == "field_value_factor") return parseFieldValueFactor(member, context);
  if (name == "random_score") return parseRandomScore(member, context);
  if (name == "gauss") return parseDecay(member, DecayShape::kGauss, context);
  if (name == "exp") return parseDecay(member, DecayShape::kExponential, context);
  return parseDecay(member, DecayShape::kLinear, context);
}

}  // namespace gyre::engine
