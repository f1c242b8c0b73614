#include "server/search/opensearch/cluster_reads.hpp"

#include <algorithm>
#include <utility>

#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"
#include "server/search/opensearch/bulk_body.hpp"
#include "server/search/opensearch/failure.hpp"

namespace gyre::search {
namespace {

constexpr std::size_t kScanPage = 1'000;
constexpr std::string_view kScrollLife = "2m";  // between two pages

// Commas stay: no name has one.
std::string pathOf(std::string_view index) {
  std::string path;
  while (!index.empty()) {
    const std::size_t size = std::min(index.find(','), index.size());
    path += path.empty() ? '/' : ',';
    path += encodeSegment(index.substr(0, size));
    index.remove_prefix(std::min(size + 1, index.size()));
  }
  return path;
}

// The bytes of the source as they were sent, from {"_index":…,"_source":SOURCE}; metadata comes before it, and a quote
// within an id is escaped, so the first name is the one.
std::string_view sourceBytes(std::string_view body) {
  constexpr std::string_view kName = "\"_source\":";
  const std::size_t start = body.find(kName);
  const std::size_t end = body.rfind('}');
  if (start == std::string_view::npos || end == std::string_view::npos || end < start) return {};
  return body.substr(start + kName.size(), end - start - kName.size());
}

}  // namespace

Status malformedAnswer(const std::string& what) {
  return {Code::kUnavailable, "malformed_response", "the search cluster's answer: " + what};
}

Result<std::string> ClusterReads::search(const std::string& index, std::string_view request,
                                         std::int64_t deadline_nanos, std::string_view parameters) const {
  const std::optional<std::string> extended = sums_.extendRequest(request);
  HttpRequest sent;
  sent.method = "POST";
  sent.target = pathOf(index) + "/_search?allow_partial_search_results=false";
  if (!parameters.empty()) sent.target.append("&").append(parameters);
  sent.body = extended ? *extended : std::string(request);
  GYRE_TRY_ASSIGN(HttpResponse response, cluster_.send(sent, deadline_nanos));
  if (!isSuccess(response)) return failureOf(response);
  if (!response.body.starts_with('{') || !response.body.ends_with('}'))
    return malformedAnswer("expected a JSON object");
  if (!sums_.isEmpty()) ExactSums::strip(response.body);
  if (extended) return ExactSums::mergeAnswer(response.body);
  return std::move(response.body);
}

Result<std::optional<IndexedDocument>> ClusterReads::get(const std::string& index, std::string_view id) const {
  if (id.empty() || id.size() > kMostIdBytes) return std::optional<IndexedDocument>();  // no document can have it
  HttpRequest request;
  request.target = pathOf(index) + "/_doc/" + encodeSegment(id);
  GYRE_TRY_ASSIGN(const HttpResponse response, cluster_.send(request));
  const auto document = json::Document::parse(response.body);
  if (!document.isOk()) return malformedAnswer(std::string(document.status().message()));
  if (response.status == 404 && document->root()["error"].isMissing()) return std::optional<IndexedDocument>();
  if (!isSuccess(response)) return failureOf(response);
  IndexedDocument held;
  held.source = sourceBytes(response.body);
  held.version = document->root()["_version"].unsignedInteger().value_or(0);
  if (!sums_.isEmpty()) ExactSums::strip(held.source);
  return std::optional<IndexedDocument>(std::move(held));
}

Status ClusterReads::scan(const std::string& index, const Visit& visit) const {
  std::string scroll;
  bool goes_on = true;
  Status outcome;
  while (goes_on && outcome.isOk()) {
    Result<bool> page = scanPage(index, scroll, visit);
    if (page.isOk()) {
      goes_on = *page;
    } else {
      outcome = page.status();
    }
  }
  if (!scroll.empty()) endScroll(scroll);
  return outcome;
}

Status ClusterReads::refresh(const std::string& index) const {
  HttpRequest request;
  request.method = "POST";
  request.target = pathOf(index) + "/_refresh";
  GYRE_TRY_ASSIGN(const HttpResponse response, cluster_.send(request));
  if (!isSuccess(response)) return failureOf(response);
  const auto document = json::Document::parse(response.body);
  if (!document.isOk()) return malformedAnswer(std::string(document.status().message()));
  const json::Value failed = document->root()["_shards"]["failed"];
  if (failed.integer().value_or(1) == 0) return {};
  return Status(Code::kUnavailable, "search_engine_failed",
                "refresh: " + std::string(failed.raw()) + " shards failed: " + causeText(response.body));
}

Result<EngineStats> ClusterReads::stats(const std::string& index, std::int64_t deadline_nanos) const {
  HttpRequest request;
  request.target = pathOf(index) + "/_stats/docs,store,segments?filter_path=_all.primaries";
  GYRE_TRY_ASSIGN(const HttpResponse response, cluster_.send(request, deadline_nanos));
  if (!isSuccess(response)) return failureOf(response);
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(response.body));
  const json::Value all = document.root()["_all"]["primaries"];
  EngineStats stats;
  stats.doc_count = all["docs"]["count"].unsignedInteger().value_or(0);
  stats.segment_count = all["segments"]["count"].unsignedInteger().value_or(0);
  stats.size_bytes = all["store"]["size_in_bytes"].unsignedInteger().value_or(0);
  return stats;
}

// One page; true when there is another.
Result<bool> ClusterReads::scanPage(const std::string& index, std::string& scroll, const Visit& visit) const {
  HttpRequest request;
  request.method = "POST";
  JsonWriter writer(request.body);
  if (scroll.empty()) {
    request.target = pathOf(index) + "/_search?scroll=" + std::string(kScrollLife);
    writer.beginObject()
        .member("size", kScanPage)
        .member("version", true)
        .key("sort")
        .beginArray()
        .string("_doc")
        .endArray()
        .endObject();
  } else {
    request.target = "/_search/scroll";
    writer.beginObject().member("scroll", kScrollLife).member("scroll_id", scroll).endObject();
  }
  GYRE_TRY_ASSIGN(HttpResponse response, cluster_.send(request));
  if (!isSuccess(response)) return failureOf(response);
  if (!sums_.isEmpty()) ExactSums::strip(response.body);
  GYRE_TRY_ASSIGN(const json::Document page, json::Document::parse(response.body));
  scroll = page.root()["_scroll_id"].string();
  const json::Value hits = page.root()["hits"]["hits"];
  if (!hits.isArray() || scroll.empty()) return malformedAnswer("expected a page of documents");
  for (const json::Value hit : hits)
    if (!visit(hit["_id"].string(), hit["_version"].unsignedInteger().value_or(0), hit["_source"].raw())) return false;
  return hits.size() > 0;
}

void ClusterReads::endScroll(const std::string& scroll) const {
  HttpRequest request;
  request.method = "DELETE";
  request.target = "/_search/scroll";
  JsonWriter(request.body).beginObject().member("scroll_id", scroll).endObject();
  (void)cluster_.send(request);  // it ends by itself else
}

}  // namespace gyre::search
