#include "engine/mapping/document_parser.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/analysis/analyzer.hpp"
#include "engine/analysis/utf8.hpp"
#include "engine/mapping/completion_input.hpp"
#include "engine/mapping/date_format.hpp"
#include "engine/mapping/document_json.hpp"
#include "engine/mapping/failure_cause.hpp"
#include "engine/mapping/geo_point_value.hpp"
#include "engine/mapping/ip_address.hpp"
#include "engine/mapping/member_table.hpp"
#include "engine/mapping/number_text.hpp"
#include "engine/mapping/numeric_value.hpp"
#include "engine/mapping/range_value.hpp"
#include "engine/mapping/value_preview.hpp"
#include "gyre/flat_object.hpp"
#include "gyre/json.hpp"

namespace gyre::engine {

namespace {

constexpr std::size_t kMaxTermBytes = 32'766;  // the dialect's longest term
constexpr std::size_t kKeptBuffer = 4u << 20;  // larger buffers are given back after the document that needed them
constexpr std::uint16_t kSkipped = 0xffff;     // no field: kept in _source only
constexpr std::uint16_t kUnmapped = 0xfffd;    // no field yet: a value gives it one

constexpr std::string_view kMetadataFields[] = {"_id",      "_index",       "_source",     "_routing",
                                                "_ignored", "_field_names", "_seq_no",     "_version",
                                                "_type",    "_doc_count",   "_nested_path"};

Status parseFault(std::string message) {
  return {Code::kInvalidArgument, "mapper_parsing_exception", std::move(message)};
}
Status illegalFault(const std::string& why) {
  return causedBy(parseFault("failed to parse: " + why), {Code::kInvalidArgument, "illegal_argument_exception", why});
}

// As the dialect's parser calls a scalar.
std::string tokenName(json::Kind kind) {
  return kind == json::Kind::kString ? "VALUE_STRING" : kind == json::Kind::kNumber ? "VALUE_NUMBER" : "VALUE_BOOLEAN";
}

std::string shortened(std::string_view name) { return std::string(utf16Prefix(name, 100)); }

// Hands a text's terms on at the positions that follow the values before it.
class TextTerms final : public TermSink {
 public:
  TextTerms(const Field& field, std::uint32_t base, DocumentSink& sink) : field_(field), base_(base), sink_(sink) {}
  void term(std::string_view term, std::uint32_t position) override {
    if (term.size() > kMaxTermBytes)
      immense_ = std::max(immense_, term.size());
    else
      sink_.term(field_, term, base_ + position);
    is_empty_ = false;
  }
  std::size_t immense() const { return immense_; }  // bytes of the longest term refused, 0 for none
  bool isEmpty() const { return is_empty_; }

 private:
  const Field& field_;
  std::uint32_t base_;
  DocumentSink& sink_;
  std::size_t immense_ = 0;
  bool is_empty_ = true;
};

// Terms of which a document holds each once: no frequencies are wanted.
class DistinctTerms final : public TermSink {
 public:
  void term(std::string_view term, std::uint32_t) override { terms.emplace_back(term); }
  std::vector<std::string> terms;
};

class TermCounter final : public TermSink {
 public:
  void term(std::string_view, std::uint32_t) override { ++count; }
  std::uint32_t count = 0;
};

Status immenseTerm(const Field& field, std::size_t size) {
  return {Code::kInvalidArgument, "illegal_argument_exception",
          "Document contains at least one immense term in field=\"" + field.path +
              "\" (whose UTF8 encoding is longer than the max length " + std::to_string(kMaxTermBytes) + "): it has " +
              std::to_string(size) + " bytes; use ignore_above to leave long values out of the index"};
}

}  // namespace

class DocumentParser::State {
 public:
  explicit State(std::shared_ptr<const Mapping> mapping)
      : mapping_(std::move(mapping)),
        fields_(mapping_->fields()),
        members_(*mapping_),
        plans_(fields_.size()),
        completions_(*mapping_) {
    for (const Field& field : fields_) {
      Plan& plan = plans_[field.ordinal];
      plan.analyzer = field.index_analyzer;
      // A mapping that was parsed holds no format that does not parse.
      if (auto format = DateFormat::parse(field.format); format.isOk()) plan.format = std::move(format).value();
      for (const CompletionContext& context : field.contexts)
        if (const Field* source = mapping_->find(context.path)) {
          plans_[source->ordinal].is_context_source = true;
          has_odd_contexts_ = has_odd_contexts_ || !takesContexts(*source);
        }
      for (const std::string& path : field.copy_to) {
        const Field* const target = mapping_->declared(path);
        plan.copies.push_back(target == nullptr ? kUnmapped : target->ordinal);
      }
      if (field.constant_value) constants_.push_back(field.ordinal);
      if (field.index_analyzer != nullptr) texts_.push_back(field.ordinal);
      if (field.detail == IndexDetail::kDocs && field.type == FieldType::kText)
        distinct_.push_back({field.ordinal, {}});
    }
  }

