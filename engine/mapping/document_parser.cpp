#include "engine/mapping/document_parser.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "engine/analysis/analyzer.hpp"
#include "engine/analysis/utf8.hpp"
#include "engine/mapping/date_format.hpp"
#include "engine/mapping/member_table.hpp"
#include "engine/mapping/number_text.hpp"
#include "gyre/json.hpp"

namespace gyre::engine {

namespace {

constexpr std::uint32_t kMaxDepth = 100;       // arrays and objects inside each other
constexpr std::size_t kMaxTermBytes = 32'766;  // the dialect's longest term
constexpr std::size_t kKeptBuffer = 4u << 20;  // larger buffers are given back after the document that needed them
constexpr std::size_t kFewNames = 64;          // of one object: compared by marks, not sorted
constexpr std::uint16_t kSkipped = 0xffff;     // no field: kept in _source only
// The dialect's default for index.mapping.nested_objects.limit, of one document.
constexpr std::uint32_t kMaxNestedObjects = 10'000;
constexpr char kContextEnd = '\x1d';

// A scalar of the document. Numbers keep their text.
struct Scalar {
  json::Kind kind = json::Kind::kNull;
  std::string_view text;
};

std::string shown(const Scalar& value) {
  const std::string text(utf16Prefix(value.text, 100));
  return value.kind == json::Kind::kString ? "\"" + text + "\"" : text;
}

std::string_view typeName(FieldType type) {
  constexpr std::string_view kNames[] = {"object",  "keyword", "text", "completion", "date",  "boolean",     "long",
                                         "integer", "short",   "byte", "double",     "float", "scaled_float"};
  return kNames[static_cast<std::size_t>(type)];
}

Status malformed(std::string_view why) {
  return {Code::kInvalidArgument, "mapper_parsing_exception", "failed to parse: malformed JSON: " + std::string(why)};
}
Status malformed(simdjson::error_code error) { return malformed(simdjson::error_message(error)); }

Status fieldFault(const Field& field, const std::string& why) {
  return {Code::kInvalidArgument, "mapper_parsing_exception",
          "failed to parse field [" + field.path + "] of type [" + std::string(typeName(field.type)) + "]: " + why};
}

// Hands a text's terms on at the positions that follow the values before it.
class TextTerms final : public TermSink {
 public:
  TextTerms(const Field& field, std::uint32_t base, DocumentSink& sink) : field_(field), base_(base), sink_(sink) {}
  void term(std::string_view term, std::uint32_t position) override {
    if (term.size() > kMaxTermBytes)
      immense_ = std::max(immense_, term.size());
    else
      sink_.term(field_, term, base_ + position);
  }
  std::size_t immense() const { return immense_; }  // bytes of the longest term refused, 0 for none

 private:
  const Field& field_;
  std::uint32_t base_;
  DocumentSink& sink_;
  std::size_t immense_ = 0;
};

Status immenseTerm(const Field& field, std::size_t size) {
  return {Code::kInvalidArgument, "mapper_parsing_exception",
          "document contains at least one immense term in field [" + field.path + "]: its UTF-8 encoding has " +
              std::to_string(size) + " bytes, the longest allowed is " + std::to_string(kMaxTermBytes) +
              "; use ignore_above to leave long values out of the index"};
}

}  // namespace

class DocumentParser::State {
 public:
  explicit State(std::shared_ptr<const Mapping> mapping)
      : mapping_(std::move(mapping)), fields_(mapping_->fields()), members_(*mapping_), plans_(fields_.size()) {
    for (const Field& field : fields_) {
      Plan& plan = plans_[field.ordinal];
      plan.analyzer = field.index_analyzer;
      // A mapping that was parsed holds no format that does not parse.
      if (auto format = DateFormat::parse(field.format); field.type == FieldType::kDate && format.isOk())
        plan.format = std::move(format).value();
      for (const CompletionContext& context : field.contexts)
        if (const Field* source = mapping_->find(context.path)) plans_[source->ordinal].is_context_source = true;
    }
  }

  Status parse(std::string_view source, DocumentSink& sink) {
    sink_ = &sink;
    for (Plan& plan : plans_) plan.next_position = 0;
    names_.clear();
    pending_.clear();
    context_values_.clear();
    nested_objects_ = 0;
    const Status status = walk(source);
    if (buffer_.capacity() > kKeptBuffer) {
      buffer_ = std::string();
      parser_ = simdjson::ondemand::parser();
    }
    return status;
  }

