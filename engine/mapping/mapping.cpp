#include "engine/mapping/mapping.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <span>

#include "engine/analysis/analysis_registry.hpp"
#include "engine/analysis/analyzer.hpp"
#include "engine/analysis/utf8.hpp"
#include "engine/mapping/date_format.hpp"
#include "gyre/schema.hpp"

namespace gyre::engine {

namespace {

// The dialect's defaults for index.mapping.total_fields.limit and depth.limit.
constexpr std::size_t kMaxFields = 1000;
constexpr std::size_t kMaxDepth = 20;
// Of index.mapping.nested_fields.limit.
constexpr std::size_t kMaxNestedFields = 50;

struct TypeName {
  std::string_view name;
  FieldType type;
};
constexpr TypeName kTypes[] = {
    {"object", FieldType::kObject},
    {"nested", FieldType::kObject},
    {"keyword", FieldType::kKeyword},
    {"text", FieldType::kText},
    {"completion", FieldType::kCompletion},
    {"date", FieldType::kDate},
    {"boolean", FieldType::kBoolean},
    {"long", FieldType::kLong},
    {"integer", FieldType::kInteger},
    {"short", FieldType::kShort},
    {"byte", FieldType::kByte},
    {"double", FieldType::kDouble},
    {"float", FieldType::kFloat},
    {"scaled_float", FieldType::kScaledFloat},
};

std::string_view typeName(FieldType type) {
  for (const TypeName& known : kTypes)
    if (known.type == type) return known.name;
  return "object";
}

Status refusal(std::string message) { return {Code::kInvalidArgument, "mapper_parsing_exception", std::move(message)}; }

std::string bracketed(std::string_view text) { return "[" + std::string(utf16Prefix(text, 200)) + "]"; }

std::string shown(json::Value value) { return std::string(utf16Prefix(value.raw(), 100)); }

template <class Names, class NameOf>
std::string suggestion(std::string_view name, const Names& known, NameOf name_of) {
  const std::string_view near = nearestName(name, known, name_of);
  return near.empty() ? std::string() : ", did you mean " + bracketed(near) + "?";
}

// The dialect takes booleans as text as well.
std::optional<bool> booleanOf(json::Value value) {
  if (value.isBoolean()) return value.boolean();
  if (value.string() == "true") return true;
  if (value.string() == "false") return false;
  return std::nullopt;
}

std::optional<std::uint32_t> countOf(json::Value value) {
  const auto number = value.integer();
  if (!number || *number < 1 || *number > std::numeric_limits<std::int32_t>::max()) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

std::string_view dynamicName(Dynamic dynamic) {
  return dynamic == Dynamic::kStrict ? "strict" : dynamic == Dynamic::kFalse ? "false" : "true";
}

// The parameters of one leaf, as they apply to its type.
class LeafParser {
 public:
  LeafParser(Field& field, const AnalysisRegistry& analysis, JsonWriter& out)
      : field_(field), analysis_(analysis), out_(out) {}

  // Everything but "type" and "fields", which the caller knows.
  Status parse(json::Value definition) {
    if (field_.type == FieldType::kText || field_.type == FieldType::kCompletion) field_.has_doc_values = false;
    if (field_.type == FieldType::kCompletion) field_.analyzer = "simple";
    for (const json::Value parameter : definition) {
      if (parameter.key() == "type" || parameter.key() == "fields") continue;
      GYRE_TRY(apply(parameter));
    }
    if (field_.type == FieldType::kScaledFloat && field_.scaling_factor == 0)
      return refusal("field " + bracketed(field_.path) +
                     " of type [scaled_float] misses the required parameter [scaling_factor]");
    resolveAnalyzers();
    write();
    return {};
  }

 private:
  struct Parameter {
    std::string_view name;
    bool (*suits)(FieldType);
    Status (LeafParser::*set)(json::Value);
  };
  static std::span<const Parameter> parameters() {
    constexpr auto kHasColumn = [](FieldType t) { return t == FieldType::kKeyword || isNumeric(t); };
    constexpr auto kNotCompletion = [](FieldType t) { return t != FieldType::kCompletion; };
    constexpr auto kIsKeyword = [](FieldType t) { return t == FieldType::kKeyword; };
    constexpr auto kIsAnalysed = [](FieldType t) { return t == FieldType::kText || t == FieldType::kCompletion; };
    constexpr auto kIsText = [](FieldType t) { return t == FieldType::kText; };
    constexpr auto kIsDate = [](FieldType t) { return t == FieldType::kDate; };
    constexpr auto kIsScaled = [](FieldType t) { return t == FieldType::kScaledFloat; };
    constexpr auto kIsCompletion = [](FieldType t) { return t == FieldType::kCompletion; };
    static constexpr Parameter kParameters[] = {
        {"index", kNotCompletion, &LeafParser::setIndex},
        {"doc_values", kHasColumn, &LeafParser::setDocValues},
        {"ignore_above", kIsKeyword, &LeafParser::setIgnoreAbove},
        {"analyzer", kIsAnalysed, &LeafParser::setAnalyzer},
        {"search_analyzer", kIsAnalysed, &LeafParser::setSearchAnalyzer},
        {"search_quote_analyzer", kIsText, &LeafParser::setQuoteAnalyzer},
        {"position_increment_gap", kIsText, &LeafParser::setPositionGap},
        {"normalizer", kIsKeyword, &LeafParser::setNormalizer},
        {"format", kIsDate, &LeafParser::setFormat},
        {"scaling_factor", kIsScaled, &LeafParser::setScalingFactor},
        {"max_input_length", kIsCompletion, &LeafParser::setMaxInputLength},
        {"preserve_separators", kIsCompletion, &LeafParser::requireTrue},
        {"preserve_position_increments", kIsCompletion, &LeafParser::requireTrue},
        {"contexts", kIsCompletion, &LeafParser::setContexts},
    };
    return kParameters;
  }

  Status apply(json::Value value) {
    for (const Parameter& known : parameters())
      if (known.name == value.key() && known.suits(field_.type)) return (this->*known.set)(value);
    std::vector<std::string_view> suited = {"type", "fields"};
    for (const Parameter& known : parameters())
      if (known.suits(field_.type)) suited.push_back(known.name);
    return refusal("unknown parameter " + bracketed(value.key()) + " on field " + bracketed(field_.path) +
                   " of type [" + std::string(typeName(field_.type)) + "]" +
                   suggestion(value.key(), suited, [](std::string_view name) { return name; }));
  }

  Status wrong(json::Value value, std::string_view expected) const {
    return refusal("parameter " + bracketed(value.key()) + " of field " + bracketed(field_.path) + ": expected " +
                   std::string(expected) + ", found " + shown(value));
  }

  Status setIndex(json::Value value) {
    const auto is_on = booleanOf(value);
    if (!is_on) return wrong(value, "true or false");
    field_.is_indexed = *is_on;
    is_index_given_ = true;
    return {};
  }
  Status setDocValues(json::Value value) {
    const auto is_on = booleanOf(value);
    if (!is_on) return wrong(value, "true or false");
    field_.has_doc_values = *is_on;
    is_doc_values_given_ = true;
    return {};
  }
  Status setIgnoreAbove(json::Value value) {
    const auto count = countOf(value);
    if (!count) return wrong(value, "a whole number above 0");
    field_.ignore_above = *count;
    return {};
  }
  Result<const Analyzer*> analyzerOf(json::Value value) const {
    const Analyzer* const analyzer = analysis_.analyzer(value.string());
    if (analyzer == nullptr)
      return refusal("analyzer " + bracketed(value.isString() ? value.string() : shown(value)) +
                     " has not been configured in mappings");
    return analyzer;
  }
  Status setAnalyzer(json::Value value) {
    GYRE_TRY_ASSIGN(field_.index_analyzer, analyzerOf(value));
    field_.analyzer = std::string(value.string());
    is_analyzer_given_ = true;
    return {};
  }
  Status setSearchAnalyzer(json::Value value) {
    GYRE_TRY_ASSIGN(field_.search_analyzer, analyzerOf(value));
    search_analyzer_ = std::string(value.string());
    return {};
  }
  Status setQuoteAnalyzer(json::Value value) {
    GYRE_TRY_ASSIGN(field_.quote_analyzer, analyzerOf(value));
    quote_analyzer_ = std::string(value.string());
    return {};
  }
  Status setPositionGap(json::Value value) {
    const auto gap = value.isString() ? std::nullopt : value.integer();
    if (!gap || *gap < 0 || *gap > std::numeric_limits<std::int32_t>::max())
      return wrong(value, "a whole number from 0");
    field_.position_gap = static_cast<std::uint32_t>(*gap);
    is_position_gap_given_ = true;
    return {};
  }
  Status setNormalizer(json::Value value) {
    field_.normalizer = analysis_.normalizer(value.string());
    if (field_.normalizer == nullptr)
      return refusal("normalizer " + bracketed(value.string()) + " not found for field " + bracketed(field_.path));
    normalizer_ = std::string(value.string());
    return {};
  }
  // What is not given: the settings' own default to search, else as to index.
  void resolveAnalyzers() {
    if (field_.type == FieldType::kCompletion) {
      if (!is_analyzer_given_) field_.index_analyzer = analysis_.analyzer("simple");
      if (field_.search_analyzer == nullptr) field_.search_analyzer = field_.index_analyzer;
    } else if (field_.type == FieldType::kText) {
      const bool is_search_given = field_.search_analyzer != nullptr;
      if (!is_analyzer_given_) field_.index_analyzer = &analysis_.defaultAnalyzer();
      if (!is_search_given) field_.search_analyzer = analysis_.defaultSearchAnalyzer();
      if (field_.search_analyzer == nullptr) field_.search_analyzer = field_.index_analyzer;
      if (field_.quote_analyzer == nullptr && !is_search_given)
        field_.quote_analyzer = analysis_.defaultQuoteAnalyzer();
      if (field_.quote_analyzer == nullptr) field_.quote_analyzer = field_.search_analyzer;
      if (!is_position_gap_given_) field_.position_gap = field_.index_analyzer->positionGap();
    }
  }
  Status setFormat(json::Value value) {
    if (!value.isString() || value.string().empty()) return wrong(value, "a date format");
    const auto format = DateFormat::parse(value.string());
    if (!format.isOk())
      return refusal("field " + bracketed(field_.path) + ": " + std::string(format.status().message()));
    field_.format = std::string(value.string());
    return {};
  }
  Status setScalingFactor(json::Value value) {
    const auto factor = value.real();
    if (!factor || !(*factor > 0) || !std::isfinite(*factor)) return wrong(value, "a number above 0");
    field_.scaling_factor = *factor;
    return {};
  }
  Status setMaxInputLength(json::Value value) {
    const auto count = countOf(value);
    if (!count) return wrong(value, "a whole number above 0");
    field_.max_input_length = *count;
    return {};
  }
  Status requireTrue(json::Value value) {
    if (booleanOf(value) != true) return wrong(value, "true, the only value offered");
    return {};
  }

  Status setContexts(json::Value value) {
    if (value.isObject()) return addContext(value);
    if (!value.isArray()) return wrong(value, "an array of contexts");
    for (const json::Value context : value) GYRE_TRY(addContext(context));
    return {};
  }
  Status addContext(json::Value context) {
    const std::string where = "context of field " + bracketed(field_.path);
    if (!context.isObject())
      return refusal(where + ": expected an object, found " + std::string(json::kindName(context.kind())));
    CompletionContext parsed;
    bool is_category = false;
    for (const json::Value member : context) {
      const std::string_view text = member.string();
      if (member.key() == "name" && isName(text))
        parsed.name = std::string(text);
      else if (member.key() == "path" && isName(text))
        parsed.path = std::string(text);
      else if (member.key() == "type" && (text == "category" || text == "CATEGORY"))
        is_category = true;
      else
        return refusal(where + ": " + bracketed(member.key()) + " " + shown(member) +
                       " is not understood; a context has a name, the type category and perhaps a path");
    }
    if (parsed.name.empty() || !is_category) return refusal(where + ": name and type are required");
    for (const CompletionContext& other : field_.contexts)
      if (other.name == parsed.name) return refusal(where + ": the name " + bracketed(parsed.name) + " stands twice");
    field_.contexts.push_back(std::move(parsed));
    return {};
  }
  // NUL and \x1d separate contexts in the index.
  static bool isName(std::string_view text) { return !text.empty() && isPrintable(text); }

  void write() {
    out_.member("type", typeName(field_.type));
    if (is_index_given_) out_.member("index", field_.is_indexed);
    if (is_doc_values_given_) out_.member("doc_values", field_.has_doc_values);
    if (!field_.format.empty()) out_.member("format", field_.format);
    if (field_.ignore_above != 0) out_.member("ignore_above", field_.ignore_above);
    if (field_.type == FieldType::kScaledFloat) writeScalingFactor();
    if (is_analyzer_given_ || field_.type == FieldType::kCompletion) out_.member("analyzer", field_.analyzer);
    if (!search_analyzer_.empty()) out_.member("search_analyzer", search_analyzer_);
    if (!quote_analyzer_.empty()) out_.member("search_quote_analyzer", quote_analyzer_);
    if (!normalizer_.empty()) out_.member("normalizer", normalizer_);
    if (is_position_gap_given_) out_.member("position_increment_gap", field_.position_gap);
    if (field_.type != FieldType::kCompletion) return;
    out_.member("preserve_separators", true).member("preserve_position_increments", true);
    out_.member("max_input_length", field_.max_input_length);
    if (field_.contexts.empty()) return;
    out_.key("contexts").beginArray();
    for (const CompletionContext& context : field_.contexts) {
      out_.beginObject().member("name", context.name).member("type", "CATEGORY");
      if (!context.path.empty()) out_.member("path", context.path);
      out_.endObject();
    }
    out_.endArray();
  }
  // The dialect shows it as a double, with a fraction.
  void writeScalingFactor() {
    std::string text;
    JsonWriter(text).real(field_.scaling_factor);
    if (text.find_first_of(".e") == std::string::npos) text += ".0";
    out_.rawMember("scaling_factor", text);
  }

  Field& field_;
  const AnalysisRegistry& analysis_;
  JsonWriter& out_;
  std::string search_analyzer_;
  std::string quote_analyzer_;
  std::string normalizer_;
  bool is_position_gap_given_ = false;
  bool is_index_given_ = false;
  bool is_doc_values_given_ = false;
  bool is_analyzer_given_ = false;
};

}  // namespace

// Walks the mapping JSON once, filling the fields and writing the canonical text side by side.
class Mapping::Parser {
 public:
  explicit Parser(Mapping& mapping) : mapping_(mapping), out_(mapping.json_) {}

