#include "engine/mapping/field_parameters.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "engine/analysis/analysis_registry.hpp"
#include "engine/analysis/analyzer.hpp"
#include "engine/analysis/utf8.hpp"
#include "engine/mapping/parameter_readers.hpp"
#include "gyre/schema.hpp"

namespace gyre::engine {

namespace {

using Shown = ParameterRule::Shown;

Status malformed(std::string message) {
  return {Code::kInvalidArgument, "mapper_parsing_exception", std::move(message)};
}
Status illegal(std::string message) {
  return {Code::kInvalidArgument, "illegal_argument_exception", std::move(message)};
}
std::string bracketed(std::string_view text) { return "[" + std::string(utf16Prefix(text, 200)) + "]"; }

// ---- the tables -----------------------------------------------------------------------------------------------------

constexpr ParameterRule kIndex{"index", "true", Shown::kUnlessDefault, false, readFlag<&Field::is_indexed>};
constexpr ParameterRule kDocValues{"doc_values", "true", Shown::kUnlessDefault, false,
                                   readFlag<&Field::has_doc_values>};
constexpr ParameterRule kStore{"store", "false", Shown::kUnlessDefault, false, readFlag<&Field::is_stored>};
constexpr ParameterRule kMeta{"meta", "{}", Shown::kUnlessDefault, true, readMeta};
constexpr ParameterRule kBoost{"boost", "1.0", Shown::kUnlessDefault, true, readBoost};
constexpr ParameterRule kIgnoreMalformed{"ignore_malformed", "false", Shown::kUnlessDefault, true,
                                         readFlag<&Field::ignores_malformed>};
constexpr ParameterRule kExplicitIgnoreMalformed{"ignore_malformed", "false", Shown::kWhenGiven, true,
                                                 readFlag<&Field::ignores_malformed>};
constexpr ParameterRule kCoerce{"coerce", "true", Shown::kWhenGiven, true, readFlag<&Field::is_coerced>};
constexpr ParameterRule kNullText{"null_value", "null", Shown::kUnlessDefault, false, readNullText};
constexpr ParameterRule kNullNumber{"null_value", "null", Shown::kUnlessDefault, false, readNullNumber};
constexpr ParameterRule kEagerOrdinals{"eager_global_ordinals", "false", Shown::kUnlessDefault, true, readIdleFlag};
constexpr ParameterRule kIgnoreAbove{"ignore_above", "2147483647", Shown::kUnlessDefault, true, readIgnoreAbove};
constexpr ParameterRule kSimilarity{"similarity", "null", Shown::kUnlessDefault, false, readSimilarity};
constexpr ParameterRule kNormalizer{"normalizer", "\"default\"", Shown::kUnlessDefault, false, readNormalizer};
constexpr ParameterRule kDetail{"index_options", "\"positions\"", Shown::kUnlessDefault, false, readDetail};
constexpr ParameterRule kTermVector{"term_vector", "\"no\"", Shown::kUnlessDefault, false, readTermVector};
constexpr ParameterRule kNorms{"norms", "true", Shown::kUnlessDefault, false, readFlag<&Field::has_norms>};
constexpr ParameterRule kAnalyzer{"analyzer", "\"default\"", Shown::kUnlessDefault, false, readAnalyzer};
constexpr ParameterRule kSearchAnalyzer{"search_analyzer", "\"default\"", Shown::kUnlessDefault, true,
                                        readSearchAnalyzer};
constexpr ParameterRule kQuoteAnalyzer{"search_quote_analyzer", "\"default\"", Shown::kUnlessDefault, true,
                                       readQuoteAnalyzer};
constexpr ParameterRule kFormat{"format", "\"strict_date_optional_time||epoch_millis\"", Shown::kUnlessDefault, false,
                                readFormat};
constexpr ParameterRule kLocale{"locale", "\"\"", Shown::kUnlessDefault, false, readIdleText};

constexpr ParameterRule kKeywordRules[] = {
    kIndex,
    kDocValues,
    kStore,
    kNullText,
    kEagerOrdinals,
    kIgnoreAbove,
    {"index_options", "\"docs\"", Shown::kUnlessDefault, false, readKeywordDetail},
    {"norms", "false", Shown::kUnlessDefault, true, readKeywordNorms},
    kSimilarity,
    kNormalizer,
    {"split_queries_on_whitespace", "false", Shown::kUnlessDefault, true, readFlag<&Field::splits_queries>},
    kBoost,
    kMeta};
constexpr ParameterRule kTextRules[] = {
    kBoost,
    kIndex,
    kStore,
    kMeta,
    kDetail,
    kTermVector,
    kNorms,
    kAnalyzer,
    kSearchAnalyzer,
    kQuoteAnalyzer,
    kSimilarity,
    kEagerOrdinals,
    {"position_increment_gap", "-1", Shown::kUnlessDefault, false, readPositionGap},
    {"fielddata", "false", Shown::kUnlessDefault, true, readFlag<&Field::has_fielddata>},
    {"fielddata_frequency_filter", "{\"min\":0.0,\"max\":2147483647.0,\"min_segment_size\":0}", Shown::kUnlessDefault,
     true, readFrequencyFilter},
    {"index_prefixes", "null", Shown::kUnlessDefault, false, readIndexPrefixes},
    {"index_phrases", "false", Shown::kUnlessDefault, false, readFlag<&Field::has_index_phrases>}};
constexpr ParameterRule kSearchAsYouTypeRules[] = {
    kIndex,
    kStore,
    {"doc_values", "false", Shown::kAlways, false, readFlag<&Field::has_doc_values>},
    {"max_shingle_size", "3", Shown::kAlways, false, readShingleSize},
    kAnalyzer,
    kSearchAnalyzer,
    kQuoteAnalyzer,
    kSimilarity,
    kDetail,
    kNorms,
    kTermVector,
    kMeta};
constexpr ParameterRule kNumberRules[] = {kIndex,  kDocValues,  kStore, kExplicitIgnoreMalformed,
                                          kCoerce, kNullNumber, kMeta};
constexpr ParameterRule kScaledRules[] = {kIndex,  kDocValues,
                                          kStore,  kExplicitIgnoreMalformed,
                                          kMeta,   {"scaling_factor", "null", Shown::kAlways, false, readScalingFactor},
                                          kCoerce, kNullNumber};
constexpr ParameterRule kDateRules[] = {
    kIndex,
    kDocValues,
    kStore,
    kFormat,
    {"print_format", "\"strict_date_optional_time\"", Shown::kUnlessDefault, false, readPrintFormat},
    kLocale,
    kNullText,
    kIgnoreMalformed,
    kBoost,
    kMeta};
constexpr ParameterRule kBooleanRules[] = {
    kMeta, kBoost, kDocValues, kIndex, {"null_value", "null", Shown::kUnlessDefault, false, readNullBoolean}, kStore};
constexpr ParameterRule kBinaryRules[] = {
    kMeta, kStore, {"doc_values", "false", Shown::kUnlessDefault, false, readFlag<&Field::has_doc_values>}};
constexpr ParameterRule kPointRules[] = {
    kIndex, kDocValues,       kStore,
    kMeta,  kIgnoreMalformed, {"ignore_z_value", "true", Shown::kWhenGiven, true, readIdleFlag}};
constexpr ParameterRule kIpRules[] = {kIndex, kDocValues, kStore, kIgnoreMalformed, kNullText, kMeta};
constexpr ParameterRule kConstantRules[] = {{"value", "null", Shown::kAlways, false, readConstant}};
constexpr ParameterRule kWildcardRules[] = {
    kNullText,
    kIgnoreAbove,
    kNormalizer,
    {"doc_values", "false", Shown::kAlways, false, readFlag<&Field::has_doc_values>},
    kMeta};
constexpr ParameterRule kTokenCountRules[] = {
    kIndex,      kDocValues,
    kStore,      {"analyzer", "null", Shown::kAlways, true, readAnalyzer},
    kNullNumber, {"enable_position_increments", "true", Shown::kUnlessDefault, false, readFlag<&Field::counts_gaps>},
    kMeta};
constexpr ParameterRule kRangeRules[] = {kIndex, kDocValues, kStore, kCoerce, kBoost, kMeta, kIgnoreMalformed};
constexpr ParameterRule kDateRangeRules[] = {kIndex,  kDocValues, kStore, kCoerce,         kFormat,
                                             kLocale, kBoost,     kMeta,  kIgnoreMalformed};
constexpr ParameterRule kFlatObjectRules[] = {kMeta};
constexpr ParameterRule kCompletionRules[] = {
    {"analyzer", "\"simple\"", Shown::kAlways, false, readAnalyzer},
    {"search_analyzer", "\"simple\"", Shown::kUnlessDefault, true, readSearchAnalyzer},
    {"preserve_separators", "true", Shown::kAlways, false, readFlag<&Field::keeps_separators>},
    {"preserve_position_increments", "true", Shown::kAlways, false, readFlag<&Field::counts_gaps>},
    {"max_input_length", "50", Shown::kAlways, true, readMaxInputLength},
    {"contexts", "null", Shown::kUnlessDefault, false, readContexts},
    kMeta};
constexpr ParameterRule kAliasRules[] = {{"path", "null", Shown::kAlways, true, readAliasPath}};

void prepareText(Field& field) { field.has_doc_values = false; }
void prepareMatchOnly(Field& field) { field.has_doc_values = field.has_norms = field.is_scored = false; }
void prepareWildcard(Field& field) { field.has_doc_values = field.is_scored = false; }
void prepareConstant(Field& field) { field.is_scored = false; }
void prepareBinary(Field& field) { field.is_indexed = field.has_doc_values = false; }
void prepareHalf(Field& field) { field.is_half = true; }
void prepareCompletion(Field& field) {
  field.has_doc_values = false;
  field.analyzer = "simple";
}
void prepareAlias(Field& field) { field.is_indexed = field.has_doc_values = false; }
void prepareFlatObject(Field& field) { field.has_doc_values = false; }
template <FieldType kEnds>
void prepareRange(Field& field) {
  field.range_of = kEnds;
}

FieldParameter* given(Field& field, std::string_view name) {
  for (FieldParameter& parameter : field.parameters)
    if (parameter.name == name) return &parameter;
  return nullptr;
}

// What is not given: the settings' own default to search, else as to index.
void resolveAnalyzers(Field& field) {
  const AnalysisRegistry& analysis = *field.analysis;
  const bool is_search_given = field.search_analyzer != nullptr;
  if (field.type == FieldType::kCompletion) {
    if (field.index_analyzer == nullptr) field.index_analyzer = analysis.analyzer("simple");
    if (!is_search_given) field.search_analyzer = field.index_analyzer;
    return;
  }
  if (field.index_analyzer == nullptr) field.index_analyzer = &analysis.defaultAnalyzer();
  if (!is_search_given) field.search_analyzer = analysis.defaultSearchAnalyzer();
  if (field.search_analyzer == nullptr) field.search_analyzer = field.index_analyzer;
  if (field.quote_analyzer == nullptr && !is_search_given) field.quote_analyzer = analysis.defaultQuoteAnalyzer();
  if (field.quote_analyzer == nullptr) field.quote_analyzer = field.search_analyzer;
  if (given(field, "position_increment_gap") == nullptr) field.position_gap = field.index_analyzer->positionGap();
}

// An analyzer for searches is printed together with the one it differs from.
Status completeText(Field& field) {
  const auto ensure = [&](std::string_view name, std::size_t before, std::string json) {
    if (given(field, name) == nullptr)
      field.parameters.insert(field.parameters.begin() + static_cast<std::ptrdiff_t>(before), {name, std::move(json)});
  };
  const auto placeOf = [&](std::string_view name) {
    return static_cast<std::size_t>(given(field, name) - field.parameters.data());
  };
  const FieldParameter* const analyzer = given(field, "analyzer");
  const std::string own = analyzer == nullptr ? "\"default\"" : analyzer->json;
  if (given(field, "search_quote_analyzer") != nullptr)
    ensure("search_analyzer", placeOf("search_quote_analyzer"), own);
  if (given(field, "search_analyzer") != nullptr) ensure("analyzer", placeOf("search_analyzer"), own);
  // … and not where it does not.
  const auto dropSame = [&](std::string_view name, std::string_view json) {
    if (const FieldParameter* const same = given(field, name); same != nullptr && same->json == json)
      field.parameters.erase(field.parameters.begin() + (same - field.parameters.data()));
  };
  if (const FieldParameter* const search = given(field, "search_analyzer"); search != nullptr)
    dropSame("search_quote_analyzer", std::string(search->json));
  if (given(field, "search_quote_analyzer") == nullptr) dropSame("search_analyzer", own);
  if (given(field, "position_increment_gap") != nullptr && field.detail < IndexDetail::kPositions)
    return illegal("Cannot set position_increment_gap on field " + bracketed(field.name) +
                   " without positions enabled");
  if (field.has_index_phrases && field.detail < IndexDetail::kPositions)
    return illegal("Cannot set index_phrases on field " + bracketed(field.name) + " if positions are not enabled");
  if (!field.is_indexed && field.has_index_phrases)
    return illegal("Cannot set index_phrases on unindexed field " + bracketed(field.name));
  if (!field.is_indexed && given(field, "index_prefixes") != nullptr)
    return illegal("Cannot set index_prefixes on unindexed field " + bracketed(field.name));
  if (!field.is_indexed && field.has_fielddata)
    return illegal("Cannot enable fielddata on field " + bracketed(field.name) + " that is not indexed");
  return {};
}
Status completeMatchOnly(Field& field) {
  if (given(field, "norms") != nullptr || field.has_norms)
    return illegal("Norms cannot be enabled on for match_only_text field");
  if (given(field, "index_options") != nullptr)
    return illegal("index_options cannot be changed for match_only_text field");
  if (given(field, "index_phrases") != nullptr)
    return illegal("Index phrases cannot be enabled on for match_only_text field");
  if (given(field, "index_prefixes") != nullptr)
    return illegal("Index prefixes cannot be enabled on for match_only_text field");
  return completeText(field);
}
Status completeShingled(Field& field) {
  if (field.has_doc_values) return malformed("Cannot set doc_values on field " + bracketed(field.name));
  return completeText(field);
}
Status completeScaled(Field& field) {
  return field.scaling_factor == 0 ? illegal("Field [scaling_factor] is required") : Status();
}
Status completeTokenCount(Field& field) {
  return given(field, "analyzer") == nullptr
             ? malformed("Analyzer must be set for field " + bracketed(field.name) + " but wasn't.")
             : Status();
}
Status completeConstant(Field& field) {
  if (field.constant_value) return {};
  return {Code::kInvalidArgument, "parse_exception",
          "Field " + bracketed(field.name) + " is missing required parameter [value]"};
}
Status completeAlias(Field& field) {
  return field.alias_path.empty()
             ? malformed("The [path] property must be specified for field " + bracketed(field.name) + ".")
             : Status();
}

constexpr FieldTypeRules kTypes[] = {
    {"keyword", FieldType::kKeyword, kKeywordRules, nullptr, nullptr},
    {"text", FieldType::kText, kTextRules, prepareText, completeText},
    {"completion", FieldType::kCompletion, kCompletionRules, prepareCompletion, nullptr},
    {"date", FieldType::kDate, kDateRules, nullptr, nullptr},
    {"boolean", FieldType::kBoolean, kBooleanRules, nullptr, nullptr},
    {"long", FieldType::kLong, kNumberRules, nullptr, nullptr},
    {"integer", FieldType::kInteger, kNumberRules, nullptr, nullptr},
    {"short", FieldType::kShort, kNumberRules, nullptr, nullptr},
    {"byte", FieldType::kByte, kNumberRules, nullptr, nullptr},
    {"double", FieldType::kDouble, kNumberRules, nullptr, nullptr},
    {"float", FieldType::kFloat, kNumberRules, nullptr, nullptr},
    {"half_float", FieldType::kFloat, kNumberRules, prepareHalf, nullptr},
    {"scaled_float", FieldType::kScaledFloat, kScaledRules, nullptr, completeScaled},
    {"unsigned_long", FieldType::kUnsignedLong, kNumberRules, nullptr, nullptr},
    {"date_nanos", FieldType::kDateNanos, kDateRules, nullptr, nullptr},
    {"ip", FieldType::kIp, kIpRules, nullptr, nullptr},
    {"geo_point", FieldType::kBinary, kPointRules, nullptr, nullptr},
    {"binary", FieldType::kBinary, kBinaryRules, prepareBinary, nullptr},
    {"constant_keyword", FieldType::kKeyword, kConstantRules, prepareConstant, completeConstant},
    {"wildcard", FieldType::kKeyword, kWildcardRules, prepareWildcard, nullptr},
    {"match_only_text", FieldType::kText, kTextRules, prepareMatchOnly, completeMatchOnly},
    {"search_as_you_type", FieldType::kText, kSearchAsYouTypeRules, prepareText, completeShingled},
    {"token_count", FieldType::kInteger, kTokenCountRules, nullptr, completeTokenCount},
    {"integer_range", FieldType::kRange, kRangeRules, prepareRange<FieldType::kInteger>, nullptr},
    {"long_range", FieldType::kRange, kRangeRules, prepareRange<FieldType::kLong>, nullptr},
    {"float_range", FieldType::kRange, kRangeRules, prepareRange<FieldType::kFloat>, nullptr},
    {"double_range", FieldType::kRange, kRangeRules, prepareRange<FieldType::kDouble>, nullptr},
    {"date_range", FieldType::kRange, kDateRangeRules, prepareRange<FieldType::kDate>, nullptr},
    {"ip_range", FieldType::kRange, kRangeRules, prepareRange<FieldType::kIp>, nullptr},
    {"flat_object", FieldType::kFlatObject, kFlatObjectRules, prepareFlatObject, nullptr},
    {"alias", FieldType::kAlias, kAliasRules, prepareAlias, completeAlias},
};

constexpr std::string_view kUnoffered[] = {
    "geo_shape", "percolator", "join",       "rank_feature", "rank_features", "star_tree",      "derived",
    "point",     "shape",      "knn_vector", "xy_point",     "xy_shape",      "annotated_text", "icu_collation_keyword",
    "murmur3"};

// As the dialect shows a value in the refusal of an update: texts bare.
std::string shownValue(std::string_view json) {
  if (json.size() >= 2 && json.front() == '"') return std::string(json.substr(1, json.size() - 2));
  return std::string(json);
}

}  // namespace

const FieldTypeRules* findFieldType(std::string_view name) {
  for (const FieldTypeRules& type : kTypes)
    if (type.name == name) return &type;
  return nullptr;
}

std::string_view nearestFieldType(std::string_view name) {
  return nearestName(name, kTypes, [](const FieldTypeRules& type) { return type.name; });
}

bool isUnofferedType(std::string_view name) {
  return std::find(std::begin(kUnoffered), std::end(kUnoffered), name) != std::end(kUnoffered);
}

Status readParameters(Field& field, json::Value definition, const MappingOptions& options) {
  const FieldTypeRules& type = *findFieldType(field.type_name);
  field.type = type.type;
  const auto takes = [&](std::string_view name) {
    return std::any_of(type.parameters.begin(), type.parameters.end(),
                       [&](const ParameterRule& rule) { return rule.name == name; });
  };
  field.ignores_malformed = options.ignores_malformed && takes("ignore_malformed");
  field.is_coerced = options.coerces || !takes("coerce");
  if (type.prepare != nullptr) type.prepare(field);
  std::vector<FieldParameter> read(type.parameters.size());
  std::vector<bool> is_given(type.parameters.size(), false);
  for (const json::Value parameter : definition) {
    const std::string_view name = parameter.key();
    if (name == "type" || name == "fields" || name == "properties" || name == "copy_to") continue;
    const auto rule = std::find_if(type.parameters.begin(), type.parameters.end(),
                                   [&](const ParameterRule& each) { return each.name == name; });
    if (rule == type.parameters.end() && type.type == FieldType::kFlatObject)
      return malformed("Mapping definition for " + bracketed(field.name) + " has unsupported parameters:  [" +
                       std::string(name) + " : " +
                       std::string(parameter.isString() ? parameter.string() : parameter.raw()) + "]");
    if (rule == type.parameters.end()) {
      const std::string_view near =
          nearestName(name, type.parameters, [](const ParameterRule& each) { return each.name; });
      return malformed("unknown parameter " + bracketed(name) + " on mapper " + bracketed(field.name) + " of type " +
                       bracketed(type.name) +
                       (near.empty() ? std::string() : ", did you mean " + bracketed(near) + "?"));
    }
    if (parameter.isNull() && rule->default_json != "null" && name != "normalizer")
      return malformed(bracketed(name) + " on mapper " + bracketed(field.name) + " of type " + bracketed(type.name) +
                       " must not have a [null] value");
    const auto at = static_cast<std::size_t>(rule - type.parameters.begin());
    auto text = rule->read(field, parameter);
    if (!text.isOk()) {
      const std::string_view message = text.status().message();
      return message.starts_with("parameter ") ? text.status().withPrefix("field " + bracketed(field.path))
                                               : text.status();
    }
    is_given[at] = true;
    read[at] = {rule->name, std::move(text).value()};
  }
  for (std::size_t i = 0; i < read.size(); ++i) {
    const ParameterRule& rule = type.parameters[i];
    if (rule.shown == Shown::kAlways && !is_given[i] && rule.default_json != "null")
      field.parameters.push_back({rule.name, std::string(rule.default_json)});
    else if (is_given[i] && (rule.shown != Shown::kUnlessDefault || read[i].json != rule.default_json))
      field.parameters.push_back(std::move(read[i]));
  }
  if (field.type == FieldType::kText || field.type == FieldType::kCompletion || takes("analyzer"))
    resolveAnalyzers(field);
  return type.complete == nullptr ? Status() : type.complete(field);
}

Status updateParameters(Field& field, const Field& incoming) {
  const FieldTypeRules& type = *findFieldType(field.type_name);
  const auto valueOf = [](const Field& of, const ParameterRule& rule) -> std::string_view {
    for (const FieldParameter& parameter : of.parameters)
      if (parameter.name == rule.name) return parameter.json;
    return rule.default_json;
  };
  std::string conflicts;
  for (const ParameterRule& rule : type.parameters) {
    const std::string_view before = valueOf(field, rule);
    const std::string_view after = valueOf(incoming, rule);
    // Lengths may be given up, never taken up again.
    const bool drops_norms = rule.name == "norms" && before == "true" && after == "false";
    if (before == after || rule.is_updatable || drops_norms) continue;
    conflicts += "\n\tCannot update parameter " + bracketed(rule.name) + " from [" + shownValue(before) + "] to [" +
                 shownValue(after) + "]";
  }
  if (!conflicts.empty())
    return illegal("Mapper for " + bracketed(field.path) + " conflicts with existing mapper:" + conflicts);
  Field updated = incoming;
  updated.ordinal = field.ordinal;
  updated.multi_fields = std::move(field.multi_fields);
  updated.children = std::move(field.children);
  field = std::move(updated);
  return {};
}

void writeParameters(const Field& field, bool with_defaults, JsonWriter& out) {
  out.member("type", field.type_name);
  if (!with_defaults) {
    for (const FieldParameter& parameter : field.parameters) out.rawMember(parameter.name, parameter.json);
    return;
  }
  for (const ParameterRule& rule : findFieldType(field.type_name)->parameters) {
    std::string_view text = rule.default_json;
    for (const FieldParameter& parameter : field.parameters)
      if (parameter.name == rule.name) text = parameter.json;
    out.rawMember(rule.name, text);
  }
}

}  // namespace gyre::engine