  Status parse(std::string_view source, std::string_view id, DocumentSink& sink) {
    sink_ = &sink;
    id_ = id;
    must_grow_ = false;
    nested_objects_ = 0;
    for (const std::uint16_t ordinal : texts_) plans_[ordinal].next_position = 0;
    names_.clear();
    completions_.begin(sink);
    for (auto& [ordinal, seen] : distinct_) seen.clear();
    Status status = walk(source);
    must_grow_ = must_grow_ && status.isOk();
    if (must_grow_) status = growth();
    if (buffer_.capacity() > kKeptBuffer) {
      buffer_ = std::string();
      parser_ = simdjson::ondemand::parser();
    }
    return status;
  }

  bool mustGrow() const { return must_grow_; }

 private:
  using Value = DocumentValue;

  struct Plan {
    const Analyzer* analyzer = nullptr;  // text, completion, token_count
    DateFormat format;                   // date
    bool is_context_source = false;      // some completion takes its category from here
    std::uint32_t next_position = 0;     // text: where this document's next value begins
    std::vector<std::uint16_t> copies;   // ordinals of copy_to
  };

  static Status growth() {
    return {Code::kInvalidArgument, "mapper_parsing_exception", "the mapping must grow for this document"};
  }

  Status walk(std::string_view source) {
    if (const std::size_t members = flatMembers(source); members != json::kNotFlat) return walkFlat(members);
    buffer_.reserve(source.size() + simdjson::SIMDJSON_PADDING);
    buffer_.assign(source);
    simdjson::ondemand::document document;
    if (const auto error = parser_.iterate(buffer_.data(), buffer_.size(), buffer_.capacity()).get(document))
      return malformedDocument(error);
    simdjson::ondemand::json_type type;
    if (const auto error = document.type().get(type)) return malformedDocument(error);
    Value root;
    if (type != simdjson::ondemand::json_type::object || document.get_value().get(root))
      return causedBy(parseFault("failed to parse: a document must be an object"),
                      {Code::kInvalidArgument, "not_x_content_exception", "a document must be an object"});
    GYRE_TRY(objectMembers(root, MemberTable::kRoot, mapping_->dynamic(), 1));
    const char* rest = nullptr;
    if (document.current_location().get(rest) == simdjson::SUCCESS && rest < buffer_.data() + buffer_.size())
      return malformedDocument("unexpected content after the document");
    return finishWalk();
  }

  // Most documents hold nothing but scalars, and those need no cursor over what is open. kNotFlat: nothing is told, as
  // of a string that must be decoded, or of anything that is not sound.
  std::size_t flatMembers(std::string_view source) {
    const std::size_t count = flat_reader_.read(source, flat_);
    if (count == json::kNotFlat) return count;
    has_targets_ = has_targets_ && flat_reader_.isSameShape();
    if (!simdjson::validate_utf8(source.data(), source.size())) return json::kNotFlat;
    for (std::size_t i = 0; i < count; ++i)
      if (flat_[i].has_escapes) return json::kNotFlat;
    return count;
  }

  // Where members belong is found out again only when there are others than before.
  Status walkFlat(std::size_t count) {
    const bool is_known = std::exchange(has_targets_, false);
    for (std::size_t i = 0; i < count; ++i) {
      const std::string_view key = flat_[i].key;
      Target& target = flat_targets_[i];
      if (!is_known) {
        GYRE_TRY_ASSIGN(target, targetOf(MemberTable::kRoot, mapping_->dynamic(), key));
      }
      target.name = key.substr(key.size() - target.name.size());
      GYRE_TRY(scalarFor(target, {flat_[i].kind, flat_[i].text}));
    }
    has_targets_ = true;
    return finishWalk();
  }

  Status finishWalk() {
    for (const std::uint16_t ordinal : constants_) sink_->keyword(fields_[ordinal], *fields_[ordinal].constant_value);
    return completions_.finish();
  }