  Status parse(json::Value root) {
    if (!root.isMissing() && !root.isNull() && !root.isObject())
      return refusal("a mapping must be an object, found " + std::string(json::kindName(root.kind())));
    json::Value properties;
    for (const json::Value member : root) {
      if (member.key() == "properties") {
        properties = member;
      } else if (member.key() == "dynamic") {
        GYRE_TRY_ASSIGN(mapping_.dynamic_, dynamicOf(member, ""));
      } else {
        return unknownMember(member, "of the mapping", kRootMembers);
      }
    }
    out_.beginObject().member("dynamic", dynamicName(mapping_.dynamic_));
    GYRE_TRY(addProperties(properties, "", mapping_.dynamic_, std::nullopt, 1));
    out_.endObject();
    return finish();
  }

 private:
  static constexpr std::array<std::string_view, 2> kRootMembers = {"properties", "dynamic"};
  static constexpr std::array<std::string_view, 4> kObjectMembers = {"type", "properties", "dynamic", "enabled"};
  static constexpr std::array<std::string_view, 6> kNestedMembers = {"type",    "properties",        "dynamic",
                                                                     "enabled", "include_in_parent", "include_in_root"};

  template <class Names>
  static Status unknownMember(json::Value member, const std::string& where, const Names& known) {
    return refusal("unknown parameter " + bracketed(member.key()) + " " + where +
                   suggestion(member.key(), known, [](std::string_view name) { return name; }));
  }

