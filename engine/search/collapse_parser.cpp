#include "engine/search/collapse_parser.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "engine/mapping/failure_cause.hpp"
#include "engine/mapping/mapping.hpp"
#include "gyre/json_writer.hpp"

namespace gyre::engine {

namespace {

Result<Rescore::Mode> parseScoreMode(json::Value value) {
  constexpr std::array<std::pair<std::string_view, Rescore::Mode>, 5> kModes = {{{"total", Rescore::Mode::kTotal},
                                                                                 {"multiply", Rescore::Mode::kMultiply},
                                                                                 {"avg", Rescore::Mode::kAverage},
                                                                                 {"max", Rescore::Mode::kMax},
                                                                                 {"min", Rescore::Mode::kMin}}};
  for (const auto& [name, mode] : kModes)
    if (name == value.string()) return mode;
  return illegalArgument("illegal score_mode [" + std::string(value.isString() ? value.string() : value.raw()) + "]");
}

Status readSecondQuery(json::Value body, ParseContext& context, Rescore& rescore) {
  for (const json::Value member : body) {
    const std::string_view key = member.key();
    if (key == "rescore_query" && member.isObject()) {
      auto query = parseQuery(member, context);
      if (!query.isOk()) return within("[query] failed to parse field [rescore_query]", query.status());
      rescore.query = std::move(query).value();
    } else if (key == "query_weight") {
      GYRE_TRY_ASSIGN(rescore.query_weight, parseFloat("rescore", member));
    } else if (key == "rescore_query_weight") {
      GYRE_TRY_ASSIGN(rescore.rescore_weight, parseFloat("rescore", member));
    } else if (key == "score_mode") {
      GYRE_TRY_ASSIGN(rescore.mode, parseScoreMode(member));
    } else {
      return unknownField("query", key);
    }
  }
  if (rescore.query == nullptr) return illegalArgument("rescore_query cannot be null");
  return {};
}

Result<Rescore> parseRescore(json::Value value, ParseContext& context) {
  if (!value.isObject()) return parsingException("[rescore] must be an object");
  Rescore rescore;
  for (const json::Value member : value) {
    if (member.key() == "window_size") {
      GYRE_TRY_ASSIGN(const std::int64_t size, parseWhole("rescore", member));
      const std::int64_t most = context.limits.rescore_window;
      if (size > most)
        return noticedBy(
            kByIndex,
            illegalArgument("Rescore window [" + std::to_string(size) + "] is too large. It must be less than [" +
                            std::to_string(most) +
                            "]. This prevents allocating massive heaps for storing the results to be rescored. "
                            "This limit can be set by changing the [index.max_rescore_window] index level setting."));
      if (size < 0) return illegalArgument("windowSize must be a positive number");
      rescore.window_size = static_cast<std::uint32_t>(size);
    } else if (member.key() == "query" && member.isObject()) {
      GYRE_TRY(readSecondQuery(member, context, rescore));
    } else {
      return parsingException("rescore doesn't support [" + std::string(member.key()) + "]");
    }
  }
  if (rescore.query == nullptr) return parsingException("missing rescore type");
  return rescore;
}

// The members of inner_hits that are a request for hits, without those that are about the group.
Result<GroupHits> parseGroupHits(json::Value value, const ParseContext& context) {
  if (!value.isObject()) return parsingException("[inner_hits] must be an object");
  GroupHits hits;
  std::string body;
  JsonWriter writer(body);
  json::Value second_level;
  writer.beginObject();
  for (const json::Value member : value) {
    if (member.key() == "name" && member.isString()) {
      hits.name = member.string();
    } else if (member.key() == "collapse" && member.isObject()) {
      second_level = member;
    } else if (member.key() == "ignore_unmapped" && member.isBoolean()) {
      // The group's field is mapped.
    } else {
      writer.rawMember(member.key(), member.raw());
    }
  }
  writer.endObject();
  if (!second_level.isMissing())
    for (const json::Value member : second_level)
      if (member.key() == "inner_hits" || member.key() == "collapse")
        return Status(Code::kInvalidArgument, "x_content_parse_exception",
                      "[collapse] failed to parse field [inner_hits]: Invalid token in the inner collapse");
  if (hits.name.empty()) return illegalArgument("inner_hits must have a [name] inside a collapse");
  GYRE_TRY_ASSIGN(const auto document, json::Document::parse(body, {.max_depth = kMaxRequestDepth}));
  GYRE_TRY_ASSIGN(auto request, SearchRequest::parseHits(document.root(), "inner_hits", context));
  hits.request = std::make_unique<SearchRequest>(std::move(request));
  if (!second_level.isMissing()) {
    GYRE_TRY_ASSIGN(hits.request->collapse, parseCollapse(second_level, context));
  }
  return hits;
}

}  // namespace

Result<std::vector<Rescore>> parseRescores(json::Value value, ParseContext& context) {
  std::vector<Rescore> rescores;
  if (!value.isArray()) {
    GYRE_TRY_ASSIGN(auto rescore, parseRescore(value, context));
    rescores.push_back(std::move(rescore));
    return rescores;
  }
  for (const json::Value element : value) {
    GYRE_TRY_ASSIGN(auto rescore, parseRescore(element, context));
    rescores.push_back(std::move(rescore));
  }
  return rescores;
}

Result<Collapse> parseCollapse(json::Value value, const ParseContext& context) {
  Collapse collapse;
  for (const json::Value member : value) {
    if (member.key() == "field" && member.isString()) {
      collapse.name = collapse.path = member.string();
    } else if (member.key() == "max_concurrent_group_searches") {
      GYRE_TRY_ASSIGN(const std::int64_t count, parseWhole("collapse", member));
      if (count < 1) return illegalArgument("maxConcurrentGroupRequests` must be positive");
    } else if (member.key() == "inner_hits" && member.isArray()) {
      for (const json::Value element : member) {
        GYRE_TRY_ASSIGN(auto hits, parseGroupHits(element, context));
        collapse.inner_hits.push_back(std::move(hits));
      }
    } else if (member.key() == "inner_hits" && member.isObject()) {
      GYRE_TRY_ASSIGN(auto hits, parseGroupHits(member, context));
      collapse.inner_hits.push_back(std::move(hits));
    } else {
      return unknownField("collapse", member.key());
    }
  }
  if (collapse.path.empty()) return illegalArgument("[collapse] requires a [field]");
  const Field* const field = context.mapping.find(collapse.path);
  if (field == nullptr) return illegalArgument("no mapping found for `" + collapse.path + "` in order to collapse on");
  const bool is_offered = field->type == FieldType::kKeyword ||
                          (isNumeric(field->type) && !isDate(field->type) && field->type != FieldType::kBoolean);
  if (!is_offered)
    return illegalArgument("unknown type for collapse field `" + collapse.path +
                           "`, only keywords and numbers are accepted");
  if (!field->has_doc_values)
    return illegalArgument("cannot collapse on field `" + collapse.path + "` without `doc_values`");
  if (!field->is_indexed && !collapse.inner_hits.empty())
    return illegalArgument("cannot expand `inner_hits` for collapse field `" + collapse.path +
                           "`, only indexed field can retrieve `inner_hits`");
  collapse.path = field->path;
  collapse.type = field->type;
  return collapse;
}

Result<Slice> parseSlice(json::Value value) {
  std::int64_t id = -1;
  std::int64_t max = -1;
  for (const json::Value member : value) {
    if (member.key() == "id") {
      GYRE_TRY_ASSIGN(id, parseWhole("slice", member));
    } else if (member.key() == "max") {
      GYRE_TRY_ASSIGN(max, parseWhole("slice", member));
    } else if (member.key() == "field" && member.isString()) {
      // Which documents a slice has is ours to say, as long as all slices together have all.
    } else {
      return unknownField("slice", member.key());
    }
  }
  if (id < 0) return illegalArgument("id must be greater than or equal to 0");
  if (max <= 1) return illegalArgument("max must be greater than 1");
  if (id >= max) return illegalArgument("max must be greater than id");
  return Slice{static_cast<std::uint32_t>(id), static_cast<std::uint32_t>(max)};
}

}  // namespace gyre::engine
