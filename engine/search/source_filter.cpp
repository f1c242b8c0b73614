#include "engine/search/source_filter.hpp"

#include <algorithm>

#include "engine/mapping/name_pattern.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

bool matchesAny(const std::vector<std::string>& patterns, std::string_view path) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return matchesPattern(pattern, path); });
}

Status readPatterns(json::Value value, std::vector<std::string>& patterns) {
  if (value.isString()) {
    patterns.emplace_back(value.string());
    return {};
  }
  if (!value.isArray()) return parsingException("[_source] expected a string or an array of strings");
  for (const json::Value element : value) {
    if (!element.isString())
      return parsingException("[_source] expected an array of strings, found " + std::string(element.raw()));
    patterns.emplace_back(element.string());
  }
  return {};
}

void appendQuoted(std::string_view text, std::string& out) { JsonWriter(out).string(text); }

}  // namespace

Result<SourceFilter> SourceFilter::parse(json::Value value) {
  SourceFilter filter;
  if (value.isBoolean()) {
    filter.is_hidden_ = !value.boolean();
    return filter;
  }
  if (!value.isObject()) {
    GYRE_TRY(readPatterns(value, filter.includes_));
    return filter;
  }
  for (const json::Value member : value) {
    if (member.key() == "includes" || member.key() == "include") {
      GYRE_TRY(readPatterns(member, filter.includes_));
    } else if (member.key() == "excludes" || member.key() == "exclude") {
      GYRE_TRY(readPatterns(member, filter.excludes_));
    } else {
      return parsingException("Unknown key for a " + std::string(json::kindName(member.kind())) + " in [" +
                              std::string(member.key()) + "].");
    }
  }
  return filter;
}

Result<std::string> SourceFilter::apply(std::string_view source) const {
  if (isWhole()) return std::string(source);
  GYRE_TRY_ASSIGN(const auto document, json::Document::parse(source, {.max_depth = 1000}));
  std::string out;
  if (!writeObject(document.root(), "", includes_.empty(), out)) out = "{}";
  return out;
}

bool SourceFilter::write(json::Value value, const std::string& path, bool is_included, std::string& out) const {
  if (matchesAny(excludes_, path)) return false;
  is_included = is_included || matchesAny(includes_, path);
  if (is_included && excludes_.empty()) {
    out += value.raw();
    return true;
  }
  if (value.isObject()) return writeObject(value, path, is_included, out);
  if (value.isArray()) return writeArray(value, path, is_included, out);
  if (is_included) out += value.raw();
  return is_included;
}

// An object or array that loses all it had is dropped, unless it was asked for by its own name.
bool SourceFilter::writeObject(json::Value value, const std::string& path, bool is_included, std::string& out) const {
  const std::size_t start = out.size();
  out += '{';
  bool is_first = true;
  for (const json::Value member : value) {
    const std::size_t before = out.size();
    if (!is_first) out += ',';
    appendQuoted(member.key(), out);
    out += ':';
    if (write(member, path.empty() ? std::string(member.key()) : path + "." + std::string(member.key()), is_included,
              out)) {
      is_first = false;
    } else {
      out.resize(before);
    }
  }
  out += '}';
  if (is_first && !is_included) out.resize(start);
  return !is_first || is_included;
}

bool SourceFilter::writeArray(json::Value value, const std::string& path, bool is_included, std::string& out) const {
  const std::size_t start = out.size();
  out += '[';
  bool is_first = true;
  for (const json::Value element : value) {
    const std::size_t before = out.size();
    if (!is_first) out += ',';
    bool is_written = false;
    if (element.isObject()) {
      is_written = writeObject(element, path, is_included, out);
    } else if (element.isArray()) {
      is_written = writeArray(element, path, is_included, out);
    } else if (is_included) {
      out += element.raw();
      is_written = true;
    }
    if (is_written) {
      is_first = false;
    } else {
      out.resize(before);
    }
  }
  out += ']';
  if (is_first && !is_included) out.resize(start);
  return !is_first || is_included;
}

}  // namespace gyre::engine
