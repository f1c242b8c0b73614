#include "server/dialect/service.hpp"

#include <algorithm>
#include <utility>

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

// Every index is still there.
bool isWhole(const SearchScope& scope, const CatalogState& state) {
  return std::all_of(scope.indices.begin(), scope.indices.end(), [&](const IndexPtr& index) {
    const IndexEntry* const held = state.find(index->name);
    return held != nullptr && held->uuid == index->uuid;
  });
}

// The body may come as a parameter, for clients that cannot send one with a GET.
Status takeSource(Request& request) {
  const auto source = request.parameter("source");
  if (!request.body.empty() || !source) return {};
  const auto type = request.parameter("source_content_type");
  if (!type) return illegalArgument("source and source_content_type parameters are required");
  request.content_type = *type;
  request.body = *source;
  return {};
}

// JSON, or lines of it.
bool isKnownContent(std::string_view type) {
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return type == "application/json" || type == "application/x-ndjson" ||
         (type.starts_with("application/vnd.") && (type.ends_with("+json") || type.ends_with("+x-ndjson")));
}

Response unknownContent(const Request& request) {
  Response response;
  response.status = 406;
  JsonWriter(response.body)
      .beginObject()
      .member("error", "Content-Type header [" + request.content_type + "] is not supported")
      .member("status", 406)
      .endObject();
  return response;
}

}  // namespace

Service::Service(Catalog& catalog, Identity identity)
    : catalog_(catalog),
      identity_(std::move(identity)),
      tasks_(catalog.nodeId(), catalog.clock()),
      started_nanos_(catalog.clock().monotonicNanos()) {}

std::int64_t Service::uptimeMillis() const { return (catalog_.clock().monotonicNanos() - started_nanos_) / 1'000'000; }

std::shared_ptr<SearchContexts::Scroll> Service::openScroll(std::string_view id, std::int64_t keep_alive_millis) {
  auto scroll = contexts_.findScroll(id, keep_alive_millis);
  if (scroll == nullptr || isWhole(scroll->scope, *catalog_.state())) return scroll;
  contexts_.removeScroll(id);
  return nullptr;
}

std::shared_ptr<SearchContexts::PointInTime> Service::openPointInTime(std::string_view id,
                                                                      std::int64_t keep_alive_millis) {
  auto point = contexts_.findPointInTime(id, keep_alive_millis);
  if (point == nullptr || isWhole(point->scope, *catalog_.state())) return point;
  contexts_.removePointInTime(id);
  return nullptr;
}

// A refresh may have much to write.
bool Service::isQuick(const Request& request, const RouteMatch& match) const {
  return match.route == nullptr || (match.route->is_quick && !request.parameter("refresh"));
}

Response Service::handle(Request& request, RouteMatch match) {
  if (match.has_bad_name) return failureResponse(checkIndexName(request.segments.front()));
  if (match.route == nullptr) return match.allowed.empty() ? unknownPath(request) : wrongMethod(request, match.allowed);
  if (const Status known = checkParameters(request, *match.route); !known.isOk()) return failureResponse(known);
  if (const Status taken = takeSource(request); !taken.isOk()) return failureResponse(taken);
  if (!request.body.empty() && !isKnownContent(request.content_type)) return unknownContent(request);
  Call call(request, std::move(match.variables));
  Response response = match.route->handler(*this, call);
  if (const Status shaped = shapeResponse(request, response); !shaped.isOk()) return failureResponse(shaped);
  return response;
}

}  // namespace gyre::dialect
