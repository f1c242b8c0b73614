#include "server/dialect/ingest_document.hpp"

#include <algorithm>
#include <charconv>

#include "server/dialect/failure.hpp"

namespace gyre::dialect {

namespace {

constexpr std::string_view kMetadata[] = {"_index",        "_id",        "_routing",        "_version",
                                          "_version_type", "_if_seq_no", "_if_primary_term"};
constexpr std::string_view kIngest = "_ingest";
constexpr std::string_view kSource = "_source.";

bool isMetadata(std::string_view name) {
  return std::find(std::begin(kMetadata), std::end(kMetadata), name) != std::end(kMetadata);
}

// Cuts the first part off a path.
std::string_view nextPart(std::string_view& path) {
  const std::size_t dot = std::min(path.find('.'), path.size());
  const std::string_view part = path.substr(0, dot);
  path.remove_prefix(std::min(dot + 1, path.size()));
  return part;
}

std::string bracketed(std::string_view text) { return "[" + std::string(text) + "]"; }

Result<std::size_t> position(std::string_view part, std::size_t size, std::string_view path) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
  if (part.empty() || error != std::errc() || end != part.data() + part.size())
    return illegalArgument(bracketed(part) + " is not an integer, cannot be used as an index as part of path " +
                           bracketed(path));
  if (index >= size)
    return illegalArgument(bracketed(part) + " is out of bounds for array with length " +
                           bracketed(std::to_string(size)) + " as part of path " + bracketed(path));
  return index;
}

// One step down.
Result<const JsonTree*> child(const JsonTree& parent, std::string_view part, std::string_view path) {
  if (parent.isObject()) {
    if (const JsonTree* const found = parent.find(part)) return found;
    return illegalArgument("field " + bracketed(part) + " not present as part of path " + bracketed(path));
  }
  if (parent.isArray()) {
    GYRE_TRY_ASSIGN(const std::size_t index, position(part, parent.elements().size(), path));
    return &parent.elements()[index];
  }
  if (parent.isNull())
    return illegalArgument("cannot resolve " + bracketed(part) + " from null as part of path " + bracketed(path));
  return illegalArgument("cannot resolve " + bracketed(part) + " from object of type " + bracketed(typeNameOf(parent)) +
                         " as part of path " + bracketed(path));
}

void appendEscaped(std::string& out, std::string_view text) {
  std::string literal;
  JsonWriter(literal).string(text);
  out.append(literal, 1, literal.size() - 2);
}

}  // namespace

std::string_view typeNameOf(const JsonTree& value) {
  switch (value.kind()) {
    case json::Kind::kString: return "java.lang.String";
    case json::Kind::kBoolean: return "java.lang.Boolean";
    case json::Kind::kArray: return "java.util.ArrayList";
    case json::Kind::kObject: return "java.util.HashMap";
    case json::Kind::kNumber: {
      const std::string& text = value.text();
      if (text.find_first_of(".eE") != std::string::npos) return "java.lang.Double";
      std::int32_t small = 0;
      const auto error = std::from_chars(text.data(), text.data() + text.size(), small).ec;
      return error == std::errc() ? "java.lang.Integer" : "java.lang.Long";
    }
    default: return "null";
  }
}

std::string plainText(const JsonTree& value) {
  if (value.isText() || value.isNumber() || value.isBoolean()) return value.text();
  return value.isNull() ? "" : value.json();
}

bool isPlainTemplate(std::string_view text) {
  for (std::size_t at = 0; (at = text.find("{{", at)) != std::string_view::npos; at += 2) {
    std::size_t inner = at + 2;
    while (inner < text.size() && text[inner] == ' ') ++inner;
    if (inner < text.size() && std::string_view("#^/!>=").find(text[inner]) != std::string_view::npos) return false;
    if (text.find("}}", at) == std::string_view::npos) return false;
  }
  return true;
}

IngestDocument::IngestDocument(JsonTree source, std::string_view index, std::optional<std::string_view> id)
    : root_(std::move(source)) {
  root_["_index"] = JsonTree::text(index);
  if (id) root_["_id"] = JsonTree::text(*id);
}

std::pair<const JsonTree*, std::string_view> IngestDocument::start(std::string_view path) const {
  if (path.starts_with(kIngest) && path.size() > kIngest.size() && path[kIngest.size()] == '.')
    return {&ingest_, path.substr(kIngest.size() + 1)};
  if (path.starts_with(kSource)) path.remove_prefix(kSource.size());
  return {&root_, path};
}

Result<const JsonTree*> IngestDocument::get(std::string_view path) const {
  if (path.empty()) return illegalArgument("path cannot be null nor empty");
  auto [at, rest] = start(path);
  while (!rest.empty()) {
    const std::string_view part = nextPart(rest);
    GYRE_TRY_ASSIGN(at, child(*at, part, path));
  }
  return at;
}