  // -- structure ------------------------------------------------------------------------------------------------

  // Members of `value` as children of an object field; kSkipped as `object` only checks them.
  Status objectMembers(Value& value, std::uint16_t object, Dynamic dynamic, std::uint32_t depth) {
    if (depth > kMaxDocumentDepth) return documentTooDeep();
    simdjson::ondemand::object members;
    if (const auto error = value.get_object().get(members)) return malformedDocument(error);
    const std::size_t first_name = names_.size();
    for (auto next : members) {
      simdjson::ondemand::field member;
      if (const auto error = std::move(next).get(member)) return malformedDocument(error);
      std::string_view name;
      if (const auto error = nameOf(member, name)) return malformedDocument(error);
      names_.add(name);
      Target target{kSkipped, dynamic, object, name};
      if (object != kSkipped) {
        GYRE_TRY_ASSIGN(target, targetOf(object, dynamic, name));
      }
      Value inner = member.value();
      GYRE_TRY(any(inner, target, depth));
    }
    return names_.close(first_name);
  }

  struct Target {
    std::uint16_t ordinal = kSkipped;
    Dynamic dynamic = Dynamic::kStrict;  // of an object: for its members
    std::uint16_t parent = MemberTable::kRoot;
    std::string_view name = {};
  };

  // Where a member's value belongs. A dotted name is a path through objects.
  Result<Target> targetOf(std::uint16_t object, Dynamic dynamic, std::string_view name) {
    std::string_view rest = name;
    for (;;) {
      std::uint16_t ordinal = members_.find(object, rest);
      std::size_t dot = std::string_view::npos;
      if (ordinal == MemberTable::kNone) {
        dot = rest.find('.');
        if (rest.empty() || dot == 0 || (dot != std::string_view::npos && dot + 1 == rest.size()))
          return misnamed(name);
        if (dot != std::string_view::npos) ordinal = members_.find(object, rest.substr(0, dot));
      }
      if (ordinal == MemberTable::kNone) return unmapped(object, dynamic, rest);
      const Field& field = fields_[ordinal];
      if (field.type == FieldType::kObject) {
        if (!field.is_enabled) return Target{kSkipped, Dynamic::kFalse};
        if (field.is_nested && dot != std::string_view::npos)
          return parseFault("Cannot add a value for field [" + shortened(name) +
                            "] since one of the intermediate objects is mapped as a nested object: [" + field.path +
                            "]");
        dynamic = field.dynamic;
        object = ordinal;
      }
      if (dot == std::string_view::npos) return Target{ordinal, dynamic, object, rest};
      if (field.type != FieldType::kObject)
        return parseFault("Could not dynamically add mapping for field [" + field.path + "." +
                          shortened(rest.substr(dot + 1)) + "]. Existing mapping for [" + field.path +
                          "] must be of type object but found [" + std::string(field.type_name) + "].");
      rest.remove_prefix(dot + 1);
    }
  }

  static Status misnamed(std::string_view name) {
    if (name.empty()) return illegalFault("field name cannot be an empty string");
    return illegalFault("object field starting or ending with a [.] makes object resolution ambiguous: [" +
                        shortened(name) + "]");
  }

  // A member without a field. What becomes of it may depend on its value: null and empty arrays need no field.
  Result<Target> unmapped(std::uint16_t object, Dynamic dynamic, std::string_view name) const {
    if (object == MemberTable::kRoot && name.starts_with('_') &&
        std::find(std::begin(kMetadataFields), std::end(kMetadataFields), name) != std::end(kMetadataFields))
      return parseFault("Field [" + std::string(name) +
                        "] is a metadata field and cannot be added inside a document. Use the index API request "
                        "parameters.");
    if (dynamic == Dynamic::kFalse) return Target{kSkipped, dynamic, object, name};
    if (name.find("..") != std::string_view::npos) return misnamed(name);
    if (dynamic != Dynamic::kStrict) return Target{kUnmapped, dynamic, object, name};
    return notAllowed(object, name.substr(0, name.find('.')));
  }

  Status notAllowed(std::uint16_t object, std::string_view name) const {
    return {Code::kInvalidArgument, "strict_dynamic_mapping_exception",
            "mapping set to strict, dynamic introduction of [" + shortened(name) + "] within [" +
                (object == MemberTable::kRoot ? std::string("_doc") : fields_[object].path) + "] is not allowed"};
  }

