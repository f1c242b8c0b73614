#include "server/dialect/search_failure.hpp"

#include <algorithm>
#include <string>

#include "gyre/json_writer.hpp"

namespace gyre::dialect {

namespace {

constexpr std::string_view kType = "search_phase_execution_exception";

// The cause, with the index that it names where the dialect does.
Status located(const engine::ShardFailure& failure, const SearchScope& scope) {
  Status cause = failure.cause;
  if (typeOf(cause) != "query_shard_exception") return cause;
  const auto found = std::find_if(scope.indices.begin(), scope.indices.end(),
                                  [&](const IndexPtr& index) { return index->name == failure.index; });
  cause.addFault("index", failure.index)
      .addFault("index_uuid", found == scope.indices.end() ? std::string("_na_") : (*found)->uuid);
  return cause;
}

std::string failedShards(const engine::SearchReply& reply, const SearchScope& scope, const Identity& identity) {
  std::string text;
  JsonWriter writer(text);
  writer.beginArray();
  for (const engine::ShardFailure& failure : reply.failures) {
    writer.beginObject().member("shard", 0).member("index", failure.index).member("node", identity.node_name);
    writer.key("reason");
    writeFailure(located(failure, scope), writer);
    writer.endObject();
  }
  writer.endArray();
  return text;
}

// Exceptions of the language and not of the dialect, which shows them as their own causes.
bool isOfLanguage(std::string_view type) {
  for (const std::string_view each :
       {"illegal_argument_exception", "number_format_exception", "array_index_out_of_bounds_exception"})
    if (type == each) return true;
  return false;
}

// What has gone wrong in the end, as the whole failure names it.
std::string causeOf(const Status& cause) {
  std::string text;
  JsonWriter writer(text);
  if (isOfLanguage(typeOf(cause)))
    writer.beginObject().member("type", typeOf(cause)).member("reason", cause.message()).key("caused_by");
  writeFailure(cause, writer);
  if (isOfLanguage(typeOf(cause))) writer.endObject();
  return text;
}

}  // namespace

Status searchFailure(const engine::SearchReply& reply, const SearchScope& scope, const Identity& identity) {
  if (reply.failures.empty()) return reply.status;
  const Status cause = located(reply.failures.front(), scope);
  const bool is_total = reply.failures.size() >= scope.targets.size();
  Status status(cause.code(), std::string(kType), is_total ? "all shards failed" : "Partial shards failure");
  status.addFault("phase", reply.phase).addFault("grouped", "true");
  status.addFault("failed_shards", failedShards(reply, scope, identity));
  status.addFault("caused_by_json", causeOf(cause));
  return status;
}

Status contextMissing(std::string_view id) {
  const std::string reason = "No search context found for id [" + std::string(id) + "]";
  std::string cause;
  JsonWriter(cause)
      .beginObject()
      .member("type", "search_context_missing_exception")
      .member("reason", reason)
      .endObject();
  Status status(Code::kNotFound, std::string(kType), "all shards failed");
  status.addFault("phase", "query").addFault("grouped", "true");
  status.addFault("failed_shards", "[{\"shard\":-1,\"index\":null,\"reason\":" + cause + "}]");
  status.addFault("caused_by_json", cause);
  return status;
}

}  // namespace gyre::dialect
