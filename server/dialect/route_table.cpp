#include "server/dialect/route_table.hpp"

#include <algorithm>
#include <charconv>

#include "server/dialect/failure.hpp"
#include "server/dialect/routes.hpp"

namespace gyre::dialect {

namespace {

// Known to every route.
constexpr std::string_view kCommonParameters = "pretty human error_trace filter_path source source_content_type format";

std::vector<Route> gather() {
  std::vector<Route> all;
  for (const std::span<const Route> routes : routeGroups()) all.insert(all.end(), routes.begin(), routes.end());
  return all;
}

bool isVariable(std::string_view segment) { return segment.starts_with('{'); }

// Cuts the next segment off; false at the end.
bool nextSegment(std::string_view& pattern, std::string_view& segment) {
  if (pattern.empty()) return false;
  pattern.remove_prefix(1);  // the slash
  const std::size_t end = std::min(pattern.find('/'), pattern.size());
  segment = pattern.substr(0, end);
  pattern.remove_prefix(end);
  return true;
}

// How literal the match is, a bit a segment, the first one highest; below 0 when there is none.
int matchPattern(std::string_view pattern, const std::vector<std::string>& segments) {
  int score = 0;
  std::size_t at = 0;
  for (std::string_view segment; nextSegment(pattern, segment); ++at) {
    if (at == segments.size()) return segment.empty() && segments.empty() ? 0 : -1;
    score *= 2;
    if (isVariable(segment)) {
      // Names of what users own do not begin with an underscore, but for _all.
      if (segment == "{index}" && segments[at].starts_with('_') && !segments[at].starts_with("_all")) return -1;
      if (segments[at].empty()) return -1;
    } else if (segment == segments[at]) {
      ++score;
    } else {
      return -1;
    }
  }
  return at == segments.size() ? score : -1;
}

bool contains(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(' '), list.size());
    if (list.substr(0, end) == word) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

void addMethods(std::string_view methods, std::vector<std::string>& allowed) {
  while (!methods.empty()) {
    const std::size_t end = std::min(methods.find(' '), methods.size());
    const std::string method(methods.substr(0, end));
    if (std::find(allowed.begin(), allowed.end(), method) == allowed.end()) allowed.push_back(method);
    methods.remove_prefix(std::min(end + 1, methods.size()));
  }
}

}  // namespace

std::span<const Route> allRoutes() {
  static const std::vector<Route> kRoutes = gather();
  return kRoutes;
}

RouteMatch matchRoute(const Request& request) {
  RouteMatch match;
  int best = -1;
  std::vector<std::string> allowed;
  for (const Route& route : allRoutes()) {
    const int score = matchPattern(route.pattern, request.segments);
    if (score < 0) continue;
    addMethods(route.methods, allowed);
    if (score <= best || !contains(route.methods, request.method)) continue;
    best = score;
    match.route = &route;
  }
  if (match.route == nullptr) {
    std::sort(allowed.begin(), allowed.end());
    for (const std::string& method : allowed) match.allowed += (match.allowed.empty() ? "" : ", ") + method;
    return match;
  }
  std::string_view pattern = match.route->pattern;
  std::size_t at = 0;
  for (std::string_view segment; nextSegment(pattern, segment); ++at)
    if (isVariable(segment)) match.variables.emplace_back(segment.substr(1, segment.size() - 2), request.segments[at]);
  return match;
}

Status checkParameters(const Request& request, const Route& route) {
  std::vector<std::string_view> unknown;
  for (const auto& [name, value] : request.parameters)
    if (!contains(route.parameters, name) && !contains(kCommonParameters, name)) unknown.push_back(name);
  if (unknown.empty()) return {};
  std::string message =
      "request [" + request.path + "] contains unrecognized parameter" + (unknown.size() > 1 ? "s: " : ": ");
  for (std::size_t i = 0; i < unknown.size(); ++i) message += (i == 0 ? "[" : ", [") + std::string(unknown[i]) + "]";
  return illegalArgument(message);
}

Result<bool> Call::flag(std::string_view name, bool otherwise) const {
  const auto value = request.parameter(name);
  if (!value) return otherwise;
  if (value->empty() || *value == "true") return true;
  if (*value == "false") return false;
  return illegalArgument("Failed to parse value [" + std::string(*value) + "] as only [true] or [false] are allowed.");
}

Result<std::int64_t> Call::whole(std::string_view name, std::int64_t otherwise) const {
  const auto value = request.parameter(name);
  if (!value) return otherwise;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), number);
  if (value->empty() || error != std::errc() || end != value->data() + value->size())
    return illegalArgument("Failed to parse int parameter [" + std::string(name) + "] with value [" +
                           std::string(*value) + "]");
  return number;
}

}  // namespace gyre::dialect
