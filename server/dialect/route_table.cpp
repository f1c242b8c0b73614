#include "server/dialect/route_table.hpp"

#include <algorithm>
#include <charconv>

#include "server/dialect/failure.hpp"
#include "server/dialect/routes.hpp"
#include "server/dialect/similar_names.hpp"

namespace gyre::dialect {

namespace {

// Known to every route.
constexpr std::string_view kCommonParameters = "pretty human error_trace filter_path source source_content_type format";

// A name that is less like another is not taken for a misspelt one.
constexpr double kLeastLike = 0.5;

std::vector<Route> gather() {
  std::vector<Route> all;
  for (const std::span<const Route> routes : routeGroups()) all.insert(all.end(), routes.begin(), routes.end());
  return all;
}

// A route's pattern, cut once.
struct Compiled {
  const Route* route = nullptr;
  std::vector<std::string_view> segments;
};

bool isVariable(std::string_view segment) { return segment.starts_with('{'); }

Compiled compile(const Route& route) {
  Compiled compiled{&route, {}};
  std::string_view rest = route.pattern.substr(1);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    compiled.segments.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return compiled;
}

// By number of segments.
const std::vector<std::vector<Compiled>>& compiledRoutes() {
  static const std::vector<std::vector<Compiled>> kCompiled = [] {
    std::vector<std::vector<Compiled>> by_size;
    for (const Route& route : allRoutes()) {
      Compiled compiled = compile(route);
      if (by_size.size() <= compiled.segments.size()) by_size.resize(compiled.segments.size() + 1);
      by_size[compiled.segments.size()].push_back(std::move(compiled));
    }
    return by_size;
  }();
  return kCompiled;
}

// Names of what users own do not begin with an underscore, but for _all.
bool isUnownable(std::string_view name) { return name.starts_with('_') && !name.starts_with("_all"); }

// How literal the match is, a bit a segment, the first one highest; below 0 when there is none. REQUIRES: as many
// segments as the pattern has.
int matchPattern(const Compiled& pattern, const std::vector<std::string>& segments, bool takes_underscores = false) {
  int score = 0;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const std::string_view segment = pattern.segments[i];
    score *= 2;
    if (!isVariable(segment)) {
      if (segment != segments[i]) return -1;
      ++score;
    } else if (segments[i].empty()) {
      return -1;
    } else if (segment == "{index}" && isUnownable(segments[i]) && !takes_underscores) {
      return -1;
    }
  }
  return score;
}

bool contains(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(' '), list.size());
    if (list.substr(0, end) == word) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

std::vector<std::string_view> words(std::string_view list) {
  std::vector<std::string_view> all;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(' '), list.size());
    if (end > 0) all.push_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return all;
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
  const Compiled* found = nullptr;
  const auto& routes = compiledRoutes();
  if (request.segments.size() >= routes.size()) return match;
  for (const Compiled& each : routes[request.segments.size()]) {
    const int score = matchPattern(each, request.segments);
    if (score <= best || !contains(each.route->methods, request.method)) continue;
    best = score;
    found = &each;
  }
  if (found == nullptr) {
    std::vector<std::string> allowed;
    for (const Compiled& each : routes[request.segments.size()])
      if (matchPattern(each, request.segments) >= 0) addMethods(each.route->methods, allowed);
    std::sort(allowed.begin(), allowed.end());
    for (const std::string& method : allowed) match.allowed += (match.allowed.empty() ? "" : ", ") + method;
    const auto isNamed = [&](const Compiled& each) {
      return contains(each.route->methods, request.method) && matchPattern(each, request.segments, true) >= 0;
    };
    match.has_bad_name =
        allowed.empty() && !request.segments.empty() && isUnownable(request.segments.front()) &&
        std::any_of(routes[request.segments.size()].begin(), routes[request.segments.size()].end(), isNamed);
    return match;
  }
  match.route = found->route;
  for (std::size_t i = 0; i < found->segments.size(); ++i)
    if (const std::string_view segment = found->segments[i]; isVariable(segment))
      match.variables.emplace_back(segment.substr(1, segment.size() - 2), request.segments[i]);
  return match;
}

Status checkParameters(const Request& request, const Route& route) {
  std::vector<std::string_view> unknown;
  for (const auto& [name, value] : request.parameters)
    if (!contains(route.parameters, name) && !contains(kCommonParameters, name)) unknown.push_back(name);
  if (unknown.empty()) return {};
  std::sort(unknown.begin(), unknown.end());
  std::vector<std::string_view> known;
  for (const std::string_view list : {route.parameters, kCommonParameters})
    for (const std::string_view name : words(list)) known.push_back(name);
  std::string message =
      "request [" + request.path + "] contains unrecognized parameter" + (unknown.size() > 1 ? "s: " : ": ");
  for (std::size_t i = 0; i < unknown.size(); ++i) {
    message += (i == 0 ? "[" : ", [") + std::string(unknown[i]) + "]";
    if (const std::string meant = didYouMean(similarNames(unknown[i], known, kLeastLike)); !meant.empty())
      message += " -> " + meant;
  }
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
