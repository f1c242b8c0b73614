#include "server/http/query_routes.hpp"

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gyre/json_writer.hpp"
#include "server/http/problem.hpp"
#include "server/http/request_parameters.hpp"

namespace gyre::http {

namespace {

std::string_view cacheName(bus::CacheOutcome outcome) {
  switch (outcome) {
    case bus::CacheOutcome::kHit: return "hit";
    case bus::CacheOutcome::kMiss: return "miss";
    case bus::CacheOutcome::kCoalesced: return "coalesced";
    case bus::CacheOutcome::kBypass: return "bypass";
  }
  return "miss";
}

Response queryAnswer(const Result<bus::QueryAnswer>& result, double seconds, std::uint64_t request_id) {
  if (!result.isOk()) return problem(result.status(), request_id);
  Response response;
  response.body = result->answer->body;
  if (result->answer->version != 0)
    response.headers.emplace_back("ETag", "\"" + std::to_string(result->answer->version) + "\"");
  response.headers.emplace_back("Gyre-Sequence", std::to_string(result->answer->sequence));
  response.headers.emplace_back("Gyre-Cache", cacheName(result->cache));
  char timing[48];
  std::snprintf(timing, sizeof timing, "total;dur=%.3f", seconds * 1000);
  response.headers.emplace_back("Server-Timing", timing);
  return response;
}

}  // namespace

void handleQuery(const ApiContext& context, const bus::DomainService& domain, std::string_view name, Request& request,
                 Responder responder) {
  bus::QueryRequest query;
  query.name = name;
  query.organization_id = request.organization_id;
  const auto min_sequence = wholeHeader(request, "gyre-min-sequence", std::uint64_t{1} << 62);
  if (!min_sequence.isOk()) return responder.send(problem(min_sequence.status(), request.id));
  query.min_sequence = *min_sequence;
  const auto timeout = wholeHeader(request, "gyre-timeout", kLongestWaitMillis);
  if (!timeout.isOk()) return responder.send(problem(timeout.status(), request.id));
  if (*timeout) query.timeout_ms = static_cast<std::int64_t>(**timeout);
  query.is_cache_bypassed = request.header("cache-control").find("no-cache") != std::string_view::npos;
  if (request.method == "POST") {
    if (!request.query.empty())
      return responder.send(
          problem(invalidArgument("expected parameters in the body of a POST, found a query string"), request.id));
    query.parameters = request.body.empty() ? "{}" : std::move(request.body);
  } else {
    auto parameters = parametersOf(request.query);
    if (!parameters.isOk()) return responder.send(problem(parameters.status(), request.id));
    query.parameters = std::move(parameters).value();
    query.is_lenient = true;
  }

  bool is_known = false;
  for (const auto& known : domain.handlers->queries()) is_known = is_known || known.name == name;
  auto shared_responder = std::make_shared<Responder>(std::move(responder));
  domain.queries->ask(
      std::move(query), [&context, &domain, label = std::string(is_known ? name : "unknown"), request_id = request.id,
                         started = request.received_nanos, shared_responder](Result<bus::QueryAnswer> result) {
        const double seconds = static_cast<double>(context.clock.monotonicNanos() - started) * 1e-9;
        const std::string_view outcome = result.isOk() ? cacheName(result->cache) : codeName(result.status().code());
        context.count_query(domain.name, label, outcome, seconds);
        shared_responder->send(queryAnswer(result, seconds, request_id));
      });
}

}  // namespace gyre::http