 private:
  using Value = simdjson::ondemand::value;

  struct Plan {
    const Analyzer* analyzer = nullptr;  // text, completion
    DateFormat format;                   // date
    bool is_context_source = false;      // some completion takes its category from here
    std::uint32_t next_position = 0;     // text: where this document's next value begins
  };

  // A completion whose categories stand elsewhere in the document, perhaps further on.
  struct PendingCompletion {
    std::uint16_t ordinal = 0;
    std::string_view input;
    std::uint32_t weight = 1;
    std::vector<std::pair<std::string_view, std::string_view>> contexts;  // name, value: given with the input
  };

  Status walk(std::string_view source) {
    buffer_.reserve(source.size() + simdjson::SIMDJSON_PADDING);
    buffer_.assign(source);
    simdjson::ondemand::document document;
    if (const auto error = parser_.iterate(buffer_.data(), buffer_.size(), buffer_.capacity()).get(document))
      return malformed(error);
    simdjson::ondemand::json_type type;
    if (const auto error = document.type().get(type)) return malformed(error);
    Value root;
    if (type != simdjson::ondemand::json_type::object || document.get_value().get(root))
      return {Code::kInvalidArgument, "mapper_parsing_exception", "failed to parse: a document must be an object"};
    GYRE_TRY(objectMembers(root, MemberTable::kRoot, mapping_->dynamic(), 1));
    const char* rest = nullptr;
    if (document.current_location().get(rest) == simdjson::SUCCESS && rest < buffer_.data() + buffer_.size())
      return malformed("unexpected content after the document");
    return flushCompletions();
  }

  // -- structure ------------------------------------------------------------------------------------------------

  static std::string_view tokenOf(Value& value) {
    std::string_view token = value.raw_json_token();
    while (!token.empty() && json::detail::isSpace(token.back())) token.remove_suffix(1);
    return token;
  }

  static Status tooDeep() { return malformed("more than " + std::to_string(kMaxDepth) + " levels of nesting"); }

  // The member's name, decoded only when it holds an escape.
  static simdjson::error_code nameOf(simdjson::ondemand::field& member, std::string_view& name) {
    const char* const first = member.key().raw();
    const char* end = first;
    while (*end != '"' && *end != '\\') ++end;
    name = {first, static_cast<std::size_t>(end - first)};
    return *end == '"' ? simdjson::SUCCESS : member.unescaped_key().get(name);
  }

  // Members of `value` as children of an object field; kSkipped as `object` only checks them.
  Status objectMembers(Value& value, std::uint16_t object, Dynamic dynamic, std::uint32_t depth) {
    if (depth > kMaxDepth) return tooDeep();
    simdjson::ondemand::object members;
    if (const auto error = value.get_object().get(members)) return malformed(error);
    const std::size_t first_name = names_.size();
    for (auto next : members) {
      simdjson::ondemand::field member;
      if (const auto error = std::move(next).get(member)) return malformed(error);
      std::string_view name;
      if (const auto error = nameOf(member, name)) return malformed(error);
      names_.push_back(name);
      Target target{kSkipped, dynamic};
      if (object != kSkipped) {
        GYRE_TRY_ASSIGN(target, targetOf(object, dynamic, name));
      }
      Value inner = member.value();
      GYRE_TRY(any(inner, target, depth));
    }
    return closeNames(first_name);
  }

  // Refuses a name that stands twice in one object, and forgets the object's names.
  Status closeNames(std::size_t first) {
    const auto begin = names_.begin() + static_cast<std::ptrdiff_t>(first);
    const auto twice = names_.size() - first <= kFewNames ? findTwiceAmongFew(begin) : findTwiceBySorting(begin);
    if (twice != names_.end()) return malformed("duplicate member \"" + std::string(utf16Prefix(*twice, 100)) + "\"");
    names_.resize(first);
    return {};
  }

  using NameIterator = std::vector<std::string_view>::iterator;

