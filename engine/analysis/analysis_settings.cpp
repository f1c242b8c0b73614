#include "engine/analysis/analysis_settings.hpp"

#include <charconv>
#include <limits>
#include <utility>

namespace gyre::engine {

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// As the dialect keeps a setting: everything is text.
std::string scalarText(json::Value value) {
  return std::string(value.isString() ? value.string() : value.isNull() ? std::string_view() : value.raw());
}

template <class Number>
std::optional<Number> parseNumber(std::string_view text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Status analysisRefusal(std::string message) {
  return {Code::kInvalidArgument, "illegal_argument_exception", std::move(message)};
}

FlatSettings::FlatSettings(json::Value settings) {
  for (const json::Value member : settings) add(member, std::string(member.key()));
  // "index." may stand before any name.
  std::map<std::string, Entry> shortened;
  for (auto& [name, entry] : entries_)
    shortened.insert_or_assign(name.starts_with("index.") ? name.substr(6) : name, std::move(entry));
  entries_ = std::move(shortened);
}

void FlatSettings::add(json::Value value, const std::string& name) {
  if (value.isObject()) {
    for (const json::Value member : value) add(member, name + "." + std::string(member.key()));
    return;
  }
  Entry entry;
  if (value.isArray()) {
    entry.is_list = true;
    std::size_t number = 0;
    for (const json::Value element : value) {
      if (element.isObject() || element.isArray())
        add(element, name + "." + std::to_string(number));
      else
        entry.values.push_back(scalarText(element));
      ++number;
    }
  } else {
    entry.values.push_back(scalarText(value));
  }
  entries_.insert_or_assign(name, std::move(entry));
}

FlatSettings FlatSettings::below(std::string_view prefix) const {
  FlatSettings found;
  const std::string start = std::string(prefix) + ".";
  for (auto entry = entries_.lower_bound(start); entry != entries_.end() && entry->first.starts_with(start); ++entry)
    found.entries_.emplace(entry->first.substr(start.size()), entry->second);
  return found;
}

std::map<std::string, FlatSettings> FlatSettings::groups(std::string_view prefix) const {
  std::map<std::string, FlatSettings> found;
  for (const auto& [name, entry] : below(prefix).entries_) {
    const std::size_t dot = name.find('.');
    FlatSettings& group = found[name.substr(0, dot)];
    if (dot != std::string::npos) group.entries_.emplace(name.substr(dot + 1), entry);
  }
  return found;
}

const FlatSettings::Entry* FlatSettings::find(std::string_view name) const {
  const auto found = entries_.find(std::string(name));
  return found == entries_.end() ? nullptr : &found->second;
}

std::string_view FlatSettings::text(std::string_view name) const {
  const Entry* const entry = find(name);
  return entry == nullptr || entry->values.empty() ? std::string_view() : std::string_view(entry->values.front());
}

std::int64_t FlatSettings::number(std::string_view name, std::int64_t otherwise) const {
  return parseNumber<std::int64_t>(text(name)).value_or(otherwise);
}

ComponentSettings::ComponentSettings(std::string_view kind, std::string name, FlatSettings settings)
    : kind_(kind), name_(std::move(name)), settings_(std::move(settings)) {
  known_.emplace("type");
  known_.emplace("version");
}

const FlatSettings::Entry* ComponentSettings::find(std::string_view name) {
  known_.emplace(name);
  const FlatSettings::Entry* const entry = settings_.find(name);
  return entry == nullptr || (entry->values.empty() && !entry->is_list) ? nullptr : entry;
}

bool ComponentSettings::has(std::string_view name) {
  return find(name) != nullptr || settings_.find(std::string(name) + ".0") != nullptr;
}

std::string ComponentSettings::text(std::string_view name, std::string_view otherwise) {
  const FlatSettings::Entry* const entry = find(name);
  return std::string(entry == nullptr || entry->values.empty() ? otherwise : std::string_view(entry->values.front()));
}

std::int32_t ComponentSettings::number(std::string_view name, std::int32_t otherwise) {
  if (find(name) == nullptr) return otherwise;
  const std::string given = text(name);
  const auto value = parseNumber<std::int32_t>(given);
  if (!value && failure_.isOk())
    failure_ = analysisRefusal("Failed to parse int setting [" + std::string(name) + "] with value [" + given + "]");
  return value.value_or(otherwise);
}

bool ComponentSettings::boolean(std::string_view name, bool otherwise) {
  if (find(name) == nullptr) return otherwise;
  const std::string given = text(name);
  if (given != "true" && given != "false" && failure_.isOk())
    failure_ = analysisRefusal("Failed to parse value [" + given + "] as only [true] or [false] are allowed.");
  return given == "true";
}

std::vector<std::string> ComponentSettings::list(std::string_view name, std::vector<std::string> otherwise) {
  std::vector<std::string> found;
  if (const FlatSettings::Entry* const entry = find(name)) {
    if (entry->is_list) return entry->values;
    std::string_view rest = entry->values.front();
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      const std::string_view part = trimmed(rest.substr(0, comma));
      if (!part.empty()) found.emplace_back(part);
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    }
    return found;
  }
  for (std::size_t number = 0;; ++number) {
    const FlatSettings::Entry* const entry = find(std::string(name) + "." + std::to_string(number));
    if (entry == nullptr) break;
    found.push_back(entry->values.front());
  }
  return found.empty() ? std::move(otherwise) : found;
}

void ComponentSettings::refuse(std::string why) {
  if (failure_.isOk()) failure_ = analysisRefusal(std::move(why));
}

Status ComponentSettings::finish() const {
  if (!failure_.isOk()) return failure_;
  for (const auto& [name, entry] : settings_.entries())
    if (!known_.contains(name))
      return analysisRefusal("unknown setting [" + name + "] of " + kind_ + " [" + name_ + "]");
  return {};
}

}  // namespace gyre::engine
