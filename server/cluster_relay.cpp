#include "server/cluster_relay.hpp"

#include <algorithm>
#include <utility>

#include "engine/mapping/name_pattern.hpp"
#include "server/config/server_roles.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/request_kind.hpp"
#include "server/dialect/touched_names.hpp"

namespace gyre {

namespace {

// Elastic's own media types are not known to every cluster: "application/vnd.elasticsearch+x-ndjson;
// compatible-with=8".
std::string_view plainType(std::string_view type) {
  if (!type.starts_with("application/vnd.")) return type;
  return type.find("+x-ndjson") == std::string_view::npos ? "application/json" : "application/x-ndjson";
}

std::string targetOf(const dialect::Request& request) {
  std::string target;
  for (const std::string& segment : request.segments) target.append(1, '/').append(search::encodeSegment(segment));
  if (target.empty()) target = "/";
  char before = '?';
  for (const auto& [name, value] : request.parameters) {
    target.append(1, before).append(search::encodeSegment(name)).append(1, '=').append(search::encodeSegment(value));
    before = '&';
  }
  return target;
}

std::string_view firstIndex(const dialect::RouteMatch& match) {
  for (const auto& [name, value] : match.variables)
    if (name == "index") return value;
  return {};
}

}  // namespace

ClusterRelay::ClusterRelay(search::Cluster& cluster, const config::Config& config)
    : cluster_(cluster), server_(config.server) {
  for (const config::DomainConfig& domain : config.domains) {
    const std::string prefix = config.search.index_prefix + domain.index_prefix;
    // Beside its indices: where it says how far they are, and the template of a stream's.
    for (const std::string& name : {domain.name, std::string("gyre-marks"), "gyre-" + domain.name})
      kept_.push_back({domain.name, prefix + name});
  }
}

bool ClusterRelay::isDomain(std::string_view name) const {
  return std::any_of(kept_.begin(), kept_.end(), [&](const Kept& one) { return one.domain == name; });
}

// The page that names the product is this server's, and so is a domain by its own name.
bool ClusterRelay::mayTake(const dialect::Request& request, const dialect::RouteMatch& match) const {
  return match.route != nullptr && !request.segments.empty() && !isDomain(firstIndex(match));
}

std::optional<dialect::Response> ClusterRelay::answer(const dialect::Request& request,
                                                      const dialect::RouteMatch& match) {
  if (const Status known = checkParameters(request, *match.route); !known.isOk())
    return dialect::failureResponse(known);
  const auto touched = dialect::touchedNames(request, match);
  if (!touched.isOk()) return dialect::failureResponse(touched.status());
  if (match.route->pattern.ends_with("_bulk") && !touched->names.empty()) {
    const auto domains = std::count_if(touched->names.begin(), touched->names.end(),
                                       [this](const std::string& name) { return isDomain(name); });
    if (static_cast<std::size_t>(domains) == touched->names.size()) return std::nullopt;
    if (domains > 0)
      return dialect::failureResponse(
          dialect::illegalArgument("a bulk request is for domains or for free indices: this one names both, [" +
                                   touched->names[0] + "] and [" + touched->names[1] + "] among them"));
  }
  if (const Status allowed = check(request, touched->names, touched->patterns); !allowed.isOk())
    return dialect::failureResponse(allowed);
  return forward(request);
}

Status ClusterRelay::check(const dialect::Request& request, const std::vector<std::string>& names,
                           const std::vector<std::string>& patterns) const {
  if (dialect::kindOf(request) == dialect::RequestKind::kRead) return {};
  if (!server_.writes) return config::lacksRole(server_, config::kWriteRole, "changes of free indices are");
  if (request.segments.front() == "_cluster")
    return dialect::illegalArgument("settings of the search cluster are not changed here: ask the cluster itself");
  // One may send a document to any index, which no name in the request tells.
  if (request.segments.front() == "_ingest" && request.segments.back() != "_simulate")
    return dialect::illegalArgument(
        "ingest pipelines are not changed here, for one may name another index: ask the "
        "cluster itself");
  for (const std::string& name : names) GYRE_TRY(checkName(name));
  for (const std::string& pattern : patterns) GYRE_TRY(checkPattern(pattern));
  return {};
}

Status ClusterRelay::checkName(const std::string& name) const {
  if (name.find('*') != std::string::npos) return checkPattern(name);
  if (name.starts_with('<'))
    return dialect::illegalArgument("[" + name + "]: a name with date math cannot be changed through this server");
  for (const Kept& one : kept_)
    if (name == one.domain || name == one.name || name.starts_with(one.name + "-") ||
        name.starts_with(".ds-" + one.name))
      return dialect::illegalArgument("[" + name + "] belongs to the domain [" + one.domain +
                                      "]: it is changed by the domain's commands alone");
  return {};
}

// Reaches a domain's names when it matches one, or when it could match one that begins with them.
Status ClusterRelay::checkPattern(const std::string& pattern) const {
  const std::string_view begin = std::string_view(pattern).substr(0, pattern.find('*'));
  for (const Kept& one : kept_) {
    const std::string generations = one.name + "-";
    if (engine::matchesPattern(pattern, one.domain) || engine::matchesPattern(pattern, one.name) ||
        generations.starts_with(begin) || begin.starts_with(generations) || begin.starts_with(".ds-" + one.name))
      return dialect::illegalArgument("[" + pattern + "] would reach the indices of the domain [" + one.domain +
                                      "], which its commands alone change");
  }
  return {};
}

dialect::Response ClusterRelay::forward(const dialect::Request& request) {
  search::HttpRequest sent;
  // The front leaves out the body that belongs to a HEAD.
  sent.method = request.method == "HEAD" ? std::string_view("GET") : request.method;
  sent.target = targetOf(request);
  sent.body = request.body;
  sent.content_type = plainType(request.content_type);
  sent.is_repeatable = dialect::kindOf(request) == dialect::RequestKind::kRead;
  sent.tells_health = false;
  Result<search::HttpResponse> received = cluster_.send(sent);
  if (!received.isOk()) return dialect::failureResponse(received.status());
  dialect::Response response;
  response.status = received->status;
  response.body = std::move(received->body);
  if (!received->content_type.empty()) response.content_type = std::move(received->content_type);
  return response;
}

}  // namespace gyre
