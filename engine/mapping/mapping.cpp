#include "engine/mapping/mapping.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <utility>

#include "engine/analysis/analysis_registry.hpp"
#include "engine/mapping/dynamic_template.hpp"
#include "engine/mapping/failure_cause.hpp"
#include "engine/mapping/field_parameters.hpp"
#include "engine/mapping/mapping_builder.hpp"
#include "engine/mapping/parameter_readers.hpp"
#include "engine/mapping/setting_value.hpp"

namespace gyre::engine {

namespace {

std::string_view dynamicName(Dynamic dynamic) {
  switch (dynamic) {
    case Dynamic::kTrue: return "true";
    case Dynamic::kFalse: return "false";
    case Dynamic::kStrict: return "strict";
    case Dynamic::kStrictAllowTemplates: return "strict_allow_templates";
  }
  return "true";
}

void writeTexts(std::string_view name, const std::vector<std::string>& texts, JsonWriter& out) {
  out.key(name).beginArray();
  for (const std::string& text : texts) out.string(text);
  out.endArray();
}

class MappingWriter {
 public:
  MappingWriter(const Mapping& mapping, JsonWriter& out) : mapping_(mapping), out_(out) {}

  void write() {
    out_.beginObject();
    writeRoot(mapping_.root());
    writeProperties(mapping_.roots());
    out_.endObject();
  }

  void writeField(const Field& field, bool with_defaults) {
    out_.key(field.name).beginObject();
    if (field.type == FieldType::kObject) {
      writeObject(field);
    } else {
      writeParameters(field, with_defaults, out_);
      if (!field.multi_fields.empty()) {
        out_.key("fields").beginObject();
        for (const std::uint16_t ordinal : field.multi_fields) writeField(mapping_.fields()[ordinal], with_defaults);
        out_.endObject();
      }
      if (!field.copy_to.empty()) writeTexts("copy_to", field.copy_to, out_);
    }
    out_.endObject();
  }

 private:
  void writeRoot(const MappingRoot& root) {
    const Dynamic otherwise = mapping_.options().default_dynamic;
    if (root.dynamic || otherwise != Dynamic::kTrue)
      out_.member("dynamic", dynamicName(root.dynamic.value_or(otherwise)));
    if (root.field_names_enabled)
      out_.key("_field_names").beginObject().member("enabled", *root.field_names_enabled).endObject();
    if (!root.meta.empty()) out_.rawMember("_meta", root.meta);
    if (root.is_routing_required) out_.key("_routing").beginObject().member("required", true).endObject();
    if (!root.is_source_enabled || !root.source_includes.empty() || !root.source_excludes.empty()) {
      out_.key("_source").beginObject();
      if (!root.is_source_enabled) out_.member("enabled", false);
      if (!root.source_includes.empty()) writeTexts("includes", root.source_includes, out_);
      if (!root.source_excludes.empty()) writeTexts("excludes", root.source_excludes, out_);
      out_.endObject();
    }
    if (root.date_formats) writeTexts("dynamic_date_formats", *root.date_formats, out_);
    if (!root.templates.empty()) {
      out_.key("dynamic_templates").beginArray();
      for (const auto& each : root.templates) each->write(out_);
      out_.endArray();
    }
    if (root.date_detection) out_.member("date_detection", *root.date_detection);
    if (root.numeric_detection) out_.member("numeric_detection", *root.numeric_detection);
  }

  void writeObject(const Field& field) {
    if (field.is_nested) {
      out_.member("type", "nested");
      if (field.is_included_in_parent) out_.member("include_in_parent", true);
      if (field.is_included_in_root) out_.member("include_in_root", true);
    } else if (field.children.empty()) {
      out_.member("type", "object");
    }
    if (field.own_dynamic) out_.member("dynamic", dynamicName(*field.own_dynamic));
    if (!field.is_enabled) out_.member("enabled", false);
    writeProperties(field.children);
  }

  void writeProperties(const std::vector<std::uint16_t>& children) {
    if (children.empty()) return;
    out_.key("properties").beginObject();
    for (const std::uint16_t child : children) writeField(mapping_.fields()[child], false);
    out_.endObject();
  }