Result<std::string> IngestDocument::text(std::string_view path) const {
  GYRE_TRY_ASSIGN(const JsonTree* const value, get(path));
  if (value->isText()) return value->text();
  if (value->isNull()) return illegalArgument("field " + bracketed(path) + " is null, cannot process it.");
  return illegalArgument("field " + bracketed(path) + " of type " + bracketed(typeNameOf(*value)) +
                         " cannot be cast to [java.lang.String]");
}

Status IngestDocument::set(std::string_view path, JsonTree value) {
  if (path.empty()) return illegalArgument("path cannot be null nor empty");
  auto [from, rest] = start(path);
  JsonTree* at = from == &ingest_ ? &ingest_ : &root_;
  while (!rest.empty()) {
    const std::string_view part = nextPart(rest);
    const bool is_last = rest.empty();
    if (at->isObject()) {
      JsonTree& next = (*at)[part];
      if (!is_last && next.isNull()) next = JsonTree::object();
      at = &next;
    } else if (at->isArray()) {
      GYRE_TRY_ASSIGN(const std::size_t index, position(part, at->elements().size(), path));
      at = &at->elements()[index];
    } else {
      return illegalArgument("cannot set " + bracketed(part) + " with parent object of type " +
                             bracketed(typeNameOf(*at)) + " as part of path " + bracketed(path));
    }
  }
  *at = std::move(value);
  return {};
}

Status IngestDocument::append(std::string_view path, const JsonTree& values, bool allows_duplicates) {
  JsonTree list = JsonTree::array();
  if (const auto held = get(path); held.isOk() && !held.value()->isNull()) {
    if (held.value()->isArray())
      list = *held.value();
    else
      list.elements().push_back(*held.value());
  }
  const auto add = [&](const JsonTree& value) {
    auto& elements = list.elements();
    if (allows_duplicates || std::find(elements.begin(), elements.end(), value) == elements.end())
      elements.push_back(value);
  };
  if (values.isArray())
    for (const JsonTree& value : values.elements()) add(value);
  else
    add(values);
  return set(path, std::move(list));
}

Status IngestDocument::remove(std::string_view path) {
  GYRE_TRY(get(path).status());
  auto [from, rest] = start(path);
  JsonTree* at = from == &ingest_ ? &ingest_ : &root_;
  for (;;) {
    const std::string_view part = nextPart(rest);
    const bool is_last = rest.empty();
    if (at->isObject()) {
      if (is_last) {
        at->erase(part);
        return {};
      }
      at = at->find(part);
    } else {
      GYRE_TRY_ASSIGN(const std::size_t index, position(part, at->elements().size(), path));
      if (is_last) {
        at->elements().erase(at->elements().begin() + static_cast<std::ptrdiff_t>(index));
        return {};
      }
      at = &at->elements()[index];
    }
  }
}

std::string IngestDocument::render(std::string_view text) const {
  std::string out;
  for (;;) {
    const std::size_t open = text.find("{{");
    if (open == std::string_view::npos) return out.append(text);
    const bool is_raw = text.substr(open).starts_with("{{{");
    const std::string_view end_mark = is_raw ? "}}}" : "}}";
    const std::size_t begin = open + (is_raw ? 3 : 2);
    const std::size_t end = text.find(end_mark, begin);
    if (end == std::string_view::npos) return out.append(text);
    out += text.substr(0, open);
    std::string_view path = text.substr(begin, end - begin);
    const bool is_unescaped = path.starts_with('&');
    if (is_unescaped) path.remove_prefix(1);
    while (path.starts_with(' ')) path.remove_prefix(1);
    while (path.ends_with(' ')) path.remove_suffix(1);
    if (const auto value = get(path); value.isOk()) {
      const std::string plain = plainText(*value.value());
      if (is_raw || is_unescaped || !value.value()->isText())
        out += plain;
      else
        appendEscaped(out, plain);
    }
    text.remove_prefix(end + end_mark.size());
  }
}

JsonTree IngestDocument::render(const JsonTree& value) const {
  if (value.isText()) return JsonTree::text(render(std::string_view(value.text())));
  JsonTree rendered = value;
  for (auto& [name, member] : rendered.members()) member = render(member);
  for (JsonTree& element : rendered.elements()) element = render(element);
  return rendered;
}

bool IngestDocument::hasMetadata(std::string_view name) const {
  const JsonTree* const held = root_.find(name);
  return held != nullptr && !held->isNull();
}

std::string IngestDocument::metadata(std::string_view name) const {
  const JsonTree* const held = root_.find(name);
  return held == nullptr ? std::string() : plainText(*held);
}

JsonTree IngestDocument::source() const {
  JsonTree source = root_;
  std::erase_if(source.members(), [](const JsonTree::Member& member) { return isMetadata(member.first); });
  return source;
}

void IngestDocument::replaceSource(JsonTree source) {
  for (const auto& [name, value] : root_.members())
    if (isMetadata(name)) source[name] = value;
  root_ = std::move(source);
}

}  // namespace gyre::dialect