  // A name is only compared with those before it when one of them may have had the same mark.
  NameIterator findTwiceAmongFew(NameIterator begin) {
    std::uint64_t marks[4] = {};
    for (auto name = begin; name != names_.end(); ++name) {
      const std::size_t size = name->size();
      const auto byteAt = [&](std::size_t at) { return static_cast<unsigned char>(size == 0 ? 0 : (*name)[at]); };
      const unsigned mark =
          byteAt(0) * 7u + byteAt(size / 2) * 31u + byteAt(size - 1) * 101u + static_cast<unsigned>(size);
      std::uint64_t& word = marks[mark / 64 % 4];
      const std::uint64_t bit = std::uint64_t{1} << (mark % 64);
      if ((word & bit) != 0 && std::find(begin, name, *name) != name) return name;
      word |= bit;
    }
    return names_.end();
  }

  NameIterator findTwiceBySorting(NameIterator begin) {
    std::sort(begin, names_.end(), [](std::string_view a, std::string_view b) {
      return a.size() != b.size() ? a.size() < b.size() : a < b;
    });
    return std::adjacent_find(begin, names_.end());
  }

  struct Target {
    std::uint16_t ordinal = kSkipped;
    Dynamic dynamic = Dynamic::kStrict;  // of an object: for its members
  };

  // Where a member's value belongs. A dotted name is a path through objects.
  Result<Target> targetOf(std::uint16_t object, Dynamic dynamic, std::string_view name) {
    std::string_view rest = name;
    for (;;) {
      std::uint16_t ordinal = members_.find(object, rest);
      std::size_t dot = std::string_view::npos;
      if (ordinal == MemberTable::kNone && (dot = rest.find('.')) != std::string_view::npos)
        ordinal = members_.find(object, rest.substr(0, dot));
      if (ordinal == MemberTable::kNone) return unmapped(object, dynamic, rest);
      const Field& field = fields_[ordinal];
      if (field.type == FieldType::kObject) {
        if (!field.is_enabled) return Target{kSkipped, Dynamic::kFalse};
        if (field.is_nested && dot != std::string_view::npos)
          return Status(Code::kInvalidArgument, "mapper_parsing_exception",
                        "Cannot add a value for field [" + std::string(utf16Prefix(name, 100)) +
                            "] since one of the intermediate objects is mapped as a nested object: [" + field.path +
                            "]");
        dynamic = field.dynamic;
        object = ordinal;
      }
      if (dot == std::string_view::npos) return Target{ordinal, dynamic};
      if (field.type != FieldType::kObject)
        return fieldFault(field, "it has no members, found [" + std::string(utf16Prefix(name, 100)) + "]");
      rest.remove_prefix(dot + 1);
    }
  }

  Result<Target> unmapped(std::uint16_t object, Dynamic dynamic, std::string_view name) const {
    if (dynamic == Dynamic::kFalse) return Target{kSkipped, dynamic};
    return Status(Code::kInvalidArgument, "strict_dynamic_mapping_exception",
                  "mapping set to strict, dynamic introduction of [" + std::string(utf16Prefix(name, 100)) +
                      "] within [" + (object == MemberTable::kRoot ? std::string("_doc") : fields_[object].path) +
                      "] is not allowed");
  }

  Status any(Value& value, Target target, std::uint32_t depth) {
    const std::string_view token = tokenOf(value);
    if (token.empty()) return malformed("unexpected end of input");
    if (token.front() == '[') return elements(value, target, depth + 1);
    const Field* const field = target.ordinal == kSkipped ? nullptr : &fields_[target.ordinal];
    if (token.front() == '{') {
      if (field != nullptr && field->is_nested) return nestedObject(value, *field, target.dynamic, depth + 1);
      if (field == nullptr || field->type == FieldType::kObject)
        return objectMembers(value, target.ordinal, target.dynamic, depth + 1);
      if (field->type == FieldType::kCompletion) return completionObject(value, *field, depth + 1);
      return fieldFault(*field, "expected a value, found an object");
    }
    Scalar scalar;
    GYRE_TRY(readScalar(value, token, scalar));
    if (field == nullptr || scalar.kind == json::Kind::kNull) return {};
    if (field->type == FieldType::kObject) return fieldFault(*field, "expected an object, found " + shown(scalar));
    GYRE_TRY(add(*field, scalar));
    for (const std::uint16_t ordinal : field->multi_fields) GYRE_TRY(add(fields_[ordinal], scalar));
    return {};
  }