  Status any(Value& value, const Target& target, std::uint32_t depth) {
    const std::string_view token = tokenOf(value);
    if (token.empty()) return malformedDocument("unexpected end of input");
    if (target.ordinal == kUnmapped) return anyUnmapped(value, token, target, depth);
    const Field* const field = target.ordinal == kSkipped ? nullptr : &fields_[target.ordinal];
    if (token.front() == '[') {
      // Of points, an array may be one.
      if (field != nullptr && field->type == FieldType::kBinary && isPoint(*field))
        return structured(value, *field, depth + 1);
      return elements(value, target, depth + 1);
    }
    if (token.front() == '{') {
      if (field != nullptr && field->is_nested) return nestedObject(value, *field, target.dynamic, depth + 1);
      if (field == nullptr || field->type == FieldType::kObject)
        return objectMembers(value, target.ordinal, target.dynamic, depth + 1);
      return structured(value, *field, depth + 1);
    }
    Scalar scalar;
    GYRE_TRY(readScalar(value, token, scalar));
    return scalarFor(target, scalar);
  }

  Status scalarFor(const Target& target, const Scalar& scalar) {
    if (target.ordinal == kSkipped) return {};
    if (target.ordinal == kUnmapped) {
      if (scalar.kind != json::Kind::kNull || target.dynamic == Dynamic::kStrictAllowTemplates) must_grow_ = true;
      return {};
    }
    const Field* const field = &fields_[target.ordinal];
    if (scalar.kind == json::Kind::kNull) return addNull(*field);
    if (field->type == FieldType::kObject)
      return parseFault("object mapping for [" + field->path + "] tried to parse field [" + shortened(target.name) +
                        "] as object, but found a concrete value");
    GYRE_TRY(addAll(*field, scalar));
    return field->copy_to.empty() ? Status() : copy(*field, scalar);
  }

  // A value that founds a field ends this parse, unless the rest shows that the document is wrong anyway: the mapping
  // must not grow for a document that is not JSON, so the walk goes on.
  Status anyUnmapped(Value& value, std::string_view token, const Target& target, std::uint32_t depth) {
    if (token.front() == '[') {
      if (target.dynamic == Dynamic::kStrictAllowTemplates) must_grow_ = true;  // even an empty one needs a template
      return elements(value, target, depth + 1);
    }
    if (token.front() == '{') {
      must_grow_ = true;
      return objectMembers(value, kSkipped, Dynamic::kFalse, depth + 1);
    }
    Scalar scalar;
    GYRE_TRY(readScalar(value, token, scalar));
    return scalarFor(target, scalar);
  }

  Status nestedObject(Value& value, const Field& field, Dynamic dynamic, std::uint32_t depth) {
    const std::size_t limit = mapping_->options().nested_objects_limit;
    if (++nested_objects_ > limit)
      return parseFault("The number of nested documents has exceeded the allowed limit of [" + std::to_string(limit) +
                        "]. This limit can be set by changing the [index.mapping.nested_objects.limit] index level "
                        "setting.");
    sink_->beginNested(field);
    GYRE_TRY(objectMembers(value, field.ordinal, dynamic, depth));
    sink_->endNested();
    return {};
  }

  Status elements(Value& value, const Target& target, std::uint32_t depth) {
    if (depth > kMaxDocumentDepth) return documentTooDeep();
    simdjson::ondemand::array array;
    if (const auto error = value.get_array().get(array)) return malformedDocument(error);
    for (auto next : array) {
      Value element;
      if (const auto error = std::move(next).get(element)) return malformedDocument(error);
      GYRE_TRY(any(element, target, depth));
    }
    return {};
  }

  // An object as the value of a leaf.
  Status structured(Value& value, const Field& field, std::uint32_t depth) {
    if (field.type == FieldType::kCompletion)
      return completions_.addObject(value, field, *plans_[field.ordinal].analyzer, names_, depth);
    if (depth > kMaxDocumentDepth) return documentTooDeep();
    std::string_view raw;
    GYRE_TRY(readWhole(value, raw));
    auto whole = json::Document::parse(raw, {kMaxDocumentDepth});
    if (!whole.isOk()) return malformedDocument(whole.status().message());
    if (field.type == FieldType::kRange) return addRange(field, whole->root());
    if (isPoint(field)) return addPoint(field, whole->root());
    if (field.type == FieldType::kFlatObject) {
      std::string path = field.path;
      return addLeaves(field, whole->root(), path);
    }
    const bool is_boolean = field.type == FieldType::kBoolean;
    if (is_boolean || isWholeType(field.type) || isFloating(field.type) || field.type == FieldType::kScaledFloat)
      return fault(field, previewOf(whole->root()), "json_parse_exception",
                   std::string("Current token (START_OBJECT) not ") +
                       (is_boolean ? "of boolean type" : "numeric, can not use numeric value accessors"));
    return fault(field, previewOf(whole->root()), "illegal_state_exception", "Can't get text on a START_OBJECT");
  }