  static Result<Dynamic> dynamicOf(json::Value value, std::string_view path) {
    if (value.string() == "strict") return Dynamic::kStrict;
    const auto is_on = booleanOf(value);
    if (is_on == false) return Dynamic::kFalse;
    const std::string where = path.empty() ? std::string("of the mapping") : "of object " + bracketed(path);
    if (is_on == true)
      return Status(Code::kUnimplemented, "parameter [dynamic] " + where +
                                              ": true is not offered, fields must be mapped; use \"strict\" or false");
    return refusal("parameter [dynamic] " + where + ": expected \"strict\" or false, found " + shown(value));
  }

  std::vector<std::uint16_t>& childrenOf(std::optional<std::uint16_t> parent) {
    return parent ? mapping_.fields_[*parent].children : mapping_.roots_;
  }

  // "properties", its members by name as the dialect prints them.
  Status addProperties(json::Value properties, const std::string& prefix, Dynamic dynamic,
                       std::optional<std::uint16_t> parent, std::size_t depth) {
    if (properties.isMissing()) return {};
    if (!properties.isObject())
      return refusal("[properties] of " +
                     (prefix.empty() ? std::string("the mapping") : "object " + bracketed(prefix)) +
                     " must be an object, found " + std::string(json::kindName(properties.kind())));
    if (depth > kMaxDepth) return refusal("the mapping is more than " + std::to_string(kMaxDepth) + " objects deep");
    if (properties.size() == 0) return {};
    out_.key("properties").beginObject();
    for (const json::Value definition : sorted(properties))
      GYRE_TRY(addField(definition, prefix, dynamic, parent, depth));
    out_.endObject();
    return {};
  }

