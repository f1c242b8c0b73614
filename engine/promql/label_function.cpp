#include "engine/promql/label_function.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace gyre::engine::promql {
namespace {

bool isNameCharacter(char c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// The name of "$name" or "${name}" at the front, which is taken off; nothing when it is no reference.
std::optional<std::string_view> takeReference(std::string_view& text) {
  const bool is_braced = text.size() > 1 && text[1] == '{';
  const std::size_t begin = is_braced ? 2 : 1;
  std::size_t end = begin;
  while (end < text.size() && isNameCharacter(text[end])) ++end;
  if (end == begin || (is_braced && (end == text.size() || text[end] != '}'))) return std::nullopt;
  const std::string_view name = text.substr(begin, end - begin);
  text.remove_prefix(end + (is_braced ? 1 : 0));
  return name;
}

// As Go's Regexp.Expand: an unknown group is empty, a '$' that begins no reference stays.
std::string expand(std::string_view replacement, const re2::RE2& regex, const std::vector<re2::StringPiece>& groups) {
  std::string out;
  while (!replacement.empty()) {
    const std::size_t dollar = std::min(replacement.find('$'), replacement.size());
    out.append(replacement.substr(0, dollar));
    replacement.remove_prefix(dollar);
    if (replacement.empty()) break;
    if (replacement.starts_with("$$")) {
      out.append(1, '$');
      replacement.remove_prefix(2);
      continue;
    }
    const auto name = takeReference(replacement);
    if (!name) {
      out.append(1, '$');
      replacement.remove_prefix(1);
      continue;
    }
    std::size_t group = groups.size();
    const auto [end, error] = std::from_chars(name->data(), name->data() + name->size(), group);
    if (error != std::errc() || end != name->data() + name->size()) {
      const auto& named = regex.NamedCapturingGroups();
      const auto found = named.find(std::string(*name));
      group = found == named.end() ? groups.size() : static_cast<std::size_t>(found->second);
    }
    if (group < groups.size() && groups[group].data() != nullptr)
      out.append(groups[group].data(), groups[group].size());
  }
  return out;
}

}  // namespace

Status replaceLabels(Rows& rows, std::string_view target, std::string_view replacement, std::string_view source,
                     const std::string& pattern) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(1 << 20);  // "(a{1000}){1000}" would need gigabytes
  const re2::RE2 regex("^(?:" + pattern + ")$", options);
  if (!regex.ok())
    return executionError("invalid regular expression in label_replace(): " + pattern + ": " + regex.error());
  if (!isLabelName(target))
    return executionError("invalid destination label name in label_replace(): " + std::string(target));
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(regex.NumberOfCapturingGroups()) + 1);
  for (Row& row : rows) {
    const std::string value(series::labelValue(row.labels, source));
    if (!regex.Match(value, 0, value.size(), re2::RE2::ANCHOR_BOTH, groups.data(), static_cast<int>(groups.size())))
      continue;
    setLabel(row.labels, target, expand(replacement, regex, groups));
  }
  return mergeEqual(rows);
}

Status joinLabels(Rows& rows, std::string_view target, std::string_view separator,
                  const std::vector<std::string>& sources) {
  for (const std::string& source : sources)
    if (!isLabelName(source)) return executionError("invalid source label name in label_join(): " + source);
  if (!isLabelName(target))
    return executionError("invalid destination label name in label_join(): " + std::string(target));
  for (Row& row : rows) {
    std::string joined;
    for (std::size_t i = 0; i < sources.size(); ++i) {
      if (i > 0) joined.append(separator);
      joined.append(series::labelValue(row.labels, sources[i]));
    }
    setLabel(row.labels, target, joined);
  }
  return mergeEqual(rows);
}

}  // namespace gyre::engine::promql