  // The bytes of an array or object.
  static Status readWhole(Value& value, std::string_view& raw) {
    simdjson::simdjson_result<std::string_view> whole;
    if (tokenOf(value).starts_with('[')) {
      simdjson::ondemand::array array;
      if (const auto error = value.get_array().get(array)) return malformedDocument(error);
      whole = array.raw_json();
    } else {
      simdjson::ondemand::object object;
      if (const auto error = value.get_object().get(object)) return malformedDocument(error);
      whole = object.raw_json();
    }
    if (const auto error = std::move(whole).get(raw)) return malformedDocument(error);
    return {};
  }

  static bool takesContexts(const Field& field) {
    return field.type == FieldType::kKeyword || field.type == FieldType::kText || isPoint(field);
  }
  static bool isPoint(const Field& field) { return field.type_name == "geo_point"; }

  Status addRange(const Field& field, json::Value value) {
    auto term = rangeTermOf(field, value, plans_[field.ordinal].format);
    if (term.isOk()) {
      sink_->keyword(field, term.value());
    } else if (!field.ignores_malformed) {
      return fault(field, value.isString() ? value.string() : value.raw(), term.status().reason(),
                   std::string(term.status().message()));
    } else {
      sink_->ignored(field);
    }
    return {};
  }

  // What stands in a flat_object, as terms of the fields that its mapping gives it. `path` is the value's.
  Status addLeaves(const Field& field, json::Value value, std::string& path) {
    const std::size_t length = path.size();
    for (const json::Value child : value) {
      if (value.isObject()) path.append(1, '.').append(child.key());
      GYRE_TRY(addLeaves(field, child, path));
      path.resize(length);
    }
    if (value.isObject() || value.isArray() || value.isNull()) return {};
    const std::string_view text = value.isString() ? value.string() : value.raw();
    const std::string whole = path + kFlatPathEnd + std::string(text);
    if (whole.size() > kMaxTermBytes) return immenseTerm(field, whole.size());
    sink_->keyword(fields_[field.children[0]], text);
    sink_->keyword(fields_[field.children[1]], whole);
    return {};
  }

  Status addPoint(const Field& field, json::Value value) {
    const auto points = geoPointsOf(value);
    if (!points.isOk() && field.ignores_malformed) {
      sink_->ignored(field);
      return {};
    }
    if (!points.isOk())
      return fault(field, value.isString() ? value.string() : value.raw(), points.status().reason(),
                   std::string(points.status().message()));
    for (const std::string& point : points.value()) {
      sink_->keyword(field, point);
      if (plans_[field.ordinal].is_context_source) completions_.addPlace(field, point);
    }
    return {};
  }

  // A text or number for a field whose values have parts.
  Status addWhole(const Field& field, const Scalar& value) {
    std::string text;
    JsonWriter(text).string(value.text);
    const auto parsed = json::Document::parse(value.kind == json::Kind::kString ? std::string_view(text) : value.text);
    if (!parsed.isOk()) return malformedDocument(parsed.status().message());
    return field.type == FieldType::kRange ? addRange(field, parsed->root()) : addPoint(field, parsed->root());
  }

  Status addIp(const Field& field, const Scalar& value) {
    const auto address = parseIp(value.text);
    if (!address) return fault(field, value.text, "'" + shortened(value.text) + "' is not an IP string literal.");
    sink_->keyword(field, *address);
    return {};
  }

  // -- values ---------------------------------------------------------------------------------------------------

  // What is wrong with a field's value. An index that ignores malformed values leaves it out, whatever the field is;
  // only what the field itself ignores is told with the document.
  Status fault(const Field& field, std::string_view preview, std::string_view cause, std::string why) const {
    if (mapping_->options().ignores_malformed && !field.ignores_malformed) return {};
    return fieldFault(field, id_, preview, cause, std::move(why));
  }
  Status fault(const Field& field, std::string_view preview, std::string why) const {
    return fault(field, preview, "illegal_argument_exception", std::move(why));
  }

