// _delete_by_query, _update_by_query and _reindex.
#include <charconv>
#include <memory>
#include <string>

#include "gyre/json.hpp"
#include "server/dialect/answered.hpp"
#include "server/dialect/by_query.hpp"
#include "server/dialect/document_index.hpp"
#include "server/dialect/duration.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/index_composition.hpp"
#include "server/dialect/resolve_options.hpp"
#include "server/dialect/routes.hpp"
#include "server/dialect/service.hpp"
#include "server/dialect/task_registry.hpp"

namespace gyre::dialect {

namespace {

constexpr json::Limits kBodyLimits{.max_depth = 512};
constexpr std::int64_t kMaxBatch = 10'000;
constexpr std::size_t kMaxSorts = 100;  // of a sort in the URL

Status parsingException(std::string message) {
  return {Code::kInvalidArgument, "parsing_exception", std::move(message)};
}

Status unknownField(std::string_view parser, std::string_view field) {
  return {Code::kInvalidArgument, "x_content_parse_exception",
          "[" + std::string(parser) + "] unknown field [" + std::string(field) + "]"};
}

// As the dialect names the token that a member of a search begins with.
std::string_view tokenName(json::Value value) {
  if (value.isObject()) return "START_OBJECT";
  if (value.isArray()) return "START_ARRAY";
  if (value.isString()) return "VALUE_STRING";
  if (value.isNumber()) return "VALUE_NUMBER";
  return value.isNull() ? "VALUE_NULL" : "VALUE_BOOLEAN";
}

Result<double> readRate(const Call& call) {
  const auto text = call.request.parameter("requests_per_second");
  if (!text || *text == "-1") return 0.0;
  double rate = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), rate);
  if (text->empty() || error != std::errc() || end != text->data() + text->size() || rate <= 0)
    return illegalArgument("[requests_per_second] must be a float greater than 0. Use -1 to disable throttling.");
  return rate;
}

Result<std::int64_t> readSlices(const Call& call) {
  const std::string_view text = call.text("slices", "1");
  if (text == "auto") return std::int64_t{1};
  std::int64_t slices = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), slices);
  if (error == std::errc() && end == text.data() + text.size() && slices >= 1) return slices;
  return illegalArgument(R"([slices] must be a positive integer or the string "auto", but was [)" + std::string(text) +
                         "]");
}

Status setMaxDocs(ByQueryPlan& plan, std::int64_t number) {
  if (number < 0)
    return illegalArgument("[max_docs] parameter cannot be negative, found [" + std::to_string(number) + "]");
  if (plan.max_docs && *plan.max_docs != number)
    return illegalArgument("[max_docs] set to two different values [" + std::to_string(*plan.max_docs) + "] and [" +
                           std::to_string(number) + "]");
  plan.max_docs = number;
  return {};
}

Status setConflicts(ByQueryPlan& plan, std::string_view text) {
  if (text != "proceed" && text != "abort")
    return illegalArgument(R"(conflicts may only be "proceed" or "abort" but was [)" + std::string(text) + "]");
  plan.proceeds_on_conflict = text == "proceed";
  return {};
}

Status setBatchSize(ByQueryPlan& plan, std::int64_t size) {
  if (size < 0) return illegalArgument("[size] parameter cannot be negative, found [" + std::to_string(size) + "]");
  if (size == 0) return validationFailed("[size] cannot be [0] in a scroll context");
  if (size > kMaxBatch)
    return illegalArgument("Batch size is too large, size must be less than or equal to: [" +
                           std::to_string(kMaxBatch) + "] but was [" + std::to_string(size) +
                           "]. Scroll batch sizes cost as much memory as result windows so they are controlled by the "
                           "[index.max_result_window] index level setting.");
  plan.batch_size = size;
  return {};
}

// What every one of them takes from the URL.
Status readCommon(const Call& call, ByQueryPlan& plan) {
  for (const std::string_view name : {"size", "max_docs"}) {
    if (!call.has(name) || (name == "size" && plan.kind == ByQueryPlan::Kind::kReindex)) continue;
    GYRE_TRY_ASSIGN(const std::int64_t number, call.whole(name, 0));
    GYRE_TRY(setMaxDocs(plan, number));
  }
  GYRE_TRY_ASSIGN(plan.requests_per_second, readRate(call));
  GYRE_TRY_ASSIGN(plan.refreshes, call.flag("refresh"));
  for (const std::string_view name : {"timeout", "scroll", "search_timeout"})
    if (call.has(name)) GYRE_TRY(parseDuration(call.text(name)).status());
  GYRE_TRY_ASSIGN(const std::int64_t slices, readSlices(call));
  if (plan.max_docs && *plan.max_docs < slices) return validationFailed("[max_docs] should be >= [slices]");
  return {};
}

