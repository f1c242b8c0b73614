#include "server/dialect/request_kind.hpp"

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

namespace gyre::dialect {

namespace {

constexpr std::string_view kReading[] = {"_search",     "_msearch",     "_count",        "_mget",
                                         "_field_caps", "_validate",    "_explain",      "_analyze",
                                         "_pit",        "_termvectors", "_mtermvectors", "_rank_eval"};
constexpr std::string_view kWriting[] = {"_bulk", "_doc", "_create", "_update", "_update_by_query", "_delete_by_query"};

bool holdsAny(const std::vector<std::string>& segments, std::span<const std::string_view> names) {
  return std::any_of(segments.begin(), segments.end(), [&](const std::string& segment) {
    return std::find(names.begin(), names.end(), segment) != names.end();
  });
}

}  // namespace

RequestKind kindOf(const Request& request) {
  if (request.method == "GET" || request.method == "HEAD") return RequestKind::kRead;
  if (holdsAny(request.segments, kWriting)) return RequestKind::kWrite;
  return holdsAny(request.segments, kReading) ? RequestKind::kRead : RequestKind::kAdmin;
}

}  // namespace gyre::dialect