  // A value for a field and its multi-fields.
  Status addAll(const Field& field, const Scalar& value) {
    GYRE_TRY(add(field, value));
    for (const std::uint16_t ordinal : field.multi_fields) GYRE_TRY(addAll(fields_[ordinal], value));
    return {};
  }

  Status addNull(const Field& field) {
    if (field.null_value) GYRE_TRY(add(field, {json::Kind::kString, *field.null_value}));
    for (const std::uint16_t ordinal : field.multi_fields) GYRE_TRY(addNull(fields_[ordinal]));
    return {};
  }

  Status copy(const Field& field, const Scalar& value) {
    const std::vector<std::uint16_t>& copies = plans_[field.ordinal].copies;
    for (std::size_t i = 0; i < copies.size(); ++i) {
      if (copies[i] != kUnmapped) {
        GYRE_TRY(addAll(fields_[copies[i]], value));
        continue;
      }
      GYRE_TRY_ASSIGN(const Target target, targetOf(MemberTable::kRoot, mapping_->dynamic(), field.copy_to[i]));
      if (target.ordinal == kUnmapped) must_grow_ = true;
    }
    return {};
  }

  Status add(const Field& field, const Scalar& value) {
    if (has_odd_contexts_ && plans_[field.ordinal].is_context_source && !takesContexts(field))
      return {Code::kInvalidArgument, "illegal_argument_exception",
              "Failed to parse context field [" + field.path + "], only keyword and text fields are accepted"};
    if (!field.ignores_malformed) return addAs(field, value);
    // The dialect does not tell of scaled_float.
    if (!addAs(field, value).isOk() && field.type != FieldType::kScaledFloat) sink_->ignored(field);
    return {};
  }

  Status addAs(const Field& field, const Scalar& value) {
    switch (field.type) {
      case FieldType::kKeyword: return addKeyword(field, value.text);
      case FieldType::kText: return addText(field, value.text);
      case FieldType::kCompletion: return addCompletion(field, value);
      case FieldType::kDate:
      case FieldType::kDateNanos: return addDate(field, value);
      case FieldType::kBoolean: return addBoolean(field, value);
      case FieldType::kFlatObject:
        return fault(
            field, value.text, "parsing_exception",
            "[" + field.path + "] unexpected token [" + tokenName(value.kind) + "] in flat_object field value");
      case FieldType::kAlias: return illegalFault("Cannot write to a field alias [" + field.path + "].");
      case FieldType::kBinary: return isPoint(field) ? addWhole(field, value) : addBinary(field, value.text);
      case FieldType::kIp: return addIp(field, value);
      case FieldType::kRange: return addWhole(field, value);
      default: return addNumber(field, value);
    }
  }

  Status addKeyword(const Field& field, std::string_view text) {
    if (field.ignore_above != 0 && text.size() > field.ignore_above && utf16Length(text) > field.ignore_above)
      return {};
    if (field.ignores_all) return {};
    const std::string_view given = text;
    std::string normalized;
    if (field.normalizer != nullptr) text = normalized = normalizeTerm(*field.normalizer, text);
    if (text.size() > kMaxTermBytes && (field.is_indexed || field.has_doc_values))
      return immenseTerm(field, text.size());
    if (field.constant_value) {
      if (text == *field.constant_value) return {};  // every document gets it
      return fault(field, text,
                   "constant keyword field [" + field.path + "] must have a value of [" + *field.constant_value + "]");
    }
    if (plans_[field.ordinal].is_context_source) completions_.addCategory(field, given);
    sink_->keyword(field, text);
    return {};
  }

  Status addText(const Field& field, std::string_view text) {
    Plan& plan = plans_[field.ordinal];
    if (plan.is_context_source) completions_.addCategory(field, text);
    if (field.is_stored) sink_->written(field, text);
    if (!field.is_indexed) return {};
    if (field.detail == IndexDetail::kDocs) return addDistinct(field, text);
    TextTerms terms(field, plan.next_position, *sink_);
    plan.next_position += plan.analyzer->analyze(text, terms) + field.position_gap;
    if (terms.immense() != 0) return immenseTerm(field, terms.immense());
    if (terms.isEmpty()) sink_->wordless(field);
    // A search_as_you_type keeps neighbouring words too.
    for (const std::uint16_t shingles : field.children) GYRE_TRY(addText(fields_[shingles], text));
    return {};
  }