  Status nestedObject(Value& value, const Field& field, Dynamic dynamic, std::uint32_t depth) {
    if (++nested_objects_ > kMaxNestedObjects)
      return {Code::kInvalidArgument, "mapper_parsing_exception",
              "The number of nested documents has exceeded the allowed limit of [" + std::to_string(kMaxNestedObjects) +
                  "]. This limit can be set by changing the [index.mapping.nested_objects.limit] index level setting."};
    sink_->beginNested(field);
    GYRE_TRY(objectMembers(value, field.ordinal, dynamic, depth));
    sink_->endNested();
    return {};
  }

  Status elements(Value& value, Target target, std::uint32_t depth) {
    if (depth > kMaxDepth) return tooDeep();
    simdjson::ondemand::array array;
    if (const auto error = value.get_array().get(array)) return malformed(error);
    for (auto next : array) {
      Value element;
      if (const auto error = std::move(next).get(element)) return malformed(error);
      GYRE_TRY(any(element, target, depth));
    }
    return {};
  }

  static Status readScalar(Value& value, std::string_view token, Scalar& scalar) {
    scalar.text = token;
    if (token.front() == '"') {
      scalar.kind = json::Kind::kString;
      if (token.size() >= 2 && std::memchr(token.data(), '\\', token.size()) == nullptr) {
        // Consumed though not needed: simdjson takes a string left unread before a stray colon for a member's name.
        simdjson::ondemand::raw_json_string consumed;
        if (const auto error = value.get_raw_json_string().get(consumed)) return malformed(error);
        scalar.text = token.substr(1, token.size() - 2);
      } else if (const auto error = value.get_string().get(scalar.text)) {
        return malformed(error);
      }
    } else if (token == "true" || token == "false") {
      scalar.kind = json::Kind::kBoolean;
    } else if (token == "null") {
      scalar.kind = json::Kind::kNull;
    } else if (json::detail::isNumber(token)) {
      scalar.kind = json::Kind::kNumber;
    } else {
      return malformed("expected a value, found \"" + std::string(utf16Prefix(token, 20)) + "\"");
    }
    return {};
  }

  // -- values ---------------------------------------------------------------------------------------------------

  Status add(const Field& field, const Scalar& value) {
    switch (field.type) {
      case FieldType::kKeyword: return addKeyword(field, value.text);
      case FieldType::kText: return addText(field, value.text);
      case FieldType::kCompletion: return addCompletion(field, value.text, 1, {});
      case FieldType::kDate: return addDate(field, value);
      case FieldType::kBoolean: return addBoolean(field, value);
      default: return addNumber(field, value);
    }
  }

  Status addKeyword(const Field& field, std::string_view text) {
    if (field.ignore_above != 0 && text.size() > field.ignore_above && utf16Length(text) > field.ignore_above)
      return {};
    if (plans_[field.ordinal].is_context_source) context_values_.emplace_back(field.ordinal, text);
    std::string normalized;
    if (field.normalizer != nullptr) text = normalized = normalizeTerm(*field.normalizer, text);
    if (text.size() > kMaxTermBytes && (field.is_indexed || field.has_doc_values))
      return immenseTerm(field, text.size());
    sink_->keyword(field, text);
    return {};
  }

  Status addText(const Field& field, std::string_view text) {
    Plan& plan = plans_[field.ordinal];
    if (plan.is_context_source) context_values_.emplace_back(field.ordinal, text);
    if (!field.is_indexed) return {};
    TextTerms terms(field, plan.next_position, *sink_);
    plan.next_position += plan.analyzer->analyze(text, terms) + field.position_gap;
    return terms.immense() == 0 ? Status() : immenseTerm(field, terms.immense());
  }

  Status addDate(const Field& field, const Scalar& value) {
    if (value.kind == json::Kind::kBoolean) return fieldFault(field, "expected a date, found " + shown(value));
    const DateFormat& format = plans_[field.ordinal].format;
    const auto instant = tryParseDate(value.text, format);
    if (!instant) return fieldFault(field, "expected a date of format [" + format.name() + "], found " + shown(value));
    sink_->number(field, *instant);
    return {};
  }

  Status addBoolean(const Field& field, const Scalar& value) {
    const bool is_word = value.kind == json::Kind::kBoolean || value.kind == json::Kind::kString;
    const bool is_true = is_word && value.text == "true";
    if (!is_true && !(is_word && (value.text == "false" || value.text.empty())))
      return fieldFault(field, "expected true or false, found " + shown(value));
    sink_->number(field, is_true ? 1 : 0);
    return {};
  }