Result<Response> start(Service& service, const Call& call, ByQueryPlan plan, std::string action) {
  GYRE_TRY_ASSIGN(const bool waits, call.flag("wait_for_completion", true));
  const double rate = plan.requests_per_second;
  auto work = std::make_shared<ByQuery>(service.catalog(), std::move(plan));
  GYRE_TRY(work->prepare());
  const TaskPtr task = service.tasks().begin(std::move(action), work->description(), true);
  task->requests_per_second = rate;
  if (waits) {
    auto response = work->run(*task);
    service.tasks().end(task);
    return response;
  }
  GYRE_TRY(service.tasks().detach(task, [work](Task& running) -> Result<std::string> {
    GYRE_TRY_ASSIGN(const Response done, work->run(running));
    return done.body;
  }));
  Response response;
  JsonWriter(response.body).beginObject().member("task", service.tasks().nameOf(task->id)).endObject();
  return response;
}

// Lucene's query syntax in the URL.
std::string queryOf(const Call& call) {
  std::string query;
  JsonWriter writer(query);
  writer.beginObject().key("query_string").beginObject().member("query", call.text("q"));
  if (call.has("df")) writer.member("default_field", call.text("df"));
  if (call.has("default_operator")) writer.member("default_operator", call.text("default_operator"));
  if (call.has("analyzer")) writer.member("analyzer", call.text("analyzer"));
  if (call.has("analyze_wildcard")) writer.member("analyze_wildcard", call.text("analyze_wildcard") == "true");
  if (call.has("lenient")) writer.member("lenient", call.text("lenient") == "true");
  writer.endObject().endObject();
  return query;
}

// The URL's sort as a body has it: "field", "field:desc", with commas between them.
Result<std::string> sortOf(std::string_view list) {
  std::string sort;
  JsonWriter writer(sort);
  writer.beginArray();
  const std::vector<std::string_view> parts = splitList(list);
  if (parts.size() > kMaxSorts) return illegalArgument("too many sorts: at most 100 are taken");
  for (const std::string_view part : parts) {
    const std::size_t colon = part.rfind(':');
    const std::string_view order = colon == std::string_view::npos ? std::string_view() : part.substr(colon + 1);
    if (order == "asc" || order == "desc")
      writer.beginObject().key(part.substr(0, colon)).beginObject().member("order", order).endObject().endObject();
    else if (colon == std::string_view::npos)
      writer.string(part);
    // Another order than these two is none: the dialect passes over the sort.
  }
  writer.endArray();
  return sort;
}

// What a search takes and work on documents has no use for: checked, since a mistake in them is one in the request.
Status checkSearchParameters(const Call& call) {
  for (const std::string_view name : {"version", "request_cache"}) GYRE_TRY(call.flag(name).status());
  if (call.has("request_cache") && call.text("request_cache") != "false")
    return validationFailed("[request_cache] cannot be used in a scroll context");
  GYRE_TRY_ASSIGN(const std::int64_t documents, call.whole("terminate_after", 0));
  if (documents < 0) return illegalArgument("terminateAfter must be > 0");
  return {};
}

// A member that a search knows and work on documents has no use for, or none that anybody knows.
Status unsupportedMember(json::Value member) {
  for (const std::string_view known :
       {"from", "stored_fields", "fields", "script_fields", "docvalue_fields", "aggs", "aggregations", "suggest",
        "rescore", "highlight", "collapse", "search_after", "slice"})
    if (member.key() == known) return illegalArgument(std::string(known) + " is not supported in this context");
  return parsingException("Unknown key for a " + std::string(tokenName(member)) + " in [" + std::string(member.key()) +
                          "].");
}

Status readBody(const Call& call, ByQueryPlan& plan) {
  if (call.request.body.empty()) return {};
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(call.request.body, kBodyLimits));
  for (const json::Value member : document.root()) {
    const std::string_view key = member.key();
    if (key == "query" && member.isObject()) {
      plan.query = member.raw();
    } else if (key == "sort") {
      plan.sort = member.raw();
    } else if (key == "max_docs" && member.integer()) {
      GYRE_TRY(setMaxDocs(plan, *member.integer()));
    } else if (key == "size" && member.integer()) {
      GYRE_TRY(setBatchSize(plan, *member.integer()));
    } else if (key == "conflicts" && member.isString()) {
      GYRE_TRY(setConflicts(plan, member.string()));
    } else if (key == "script" && plan.kind == ByQueryPlan::Kind::kUpdate) {
      return illegalArgument("[script] is not served: there is no scripting language");
    } else if (key == "_source" || key == "version" || key == "timeout" || key == "track_total_hits") {
      // Which of a document is shown matters to nobody: it is changed or deleted whole.
    } else {
      return unsupportedMember(member);
    }
  }
  return {};
}

