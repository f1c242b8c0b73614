#include "engine/search/searcher.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "engine/query/query_parser.hpp"
#include "engine/search/search_plan.hpp"
#include "engine/search/search_response.hpp"
#include "engine/search/search_run.hpp"

namespace gyre::engine {

namespace {

std::int64_t steadyNanos() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}
std::int64_t wallMillis() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// The earlier of the caller's deadline and the request's own timeout.
std::int64_t deadlineOf(const SearchRequest& request, const SearchOptions& options, std::int64_t begin) {
  if (request.timeout_nanos <= 0) return options.deadline_nanos;
  const std::int64_t own = request.timeout_nanos > INT64_MAX - begin ? INT64_MAX : begin + request.timeout_nanos;
  return options.deadline_nanos == 0 ? own : std::min(options.deadline_nanos, own);
}

// Of the documents that an aggregation has met.
bool isOfAggregation(std::string_view reason) {
  return reason == "aggregation_execution_exception" || reason == "too_many_buckets_exception" ||
         reason == "array_index_out_of_bounds_exception";
}

Status answer(std::span<const SearchTarget> targets, std::string_view request, const SearchOptions& options,
              PagePosition* after, SearchReply& reply) {
  const std::int64_t begin = steadyNanos();
  SearchPlan plan;
  if (after != nullptr) plan.after = *after;
  const Status planned =
      plan.make(targets, request, options, options.now_millis == 0 ? wallMillis() : options.now_millis);
  reply.failures = plan.failures;
  GYRE_TRY(planned);
  const std::int64_t deadline_nanos = deadlineOf(plan.request(), options, begin);
  SearchOutcome outcome;
  if (!plan.request().is_suggest_only) {
    GYRE_TRY_ASSIGN(outcome, runPlan(plan, deadline_nanos, options.shows_named_scores));
  }
  const std::int64_t found = steadyNanos();
  reply.query_nanos = found - begin;
  reply.has_suggestions = plan.request().has_suggest;
  reply.is_suggest_only = plan.request().is_suggest_only;
  reply.stats_groups = plan.request().stats_groups;
  for (const Hit& hit : outcome.hits) {
    const PlannedTarget& asked = plan.targets[plan.target_of[hit.segment]];
    Status shown = asked.request.fetch.checkSources(asked.target->index_name);
    if (shown.isOk()) continue;
    reply.failures.push_back({asked.target->index_name, shown});
    return shown;
  }
  auto response = writeResponse(plan, options, outcome, deadline_nanos, (steadyNanos() - begin) / 1'000'000);
  if (!response.isOk()) {
    // What a hit cannot be shown with is its index' failure, and so is what an aggregation makes too much of.
    if (response.status().reason() == "illegal_argument_exception" && !outcome.hits.empty()) {
      reply.failures.push_back(
          {plan.targets[plan.target_of[outcome.hits.front().segment]].target->index_name, response.status()});
    } else if (isOfAggregation(response.status().reason()) && !plan.targets.empty()) {
      reply.failures.push_back({plan.targets.front().target->index_name, response.status()});
    }
    return response.status();
  }
  WrittenResponse written = std::move(response).value();
  reply.fetch_nanos = steadyNanos() - found;
  reply.body = std::move(written.body);
  reply.hit_count = written.hit_count;
  if (after != nullptr && !outcome.hits.empty()) {
    Hit& last = outcome.hits.back();
    *after = {true,
              {std::move(last.values), true, last.segment, last.doc},
              {last.score, last.segment, last.doc},
              outcome.total,
              outcome.is_total_exact};
  }
  return {};
}

// A body of a count: nothing but a query.
Status checkCount(std::string_view request) {
  if (request.empty()) return {};
  GYRE_TRY_ASSIGN(const auto document, json::Document::parse(request, {.max_depth = kMaxRequestDepth}));
  if (!document.root().isObject())
    return parsingException("Expected [START_OBJECT] but found [" +
                            std::string(json::kindName(document.root().kind())) + "]");
  for (const json::Value member : document.root())
    if (member.key() != "query")
      return parsingException("request does not support [" + std::string(member.key()) + "]");
  return {};
}

Status count(std::span<const SearchTarget> targets, std::string_view request, SearchOptions options,
             SearchReply& reply) {
  GYRE_TRY(checkCount(request));
  options.overrides = (options.overrides.size() > 2 ? options.overrides.substr(0, options.overrides.size() - 1) + ","
                                                    : std::string("{")) +
                      R"("size":0,"track_total_hits":true})";
  SearchPlan plan;
  const Status planned =
      plan.make(targets, request, options, options.now_millis == 0 ? wallMillis() : options.now_millis);
  reply.failures = plan.failures;
  GYRE_TRY(planned);
  GYRE_TRY_ASSIGN(const SearchOutcome outcome, runPlan(plan, options.deadline_nanos));
  JsonWriter writer(reply.body);
  writer.beginObject().member("count", outcome.total);
  if (outcome.is_terminated_early) writer.member("terminated_early", true);
  writeShards(plan, writer);
  writer.endObject();
  return {};
}

}  // namespace

SearchReply runSearch(std::span<const SearchTarget> targets, std::string_view request, const SearchOptions& options) {
  SearchReply reply;
  reply.status = answer(targets, request, options, nullptr, reply);
  return reply;
}

SearchReply runPage(std::span<const SearchTarget> targets, std::string_view request, const SearchOptions& options,
                    PagePosition& after) {
  SearchReply reply;
  reply.status = answer(targets, request, options, &after, reply);
  return reply;
}

SearchReply runCount(std::span<const SearchTarget> targets, std::string_view request, const SearchOptions& options) {
  SearchReply reply;
  reply.status = count(targets, request, options, reply);
  return reply;
}

Result<std::string> runSearch(const Snapshot& snapshot, std::string_view index_name, std::string_view request,
                              std::int64_t deadline_nanos) {
  // Borrowed: the caller's snapshot outlives the call.
  const SearchTarget target{std::string(index_name), {std::shared_ptr<const Snapshot>(), &snapshot}};
  SearchOptions options;
  options.deadline_nanos = deadline_nanos;
  SearchReply reply = runSearch({&target, 1}, request, options);
  if (!reply.status.isOk()) return std::move(reply.status);
  return std::move(reply.body);
}

}  // namespace gyre::engine
