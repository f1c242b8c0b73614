// What is asked of a cluster by whoever keeps indices there: requests that must succeed, marks, an index's identity.
//
// FORMAT: the index PREFIX + gyre-marks has one document for each index that we write, which says how much of a log is
// in it; it is hidden, and what its documents hold is their writers' matter.
//
// THREADS: free functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gyre/json.hpp"
#include "gyre/status.hpp"
#include "server/search/opensearch/cluster.hpp"

namespace gyre::search {

HttpRequest makeRequest(std::string_view method, std::string target, std::string body = {});

// The response, which must be a success and JSON; else unavailable, naming the request: whatever is wrong with what we
// make for ourselves is nobody's bad request.
Result<json::Document> askCluster(Cluster& cluster, const HttpRequest& request);

// "payments-000001"
std::string numberedIndex(std::string_view alias, unsigned long number);

// Identifies an index and the data of its primaries: one that was deleted, restored from an older copy, or lost its
// data has another. `stats`: of GET INDEX/_stats/docs?level=shards. unavailable ("index_starting") while a primary is
// not there.
Result<std::string> historyOf(json::Value stats, std::string_view index);
Result<std::string> readHistory(Cluster& cluster, const std::string& index);

// The index of marks, made when it is not there.
Status makeMarks(Cluster& cluster, const std::string& marks);
// {"_source":…} and more; nothing when there is none.
Result<std::optional<json::Document>> readMark(Cluster& cluster, const std::string& marks, const std::string& id);
Status writeMark(Cluster& cluster, const std::string& marks, const std::string& id, std::string mark);

}  // namespace gyre::search