Result<ByQueryPlan> readByQuery(const Call& call, ByQueryPlan::Kind kind) {
  ByQueryPlan plan;
  plan.kind = kind;
  plan.indices = call.variable("index");
  GYRE_TRY_ASSIGN(plan.options, readResolveOptions(call));
  if (call.has("from")) return validationFailed("from is not supported in this context");
  GYRE_TRY(checkSearchParameters(call));
  if (call.has("conflicts")) GYRE_TRY(setConflicts(plan, call.text("conflicts")));
  if (call.has("scroll_size")) {
    GYRE_TRY_ASSIGN(const std::int64_t size, call.whole("scroll_size", 0));
    GYRE_TRY(setBatchSize(plan, size));
  }
  GYRE_TRY(readBody(call, plan));
  if (call.has("q")) plan.query = queryOf(call);
  if (call.has("sort")) {
    GYRE_TRY_ASSIGN(plan.sort, sortOf(call.text("sort")));
  }
  GYRE_TRY(readCommon(call, plan));
  plan.pipeline = call.text("pipeline");
  return plan;
}

Result<Response> deleteByQuery(Service& service, Call& call) {
  GYRE_TRY_ASSIGN(ByQueryPlan plan, readByQuery(call, ByQueryPlan::Kind::kDelete));
  if (plan.query.empty()) return validationFailed("query is missing");
  return start(service, call, std::move(plan), "indices:data/write/delete/byquery");
}

Result<Response> updateByQuery(Service& service, Call& call) {
  GYRE_TRY_ASSIGN(ByQueryPlan plan, readByQuery(call, ByQueryPlan::Kind::kUpdate));
  return start(service, call, std::move(plan), "indices:data/write/update/byquery");
}

// ---- reindex
// ---------------------------------------------------------------------------------------------------------

// Another cluster is never read; what is wrong with the request is told before that.
Status refuseRemote(json::Value remote) {
  const std::string host(remote["host"].string());
  const std::size_t scheme = host.find("://");
  const std::size_t colon = host.rfind(':');
  if (scheme == std::string::npos || colon == scheme)
    return illegalArgument("[host] must be of the form [scheme]://[host]:[port](/[pathPrefix])? but was [" + host +
                           "]");
  std::string unknown;
  for (const json::Value member : remote) {
    const std::string_view key = member.key();
    if (key == "socket_timeout" || key == "connect_timeout") {
      if (const auto duration = parseDuration(member.string()); !duration.isOk()) {
        Status status = illegalArgument("failed to parse [" + std::string(member.string()) + "]");
        status.addFault("caused_by",
                        "number_format_exception: For input string: \"" + std::string(member.string()) + "\"");
        return status;
      }
    } else if (key != "host" && key != "username" && key != "password" && key != "headers") {
      unknown += (unknown.empty() ? "" : ",") + std::string(key);
    }
  }
  if (!unknown.empty()) return illegalArgument("Unsupported fields in [remote]: [" + unknown + "]");
  return illegalArgument("[" + host.substr(scheme + 3) + "] not allowlisted in reindex.remote.allowlist");
}

std::string joined(const std::vector<std::string>& parts) {
  std::string list;
  for (const std::string& part : parts) list += (list.empty() ? "" : ",") + part;
  return list;
}

Status readSource(json::Value source, ByQueryPlan& plan) {
  for (const json::Value member : source) {
    const std::string_view key = member.key();
    if (key == "index" && (member.isString() || member.isArray())) {
      plan.indices = joined(textsOf(member));
    } else if (key == "query" && member.isObject()) {
      plan.query = member.raw();
    } else if (key == "sort") {
      plan.sort = member.raw();
    } else if (key == "size") {
      const auto size = member.integer();
      if (!size) {
        Status status(Code::kInvalidArgument, "x_content_parse_exception", "[reindex] failed to parse field [source]");
        status.addFault("caused_by", "number_format_exception: For input string: \"" +
                                         std::string(member.isString() ? member.string() : member.raw()) + "\"");
        return status;
      }
      GYRE_TRY(setBatchSize(plan, *size));
    } else if (key == "_source") {
      if (member.isBoolean() && !member.boolean())
        return illegalArgument("_source:false is not supported in this context");
      plan.source_filter = member.raw();
    } else if (key == "remote") {
      GYRE_TRY(refuseRemote(member));
    } else {
      return unsupportedMember(member);
    }
  }
  return {};
}