  Status addNumber(const Field& field, const Scalar& value) {
    if (value.kind == json::Kind::kBoolean) return fieldFault(field, "expected a number, found " + shown(value));
    if (value.text.empty()) return {};  // "" counts as null
    const EncodedNumber number = encodeNumber(field, value.text);
    if (number.fault == NumberFault::kNotANumber) return fieldFault(field, "expected a number, found " + shown(value));
    if (number.fault == NumberFault::kOutOfRange) return fieldFault(field, "out of range: " + shown(value));
    sink_->number(field, number.value);
    return {};
  }

  // -- completions ----------------------------------------------------------------------------------------------

  using GivenContexts = std::vector<std::pair<std::string_view, std::string_view>>;

  Status addCompletion(const Field& field, std::string_view input, std::uint32_t weight,
                       const GivenContexts& contexts) {
    input = utf16Prefix(input, field.max_input_length);
    if (input.find_first_not_of(" \t\n\r\v\f") == std::string_view::npos) return {};  // blank: nothing to complete
    for (const char c : {'\0', kContextEnd, '\x1e', kCompletionSeparator})
      if (input.find(c) != std::string_view::npos)
        return fieldFault(field, "the input holds the reserved character " + std::to_string(static_cast<int>(c)));
    if (!field.contexts.empty()) {
      pending_.push_back({field.ordinal, input, weight, contexts});
      return {};
    }
    emitCompletion(field, input, weight, {});
    return {};
  }

  void emitCompletion(const Field& field, std::string_view input, std::uint32_t weight, std::string_view contexts) {
    analysed_.clear();
    appendCompletionKey(*plans_[field.ordinal].analyzer, input, analysed_);
    sink_->completion(field, input, analysed_, weight, contexts);
  }

  Status flushCompletions() {
    for (const PendingCompletion& completion : pending_) {
      const Field& field = fields_[completion.ordinal];
      std::string contexts;
      for (const CompletionContext& context : field.contexts) {
        for (const auto& [name, value] : completion.contexts)
          if (name == context.name) GYRE_TRY(appendContext(contexts, field, name, value));
        const Field* const source = context.path.empty() ? nullptr : mapping_->find(context.path);
        for (const auto& [ordinal, value] : context_values_)
          if (source != nullptr && ordinal == source->ordinal)
            GYRE_TRY(appendContext(contexts, field, context.name, value));
      }
      emitCompletion(field, completion.input, completion.weight, contexts);
    }
    return {};
  }

  static Status appendContext(std::string& contexts, const Field& field, std::string_view name,
                              std::string_view value) {
    if (value.find(kContextEnd) != std::string_view::npos)
      return fieldFault(field, "a value of context [" + std::string(name) + "] holds the reserved character 29");
    std::string pair(name);
    pair += '\0';
    pair += value;
    pair += kContextEnd;
    // The same category given twice is one. A match must begin a pair.
    for (std::size_t at = contexts.find(pair); at != std::string::npos; at = contexts.find(pair, at + 1))
      if (at == 0 || contexts[at - 1] == kContextEnd) return {};
    contexts += pair;
    return {};
  }

  // {"input": "…" or ["…"], "weight": 3, "contexts": {"name": "value" or ["value"]}}
  Status completionObject(Value& value, const Field& field, std::uint32_t depth) {
    if (depth > kMaxDepth) return tooDeep();
    simdjson::ondemand::object members;
    if (const auto error = value.get_object().get(members)) return malformed(error);
    std::vector<std::string_view> inputs;
    GivenContexts contexts;
    std::uint32_t weight = 1;
    const std::size_t first_name = names_.size();
    for (auto next : members) {
      simdjson::ondemand::field member;
      if (const auto error = std::move(next).get(member)) return malformed(error);
      std::string_view name;
      if (const auto error = nameOf(member, name)) return malformed(error);
      names_.push_back(name);
      Value inner = member.value();
      if (name == "input") {
        GYRE_TRY(strings(inner, field, "input", inputs));
      } else if (name == "weight") {
        GYRE_TRY(readWeight(inner, field, weight));
      } else if (name == "contexts") {
        GYRE_TRY(readContexts(inner, field, contexts));
      } else {
        return fieldFault(field, "unknown member [" + std::string(utf16Prefix(name, 100)) +
                                     "]; a completion has input, weight and contexts");
      }
    }
    GYRE_TRY(closeNames(first_name));
    for (const std::string_view input : inputs) GYRE_TRY(addCompletion(field, input, weight, contexts));
    return {};
  }

