#include "engine/search/search_request.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "engine/aggs/aggregation_parser.hpp"
#include "engine/mapping/failure_cause.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/query_parser.hpp"
#include "engine/search/collapse_parser.hpp"
#include "engine/search/search_target.hpp"

namespace gyre::engine {

namespace {

// "500ms", "2s", "1m"; -1 for none.
Result<std::int64_t> parseTimeout(json::Value value) {
  const std::string_view text = value.isString() ? value.string() : value.numberText();
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  if (error == std::errc() && (count == -1 || count == 0) && unit.empty()) return 0;
  if (unit.starts_with('.'))
    return illegalArgument("failed to parse [" + std::string(text) + "], fractional time values are not supported");
  struct Unit {
    std::string_view name;
    std::int64_t nanos;
  };
  constexpr Unit kUnits[] = {
      {"nanos", 1},          {"micros", 1'000},        {"ms", 1'000'000},        {"s", 1'000'000'000},
      {"m", 60'000'000'000}, {"h", 3'600'000'000'000}, {"d", 86'400'000'000'000}};
  for (const Unit& known : kUnits) {
    std::int64_t nanos = 0;
    if (error == std::errc() && count >= 0 && known.name == unit && !__builtin_mul_overflow(count, known.nanos, &nanos))
      return nanos;
  }
  return illegalArgument("failed to parse setting [timeout] with value [" + std::string(text) +
                         "] as a time value: unit is missing or unrecognized");
}

Status numberFormat(json::Value value) {
  return {Code::kInvalidArgument, "number_format_exception",
          "For input string: \"" + std::string(value.isString() ? value.string() : value.raw()) + "\""};
}

// A whole number as the dialect takes it: a string is read, a fraction cut.
Result<std::int64_t> parseCount(json::Value value) {
  const std::string_view text = value.isString() ? value.string() : value.numberText();
  std::int64_t whole = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
  if (!text.empty() && error == std::errc() && end == text.data() + text.size()) return whole;
  double real = 0;
  const auto [real_end, real_error] = std::from_chars(text.data(), text.data() + text.size(), real);
  if (value.isNumber() && real_error == std::errc() && std::fabs(real) < 9e18) return static_cast<std::int64_t>(real);
  return numberFormat(value);
}

Status unknownKey(json::Value member) {
  return parsingException("Unknown key for a " + tokenName(member) + " in [" + std::string(member.key()) + "].");
}

// What is wrong with the whole request, found by the index that is asked.
Status searchException(std::string message) { return {Code::kInvalidArgument, "search_exception", std::move(message)}; }

template <class T>
Status assign(T& target, Result<T> result) {
  if (!result.isOk()) return result.status();
  target = std::move(result).value();
  return {};
}

class RequestParser {
 public:
  RequestParser(SearchRequest& request, ParseContext context)
      : request_(request), mapping_(context.mapping), context_(std::move(context)) {}

  Status run(json::Value body, json::Value overrides) {
    if (!body.isObject()) return parsingException("Expected [START_OBJECT] but found [" + tokenName(body) + "]");
    const json::Value profiles = overrides["profile"].isMissing() ? body["profile"] : overrides["profile"];
    if (profiles.isBoolean() ? profiles.boolean() : profiles.string() == "true")
      request_.profile = std::make_unique<QueryProfile>();
    query_ = overrides["query"].isMissing() ? body["query"] : overrides["query"];
    for (const json::Value member : body)
      if (overrides[member.key()].isMissing()) GYRE_TRY(readMember(member));
    for (const json::Value member : overrides) GYRE_TRY(readMember(member));
    if (request_.query == nullptr) request_.query = allDocuments();
    if (request_.profile != nullptr) profileAggregations(request_.aggregations);
    request_.named = std::move(context_.named);
    request_.is_suggest_only = request_.has_suggest && !has_query_ && !request_.has_aggregations;
    return check();
  }

  // The members that hits inside a hit may have.
  Status runHits(json::Value body, std::string_view kind) {
    request_.query = makeAllQuery(1);
    for (const json::Value member : body) {
      const std::string_view key = member.key();
      // Of the owner.
      if ((key == "name" && member.isString()) || (key == "ignore_unmapped" && member.isBoolean())) continue;
      constexpr std::string_view kTaken[] = {"from",
                                             "size",
                                             "sort",
                                             "track_scores",
                                             "_source",
                                             "version",
                                             "stored_fields",
                                             "seq_no_primary_term",
                                             "fields",
                                             "explain",
                                             "docvalue_fields",
                                             "highlight"};
      if (std::find(std::begin(kTaken), std::end(kTaken), key) == std::end(kTaken)) return unknownField(kind, key);
      GYRE_TRY(readMember(member));
    }
    if (request_.explains) return illegalArgument("[" + std::string(kind) + "] [explain]: true is not offered");
    request_.count_up_to = UINT64_MAX;
    return check();
  }

 private:
  Status readMember(json::Value member) {
    const std::string_view key = member.key();
    if (key == "query" && member.isObject()) {
      has_query_ = true;
      GYRE_TRY(assign(request_.query, parseProfiled(member)));
      return takeNestedHits();
    }
    if (key == "post_filter" && member.isObject()) {
      GYRE_TRY(assign(request_.post_filter, parseProfiled(member)));
      return takeNestedHits();
    }
    if (member.isObject() || member.isArray()) return readContainer(member);
    if (member.isNull()) return unknownKey(member);
    if (key == "from") return readWindow(member, request_.from);
    if (key == "size") return readWindow(member, request_.size);
    if (key == "sort" && member.isString())
      return assign(request_.sort, parseSort(member, mapping_, context_.now_millis));
    if (key == "track_total_hits") return readTotal(member);
    if (key == "track_scores") return assign(request_.tracks_scores, parseFlag(member));
    if (key == "terminate_after") return readTerminateAfter(member);
    if (key == "min_score") {
      const auto score = parseFloat("search", member);
      if (!score.isOk()) return numberFormat(member);
      request_.min_score = score.value();
      return {};
    }
    if (key == "timeout") return assign(request_.timeout_nanos, parseTimeout(member));
    if (key == "explain") return assign(request_.explains, parseFlag(member));
    if (key == "profile") return parseFlag(member).status();  // read before the others
    return readFetched(member);
  }

  // Members that are objects or arrays.
  Status readContainer(json::Value member) {
    const std::string_view key = member.key();
    if (key == "sort") return assign(request_.sort, parseSort(member, mapping_, context_.now_millis));
    if (key == "search_after") {
      search_after_ = member;
      return {};
    }
    if ((key == "aggs" || key == "aggregations") && member.isObject()) {
      request_.has_aggregations = true;
      return assign(request_.aggregations, parseRequestedAggregations(member, query_, context_));
    }
    if (key == "suggest" && member.isObject()) {
      request_.has_suggest = true;
      return assign(request_.suggestions, parseSuggest(member, mapping_));
    }
    if (key == "rescore") return assign(request_.rescores, parseRescores(member, context_));
    if (key == "collapse" && member.isObject()) {
      GYRE_TRY_ASSIGN(request_.collapse, parseCollapse(member, context_));
      return {};
    }
    if (key == "highlight" && member.isObject())
      return assign(request_.fetch.highlight, Highlight::parse(member, context_));
    if (key == "indices_boost") return readIndexBoosts(member);
    if (key == "slice" && member.isObject()) {
      GYRE_TRY_ASSIGN(request_.slice, parseSlice(member));
      return {};
    }
    if (key == "pit" && member.isObject()) return readPointInTime(member);
    if (key == "stats" && member.isArray()) {
      for (const json::Value group : member) {
        if (!group.isString()) return unknownKey(group);
        request_.stats_groups.emplace_back(group.string());
      }
      return {};
    }
    if (key == "ext" || key == "script_fields" || key == "derived") {
      if (!member.isObject()) return unknownKey(member);
      if (member.size() == 0) return {};
      return illegalArgument("[" + std::string(key) + "] is not offered");
    }
    return readFetched(member);
  }

  Result<QueryPtr> parseProfiled(json::Value clause) {
    if (request_.profile == nullptr) return parseQuery(clause, context_);
    const WorkTimer timer(request_.profile->rewrite);
    context_.profile = request_.profile.get();
    auto parsed = parseQuery(clause, context_);
    context_.profile = nullptr;
    return parsed;
  }
  QueryPtr allDocuments() {
    QueryPtr query = makeAllQuery(1);
    if (request_.profile == nullptr) return query;
    request_.profile->begin();
    return request_.profile->end("match_all", std::move(query));
  }
  static void profileAggregations(const Aggregations& aggregations) {
    for (const auto& each : aggregations) {
      each->profile = std::make_unique<AggregationProfile>();
      if (each->subs() != nullptr) profileAggregations(*each->subs());
    }
  }

  // What the nested queries just read want to show; nested queries elsewhere show nothing.
  Status takeNestedHits() {
    for (NestedHits& hits : std::exchange(context_.nested_hits, {})) {
      for (const NestedHitsRequest& other : request_.nested_hits)
        if (other.name == hits.name)
          return illegalArgument("[inner_hits] already contains an entry for key [" + hits.name + "]");
      GYRE_TRY_ASSIGN(auto request, nestedHits(hits));
      request_.nested_hits.push_back(std::move(request));
    }
    return {};
  }
  Result<NestedHitsRequest> nestedHits(const NestedHits& hits) const {
    NestedHitsRequest made{hits.name, hits.path, hits.query, nullptr};
    GYRE_TRY_ASSIGN(auto request, SearchRequest::parseHits(hits.definition, "inner_hits", context_));
    const std::int64_t most = context_.limits.inner_result_window;
    const std::int64_t window = std::int64_t{request.from} + request.size;
    if (window > most) {
      const json::Value name = hits.definition["name"];
      return illegalArgument(
          "Inner result window is too large, the inner hit definition's [" +
          (name.isString() ? std::string(name.string()) : std::string("null")) +
          "]'s from + size must be less than or equal to: [" + std::to_string(most) + "] but was [" +
          std::to_string(window) +
          "]. This limit can be set by changing the [index.max_inner_result_window] index level setting.");
    }
    for (const NestedHits& child : hits.children) {
      GYRE_TRY_ASSIGN(auto nested, nestedHits(child));
      request.nested_hits.push_back(std::move(nested));
    }
    made.request = std::make_unique<SearchRequest>(std::move(request));
    return made;
  }

  Status readFetched(json::Value member) {
    GYRE_TRY_ASSIGN(const bool is_taken, request_.fetch.read(member, context_));
    return is_taken ? Status() : unknownKey(member);
  }

  // {"id": …, "keep_alive": …}: what it names has been opened by the owner of the indices.
  Status readPointInTime(json::Value member) {
    for (const json::Value option : member) {
      if (option.key() == "id" && option.isString()) {
        request_.pit_id = option.string();
      } else if (option.key() != "keep_alive" || !option.isString()) {
        return unknownField("pit", option.key());
      }
    }
    if (request_.pit_id.empty()) return illegalArgument("Required [id]");
    return {};
  }

  // [{"index": 2}, {"index-*": 1.5}]; an object has them all, in no order that counts.
  Status readIndexBoosts(json::Value member) {
    const auto addAll = [this](json::Value object) -> Status {
      for (const json::Value boost : object) {
        GYRE_TRY_ASSIGN(const float factor, parseFloat("indices_boost", boost));
        request_.index_boosts.emplace_back(boost.key(), factor);
      }
      return {};
    };
    if (member.isObject()) return addAll(member);
    for (const json::Value element : member) {
      if (!element.isObject() || element.size() != 1)
        return parsingException("Expected [START_OBJECT] with one index in [indices_boost] but found [" +
                                std::string(element.raw()) + "]");
      GYRE_TRY(addAll(element));
    }
    return {};
  }

  Status readWindow(json::Value member, std::uint32_t& target) {
    GYRE_TRY_ASSIGN(const std::int64_t number, parseCount(member));
    if (number < 0)
      return illegalArgument("[" + std::string(member.key()) + "] parameter cannot be negative, found [" +
                             std::to_string(number) + "]");
    if (number > std::numeric_limits<std::int32_t>::max())
      return illegalArgument("[" + std::string(member.key()) + "] Numeric value (" + std::to_string(number) +
                             ") out of range of int (-2147483648 - 2147483647)");
    target = static_cast<std::uint32_t>(number);
    return {};
  }

  Status readTerminateAfter(json::Value member) {
    GYRE_TRY_ASSIGN(const std::int64_t number, parseCount(member));
    if (number < 0) return illegalArgument("terminateAfter must be > 0");
    request_.terminate_after = static_cast<std::uint64_t>(number);
    return {};
  }

  Status readTotal(json::Value member) {
    if (member.isBoolean() || member.string() == "true" || member.string() == "false") {
      GYRE_TRY_ASSIGN(const bool is_exact, parseFlag(member));
      request_.shows_total = is_exact;
      request_.count_up_to = is_exact ? UINT64_MAX : 0;
      return {};
    }
    GYRE_TRY_ASSIGN(const std::int64_t limit, parseCount(member));
    if (limit < -1)
      return noticedBy(kByIndex, illegalArgument("totalHitsThreshold must be >= 0, got " + std::to_string(limit)));
    request_.shows_total = limit != -1;
    request_.has_total_limit = limit != -1;
    request_.count_up_to = limit == -1 ? 0 : static_cast<std::uint64_t>(limit);
    return {};
  }

  bool isByScore() const {
    return request_.sort.size() == 1 && request_.sort.front().kind == SortKey::Kind::kScore &&
           request_.sort.front().is_descending;
  }

  Status check() {
    GYRE_TRY(request_.fetch.finish(context_));
    if (!search_after_.isMissing()) {
      if (request_.from > 0) return searchException("`from` parameter must be set to 0 when `search_after` is used.");
      if (request_.sort.empty() || isByScore())
        return noticedBy(kByIndex, illegalArgument("Sort must contain at least one field."));
      GYRE_TRY_ASSIGN(request_.search_after, parseSearchAfter(search_after_, request_.sort));
    }
    if (request_.collapse) {
      if (!request_.search_after.empty())
        return searchException("cannot use `collapse` in conjunction with `search_after`");
      if (!request_.rescores.empty()) return searchException("cannot use `collapse` in conjunction with `rescore`");
    }
    // By score alone is the order of a search without a sort.
    if (isByScore()) request_.sort.clear();
    if (!request_.rescores.empty() && request_.isSorted())
      return illegalArgument("Cannot use [sort] option in conjunction with [rescore].");
    return {};
  }

  SearchRequest& request_;
  const Mapping& mapping_;
  ParseContext context_;
  json::Value query_;  // missing for none
  json::Value search_after_;
  bool has_query_ = false;
};

}  // namespace

float Rescore::combine(float score, float second) const {
  const float a = score * query_weight;
  const float b = second * rescore_weight;
  switch (mode) {
    case Mode::kTotal: return a + b;
    case Mode::kMultiply: return a * b;
    case Mode::kAverage: return (a + b) / 2;
    case Mode::kMax: return std::max(a, b);
    case Mode::kMin: return std::min(a, b);
  }
  return a + b;
}

bool SearchRequest::needsScores() const {
  if (min_score || tracks_scores || needScores(aggregations)) return true;
  if (from + size == 0) return false;
  if (sort.empty()) return true;
  for (const SortKey& key : sort)
    if (key.kind == SortKey::Kind::kScore) return true;
  return false;
}

Result<SearchRequest> SearchRequest::parse(json::Value body, json::Value overrides, const Mapping& mapping,
                                           std::int64_t now_millis, const SearchTarget* target) {
  SearchRequest request;
  GYRE_TRY(RequestParser(request, makeContext(mapping, now_millis, target)).run(body, overrides));
  return request;
}

Result<SearchRequest> SearchRequest::parseHits(json::Value body, std::string_view kind, const ParseContext& context) {
  SearchRequest request;
  request.size = 3;
  // Its own queries, of highlights, are none of the request's around it.
  ParseContext own = context;
  own.named.clear();
  own.nested_hits.clear();
  GYRE_TRY(RequestParser(request, std::move(own)).runHits(body, kind));
  return request;
}

}  // namespace gyre::engine