Status destFailure(std::string_view field, std::string why) {
  Status status(Code::kInvalidArgument, "x_content_parse_exception", "[reindex] failed to parse field [dest]");
  status.addFault("caused_by", "x_content_parse_exception: [dest] failed to parse field [" + std::string(field) + "]")
      .addFault("caused_by", "illegal_argument_exception: " + std::move(why));
  return status;
}

Status readDest(json::Value dest, ByQueryPlan& plan) {
  for (const json::Value member : dest) {
    const std::string_view key = member.key(), text = member.string();
    if (key == "index" && member.isString()) {
      plan.target = text;
    } else if (key == "op_type" && member.isString()) {
      if (text != "create" && text != "index")
        return destFailure(key, "opType must be 'create' or 'index', found: [" + std::string(text) + "]");
      plan.must_be_new = text == "create";
    } else if (key == "routing" && member.isString()) {
      plan.routing = text == "keep" ? "" : text;
    } else if (key == "pipeline" && member.isString()) {
      plan.pipeline = text;
    } else if (key == "version_type" && member.isString()) {
      if (text == "external" || text == "external_gt")
        plan.versioning = ByQueryPlan::Versioning::kExternal;
      else if (text == "external_gte")
        plan.versioning = ByQueryPlan::Versioning::kExternalOrEqual;
      else if (text != "internal")
        return destFailure(key, "No version type match [" + std::string(text) + "]");
    } else {
      return unknownField("dest", key);
    }
  }
  return {};
}

Result<Response> reindex(Service& service, Call& call) {
  if (call.request.body.empty()) return validationFailed("a request body is required");
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(call.request.body, kBodyLimits));
  ByQueryPlan plan;
  plan.kind = ByQueryPlan::Kind::kReindex;
  for (const json::Value member : document.root()) {
    const std::string_view key = member.key();
    if (key == "source" && member.isObject()) {
      GYRE_TRY(readSource(member, plan));
    } else if (key == "dest" && member.isObject()) {
      GYRE_TRY(readDest(member, plan));
    } else if ((key == "size" || key == "max_docs") && member.integer()) {
      GYRE_TRY(setMaxDocs(plan, *member.integer()));
    } else if (key == "conflicts" && member.isString()) {
      GYRE_TRY(setConflicts(plan, member.string()));
    } else if (key == "script") {
      return illegalArgument("[script] is not served: there is no scripting language");
    } else {
      return unknownField("reindex", key);
    }
  }
  GYRE_TRY(readCommon(call, plan));
  if (plan.target.empty()) return validationFailed("index must be specified");
  if (plan.indices.empty()) return validationFailed("use _all if you really want to copy from all existing indexes");
  if (!plan.routing.empty() && plan.routing != "discard" && !plan.routing.starts_with('='))
    return validationFailed("routing must be unset, [keep], [discard] or [=<some new value>]");
  GYRE_TRY(checkAutoCreate(*service.catalog().state(), plan.target));
  return start(service, call, std::move(plan), "indices:data/write/reindex");
}

#define GYRE_TASK_PARAMETERS \
  " refresh timeout wait_for_active_shards wait_for_completion requests_per_second slices max_docs scroll"
#define GYRE_BY_QUERY_PARAMETERS                                                                                \
  GYRE_RESOLVE_PARAMETERS GYRE_TASK_PARAMETERS                                                                  \
      " q df default_operator analyzer analyze_wildcard lenient from size conflicts scroll_size search_type "   \
      "search_timeout preference sort routing _source _source_includes _source_excludes terminate_after stats " \
      "version request_cache"

constexpr Route kRoutes[] = {
    {"POST", "/{index}/_delete_by_query", answered<deleteByQuery>, GYRE_BY_QUERY_PARAMETERS},
    {"POST", "/{index}/_update_by_query", answered<updateByQuery>, GYRE_BY_QUERY_PARAMETERS " pipeline version_type"},
    {"POST", "/_reindex", answered<reindex>, GYRE_TASK_PARAMETERS " require_alias"},
};

}  // namespace

std::span<const Route> byQueryRoutes() { return kRoutes; }

}  // namespace gyre::dialect