  static std::vector<json::Value> sorted(json::Value object) {
    std::vector<json::Value> members(object.begin(), object.end());
    std::sort(members.begin(), members.end(), [](json::Value a, json::Value b) { return a.key() < b.key(); });
    return members;
  }

  // A new field with its path and ordinal; its type and parameters follow.
  Result<std::uint16_t> append(json::Value definition, const std::string& prefix) {
    const std::string_view name = definition.key();
    if (name.empty() || name.find('.') != std::string_view::npos || !isPrintable(name))
      return refusal("field name " + bracketed(name) + (prefix.empty() ? "" : " under " + bracketed(prefix)) +
                     " must be printable, not empty and without dots (nest objects by properties)");
    const std::string path = prefix.empty() ? std::string(name) : prefix + "." + std::string(name);
    if (!definition.isObject())
      return refusal("field " + bracketed(path) + ": expected an object, found " +
                     std::string(json::kindName(definition.kind())));
    if (mapping_.fields_.size() >= kMaxFields)
      return refusal("the mapping has more than " + std::to_string(kMaxFields) + " fields");
    const auto ordinal = static_cast<std::uint16_t>(mapping_.fields_.size());
    Field& field = mapping_.fields_.emplace_back();
    field.path = path;
    field.name = std::string(name);
    field.ordinal = ordinal;
    field.analysis = mapping_.analysis_.get();
    return ordinal;
  }

