// What analyzers make of a text.
#include "engine/analysis/analyze_request.hpp"
#include "gyre/json.hpp"
#include "server/dialect/answered.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/routes.hpp"
#include "server/dialect/service.hpp"

namespace gyre::dialect {

namespace {

// The index may stand in the path or among the parameters; without one the dialect's own analyzers are asked.
Result<Response> analyze(Service& service, Call& call) {
  if (call.request.body.empty())
    return Status(Code::kInvalidArgument, "parse_exception", "request body or source parameter is required");
  GYRE_TRY_ASSIGN(const json::Document body, json::Document::parse(call.request.body));
  const std::string_view name = call.hasVariable("index") ? call.variable("index") : call.text("index");
  std::shared_ptr<const engine::Mapping> mapping;
  std::int64_t max_tokens = 10'000;
  if (!name.empty()) {
    GYRE_TRY_ASSIGN(const IndexPtr index, service.catalog().resolveOne(name));
    mapping = index->mapping();
    max_tokens = index->settings.whole("index.analyze.max_token_count", max_tokens);
  }
  Response response;
  GYRE_TRY_ASSIGN(response.body, engine::runAnalyze(body.root(), mapping.get(), static_cast<std::size_t>(max_tokens)));
  return response;
}

constexpr Route kRoutes[] = {
    {"GET POST", "/_analyze", answered<analyze>, "index"},
    {"GET POST", "/{index}/_analyze", answered<analyze>, ""},
};

}  // namespace

std::span<const Route> analyzeRoutes() { return kRoutes; }

}  // namespace gyre::dialect
