#include "engine/search/search_request.hpp"

#include <charconv>
#include <limits>

#include "engine/aggs/aggregation_parser.hpp"
#include "engine/query/field_query.hpp"
#include "engine/query/query_parser.hpp"

namespace gyre::engine {

namespace {

// "500ms", "2s", "1m"; -1 for none.
Result<std::int64_t> parseTimeout(json::Value value) {
  const std::string_view text = value.isString() ? value.string() : value.numberText();
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  if (error == std::errc() && count == -1 && unit.empty()) return 0;
  struct Unit {
    std::string_view name;
    std::int64_t nanos;
  };
  constexpr Unit kUnits[] = {{"nanos", 1},         {"micros", 1'000},     {"ms", 1'000'000},
                             {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000}};
  for (const Unit& known : kUnits) {
    std::int64_t nanos = 0;
    if (error == std::errc() && count >= 0 && known.name == unit && !__builtin_mul_overflow(count, known.nanos, &nanos))
      return nanos;
  }
  return illegalArgument("failed to parse setting [timeout] with value [" + std::string(text) +
                         "] as a time value: unit is missing or unrecognized");
}

class RequestParser {
 public:
  RequestParser(SearchRequest& request, const Mapping& mapping, std::int64_t now_millis)
      : request_(request), mapping_(mapping), context_{mapping, now_millis, 0, 0, {}} {}

  Status run(json::Value body, json::Value overrides) {
    if (!body.isObject())
      return parsingException("Expected [START_OBJECT] but found [" + std::string(json::kindName(body.kind())) + "]");
    for (const json::Value member : body)
      if (overrides[member.key()].isMissing()) GYRE_TRY(readMember(member));
    for (const json::Value member : overrides) GYRE_TRY(readMember(member));
    if (request_.query == nullptr) request_.query = makeAllQuery(1);
    request_.named = std::move(context_.named);
    request_.is_suggest_only = request_.has_suggest && !has_query_ && !request_.has_aggregations;
    return check();
  }

 private:
  Status readMember(json::Value member) {
    const std::string_view key = member.key();
    if (key == "query") {
      has_query_ = true;
      return assign(request_.query, parseQuery(member, context_));
    }
    if (key == "post_filter") return assign(request_.post_filter, parseQuery(member, context_));
    if (key == "from") return readWindow(member, request_.from);
    if (key == "size") return readWindow(member, request_.size);
    if (key == "sort") return assign(request_.sort, parseSort(member, mapping_));
    if (key == "search_after") {
      search_after_ = member;
      return {};
    }
    if (key == "track_total_hits") return readTotal(member);
    if (key == "track_scores") return assign(request_.tracks_scores, parseBoolean("search", member));
    if (key == "min_score") {
      GYRE_TRY_ASSIGN(request_.min_score, parseFloat("search", member));
      return {};
    }
    if (key == "aggs" || key == "aggregations") {
      request_.has_aggregations = true;
      return assign(request_.aggregations, parseAggregations(member, context_));
    }
    if (key == "suggest") {
      request_.has_suggest = true;
      return assign(request_.suggestions, parseSuggest(member, mapping_));
    }
    if (key == "timeout") return assign(request_.timeout_nanos, parseTimeout(member));
    if (key == "indices_boost") return readIndexBoosts(member);
    GYRE_TRY_ASSIGN(const bool is_fetched, request_.fetch.read(member));
    return is_fetched ? Status() : readRefused(member);
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
    if (!member.isArray()) return unknownKey(member);
    for (const json::Value element : member) {
      if (!element.isObject() || element.size() != 1)
        return parsingException("Expected [END_OBJECT] in [indices_boost] but found [" + std::string(element.raw()) +
                                "]");
      GYRE_TRY(addAll(element));
    }
    return {};
  }

  static Status unknownKey(json::Value member) {
    return parsingException("Unknown key for " + std::string(json::kindName(member.kind())) + " in [" +
                            std::string(member.key()) + "].");
  }

  // Members that are taken only where they ask for nothing.
  Status readRefused(json::Value member) {
    const std::string_view key = member.key();
    if (key == "explain" || key == "profile") {
      GYRE_TRY_ASSIGN(const bool is_asked, parseBoolean("search", member));
      if (is_asked) return illegalArgument("[" + std::string(key) + "]: true is not offered");
      return {};
    }
    return unknownKey(member);
  }

  Status readWindow(json::Value member, std::uint32_t& target) {
    GYRE_TRY_ASSIGN(const std::int64_t number, parseWhole("search", member));
    if (number < 0)
      return illegalArgument("[" + std::string(member.key()) + "] parameter cannot be negative, found [" +
                             std::to_string(number) + "]");
    if (number > std::numeric_limits<std::int32_t>::max())
      return illegalArgument("[" + std::string(member.key()) + "] is out of range: [" + std::to_string(number) + "]");
    target = static_cast<std::uint32_t>(number);
    return {};
  }

  Status readTotal(json::Value member) {
    if (member.isBoolean() || member.isString()) {
      GYRE_TRY_ASSIGN(const bool is_exact, parseBoolean("search", member));
      request_.shows_total = is_exact;
      request_.count_up_to = is_exact ? UINT64_MAX : 0;
      return {};
    }
    GYRE_TRY_ASSIGN(const std::int64_t limit, parseWhole("search", member));
    if (limit < -1)
      return illegalArgument("[track_total_hits] parameter must be positive or equals to -1, got " +
                             std::to_string(limit));
    request_.shows_total = limit != -1;
    request_.count_up_to = limit == -1 ? 0 : static_cast<std::uint64_t>(limit);
    return {};
  }

  template <class T>
  static Status assign(T& target, Result<T> result) {
    if (!result.isOk()) return result.status();
    target = std::move(result).value();
    return {};
  }

  Status check() {
    if (!search_after_.isMissing()) {
      if (request_.from > 0) return illegalArgument("`from` parameter must be set to 0 when `search_after` is used.");
      if (request_.sort.empty()) return illegalArgument("Sort must contain at least one field.");
      GYRE_TRY_ASSIGN(request_.search_after, parseSearchAfter(search_after_, request_.sort));
    }
    // By score alone is the order of a search without a sort.
    if (request_.search_after.empty() && request_.sort.size() == 1 &&
        request_.sort.front().kind == SortKey::Kind::kScore && request_.sort.front().is_descending)
      request_.sort.clear();
    return {};
  }

  SearchRequest& request_;
  const Mapping& mapping_;
  ParseContext context_;
  json::Value search_after_;
  bool has_query_ = false;
};

}  // namespace

bool SearchRequest::needsScores() const {
  if (min_score || tracks_scores) return true;
  if (from + size == 0) return false;
  if (sort.empty()) return true;
  for (const SortKey& key : sort)
    if (key.kind == SortKey::Kind::kScore) return true;
  return false;
}

Result<SearchRequest> SearchRequest::parse(json::Value body, json::Value overrides, const Mapping& mapping,
                                           std::int64_t now_millis) {
  SearchRequest request;
  GYRE_TRY(RequestParser(request, mapping, now_millis).run(body, overrides));
  return request;
}

}  // namespace gyre::engine
