#include "server/dialect/response_shape.hpp"

#include <string>
#include <string_view>
#include <vector>

#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"
#include "server/dialect/catalog.hpp"

namespace gyre::dialect {

namespace {

constexpr json::Limits kAnswerLimits{.max_depth = 4096};

using Path = std::vector<std::string_view>;  // "**" matches any number of names

std::vector<Path> parsePaths(std::string_view list) {
  std::vector<Path> paths;
  for (std::size_t from = 0; from <= list.size();) {
    const std::size_t comma = std::min(list.find(',', from), list.size());
    const std::string_view text = list.substr(from, comma - from);
    from = comma + 1;
    if (text.empty()) continue;
    Path path;
    for (std::size_t at = 0; at <= text.size();) {
      const std::size_t dot = std::min(text.find('.', at), text.size());
      path.push_back(text.substr(at, dot - at));
      at = dot + 1;
    }
    paths.push_back(std::move(path));
  }
  return paths;
}

// What is left of the paths below a member. `is_whole` when one of them ends here.
std::vector<Path> descend(const std::vector<Path>& paths, std::string_view name, bool& is_whole) {
  std::vector<Path> below;
  for (const Path& path : paths) {
    if (path.empty()) continue;
    if (path.front() == "**") {
      below.push_back(path);
      const Path rest(path.begin() + 1, path.end());
      if (!rest.empty() && matchesWildcard(rest.front(), name)) {
        below.emplace_back(rest.begin() + 1, rest.end());
        if (below.back().empty()) is_whole = true;
      }
    } else if (matchesWildcard(path.front(), name)) {
      below.emplace_back(path.begin() + 1, path.end());
      if (below.back().empty()) is_whole = true;
    }
  }
  return below;
}

// False, and nothing written, when nothing is left.
bool include(json::Value value, const std::vector<Path>& paths, std::string& out) {
  if (paths.empty() || (!value.isObject() && !value.isArray())) return false;
  std::string body;
  bool is_first = true;
  for (const json::Value child : value) {
    std::string kept;
    bool is_whole = false;
    if (value.isObject()) {
      const std::vector<Path> below = descend(paths, child.key(), is_whole);
      if (is_whole)
        kept = child.raw();
      else if (!include(child, below, kept))
        continue;
    } else if (!include(child, paths, kept)) {
      continue;
    }
    if (!is_first) body += ',';
    is_first = false;
    if (value.isObject()) {
      JsonWriter(body).string(child.key());
      body += ':';
    }
    body += kept;
  }
  if (is_first) return false;
  out += value.isObject() ? '{' : '[';
  out += body;
  out += value.isObject() ? '}' : ']';
  return true;
}

// Members that a path ends at are left out; so are objects and arrays that this empties.
bool exclude(json::Value value, const std::vector<Path>& paths, std::string& out) {
  if (!value.isObject() && !value.isArray()) {
    out += value.raw();
    return true;
  }
  std::string body;
  bool is_first = true;
  for (const json::Value child : value) {
    std::string kept;
    bool is_whole = false;
    const std::vector<Path> below = value.isObject() ? descend(paths, child.key(), is_whole) : paths;
    if (is_whole) continue;
    if (below.empty())
      kept = child.raw();
    else if (!exclude(child, below, kept))
      continue;
    if (!is_first) body += ',';
    is_first = false;
    if (value.isObject()) {
      JsonWriter(body).string(child.key());
      body += ':';
    }
    body += kept;
  }
  if (is_first && value.size() > 0) return false;
  out += value.isObject() ? '{' : '[';
  out += body;
  out += value.isObject() ? '}' : ']';
  return true;
}

Status filter(std::string_view list, std::string& body) {
  std::vector<Path> includes, excludes;
  for (Path& path : parsePaths(list)) {
    if (path.front().starts_with('-')) {
      path.front().remove_prefix(1);
      excludes.push_back(std::move(path));
    } else {
      includes.push_back(std::move(path));
    }
  }
  if (!includes.empty()) {
    GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(body, kAnswerLimits));
    std::string kept;
    if (!include(document.root(), includes, kept)) kept = "{}";
    body = std::move(kept);
  }
  if (!excludes.empty()) {
    GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(body, kAnswerLimits));
    std::string kept;
    if (!exclude(document.root(), excludes, kept)) kept = "{}";
    body = std::move(kept);
  }
  return {};
}

void indent(std::string& out, std::size_t depth) {
  out += '\n';
  out.append(2 * depth, ' ');
}

void writePretty(json::Value value, std::size_t depth, std::string& out) {
  if ((!value.isObject() && !value.isArray()) || value.size() == 0) {
    if (value.isObject())
      out += "{ }";
    else if (value.isArray())
      out += "[ ]";
    else
      out += value.raw();
    return;
  }
  out += value.isObject() ? '{' : '[';
  bool is_first = true;
  for (const json::Value child : value) {
    if (!is_first) out += ',';
    is_first = false;
    indent(out, depth + 1);
    if (value.isObject()) {
      JsonWriter(out).string(child.key());
      out += " : ";
    }
    writePretty(child, depth + 1, out);
  }
  indent(out, depth);
  out += value.isObject() ? '}' : ']';
}

}  // namespace

Status shapeResponse(const Request& request, Response& response) {
  if (!response.content_type.starts_with("application/json") || response.body.empty()) return {};
  if (const auto list = request.parameter("filter_path"); list && !list->empty())
    GYRE_TRY(filter(*list, response.body));
  if (const auto pretty = request.parameter("pretty"); pretty && *pretty != "false") {
    GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(response.body, kAnswerLimits));
    std::string text;
    writePretty(document.root(), 0, text);
    text += '\n';
    response.body = std::move(text);
  }
  return {};
}

}  // namespace gyre::dialect
