#include "engine/search/search_options.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "engine/query/query_parser.hpp"
#include "gyre/json_writer.hpp"

namespace gyre::engine {

namespace {

using Names = std::initializer_list<std::string_view>;
bool isOneOf(std::string_view name, Names names) { return std::find(names.begin(), names.end(), name) != names.end(); }

// A parameter without a value means true.
Result<bool> readFlag(std::string_view value) {
  if (value == "true" || value.empty()) return true;
  if (value == "false") return false;
  return illegalArgument("Failed to parse value [" + std::string(value) + "] as only [true] or [false] are allowed.");
}

bool isWhole(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return !text.empty() && error == std::errc() && end == text.data() + text.size();
}

Status checkWhole(std::string_view name, std::string_view value) {
  if (isWhole(value)) return {};
  return illegalArgument("Failed to parse int parameter [" + std::string(name) + "] with value [" + std::string(value) +
                         "]");
}

template <class Visit>
void splitList(std::string_view list, Visit&& visit) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (comma > 0) visit(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
}

std::string listJson(std::string_view list) {
  std::string out;
  JsonWriter writer(out);
  writer.beginArray();
  splitList(list, [&](std::string_view element) { writer.string(element); });
  writer.endArray();
  return out;
}

// "a:desc,b,_score:asc"
std::string sortJson(std::string_view list) {
  std::string out;
  JsonWriter writer(out);
  writer.beginArray();
  splitList(list, [&](std::string_view element) {
    const std::size_t colon = element.rfind(':');
    const std::string_view order = colon == std::string_view::npos ? std::string_view() : element.substr(colon + 1);
    if (colon == std::string_view::npos) {
      writer.string(element);
    } else if (order == "asc" || order == "desc") {
      // Another order than these two is none: the dialect passes over the sort.
      writer.beginObject().member(element.substr(0, colon), order).endObject();
    }
  });
  writer.endArray();
  return out;
}

std::string quoted(std::string_view text) {
  std::string out;
  JsonWriter(out).string(text);
  return out;
}

void appendMember(std::string& members, std::string_view name, std::string_view json) {
  if (!members.empty()) members += ',';
  members += quoted(name) + ":" + std::string(json);
}

}  // namespace

Result<bool> SearchParameters::read(std::string_view name, std::string_view value) {
  if (name == "typed_keys") {
    GYRE_TRY_ASSIGN(options_.names_types, readFlag(value));
  } else if (name == "rest_total_hits_as_int") {
    GYRE_TRY_ASSIGN(options_.shows_total_as_number, readFlag(value));
  } else if (name == "allow_partial_search_results") {
    GYRE_TRY_ASSIGN(options_.allows_partial_results, readFlag(value));
  } else if (name == "include_named_queries_score") {
    GYRE_TRY_ASSIGN(options_.shows_named_scores, readFlag(value));
  } else if (name == "request_cache") {
    GYRE_TRY_ASSIGN(options_.asks_for_cache, readFlag(value));
  } else if (isOneOf(name, {"ccs_minimize_roundtrips", "phase_took"})) {
    // How an answer is gathered, which changes nothing in it.
    GYRE_TRY(readFlag(value).status());
  } else if (isOneOf(name, {"batched_reduce_size", "max_concurrent_shard_requests", "pre_filter_shard_size"})) {
    GYRE_TRY(checkWhole(name, value));
    if (value.starts_with('-') || value == "0") return illegalArgument(std::string(name) + " must be >= 1");
    if (name == "batched_reduce_size" && value == "1") return illegalArgument("batchedReduceSize must be >= 2");
  } else if (isOneOf(name, {"preference", "routing"})) {
    // Which copy answers: there is one.
  } else if (name == "search_type") {
    if (isOneOf(value, {"query_and_fetch", "dfs_query_and_fetch"}))
      return illegalArgument("Unsupported search type [" + std::string(value) + "]");
    if (!isOneOf(value, {"query_then_fetch", "dfs_query_then_fetch"}))
      return illegalArgument("No search type for [" + std::string(value) + "]");
  } else if (isOneOf(name, {"q", "df", "analyzer", "analyze_wildcard", "default_operator", "lenient"})) {
    query_.emplace_back(name, value);
  } else if (isOneOf(name, {"suggest_field", "suggest_text", "suggest_size", "suggest_mode"})) {
    suggest_.emplace_back(name, value);
  } else if (isOneOf(name,
                     {"from", "size", "terminate_after", "timeout", "explain", "version", "seq_no_primary_term",
                      "track_scores", "track_total_hits", "sort", "_source", "_source_includes", "_source_excludes",
                      "_source_include", "_source_exclude", "stored_fields", "docvalue_fields", "stats"})) {
    GYRE_TRY(readMember(name, value));
  } else {
    return false;
  }
  return true;
}

Status SearchParameters::readMember(std::string_view name, std::string_view value) {
  if (isOneOf(name, {"from", "size", "terminate_after"})) {
    GYRE_TRY(checkWhole(name, value));
    if (name != "terminate_after" && value.starts_with('-'))
      return illegalArgument("[" + std::string(name) + "] parameter cannot be negative, found [" + std::string(value) +
                             "]");
    if (name == "terminate_after" && value.starts_with('-')) return illegalArgument("terminateAfter must be > 0");
    appendMember(members_, name, value);
  } else if (name == "timeout") {
    appendMember(members_, name, quoted(value));
  } else if (isOneOf(name, {"explain", "version", "seq_no_primary_term", "track_scores"})) {
    // Without a value these say nothing, other than most flags.
    if (value.empty() && name != "track_scores") return {};
    GYRE_TRY_ASSIGN(const bool is_on, readFlag(value));
    appendMember(members_, name, is_on ? "true" : "false");
  } else if (name == "track_total_hits") {
    if (value.empty() || value == "true" || value == "false") {
      appendMember(members_, name, value == "false" ? "false" : "true");
    } else {
      GYRE_TRY(checkWhole(name, value));
      appendMember(members_, name, value);
    }
  } else if (name == "sort") {
    appendMember(members_, name, sortJson(value));
  } else if (name == "_source") {
    source_ = value == "true" || value == "false" ? std::string(value) : listJson(value);
  } else if (name == "_source_includes" || name == "_source_include") {
    source_includes_ = listJson(value);
  } else if (name == "_source_excludes" || name == "_source_exclude") {
    source_excludes_ = listJson(value);
  } else {
    appendMember(members_, name, listJson(value));
  }
  return {};
}

void SearchParameters::appendQuery(std::string& out) const {
  const auto isQuery = [](const auto& pair) { return pair.first == "q"; };
  // Without q the others say nothing.
  if (std::none_of(query_.begin(), query_.end(), isQuery)) return;
  std::string body;
  JsonWriter writer(body);
  writer.beginObject().key("query_string").beginObject();
  for (const auto& [name, value] : query_) {
    const std::string_view key = name == "q" ? "query" : name == "df" ? "default_field" : std::string_view(name);
    writer.member(key, value);
  }
  writer.endObject().endObject();
  appendMember(out, "query", body);
}

Status SearchParameters::appendSuggest(std::string& out) const {
  if (suggest_.empty()) return {};
  const auto find = [&](std::string_view wanted) {
    for (const auto& [name, value] : suggest_)
      if (name == wanted) return std::string_view(value);
    return std::string_view();
  };
  const std::string_view field = find("suggest_field");
  if (field.empty()) return {};
  std::string body;
  JsonWriter writer(body);
  writer.beginObject().key(field).beginObject().member("text", find("suggest_text")).key("term").beginObject();
  writer.member("field", field);
  if (const std::string_view size = find("suggest_size"); !size.empty()) {
    GYRE_TRY(checkWhole("suggest_size", size));
    writer.rawMember("size", size);
  }
  if (const std::string_view mode = find("suggest_mode"); !mode.empty()) writer.member("suggest_mode", mode);
  writer.endObject().endObject().endObject();
  appendMember(out, "suggest", body);
  return {};
}

Result<SearchOptions> SearchParameters::finish() {
  if (!source_includes_.empty() || !source_excludes_.empty()) {
    std::string includes = !source_includes_.empty() ? source_includes_ : source_.starts_with('[') ? source_ : "[]";
    const std::string excludes = source_excludes_.empty() ? "[]" : source_excludes_;
    source_ = source_ == "false" ? source_ : "{\"includes\":" + includes + ",\"excludes\":" + excludes + "}";
  }
  if (!source_.empty()) appendMember(members_, "_source", source_);
  appendQuery(members_);
  GYRE_TRY(appendSuggest(members_));
  if (!members_.empty()) options_.overrides = "{" + members_ + "}";
  return std::move(options_);
}

}  // namespace gyre::engine
