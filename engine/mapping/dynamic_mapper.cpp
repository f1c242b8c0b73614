#include <algorithm>
#include <array>

#include "engine/analysis/utf8.hpp"
#include "engine/mapping/date_format.hpp"
#include "engine/mapping/dynamic_template.hpp"
#include "engine/mapping/failure_cause.hpp"
#include "engine/mapping/mapping.hpp"
#include "engine/mapping/mapping_builder.hpp"
#include "engine/mapping/number_text.hpp"

namespace gyre::engine {

namespace {

// Deeper than the document parser goes, so that it is the one to refuse.
constexpr std::uint32_t kMaxDepth = 200;
constexpr std::string_view kTextWithKeyword =
    R"({"type":"text","fields":{"keyword":{"type":"keyword","ignore_above":256}}})";
// Formats of texts that become dates, besides the default one, which is tried first.
constexpr std::string_view kSlashedDates = "yyyy/MM/dd HH:mm:ss||yyyy/MM/dd||epoch_millis";

bool isDecimal(std::string_view text, FieldType type) {
  Field number;
  number.type = type;
  return !text.empty() && encodeNumber(number, text).fault == NumberFault::kNone;
}

std::string typed(std::string_view type) { return R"({"type":")" + std::string(type) + "\"}"; }

// What a value tells about the field it founds.
struct Inferred {
  DynamicKind kind = DynamicKind::kString;
  std::string format;  // of a date, "" for the default
};

// Walks a document along the mapping as the document parser does, and gives every member that has no field one.
class DynamicMapper {
 public:
  explicit DynamicMapper(const Mapping& base) : base_(base), builder_(base) {}

  Result<std::shared_ptr<const Mapping>> run(json::Value document) {
    GYRE_TRY(members(document, "", base_.dynamic()));
    if (builder_.changes() == 0) return std::shared_ptr<const Mapping>();
    return builder_.finish();
  }

 private:
  static std::string below(const std::string& prefix, std::string_view part) {
    return prefix.empty() ? std::string(part) : prefix + "." + std::string(part);
  }

  Status strict(Dynamic dynamic, std::string_view part, const std::string& prefix) const {
    return {Code::kInvalidArgument, "strict_dynamic_mapping_exception",
            std::string("mapping set to ") + (dynamic == Dynamic::kStrict ? "strict" : "strict_allow_templates") +
                ", dynamic introduction of [" + std::string(utf16Prefix(part, 100)) + "] within [" +
                (prefix.empty() ? std::string("_doc") : prefix) + "] is not allowed"};
  }

  Status members(json::Value object, const std::string& prefix, Dynamic dynamic) {
    for (const json::Value value : object) GYRE_TRY(member(value, value.key(), prefix, dynamic));
    return {};
  }

  Status member(json::Value value, std::string_view name, std::string prefix, Dynamic dynamic) {
    for (;;) {
      const std::size_t dot = name.find('.');
      const std::string_view part = name.substr(0, dot);
      const bool is_last = dot == std::string_view::npos;
      const std::string path = below(prefix, part);
      const Field* const field = builder_.find(path);
      if (field == nullptr) {
        if (dynamic == Dynamic::kFalse) return {};
        if (dynamic == Dynamic::kStrict) return strict(dynamic, part, prefix);
        if (is_last) return found(value, path, part, prefix, dynamic);
        GYRE_TRY(addObject(path, part, prefix, dynamic));
        continue;  // now it is there
      }
      if (field->type == FieldType::kObject) {
        if (!field->is_enabled) return {};
        dynamic = field->own_dynamic.value_or(dynamic);
        if (is_last) return inObject(value, path, dynamic);
      } else if (is_last) {
        return inLeaf(value, path, part, prefix, dynamic);
      } else {
        return {};  // the parser refuses it
      }
      prefix = path;
      name.remove_prefix(dot + 1);
    }
  }

  // A value, or an array of them, for an object that is mapped.
  Status inObject(json::Value value, const std::string& path, Dynamic dynamic) {
    if (value.isObject()) return members(value, path, dynamic);
    for (const json::Value element : value.isArray() ? value : json::Value())
      GYRE_TRY(inObject(element, path, dynamic));
    return {};
  }

  // For a leaf that is mapped: the document may contradict what an earlier value of it founded.
  Status inLeaf(json::Value value, const std::string& path, std::string_view name, const std::string& prefix,
                Dynamic dynamic) {
    const Field& field = *builder_.find(path);
    if (field.ordinal >= base_.fields().size()) return found(value, path, name, prefix, dynamic);
    return copied(value, field);
  }

  Status copied(json::Value value, const Field& field) {
    if (field.copy_to.empty() || is_copying_ || value.isObject()) return {};
    if (value.isArray()) {
      for (const json::Value element : value) GYRE_TRY(copied(element, *builder_.find(field.path)));
      return {};
    }
    if (value.isNull()) return {};
    is_copying_ = true;
    const std::vector<std::string> targets = field.copy_to;
    for (const std::string& target : targets) {
      const Status status = member(value, target, "", base_.dynamic());
      if (!status.isOk()) return status;
    }
    is_copying_ = false;
    return {};
  }