  Status addField(json::Value definition, const std::string& prefix, Dynamic dynamic,
                  std::optional<std::uint16_t> parent, std::size_t depth) {
    GYRE_TRY_ASSIGN(const std::uint16_t ordinal, append(definition, prefix));
    childrenOf(parent).push_back(ordinal);
    GYRE_TRY_ASSIGN(mapping_.fields_[ordinal].type, typeOf(definition, mapping_.fields_[ordinal].path));
    out_.key(definition.key()).beginObject();
    if (mapping_.fields_[ordinal].type == FieldType::kObject) {
      GYRE_TRY(addObject(definition, ordinal, dynamic, depth));
    } else {
      GYRE_TRY(LeafParser(mapping_.fields_[ordinal], *mapping_.analysis_, out_).parse(definition));
      GYRE_TRY(addMultiFields(definition["fields"], ordinal));
    }
    out_.endObject();
    return {};
  }

  static Result<FieldType> typeOf(json::Value definition, const std::string& path) {
    const json::Value type = definition["type"];
    if (type.isMissing()) {
      for (const std::string_view member : {"properties", "enabled", "dynamic"})
        if (!definition[member].isMissing()) return FieldType::kObject;
      return refusal("no type is given for field " + bracketed(path));
    }
    for (const TypeName& known : kTypes)
      if (known.name == type.string()) return known.type;
    return refusal("field " + bracketed(path) + ": unknown type " +
                   (type.isString() ? bracketed(type.string()) : shown(type)) +
                   suggestion(type.string(), kTypes, [](const TypeName& known) { return known.name; }));
  }

  Status addObject(json::Value definition, std::uint16_t ordinal, Dynamic inherited, std::size_t depth) {
    const std::string path = mapping_.fields_[ordinal].path;
    json::Value properties;
    std::optional<Dynamic> own;
    bool is_enabled = true, in_parent = false, in_root = false;
    const bool is_nested = definition["type"].string() == "nested";
    for (const json::Value member : definition) {
      if (member.key() == "properties") {
        properties = member;
      } else if (member.key() == "dynamic") {
        GYRE_TRY_ASSIGN(own, dynamicOf(member, path));
      } else if (member.key() == "enabled") {
        const auto is_on = booleanOf(member);
        if (!is_on) return refusal("parameter [enabled] of object " + bracketed(path) + ": expected true or false");
        is_enabled = *is_on;
      } else if (is_nested && (member.key() == "include_in_parent" || member.key() == "include_in_root")) {
        const auto is_on = booleanOf(member);
        if (!is_on)
          return refusal("parameter " + bracketed(member.key()) + " of nested field " + bracketed(path) +
                         ": expected true or false");
        (member.key() == "include_in_root" ? in_root : in_parent) = *is_on;
      } else if (member.key() != "type") {
        return is_nested ? unknownMember(member, "on nested field " + bracketed(path), kNestedMembers)
                         : unknownMember(member, "on object " + bracketed(path), kObjectMembers);
      }
    }
    Field& field = mapping_.fields_[ordinal];
    field.is_indexed = field.has_doc_values = false;
    field.dynamic = own.value_or(inherited);
    field.is_enabled = is_enabled;
    field.is_nested = is_nested;
    field.is_included_in_parent = in_parent;
    field.is_included_in_root = in_root;
    if (is_nested) {
      if (++nested_fields_ > kMaxNestedFields)
        return {Code::kInvalidArgument, "illegal_argument_exception",
                "Limit of nested fields [" + std::to_string(kMaxNestedFields) + "] has been exceeded"};
      out_.member("type", "nested");
      if (in_parent) out_.member("include_in_parent", true);
      if (in_root) out_.member("include_in_root", true);
    } else if (properties.size() == 0) {
      out_.member("type", "object");
    }
    if (own) out_.member("dynamic", dynamicName(*own));
    if (!is_enabled) out_.member("enabled", false);
    return addProperties(properties, path, own.value_or(inherited), ordinal, depth + 1);
  }

