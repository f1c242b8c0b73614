#include "engine/search/scroll_cursor.hpp"

#include <algorithm>
#include <utility>

#include "engine/query/query_parser.hpp"
#include "engine/search/searcher.hpp"

namespace gyre::engine {

namespace {

Status searchException(std::string message) { return {Code::kInvalidArgument, "search_exception", std::move(message)}; }

// A member of the URL counts before one of the body.
json::Value memberOf(json::Value body, json::Value overrides, std::string_view name) {
  const json::Value given = overrides[name];
  return given.isMissing() ? body[name] : given;
}

Status checkScroll(json::Value body, json::Value overrides, const SearchOptions& options) {
  const auto member = [&](std::string_view name) { return memberOf(body, overrides, name); };
  std::string faults;
  int count = 0;
  const auto add = [&](std::string_view fault) {
    faults += " " + std::to_string(++count) + ": " + std::string(fault) + ";";
  };
  const json::Value total = member("track_total_hits");
  const bool hides_total = (total.isBoolean() && !total.boolean()) || total.string() == "false" || total.raw() == "-1";
  if (hides_total) add("disabling [track_total_hits] is not allowed in a scroll context");
  if (const auto from = member("from").integer(); from && *from > 0)
    add("using [from] is not allowed in a scroll context");
  if (options.asks_for_cache) add("[request_cache] cannot be used in a scroll context");
  if (member("size").integer() == 0) add("[size] cannot be [0] in a scroll context");
  if (const json::Value rescore = member("rescore"); rescore.size() > 0)
    add("using [rescore] is not allowed in a scroll context");
  if (!member("pit").isMissing()) add("using [point in time] is not allowed in a scroll context");
  if (count > 0) return {Code::kInvalidArgument, "action_request_validation_exception", "Validation Failed:" + faults};
  if (!member("collapse").isMissing()) return searchException("cannot use `collapse` in a scroll context");
  if (!member("search_after").isMissing()) return searchException("`search_after` cannot be used in a scroll context.");
  return {};
}

}  // namespace

Result<std::unique_ptr<ScrollCursor>> ScrollCursor::open(std::vector<SearchTarget> targets, std::string request,
                                                         SearchOptions options) {
  if (request.empty()) request = "{}";
  GYRE_TRY_ASSIGN(const auto body, json::Document::parse(request, {.max_depth = kMaxRequestDepth}));
  const std::string_view other = options.overrides.empty() ? std::string_view("{}") : options.overrides;
  GYRE_TRY_ASSIGN(const auto overrides, json::Document::parse(other, {.max_depth = kMaxRequestDepth}));
  GYRE_TRY(checkScroll(body.root(), overrides.root(), options));
  std::unique_ptr<ScrollCursor> cursor(new ScrollCursor);
  cursor->targets_ = std::move(targets);
  cursor->request_ = std::move(request);
  cursor->options_ = std::move(options);
  cursor->options_.is_scroll = true;
  return cursor;
}

SearchReply ScrollCursor::next(std::string_view id, const SearchOptions& options) {
  options_.scroll_id = id;
  options_.deadline_nanos = options.deadline_nanos;
  options_.shows_total_as_number = options.shows_total_as_number;
  options_.is_later_page = !is_first_;
  SearchReply reply = runPage(targets_, request_, options_, after_);
  if (reply.status.isOk()) is_first_ = false;
  return reply;
}

Result<std::optional<PointInTimeUse>> readPointInTime(std::string_view request) {
  if (request.empty() || request.find("\"pit\"") == std::string_view::npos) return std::optional<PointInTimeUse>();
  GYRE_TRY_ASSIGN(const auto body, json::Document::parse(request, {.max_depth = kMaxRequestDepth}));
  const json::Value pit = body.root()["pit"];
  if (pit.isMissing()) return std::optional<PointInTimeUse>();
  if (!pit.isObject() || pit["id"].string().empty()) return illegalArgument("Required [id]");
  return std::optional<PointInTimeUse>({std::string(pit["id"].string()), std::string(pit["keep_alive"].string())});
}

}  // namespace gyre::engine
