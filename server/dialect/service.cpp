#include "server/dialect/service.hpp"

#include "server/dialect/failure.hpp"
#include "server/dialect/response_shape.hpp"

namespace gyre::dialect {

namespace {

Response unknownPath(const Request& request) {
  Response response;
  response.status = 400;
  JsonWriter(response.body)
      .beginObject()
      .member("error", "no handler found for uri [" + request.path + "] and method [" + request.method + "]")
      .endObject();
  return response;
}

Response wrongMethod(const Request& request, const std::string& allowed) {
  Response response;
  response.status = 405;
  response.headers.emplace_back("Allow", allowed);
  JsonWriter(response.body)
      .beginObject()
      .member("error", "Incorrect HTTP method for uri [" + request.path + "] and method [" + request.method +
                           "], allowed: [" + allowed + "]")
      .member("status", 405)
      .endObject();
  return response;
}

}  // namespace

bool Service::isQuick(const Request& request) const {
  const RouteMatch match = matchRoute(request);
  return match.route == nullptr || match.route->is_quick;
}

Response Service::handle(Request& request) {
  RouteMatch match = matchRoute(request);
  if (match.route == nullptr) return match.allowed.empty() ? unknownPath(request) : wrongMethod(request, match.allowed);
  if (const Status known = checkParameters(request, *match.route); !known.isOk()) return failureResponse(known);
  Call call(request, std::move(match.variables));
  Response response = match.route->handler(*this, call);
  if (const Status shaped = shapeResponse(request, response); !shaped.isOk()) return failureResponse(shaped);
  return response;
}

}  // namespace gyre::dialect
