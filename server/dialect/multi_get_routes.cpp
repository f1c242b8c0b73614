// Many documents in one request: _mget.
#include <utility>
#include <vector>

#include "gyre/json.hpp"
#include "server/dialect/answered.hpp"
#include "server/dialect/document_index.hpp"
#include "server/dialect/document_read.hpp"
#include "server/dialect/document_write.hpp"
#include "server/dialect/failure.hpp"
#include "server/dialect/routes.hpp"
#include "server/dialect/service.hpp"
#include "server/dialect/source_parameters.hpp"

namespace gyre::dialect {

namespace {

struct WantedDocument {
  std::string index;
  DocumentRead read;
};

Status parseException(std::string message) { return {Code::kInvalidArgument, "parse_exception", std::move(message)}; }

std::string scalarText(json::Value value) {
  return value.isString() ? std::string(value.string()) : value.isNull() ? std::string() : std::string(value.raw());
}

std::string_view tokenName(json::Value value) {
  constexpr std::string_view kNames[] = {
      "", "VALUE_NULL", "VALUE_BOOLEAN", "VALUE_NUMBER", "VALUE_STRING", "START_ARRAY", "START_OBJECT"};
  return kNames[static_cast<std::size_t>(value.kind())];
}

Status readMember(json::Value member, WantedDocument& wanted) {
  const std::string_view key = member.key();
  if (key == "_source") {
    GYRE_TRY_ASSIGN(wanted.read.source, readSourceMember(member));
    return {};
  }
  if (key == "stored_fields") {
    std::vector<std::string> names;
    if (member.isString()) names.emplace_back(member.string());
    for (const json::Value name : member) names.push_back(scalarText(name));
    wanted.read.stored_fields = std::move(names);
    return {};
  }
  if (key == "fields")
    return {Code::kInvalidArgument, "parsing_exception",
            "Unsupported field [fields] used, expected [stored_fields] instead"};
  if (member.isObject() || member.isArray())
    return parseException("failed to parse multi get request. unexpected value for [" + std::string(key) + "]");
  if (key == "_index") {
    wanted.index = scalarText(member);
  } else if (key == "_id") {
    wanted.read.id = scalarText(member);
  } else if (key == "routing") {
    wanted.read.routing = scalarText(member);
  } else if (key == "version") {
    wanted.read.version = member.integer();
    if (!wanted.read.version) return illegalArgument("For input string: \"" + scalarText(member) + "\"");
  } else if (key == "version_type") {
    return parseVersionType(member.string()).status();
  } else {
    return parseException("failed to parse multi get request. unknown field [" + std::string(key) + "]");
  }
  return {};
}

Result<std::vector<WantedDocument>> readBody(json::Value root, const WantedDocument& defaults) {
  std::vector<WantedDocument> wanted;
  if (!root.isObject())
    return Status(Code::kInvalidArgument, "parsing_exception",
                  "unexpected token [" + std::string(tokenName(root)) + "], expected [START_OBJECT]");
  for (const json::Value member : root) {
    if (!member.isArray())
      return Status(
          Code::kInvalidArgument, "parsing_exception",
          "unexpected token [" + std::string(tokenName(member)) + "], expected [FIELD_NAME] or [START_ARRAY]");
    if (member.key() != "docs" && member.key() != "ids")
      return Status(Code::kInvalidArgument, "parsing_exception",
                    "unknown key [" + std::string(member.key()) + "] for a START_ARRAY, expected [docs] or [ids]");
    for (const json::Value element : member) {
      WantedDocument& next = wanted.emplace_back(defaults);
      if (member.key() == "ids") {
        if (element.isObject() || element.isArray() || element.isNull())
          return illegalArgument("ids array element should only contain ids");
        next.read.id = scalarText(element);
        continue;
      }
      if (!element.isObject()) return illegalArgument("docs array element should include an object");
      for (const json::Value option : element) GYRE_TRY(readMember(option, next));
    }
  }
  return wanted;
}

Status findFaults(const std::vector<WantedDocument>& wanted) {
  if (wanted.empty()) return validationStatus({"no documents to get"});
  std::vector<std::string> faults;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i].index.empty()) faults.push_back("index is missing for doc " + std::to_string(i));
    if (wanted[i].read.id.empty()) faults.push_back("id is missing for doc " + std::to_string(i));
  }
  return validationStatus(faults);
}

// Writes the members of the answer, once nothing can fail any more.
Status writeOne(Service& service, WantedDocument& wanted, std::string& out) {
  GYRE_TRY_ASSIGN(const IndexPtr index, indexForRead(service.catalog(), wanted.index, wanted.read.routing));
  GYRE_TRY_ASSIGN(const auto found, wanted.read.run(*index));
  JsonWriter writer(out);
  writer.beginObject();
  GYRE_TRY(wanted.read.write(*index, found, writer));
  writer.endObject();
  return {};
}

Result<Response> getMany(Service& service, Call& call) {
  if (call.request.body.empty())
    return Status(Code::kInvalidArgument, "parse_exception", "request body or source parameter is required");
  WantedDocument defaults;
  GYRE_TRY_ASSIGN(defaults.read, DocumentRead::fromParameters(call));
  defaults.index = call.variable("index");
  GYRE_TRY_ASSIGN(const json::Document document, json::Document::parse(call.request.body, {.max_depth = 64}));
  GYRE_TRY_ASSIGN(std::vector<WantedDocument> wanted, readBody(document.root(), defaults));
  GYRE_TRY(findFaults(wanted));
  Response response;
  JsonWriter writer(response.body);
  writer.beginObject().key("docs").beginArray();
  for (WantedDocument& each : wanted) {
    std::string one;
    if (const Status written = writeOne(service, each, one); written.isOk()) {
      writer.raw(one);
    } else {
      writer.beginObject().member("_index", each.index).member("_id", each.read.id).key("error");
      writeError(written, writer);
      writer.endObject();
    }
  }
  writer.endArray().endObject();
  return response;
}

constexpr std::string_view kParameters =
    "preference realtime refresh routing stored_fields _source _source_includes _source_excludes";

constexpr Route kRoutes[] = {
    {"GET POST", "/_mget", answered<getMany>, kParameters},
    {"GET POST", "/{index}/_mget", answered<getMany>, kParameters},
};

}  // namespace

std::span<const Route> multiGetRoutes() { return kRoutes; }

}  // namespace gyre::dialect
