#include "prometheus_endpoints.hpp"

#include <string>
#include <utility>

#include "prometheus_api.hpp"

namespace gyre::metrics {
namespace {

template <ApiRoute route>
Result<std::string> plan(const EndpointCall& call) {
  return planApi(route, call.parameters, call.time_millis, call.organization_id);
}

EndpointAnswer present(const EndpointCall&, const EndpointResult& result) {
  if (result.failure.isOk()) return {presentApi(result.data)};
  ApiRefusal refusal = refuseApi(result.failure);
  return {std::move(refusal.body), refusal.http_status};
}

}  // namespace

void describePrometheusEndpoints(StreamDomain& domain) {
  domain.endpoint("/api/v1/query", "PromQL at one time", &plan<ApiRoute::kQuery>, &present)
      .endpoint("/api/v1/query_range", "PromQL over time", &plan<ApiRoute::kQueryRange>, &present)
      .endpoint("/api/v1/series", "which series match", &plan<ApiRoute::kSeries>, &present)
      .endpoint("/api/v1/labels", "names of labels", &plan<ApiRoute::kLabels>, &present)
      .endpoint("/api/v1/label/{name}/values", "values of a label", &plan<ApiRoute::kLabelValues>, &present)
      .endpoint("/api/v1/metadata", "types and descriptions of metrics", &plan<ApiRoute::kMetadata>, &present);
}

}  // namespace gyre::metrics
