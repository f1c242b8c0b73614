#include "server/search/opensearch/bulk_body.hpp"

#include <limits>

#include "gyre/json.hpp"
#include "gyre/json_writer.hpp"

namespace gyre::search {
namespace {

Status malformed(std::string what) {
  return {Code::kUnavailable, "malformed_response", "the answer to a bulk request " + std::move(what)};
}

std::string causeOf(json::Value error) {
  if (!error.isObject()) return std::string(error.string());
  std::string cause = std::string(error["type"].string()) + ": " + std::string(error["reason"].string());
  for (json::Value inner = error["caused_by"]; inner.isObject(); inner = inner["caused_by"])
    if (inner["reason"].isString()) cause += ": " + std::string(inner["reason"].string());
  return cause;
}

// Not the document's fault: an index that is read-only, a full disk, missing privileges.
bool isPassing(std::string_view type) {
  return type == "cluster_block_exception" || type == "security_exception" || type == "index_closed_exception" ||
         type == "unavailable_shards_exception" || type == "process_cluster_event_timeout_exception";
}

void readItem(json::Value result, BulkAnswer& answer) {
  using Verdict = BulkItem::Verdict;
  const std::int64_t status = result["status"].integer().value_or(0);
  const json::Value error = result["error"];
  const std::string_view type = error["type"].string();
  if ((status >= 200 && status < 300) || status == 409 || (status == 404 && error.isMissing())) {
    answer.items.push_back({});
  } else if (type == "index_not_found_exception") {
    answer.is_missing = true;
    answer.items.push_back({Verdict::kRetry, causeOf(error)});
  } else if (status == 429 || status >= 500 || isPassing(type)) {
    answer.is_slowed = true;
    answer.items.push_back({Verdict::kRetry, causeOf(error)});
  } else {
    answer.items.push_back({Verdict::kRefuse, causeOf(error)});
  }
}

// The answer that nearly all are: every operation was taken. False for any other, or one that is written otherwise.
bool isAllTaken(std::string_view body, std::size_t operations) {
  const auto skip = [&body](std::string_view text) {
    if (!body.starts_with(text)) return false;
    body.remove_prefix(text.size());
    return true;
  };
  if (!skip(R"({"errors":false,"items":[)")) return false;
  for (std::size_t i = 0; i < operations; ++i) {
    if (i > 0 && !skip(",")) return false;
    if (!skip(R"({"index":{"status":20)") && !skip(R"({"delete":{"status":20)")) return false;
    if (!skip("0}}") && !skip("1}}")) return false;
  }
  return body == "]}";
}

}  // namespace

std::string refusalOf(const BulkOperation& operation) {
  if (operation.id.empty() || operation.id.size() > kMostIdBytes)
    return "id: expected 1 to 512 bytes, found " + std::to_string(operation.id.size());
  if (operation.version > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return "version: expected at most 2^63 - 1, found " + std::to_string(operation.version);
  return {};
}

void writeOperation(const BulkOperation& operation, std::string_view source, std::string& body) {
  const bool is_delete = operation.kind == BulkOperation::Kind::kDelete;
  JsonWriter writer(body);
  writer.beginObject().key(is_delete ? "delete" : "index").beginObject();
  writer.member("_id", operation.id).member("version", operation.version);
  writer.member("version_type", operation.is_repair ? "external_gte" : "external").endObject().endObject();
  body += '\n';
  if (is_delete) return;
  const std::size_t start = body.size();
  body += source;
  // In JSON a line can only end between tokens.
  for (const char end : {'\n', '\r'})
    for (std::size_t at = body.find(end, start); at != std::string::npos; at = body.find(end, at + 1)) body[at] = ' ';
  body += '\n';
}

Result<BulkAnswer> readBulkAnswer(std::string_view body, std::size_t operations) {
  if (isAllTaken(body, operations)) return BulkAnswer{std::vector<BulkItem>(operations)};
  const auto document = json::Document::parse(body);
  if (!document.isOk()) return malformed("is no JSON: " + std::string(document.status().message()));
  const json::Value items = document->root()["items"];
  if (!items.isArray() || items.size() != operations)
    return malformed("has " + std::to_string(items.size()) + " items for " + std::to_string(operations) +
                     " operations");
  BulkAnswer answer;
  answer.items.reserve(operations);
  for (const json::Value item : items) {
    json::Value result;
    for (const json::Value member : item) result = member;
    if (!result["status"].isNumber()) return malformed("has an item without a status");
    readItem(result, answer);
  }
  return answer;
}

}  // namespace gyre::search