  // An unmapped member, or one that came to be in this document.
  Status found(json::Value value, const std::string& path, std::string_view name, const std::string& prefix,
               Dynamic dynamic) {
    if (value.isNull()) {
      if (dynamic != Dynamic::kStrictAllowTemplates || hasTemplateByName(path, name)) return {};
      return strict(dynamic, name, prefix);
    }
    if (value.isArray()) {
      if (dynamic == Dynamic::kStrictAllowTemplates && templateFor(path, name, DynamicKind::kObject) == nullptr)
        return strict(dynamic, name, prefix);
      for (const json::Value element : value) GYRE_TRY(found(element, path, name, prefix, dynamic));
      return {};
    }
    if (value.isObject()) {
      GYRE_TRY(addObject(path, name, prefix, dynamic));
      const Field& object = *builder_.find(path);
      if (object.type != FieldType::kObject || !object.is_enabled) return {};
      return members(value, path, object.own_dynamic.value_or(dynamic));
    }
    GYRE_TRY(checkDepth(path));
    const Inferred inferred = infer(value);
    std::string definition;
    if (const DynamicTemplate* const chosen = templateFor(path, name, inferred.kind)) {
      definition = withFormat(chosen->definitionFor(name, inferred.kind), inferred.format);
    } else if (dynamic == Dynamic::kStrictAllowTemplates) {
      return strict(dynamic, name, prefix);
    } else {
      definition = inferred.kind == DynamicKind::kString
                       ? std::string(kTextWithKeyword)
                       : withFormat(typed(dynamicTypeName(inferred.kind)), inferred.format);
    }
    GYRE_TRY(merge(path, definition));
    const Field& field = *builder_.find(path);
    return copied(value, field);
  }

  Status addObject(const std::string& path, std::string_view name, const std::string& prefix, Dynamic dynamic) {
    GYRE_TRY(checkDepth(path));
    const DynamicTemplate* const chosen = templateFor(path, name, DynamicKind::kObject);
    if (chosen == nullptr && dynamic == Dynamic::kStrictAllowTemplates) return strict(dynamic, name, prefix);
    const Field* const existing = builder_.find(path);
    if (existing != nullptr && existing->type == FieldType::kObject) return {};
    return merge(path, chosen == nullptr ? typed("object") : chosen->definitionFor(name, DynamicKind::kObject));
  }

  Status merge(const std::string& path, const std::string& definition) {
    GYRE_TRY_ASSIGN(const json::Document parsed, json::Document::parse(definition));
    return builder_.mergeField(path, parsed.root());
  }

  Status checkDepth(const std::string& path) const {
    const std::size_t limit = base_.options().depth_limit;
    if (static_cast<std::size_t>(std::count(path.begin(), path.end(), '.')) + 1 <= limit) return {};
    return causedBy({Code::kInvalidArgument, "mapper_parsing_exception", "failed to parse"},
                    {Code::kInvalidArgument, "parse_exception",
                     "The depth of the field has exceeded the allowed limit of [" + std::to_string(limit) +
                         "]. This limit can be set by changing the [index.mapping.depth.limit] index level setting."});
  }

  const DynamicTemplate* templateFor(std::string_view path, std::string_view name, DynamicKind kind) const {
    for (const auto& each : base_.root().templates)
      if (each->matches(path, name, kind)) return each.get();
    return nullptr;
  }
  bool hasTemplateByName(std::string_view path, std::string_view name) const {
    const auto& templates = base_.root().templates;
    return std::any_of(templates.begin(), templates.end(),
                       [&](const auto& each) { return each->matchesName(path, name); });
  }

  Inferred infer(json::Value value) const {
    if (value.isBoolean()) return {DynamicKind::kBoolean, ""};
    if (value.isNumber()) {
      const bool is_whole = value.raw().find_first_of(".eE") == std::string_view::npos;
      return {is_whole ? DynamicKind::kLong : DynamicKind::kDouble, ""};
    }
    const std::string_view text = value.string();
    const bool is_whole = text.find_first_of(".eE") == std::string_view::npos && isDecimal(text, FieldType::kLong);
    const bool is_decimal = is_whole || isDecimal(text, FieldType::kDouble);
    if (base_.root().numeric_detection.value_or(false) && is_decimal)
      return {is_whole ? DynamicKind::kLong : DynamicKind::kDouble, ""};
    // No date is without one of these; most texts are none.
    if (is_decimal || !base_.root().date_detection.value_or(true) ||
        text.find_first_of(":-/") == std::string_view::npos)
      return {DynamicKind::kString, ""};
    if (!base_.root().date_formats) {
      if (tryParseDate(text, DateFormat())) return {DynamicKind::kDate, ""};
      return isDateOf(text, kSlashedDates) ? Inferred{DynamicKind::kDate, std::string(kSlashedDates)} : Inferred{};
    }
    for (const std::string& format : *base_.root().date_formats)
      if (isDateOf(text, format)) return {DynamicKind::kDate, format};
    return {};
  }

  static bool isDateOf(std::string_view text, std::string_view format) {
    const auto parsed = DateFormat::parse(format);
    return parsed.isOk() && tryParseDate(text, *parsed);
  }

  // A date keeps the format that it was recognised by, unless its definition has one of its own.
  static std::string withFormat(std::string definition, const std::string& format) {
    if (format.empty()) return definition;
    const auto parsed = json::Document::parse(definition);
    if (!parsed.isOk() || parsed->root()["type"].string() != "date" || !parsed->root()["format"].isMissing())
      return definition;
    std::string more;
    JsonWriter out(more);
    out.beginObject().member("format", format);
    if (parsed->root()["print_format"].isMissing()) out.member("print_format", format.substr(0, format.find("||")));
    out.endObject();
    definition.pop_back();
    return definition + "," + more.substr(1);
  }

  const Mapping& base_;
  MappingBuilder builder_;
  bool is_copying_ = false;  // what a copy founds is copied no further
};

}  // namespace

Result<std::shared_ptr<const Mapping>> Mapping::grownFor(std::string_view source) const {
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(source, {kMaxDepth}));
  return DynamicMapper(*this).run(document.root());
}

}  // namespace gyre::engine