  // One string, or an array of them.
  static Status strings(Value& value, const Field& field, std::string_view what, std::vector<std::string_view>& into) {
    const std::string_view token = tokenOf(value);
    if (token.starts_with('[')) {
      simdjson::ondemand::array array;
      if (const auto error = value.get_array().get(array)) return malformed(error);
      for (auto next : array) {
        Value element;
        if (const auto error = std::move(next).get(element)) return malformed(error);
        GYRE_TRY(oneString(element, field, what, into));
      }
      return {};
    }
    return oneString(value, field, what, into);
  }

  static Status oneString(Value& value, const Field& field, std::string_view what,
                          std::vector<std::string_view>& into) {
    const std::string_view token = tokenOf(value);
    Scalar scalar;
    if (!token.empty() && token.front() != '{' && token.front() != '[') GYRE_TRY(readScalar(value, token, scalar));
    if (scalar.kind != json::Kind::kString)
      return fieldFault(field, std::string(what) + " must be a string or an array of strings");
    into.push_back(scalar.text);
    return {};
  }

  static Status readWeight(Value& value, const Field& field, std::uint32_t& weight) {
    const std::string_view token = tokenOf(value);
    Scalar scalar;
    if (!token.empty() && token.front() != '{' && token.front() != '[') GYRE_TRY(readScalar(value, token, scalar));
    const bool is_number = scalar.kind == json::Kind::kNumber || scalar.kind == json::Kind::kString;
    const bool is_whole = !scalar.text.empty() && scalar.text.find_first_not_of("0123456789") == std::string_view::npos;
    Field whole;
    whole.type = FieldType::kInteger;
    const EncodedNumber number =
        is_number && is_whole ? encodeNumber(whole, scalar.text) : EncodedNumber{0, NumberFault::kNotANumber};
    if (number.fault != NumberFault::kNone)
      return fieldFault(field, "weight must be a whole number from 0 to 2147483647, found " + shown(scalar));
    weight = static_cast<std::uint32_t>(number.value);
    return {};
  }

  Status readContexts(Value& value, const Field& field, GivenContexts& contexts) {
    if (!tokenOf(value).starts_with('{')) return fieldFault(field, "contexts must be an object");
    simdjson::ondemand::object members;
    if (const auto error = value.get_object().get(members)) return malformed(error);
    const std::size_t first_name = names_.size();
    for (auto next : members) {
      simdjson::ondemand::field member;
      if (const auto error = std::move(next).get(member)) return malformed(error);
      std::string_view name;
      if (const auto error = nameOf(member, name)) return malformed(error);
      names_.push_back(name);
      const bool is_known = std::any_of(field.contexts.begin(), field.contexts.end(),
                                        [&](const CompletionContext& context) { return context.name == name; });
      if (!is_known) return fieldFault(field, "unknown context [" + std::string(utf16Prefix(name, 100)) + "]");
      std::vector<std::string_view> values;
      Value inner = member.value();
      GYRE_TRY(strings(inner, field, "a context", values));
      for (const std::string_view text : values) contexts.emplace_back(name, text);
    }
    return closeNames(first_name);
  }

  std::shared_ptr<const Mapping> mapping_;
  const std::vector<Field>& fields_;
  MemberTable members_;
  std::vector<Plan> plans_;  // by ordinal
  simdjson::ondemand::parser parser_;
  std::string buffer_;  // the document, with room for simdjson to read past its end
  DocumentSink* sink_ = nullptr;
  std::vector<std::string_view> names_;  // of the objects that are open, innermost last
  std::vector<PendingCompletion> pending_;
  std::uint32_t nested_objects_ = 0;  // of this document
  std::vector<std::pair<std::uint16_t, std::string_view>> context_values_;
  std::string analysed_;
};

DocumentParser::DocumentParser(std::shared_ptr<const Mapping> mapping)
    : state_(std::make_unique<State>(std::move(mapping))) {}
DocumentParser::~DocumentParser() = default;

Status DocumentParser::parse(std::string_view source, DocumentSink& sink) { return state_->parse(source, sink); }

}  // namespace gyre::engine
