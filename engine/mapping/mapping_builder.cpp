#include "engine/mapping/mapping_builder.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/analysis/analysis_registry.hpp"
#include "engine/analysis/utf8.hpp"
#include "engine/mapping/date_format.hpp"
#include "engine/mapping/dynamic_template.hpp"
#include "engine/mapping/failure_cause.hpp"
#include "engine/mapping/field_parameters.hpp"
#include "engine/mapping/parameter_readers.hpp"
#include "gyre/schema.hpp"

namespace gyre::engine {

namespace {

// Ordinals have 16 bits, and the last of them mean something else.
constexpr std::size_t kMostFields = 60'000;

Status malformed(std::string message) {
  return {Code::kInvalidArgument, "mapper_parsing_exception", std::move(message)};
}
Status illegal(std::string message) {
  return {Code::kInvalidArgument, "illegal_argument_exception", std::move(message)};
}
std::string bracketed(std::string_view text) { return "[" + std::string(utf16Prefix(text, 200)) + "]"; }

std::vector<json::Value> sorted(json::Value object) {
  std::vector<json::Value> members(object.begin(), object.end());
  std::sort(members.begin(), members.end(), [](json::Value a, json::Value b) { return a.key() < b.key(); });
  return members;
}

std::string listed(const std::vector<json::Value>& members) {
  std::string text;
  for (const json::Value member : members)
    text += " [" + std::string(utf16Prefix(member.key(), 100)) + " : " +
            std::string(utf16Prefix(member.isString() ? member.string() : member.raw(), 100)) + "]";
  return text;
}

Result<bool> flagOf(json::Value value, std::string_view name) {
  auto flag = readMappingBoolean(value);
  if (flag.isOk()) return flag;
  return causedBy(illegal("Could not convert " + bracketed(name) + " to boolean"), flag.status());
}

Result<Dynamic> dynamicOf(json::Value value) {
  if (value.string() == "strict") return Dynamic::kStrict;
  if (value.string() == "strict_allow_templates") return Dynamic::kStrictAllowTemplates;
  GYRE_TRY_ASSIGN(const bool is_on, flagOf(value, "dynamic.dynamic"));
  return is_on ? Dynamic::kTrue : Dynamic::kFalse;
}

// One text, or an array of them.
Result<std::vector<std::string>> textsOf(json::Value value) {
  std::vector<std::string> texts;
  const auto add = [&](json::Value one) -> Status {
    if (!one.isString() && !one.isNumber())
      return malformed("parameter " + bracketed(value.key()) + ": expected a string or an array of strings, found " +
                       std::string(utf16Prefix(value.raw(), 100)));
    texts.emplace_back(one.isString() ? one.string() : one.raw());
    return {};
  };
  if (!value.isArray()) {
    GYRE_TRY(add(value));
  }
  for (const json::Value element : value.isArray() ? value : json::Value()) GYRE_TRY(add(element));
  return texts;
}

Status cannotUpdate(std::string_view mapper, std::string_view parameter, const std::string& before,
                    const std::string& after) {
  return illegal("Mapper for " + bracketed(mapper) + " conflicts with existing mapper:\n\tCannot update parameter " +
                 bracketed(parameter) + " from [" + before + "] to [" + after + "]");
}

std::string joined(const std::vector<std::string>& texts) {
  std::string text = "[";
  for (const std::string& each : texts) text += (text.size() == 1 ? "" : ", ") + each;
  return text + "]";
}

}  // namespace

MappingBuilder::MappingBuilder(const Mapping& base) : mapping_(std::make_shared<Mapping>(base)) {
  for (const Field& field : mapping_->fields_) by_path_.emplace(field.path, field.ordinal);
}

const Field* MappingBuilder::find(std::string_view path) const {
  const auto found = by_path_.find(std::string(path));
  return found == by_path_.end() ? nullptr : &mapping_->fields_[found->second];
}
Field* MappingBuilder::found(std::string_view path) { return const_cast<Field*>(find(path)); }

std::string MappingBuilder::pathOf(Parent parent, std::string_view name) const {
  return parent ? mapping_->fields_[*parent].path + "." + std::string(name) : std::string(name);
}

// ---- the root -------------------------------------------------------------------------------------------------------

Status MappingBuilder::mergeRoot(json::Value mappings) {
  if (mappings.isMissing() || mappings.isNull()) return {};
  if (!mappings.isObject())
    return malformed("a mapping must be an object, found " + std::string(json::kindName(mappings.kind())));
  constexpr std::string_view kMembers[] = {
      "properties",   "dynamic",        "dynamic_templates", "dynamic_date_formats",
      "date_formats", "date_detection", "numeric_detection", "_meta",
      "_source",      "_routing",       "_field_names"};
  std::vector<json::Value> unknown;
  for (const json::Value member : sorted(mappings)) {
    if (std::find(std::begin(kMembers), std::end(kMembers), member.key()) == std::end(kMembers))
      unknown.push_back(member);
  }
  if (!unknown.empty()) {
    const std::string_view near =
        nearestName(unknown.front().key(), kMembers, [](std::string_view name) { return name; });
    return malformed("Root mapping definition has unsupported parameters: " + listed(unknown) +
                     (near.empty() ? std::string() : ", did you mean " + bracketed(near) + "?"));
  }
  ++changes_;
  // What stands for the whole first: fields inherit it.
  for (const json::Value member : mappings)
    if (member.key() != "properties") GYRE_TRY(mergeRootMember(member));
  return mergeProperties(mappings["properties"], std::nullopt);
}

Status MappingBuilder::mergeRootMember(json::Value member) {
  MappingRoot& root = mapping_->root_;
  const std::string_view key = member.key();
  if (key == "dynamic") {
    GYRE_TRY_ASSIGN(root.dynamic, dynamicOf(member));
    return {};
  }
  if (key == "dynamic_templates") return mergeTemplates(member);
  if (key == "dynamic_date_formats" || key == "date_formats") {
    GYRE_TRY_ASSIGN(auto formats, textsOf(member));
    for (const std::string& format : formats)
      if (const auto parsed = DateFormat::parse(format); !parsed.isOk() || format.empty())
        return illegal("Invalid format: " + bracketed(format));
    // "none" turns detection off.
    if (formats == std::vector<std::string>{"none"}) formats.clear();
    root.date_formats = std::move(formats);
    return {};
  }
  if (key == "date_detection") {
    GYRE_TRY_ASSIGN(root.date_detection, flagOf(member, key));
    return {};
  }
  if (key == "numeric_detection") {
    GYRE_TRY_ASSIGN(root.numeric_detection, flagOf(member, key));
    return {};
  }
  if (key == "_meta") {
    if (!member.isObject()) return malformed("[_meta] must be an object, found " + std::string(member.raw()));
    root.meta.clear();
    JsonWriter writer(root.meta);
    json::writeCanonical(member, writer);
    return {};
  }
  if (key == "_source") return mergeSource(member);
  // What is left are the small metadata fields, each with one flag.
  if (!member.isObject()) return malformed(bracketed(key) + " must be an object, found " + std::string(member.raw()));
  const std::string_view flag_name = key == "_routing" ? "required" : "enabled";
  for (const json::Value option : member) {
    if (option.key() != flag_name)
      return malformed("unknown parameter " + bracketed(option.key()) + " on mapper " + bracketed(key) +
                       " of type [null]");
    GYRE_TRY_ASSIGN(const bool is_on, readMappingBoolean(option));
    if (key == "_field_names") {
      root.field_names_enabled = is_on;
      continue;
    }
    // A mapping that has been written exists; this one is being changed.
    if (!mapping_->json_.empty() && is_on != root.is_routing_required)
      return cannotUpdate("_routing", "required", root.is_routing_required ? "true" : "false",
                          is_on ? "true" : "false");
    root.is_routing_required = is_on;
  }
  return {};
}

Status MappingBuilder::mergeSource(json::Value value) {
  if (!value.isObject()) return malformed("[_source] must be an object, found " + std::string(value.raw()));
  MappingRoot& root = mapping_->root_;
  bool is_enabled = true;
  std::vector<std::string> includes, excludes;
  for (const json::Value member : value) {
    if (member.key() == "enabled") {
      GYRE_TRY_ASSIGN(is_enabled, readMappingBoolean(member));
    } else if (member.key() == "includes") {
      GYRE_TRY_ASSIGN(includes, textsOf(member));
    } else if (member.key() == "excludes") {
      GYRE_TRY_ASSIGN(excludes, textsOf(member));
    } else {
      return malformed("unknown parameter " + bracketed(member.key()) + " on mapper [_source] of type [null]");
    }
  }
  if (!mapping_->json_.empty()) {
    const auto word = [](bool is_on) { return std::string(is_on ? "true" : "false"); };
    if (is_enabled != root.is_source_enabled)
      return cannotUpdate("_source", "enabled", word(root.is_source_enabled), word(is_enabled));
    if (includes != root.source_includes)
      return cannotUpdate("_source", "includes", joined(root.source_includes), joined(includes));
    if (excludes != root.source_excludes)
      return cannotUpdate("_source", "excludes", joined(root.source_excludes), joined(excludes));
  }
  root.is_source_enabled = is_enabled;
  root.source_includes = std::move(includes);
  root.source_excludes = std::move(excludes);
  return {};
}

Status MappingBuilder::mergeTemplates(json::Value value) {
  if (!value.isArray()) return malformed("Dynamic template syntax error. An array of named objects is expected.");
  std::vector<std::shared_ptr<const DynamicTemplate>> templates;
  for (const json::Value named : value) {
    if (!named.isObject() || named.size() != 1) return malformed("A dynamic template must be defined with a name");
    const json::Value body = *named.begin();
    GYRE_TRY_ASSIGN(auto parsed, DynamicTemplate::parse(body.key(), body));
    templates.push_back(std::move(parsed));
  }
  mapping_->root_.templates = std::move(templates);
  return {};
}

// ---- fields ---------------------------------------------------------------------------------------------------------

Status MappingBuilder::mergeProperties(json::Value properties, Parent parent) {
  if (properties.isMissing() || properties.isNull()) return {};
  // The dialect takes an empty array for an empty object.
  if (properties.isArray() && properties.size() == 0) return {};
  if (!properties.isObject()) return {Code::kInvalidArgument, "parse_exception", "properties must be a map type"};
  for (const json::Value definition : sorted(properties)) {
    std::string_view name = definition.key();
    GYRE_TRY_ASSIGN(const Parent holder, openObjects(parent, name));
    GYRE_TRY(mergeDefinition(definition, holder, name));
  }
  return {};
}

Status MappingBuilder::mergeField(std::string_view path, json::Value definition) {
  std::string_view name = path;
  GYRE_TRY_ASSIGN(const Parent parent, openObjects(std::nullopt, name));
  return mergeDefinition(definition, parent, name);
}

Result<MappingBuilder::Parent> MappingBuilder::openObjects(Parent parent, std::string_view& name) {
  if (name.empty() || name.back() == '.') return illegal("name cannot be empty string");
  if (!isPrintable(name)) return malformed("field name " + bracketed(name) + " must be printable");
  for (std::size_t dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.')) {
    const std::string_view part = name.substr(0, dot);
    if (part.empty()) return illegal("name cannot be empty string");
    const std::string path = pathOf(parent, part);
    if (const Field* const field = find(path)) {
      if (field->type != FieldType::kObject)
        return illegal("can't merge a non object mapping " + bracketed(path) + " with an object mapping");
      parent = field->ordinal;
    } else {
      Field object;
      object.name = std::string(part);
      GYRE_TRY_ASSIGN(parent, append(std::move(object), parent, false));
    }
    name.remove_prefix(dot + 1);
  }
  return parent;
}

Result<std::string_view> MappingBuilder::typeOf(json::Value definition, std::string_view name) const {
  const json::Value type = definition["type"];
  if (type.isMissing()) {
    const bool is_object =
        !definition["properties"].isMissing() || (definition.size() == 1 && !definition["enabled"].isMissing());
    if (is_object) return std::string_view("object");
    return malformed("No type specified for field " + bracketed(name));
  }
  if (type.string() == "object") return std::string_view("object");
  if (type.string() == "nested") return std::string_view("nested");
  const std::string shown = type.isString() ? bracketed(type.string()) : "[" + std::string(type.raw()) + "]";
  if (isUnofferedType(type.string()))
    return malformed("field type " + shown + " declared on field " + bracketed(name) + " is not offered");
  if (const FieldTypeRules* const known = findFieldType(type.string())) return known->name;
  const std::string_view near = nearestFieldType(type.string());
  return malformed("No handler for type " + shown + " declared on field " + bracketed(name) +
                   (near.empty() ? std::string() : ", did you mean " + bracketed(near) + "?"));
}

Status MappingBuilder::mergeDefinition(json::Value definition, Parent parent, std::string_view name) {
  const std::string path = pathOf(parent, name);
  if (!definition.isObject())
    return malformed("Expected map for property [fields] on field " + bracketed(name) + " but got " +
                     std::string(json::kindName(definition.kind())));
  constexpr std::string_view kMetadata[] = {"_id",      "_index",   "_source",      "_routing",     "_seq_no",
                                            "_version", "_ignored", "_field_names", "_nested_path", "_doc_count"};
  if (!parent && std::find(std::begin(kMetadata), std::end(kMetadata), name) != std::end(kMetadata))
    return malformed("Field " + bracketed(name) + " is defined more than once");
  GYRE_TRY_ASSIGN(const std::string_view type, typeOf(definition, name));
  const bool is_object = type == "object" || type == "nested";
  return is_object ? mergeObject(definition, parent, name, path) : mergeLeaf(definition, parent, name, path, false);
}

Status MappingBuilder::mergeObject(json::Value definition, Parent parent, std::string_view name,
                                   const std::string& path) {
  std::optional<Dynamic> dynamic;
  bool is_enabled = true, in_parent = false, in_root = false;
  const bool is_nested = definition["type"].string() == "nested";
  std::vector<json::Value> unknown;
  for (const json::Value member : sorted(definition)) {
    if (member.key() == "dynamic") {
      GYRE_TRY_ASSIGN(dynamic, dynamicOf(member));
    } else if (member.key() == "enabled") {
      GYRE_TRY_ASSIGN(is_enabled, flagOf(member, "enabled.enabled"));
    } else if (is_nested && member.key() == "include_in_parent") {
      GYRE_TRY_ASSIGN(in_parent, flagOf(member, "include_in_parent"));
    } else if (is_nested && member.key() == "include_in_root") {
      GYRE_TRY_ASSIGN(in_root, flagOf(member, "include_in_root"));
    } else if (member.key() != "type" && member.key() != "properties") {
      unknown.push_back(member);
    }
  }
  if (!unknown.empty())
    return malformed("Mapping definition for " + bracketed(name) + " has unsupported parameters: " + listed(unknown));
  Parent ordinal;
  if (const Field* const existing = find(path)) {
    if (existing->type != FieldType::kObject)
      return illegal("can't merge a non object mapping " + bracketed(path) + " with an object mapping");
    if (existing->is_nested != is_nested)
      return illegal(std::string("cannot change object mapping from ") +
                     (is_nested ? "non-nested to nested" : "nested to non-nested"));
    if (existing->is_included_in_parent != in_parent || existing->is_included_in_root != in_root)
      return {Code::kInvalidArgument, "mapper_exception",
              std::string("the [") +
                  (existing->is_included_in_root != in_root ? "include_in_root" : "include_in_parent") +
                  "] parameter can't be updated on a nested object mapping"};
    if (existing->is_enabled != is_enabled)
      return {Code::kInvalidArgument, "mapper_exception",
              "the [enabled] parameter can't be updated for the object mapping " + bracketed(path)};
    ordinal = existing->ordinal;
  } else {
    Field object;
    object.name = std::string(name);
    object.is_enabled = is_enabled;
    object.is_nested = is_nested;
    object.is_included_in_parent = in_parent;
    object.is_included_in_root = in_root;
    if (is_nested) object.type_name = "nested";
    GYRE_TRY_ASSIGN(ordinal, append(std::move(object), parent, false));
  }
  if (dynamic) mapping_->fields_[*ordinal].own_dynamic = dynamic;
  ++changes_;
  return mergeProperties(definition["properties"], ordinal);
}

Status MappingBuilder::mergeLeaf(json::Value definition, Parent parent, std::string_view name, const std::string& path,
                                 bool is_multi_field) {
  Field incoming;
  incoming.name = std::string(name);
  incoming.path = path;
  incoming.analysis = mapping_->analysis_.get();
  GYRE_TRY_ASSIGN(incoming.type_name, typeOf(definition, name));
  GYRE_TRY(readParameters(incoming, definition, mapping_->options_));
  incoming.is_multi_field = is_multi_field;
  if (const json::Value targets = definition["copy_to"]; !targets.isMissing()) {
    if (is_multi_field)
      return malformed("copy_to in multi fields is not allowed. Found the copy_to in field " + bracketed(name) +
                       " which is within a multi field.");
    if (incoming.type == FieldType::kAlias || incoming.type == FieldType::kFlatObject ||
        incoming.type == FieldType::kCompletion || incoming.constant_value)
      return malformed("[copy_to] is not offered on field " + bracketed(name) + " of type " +
                       bracketed(incoming.type_name));
    GYRE_TRY_ASSIGN(incoming.copy_to, textsOf(targets));
  }
  const json::Value fields = definition["fields"];
  const bool takes_fields = incoming.type != FieldType::kAlias && incoming.type != FieldType::kFlatObject;
  if (!takes_fields && !fields.isMissing())
    return malformed("Mapping definition for " + bracketed(name) +
                     " has unsupported parameters:  [fields : " + std::string(utf16Prefix(fields.raw(), 100)) + "]");
  std::uint16_t ordinal = 0;
  if (Field* const existing = found(path)) {
    if (existing->type == FieldType::kObject)
      return illegal("can't merge a non object mapping " + bracketed(path) + " with an object mapping");
    if (existing->type_name != incoming.type_name)
      return illegal("mapper " + bracketed(path) + " cannot be changed from type " + bracketed(existing->type_name) +
                     " to " + bracketed(incoming.type_name));
    GYRE_TRY(updateParameters(*existing, incoming));
    ordinal = existing->ordinal;
    ++changes_;
  } else {
    const bool is_flat = incoming.type == FieldType::kFlatObject;
    const bool is_shingled = incoming.type_name == "search_as_you_type";
    GYRE_TRY_ASSIGN(ordinal, append(std::move(incoming), parent, is_multi_field));
    if (is_flat) GYRE_TRY(appendLeavesOf(ordinal));
    if (is_shingled) GYRE_TRY(appendShinglesOf(ordinal));
  }
  return mergeMultiFields(fields, ordinal);
}

Status MappingBuilder::mergeMultiFields(json::Value fields, std::uint16_t parent) {
  if (fields.isMissing() || (fields.isArray() && fields.size() == 0)) return {};
  const std::string parent_name = mapping_->fields_[parent].name;
  if (!fields.isObject())
    return malformed("expected map for property [fields] on field " + bracketed(parent_name) + " but got " +
                     std::string(json::kindName(fields.kind())));
  if (mapping_->fields_[parent].type == FieldType::kCompletion && fields.size() > 0)
    return malformed("field " + bracketed(mapping_->fields_[parent].path) + " of type [completion] takes no [fields]");
  for (const json::Value definition : sorted(fields)) {
    const std::string_view name = definition.key();
    if (name.empty()) return illegal("name cannot be empty string");
    if (!isPrintable(name)) return malformed("field name " + bracketed(name) + " must be printable");
    if (name.find('.') != std::string_view::npos)
      return malformed("Field name " + bracketed(name) + " which is a multi field of " + bracketed(parent_name) +
                       " cannot contain '.'");
    if (!definition.isObject()) return malformed("illegal field [fields], only fields can be specified inside fields");
    if (definition["type"].isMissing()) return malformed("no type specified for property " + bracketed(name));
    GYRE_TRY_ASSIGN(const std::string_view type, typeOf(definition, name));
    if (type == "object" || type == "nested" || type == "alias" || type == "flat_object")
      return malformed("Type " + bracketed(type) + " cannot be used in multi field");
    GYRE_TRY(mergeLeaf(definition, parent, name, pathOf(parent, name), true));
  }
  return {};
}

// A flat_object's leaves are terms of two keywords: of the values, and of "path=value".
Status MappingBuilder::appendLeavesOf(std::uint16_t flat_object) {
  for (const std::string_view name : {"_value", "_valueAndPath"}) {
    Field leaves;
    leaves.name = std::string(name);
    leaves.type = FieldType::kKeyword;
    leaves.type_name = "flat_object";
    leaves.has_doc_values = false;
    leaves.is_hidden = true;
    GYRE_TRY(append(std::move(leaves), flat_object, false).status());
  }
  return {};
}

// A search_as_you_type has texts of its own for two neighbouring words, three and so on. Prefixes need none: they are
// walked in the term dictionary.
Status MappingBuilder::appendShinglesOf(std::uint16_t text) {
  const Field whole = mapping_->fields_[text];
  for (std::size_t size = 2; size <= whole.shingle_size; ++size) {
    Field shingled = whole;
    shingled.name = "_" + std::to_string(size) + "gram";
    shingled.is_hidden = true;
    shingled.multi_fields.clear();
    shingled.children.clear();
    shingled.copy_to.clear();
    shingled.parameters.clear();
    for (const Analyzer** const analyzer :
         {&shingled.index_analyzer, &shingled.search_analyzer, &shingled.quote_analyzer})
      *analyzer = mapping_->analysis_->shingled(**analyzer, size);
    GYRE_TRY(append(std::move(shingled), text, false).status());
  }
  return {};
}

Result<std::uint16_t> MappingBuilder::append(Field field, Parent parent, bool is_multi_field) {
  std::vector<Field>& fields = mapping_->fields_;
  if (fields.size() >= kMostFields)
    return illegal("Limit of total fields [" + std::to_string(kMostFields) + "] has been exceeded");
  const auto ordinal = static_cast<std::uint16_t>(fields.size());
  field.ordinal = ordinal;
  field.analysis = mapping_->analysis_.get();
  field.path = pathOf(parent, field.name);
  if (field.type == FieldType::kObject) field.is_indexed = field.has_doc_values = false;
  by_path_.emplace(field.path, ordinal);
  fields.push_back(std::move(field));
  std::vector<std::uint16_t>& siblings = !parent          ? mapping_->roots_
                                         : is_multi_field ? fields[*parent].multi_fields
                                                          : fields[*parent].children;
  const auto place = std::lower_bound(siblings.begin(), siblings.end(), ordinal, [&](std::uint16_t a, std::uint16_t b) {
    return fields[a].name < fields[b].name;
  });
  siblings.insert(place, ordinal);
  ++changes_;
  return ordinal;
}

// ---- as a whole -----------------------------------------------------------------------------------------------------

void MappingBuilder::inherit(const std::vector<std::uint16_t>& children, Dynamic dynamic) {
  for (const std::uint16_t child : children) {
    Field& field = mapping_->fields_[child];
    if (field.type != FieldType::kObject) continue;
    field.dynamic = field.own_dynamic.value_or(dynamic);
    inherit(field.children, field.dynamic);
  }
}

Status MappingBuilder::checkLimits() const {
  const MappingOptions& limits = mapping_->options_;
  std::size_t count = 0, nested_count = 0;
  for (const Field& field : mapping_->fields_) {
    if (field.is_hidden) continue;
    ++count;
    nested_count += field.is_nested;
    if (field.type == FieldType::kObject) {
      const auto depth = static_cast<std::size_t>(std::count(field.path.begin(), field.path.end(), '.')) + 2;
      if (depth > limits.depth_limit)
        return illegal("Limit of mapping depth [" + std::to_string(limits.depth_limit) +
                       "] has been exceeded due to object field " + bracketed(field.path));
    }
    if (limits.name_length_limit != 0 && utf16Length(field.name) > limits.name_length_limit)
      return illegal("Field name " + bracketed(field.name) + " is longer than the limit of [" +
                     std::to_string(limits.name_length_limit) + "] characters");
  }
  if (nested_count > limits.nested_fields_limit)
    return illegal("Limit of nested fields [" + std::to_string(limits.nested_fields_limit) + "] has been exceeded");
  if (count > limits.total_fields_limit)
    return illegal("Limit of total fields [" + std::to_string(limits.total_fields_limit) + "] has been exceeded");
  return {};
}

Status MappingBuilder::checkReferences() const {
  for (const Field& field : mapping_->fields_) {
    if (field.type == FieldType::kAlias) {
      const std::string where =
          "Invalid [path] value " + bracketed(field.alias_path) + " for field alias " + bracketed(field.path) + ": ";
      const Field* const target = find(field.alias_path);
      if (field.alias_path == field.path) return malformed(where + "an alias cannot refer to itself.");
      if (target == nullptr || target->type == FieldType::kObject)
        return malformed(where + "an alias must refer to an existing field in the mappings.");
      if (target->type == FieldType::kAlias) return malformed(where + "an alias cannot refer to another alias.");
    }
    for (const std::string& target : field.copy_to) {
      const Field* const other = find(target);
      if (other == nullptr) continue;  // comes to be when a document needs it
      if (other->type == FieldType::kObject)
        return illegal("Cannot copy to field " + bracketed(target) + " since it is mapped as an object");
      if (other->is_multi_field)
        return illegal("[copy_to] may not be used to copy to a multi-field: " + bracketed(target));
    }
    for (const CompletionContext& context : field.contexts) {
      if (context.path.empty()) continue;
      const Field* const source = find(context.path);
      if (source == nullptr) continue;  // comes to be when a document has it
      if (context.isOfPlaces() && source->type_name != "geo_point")
        return {Code::kInvalidArgument, "parse_exception",
                "field " + bracketed(context.path) + " referenced in context " + bracketed(context.name) +
                    " must be mapped to geo_point, found " + bracketed(source->type_name)};
    }
  }
  return {};
}

Result<std::shared_ptr<const Mapping>> MappingBuilder::finish() {
  GYRE_TRY(checkLimits());
  GYRE_TRY(checkReferences());
  mapping_->dynamic_ = mapping_->root_.dynamic.value_or(mapping_->options_.default_dynamic);
  inherit(mapping_->roots_, mapping_->dynamic_);
  mapping_->by_path_.assign(by_path_.begin(), by_path_.end());
  std::sort(mapping_->by_path_.begin(), mapping_->by_path_.end());
  mapping_->json_ = mapping_->write();
  return std::shared_ptr<const Mapping>(mapping_);
}

}  // namespace gyre::engine
