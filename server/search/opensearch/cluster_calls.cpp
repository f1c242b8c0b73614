#include "server/search/opensearch/cluster_calls.hpp"

#include <cstdio>
#include <set>
#include <utility>

#include "server/search/opensearch/failure.hpp"

namespace gyre::search {

namespace {

constexpr int kNumberDigits = 6;

Status unavailableAs(const Status& failure, const std::string& what) {
  return {Code::kUnavailable, std::string(failure.reason()), what + ": " + std::string(failure.message())};
}

std::string markTarget(const std::string& marks, const std::string& id) {
  return "/" + encodeSegment(marks) + "/_doc/" + encodeSegment(id);
}

}  // namespace

HttpRequest makeRequest(std::string_view method, std::string target, std::string body) {
  HttpRequest made;
  made.method = method;
  made.target = std::move(target);
  made.body = std::move(body);
  return made;
}

Result<json::Document> askCluster(Cluster& cluster, const HttpRequest& request) {
  GYRE_TRY_ASSIGN(const HttpResponse response, cluster.send(request));
  if (!isSuccess(response))
    return unavailableAs(failureOf(response), std::string(request.method) + " " + request.target);
  auto document = json::Document::parse(response.body);
  if (!document.isOk())
    return Status(Code::kUnavailable, "malformed_response",
                  request.target + ": " + std::string(document.status().message()));
  return document;
}

std::string numberedIndex(std::string_view alias, unsigned long number) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "-%0*lu", kNumberDigits, number);
  return std::string(alias) + digits;
}

Result<std::string> historyOf(json::Value stats, std::string_view index) {
  const json::Value found = stats["indices"][index];
  std::string text(found["uuid"].string());
  std::set<std::string> histories;
  for (const json::Value shard : found["shards"])
    for (const json::Value copy : shard)
      if (copy["routing"]["primary"].boolean())
        histories.insert(std::string(copy["commit"]["user_data"]["history_uuid"].string()));
  if (text.empty() || histories.empty())
    return Status(Code::kUnavailable, "index_starting", std::string(index) + ": its shards are not there yet");
  for (const std::string& one : histories) text += " " + one;
  return text;
}

Result<std::string> readHistory(Cluster& cluster, const std::string& index) {
  GYRE_TRY_ASSIGN(const json::Document stats,
                  askCluster(cluster, makeRequest("GET", "/" + encodeSegment(index) + "/_stats/docs?level=shards")));
  return historyOf(stats.root(), index);
}

Status makeMarks(Cluster& cluster, const std::string& marks) {
  constexpr std::string_view kMarks =
      R"({"settings":{"number_of_shards":1,"auto_expand_replicas":"0-1","hidden":true},"mappings":{"dynamic":false}})";
  GYRE_TRY_ASSIGN(const HttpResponse response,
                  cluster.send(makeRequest("PUT", "/" + encodeSegment(marks), std::string(kMarks))));
  if (isSuccess(response) || response.body.find("resource_already_exists_exception") != std::string::npos) return {};
  return unavailableAs(failureOf(response), marks);
}

Result<std::optional<json::Document>> readMark(Cluster& cluster, const std::string& marks, const std::string& id) {
  GYRE_TRY_ASSIGN(const HttpResponse response, cluster.send(makeRequest("GET", markTarget(marks, id))));
  if (response.status == 404) return std::optional<json::Document>();
  if (!isSuccess(response)) return failureOf(response);
  auto document = json::Document::parse(response.body);
  if (!document.isOk())
    return Status(Code::kUnavailable, "malformed_response", marks + ": " + std::string(document.status().message()));
  return std::optional<json::Document>(std::move(document).value());
}

Status writeMark(Cluster& cluster, const std::string& marks, const std::string& id, std::string mark) {
  GYRE_TRY_ASSIGN(const HttpResponse response,
                  cluster.send(makeRequest("PUT", markTarget(marks, id), std::move(mark))));
  return isSuccess(response) ? Status() : failureOf(response);
}

}  // namespace gyre::search