  Status addDistinct(const Field& field, std::string_view text) {
    Plan& plan = plans_[field.ordinal];
    DistinctTerms terms;
    plan.analyzer->analyze(text, terms);
    if (terms.terms.empty()) sink_->wordless(field);
    for (auto& [ordinal, seen] : distinct_) {
      if (ordinal != field.ordinal) continue;
      for (std::string& term : terms.terms) {
        if (term.size() > kMaxTermBytes) return immenseTerm(field, term.size());
        const auto place = std::lower_bound(seen.begin(), seen.end(), term);
        if (place != seen.end() && *place == term) continue;
        sink_->term(field, term, plan.next_position++);
        seen.insert(place, std::move(term));
      }
    }
    return {};
  }

  Status addCompletion(const Field& field, const Scalar& value) {
    if (value.kind != json::Kind::kString)
      return causedBy({Code::kInvalidArgument, "mapper_parsing_exception", "failed to parse"},
                      {Code::kInvalidArgument, "parsing_exception",
                       "failed to parse [" + field.path + "]: expected text or object, but got " +
                           (value.kind == json::Kind::kNumber ? "VALUE_NUMBER" : "VALUE_BOOLEAN")});
    return completions_.addText(field, *plans_[field.ordinal].analyzer, value.text);
  }

  Status addDate(const Field& field, const Scalar& value) {
    const DateFormat& format = plans_[field.ordinal].format;
    if (value.kind == json::Kind::kBoolean) return unreadableDate(field, value);
    if (field.type == FieldType::kDate) {
      const auto instant = tryParseDate(value.text, format);
      if (!instant) return unreadableDate(field, value);
      sink_->number(field, *instant);
      return {};
    }
    const auto instant = tryParseInstant(value.text, format);
    if (!instant) return unreadableDate(field, value);
    const auto nanos = toNanos(*instant);
    if (!nanos.isOk()) return fault(field, value.text, std::string(nanos.status().message()));
    sink_->number(field, *nanos);
    return {};
  }
  Status unreadableDate(const Field& field, const Scalar& value) const {
    if (value.text.empty()) return fault(field, value.text, "cannot parse empty date");
    return fault(field, value.text,
                 "failed to parse date field [" + shortened(value.text) + "] with format [" +
                     (field.format.empty() ? std::string(kDefaultDateFormat) : field.format) + "]");
  }

  Status addBoolean(const Field& field, const Scalar& value) {
    const bool is_word = value.kind == json::Kind::kBoolean || value.kind == json::Kind::kString;
    const bool is_true = is_word && value.text == "true";
    if (!is_true && !(is_word && (value.text == "false" || value.text.empty()))) {
      if (!is_word)
        return fault(field, value.text, "json_parse_exception", "Current token (VALUE_NUMBER) not of boolean type");
      return fault(field, value.text,
                   "Failed to parse value [" + shortened(value.text) + "] as only [true] or [false] are allowed.");
    }
    sink_->number(field, is_true ? 1 : 0);
    return {};
  }

  Status addNumber(const Field& field, const Scalar& value) {
    if (field.type_name == "token_count") return addTokenCount(field, value.text);
    if (value.kind == json::Kind::kBoolean)
      return fault(field, value.text, "json_parse_exception",
                   "Current token (VALUE_" + std::string(value.text == "true" ? "TRUE" : "FALSE") +
                       ") not numeric, can not use numeric value accessors");
    if (!field.is_coerced && value.kind == json::Kind::kString)
      return fault(field, value.text, numberName(field) + " value passed as String");
    if (value.text.empty()) return {};  // "" counts as null
    const EncodedNumber number = encodeNumber(field, value.text);
    if (number.fault == NumberFault::kNotANumber && !isWholeType(field.type) && isNotFinite(value.text))
      return outOfRange(field, value);
    if (number.fault == NumberFault::kNotANumber)
      return fault(field, value.text,
                   isWholeType(field.type) ? "illegal_argument_exception" : "number_format_exception",
                   "For input string: \"" + shortened(value.text) + "\"");
    if (number.fault == NumberFault::kOutOfRange) return outOfRange(field, value);
    if (!field.is_coerced && isWholeType(field.type) && !isWholeText(value.text))
      return fault(field, value.text,
                   shortened(value.text) + " cannot be converted to " + numberName(field) + " without data loss");
    if (field.is_half && field.is_stored) sink_->written(field, value.text);
    sink_->number(field, number.value);
    return {};
  }

