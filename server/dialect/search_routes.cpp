// Searching.
#include <chrono>

#include "gyre/json.hpp"
#include "server/dialect/answered.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/routes.hpp"
#include "server/dialect/service.hpp"

namespace gyre::dialect {

namespace {

std::int64_t steadyNanos() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// A failure inside the search, as the dialect wraps it.
Status wrapped(const Status& cause) {
  if (cause.code() != Code::kInvalidArgument || cause.reason() == "parsing_exception") return cause;
  Status status(Code::kInvalidArgument, "search_phase_execution_exception", "all shards failed");
  status.addFault("phase", "query")
      .addFault("grouped", "true")
      .addFault("caused_by", std::string(typeOf(cause)) + ": " + std::string(cause.message()));
  return status;
}

Result<Response> search(Service& service, Call& call) {
  GYRE_TRY_ASSIGN(const auto resolved, service.catalog().resolve(call.variable("index"), {}));
  if (resolved.size() != 1)
    return Status(Code::kUnimplemented, "unsupported_operation_exception",
                  "a search over several indices is not supported");
  const IndexEntry& entry = *resolved.front().index;
  // An index that was idle has writes that no refresh has published yet.
  if (entry.open) {
    entry.open->last_search_nanos = steadyNanos();
  }
  auto answer = entry.engine->search(call.request.body);
  if (!answer.isOk()) return wrapped(answer.status());
  Response response;
  response.body = std::move(answer.value().body);
  return response;
}

constexpr Route kRoutes[] = {
    {"GET POST", "/{index}/_search", answered<search>, "request_cache"},
};

}  // namespace

std::span<const Route> searchRoutes() { return kRoutes; }

}  // namespace gyre::dialect
