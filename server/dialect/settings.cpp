#include "server/dialect/settings.hpp"

#include <algorithm>
#include <charconv>

#include "server/dialect/failure.hpp"
#include "server/dialect/name_match.hpp"

namespace gyre::dialect {

namespace {

std::string scalarText(json::Value value) {
  return value.isString() ? std::string(value.string()) : std::string(value.raw());
}

void writeValue(const Settings::Value& value, JsonWriter& writer) {
  if (!value.is_list) {
    writer.string(value.texts.front());
    return;
  }
  writer.beginArray();
  for (const std::string& text : value.texts) writer.string(text);
  writer.endArray();
}

}  // namespace

Status Settings::merge(json::Value object, std::string_view prefix, std::vector<std::string>* nulls) {
  if (object.isMissing() || object.isNull()) return {};
  if (!object.isObject()) return illegalArgument("settings must be an object");
  for (const json::Value member : object) mergeAt(std::string(member.key()), member, prefix, nulls);
  return {};
}

void Settings::merge(const Settings& other) {
  for (const auto& [name, value] : other.values_) values_[name] = value;
}

void Settings::erase(std::string_view name) {
  std::erase_if(values_, [name](const auto& each) { return matchesWildcard(name, each.first); });
}

void Settings::mergeAt(const std::string& path, json::Value value, std::string_view prefix,
                       std::vector<std::string>* nulls) {
  if (value.isObject()) {
    for (const json::Value member : value) mergeAt(path + "." + std::string(member.key()), member, prefix, nulls);
    return;
  }
  const std::string name = path.starts_with(prefix) ? path : std::string(prefix) + path;
  if (value.isNull()) {
    if (nulls != nullptr) nulls->push_back(name);
    erase(name);
    return;
  }
  Value kept;
  if (value.isArray()) {
    kept.is_list = true;
    for (const json::Value element : value) kept.texts.push_back(scalarText(element));
  } else {
    kept.texts.push_back(scalarText(value));
  }
  values_[name] = std::move(kept);
}

void Settings::set(std::string_view name, std::string_view text) {
  values_[std::string(name)] = {false, {std::string(text)}};
}

std::optional<std::string_view> Settings::text(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end() || found->second.is_list) return std::nullopt;
  return found->second.texts.front();
}

std::int64_t Settings::whole(std::string_view name, std::int64_t otherwise) const {
  const std::string_view digits = text(name).value_or(std::string_view());
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return digits.empty() || error != std::errc() || end != digits.data() + digits.size() ? otherwise : number;
}

void Settings::writeFlat(JsonWriter& writer) const {
  writer.beginObject();
  for (const auto& [name, value] : values_) {
    writer.key(name);
    writeValue(value, writer);
  }
  writer.endObject();
}

// The names of the objects around a value, then its own. Where a shorter name is a value itself ("a" beside "a.b"), the
// longer one stays dotted, since one member cannot be both.
std::vector<std::string> Settings::objectPath(std::string_view name) const {
  std::vector<std::string> parts(1);
  for (std::size_t from = 0;;) {
    const std::size_t dot = std::min(name.find('.', from), name.size());
    parts.back() += name.substr(from, dot - from);
    if (dot == name.size()) return parts;
    from = dot + 1;
    if (values_.contains(name.substr(0, dot)))
      parts.back() += '.';
    else
      parts.emplace_back();
  }
}

// Names are sorted, so what shares an object stands together.
void Settings::writeNested(JsonWriter& writer) const {
  writer.beginObject();
  std::vector<std::string> open;
  for (const auto& [name, value] : values_) {
    const std::vector<std::string> parts = objectPath(name);
    std::size_t shared = 0;
    while (shared < open.size() && shared + 1 < parts.size() && open[shared] == parts[shared]) ++shared;
    for (; open.size() > shared; open.pop_back()) writer.endObject();
    for (; open.size() + 1 < parts.size(); open.push_back(parts[open.size()]))
      writer.key(parts[open.size()]).beginObject();
    writer.key(parts.back());
    writeValue(value, writer);
  }
  for (; !open.empty(); open.pop_back()) writer.endObject();
  writer.endObject();
}

std::string Settings::nestedJson() const {
  std::string text;
  JsonWriter writer(text);
  writeNested(writer);
  return text;
}

}  // namespace gyre::dialect
