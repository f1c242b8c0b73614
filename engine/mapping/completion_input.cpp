#include "engine/mapping/completion_input.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "engine/analysis/utf8.hpp"
#include "engine/mapping/geo_point_value.hpp"
#include "engine/mapping/number_text.hpp"

namespace gyre::engine {

namespace {

constexpr char kContextEnd = '\x1d';

Status fault(const Field& field, const std::string& why) {
  return {Code::kInvalidArgument, "mapper_parsing_exception",
          "failed to parse field [" + field.path + "] of type [completion]: " + why};
}

std::string shown(const Scalar& value) {
  const std::string text(utf16Prefix(value.text, 100));
  return value.kind == json::Kind::kString ? "\"" + text + "\"" : text;
}

Status oneString(DocumentValue& value, const Field& field, std::string_view what, std::vector<std::string_view>& into) {
  const std::string_view token = tokenOf(value);
  Scalar scalar;
  if (!token.empty() && token.front() != '{' && token.front() != '[') GYRE_TRY(readScalar(value, token, scalar));
  if (scalar.kind != json::Kind::kString)
    return fault(field, std::string(what).append(" must be a string or an array of strings"));
  into.push_back(scalar.text);
  return {};
}

// One string, or an array of them.
Status strings(DocumentValue& value, const Field& field, std::string_view what, std::vector<std::string_view>& into) {
  if (!tokenOf(value).starts_with('[')) return oneString(value, field, what, into);
  simdjson::ondemand::array array;
  if (const auto error = value.get_array().get(array)) return malformedDocument(error);
  for (auto next : array) {
    DocumentValue element;
    if (const auto error = std::move(next).get(element)) return malformedDocument(error);
    GYRE_TRY(oneString(element, field, what, into));
  }
  return {};
}

Status readWeight(DocumentValue& value, const Field& field, std::uint32_t& weight) {
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
    return fault(field, "weight must be a whole number from 0 to 2147483647, found " + shown(scalar));
  weight = static_cast<std::uint32_t>(number.value);
  return {};
}

Status appendContext(std::string& contexts, const Field& field, std::string_view name, std::string_view value) {
  if (value.find(kContextEnd) != std::string_view::npos)
    return fault(field, "a value of context [" + std::string(name) + "] holds the reserved character 29");
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

}  // namespace

namespace {

// What a field's value means as a context. Points are written "lat,lon".
std::string contextOf(const CompletionContext& context, const std::string& value) {
  const std::size_t comma = value.find(',');
  if (!context.isOfPlaces() || comma == std::string::npos) return value;
  return geohashOf({std::strtod(value.c_str(), nullptr), std::strtod(value.c_str() + comma + 1, nullptr)},
                   context.precision);
}

// Places are points, an array of them, or a geohash, which may be shorter than the context's cells are named.
Status readPlaces(DocumentValue& value, const Field& field, const CompletionContext& context,
                  std::vector<std::string>& hashes) {
  std::string_view raw;
  std::string text;
  const std::string_view token = tokenOf(value);
  if (token.starts_with('[')) {
    simdjson::ondemand::array array;
    if (const auto error = value.get_array().get(array)) return malformedDocument(error);
    if (const auto error = array.raw_json().get(raw)) return malformedDocument(error);
  } else if (token.starts_with('{')) {
    simdjson::ondemand::object object;
    if (const auto error = value.get_object().get(object)) return malformedDocument(error);
    if (const auto error = object.raw_json().get(raw)) return malformedDocument(error);
  } else {
    Scalar scalar;
    GYRE_TRY(readScalar(value, token, scalar));
    if (scalar.kind != json::Kind::kString) return fault(field, "geo context must be a point, found " + shown(scalar));
    if (scalar.text.find(',') == std::string_view::npos) {
      if (!pointOfGeohash(scalar.text)) return fault(field, shown(scalar) + " is no geohash");
      hashes.emplace_back(scalar.text.substr(0, context.precision));
      return {};
    }
    JsonWriter(text).string(scalar.text);
    raw = text;
  }
  const auto parsed = json::Document::parse(raw, {kMaxDocumentDepth});
  if (!parsed.isOk()) return malformedDocument(parsed.status().message());
  auto points = parseGeoPoints(parsed->root());
  if (!points.isOk()) return fault(field, std::string(points.status().message()));
  for (const GeoPoint& point : *points) hashes.push_back(geohashOf(point, context.precision));
  return {};
}

// One category, or an array of them: texts, numbers and booleans.
Status readCategories(DocumentValue& value, const Field& field, std::vector<std::string>& categories) {
  const auto add = [&](DocumentValue& one) -> Status {
    const std::string_view token = tokenOf(one);
    Scalar scalar;
    if (!token.starts_with('{') && !token.starts_with('[')) GYRE_TRY(readScalar(one, token, scalar));
    if (scalar.kind == json::Kind::kNull)
      return fault(field,
                   "contexts must be a string, number or boolean or a list of string, number or boolean, but was [" +
                       std::string(token.starts_with('{')   ? "START_OBJECT"
                                   : token.starts_with('[') ? "START_ARRAY"
                                                            : "VALUE_NULL") +
                       "]");
    categories.emplace_back(scalar.text);
    return {};
  };
  if (!tokenOf(value).starts_with('[')) return add(value);
  simdjson::ondemand::array array;
  if (const auto error = value.get_array().get(array)) return malformedDocument(error);
  for (auto next : array) {
    DocumentValue element;
    if (const auto error = std::move(next).get(element)) return malformedDocument(error);
    GYRE_TRY(add(element));
  }
  return {};
}

}  // namespace

void CompletionInputs::begin(DocumentSink& sink) {
  sink_ = &sink;
  pending_.clear();
  categories_.clear();
}

Status CompletionInputs::addText(const Field& field, const Analyzer& analyzer, std::string_view input) {
  return add(field, analyzer, input, 1, {});
}

Status CompletionInputs::add(const Field& field, const Analyzer& analyzer, std::string_view input, std::uint32_t weight,
                             const Contexts& contexts) {
  input = utf16Prefix(input, field.max_input_length);
  if (input.find_first_not_of(" \t\n\r\v\f") == std::string_view::npos) return {};  // blank: nothing to complete
  for (const char c : {'\0', kContextEnd, '\x1e', kCompletionSeparator})
    if (input.find(c) != std::string_view::npos)
      return fault(field, "the input holds the reserved character " + std::to_string(static_cast<int>(c)));
  pending_.push_back({&field, &analyzer, input, weight, contexts});
  return {};
}

// An input that a document gives twice counts once, with the greater weight. As a multi-field a completion sees one
// value at a time, and knows of no other.
void CompletionInputs::dropRepetitions() {
  if (pending_.size() < 2) return;
  std::vector<Pending*> order;
  order.reserve(pending_.size());
  for (Pending& one : pending_) order.push_back(&one);
  std::sort(order.begin(), order.end(), [](const Pending* a, const Pending* b) {
    if (a->field != b->field) return a->field->ordinal < b->field->ordinal;
    if (const int by_text = a->input.compare(b->input); by_text != 0) return by_text < 0;
    return a->weight != b->weight ? a->weight > b->weight : a < b;
  });
  for (std::size_t i = 1; i < order.size(); ++i)
    order[i]->is_repeated = order[i]->field == order[i - 1]->field && order[i]->input == order[i - 1]->input &&
                            !order[i]->field->is_multi_field;
}

void CompletionInputs::emit(const Field& field, const Analyzer& analyzer, std::string_view input, std::uint32_t weight,
                            std::string_view contexts) {
  analysed_.clear();
  appendCompletionKey(analyzer, input, {field.keeps_separators, field.counts_gaps}, analysed_);
  sink_->completion(field, input, analysed_, weight, contexts);
}

Status CompletionInputs::finish() {
  dropRepetitions();
  for (const Pending& completion : pending_) {
    if (completion.is_repeated) continue;
    const Field& field = *completion.field;
    if (field.contexts.empty()) {
      emit(field, *completion.analyzer, completion.input, completion.weight, {});
      continue;
    }
    std::string contexts;
    for (const CompletionContext& context : field.contexts) {
      for (const auto& [name, value] : completion.contexts)
        if (name == context.name) GYRE_TRY(appendContext(contexts, field, name, value));
      const Field* const source = context.path.empty() ? nullptr : mapping_.find(context.path);
      for (const auto& [ordinal, value] : categories_)
        if (source != nullptr && ordinal == source->ordinal)
          GYRE_TRY(appendContext(contexts, field, context.name, contextOf(context, value)));
    }
    if (contexts.empty())
      return {Code::kInvalidArgument, "illegal_argument_exception",
              "Contexts are mandatory in context enabled completion field [" + field.path + "]"};
    emit(field, *completion.analyzer, completion.input, completion.weight, contexts);
  }
  return {};
}

Status CompletionInputs::addObject(DocumentValue& value, const Field& field, const Analyzer& analyzer, OpenNames& names,
                                   std::uint32_t depth) {
  if (depth > kMaxDocumentDepth) return documentTooDeep();
  simdjson::ondemand::object members;
  if (const auto error = value.get_object().get(members)) return malformedDocument(error);
  std::vector<std::string_view> inputs;
  Contexts contexts;
  std::uint32_t weight = 1;
  const std::size_t first_name = names.size();
  for (auto next : members) {
    simdjson::ondemand::field member;
    if (const auto error = std::move(next).get(member)) return malformedDocument(error);
    std::string_view name;
    if (const auto error = nameOf(member, name)) return malformedDocument(error);
    names.add(name);
    DocumentValue inner = member.value();
    if (name == "input") {
      GYRE_TRY(strings(inner, field, "input", inputs));
    } else if (name == "weight") {
      GYRE_TRY(readWeight(inner, field, weight));
    } else if (name == "contexts") {
      GYRE_TRY(readContexts(inner, field, names, contexts));
    } else {
      return fault(field, "unknown member [" + std::string(utf16Prefix(name, 100)) +
                              "]; a completion has input, weight and contexts");
    }
  }
  GYRE_TRY(names.close(first_name));
  for (const std::string_view input : inputs) GYRE_TRY(add(field, analyzer, input, weight, contexts));
  return {};
}

Status CompletionInputs::readContexts(DocumentValue& value, const Field& field, OpenNames& names, Contexts& contexts) {
  if (!tokenOf(value).starts_with('{')) return fault(field, "contexts must be an object");
  simdjson::ondemand::object members;
  if (const auto error = value.get_object().get(members)) return malformedDocument(error);
  const std::size_t first_name = names.size();
  for (auto next : members) {
    simdjson::ondemand::field member;
    if (const auto error = std::move(next).get(member)) return malformedDocument(error);
    std::string_view name;
    if (const auto error = nameOf(member, name)) return malformedDocument(error);
    names.add(name);
    const auto known = std::find_if(field.contexts.begin(), field.contexts.end(),
                                    [&](const CompletionContext& context) { return context.name == name; });
    if (known == field.contexts.end())
      return fault(field, "Unknown context name [" + std::string(utf16Prefix(name, 100)) + "]");
    std::vector<std::string> values;
    DocumentValue inner = member.value();
    GYRE_TRY(known->isOfPlaces() ? readPlaces(inner, field, *known, values) : readCategories(inner, field, values));
    for (std::string& text : values) contexts.emplace_back(known->name, std::move(text));
  }
  return names.close(first_name);
}

}  // namespace gyre::engine
