// Which handler answers this method and path, and which parameters does it know?
//
// A route's pattern has literal segments and variables: "/{index}/_doc/{id}". A literal wins over a variable, segment
// by segment from the left. A parameter that neither the route nor every route knows is refused by name.
//
// THREADS: the table is constant.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gyre/status.hpp"
#include "server/dialect/message.hpp"

namespace gyre::dialect {

class Service;

// A request that a route has matched.
class Call {
 public:
  Call(Request& matched, std::vector<std::pair<std::string_view, std::string_view>> variables)
      : request(matched), variables_(std::move(variables)) {}

  Request& request;

  // "" when the pattern has none of that name.
  std::string_view variable(std::string_view name) const {
    for (const auto& [each, value] : variables_)
      if (each == name) return value;
    return {};
  }
  bool hasVariable(std::string_view name) const {
    for (const auto& [each, value] : variables_)
      if (each == name) return true;
    return false;
  }
  bool has(std::string_view name) const { return request.parameter(name).has_value(); }
  std::string_view text(std::string_view name, std::string_view otherwise = {}) const {
    return request.parameter(name).value_or(otherwise);
  }
  // A flag: absent is `otherwise`, "" and "true" are true; anything but "false" else is illegal_argument_exception.
  Result<bool> flag(std::string_view name, bool otherwise = false) const;
  Result<std::int64_t> whole(std::string_view name, std::int64_t otherwise) const;

 private:
  std::vector<std::pair<std::string_view, std::string_view>> variables_;
};

using CallHandler = Response (*)(Service& service, Call& call);

struct Route {
  std::string_view methods;  // "GET POST"
  std::string_view pattern;  // "/{index}/_search"
  CallHandler handler;
  std::string_view parameters;  // names, separated by spaces
  bool is_quick = false;        // answers from memory without waiting: may run on a loop's thread
};

struct RouteMatch {
  const Route* route = nullptr;
  std::vector<std::pair<std::string_view, std::string_view>> variables;
  bool has_bad_name = false;  // without a route: there would be one if an index could be called like the first segment
  std::string allowed;  // without a route: the methods that the path knows, ", " between them; "" for an unknown path
};

// All routes, of every routes file.
std::span<const Route> allRoutes();
RouteMatch matchRoute(const Request& request);
// Ok, or which parameter is unknown.
Status checkParameters(const Request& request, const Route& route);

}  // namespace gyre::dialect