  Status outOfRange(const Field& field, const Scalar& value) const {
    if (!isWholeType(field.type)) {
      // What such a number becomes; a half float's fits a float still.
      const std::string shown = isNotFinite(value.text) || field.is_half ? shortened(value.text)
                                : value.text.starts_with('-')            ? "-Infinity"
                                                                         : "Infinity";
      const std::string_view only = field.type == FieldType::kScaledFloat ? "only supports" : "supports only";
      return fault(
          field, shown,
          "[" + std::string(field.type_name) + "] " + std::string(only) + " finite values, but got [" + shown + "]");
    }
    if (field.type == FieldType::kLong)
      return fault(field, value.text, "input_coercion_exception",
                   "Numeric value (" + shortened(value.text) +
                       ") out of range of long (-9223372036854775808 - 9223372036854775807)");
    const bool is_unsigned = field.type == FieldType::kUnsignedLong;
    return fault(field, value.text,
                 "Value [" + shortened(value.text) + "] is out of range for a" +
                     (is_unsigned                         ? std::string("n unsigned long")
                      : field.type == FieldType::kInteger ? std::string("n integer")
                                                          : " " + std::string(field.type_name)));
  }

  static bool isNotFinite(std::string_view text) {
    return text == "NaN" || text == "Infinity" || text == "-Infinity" || text == "+Infinity";
  }
  static bool isWholeType(FieldType type) {
    return type == FieldType::kUnsignedLong || (type >= FieldType::kLong && type <= FieldType::kByte);
  }
  // "1.0" and "1e2" are whole, "1.5" is not.
  static bool isWholeText(std::string_view text) {
    Field real;
    real.type = FieldType::kDouble;
    if (text.find_first_of(".eE") == std::string_view::npos) return true;
    const double value = decodeDouble(encodeNumber(real, text).value);
    return value == std::floor(value);
  }
  static std::string numberName(const Field& field) {
    if (field.type == FieldType::kUnsignedLong) return "BigInteger";
    std::string name(field.type_name);
    name[0] = static_cast<char>(name[0] - 'a' + 'A');
    return name;
  }

  Status addTokenCount(const Field& field, std::string_view text) {
    TermCounter counter;
    const std::uint32_t positions = plans_[field.ordinal].analyzer->analyze(text, counter);
    sink_->number(field, field.counts_gaps ? positions : counter.count);
    return {};
  }

  // Base64 in, bytes kept as they came: nothing reads them but exists.
  Status addBinary(const Field& field, std::string_view text) {
    if (field.is_stored) sink_->written(field, text);
    if (text.size() > kMaxTermBytes && field.has_doc_values) return immenseTerm(field, text.size());
    sink_->keyword(field, field.has_doc_values ? text : std::string_view());
    return {};
  }

  std::shared_ptr<const Mapping> mapping_;
  const std::vector<Field>& fields_;
  MemberTable members_;
  std::vector<Plan> plans_;  // by ordinal
  CompletionInputs completions_;
  std::vector<std::uint16_t> texts_;      // fields with an analyzer
  std::vector<std::uint16_t> constants_;  // fields with a value for every document
  // Texts without frequencies: which terms this document has given them, sorted.
  std::vector<std::pair<std::uint16_t, std::vector<std::string>>> distinct_;
  simdjson::ondemand::parser parser_;
  json::FlatReader flat_reader_;
  json::FlatMember flat_[json::kMaxFlatMembers];
  Target flat_targets_[json::kMaxFlatMembers];  // of the members of the last flat document
  bool has_targets_ = false;
  std::string buffer_;  // the document, with room for simdjson to read past its end
  DocumentSink* sink_ = nullptr;
  std::string_view id_;
  bool must_grow_ = false;
  bool has_odd_contexts_ = false;   // some completion takes its contexts from a field that has none to give
  std::size_t nested_objects_ = 0;  // of this document
  OpenNames names_;
};

DocumentParser::DocumentParser(std::shared_ptr<const Mapping> mapping)
    : state_(std::make_unique<State>(std::move(mapping))) {}
DocumentParser::~DocumentParser() = default;

Status DocumentParser::parse(std::string_view source, std::string_view id, DocumentSink& sink) {
  return state_->parse(source, id, sink);
}
bool DocumentParser::mustGrow() const { return state_->mustGrow(); }

}  // namespace gyre::engine