  Status addMultiFields(json::Value fields, std::uint16_t parent) {
    if (fields.isMissing()) return {};
    const std::string path = mapping_.fields_[parent].path;
    if (!fields.isObject())
      return refusal("[fields] of field " + bracketed(path) + " must be an object, found " +
                     std::string(json::kindName(fields.kind())));
    if (mapping_.fields_[parent].type == FieldType::kCompletion && fields.size() > 0)
      return refusal("field " + bracketed(path) + " of type [completion] takes no [fields]");
    if (fields.size() == 0) return {};
    out_.key("fields").beginObject();
    for (const json::Value definition : sorted(fields)) {
      GYRE_TRY_ASSIGN(const std::uint16_t ordinal, append(definition, path));
      mapping_.fields_[parent].multi_fields.push_back(ordinal);
      Field& field = mapping_.fields_[ordinal];
      GYRE_TRY_ASSIGN(field.type, typeOf(definition, field.path));
      if (field.type == FieldType::kObject)
        return refusal("multi-field " + bracketed(field.path) + " cannot be an object");
      if (!definition["fields"].isMissing())
        return refusal("multi-field " + bracketed(field.path) + " cannot have [fields]");
      out_.key(definition.key()).beginObject();
      GYRE_TRY(LeafParser(field, *mapping_.analysis_, out_).parse(definition));
      out_.endObject();
    }
    out_.endObject();
    return {};
  }

  Status finish() {
    for (const Field& field : mapping_.fields_) mapping_.by_path_.emplace_back(field.path, field.ordinal);
    std::sort(mapping_.by_path_.begin(), mapping_.by_path_.end());
    for (const Field& field : mapping_.fields_) {
      for (const CompletionContext& context : field.contexts) {
        if (context.path.empty()) continue;
        const Field* const source = mapping_.find(context.path);
        if (source == nullptr || (source->type != FieldType::kKeyword && source->type != FieldType::kText))
          return refusal("context " + bracketed(context.name) + " of field " + bracketed(field.path) + ": the path " +
                         bracketed(context.path) + " must be a keyword or text field of the mapping");
      }
    }
    return {};
  }

  Mapping& mapping_;
  JsonWriter out_;
  std::size_t nested_fields_ = 0;
};

Result<std::shared_ptr<const Mapping>> Mapping::parse(json::Value mappings,
                                                      std::shared_ptr<const AnalysisRegistry> analysis) {
  auto mapping = std::make_shared<Mapping>();
  mapping->analysis_ = analysis != nullptr ? std::move(analysis) : AnalysisRegistry::builtIn();
  GYRE_TRY(Parser(*mapping).parse(mappings));
  return std::shared_ptr<const Mapping>(std::move(mapping));
}

const Field* Mapping::find(std::string_view path) const {
  const auto found = std::lower_bound(by_path_.begin(), by_path_.end(), path,
                                      [](const auto& entry, std::string_view wanted) { return entry.first < wanted; });
  return found != by_path_.end() && found->first == path ? &fields_[found->second] : nullptr;
}

const Field* Mapping::nestedAbove(std::string_view path) const {
  for (std::size_t dot = path.rfind('.'); dot != std::string_view::npos && dot > 0; dot = path.rfind('.', dot - 1)) {
    const Field* const object = find(path.substr(0, dot));
    if (object != nullptr && object->is_nested) return object;
  }
  return nullptr;
}

}  // namespace gyre::engine
