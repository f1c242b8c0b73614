#include "prometheus_api.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "gyre/json_writer.hpp"

namespace gyre::metrics {
namespace {

class Parameters {
 public:
  explicit Parameters(const json::Value& object) : object_(object) {}

  // Every value of a name; failed() when one of them is no text.
  std::vector<std::string_view> all(std::string_view name) {
    std::vector<std::string_view> values;
    const json::Value member = object_[name];
    if (member.isArray()) {
      for (const json::Value value : member) add(name, value, values);
    } else if (!member.isMissing()) {
      add(name, member, values);
    }
    return values;
  }
  std::optional<std::string_view> first(std::string_view name) {
    const std::vector<std::string_view> values = all(name);
    return values.empty() ? std::nullopt : std::optional<std::string_view>(values.front());
  }
  const Status& failed() const { return failed_; }

 private:
  void add(std::string_view name, const json::Value& value, std::vector<std::string_view>& values) {
    if (value.isString()) {
      values.push_back(value.string());
    } else if (failed_.isOk()) {
      std::string message("invalid parameter \"");
      message.append(name).append("\": expected a text");
      failed_ = Status(Code::kInvalidArgument, "bad_data", std::move(message));
    }
  }

  json::Value object_;
  Status failed_;
};

// A parameter that is not there, or empty, is left out.
void copy(Parameters& parameters, std::initializer_list<std::string_view> names, JsonWriter& writer) {
  for (const std::string_view name : names)
    if (const auto value = parameters.first(name); value && !value->empty()) writer.member(name, *value);
}

void copyFilter(Parameters& parameters, JsonWriter& writer) {
  const std::vector<std::string_view> selectors = parameters.all("match[]");
  if (!selectors.empty()) {
    writer.key("match").beginArray();
    for (const std::string_view selector : selectors) writer.string(selector);
    writer.endArray();
  }
  copy(parameters, {"start", "end"}, writer);
}

// A limit is a whole number.
Status copyLimit(Parameters& parameters, JsonWriter& writer) {
  const auto limit = parameters.first("limit");
  if (!limit || limit->empty()) return {};
  if (limit->size() > 15 || limit->find_first_not_of("0123456789") != std::string_view::npos)
    return {Code::kInvalidArgument, "bad_data", "limit must be a number"};
  writer.rawMember("limit", std::to_string(std::stoll(std::string(*limit))));
  return {};
}

void planQuery(Parameters& parameters, std::int64_t now_ms, JsonWriter& writer) {
  writer.member("promql", parameters.first("query").value_or(""));
  const auto time = parameters.first("time");
  if (time && !time->empty()) {
    writer.member("time", *time);
  } else {
    writer.member("time", now_ms);
  }
  copy(parameters, {"timeout"}, writer);
}

void planRange(Parameters& parameters, JsonWriter& writer) {
  writer.member("promql", parameters.first("query").value_or(""));
  // All three are asked for: the store says which text is no time.
  for (const char* name : {"start", "end", "step"}) writer.member(name, parameters.first(name).value_or(""));
  copy(parameters, {"timeout"}, writer);
}

}  // namespace

Result<std::string> planApi(ApiRoute route, const json::Value& parameters, std::int64_t now_ms,
                            std::string_view organization_id) {
  Parameters given(parameters);
  std::string request;
  JsonWriter writer(request);
  writer.beginObject();
  switch (route) {
    case ApiRoute::kQuery: planQuery(given, now_ms, writer); break;
    case ApiRoute::kQueryRange: planRange(given, writer); break;
    case ApiRoute::kSeries:
      writer.key("series").beginObject();
      copyFilter(given, writer);
      GYRE_TRY(copyLimit(given, writer));
      writer.endObject();
      break;
    case ApiRoute::kLabels:
      writer.key("labels").beginObject();
      copyFilter(given, writer);
      GYRE_TRY(copyLimit(given, writer));
      writer.endObject();
      break;
    case ApiRoute::kLabelValues:
      writer.key("label_values").beginObject();
      writer.member("label", given.first("name").value_or(""));
      copyFilter(given, writer);
      GYRE_TRY(copyLimit(given, writer));
      writer.endObject();
      break;
    case ApiRoute::kMetadata:
      writer.key("metadata").beginObject();
      copy(given, {"metric"}, writer);
      GYRE_TRY(copyLimit(given, writer));
      writer.endObject();
      break;
  }
  if (!organization_id.empty())
    writer.key("where").beginObject().member("organization_id", organization_id).endObject();
  writer.endObject();
  if (!given.failed().isOk()) return given.failed();
  return request;
}

std::string presentApi(std::string_view data) {
  std::string body;
  body.reserve(data.size() + 40);
  body.append("{\"status\":\"success\",\"data\":").append(data).append("}");
  return body;
}

ApiRefusal refuseApi(const Status& failure) {
  ApiRefusal refusal;
  std::string_view type = "internal";
  switch (failure.code()) {
    case Code::kInvalidArgument:
    case Code::kTooLarge:
      refusal.http_status = 400;
      type = "bad_data";
      break;
    case Code::kUnprocessable:
    case Code::kResourceExhausted:
      refusal.http_status = 422;
      type = "execution";
      break;
    case Code::kNotFound:
      refusal.http_status = 404;
      type = "not_found";
      break;
    case Code::kDeadlineExceeded:
      refusal.http_status = 503;
      type = "timeout";
      break;
    case Code::kUnavailable:
      refusal.http_status = 503;
      type = failure.reason() == "canceled" ? "canceled" : "unavailable";
      break;
    default: break;
  }
  JsonWriter(refusal.body)
      .beginObject()
      .member("status", "error")
      .member("errorType", type)
      .member("error", failure.message())
      .endObject();
  return refusal;
}

}  // namespace gyre::metrics