  const Mapping& mapping_;
  JsonWriter& out_;
};

// "index.mapping.NAME".
json::Value mappingSetting(json::Value settings, std::string_view name) {
  return indexSetting(settings, std::string("mapping.").append(name));
}

Status readLimit(json::Value settings, std::string_view name, std::int64_t least, std::size_t& limit) {
  const json::Value value = mappingSetting(settings, name);
  if (value.isMissing() || value.isNull()) return {};
  std::int64_t number = 0;
  const std::string_view text = value.isString() ? value.string() : value.raw();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto refuse = [&](const std::string& why) {
    return Status(Code::kInvalidArgument, "illegal_argument_exception",
                  "Failed to parse value [" + std::string(text) + "] for setting [index.mapping." + std::string(name) +
                      "]" + why);
  };
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return refuse("");
  if (number < least) return refuse(" must be >= " + std::to_string(least));
  if (number > std::numeric_limits<std::int32_t>::max() && name != "field_name_length.limit") return refuse("");
  limit = static_cast<std::size_t>(number);
  return {};
}

Status readSwitch(json::Value settings, std::string_view name, bool& is_on) {
  const json::Value value = mappingSetting(settings, name);
  if (value.isMissing() || value.isNull()) return {};
  GYRE_TRY_ASSIGN(is_on, readMappingBoolean(value));
  return {};
}

}  // namespace

Result<MappingOptions> MappingOptions::parse(json::Value settings, Dynamic default_dynamic) {
  MappingOptions options;
  options.default_dynamic = default_dynamic;
  GYRE_TRY(readLimit(settings, "total_fields.limit", 0, options.total_fields_limit));
  GYRE_TRY(readLimit(settings, "nested_fields.limit", 0, options.nested_fields_limit));
  GYRE_TRY(readLimit(settings, "nested_objects.limit", 0, options.nested_objects_limit));
  GYRE_TRY(readLimit(settings, "depth.limit", 1, options.depth_limit));
  GYRE_TRY(readLimit(settings, "field_name_length.limit", 1, options.name_length_limit));
  GYRE_TRY(readSwitch(settings, "coerce", options.coerces));
  GYRE_TRY(readSwitch(settings, "ignore_malformed", options.ignores_malformed));
  return options;
}

Result<std::shared_ptr<const Mapping>> Mapping::parse(json::Value mappings, const MappingOptions& options,
                                                      std::shared_ptr<const AnalysisRegistry> analysis) {
  Mapping empty;
  empty.options_ = options;
  empty.analysis_ = analysis != nullptr ? std::move(analysis) : AnalysisRegistry::builtIn();
  MappingBuilder builder(empty);
  if (const Status merged = builder.mergeRoot(mappings); !merged.isOk()) {
    return causedBy({Code::kInvalidArgument, "mapper_parsing_exception",
                     "Failed to parse mapping [_doc]: " + std::string(merged.message())},
                    merged);
  }
  return builder.finish();
}

MappingOptions MappingOptions::withoutLimits() const {
  MappingOptions options = *this;
  options.total_fields_limit = options.nested_fields_limit = options.depth_limit = SIZE_MAX;
  options.name_length_limit = 0;
  return options;
}

std::shared_ptr<const Mapping> Mapping::withOptions(const MappingOptions& options) const {
  auto copy = std::make_shared<Mapping>(*this);
  copy->options_ = options;
  return copy;
}

Result<std::shared_ptr<const Mapping>> Mapping::updated(json::Value mappings) const {
  if (mappings.size() == 1 && !mappings["_doc"].isMissing())
    return Status(Code::kInvalidArgument, "illegal_argument_exception",
                  "Types cannot be provided in put mapping requests");
  MappingBuilder builder(*this);
  GYRE_TRY(builder.mergeRoot(mappings));
  return builder.finish();
}

const Field* Mapping::declared(std::string_view path) const {
  const auto found = std::lower_bound(by_path_.begin(), by_path_.end(), path,
                                      [](const auto& entry, std::string_view wanted) { return entry.first < wanted; });
  return found != by_path_.end() && found->first == path ? &fields_[found->second] : nullptr;
}

const Field* Mapping::find(std::string_view path) const {
  const Field* const field = declared(path);
  return field != nullptr && field->type == FieldType::kAlias ? declared(field->alias_path) : field;
}

const Field* Mapping::nestedAbove(std::string_view path) const {
  for (std::size_t dot = path.rfind('.'); dot != std::string_view::npos && dot > 0; dot = path.rfind('.', dot - 1)) {
    const Field* const object = declared(path.substr(0, dot));
    if (object != nullptr && object->is_nested) return object;
  }
  return nullptr;
}

const Field* Mapping::flatObjectAt(std::string_view path) const {
  for (std::size_t end = path.size(); end != std::string_view::npos && end > 0; end = path.rfind('.', end - 1)) {
    const Field* const field = find(path.substr(0, end));
    if (field != nullptr) return field->type == FieldType::kFlatObject ? field : nullptr;
  }
  return nullptr;
}

std::string Mapping::write() const {
  std::string text;
  JsonWriter out(text);
  MappingWriter(*this, out).write();
  return text;
}

std::string Mapping::fieldJson(const Field& field, bool with_defaults) const {
  std::string text;
  JsonWriter out(text);
  out.beginObject();
  MappingWriter(*this, out).writeField(field, with_defaults);
  out.endObject();
  return text;
}

}  // namespace gyre::engine
